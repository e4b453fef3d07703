//! Readers that all see one moment, and walk whole tables.

use super::find::Finder;
use super::log::{BALANCES, Log};
use super::rows::{Bound, cell, failure};
use super::{open_to_read, step};
use crate::OpenError;
use crate::copy::Note;
use crate::scan::{self, Mark};
use florin_domain::clock::Clock;
use florin_domain::store::{Kind, Query, Reader, Scan, Snapshot, StoreError, Table, Value, ValueRef, Visit};
use florin_sdk_core::Timestamp;
use rusqlite::types::ValueRef as Raw;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use std::path::Path;

/// How often it is tried to begin several readers between two commits. At a thousand commits a second one in a few
/// succeeds.
const ATTEMPTS: u32 = 10_000;

/// A connection with a transaction that lasts.
pub(crate) struct SqliteSnapshot {
    connection: Connection,
    /// Made when it is needed.
    finder: Option<Finder>,
    now: Timestamp,
}

/// Opens so many readers of the same moment of the database in this file.
pub(crate) fn snapshots(path: &Path, readers: usize, clock: &Clock) -> Result<Vec<Box<dyn Snapshot>>, StoreError> {
    let open = || open_to_read(path).map_err(|error: OpenError| StoreError::Engine(error.to_string()));
    let watch = open()?;
    let connections = (0..readers).map(|_| open()).collect::<Result<Vec<_>, _>>()?;
    for _ in 0..ATTEMPTS {
        let before = version(&watch)?;
        for connection in &connections {
            step(connection, "BEGIN")?;
            // It begins with the first question.
            connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
                .map_err(|e| StoreError::Engine(e.to_string()))?;
        }
        if readers < 2 || version(&watch)? == before {
            let now = clock.now();
            let boxed = |connection| Box::new(SqliteSnapshot { connection, finder: None, now }) as Box<dyn Snapshot>;
            return Ok(connections.into_iter().map(boxed).collect());
        }
        for connection in &connections {
            step(connection, "ROLLBACK")?;
        }
    }
    Err(StoreError::Busy)
}

/// A number that another one's commit changes.
fn version(watch: &Connection) -> Result<i64, StoreError> {
    watch.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(|e| StoreError::Engine(e.to_string()))
}

/// What a database says of a move that it is, or was, part of.
pub(super) fn look_up_note(connection: &Connection) -> Result<Option<Note>, StoreError> {
    let engine = |e: rusqlite::Error| StoreError::Engine(e.to_string());
    let there = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'florin_move')";
    if !connection.query_row(there, [], |row| row.get(0)).map_err(engine)? {
        return Ok(None);
    }
    let note = connection.query_row("SELECT state, peer FROM florin_move", [], |row| {
        Ok(Note::from_cells(&row.get::<_, String>(0)?, row.get(1)?))
    });
    note.optional().map_err(engine)
}

impl SqliteSnapshot {
    /// What finds rows in this view: nobody else's memory is of use to it.
    fn finder(&mut self) -> Result<(&Connection, &Finder), StoreError> {
        let finder = match self.finder.take() {
            Some(finder) => finder,
            None => Finder { hashes: None, log: Log::of_view(&self.connection, &BALANCES)? },
        };
        Ok((&self.connection, self.finder.insert(finder)))
    }
}

