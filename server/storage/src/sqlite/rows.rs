//! Rows, read and written on a connection.

use super::find::Finder;
use super::hashes::Moving;
use super::log::{Log, Pending};
use super::pool::Pool;
use super::recent::Recent;
use super::statement;
use crate::backend::{Changes, Found, Kept, Row, Transaction, Wanted};
use florin_domain::clock::Micros;
use florin_domain::store::{Query, StoreError, Table, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};
use std::sync::Arc;

/// A value on its way into a statement.
pub(super) struct Bound<'a>(pub(super) &'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Value::Int(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Blob(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Value::Units(units) => ToSqlOutput::Owned(units.to_string().into()),
        })
    }
}

pub(super) fn cell(value: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(bytes) => {
            Value::Text(std::str::from_utf8(bytes).map_err(|e| StoreError::Engine(e.to_string()))?.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::Engine("a floating-point number in the books".to_owned())),
    })
}

/// The cells of a row of this table, whose columns come first.
pub(super) fn cells(row: &rusqlite::Row<'_>, table: &'static Table) -> Result<Row, StoreError> {
    let failed = |e| failure(table, e);
    (0..table.columns.len()).map(|index| cell(row.get_ref(index).map_err(failed)?)).collect()
}

pub(super) fn failure(table: &'static Table, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error() {
        Some(e)
            if e.code == ErrorCode::ConstraintViolation
                && matches!(
                    e.extended_code,
                    rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY
                ) =>
        {
            StoreError::Duplicate { table: table.name }
        }
        Some(e) if e.code == ErrorCode::ConstraintViolation => StoreError::Constraint { table: table.name },
        Some(e) if matches!(e.code, ErrorCode::DiskFull | ErrorCode::ReadOnly) => StoreError::Undone(error.to_string()),
        _ => StoreError::Engine(format!("{}: {error}", table.name)),
    }
}

/// The transaction that is open on the writer's connection.
pub(super) struct SqliteTransaction<'a> {
    pub(super) connection: &'a Connection,
    pub(super) memory: &'a mut Memory,
}

/// What the writer knows without asking.
pub(super) struct Memory {
    pub(super) finder: Arc<Finder>,
    pub(super) moving: Moving,
    pub(super) pending: Pending,
    pub(super) recent: Recent,
    /// Who reads must learn that what they see is no longer the newest.
    pub(super) pool: Arc<Pool>,
}

impl Memory {
    /// To be called before a commit.
    pub(super) fn before_commit(&mut self, connection: &Connection) -> Result<(), StoreError> {
        if let Some(hashes) = &self.finder.hashes {
            hashes.before_commit(connection, &mut self.moving)?;
        }
        self.finder.log.before_commit(connection, &mut self.pending)
    }

    /// Writes changed rows of a table that has a log.
    fn log(&mut self, connection: &Connection, table: &'static Table, updates: &[Kept]) -> Result<(), StoreError> {
        for row in updates {
            let before = self.recent.get(table, row.get(..table.key).unwrap_or_default());
            if before.is_some_and(|before| !self.finder.log.is_newer(row, &before)) {
                // It would not count. Whoever changes such a row has forgotten what says which state is the newest.
                return Err(StoreError::Constraint { table: table.name });
            }
            self.recent.changes(table, row.clone());
        }
        self.finder.log.change(connection, &mut self.pending, updates)
    }

    /// The transaction was committed.
    pub(super) fn committed(&mut self) {
        if let Some(hashes) = &self.finder.hashes {
            hashes.committed(&mut self.moving);
        }
        self.finder.log.committed(&mut self.pending);
        self.recent.committed();
        self.pool.committed();
    }

    /// The transaction was not committed, as far as is known.
    pub(super) fn failed(&mut self, connection: &Connection) {
        if let Some(hashes) = &self.finder.hashes {
            hashes.failed(connection, &mut self.moving);
        }
        Log::failed(&mut self.pending);
        self.recent.failed();
        self.pool.committed();
    }
}

impl SqliteTransaction<'_> {
    /// After some errors (a full disk, no memory) SQLite has ended the transaction by itself. What is done then would
    /// be done outside of any.
    fn still_open(&self) -> Result<(), StoreError> {
        if self.connection.is_autocommit() {
            return Err(StoreError::Engine("the engine ended the transaction".to_owned()));
        }
        Ok(())
    }
}

