//! Rows that change all the time, in the order in which they change.
//!
//! The balances that a commit changes lie all over their table, and each made it write a page of its own. So a new state
//! of a row is first written to a log, where neighbours share a page. Whole generations of them go to their places in
//! the order of the keys, a few with each commit. A new row is put in its place at once, so that each row has one.
//!
//! Of the states of a row, in the log and in its place, the one counts whose version is greatest. That is all a reader
//! relies on: memory only says where in the log to look, and whoever does not share it looks through all of the log.

use super::keyed::Keyed;
use super::{failed, rows};
use crate::OpenError;
use crate::backend::{Kept, KeyCells, Row};
use florin_domain::ledger::Balance;
use florin_domain::store::{Record, StoreError, Table, Value, ValueRef};
use rusqlite::{Connection, params_from_iter};
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many states make a generation. More would share more pages on the way to their places; they are kept in memory.
/// Builds for development have small ones, so that kills and power cuts in tests meet their turns.
const GENERATION: i64 = if cfg!(test) {
    8
} else if cfg!(debug_assertions) {
    512
} else {
    1 << 17
};

/// How many rows the log has: more than two generations, as a generation is only over between two commits. Where a state
/// is follows from it, so that another number is another format of the file: it takes a migration.
const SLOTS: i64 = if cfg!(test) { 4 * GENERATION } else { 4 << 17 };

/// A table that has a log.
#[derive(Clone, Copy)]
pub(super) struct Logged {
    pub(super) table: &'static Table,
    /// The place of the column that grows with each change of a row.
    pub(super) version: usize,
}

/// Balances: each has the number of its postings.
pub(super) const BALANCES: Logged = Logged { table: Balance::TABLE, version: Balance::entries.at() };

/// See the module.
pub(super) struct Log {
    logged: Logged,
    sql: Sql,
    /// Whether the memory knows all states that are not in their places. If not, all of the log is looked through.
    knows: bool,
    memory: RwLock<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Grows when states leave the memory.
    generation: u64,
    /// The newest states, and those that are on their way to their places or just arrived there.
    young: Places,
    old: Places,
}

/// Where states are, by a hash of their key.
#[derive(Default)]
struct Places {
    newest: HashMap<u64, i64, foldhash::fast::FixedState>,
    /// For each number from `first` on, the one before it with the same hash.
    first: i64,
    before: Vec<Option<i64>>,
}

impl Places {
    fn add(&mut self, hash: u64, number: i64) {
        if self.before.is_empty() {
            self.first = number;
        }
        let place = usize::try_from(number - self.first).unwrap_or_default();
        // Numbers that failed are left out.
        self.before.resize(place, None);
        self.before.push(self.newest.insert(hash, number));
    }

    /// The number after the last.
    fn end(&self) -> i64 {
        self.first + i64::try_from(self.before.len()).unwrap_or(i64::MAX)
    }

    /// The newest state with this hash that is older than this one.
    fn older(&self, hash: u64, than: i64) -> Option<i64> {
        let mut number = *self.newest.get(&hash)?;
        while number >= than {
            let place = usize::try_from(number - self.first).ok()?;
            number = (*self.before.get(place)?)?;
        }
        Some(number)
    }
}

struct Sql {
    append: String,
    find: String,
    search: String,
    all: String,
    put: String,
    settle: String,
    clear: String,
}

/// What is on its way to its place. The writer's alone.
#[derive(Default)]
pub(super) struct Pending {
    /// The number of the next state, and of the first of the young and of `rest`.
    next: i64,
    youngest: i64,
    oldest: i64,
    /// The newest states, by key.
    young: HashSet<Keyed, foldhash::fast::RandomState>,
    /// What is to be put in its place, the last first.
    rest: Vec<Keyed>,
    /// Of the open transaction: how many rows it changes, what it appended, and how many of `rest` it put in their places.
    changed: usize,
    added: Vec<(i64, Kept)>,
    put: usize,
    /// What a transaction appended of which nobody knows whether it was committed.
    doubtful: Vec<(i64, Kept)>,
    /// What the log has of another process's, and whether the open transaction puts it in its place.
    left: bool,
    settling: bool,
}

