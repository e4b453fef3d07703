//! A unit of work: what one batch of jobs reads and writes, kept in memory until the batch is decided.
//!
//! Rows are read once and by key where that is possible, changes to one row become one write, and a refused job is
//! undone without asking the engine. An engine whose answers travel far ([`Transaction::FAR`]) is asked for all that a
//! whole batch misses at once: a job that misses a row is set aside and run again when the rows are there.

use crate::backend::{Changes, Guess, Kept, KeyCells, Map, Row, Transaction, Wanted};
use florin_domain::clock::Micros;
use florin_domain::planted;
use florin_domain::store::{Filter, Query, Reader, StoreError, Table, Value, WriteJob, Writer};
use florin_sdk_core::Timestamp;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The most times that a batch is gone through. A job needs one for each row that it finds by another row; none needs
/// a quarter of this.
const MAX_PASSES: usize = 64;

/// After so many passes a row is fetched on the spot. A job that looks for another row each time, by a number that it
/// has just made or drawn, would miss it for ever.
const PATIENT_PASSES: usize = 6;

/// What gives a unit its time and its numbers.
pub(crate) trait Numbers {
    /// The time.
    fn now(&self) -> Timestamp;
    /// See [`Writer::next_id`].
    fn next_id(&mut self) -> Micros;
    /// See [`Writer::chain`].
    fn chain(&self) -> u32;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct TableName(&'static str);

/// A row as the unit knows it.
#[derive(Debug, Clone)]
struct Slot {
    /// Its cells; none if there is no such row.
    row: Option<Kept>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As the engine has it, and perhaps changed there by others meanwhile.
    Read,
    /// As the engine has it; nobody else changes it until the end.
    Claimed,
    /// As the engine most likely has it, which it checks if this is changed; if not, it is asked before the end.
    Assumed,
    /// Not in the engine yet.
    New,
    /// Other than the engine has it.
    Changed,
    /// In the engine, and to be taken away.
    Gone,
}

impl State {
    /// Whether the engine has the row, but not as it is to be.
    const fn differs(self) -> bool {
        matches!(self, Self::Changed | Self::Gone)
    }

    /// Whether there is something to be written.
    const fn is_own(self) -> bool {
        matches!(self, Self::New | Self::Changed | Self::Gone)
    }
}

/// The rows of a table, by key.
type Slots = Map<KeyCells, Slot>;

/// See the module.
pub(crate) struct Unit<'a, T: Transaction> {
    transaction: &'a mut T,
    numbers: &'a mut dyn Numbers,
    now: Timestamp,
    slots: Map<&'static str, Slots>,
    /// What slots were before they were changed, newest last.
    undo: Vec<(&'static str, KeyCells, Option<Slot>)>,
    /// Where in `undo` each open part began.
    parts: Vec<usize>,
    /// Rows that jobs missed, and whether one of them wants to change it.
    missing: BTreeMap<(TableName, KeyCells), (&'static Table, bool)>,
    /// Whether the job that runs now missed a row.
    missed: bool,
    /// How often the batch was gone through before.
    passes: usize,
    /// Which jobs are not decided yet.
    open: Vec<usize>,
    /// What is asked for, and not answered yet.
    asked: Vec<(&'static Table, KeyCells, bool)>,
    /// What was assumed.
    assumed: Vec<(&'static Table, KeyCells)>,
    /// Whether what was at hand is out of date: all begins anew.
    stale: bool,
    /// The engine's own failure, if it had one: then nothing of the batch can stand, whatever a job makes of it.
    failed: Option<StoreError>,
}

impl<'a, T: Transaction> Unit<'a, T> {
    pub(crate) fn new(transaction: &'a mut T, numbers: &'a mut dyn Numbers) -> Self {
        let now = numbers.now();
        Self {
            transaction,
            numbers,
            now,
            slots: Map::default(),
            undo: Vec::new(),
            parts: Vec::new(),
            missing: BTreeMap::new(),
            missed: false,
            passes: 0,
            open: Vec::new(),
            asked: Vec::new(),
            assumed: Vec::new(),
            stale: false,
            failed: None,
        }
    }

    /// Goes through the jobs of a batch from this one on for the first time, and asks for what they miss without waiting
    /// for the answer. Then [`Unit::decide`] goes on.
    pub(crate) fn look_ahead(&mut self, batch: &mut [Box<dyn WriteJob>], first: usize) {
        self.open.extend(first..batch.len());
        self.pass(batch);
        // However often jobs come to it: each of them was run once.
        self.passes = 1;
        self.ask_for_missing();
    }

    /// Whether an answer is under way: until it is there, no more jobs come to it.
    pub(crate) fn has_asked(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Whether all that came to it is decided, has changed something, and leaves nothing to be asked.
    pub(crate) fn is_decided(&self) -> bool {
        let done = self.open.is_empty() && self.asked.is_empty() && !self.stale && self.failed.is_none();
        done && self.is_changed() && !self.assumed.iter().any(|(table, key)| self.is_unchecked(table, key))
    }

    /// Asks for what the jobs missed. Not if all begins anew: what is asked for then is asked for once more, and an answer
    /// that is taken twice is none the second time. Nor if nothing is missing any more, as another job has assumed it.
    fn ask_for_missing(&mut self) {
        if self.failed.is_none() && !self.stale && !self.open.is_empty() && !self.missing.is_empty() {
            self.ask();
        }
    }

    /// Asks for what was assumed and is not written: nobody would check it. False if there is nothing of the kind.
    fn ask_for_assumed(&mut self) -> bool {
        for (table, key) in std::mem::take(&mut self.assumed) {
            if self.is_unchecked(table, &key) {
                self.missing.insert((TableName(table.name), key), (table, table.found_by == 0));
            }
        }
        let some = !self.missing.is_empty();
        if some {
            self.ask();
        }
        some
    }

    /// Runs the jobs of a batch, each by itself, and says what those that are to be kept have changed: tables in the
    /// order in which they refer to each other, rows by key.
    pub(crate) fn decide(mut self, batch: &mut [Box<dyn WriteJob>]) -> Result<Vec<Changes>, StoreError> {
        if self.passes == 0 {
            self.look_ahead(batch, 0);
        }
        while self.passes < MAX_PASSES {
            if let Some(error) = self.failed {
                return Err(error);
            }
            if self.open.is_empty() && !self.stale && !self.ask_for_assumed() {
                match self.transaction.ready(self.is_changed()) {
                    Ok(()) => return Ok(self.changes()),
                    Err(StoreError::NotLoaded) => self.stale = true,
                    Err(error) => return Err(error),
                }
            }
            if !self.stale {
                self.answers()?;
            }
            if std::mem::take(&mut self.stale) {
                self.slots.clear();
                self.missing.clear();
                self.assumed.clear();
                self.transaction.doubt();
                self.open = (0..batch.len()).collect();
            }
            self.pass(batch);
            self.passes += 1;
            self.ask_for_missing();
        }
        Err(StoreError::Engine("a job asked for ever more rows".to_owned()))
    }

    /// Runs the jobs that are open. Those that miss a row stay open.
    fn pass(&mut self, batch: &mut [Box<dyn WriteJob>]) {
        for place in std::mem::take(&mut self.open) {
            let Some(job) = batch.get_mut(place) else { continue };
            if !self.run_one(&mut **job) {
                self.open.push(place);
            }
        }
    }

    /// Whether the job is decided; if not, it missed a row.
    fn run_one(&mut self, job: &mut dyn WriteJob) -> bool {
        self.now = self.numbers.now();
        self.undo.clear();
        self.parts.clear();
        self.missed = false;
        // A bug in one request must not end the writer, nor touch its neighbours.
        let keep = catch_unwind(AssertUnwindSafe(|| job.run(self))).unwrap_or_else(|_| {
            tracing::error!("a write job panicked; what it wrote is undone");
            false
        });
        if !keep || self.missed {
            self.rewind(0);
        }
        !self.missed
    }

    fn rewind(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some((table, key, before)) = self.undo.pop() else { return };
            let slots = self.slots.entry(table).or_default();
            match before {
                Some(slot) => slots.insert(key, slot),
                None => slots.remove(&key),
            };
        }
    }

    fn slot(&self, table: &Table, key: &[Value]) -> Option<&Slot> {
        self.slots.get(table.name)?.get(key)
    }

    /// Whether a row was assumed, and is not written, by which it would be checked.
    fn is_unchecked(&self, table: &Table, key: &[Value]) -> bool {
        self.slot(table, key).is_some_and(|slot| slot.state == State::Assumed)
    }

    fn put(&mut self, table: &'static Table, key: KeyCells, slot: Slot) {
        let before = self.slots.entry(table.name).or_default().insert(key.clone(), slot);
        self.undo.push((table.name, key, before));
    }

    fn look_up(&mut self, table: &'static Table, key: &[Value], to_change: bool) -> Result<Option<Kept>, StoreError> {
        if T::FAR || !planted::blind_to(table.name) {
            let known = self.slots.get_mut(table.name).and_then(|slots| slots.get_mut(key));
            match known {
                Some(slot) if !to_change || slot.state != State::Read => return Ok(slot.row.clone()),
                Some(slot) if !T::FAR => {
                    // Who is near is alone.
                    slot.state = State::Claimed;
                    return Ok(slot.row.clone());
                }
                _ => {}
            }
        }
        if !T::FAR {
            let found = self.transaction.fetch_one(table, key);
            let row = self.note(found)?;
            let state = if to_change { State::Claimed } else { State::Read };
            self.slots.entry(table.name).or_default().insert(key.to_vec(), Slot { row: row.clone(), state });
            return Ok(row);
        }
        if let Some(guess) = self.transaction.assumed(table, key, to_change) {
            let row = match guess {
                Guess::Is(row) => Some(row),
                Guess::Absent => None,
            };
            let slot = Slot { row: row.clone(), state: State::Assumed };
            self.slots.entry(table.name).or_default().insert(key.to_vec(), slot);
            // Another job that only reads may have missed it; its answer would take the place of what this one makes of it.
            if !self.missing.is_empty() {
                self.missing.remove(&(TableName(table.name), key.to_vec()));
            }
            self.assumed.push((table, key.to_vec()));
            return Ok(row);
        }
        if !to_change && let Some(row) = self.transaction.known(table, key) {
            let slot = Slot { row: Some(row.clone()), state: State::Read };
            self.slots.entry(table.name).or_default().insert(key.to_vec(), slot);
            return Ok(Some(row));
        }
        let claimed = self.missing.entry((TableName(table.name), key.to_vec())).or_insert((table, false));
        claimed.1 |= to_change;
        if self.passes < PATIENT_PASSES {
            self.missed = true;
            return Err(StoreError::NotLoaded);
        }
        self.ask();
        self.answers()?;
        if self.stale {
            self.missed = true;
            return Err(StoreError::NotLoaded);
        }
        Ok(self.slot(table, key).and_then(|slot| slot.row.clone()))
    }

    /// Keeps an engine's failure for the whole batch. That something is out of date is none: all begins anew.
    fn note<V>(&mut self, result: Result<V, StoreError>) -> Result<V, StoreError> {
        match &result {
            Err(StoreError::NotLoaded) => (self.stale, self.missed) = (true, true),
            Err(error) => {
                self.failed.get_or_insert_with(|| error.clone());
            }
            Ok(_) => {}
        }
        result
    }

    /// Asks for what is missing.
    fn ask(&mut self) {
        let missing = std::mem::take(&mut self.missing);
        let mut wanted: Vec<Wanted> = Vec::new();
        for ((_, key), (table, to_change)) in missing {
            match wanted.last_mut().filter(|last| last.table == table && last.to_change == to_change) {
                Some(last) => last.keys.push(key.clone()),
                None => wanted.push(Wanted { table, keys: vec![key.clone()], to_change }),
            }
            self.asked.push((table, key, to_change));
        }
        let asked = self.transaction.ask(wanted);
        let _ = self.note(asked);
    }

    /// Waits for what was asked for.
    fn answers(&mut self) -> Result<(), StoreError> {
        let asked = std::mem::take(&mut self.asked);
        let answers = self.transaction.answers();
        let answers = match self.note(answers) {
            Ok(answers) => answers,
            Err(StoreError::NotLoaded) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut found: Map<&'static str, Map<KeyCells, Kept>> = Map::default();
        for (table, rows) in answers {
            let of = found.entry(table.name).or_default();
            of.extend(rows.into_iter().map(|row| (key_of(table, &row), row)));
        }
        for (table, key, to_change) in asked {
            let state = if to_change { State::Claimed } else { State::Read };
            let row = found.get_mut(table.name).and_then(|rows| rows.remove(&key));
            let slots = self.slots.entry(table.name).or_default();
            // What was decided by another row does not stand; nor is what was changed to be lost.
            let known = slots.get(&key);
            self.stale |=
                known.is_some_and(|slot| slot.state.is_own() || (slot.state == State::Assumed && slot.row != row));
            slots.insert(key, Slot { row, state });
        }
        Ok(())
    }

    /// The engine's rows, with what this unit has changed.
    fn overlay(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let table = query.table;
        let changed =
            self.slots.get(table.name).map_or(0, |slots| slots.values().filter(|slot| slot.state.differs()).count());
        // Changed rows may no longer be those that the engine finds.
        let found = if changed == 0 || query.limit.is_none() {
            self.transaction.select(query)
        } else {
            self.transaction.select(&Query { limit: query.limit.map(|limit| limit + changed), ..query.clone() })
        };
        let mut rows = self.note(found)?;
        let Some(slots) = self.slots.get(table.name) else { return Ok(rows) };
        let own = |slot: &Slot| slot.state.is_own();
        if !slots.values().any(own) {
            return Ok(rows);
        }
        if changed > 0 {
            rows.retain(|row| !row.get(..table.key).and_then(|key| slots.get(key)).is_some_and(own));
        }
        // Looked at first, as there may be hundreds of rows that are others'.
        let equal: Vec<(usize, &Value)> = query
            .filters
            .iter()
            .filter_map(|filter| match filter {
                Filter::Equal(column, value) => Some((table.place(column)?, value)),
                _ => None,
            })
            .collect();
        let may = |row: &Kept| equal.iter().all(|(place, value)| row.get(*place) == Some(value));
        let mine = slots.values().filter(|slot| own(slot)).filter_map(|slot| slot.row.as_ref());
        rows.extend(mine.filter(|row| may(row) && matches(query, row)).map(|row| row.to_vec()));
        arrange(query, &mut rows);
        Ok(rows)
    }

    fn is_changed(&self) -> bool {
        let mut slots = self.slots.values().flat_map(Map::values);
        slots.any(|slot| slot.state.is_own())
    }

    fn changes(mut self) -> Vec<Changes> {
        let mut changes = Vec::new();
        for table in florin_domain::tables() {
            let Some(slots) = self.slots.remove(table.name) else { continue };
            let (mut inserts, mut updates, mut deletes) = (Vec::new(), Vec::new(), Vec::new());
            for (key, slot) in slots {
                match slot.state {
                    State::New => inserts.extend(slot.row),
                    State::Changed => updates.extend(slot.row),
                    State::Gone => deletes.push(key),
                    State::Read | State::Claimed | State::Assumed => {}
                }
            }
            if inserts.is_empty() && updates.is_empty() && deletes.is_empty() {
                continue;
            }
            deletes.sort_unstable();
            for rows in [&mut inserts, &mut updates] {
                rows.sort_unstable_by(|a, b| a.iter().take(table.key).cmp(b.iter().take(table.key)));
            }
            changes.push(Changes { table, inserts, updates, deletes });
        }
        changes
    }
}

fn key_of(table: &Table, row: &[Value]) -> KeyCells {
    row.iter().take(table.key).cloned().collect()
}

/// The key that a query asks for, if it asks for one and nothing else.
pub(crate) fn asked_key(query: &Query) -> Option<KeyCells> {
    let key = query.table.columns.get(..query.table.key)?;
    if query.filters.len() != key.len() {
        return None;
    }
    let cells = key.iter().map(|column| {
        query.filters.iter().find_map(|filter| match filter {
            Filter::Equal(name, value) if name == column => Some(value.clone()),
            _ => None,
        })
    });
    cells.collect()
}

/// Puts rows in the order that a query asks for, and leaves as many as it wants.
pub(crate) fn arrange(query: &Query, rows: &mut Vec<Row>) {
    if let Some(column) = query.order.and_then(|name| query.table.place(name)) {
        rows.sort_by(|a, b| a.get(column).cmp(&b.get(column)));
        if query.descending {
            rows.reverse();
        }
    }
    rows.truncate(query.limit.unwrap_or(usize::MAX));
}

/// Whether a row that the engine does not have yet is one that the query finds.
pub(crate) fn matches(query: &Query, row: &[Value]) -> bool {
    let cell = |column: &str| query.table.place(column).and_then(|place| row.get(place)).unwrap_or(&Value::Null);
    let known = |value: &Value| *value != Value::Null;
    query.filters.iter().all(|filter| match filter {
        Filter::Equal(column, value) => known(value) && cell(column) == value,
        Filter::In(column, values) => known(cell(column)) && values.contains(cell(column)),
        Filter::NotIn(column, values) => known(cell(column)) && !values.contains(cell(column)),
        Filter::AnyEqual(list) => list.iter().any(|(column, value)| known(value) && cell(column) == value),
        Filter::Less(column, value) => known(cell(column)) && cell(column) < value,
        Filter::Greater(column, value) => known(cell(column)) && cell(column) > value,
        Filter::Multiple(column, number) => match cell(column) {
            Value::Int(have) => have % i64::from(*number) == 0,
            _ => false,
        },
        Filter::Contains(columns, text) => columns.iter().any(|column| match cell(column) {
            Value::Text(have) => have.to_ascii_lowercase().contains(&text.to_ascii_lowercase()),
            _ => false,
        }),
    })
}

impl<T: Transaction> Reader for Unit<'_, T> {
    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        match asked_key(query) {
            Some(key) => Ok(self.look_up(query.table, &key, false)?.iter().map(|row| row.to_vec()).collect()),
            None => self.overlay(query),
        }
    }

    fn look(&mut self, table: &'static Table, key: &[Value], see: &mut dyn FnMut(&[Value])) -> Result<(), StoreError> {
        if let Some(row) = self.look_up(table, key, false)? {
            see(&row);
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

impl<T: Transaction> Writer for Unit<'_, T> {
    fn claim_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.look_up(table, &key, true)?.map(|row| row.to_vec()))
    }

    fn expect_row(&mut self, table: &'static Table, key: Vec<Value>, to_change: bool) {
        if T::FAR {
            // Asked for and not waited for: if it is missing, the job runs again when it is there.
            let _ = self.look_up(table, &key, to_change);
        }
    }

    fn is_far(&self) -> bool {
        T::FAR
    }

    fn insert_row(&mut self, table: &'static Table, row: Row) -> Result<(), StoreError> {
        let key = key_of(table, &row);
        if table.found_by > 0 && self.slot(table, &key).is_none() {
            // No index of the engine would say so.
            self.look_up(table, &key, false)?;
        }
        let state = match self.slot(table, &key) {
            Some(Slot { row: Some(_), .. }) => return Err(StoreError::Duplicate { table: table.name }),
            // The engine still has a row with this key.
            Some(Slot { state: State::Gone, .. }) => State::Changed,
            _ => State::New,
        };
        self.put(table, key, Slot { row: Some(Arc::new(row)), state });
        Ok(())
    }

    fn update_row(&mut self, table: &'static Table, row: Row) -> Result<(), StoreError> {
        let key = key_of(table, &row);
        let state = match self.slot(table, &key) {
            Some(Slot { row: Some(_), state: State::New }) => State::New,
            Some(Slot { row: Some(_), state: State::Claimed | State::Assumed | State::Changed }) => State::Changed,
            // What was not claimed may have been changed by others since it was read.
            _ => return Err(StoreError::Missing { table: table.name }),
        };
        self.put(table, key, Slot { row: Some(Arc::new(row)), state });
        Ok(())
    }

    fn delete_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<(), StoreError> {
        if table.found_by > 0 {
            // An engine may know where its rows are, and they come and stay.
            return Err(StoreError::Constraint { table: table.name });
        }
        let state = match self.slot(table, &key) {
            Some(Slot { row: Some(_), state: State::New }) => State::Read,
            Some(Slot { row: Some(_), state: State::Claimed | State::Changed }) => State::Gone,
            _ => return Err(StoreError::Missing { table: table.name }),
        };
        self.put(table, key, Slot { row: None, state });
        Ok(())
    }

    fn next_id(&mut self) -> Micros {
        self.numbers.next_id()
    }

    fn chain(&self) -> u32 {
        self.numbers.chain()
    }

    fn begin_part(&mut self) -> Result<(), StoreError> {
        self.parts.push(self.undo.len());
        Ok(())
    }

    fn end_part(&mut self, keep: bool) -> Result<(), StoreError> {
        let mark = self.parts.pop().unwrap_or_default();
        if !keep {
            self.rewind(mark);
        }
        Ok(())
    }
}