impl Reader for SqliteSnapshot {
    fn select(&mut self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let (connection, finder) = self.finder()?;
        finder.select(connection, query, None)
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// As many columns as the widest table has, at least.
const MAX_COLUMNS: usize = 24;

const MARK: Mark = |number, _| format!("?{number}");

impl Snapshot for SqliteSnapshot {
    fn scan(&mut self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let table = scan.table;
        let failed = |e| failure(table, e);
        let asked = scan::rows(scan, MARK);
        let (connection, finder) = self.finder()?;
        let log = Some(&finder.log).filter(|log| log.is_of(table));
        let mut prepared = connection.prepare_cached(&asked.sql).map_err(failed)?;
        let mut rows = prepared.query(params_from_iter(asked.values.iter().map(Bound))).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let cells = shown(table, |index| row.get_ref(index).map_err(failed))?;
            let cells = cells.get(..table.kinds.len()).unwrap_or_default();
            match log.map_or(Ok(None), |log| log.newer_than(connection, cells))? {
                None => visit(cells)?,
                Some(newer) => {
                    let cells = shown(table, |index| Ok(newer.get(index).map_or(Raw::Null, raw)))?;
                    visit(cells.get(..table.kinds.len()).unwrap_or_default())?;
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, table: &'static Table, after: &[Value], steps: usize) -> Result<Option<Vec<Value>>, StoreError> {
        let asked = scan::step(table, after, steps, MARK);
        place(&self.connection, table, &asked.sql, &asked.values)
    }

    fn last(&mut self, table: &'static Table) -> Result<Option<Vec<Value>>, StoreError> {
        place(&self.connection, table, &scan::last(table), &[])
    }

    fn reader(&mut self) -> &mut dyn Reader {
        self
    }
}

fn place(
    connection: &Connection,
    table: &'static Table,
    sql: &str,
    values: &[Value],
) -> Result<Option<Vec<Value>>, StoreError> {
    let failed = |e| failure(table, e);
    let mut prepared = connection.prepare_cached(sql).map_err(failed)?;
    let mut rows = prepared.query(params_from_iter(values.iter().map(Bound))).map_err(failed)?;
    let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
    (0..table.order().len()).map(|index| cell(row.get_ref(index).map_err(failed)?)).collect::<Result<_, _>>().map(Some)
}

/// The cells of a row, where they lie.
fn shown<'r>(
    table: &'static Table,
    lie: impl Fn(usize) -> Result<Raw<'r>, StoreError>,
) -> Result<[ValueRef<'r>; MAX_COLUMNS], StoreError> {
    let mut cells = [ValueRef::Null; MAX_COLUMNS];
    for (index, (cell, kind)) in cells.iter_mut().zip(table.kinds).enumerate() {
        *cell = look(lie(index)?, *kind).map_err(|reason| {
            let column = table.columns.get(index).copied().unwrap_or_default();
            StoreError::Corrupt { table: table.name, column, reason: reason.to_owned() }
        })?;
    }
    Ok(cells)
}

/// A cell that was read, as the engine gave it.
fn raw(value: &Value) -> Raw<'_> {
    match value {
        Value::Int(number) => Raw::Integer(*number),
        Value::Text(text) => Raw::Text(text.as_bytes()),
        Value::Blob(bytes) => Raw::Blob(bytes),
        // The engine has no units: see `rows::cell`.
        Value::Null | Value::Units(_) => Raw::Null,
    }
}

/// A cell where it lies; the reason if it is not of its column's kind. Units are kept as text here.
fn look(value: Raw<'_>, kind: Kind) -> Result<ValueRef<'_>, &'static str> {
    match (value, kind) {
        (Raw::Null, _) => Ok(ValueRef::Null),
        (Raw::Integer(number), Kind::Int) => Ok(ValueRef::Int(number)),
        (Raw::Text(bytes), Kind::Text) => {
            std::str::from_utf8(bytes).map(ValueRef::Text).map_err(|_| "the text is not UTF-8")
        }
        (Raw::Text(bytes), Kind::Units) => units(bytes).map(ValueRef::Units).ok_or("units expected"),
        (Raw::Blob(bytes), Kind::Blob) => Ok(ValueRef::Blob(bytes)),
        _ => Err("a value of another kind"),
    }
}

/// The most digits that surely fit 64 bits.
const SHORT: usize = 18;

fn units(bytes: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(bytes).ok()?;
    // Nearly all are short, and 64 bits are read much faster.
    if text.len() <= SHORT { text.parse::<i64>().ok().map(i128::from) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_fits() {
        assert!(florin_domain::tables().iter().all(|table| table.columns.len() <= MAX_COLUMNS));
    }

    #[test]
    fn units_are_read_short_or_long() {
        for number in [0, 7, -7, i128::from(i64::MAX), i128::MAX, i128::MIN] {
            assert_eq!(units(number.to_string().as_bytes()), Some(number));
        }
        assert_eq!((units(b""), units(b"1.5"), units(b"\xff")), (None, None, None));
    }
}