fn hash(key: &[Value]) -> u64 {
    foldhash::fast::FixedState::default().hash_one(key)
}

impl Sql {
    fn new(logged: &Logged) -> Self {
        let Logged { table, version } = *logged;
        let name = table.name;
        let columns = table.columns.join(", ");
        let (key, rest) = table.columns.split_at(table.key);
        let keys = key.join(", ");
        let version = table.columns.get(version).copied().unwrap_or_default();
        let set: Vec<_> = rest.iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let newer = format!(
            "ON CONFLICT ({keys}) DO UPDATE SET {} WHERE excluded.{version} > {name}.{version}",
            set.join(", ")
        );
        let marks = vec!["?"; table.columns.len()].join(", ");
        let equal: Vec<_> = key.iter().map(|column| format!("{column} = ?")).collect();
        Self {
            append: format!("INSERT OR REPLACE INTO {name}_log ({columns}, slot, number) VALUES ({marks}, ?, ?)"),
            find: format!("SELECT {columns}, number FROM {name}_log WHERE slot = ?"),
            search: format!(
                "SELECT {columns} FROM {name}_log WHERE {} ORDER BY {version} DESC LIMIT 1",
                equal.join(" AND ")
            ),
            all: format!("SELECT {keys}, number FROM {name}_log ORDER BY number"),
            put: format!("INSERT INTO {name} ({columns}) VALUES ({marks}) {newer}"),
            // WHERE: without it the parser takes ON for a join's.
            settle: format!(
                "INSERT INTO {name} ({columns}) SELECT {columns} FROM {name}_log WHERE true ORDER BY {keys}, {version} \
                 {newer}"
            ),
            clear: format!("DELETE FROM {name}_log"),
        }
    }
}

impl Log {
    /// The log of a table that somebody else may write.
    pub(super) fn of_others(logged: &Logged) -> Self {
        Self { logged: *logged, sql: Sql::new(logged), knows: false, memory: RwLock::default() }
    }

    /// The log of a table that is ours alone. What was left in it is put in its place; if the disk takes nothing now, with
    /// the first change.
    pub(super) fn open(connection: &Connection, logged: &Logged) -> Result<(Self, Pending), OpenError> {
        let unopened = |error: StoreError| OpenError::Engine(error.to_string());
        let log = Self { knows: true, ..Self::of_others(logged) };
        match log.settle(connection) {
            Ok(()) => Ok((log, Pending::default())),
            Err(StoreError::Undone(reason)) => {
                tracing::warn!(%reason, "what was logged could not be put in its place");
                let log = log.read(connection).map_err(unopened)?;
                let next = log.memory().young.end();
                Ok((log, Pending { next, youngest: next, left: true, ..Pending::default() }))
            }
            Err(error) => Err(unopened(error)),
        }
    }

    /// What the log is in the view that a connection has, which lasts.
    pub(super) fn of_view(connection: &Connection, logged: &Logged) -> Result<Self, StoreError> {
        Self::of_others(logged).read(connection)
    }

    /// The same as of the view of a connection, if the memory does not know it.
    pub(super) fn for_many(&self, connection: &Connection) -> Result<Option<Self>, StoreError> {
        if self.knows {
            return Ok(None);
        }
        Self::of_others(&self.logged).read(connection).map(Some)
    }

    fn read(self, connection: &Connection) -> Result<Self, StoreError> {
        let log = Self { knows: true, ..self };
        {
            let mut prepared = connection.prepare(&log.sql.all).map_err(failed)?;
            let mut found = prepared.query([]).map_err(failed)?;
            let mut memory = log.changing();
            while let Some(row) = found.next().map_err(failed)? {
                let cells = (0..log.logged.table.key).map(|index| rows::cell(row.get_ref(index).map_err(failed)?));
                let key = cells.collect::<Result<KeyCells, _>>()?;
                memory.young.add(hash(&key), row.get(log.logged.table.key).map_err(failed)?);
            }
        }
        Ok(log)
    }

