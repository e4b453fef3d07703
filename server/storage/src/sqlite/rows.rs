//! Rows, read and written on a connection.

use super::hashes::{Hashes, Moving, asked};
use super::pool::Pool;
use super::recent::Recent;
use super::statement;
use crate::backend::{Changes, Found, Kept, Row, Transaction, Wanted};
use crate::unit::{asked_key, matches};
use florin_domain::clock::Micros;
use florin_domain::store::{Query, Reader, StoreError, Table, Value};
use florin_sdk_core::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Statement, ToSql, params_from_iter};
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

pub(super) fn select(connection: &Connection, hashes: Known<'_>, query: &Query) -> Result<Vec<Row>, StoreError> {
    if let Some((hashes, begun)) = hashes
        && let Some(cells) = asked(query)
    {
        let mut rows = hashed(connection, hashes, query.table, &cells, begun)?;
        rows.retain(|row| matches(query, row));
        rows.truncate(query.limit.unwrap_or(usize::MAX));
        return Ok(rows);
    }
    if let Some(key) = asked_key(query).filter(|_| query.walk.is_none()) {
        return Ok(by_key(connection, query.table, &key)?.into_iter().collect());
    }
    let found = statement::select(query);
    let mut prepared = connection.prepare_cached(&found.sql).map_err(|e| failure(query.table, e))?;
    collect(query.table, &mut prepared, &found.values)
}

fn by_key(connection: &Connection, table: &'static Table, key: &[Value]) -> Result<Option<Row>, StoreError> {
    let sql = statement::fixed(table);
    let mut prepared = connection.prepare_cached(&sql.by_key).map_err(|e| failure(table, e))?;
    Ok(collect(table, &mut prepared, key)?.pop())
}

/// The hashes, and the generation in which a reader began.
type Known<'a> = Option<(&'a Hashes, Option<u64>)>;

/// The rows whose first cells are these, in the order in which they came.
fn hashed(
    connection: &Connection,
    hashes: &Hashes,
    table: &'static Table,
    cells: &[&Value],
    begun: Option<u64>,
) -> Result<Vec<Row>, StoreError> {
    let places = hashes.places(connection, cells, begun).map_err(|e| failure(table, e))?;
    let mut rows = Vec::with_capacity(places.len());
    if !places.is_empty() {
        let mut prepared =
            connection.prepare_cached(&statement::fixed(table).by_rowid).map_err(|e| failure(table, e))?;
        for place in places {
            rows.extend(collect(table, &mut prepared, &[Value::Int(place)])?);
        }
    }
    rows.retain(|row| row.iter().zip(cells).all(|(have, want)| have == *want));
    Ok(rows)
}

fn collect(table: &'static Table, prepared: &mut Statement<'_>, values: &[Value]) -> Result<Vec<Row>, StoreError> {
    let failed = |e| failure(table, e);
    let mut rows = prepared.query(params_from_iter(values.iter().map(Bound))).map_err(failed)?;
    let mut list = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let cells = (0..table.columns.len()).map(|index| cell(row.get_ref(index).map_err(failed)?));
        list.push(cells.collect::<Result<Row, _>>()?);
    }
    Ok(list)
}

/// Reads on a connection that was opened read-only.
pub(super) struct ReadHandle<'a> {
    pub(super) connection: &'a Connection,
    pub(super) hashes: Option<&'a Hashes>,
    /// The generation of hashes before the transaction began.
    pub(super) begun: u64,
    pub(super) now: Timestamp,
}

impl Reader for ReadHandle<'_> {
    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let hashes = self.hashes.map(|hashes| (hashes, Some(self.begun)));
        select(self.connection, hashes, query)
    }

    fn look(&mut self, table: &'static Table, key: &[Value], see: &mut dyn FnMut(&[Value])) -> Result<(), StoreError> {
        let row = if table.found_by > 0 {
            self.select(&Query::by_key(table, key))?.pop()
        } else {
            by_key(self.connection, table, key)?
        };
        if let Some(row) = row {
            see(&row);
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// The transaction that is open on the writer's connection.
pub(super) struct SqliteTransaction<'a> {
    pub(super) connection: &'a Connection,
    pub(super) memory: &'a mut Memory,
}

/// What the writer knows without asking.
pub(super) struct Memory {
    pub(super) hashes: Arc<Hashes>,
    pub(super) moving: Moving,
    pub(super) recent: Recent,
    /// Who reads must learn that what they see is no longer the newest.
    pub(super) pool: Arc<Pool>,
}

impl Memory {
    /// To be called before a commit.
    pub(super) fn before_commit(&mut self, connection: &Connection) -> Result<(), StoreError> {
        self.hashes.before_commit(connection, &mut self.moving)
    }

    /// The transaction was committed.
    pub(super) fn committed(&mut self) {
        self.hashes.committed(&mut self.moving);
        self.recent.committed();
        self.pool.committed();
    }

    /// The transaction was not committed, as far as is known.
    pub(super) fn failed(&mut self, connection: &Connection) {
        self.hashes.failed(connection, &mut self.moving);
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
        select(self.connection, Some((&self.memory.hashes, None)), query)
    }

    fn fetch_one(&mut self, table: &'static Table, key: &[Value]) -> Result<Option<Kept>, StoreError> {
        self.still_open()?;
        if table.found_by > 0 {
            let cells: Vec<&Value> = key.iter().take(table.found_by).collect();
            let found = hashed(self.connection, &self.memory.hashes, table, &cells, None)?;
            return Ok(found.into_iter().find(|row| row.starts_with(key)).map(Arc::new));
        }
        if let Some(known) = self.memory.recent.get(table, key) {
            return Ok(Some(known));
        }
        let row = by_key(self.connection, table, key)?.map(Arc::new);
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
                    if table.found_by > 0 {
                        self.memory.hashes.added(&mut self.memory.moving, row, self.connection.last_insert_rowid());
                    }
                }
            }
            if !updates.is_empty() {
                let mut prepared = self.connection.prepare_cached(&statement::fixed(table).update).map_err(failed)?;
                for row in updates {
                    if prepared.execute(params_from_iter(row.iter().map(Bound))).map_err(failed)? != 1 {
                        return Err(StoreError::Missing { table: table.name });
                    }
                    self.memory.recent.changes(table, row.clone());
                }
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
