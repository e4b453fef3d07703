//! A unit of work: what one batch of jobs reads and writes, kept in memory until the batch is decided.
//!
//! Rows are read once and by key where that is possible, changes to one row become one write, and a refused job is
//! undone without asking the engine. An engine whose answers travel far ([`Transaction::FAR`]) is asked for all that a
//! whole batch misses at once: a job that misses a row is set aside and run again when the rows are there.

use crate::backend::{Changes, KeyCells, Row, Transaction, Wanted};
use florin_domain::clock::Micros;
use florin_domain::planted;
use florin_domain::store::{Filter, Query, Reader, StoreError, Table, Value, WriteJob, Writer};
use florin_sdk_core::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

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

type SlotKey = (TableName, KeyCells);

/// A row as the unit knows it.
#[derive(Debug, Clone)]
struct Slot {
    /// Its cells; none if there is no such row.
    row: Option<Row>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As the engine has it, and perhaps changed there by others meanwhile.
    Read,
    /// As the engine has it; nobody else changes it until the end.
    Claimed,
    /// Not in the engine yet.
    New,
    /// Other than the engine has it.
    Changed,
}

/// See the module.
pub(crate) struct Unit<'a, T: Transaction> {
    transaction: &'a mut T,
    numbers: &'a mut dyn Numbers,
    now: Timestamp,
    slots: HashMap<SlotKey, Slot, foldhash::fast::RandomState>,
    /// What slots were before they were changed, newest last.
    undo: Vec<(SlotKey, Option<Slot>)>,
    /// Where in `undo` each open part began.
    parts: Vec<usize>,
    /// Rows that jobs missed, and whether one of them wants to change it.
    missing: BTreeMap<(TableName, KeyCells), (&'static Table, bool)>,
    /// Whether the job that runs now missed a row.
    missed: bool,
    /// How often the batch was gone through before.
    passes: usize,
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
            slots: HashMap::default(),
            undo: Vec::new(),
            parts: Vec::new(),
            missing: BTreeMap::new(),
            missed: false,
            passes: 0,
            failed: None,
        }
    }

    /// Runs a batch of jobs, each by itself, and writes what those that are to be kept have changed.
    pub(crate) fn run(mut self, batch: &mut [Box<dyn WriteJob>]) -> Result<(), StoreError> {
        let mut open: Vec<&mut Box<dyn WriteJob>> = batch.iter_mut().collect();
        for pass in 0..MAX_PASSES {
            self.passes = pass;
            let mut again = Vec::new();
            for job in open {
                if !self.run_one(&mut **job) {
                    again.push(job);
                }
            }
            if let Some(error) = self.failed {
                return Err(error);
            }
            if again.is_empty() {
                return self.flush();
            }
            self.fetch_missing()?;
            open = again;
        }
        Err(StoreError::Engine("a job asked for ever more rows".to_owned()))
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
            let Some((key, before)) = self.undo.pop() else { return };
            match before {
                Some(slot) => self.slots.insert(key, slot),
                None => self.slots.remove(&key),
            };
        }
    }

    fn put(&mut self, key: SlotKey, slot: Slot) {
        let before = self.slots.insert(key.clone(), slot);
        self.undo.push((key, before));
    }

    fn look_up(&mut self, table: &'static Table, key: KeyCells, to_change: bool) -> Result<Option<Row>, StoreError> {
        let place = (TableName(table.name), key);
        match self.slots.get_mut(&place) {
            Some(_) if !T::FAR && planted::blind_to(table.name) => {}
            Some(slot) if !to_change || slot.state != State::Read => return Ok(slot.row.clone()),
            Some(slot) if !T::FAR => {
                // Who is near is alone.
                slot.state = State::Claimed;
                return Ok(slot.row.clone());
            }
            _ => {}
        }
        if !T::FAR {
            let found = self.transaction.fetch_one(table, &place.1);
            let row = self.note(found)?;
            let state = if to_change { State::Claimed } else { State::Read };
            self.slots.insert(place, Slot { row: row.clone(), state });
            return Ok(row);
        }
        let claimed = self.missing.entry(place.clone()).or_insert((table, false));
        claimed.1 |= to_change;
        if self.passes < PATIENT_PASSES {
            self.missed = true;
            return Err(StoreError::NotLoaded);
        }
        self.fetch_missing()?;
        Ok(self.slots.get(&place).and_then(|slot| slot.row.clone()))
    }

    /// Keeps an engine's failure for the whole batch.
    fn note<V>(&mut self, result: Result<V, StoreError>) -> Result<V, StoreError> {
        if let Err(error) = &result {
            self.failed.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn fetch_missing(&mut self) -> Result<(), StoreError> {
        let missing = std::mem::take(&mut self.missing);
        let mut wanted: Vec<Wanted> = Vec::new();
        for ((_, key), (table, to_change)) in &missing {
            match wanted.last_mut().filter(|last| last.table == *table && last.to_change == *to_change) {
                Some(last) => last.keys.push(key.clone()),
                None => wanted.push(Wanted { table, keys: vec![key.clone()], to_change: *to_change }),
            }
        }
        let mut found: HashMap<SlotKey, Row> = HashMap::new();
        let fetched = self.transaction.fetch(&wanted);
        for (table, rows) in self.note(fetched)? {
            found.extend(rows.into_iter().map(|row| ((TableName(table.name), key_of(table, &row)), row)));
        }
        for (place, (_, to_change)) in missing {
            let state = if to_change { State::Claimed } else { State::Read };
            let row = found.remove(&place);
            self.slots.insert(place, Slot { row, state });
        }
        Ok(())
    }

    /// The engine's rows, with what this unit has changed.
    fn overlay(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let table = query.table;
        let own = |(place, slot): &(&SlotKey, &Slot)| {
            place.0 == TableName(table.name) && matches!(slot.state, State::New | State::Changed)
        };
        let dirty = self.slots.iter().filter(own).count();
        if dirty == 0 {
            let found = self.transaction.select(query);
            return self.note(found);
        }
        let mut wider = query.clone();
        wider.limit = query.limit.map(|limit| limit + dirty);
        let found = self.transaction.select(&wider);
        let mut rows = self.note(found)?;
        let changed: HashMap<&KeyCells, &Slot> =
            self.slots.iter().filter(own).map(|(place, slot)| (&place.1, slot)).collect();
        rows.retain(|row| !changed.contains_key(&key_of(table, row)));
        rows.extend(changed.values().filter_map(|slot| slot.row.clone()).filter(|row| matches(query, row)));
        if let Some(column) = query.order.and_then(|name| place_of(table, name)) {
            rows.sort_by(|a, b| a.get(column).cmp(&b.get(column)));
            if query.descending {
                rows.reverse();
            }
        }
        rows.truncate(query.limit.unwrap_or(usize::MAX));
        Ok(rows)
    }

    /// Writes all changes, tables in the order in which they refer to each other, rows by key.
    fn flush(self) -> Result<(), StoreError> {
        let mut changes = Vec::new();
        for table in florin_domain::tables() {
            let rows = |state: State| {
                let own = self.slots.iter().filter(|(place, slot)| place.0.0 == table.name && slot.state == state);
                let mut rows: Vec<(&KeyCells, &Row)> =
                    own.filter_map(|(place, slot)| Some((&place.1, slot.row.as_ref()?))).collect();
                rows.sort_by_key(|(key, _)| *key);
                rows.into_iter().map(|(_, row)| row.clone()).collect::<Vec<_>>()
            };
            let (inserts, updates) = (rows(State::New), rows(State::Changed));
            if !inserts.is_empty() || !updates.is_empty() {
                changes.push(Changes { table, inserts, updates });
            }
        }
        if changes.is_empty() { Ok(()) } else { self.transaction.write(&changes) }
    }
}

fn key_of(table: &Table, row: &[Value]) -> KeyCells {
    row.iter().take(table.key).cloned().collect()
}

fn place_of(table: &Table, column: &str) -> Option<usize> {
    table.columns.iter().position(|name| *name == column)
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

/// Whether a row that the engine does not have yet is one that the query finds.
pub(crate) fn matches(query: &Query, row: &[Value]) -> bool {
    let cell = |column: &str| place_of(query.table, column).and_then(|place| row.get(place)).unwrap_or(&Value::Null);
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
            Some(key) => Ok(self.look_up(query.table, key, false)?.into_iter().collect()),
            None => self.overlay(query),
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

impl<T: Transaction> Writer for Unit<'_, T> {
    fn claim_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<Option<Row>, StoreError> {
        self.look_up(table, key, true)
    }

    fn expect_row(&mut self, table: &'static Table, key: Vec<Value>, to_change: bool) {
        if T::FAR {
            // Asked for and not waited for: if it is missing, the job runs again when it is there.
            let _ = self.look_up(table, key, to_change);
        }
    }

    fn is_far(&self) -> bool {
        T::FAR
    }

    fn insert_row(&mut self, table: &'static Table, row: Row) -> Result<(), StoreError> {
        let place = (TableName(table.name), key_of(table, &row));
        if table.found_by > 0 && !self.slots.contains_key(&place) {
            // No index of the engine would say so.
            self.look_up(table, place.1.clone(), false)?;
        }
        if self.slots.get(&place).is_some_and(|slot| slot.row.is_some()) {
            return Err(StoreError::Duplicate { table: table.name });
        }
        self.put(place, Slot { row: Some(row), state: State::New });
        Ok(())
    }

    fn update_row(&mut self, table: &'static Table, row: Row) -> Result<(), StoreError> {
        let place = (TableName(table.name), key_of(table, &row));
        let state = match self.slots.get(&place) {
            Some(Slot { row: Some(_), state: State::New }) => State::New,
            Some(Slot { row: Some(_), state: State::Claimed | State::Changed }) => State::Changed,
            // What was not claimed may have been changed by others since it was read.
            _ => return Err(StoreError::Missing { table: table.name }),
        };
        self.put(place, Slot { row: Some(row), state });
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