impl Transaction for SqliteTransaction<'_> {
    const FAR: bool = false;

    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        self.still_open()?;
        self.memory.finder.select(self.connection, query, None)
    }

    fn fetch_one(&mut self, table: &'static Table, key: &[Value]) -> Result<Option<Kept>, StoreError> {
        self.still_open()?;
        if table.found_by > 0 {
            return Ok(self.memory.finder.by_hash(self.connection, table, key)?.map(Arc::new));
        }
        if let Some(known) = self.memory.recent.get(table, key) {
            return Ok(Some(known));
        }
        let row = self.memory.finder.by_key(self.connection, table, key, None)?.map(Arc::new);
        if let Some(row) = &row {
            self.memory.recent.keep(table, row.clone());
        }
        Ok(row)
    }

    fn ask(&mut self, _: Vec<Wanted>) -> Result<(), StoreError> {
        // Who is near is asked for one row after the other.
        Ok(())
    }

    fn answers(&mut self) -> Result<Vec<Found>, StoreError> {
        Ok(Vec::new())
    }

    fn write(&mut self, changes: &[Changes]) -> Result<(), StoreError> {
        self.still_open()?;
        for Changes { table, inserts, updates, deletes } in changes {
            let failed = |e| failure(table, e);
            if !inserts.is_empty() {
                let mut prepared = self.connection.prepare_cached(&statement::fixed(table).insert).map_err(failed)?;
                for row in inserts {
                    prepared.execute(params_from_iter(row.iter().map(Bound))).map_err(failed)?;
                    if let Some(hashes) = self.memory.finder.hashes.as_ref().filter(|_| table.found_by > 0) {
                        hashes.added(&mut self.memory.moving, row, self.connection.last_insert_rowid());
                    }
                }
            }
            if self.memory.finder.log.is_of(table) {
                self.memory.log(self.connection, table, updates)?;
            } else if !updates.is_empty() {
                let mut prepared = self.connection.prepare_cached(&statement::fixed(table).update).map_err(failed)?;
                for row in updates {
                    if prepared.execute(params_from_iter(row.iter().map(Bound))).map_err(failed)? != 1 {
                        return Err(StoreError::Missing { table: table.name });
                    }
                    self.memory.recent.changes(table, row.clone());
                }
            }
            if !deletes.is_empty() && self.memory.finder.log.is_of(table) {
                // What is logged of such a row would bring it back: they come and stay.
                return Err(StoreError::Constraint { table: table.name });
            }
            if !deletes.is_empty() {
                let mut prepared = self.connection.prepare_cached(&statement::fixed(table).delete).map_err(failed)?;
                for key in deletes {
                    if prepared.execute(params_from_iter(key.iter().map(Bound))).map_err(failed)? != 1 {
                        return Err(StoreError::Missing { table: table.name });
                    }
                    self.memory.recent.takes_away(table, key.clone());
                }
            }
        }
        Ok(())
    }
}

/// The greatest id in the tables whose ids are made by [`Writer::next_id`], so that a clock that was set back does not
/// make one twice.
pub(super) fn greatest_id(connection: &Connection) -> rusqlite::Result<Micros> {
    let sql = "SELECT MAX(id) FROM (
        SELECT MAX(upid) AS id FROM profile UNION ALL SELECT MAX(uuid) FROM app_user
        UNION ALL SELECT MAX(akid) FROM api_key UNION ALL SELECT MAX(mtid) FROM mobile_token
        UNION ALL SELECT MAX(waid) FROM wallet UNION ALL SELECT MAX(txid) FROM ledger_transaction
        UNION ALL SELECT MAX(hoid) FROM hold
        UNION ALL SELECT MAX(number) FROM client_reference UNION ALL SELECT MAX(number) FROM payment_request
        UNION ALL SELECT MAX(number) FROM event UNION ALL SELECT MAX(number) FROM subscription_key
        UNION ALL SELECT MAX(number) FROM momo_token UNION ALL SELECT MAX(number) FROM momo_request
        UNION ALL SELECT MAX(ntid) FROM transport UNION ALL SELECT MAX(number) FROM notice)";
    let greatest: Option<i64> = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(greatest.unwrap_or_default().unsigned_abs())
}
