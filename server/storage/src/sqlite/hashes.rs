//! Finding rows by a hash, without an index on what is hashed.
//!
//! Client references are random text, and kept for ever. An ordinary index on them makes every transaction write to a
//! page of its own: it cost more than all the rest of a transfer. So rows that only ever come and stay ([`Table::found_by`])
//! are found by a hash of the first cells of their key. The newest are in memory. The older ones are in a table of hashes,
//! where whole generations of them go in the order of the hashes, a few with each commit: neighbours share a page.
//!
//! A row whose place in memory is gone is in the table of hashes, in the same transaction as the note that it is. What
//! memory held is read again at the start.

use super::{engine, failed};
use crate::OpenError;
use florin_domain::store::{Filter, Query, StoreError, Table, Value};
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// How many rows are kept in memory before they are on their way into the table of hashes. Fewer would share fewer
/// pages on their way, more would take longer to read at the start.
const GENERATION: usize = if cfg!(test) {
    8
} else if cfg!(debug_assertions) {
    // So that kills and power cuts in tests meet its turns.
    512
} else {
    1 << 17
};

/// A hash of a row's first cells, and the row's number.
type Place = (i64, i64);

#[derive(Default)]
struct Memory {
    /// Grows when places leave the memory.
    generation: u64,
    /// The newest rows, and those that are on their way into the table of hashes or were just put there.
    young: BTreeSet<Place>,
    old: BTreeSet<Place>,
}

/// The hashes of a table.
pub(super) struct Hashes {
    table: &'static Table,
    memory: RwLock<Memory>,
    sql: Sql,
}

struct Sql {
    find: String,
    put: String,
    note: String,
}

/// What is on its way into the table of hashes. The writer's alone.
#[derive(Default)]
pub(super) struct Moving {
    /// How many rows are young.
    young: usize,
    /// The greatest row number so far.
    newest: i64,
    /// What is to be put there, the last first.
    rest: Vec<Place>,
    /// The greatest row number of those.
    upto: i64,
    /// Of the open transaction: what it added, and how many of `rest` it put there.
    added: Vec<Place>,
    put: usize,
}

/// The hash of a row's first cells.
fn hash<'v>(cells: impl Iterator<Item = &'v Value>) -> i64 {
    let mut hasher = Sha256::new();
    for value in cells {
        let (kind, bytes): (u8, &[u8]) = match value {
            Value::Null => (0, &[]),
            Value::Int(number) => (1, &number.to_be_bytes()),
            Value::Text(text) => (2, text.as_bytes()),
            Value::Blob(bytes) => (3, bytes),
            Value::Units(units) => (4, &units.to_be_bytes()),
        };
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    }
    let digest: [u8; 32] = hasher.finalize().into();
    digest.first_chunk().copied().map_or(0, i64::from_be_bytes)
}

impl Hashes {
    /// Reads into memory what is not in the table of hashes. If that is much, it is put there first, unless the disk takes
    /// nothing now.
    pub(super) fn load(connection: &Connection, table: &'static Table) -> Result<(Self, Moving), OpenError> {
        let name = table.name;
        let sql = Sql {
            find: format!("SELECT place FROM {name}_hash WHERE hash = ?"),
            put: format!("INSERT OR IGNORE INTO {name}_hash (hash, place) VALUES (?, ?)"),
            note: "INSERT INTO hashed (name, upto) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET upto = ?2"
                .to_owned(),
        };
        let hashes = Self { table, memory: RwLock::default(), sql };
        let mut moving = Moving { newest: hashes.upto(connection).map_err(engine)?, ..Moving::default() };
        let mut takes = true;
        loop {
            let page = hashes.rows_after(connection, moving.newest, GENERATION).map_err(engine)?;
            moving.newest = page.last().map_or(moving.newest, |place| place.1);
            let whole = page.len() == GENERATION;
            hashes.remember(&page);
            moving.young += page.len();
            if !whole {
                return Ok((hashes, moving));
            }
            if !takes {
                continue;
            }
            hashes.turn(&mut moving);
            match hashes.put_all(connection, &mut moving) {
                Ok(()) => hashes.committed(&mut moving),
                Err(StoreError::Undone(reason)) => {
                    tracing::warn!(%reason, "what was found could not be put in its place");
                    (takes, moving.put) = (false, 0);
                }
                Err(error) => return Err(OpenError::Engine(error.to_string())),
            }
        }
    }

