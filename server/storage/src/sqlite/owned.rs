//! A file that nobody else writes.

use super::rows::failure;
use super::snapshot::{look_up_note, snapshots};
use super::{lock_file, open_to_write, step};
use crate::OpenError;
use crate::copy::{Note, Owned};
use florin_domain::clock::Clock;
use florin_domain::store::{Snapshot, StoreError, Table, ValueRef};
use rusqlite::types::{ToSqlOutput, ValueRef as Raw};
use rusqlite::{Connection, ToSql, params_from_iter};
use std::fs::File;
use std::path::{Path, PathBuf};

/// See [`Owned`].
pub(crate) struct OwnedFile {
    connection: Connection,
    path: PathBuf,
    /// The table of the batch that was begun, and the statement that adds a row to it.
    batch: Option<(&'static Table, String)>,
    _lock: File,
}

impl OwnedFile {
    /// Opens the file, and makes it if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = lock_file(path)?;
        let connection = open_to_write(path)?;
        Ok(Self { connection, path: path.to_owned(), batch: None, _lock: lock })
    }
}

fn engine(error: rusqlite::Error) -> StoreError {
    StoreError::Engine(error.to_string())
}

/// A cell on its way in.
struct Given<'a>(ValueRef<'a>);

impl ToSql for Given<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            ValueRef::Null => ToSqlOutput::Borrowed(Raw::Null),
            ValueRef::Int(number) => ToSqlOutput::Borrowed(Raw::Integer(number)),
            ValueRef::Text(text) => ToSqlOutput::Borrowed(Raw::Text(text.as_bytes())),
            ValueRef::Blob(bytes) => ToSqlOutput::Borrowed(Raw::Blob(bytes)),
            ValueRef::Units(units) => ToSqlOutput::Owned(units.to_string().into()),
        })
    }
}

impl Owned for OwnedFile {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        snapshots(&self.path, 1, &Clock::system())?.pop().ok_or(StoreError::Busy)
    }

    fn note(&self) -> Result<Option<Note>, StoreError> {
        look_up_note(&self.connection)
    }

    fn write_note(&mut self, note: &Note) -> Result<(), StoreError> {
        let (word, peer) = note.cells();
        let transaction = self.connection.transaction().map_err(engine)?;
        transaction
            .execute_batch(
                "CREATE TABLE IF NOT EXISTS florin_move (state TEXT NOT NULL, peer TEXT NOT NULL) STRICT;
                 DELETE FROM florin_move",
            )
            .map_err(engine)?;
        transaction.execute("INSERT INTO florin_move VALUES (?, ?)", [word, peer]).map_err(engine)?;
        transaction.commit().map_err(engine)
    }

    fn begin_arriving(&mut self, from: &str) -> Result<(), StoreError> {
        self.write_note(&Note::Arriving { from: from.to_owned() })
    }

    fn arrived(&mut self) -> Result<(), StoreError> {
        let broken: Option<String> = {
            let mut prepared = self.connection.prepare("PRAGMA foreign_key_check").map_err(engine)?;
            let mut rows = prepared.query([]).map_err(engine)?;
            rows.next().map_err(engine)?.map(|row| row.get(0)).transpose().map_err(engine)?
        };
        if let Some(table) = broken {
            return Err(StoreError::Engine(format!("a row of {table} names another one that is not there")));
        }
        self.connection.execute_batch("BEGIN IMMEDIATE; DROP TABLE florin_move; COMMIT").map_err(engine)
    }

    fn begin(&mut self, table: &'static Table) -> Result<(), StoreError> {
        // It says something outside of a transaction only.
        step(&self.connection, "PRAGMA foreign_keys = OFF")?;
        step(&self.connection, "BEGIN IMMEDIATE")?;
        self.batch = Some((table, super::statement::fixed(table).insert.clone()));
        Ok(())
    }

    fn put(&mut self, cells: &[ValueRef<'_>]) -> Result<(), StoreError> {
        let Some((table, sql)) = &self.batch else { return Err(StoreError::Engine("no batch was begun".to_owned())) };
        let failed = |e| failure(table, e);
        let mut prepared = self.connection.prepare_cached(sql).map_err(failed)?;
        prepared.execute(params_from_iter(cells.iter().map(|cell| Given(*cell)))).map_err(failed)?;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.batch = None;
        step(&self.connection, "COMMIT")
    }

    fn clear(&mut self, table: &'static Table) -> Result<(), StoreError> {
        step(&self.connection, "PRAGMA foreign_keys = OFF")?;
        self.connection.execute_batch(&format!("DELETE FROM {}", table.name)).map_err(|e| failure(table, e))
    }
}

impl Drop for OwnedFile {
    fn drop(&mut self) {
        if !self.connection.is_autocommit() {
            // What was begun goes with the connection in any case.
            let _ = step(&self.connection, "ROLLBACK");
        }
        // The log goes into the file, so that a copy of that one file is whole.
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the last checkpoint failed");
        }
    }
}
