//! Finding rows on a connection: by their keys, by a hash, or as a query asks; and each in the state that counts.

use super::hashes::{Hashes, asked};
use super::log::Log;
use super::rows::{Bound, cells, failure};
use super::statement;
use crate::backend::Row;
use crate::unit::{arrange, asked_key, matches};
use florin_domain::store::{Filter, Query, Reader, StoreError, Table, Value};
use florin_sdk_core::Timestamp;
use rusqlite::{Connection, Statement, params_from_iter};

/// What says where rows are that are not, or not only, where their key says.
pub(super) struct Finder {
    /// Of client references; not if somebody else writes.
    pub(super) hashes: Option<Hashes>,
    /// Of balances.
    pub(super) log: Log,
}

/// In which generations a reader began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    hashes: u64,
    log: u64,
}

impl Finder {
    /// To be asked before a reader's transaction begins.
    pub(super) fn generations(&self) -> Begun {
        Begun { hashes: self.hashes.as_ref().map_or(0, Hashes::generation), log: self.log.generation() }
    }

    /// The rows that a query finds. `begun` is the writer's if it is nothing.
    pub(super) fn select(
        &self,
        connection: &Connection,
        query: &Query,
        begun: Option<Begun>,
    ) -> Result<Vec<Row>, StoreError> {
        if let Some(hashes) = &self.hashes
            && let Some(cells) = asked(query)
        {
            let mut rows = hashed(connection, hashes, query.table, &cells, begun)?;
            rows.retain(|row| matches(query, row));
            rows.truncate(query.limit.unwrap_or(usize::MAX));
            return Ok(rows);
        }
        if let Some(key) = asked_key(query).filter(|_| query.walk.is_none()) {
            return Ok(self.by_key(connection, query.table, &key, begun)?.into_iter().collect());
        }
        if self.log.is_of(query.table) {
            return self.select_logged(connection, query, begun);
        }
        in_places(connection, query)
    }

    /// Of rows in their places only the keys are sure: what else a query asks is asked of the states that count.
    fn select_logged(
        &self,
        connection: &Connection,
        query: &Query,
        begun: Option<Begun>,
    ) -> Result<Vec<Row>, StoreError> {
        let table = query.table;
        let of_key = |column: &str| table.place(column).is_some_and(|place| place < table.key);
        let mut keys = Query { order: None, limit: None, ..query.clone() };
        keys.filters.retain(|filter| matches!(filter, Filter::Equal(column, _) if of_key(column)));
        let found = in_places(connection, &keys)?;
        // To look through the log once is enough for all of them.
        let read = self.log.for_many(connection)?;
        let log = read.as_ref().unwrap_or(&self.log);
        let mut rows = Vec::new();
        for row in found {
            let row = log.over(connection, row, begun.map(|begun| begun.log))?;
            if matches(query, &row) {
                rows.push(row);
            }
        }
        arrange(query, &mut rows);
        Ok(rows)
    }

    /// The row with this key, of a table that is not searched by a hash.
    pub(super) fn by_key(
        &self,
        connection: &Connection,
        table: &'static Table,
        key: &[Value],
        begun: Option<Begun>,
    ) -> Result<Option<Row>, StoreError> {
        let sql = statement::fixed(table);
        let mut prepared = connection.prepare_cached(&sql.by_key).map_err(|e| failure(table, e))?;
        let row = collect(table, &mut prepared, key)?.pop();
        match row {
            Some(row) if self.log.is_of(table) => {
                self.log.over(connection, row, begun.map(|begun| begun.log)).map(Some)
            }
            row => Ok(row),
        }
    }

    /// The row with this key, of a table that is searched by a hash, for the writer.
    pub(super) fn by_hash(
        &self,
        connection: &Connection,
        table: &'static Table,
        key: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        let Some(hashes) = &self.hashes else { return Ok(None) };
        let cells: Vec<&Value> = key.iter().take(table.found_by).collect();
        let found = hashed(connection, hashes, table, &cells, None)?;
        Ok(found.into_iter().find(|row| row.starts_with(key)))
    }
}

/// The rows that a query finds, as they are in their places.
fn in_places(connection: &Connection, query: &Query) -> Result<Vec<Row>, StoreError> {
    let found = statement::select(query);
    let mut prepared = connection.prepare_cached(&found.sql).map_err(|e| failure(query.table, e))?;
    collect(query.table, &mut prepared, &found.values)
}

/// The rows whose first cells are these, in the order in which they came.
fn hashed(
    connection: &Connection,
    hashes: &Hashes,
    table: &'static Table,
    cells: &[&Value],
    begun: Option<Begun>,
) -> Result<Vec<Row>, StoreError> {
    let places = hashes.places(connection, cells, begun.map(|begun| begun.hashes)).map_err(|e| failure(table, e))?;
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
        list.push(cells(row, table)?);
    }
    Ok(list)
}

/// Reads on a connection that was opened read-only.
pub(super) struct ReadHandle<'a> {
    pub(super) connection: &'a Connection,
    pub(super) finder: &'a Finder,
    pub(super) begun: Begun,
    pub(super) now: Timestamp,
}

impl Reader for ReadHandle<'_> {
    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        self.finder.select(self.connection, query, Some(self.begun))
    }

    fn look(&mut self, table: &'static Table, key: &[Value], see: &mut dyn FnMut(&[Value])) -> Result<(), StoreError> {
        let row = if table.found_by > 0 {
            self.select(&Query::by_key(table, key))?.pop()
        } else {
            self.finder.by_key(self.connection, table, key, Some(self.begun))?
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