    fn memory(&self) -> RwLockReadGuard<'_, Memory> {
        self.memory.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row up to which all are in the table of hashes.
    fn upto(&self, connection: &Connection) -> rusqlite::Result<i64> {
        let mut sql = connection.prepare_cached("SELECT upto FROM hashed WHERE name = ?")?;
        Ok(sql.query_row([self.table.name], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    /// The places of the next rows.
    fn rows_after(&self, connection: &Connection, after: i64, most: usize) -> rusqlite::Result<Vec<Place>> {
        let columns = self.table.columns.get(..self.table.found_by).unwrap_or_default();
        let sql = format!(
            "SELECT rowid, {} FROM {} WHERE rowid > ? ORDER BY rowid LIMIT ?",
            columns.join(", "),
            self.table.name
        );
        let mut prepared = connection.prepare_cached(&sql)?;
        let mut rows = prepared.query(params![after, i64::try_from(most).unwrap_or(i64::MAX)])?;
        let mut places = Vec::new();
        while let Some(row) = rows.next()? {
            let cells = (0..columns.len()).map(|index| {
                super::rows::cell(row.get_ref(index + 1)?).map_err(|e| {
                    rusqlite::Error::FromSqlConversionFailure(index + 1, rusqlite::types::Type::Null, Box::new(e))
                })
            });
            places.push((hash(cells.collect::<Result<Vec<_>, _>>()?.iter()), row.get(0)?));
        }
        Ok(places)
    }

    fn remember(&self, places: &[Place]) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        memory.young.extend(places);
    }

    /// The young are now the old, and on their way.
    fn turn(&self, moving: &mut Moving) {
        let mut memory = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        memory.old = std::mem::take(&mut memory.young);
        memory.generation += 1;
        moving.rest = memory.old.iter().rev().copied().collect();
        (moving.young, moving.upto) = (0, moving.newest);
    }

    /// Puts the next places into the table of hashes, in the transaction that is open.
    fn put(&self, connection: &Connection, moving: &mut Moving, most: usize) -> Result<(), StoreError> {
        moving.put = most.min(moving.rest.len());
        if moving.put == 0 {
            return Ok(());
        }
        let mut prepared = connection.prepare_cached(&self.sql.put).map_err(failed)?;
        for (hash, place) in moving.rest.iter().rev().take(moving.put) {
            prepared.execute([hash, place]).map_err(failed)?;
        }
        if moving.put == moving.rest.len() {
            let note: [&dyn ToSql; 2] = [&self.table.name, &moving.upto];
            connection.prepare_cached(&self.sql.note).and_then(|mut sql| sql.execute(note)).map_err(failed)?;
        }
        Ok(())
    }

    /// Puts all of them there, in a transaction of its own.
    fn put_all(&self, connection: &Connection, moving: &mut Moving) -> Result<(), StoreError> {
        super::whole(connection, || self.put(connection, moving, usize::MAX))
    }

    /// A row was added in the transaction that is open.
    pub(super) fn added(&self, moving: &mut Moving, row: &[Value], place: i64) {
        moving.added.push((hash(row.iter().take(self.table.found_by)), place));
    }

    /// To be called before the commit: puts some places where they belong, twice as many as were added, so that a
    /// generation is done before the next one comes.
    pub(super) fn before_commit(&self, connection: &Connection, moving: &mut Moving) -> Result<(), StoreError> {
        self.put(connection, moving, 2 * moving.added.len())
    }

    /// The transaction was committed.
    pub(super) fn committed(&self, moving: &mut Moving) {
        let added = std::mem::take(&mut moving.added);
        let rest = moving.rest.len() - std::mem::take(&mut moving.put);
        moving.rest.truncate(rest);
        moving.young += added.len();
        moving.newest = added.iter().map(|place| place.1).fold(moving.newest, i64::max);
        self.remember(&added);
        if moving.young >= GENERATION && moving.rest.is_empty() {
            self.turn(moving);
        }
    }

    /// The transaction was not committed, as far as is known. What it added may be there all the same: it is looked for.
    pub(super) fn failed(&self, connection: &Connection, moving: &mut Moving) {
        moving.added.clear();
        moving.put = 0;
        match self.rows_after(connection, moving.newest, usize::MAX) {
            Ok(found) => {
                moving.added = found;
                self.committed(moving);
            }
            // The disk does not even read. The next commit will say so.
            Err(error) => tracing::error!(%error, "the newest rows could not be looked for"),
        }
    }

    /// Which generation a reader begins in; see [`Hashes::places`].
    pub(super) fn generation(&self) -> u64 {
        self.memory().generation
    }

    /// Where the rows may be whose first cells have these values. `begun` is the generation before the transaction
    /// began: if places have left the memory since, it may not see them in the table of hashes, and looks at the rows.
    pub(super) fn places(
        &self,
        connection: &Connection,
        cells: &[&Value],
        begun: Option<u64>,
    ) -> rusqlite::Result<Vec<i64>> {
        let hash = hash(cells.iter().copied());
        let (mut places, turned) = {
            let memory = self.memory();
            let of = (hash, i64::MIN)..=(hash, i64::MAX);
            let places = memory.young.range(of.clone()).chain(memory.old.range(of));
            (places.map(|place| place.1).collect::<Vec<_>>(), begun.is_some_and(|begun| begun != memory.generation))
        };
        if turned {
            let young = self.rows_after(connection, self.upto(connection)?, usize::MAX)?;
            places.extend(young.into_iter().filter(|place| place.0 == hash).map(|place| place.1));
        }
        let mut find = connection.prepare_cached(&self.sql.find)?;
        let mut rows = find.query([hash])?;
        while let Some(row) = rows.next()? {
            places.push(row.get(0)?);
        }
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }
}

/// The first cells that a query asks for, if its table is searched by their hash, and the query by all of them.
pub(super) fn asked(query: &Query) -> Option<Vec<&Value>> {
    let columns = query.table.columns.get(..query.table.found_by).filter(|columns| !columns.is_empty())?;
    let equal = |column: &&str| {
        query.filters.iter().find_map(|filter| match filter {
            Filter::Equal(name, value) if name == column => Some(value),
            _ => None,
        })
    };
    columns.iter().map(equal).collect()
}

#[cfg(test)]
mod tests {
    use super::super::lab::Lab;
    use super::*;
    use florin_domain::store::Kind;

    const KINDS: &[Kind] = &[Kind::Int, Kind::Text, Kind::Int];
    const PET: Table = Table { name: "pet", columns: &["owner", "name", "number"], kinds: KINDS, key: 2, found_by: 2 };

    struct Pets {
        lab: Lab,
        connection: Connection,
        hashes: Hashes,
        moving: Moving,
        known: Vec<[Value; 2]>,
    }

    impl Pets {
        fn new() -> Self {
            let lab = Lab::new(
                "CREATE TABLE pet (owner INTEGER, name TEXT, number INTEGER PRIMARY KEY);
                 CREATE TABLE pet_hash (hash INTEGER, place INTEGER, PRIMARY KEY (hash, place)) WITHOUT ROWID;
                 CREATE TABLE hashed (name TEXT PRIMARY KEY, upto INTEGER)",
            );
            let connection = lab.open();
            let (hashes, moving) = Hashes::load(&connection, &PET).unwrap();
            Self { lab, connection, hashes, moving, known: Vec::new() }
        }

        fn restart(&mut self) {
            (self.hashes, self.moving) = Hashes::load(&self.connection, &PET).unwrap();
        }

        /// Adds some; then commits, or fails to.
        fn add(&mut self, count: usize, rng: &mut fastrand::Rng, fails: bool) {
            self.connection.execute_batch("BEGIN").unwrap();
            let mut added = Vec::new();
            for _ in 0..count {
                let row = [Value::Int(rng.i64(..3)), Value::Text(rng.u64(..).to_string())];
                let (Value::Int(owner), Value::Text(name)) = (&row[0], &row[1]) else { unreachable!() };
                self.connection.execute("INSERT INTO pet (owner, name) VALUES (?, ?)", params![owner, name]).unwrap();
                self.hashes.added(&mut self.moving, &row, self.connection.last_insert_rowid());
                added.push(row);
            }
            self.hashes.before_commit(&self.connection, &mut self.moving).unwrap();
            if fails {
                self.connection.execute_batch("ROLLBACK").unwrap();
                self.hashes.failed(&self.connection, &mut self.moving);
            } else {
                self.connection.execute_batch("COMMIT").unwrap();
                self.hashes.committed(&mut self.moving);
                self.known.extend(added);
            }
        }

        /// How many of the known ones are found through this connection.
        fn found(&self, connection: &Connection, begun: Option<u64>) -> usize {
            let is = |place: i64, row: &[Value; 2]| {
                let sql = "SELECT owner, name FROM pet WHERE number = ?";
                let read = |row: &rusqlite::Row<'_>| Ok([Value::Int(row.get(0)?), Value::Text(row.get(1)?)]);
                connection.query_row(sql, [place], read).optional().unwrap().as_ref() == Some(row)
            };
            let finds = |row: &&[Value; 2]| {
                let places = self.hashes.places(connection, &[&row[0], &row[1]], begun).unwrap();
                places.iter().filter(|place| is(**place, row)).count() == 1
            };
            self.known.iter().filter(finds).count()
        }
    }

    #[test]
    fn whatever_was_committed_is_found_once_and_nothing_else() {
        let seed = fastrand::u64(..);
        eprintln!("seed {seed}");
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut pets = Pets::new();
        for _ in 0..200 {
            match rng.u8(..10) {
                0 => pets.restart(),
                1 | 2 => pets.add(rng.usize(..6), &mut rng, true),
                _ => pets.add(rng.usize(..6), &mut rng, false),
            }
            assert_eq!(pets.found(&pets.connection, None), pets.known.len());
        }
        assert!(pets.known.len() > 20 * GENERATION);
        let memory = pets.hashes.memory();
        assert!(memory.young.len() + memory.old.len() < 6 * GENERATION, "the memory stays small");
        let stranger = [&Value::Int(1), &Value::Text("nobody".to_owned())];
        assert!(pets.hashes.places(&pets.connection, &stranger, None).unwrap().is_empty());
    }

    #[test]
    fn a_reader_finds_what_left_the_memory_after_it_began() {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut pets = Pets::new();
        pets.add(3 * GENERATION / 2, &mut rng, false);
        let (reader, begun) = (pets.lab.open(), pets.hashes.generation());
        reader.execute_batch("BEGIN; SELECT count(*) FROM pet").unwrap();
        let before = pets.known.len();
        for _ in 0..20 {
            pets.add(GENERATION / 2, &mut rng, false);
        }
        assert_eq!(pets.found(&reader, Some(begun)), before);
        assert!(pets.found(&reader, None) < before, "without the generation it would not");
    }

    #[test]
    fn many_rows_from_elsewhere_are_put_in_order_at_the_start() {
        let mut rng = fastrand::Rng::with_seed(2);
        let mut pets = Pets::new();
        for _ in 0..10 * GENERATION {
            let row = [Value::Int(1), Value::Text(rng.u64(..).to_string())];
            let (Value::Int(owner), Value::Text(name)) = (&row[0], &row[1]) else { unreachable!() };
            pets.connection.execute("INSERT INTO pet (owner, name) VALUES (?, ?)", params![owner, name]).unwrap();
            pets.known.push(row);
        }
        pets.restart();
        assert_eq!(pets.found(&pets.connection, None), pets.known.len());
        let memory = pets.hashes.memory();
        assert!(memory.young.len() < GENERATION && pets.moving.rest.is_empty());
    }

    #[test]
    fn a_start_on_a_disk_that_takes_nothing_finds_all() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut pets = Pets::new();
        pets.add(10 * GENERATION, &mut rng, false);
        pets.connection.execute_batch("PRAGMA query_only = ON").unwrap();
        pets.restart();
        assert_eq!(pets.found(&pets.connection, None), pets.known.len());
        pets.connection.execute_batch("PRAGMA query_only = OFF").unwrap();
        for _ in 0..20 {
            pets.add(GENERATION / 2, &mut rng, false);
            assert_eq!(pets.found(&pets.connection, None), pets.known.len());
        }
        let memory = pets.hashes.memory();
        assert!(memory.young.len() + memory.old.len() < 6 * GENERATION, "the memory is small again");
    }
}