    /// Whether it is this table's.
    pub(super) fn is_of(&self, table: &Table) -> bool {
        self.logged.table.name == table.name
    }

    fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self) -> RwLockWriteGuard<'_, Memory> {
        self.memory.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts all that is in the log in its place, in a transaction of its own, and empties it.
    pub(super) fn settle(&self, connection: &Connection) -> Result<(), StoreError> {
        let empty = format!("SELECT NOT EXISTS (SELECT 1 FROM {}_log)", self.logged.table.name);
        if connection.query_row(&empty, [], |row| row.get(0)).map_err(failed)? {
            return Ok(());
        }
        super::whole(connection, || self.put_all(connection))
    }

    fn put_all(&self, connection: &Connection) -> Result<(), StoreError> {
        super::step(connection, &self.sql.settle)?;
        super::step(connection, &self.sql.clear)
    }

    /// Writes new states of rows, in the transaction that is open.
    pub(super) fn change(
        &self,
        connection: &Connection,
        pending: &mut Pending,
        changed: &[Kept],
    ) -> Result<(), StoreError> {
        if pending.left {
            self.put_all(connection)?;
            pending.settling = true;
        }
        self.resolve(connection, pending)?;
        pending.changed += changed.len();
        let count = i64::try_from(changed.len()).unwrap_or(i64::MAX);
        let waiting = pending.next - if pending.rest.is_empty() { pending.youngest } else { pending.oldest };
        if count > SLOTS - waiting {
            // No room without losing what is not in its place yet.
            return changed.iter().try_for_each(|row| self.put(connection, row));
        }
        let mut prepared = connection.prepare_cached(&self.sql.append).map_err(failed)?;
        for row in changed {
            let (number, slot) = (pending.next, pending.next % SLOTS);
            let cells = row.iter().map(rows::Bound);
            for (index, cell) in cells.enumerate() {
                prepared.raw_bind_parameter(index + 1, cell).map_err(failed)?;
            }
            for (index, cell) in [slot, number].into_iter().enumerate() {
                prepared.raw_bind_parameter(row.len() + index + 1, cell).map_err(failed)?;
            }
            prepared.raw_execute().map_err(failed)?;
            pending.added.push((number, row.clone()));
            pending.next += 1;
        }
        Ok(())
    }

    /// Puts a state in its place, unless there is a newer one.
    fn put(&self, connection: &Connection, row: &Kept) -> Result<(), StoreError> {
        let mut prepared = connection.prepare_cached(&self.sql.put).map_err(failed)?;
        prepared.execute(params_from_iter(row.iter().map(rows::Bound))).map(|_| ()).map_err(failed)
    }

    /// Looks whether what was doubtful is there.
    fn resolve(&self, connection: &Connection, pending: &mut Pending) -> Result<(), StoreError> {
        for (number, row) in &pending.doubtful {
            if self.state(connection, *number)?.is_some() {
                pending.young.replace(Keyed::new(self.logged.table, row.clone()));
            }
        }
        pending.doubtful.clear();
        Ok(())
    }

    /// To be called before the commit: puts some states in their places, twice as many as changed, so that a
    /// generation is done before the next one comes. And tells where the new ones are, before any reader can see them.
    pub(super) fn before_commit(&self, connection: &Connection, pending: &mut Pending) -> Result<(), StoreError> {
        pending.put = pending.rest.len().min(2 * std::mem::take(&mut pending.changed));
        for row in pending.rest.iter().rev().take(pending.put) {
            self.put(connection, row.row())?;
        }
        let key = |row: &Kept| row.get(..self.logged.table.key).map_or(0, hash);
        let mut memory = self.changing();
        for (number, row) in &pending.added {
            memory.young.add(key(row), *number);
        }
        Ok(())
    }

    /// The transaction was committed.
    pub(super) fn committed(&self, pending: &mut Pending) {
        let rest = pending.rest.len() - std::mem::take(&mut pending.put);
        pending.rest.truncate(rest);
        pending.left &= !std::mem::take(&mut pending.settling);
        for (_, row) in std::mem::take(&mut pending.added) {
            pending.young.replace(Keyed::new(self.logged.table, row));
        }
        // What is doubtful stays in the memory until it is in its place.
        if pending.next - pending.youngest >= GENERATION && pending.rest.is_empty() && pending.doubtful.is_empty() {
            pending.rest = std::mem::take(&mut pending.young).into_iter().collect();
            pending.rest.sort_unstable_by(|a, b| b.cmp(a));
            pending.oldest = std::mem::replace(&mut pending.youngest, pending.next);
            let mut memory = self.changing();
            memory.old = std::mem::take(&mut memory.young);
            memory.generation += 1;
        }
    }

    /// The transaction was not committed, as far as is known. What it appended may be there all the same.
    pub(super) fn failed(pending: &mut Pending) {
        (pending.changed, pending.put, pending.settling) = (0, 0, false);
        pending.doubtful.append(&mut pending.added);
    }

    /// Which generation a reader begins in; see [`Log::over`].
    pub(super) fn generation(&self) -> u64 {
        self.memory().generation
    }

    /// The state of a row that counts, if this one is in its place. `begun` is the generation before the reader's
    /// transaction began: if states have left the memory since, it may not see them in their places, and looks through
    /// all of the log.
    pub(super) fn over(&self, connection: &Connection, row: Row, begun: Option<u64>) -> Result<Row, StoreError> {
        let newest = match row.get(..self.logged.table.key) {
            Some(key) => self.newest(connection, key, begun)?,
            None => None,
        };
        Ok(newest.filter(|newest| self.is_newer(newest, &row)).unwrap_or(row))
    }

    /// Whether the first of two states of a row is the newer one.
    pub(super) fn is_newer(&self, state: &[Value], than: &[Value]) -> bool {
        state.get(self.logged.version) > than.get(self.logged.version)
    }

    /// The state of a row that counts, if it is newer than this one, in the view that the log is of.
    pub(super) fn newer_than(
        &self,
        connection: &Connection,
        cells: &[ValueRef<'_>],
    ) -> Result<Option<Row>, StoreError> {
        if self.memory().young.newest.is_empty() {
            return Ok(None);
        }
        let key: KeyCells = cells.iter().take(self.logged.table.key).map(|cell| cell.to_value()).collect();
        let version = cells.get(self.logged.version).map(|cell| cell.to_value());
        Ok(self.newest(connection, &key, None)?.filter(|newest| newest.get(self.logged.version) > version.as_ref()))
    }

    /// The newest state of a row in the log.
    fn newest(&self, connection: &Connection, key: &[Value], begun: Option<u64>) -> Result<Option<Row>, StoreError> {
        let hash = hash(key);
        let mut number = i64::MAX;
        loop {
            {
                let memory = self.memory();
                if !self.knows || begun.is_some_and(|begun| begun != memory.generation) {
                    drop(memory);
                    return self.search(connection, key);
                }
                match memory.young.older(hash, number).or_else(|| memory.old.older(hash, number)) {
                    Some(older) => number = older,
                    None => return Ok(None),
                }
            }
            // It may be another's with the same hash, or not be in the reader's view, or no longer.
            if let Some(row) = self.state(connection, number)?.filter(|row| row.starts_with(key)) {
                return Ok(Some(row));
            }
        }
    }

    /// The state with this number, if it is in the connection's view.
    fn state(&self, connection: &Connection, number: i64) -> Result<Option<Row>, StoreError> {
        let mut prepared = connection.prepare_cached(&self.sql.find).map_err(failed)?;
        let mut found = prepared.query([number % SLOTS]).map_err(failed)?;
        let Some(row) = found.next().map_err(failed)? else { return Ok(None) };
        if row.get::<_, i64>(self.logged.table.columns.len()).map_err(failed)? != number {
            return Ok(None);
        }
        rows::cells(row, self.logged.table).map(Some)
    }

    /// The newest state, for whom the memory is of no use.
    fn search(&self, connection: &Connection, key: &[Value]) -> Result<Option<Row>, StoreError> {
        let mut prepared = connection.prepare_cached(&self.sql.search).map_err(failed)?;
        let mut found = prepared.query(params_from_iter(key.iter().map(rows::Bound))).map_err(failed)?;
        found.next().map_err(failed)?.map(|row| rows::cells(row, self.logged.table)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lab::Lab;
    use super::*;
    use florin_domain::store::Kind;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    const KINDS: &[Kind] = &[Kind::Int, Kind::Text, Kind::Int];
    const PET: Table = Table { name: "pet", columns: &["id", "mood", "changes"], kinds: KINDS, key: 1, found_by: 0 };
    const PETS: Logged = Logged { table: &PET, version: 2 };
    const COUNT: usize = 40;

    struct Pets {
        lab: Lab,
        connection: Connection,
        log: Log,
        pending: Pending,
        /// What each pet's number of changes is.
        known: BTreeMap<i64, i64>,
    }

    impl Pets {
        fn new() -> Self {
            let lab = Lab::new(
                "CREATE TABLE pet (id INTEGER PRIMARY KEY, mood TEXT, changes INTEGER);
                 CREATE TABLE pet_log (slot INTEGER PRIMARY KEY, number INTEGER, id INTEGER, mood TEXT, changes INTEGER)",
            );
            let connection = lab.open();
            let mut known = BTreeMap::new();
            for id in 0..i64::try_from(COUNT).unwrap() {
                connection.execute("INSERT INTO pet VALUES (?, 'new', 0)", [id]).unwrap();
                known.insert(id, 0);
            }
            let (log, pending) = Log::open(&connection, &PETS).unwrap();
            Self { lab, connection, log, pending, known }
        }

        fn restart(&mut self) {
            (self.log, self.pending) = Log::open(&self.connection, &PETS).unwrap();
            let left: i64 = self.connection.query_row("SELECT count(*) FROM pet_log", [], |row| row.get(0)).unwrap();
            assert_eq!(left, 0);
        }

        /// Changes these pets, each once; then commits, or fails to, or commits without being told.
        fn change(&mut self, ids: &[i64], ends: End) {
            self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            let row = |id: &i64| {
                let changes = self.known[id] + 1;
                Arc::new(vec![Value::Int(*id), Value::Text(format!("mood {changes}")), Value::Int(changes)])
            };
            let rows: Vec<Kept> = ids.iter().map(row).collect();
            self.log.change(&self.connection, &mut self.pending, &rows).unwrap();
            self.log.before_commit(&self.connection, &mut self.pending).unwrap();
            self.connection.execute_batch(if ends == End::Fails { "ROLLBACK" } else { "COMMIT" }).unwrap();
            if ends == End::Well {
                self.log.committed(&mut self.pending);
            } else {
                Log::failed(&mut self.pending);
            }
            if ends != End::Fails {
                for id in ids {
                    *self.known.get_mut(id).unwrap() += 1;
                }
            }
        }
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum End {
        Well,
        Fails,
        Unknown,
    }

    /// Each pet's state, as this log finds it through this connection.
    fn seen(log: &Log, connection: &Connection, begun: Option<u64>) -> BTreeMap<i64, i64> {
        let mut prepared = connection.prepare("SELECT id, mood, changes FROM pet").unwrap();
        let mut found = prepared.query([]).unwrap();
        let mut states = BTreeMap::new();
        while let Some(row) = found.next().unwrap() {
            let row = log.over(connection, rows::cells(row, &PET).unwrap(), begun).unwrap();
            let [Value::Int(id), Value::Text(mood), Value::Int(changes)] = &row[..] else { panic!("{row:?}") };
            assert!(*changes == 0 || *mood == format!("mood {changes}"), "{row:?} is of two states");
            states.insert(*id, *changes);
        }
        states
    }

    fn some(rng: &mut fastrand::Rng, most: usize) -> Vec<i64> {
        let mut ids: Vec<_> = (0..rng.usize(..=most)).map(|_| rng.i64(0..i64::try_from(COUNT).unwrap())).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    #[test]
    fn the_newest_committed_state_counts_whoever_looks() {
        let seed = fastrand::u64(..);
        eprintln!("seed {seed}");
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut pets = Pets::new();
        let stranger = Log::of_others(&PETS);
        // Readers that stay in their moment, and what they are to see.
        let mut readers: Vec<(Connection, u64, BTreeMap<i64, i64>)> = Vec::new();
        for _ in 0..600 {
            let ids = some(&mut rng, 6);
            match rng.u8(..20) {
                0 => {
                    // Generations are counted anew.
                    readers.clear();
                    pets.restart();
                }
                1 | 2 => pets.change(&ids, End::Fails),
                3 => pets.change(&ids, End::Unknown),
                // More than a turn of the log.
                4 => {
                    let all: Vec<_> = pets.known.keys().copied().collect();
                    pets.change(&all, End::Well);
                    pets.change(&all, End::Well);
                }
                _ => pets.change(&ids, End::Well),
            }
            assert_eq!(seen(&pets.log, &pets.connection, None), pets.known, "the writer");
            if rng.u8(..4) == 0 && readers.len() < 6 {
                let (reader, begun) = (pets.lab.open(), pets.log.generation());
                reader.execute_batch("BEGIN; SELECT count(*) FROM pet").unwrap();
                readers.push((reader, begun, pets.known.clone()));
            }
            for (reader, begun, known) in &readers {
                assert_eq!(seen(&pets.log, reader, Some(*begun)), *known, "a reader");
                assert_eq!(seen(&stranger, reader, None), *known, "another process");
                let view = Log::of_view(reader, &PETS).unwrap();
                assert_eq!(seen(&view, reader, None), *known, "who has read the log");
            }
            if rng.u8(..12) == 0 {
                readers.clear();
            }
        }
        drop(readers);
        let memory = pets.log.memory();
        assert!(memory.young.before.len() + memory.old.before.len() < 16 * usize::try_from(GENERATION).unwrap());
        drop(memory);
        pets.restart();
        let in_place = |id: &i64| {
            pets.connection.query_row("SELECT changes FROM pet WHERE id = ?", [id], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert!(pets.known.iter().all(|(id, changes)| in_place(id) == *changes), "all is in its place");
    }

    #[test]
    fn a_reader_sees_its_moment_after_the_log_has_turned() {
        let mut pets = Pets::new();
        pets.change(&[1, 2, 3], End::Well);
        let (reader, begun) = (pets.lab.open(), pets.log.generation());
        reader.execute_batch("BEGIN; SELECT count(*) FROM pet").unwrap();
        let before = pets.known.clone();
        for _ in 0..SLOTS {
            pets.change(&[1, 2, 4], End::Well);
        }
        assert_eq!(seen(&pets.log, &reader, Some(begun)), before);
        assert_ne!(seen(&pets.log, &reader, None), before, "without the generation it would not");
        assert_eq!(seen(&pets.log, &pets.connection, None), pets.known);
    }

    #[test]
    fn what_was_left_waits_for_a_disk_that_takes_it() {
        let mut pets = Pets::new();
        for _ in 0..SLOTS {
            pets.change(&[1, 2, 3], End::Well);
        }
        pets.connection.execute_batch("PRAGMA query_only = ON").unwrap();
        (pets.log, pets.pending) = Log::open(&pets.connection, &PETS).unwrap();
        assert_eq!(seen(&pets.log, &pets.connection, None), pets.known);
        pets.connection.execute_batch("PRAGMA query_only = OFF").unwrap();
        pets.change(&[3, 4], End::Fails);
        assert_eq!(seen(&pets.log, &pets.connection, None), pets.known);
        for _ in 0..2 * SLOTS {
            pets.change(&[3, 4], End::Well);
            assert_eq!(seen(&pets.log, &pets.connection, None), pets.known);
        }
    }
}
