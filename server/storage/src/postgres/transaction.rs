//! A transaction: rows by their keys and by queries, and changes, each with as few journeys as can be.

use super::address::Address;
use super::connect::{Session, failed};
use super::error::{Failure, describe};
use super::statement::{self, Parameter};
use super::value::{Given, TYPES, Taken, fits};
use crate::OpenError;
use crate::backend::{Changes, KeyCells, Row, Transaction, Wanted};
use florin_domain::clock::Micros;
use florin_domain::planted;
use florin_domain::store::{Query, StoreError, Table};
use std::cell::Cell;
use std::collections::HashMap;
use tokio_postgres::types::{ToSql, Type};

/// The types of each table's columns, as the server has them.
pub(super) struct Catalogue(HashMap<&'static str, Vec<Type>>);

impl Catalogue {
    pub(super) fn read(session: &Session, address: &Address) -> Result<Self, OpenError> {
        let failed = |e| failed(address, &e);
        let sql = "SELECT c.relname::text, a.attname::text, a.atttypid FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped";
        let rows = session.wait(session.client.query_typed(sql, &[])).map_err(failed)?;
        let mut found = HashMap::<(String, String), Type>::new();
        for row in rows {
            let place = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
            let oid = row.try_get(2).map_err(failed)?;
            found.extend(Type::from_oid(oid).filter(|ty| TYPES.contains(ty)).map(|ty| (place, ty)));
        }
        let mut types = HashMap::new();
        for table in florin_domain::tables() {
            let columns = table.columns.iter().map(|column| {
                let ty = found.remove(&(table.name.to_owned(), (*column).to_owned()));
                let strange =
                    || format!("{address}: {}.{column} is missing, or of a type that is not ours", table.name);
                ty.ok_or_else(|| OpenError::Engine(strange()))
            });
            types.insert(table.name, columns.collect::<Result<_, _>>()?);
        }
        Ok(Self(types))
    }

    pub(super) fn of(&self, table: &Table) -> Result<&[Type], Failure> {
        self.0.get(table.name).map(Vec::as_slice).ok_or_else(|| Failure::Engine(format!("no table {}", table.name)))
    }
}

/// Runs a query; `first` goes with it, before it.
pub(super) fn select(session: &mut Session, first: Option<&str>, query: &Query) -> Result<Vec<Row>, Failure> {
    let failed = |e| Failure::of(query.table.name, &e);
    let asked = statement::select(query);
    let values: Vec<Cells<'_>> = asked
        .parameters
        .iter()
        .map(|parameter| match parameter {
            Parameter::One(value) => Cells::One(Given(value)),
            Parameter::Many(list) => Cells::Many(list.clone()),
        })
        .collect();
    session.prepare(&[(query.table.name, &asked.sql)])?;
    let statement = session.prepared(&asked.sql)?;
    let parameters: Vec<_> = values.iter().map(Cells::parameter).collect();
    let answers = session.together(first, [session.client.query(statement, &parameters)]).map_err(failed)?;
    let mut rows = Vec::new();
    for answer in answers {
        rows.extend(cells(query.table, &answer.map_err(failed)?)?);
    }
    Ok(rows)
}

fn cells(table: &'static Table, rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, Failure> {
    let failed = |e: tokio_postgres::Error| Failure::Engine(format!("{}: {}", table.name, describe(&e)));
    rows.iter()
        .map(|row| {
            (0..table.columns.len()).map(|index| Ok(row.try_get::<_, Taken>(index).map_err(failed)?.0)).collect()
        })
        .collect()
}

/// A value, or an array of them, as a parameter.
enum Cells<'a> {
    One(Given<'a>),
    Many(Vec<Given<'a>>),
}

impl Cells<'_> {
    fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::One(value) => value,
            Self::Many(list) => list,
        }
    }
}

/// The rows as one array for each of the first `columns` columns.
fn by_column<'a>(rows: &[&'a Vec<florin_domain::store::Value>], columns: usize) -> Vec<Cells<'a>> {
    (0..columns).map(|index| Cells::Many(rows.iter().filter_map(|row| row.get(index)).map(Given).collect())).collect()
}

/// A transaction on the writer's connection. It begins with the first question.
pub(super) struct PgTransaction<'a> {
    session: &'a mut Session,
    catalogue: &'a Catalogue,
    /// The last id given. What others gave and committed before we locked a row is less than what we give after it, so
    /// that the postings of a wallet are in the order of their ids, whichever process wrote them.
    last: &'a Cell<Micros>,
    begun: bool,
    /// The first thing that went wrong. After it, there is nothing to commit.
    failure: Option<Failure>,
}

const BEGIN: &str = "BEGIN";

impl<'a> PgTransaction<'a> {
    pub(super) fn new(session: &'a mut Session, catalogue: &'a Catalogue, last: &'a Cell<Micros>) -> Self {
        Self { session, catalogue, last, begun: false, failure: None }
    }

    /// What goes before the next statement.
    fn first(&mut self) -> Option<&'static str> {
        (!std::mem::replace(&mut self.begun, true)).then_some(BEGIN)
    }

    fn note<T>(&mut self, result: Result<T, Failure>) -> Result<T, StoreError> {
        result.map_err(|failure| {
            let error = failure.error();
            self.failure.get_or_insert(failure);
            error
        })
    }

    fn try_fetch(&mut self, wanted: &[Wanted]) -> Result<Vec<(&'static Table, Vec<Row>)>, Failure> {
        let mut asked = Vec::with_capacity(wanted.len());
        for Wanted { table, keys, to_change } in wanted {
            // A key that cannot be stored is not there.
            let keys: Vec<&KeyCells> = keys.iter().filter(|key| key.iter().all(fits)).collect();
            let locked = *to_change && !planted::blind_to(table.name);
            let sql = statement::fetch(table, self.catalogue.of(table)?, locked);
            asked.push((*table, sql, by_column(&keys, table.key)));
        }
        let sql: Vec<_> = asked.iter().map(|(table, sql, _)| (table.name, sql.as_str())).collect();
        self.session.prepare(&sql)?;
        let claims = wanted.iter().any(|wanted| wanted.to_change);
        if claims {
            self.session.prepare(&[NEWEST])?;
        }
        let first = self.first();
        let mut requests = Vec::with_capacity(asked.len() + 1);
        for (_, sql, keys) in &asked {
            requests.push((self.session.prepared(sql)?, keys.iter().map(Cells::parameter).collect::<Vec<_>>()));
        }
        if claims {
            // After the locks: it sees what was committed before they were ours.
            requests.push((self.session.prepared(NEWEST.1)?, Vec::new()));
        }
        let client = &self.session.client;
        let answers = self
            .session
            .together(first, requests.iter().map(|(statement, parameters)| client.query(*statement, parameters)))
            .map_err(|e| Failure::of("begin", &e))?;
        let mut answers = answers.into_iter();
        let mut found = Vec::with_capacity(asked.len());
        for ((table, ..), answer) in asked.iter().zip(&mut answers) {
            let rows = answer.map_err(|e| Failure::of(table.name, &e))?;
            found.push((*table, cells(table, &rows)?));
        }
        for answer in answers {
            let failed = |e| Failure::of(NEWEST.0, &e);
            let newest = answer.map_err(failed)?.first().map(|row| row.try_get(0)).transpose().map_err(failed)?;
            let newest: i64 = newest.flatten().unwrap_or_default();
            self.last.set(self.last.get().max(newest.unsigned_abs()));
        }
        Ok(found)
    }

    fn try_write(&mut self, changes: &[Changes]) -> Result<(), Failure> {
        let mut asked = Vec::with_capacity(changes.len());
        for Changes { table, inserts, updates } in changes {
            let types = self.catalogue.of(table)?;
            for (rows, sql) in
                [(inserts, statement::insert as fn(&Table, &[Type]) -> String), (updates, statement::update)]
            {
                if !rows.is_empty() {
                    let rows: Vec<&Row> = rows.iter().collect();
                    asked.push((*table, sql(table, types), by_column(&rows, table.columns.len()), rows.len()));
                }
            }
        }
        let sql: Vec<_> = asked.iter().map(|(table, sql, ..)| (table.name, sql.as_str())).collect();
        self.session.prepare(&sql)?;
        // By itself, and before: a write without it would stand alone.
        if let Some(begin) = self.first() {
            self.session.step(begin).map_err(|e| Failure::of("begin", &e))?;
        }
        let mut requests = Vec::with_capacity(asked.len());
        for (_, sql, cells, _) in &asked {
            requests.push((self.session.prepared(sql)?, cells.iter().map(Cells::parameter).collect::<Vec<_>>()));
        }
        let client = &self.session.client;
        let answers = self
            .session
            .together(None, requests.iter().map(|(statement, parameters)| client.execute(*statement, parameters)))
            .map_err(|e| Failure::of("write", &e))?;
        for ((table, _, _, rows), answer) in asked.iter().zip(answers) {
            let written = answer.map_err(|e| Failure::of(table.name, &e))?;
            if written != *rows as u64 {
                return Err(Failure::Unfit(StoreError::Missing { table: table.name }));
            }
        }
        Ok(())
    }

    /// What went wrong so far.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Makes it stand, or says why it does not; or that nobody knows.
    pub(super) fn commit(mut self) -> Result<(), End> {
        if let Some(failure) = self.failure.take() {
            return Err(End::Undone(failure));
        }
        if !self.begun {
            return Ok(());
        }
        let committed = self.session.step("COMMIT");
        self.begun = false;
        committed.map_err(|error| match Failure::of("commit", &error) {
            // Whoever said no was asked to commit, and did not.
            failure @ (Failure::Conflict | Failure::Busy | Failure::Unfit(_)) => End::Undone(failure),
            Failure::Lost(text) | Failure::Engine(text) => End::Unknown(text),
        })
    }
}

/// How a transaction ended that was not committed for sure.
#[derive(Debug)]
pub(super) enum End {
    /// Nothing of it stands.
    Undone(Failure),
    /// It was to be committed, and the answer did not come.
    Unknown(String),
}

/// The newest transaction: the ids of whoever writes money grow with it.
const NEWEST: (&str, &str) = ("ledger_transaction", "SELECT MAX(txid) FROM ledger_transaction");

impl Drop for PgTransaction<'_> {
    fn drop(&mut self) {
        if self.begun && !matches!(self.failure, Some(Failure::Lost(_))) {
            // If it does not get there, the connection is gone, and the transaction with it.
            let _ = self.session.step("ROLLBACK");
        }
    }
}

impl Transaction for PgTransaction<'_> {
    const FAR: bool = true;

    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        let first = self.first();
        let rows = select(self.session, first, query);
        self.note(rows)
    }

    fn fetch(&mut self, wanted: &[Wanted]) -> Result<Vec<(&'static Table, Vec<Row>)>, StoreError> {
        let found = self.try_fetch(wanted);
        self.note(found)
    }

    fn write(&mut self, changes: &[Changes]) -> Result<(), StoreError> {
        let written = self.try_write(changes);
        self.note(written)
    }
}
