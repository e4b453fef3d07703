//! A transaction: rows by their keys and by queries, and changes, each with as few journeys as can be.

use super::address::Address;
use super::connect::{Session, Under, failed};
use super::error::{Failure, describe};
use super::settled::{EPOCH, Settled};
use super::statement::{self, Parameter};
use super::value::{Given, TYPES, Taken, fits};
use crate::OpenError;
use crate::backend::{Changes, Found, Kept, Row, Transaction, Wanted};
use florin_domain::clock::Micros;
use florin_domain::planted;
use florin_domain::store::{Query, StoreError, Table, Value};
use futures_util::future::{join, join_all, join4};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use tokio_postgres::Statement;
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
pub(super) fn select(session: &Session, first: Option<&str>, query: &Query) -> Result<Vec<Row>, Failure> {
    let failed = |e| Failure::of(query.table.name, &e);
    let asked = statement::select(query);
    session.prepare(&[(query.table.name, &asked.sql)])?;
    let statement = session.prepared(&asked.sql)?;
    let values = asked.cells();
    let parameters: Vec<_> = values.iter().map(Cells::parameter).collect();
    let answers = session.together(first, [session.client.query(&statement, &parameters)]).map_err(failed)?;
    let mut rows = Vec::new();
    for answer in answers {
        rows.extend(cells(query.table, &answer.map_err(failed)?)?);
    }
    Ok(rows)
}

pub(super) fn cells(table: &'static Table, rows: &[tokio_postgres::Row]) -> Result<Vec<Row>, Failure> {
    let failed = |e: tokio_postgres::Error| Failure::Engine(format!("{}: {}", table.name, describe(&e)));
    rows.iter()
        .map(|row| {
            (0..table.columns.len()).map(|index| Ok(row.try_get::<_, Taken>(index).map_err(failed)?.0)).collect()
        })
        .collect()
}

impl statement::Statement<'_> {
    /// Its parameters as they are sent.
    pub(super) fn cells(&self) -> Vec<Cells<'_>> {
        let cells = self.parameters.iter().map(|parameter| match parameter {
            Parameter::One(value) => Cells::One(Given(value)),
            Parameter::Many(list) => Cells::Many(list.clone()),
        });
        cells.collect()
    }
}

/// A value, or an array of them, as a parameter.
pub(super) enum Cells<'a> {
    One(Given<'a>),
    Many(Vec<Given<'a>>),
}

impl Cells<'_> {
    pub(super) fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::One(value) => value,
            Self::Many(list) => list,
        }
    }
}

/// The rows as one array for each of the first `columns` columns.
pub(super) fn by_column<'a>(rows: &[&'a [Value]], columns: usize) -> Vec<Cells<'a>> {
    (0..columns).map(|index| Cells::Many(rows.iter().filter_map(|row| row.get(index)).map(Given).collect())).collect()
}

/// What a connection that writes has at hand.
pub(super) struct Tools {
    pub(super) session: Session,
    pub(super) catalogue: Catalogue,
    pub(super) settled: RefCell<Settled>,
}

/// A transaction on the writer's connection. It begins with the first question.
pub(super) struct PgTransaction<'a> {
    tools: &'a Tools,
    /// The last id given. What others gave and committed before we locked a row is less than what we give after it, so
    /// that the postings of a wallet are in the order of their ids, whichever process wrote them.
    last: &'a Cell<Micros>,
    begun: bool,
    /// What is under way.
    asked: Option<Under<Result<Answers, Failure>>>,
    /// Whether something was taken from what is kept, and it is not known yet whether that still holds.
    trusting: bool,
    /// The first thing that went wrong. After it, there is nothing to commit.
    failure: Option<Failure>,
}

/// What the server says to a [`Transaction::ask`].
struct Answers {
    /// See [`Settled`]; with the first answers of a transaction only.
    epoch: Option<i64>,
    newest: Option<i64>,
    found: Vec<Found>,
}

const BEGIN: &str = "BEGIN";

impl<'a> PgTransaction<'a> {
    pub(super) fn new(tools: &'a Tools, last: &'a Cell<Micros>) -> Self {
        Self { tools, last, begun: false, asked: None, trusting: false, failure: None }
    }

    fn note<T>(&mut self, result: Result<T, Failure>) -> Result<T, StoreError> {
        result.map_err(|failure| {
            let error = failure.error();
            self.failure.get_or_insert(failure);
            error
        })
    }

    fn try_ask(&mut self, wanted: Vec<Wanted>) -> Result<(), Failure> {
        let Tools { session, catalogue, .. } = self.tools;
        let mut sql = Vec::with_capacity(wanted.len());
        for Wanted { table, to_change, .. } in &wanted {
            let locked = *to_change && !planted::blind_to(table.name);
            sql.push((table.name, statement::fetch(table, catalogue.of(table)?, locked)));
        }
        let claims = wanted.iter().any(|wanted| wanted.to_change);
        let mut needed: Vec<_> = sql.iter().map(|(table, sql)| (*table, sql.as_str())).collect();
        needed.extend([NEWEST, EPOCH]);
        session.prepare(&needed)?;
        let statements = sql.iter().map(|(_, sql)| session.prepared(sql)).collect::<Result<Vec<_>, _>>()?;
        let (newest, epoch) = (session.prepared(NEWEST.1)?, session.prepared(EPOCH.1)?);
        let first = !std::mem::replace(&mut self.begun, true);
        let client = session.client.clone();
        let asked = async move {
            let keys: Vec<_> = wanted
                .iter()
                .map(|Wanted { table, keys, .. }| {
                    // A key that cannot be stored is not there.
                    let keys: Vec<&[Value]> =
                        keys.iter().filter(|key| key.iter().all(fits)).map(Vec::as_slice).collect();
                    by_column(&keys, table.key)
                })
                .collect();
            let parameters: Vec<Vec<_>> = keys.iter().map(|keys| keys.iter().map(Cells::parameter).collect()).collect();
            let begin = async { if first { client.batch_execute(BEGIN).await } else { Ok(()) } };
            let epoch = async {
                // Before any row: see `settled.rs`.
                if first { client.query(&epoch, &[]).await.map(Some) } else { Ok(None) }
            };
            let rows = statements.iter().zip(&parameters).map(|(sql, parameters)| client.query(sql, parameters));
            let newest = async {
                // After the locks: it sees what was committed before they were ours.
                if claims { client.query(&newest, &[]).await.map(Some) } else { Ok(None) }
            };
            // A request is sent when its future is polled for the first time: these are, in this order.
            let (begun, epoch, rows, newest) = join4(begin, epoch, join_all(rows), newest).await;
            begun.map_err(|e| Failure::of("begin", &e))?;
            let mut found = Vec::with_capacity(wanted.len());
            for (Wanted { table, .. }, rows) in wanted.iter().zip(rows) {
                let rows = cells(table, &rows.map_err(|e| Failure::of(table.name, &e))?)?;
                found.push((*table, rows.into_iter().map(Arc::new).collect()));
            }
            Ok(Answers { epoch: number(EPOCH, epoch)?, newest: number(NEWEST, newest)?, found })
        };
        self.asked = Some(session.start(Box::pin(asked)));
        Ok(())
    }

    /// What was asked for; none if what was at hand is out of date.
    fn try_answers(&mut self) -> Result<Option<Vec<Found>>, Failure> {
        let Some(asked) = self.asked.take() else { return Ok(Some(Vec::new())) };
        let Answers { epoch, newest, found } = self.tools.session.wait(asked)?;
        let mut settled = self.tools.settled.borrow_mut();
        let mut holds = true;
        if let Some(epoch) = epoch {
            holds = settled.begin(epoch) || !std::mem::take(&mut self.trusting);
            self.trusting = false;
        }
        self.last.set(self.last.get().max(newest.unwrap_or_default().unsigned_abs()));
        for (table, rows) in found.iter().filter(|(table, _)| Settled::is_about(table)) {
            for row in rows {
                settled.keep(table, row.clone());
            }
        }
        Ok(holds.then_some(found))
    }

    /// What is to be sent to make these changes stand, with the COMMIT: one journey. The transaction ends with it.
    pub(super) fn finish(mut self, changes: Vec<Changes>) -> Result<Under<Result<(), End>>, End> {
        if let Some(failure) = self.failure.take() {
            return Err(End::Undone(failure));
        }
        if !self.begun {
            if changes.is_empty() {
                return Ok(Box::pin(std::future::ready(Ok(()))));
            }
            // Whoever decided has said `ready` before.
            return Err(End::Undone(Failure::Engine("changes outside of a transaction".to_owned())));
        }
        let writes = self.writes(changes).map_err(End::Undone)?;
        let client = self.tools.session.client.clone();
        self.begun = false;
        Ok(self.tools.session.start(Box::pin(async move {
            let cells: Vec<_> = writes.iter().map(Write::cells).collect();
            let parameters: Vec<Vec<_>> =
                cells.iter().map(|cells| cells.iter().map(Cells::parameter).collect()).collect();
            let sent = writes.iter().zip(&parameters).map(|(write, list)| client.execute(&write.sql, list));
            let mut sent: Vec<_> = sent.map(Box::pin).collect();
            // A cell that does not go into its column fails before anything is sent: then the rest must not stand.
            let mut refused = None;
            let mut early = Vec::with_capacity(sent.len());
            for (write, sent) in writes.iter().zip(&mut sent) {
                let answer = poll_fn(|context| Poll::Ready(sent.as_mut().poll(context))).await;
                if let Poll::Ready(Err(error)) = &answer {
                    refused = Some(Failure::of(write.table.name, error));
                    break;
                }
                early.push(answer);
            }
            if let Some(failure) = refused {
                let _ = client.batch_execute("ROLLBACK").await;
                return Err(End::Undone(failure));
            }
            let answers = join_all(sent.into_iter().zip(early).map(|(sent, early)| async {
                match early {
                    Poll::Ready(answer) => answer,
                    Poll::Pending => sent.await,
                }
            }));
            let (answers, committed) = join(answers, client.batch_execute("COMMIT")).await;
            for (write, answer) in writes.iter().zip(answers) {
                match answer.map_err(|error| (error.code().is_some(), Failure::of(write.table.name, &error))) {
                    Ok(written) if written == write.expected() => {}
                    Ok(_) => return Err(End::Unknown(format!("{}: not all rows were written", write.table.name))),
                    // After an error there is nothing that a COMMIT makes stand.
                    Err((true, failure)) => return Err(End::Undone(failure)),
                    Err((false, failure)) => return Err(End::Unknown(format!("{:?}", failure.error()))),
                }
            }
            committed.map_err(|error| not_committed(&error))
        })))
    }

    fn writes(&self, changes: Vec<Changes>) -> Result<Vec<Write>, Failure> {
        let Tools { session, catalogue, .. } = self.tools;
        let mut sql = Vec::with_capacity(changes.len());
        for Changes { table, inserts, updates, deletes } in changes {
            let types = catalogue.of(table)?;
            if !inserts.is_empty() {
                sql.push((table, statement::insert(table, types), inserts, What::Adds));
            }
            if !updates.is_empty() {
                sql.push((table, statement::update(table, types), updates, What::Replaces));
            }
            if !deletes.is_empty() {
                let keys = deletes.into_iter().map(Arc::new).collect();
                sql.push((table, statement::delete(table, types), keys, What::TakesAway));
            }
        }
        session.prepare(&sql.iter().map(|(table, sql, ..)| (table.name, sql.as_str())).collect::<Vec<_>>())?;
        let writes = sql
            .into_iter()
            .map(|(table, sql, rows, what)| Ok(Write { table, sql: session.prepared(&sql)?, rows, what }));
        writes.collect()
    }

    fn try_write(&mut self, changes: &[Changes]) -> Result<(), Failure> {
        // By itself, and before: a write without it would stand alone.
        if !std::mem::replace(&mut self.begun, true) {
            self.tools.session.step(BEGIN).map_err(|e| Failure::of("begin", &e))?;
        }
        let of = |Changes { table, inserts, updates, deletes }: &Changes| Changes {
            table,
            inserts: inserts.clone(),
            updates: updates.clone(),
            deletes: deletes.clone(),
        };
        let writes = self.writes(changes.iter().map(of).collect())?;
        let client = &self.tools.session.client;
        for write in writes {
            let cells = write.cells();
            let parameters: Vec<_> = cells.iter().map(Cells::parameter).collect();
            let written = self.tools.session.wait(client.execute(&write.sql, &parameters));
            if written.map_err(|e| Failure::of(write.table.name, &e))? != write.expected() {
                return Err(Failure::Unfit(StoreError::Missing { table: write.table.name }));
            }
        }
        Ok(())
    }

    /// What went wrong so far.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Makes it stand, or says why it does not; or that nobody knows.
    #[cfg(test)]
    pub(super) fn commit(self) -> Result<(), End> {
        let session = &self.tools.session;
        let under = self.finish(Vec::new())?;
        session.wait(under)
    }
}

/// Rows that go into a table, or out of it, with one statement.
struct Write {
    table: &'static Table,
    sql: Statement,
    /// The rows; of those that are taken away, their keys.
    rows: Vec<Kept>,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Adds,
    Replaces,
    TakesAway,
}

impl Write {
    fn cells(&self) -> Vec<Cells<'_>> {
        let rows: Vec<&[Value]> = self.rows.iter().map(|row| row.as_slice()).collect();
        let columns = if self.what == What::TakesAway { self.table.key } else { self.table.columns.len() };
        by_column(&rows, columns)
    }

    /// What the server says when all went well; see `statement::update`.
    fn expected(&self) -> u64 {
        if self.what == What::Adds { self.rows.len() as u64 } else { 1 }
    }
}

/// The number in the first cell of the first row of what was asked for.
pub(super) fn number(
    (name, _): (&'static str, &str),
    rows: Result<Option<Vec<tokio_postgres::Row>>, tokio_postgres::Error>,
) -> Result<Option<i64>, Failure> {
    let failed = |e| Failure::of(name, &e);
    let Some(rows) = rows.map_err(failed)? else { return Ok(None) };
    let cell = rows.first().map(|row| row.try_get::<_, Option<i64>>(0)).transpose().map_err(failed)?;
    Ok(Some(cell.flatten().unwrap_or_default()))
}

fn not_committed(error: &tokio_postgres::Error) -> End {
    match Failure::of("commit", error) {
        // Whoever said no was asked to commit, and did not.
        failure @ (Failure::Conflict | Failure::Busy | Failure::Unfit(_)) => End::Undone(failure),
        Failure::Lost(text) | Failure::Engine(text) => End::Unknown(text),
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
            let _ = self.tools.session.step("ROLLBACK");
        }
    }
}

impl Transaction for PgTransaction<'_> {
    const FAR: bool = true;

    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        self.ready(true)?;
        let rows = select(&self.tools.session, None, query);
        self.note(rows)
    }

    fn fetch_one(&mut self, _: &'static Table, _: &[Value]) -> Result<Option<Kept>, StoreError> {
        Err(StoreError::Engine("one row after the other, of an engine that is far".to_owned()))
    }

    fn known(&mut self, table: &'static Table, key: &[Value]) -> Option<Kept> {
        if !Settled::is_about(table) {
            return None;
        }
        let row = self.tools.settled.borrow_mut().get(table, key)?;
        // In a transaction that has begun, what is kept is known to hold.
        self.trusting |= !self.begun || self.asked.is_some();
        Some(row)
    }

    fn ask(&mut self, wanted: Vec<Wanted>) -> Result<(), StoreError> {
        if wanted.is_empty() && self.begun {
            return Ok(());
        }
        let asked = self.try_ask(wanted);
        self.note(asked)
    }

    fn answers(&mut self) -> Result<Vec<Found>, StoreError> {
        let answers = self.try_answers();
        self.note(answers)?.ok_or(StoreError::NotLoaded)
    }

    fn ready(&mut self, changed: bool) -> Result<(), StoreError> {
        if !self.begun && (changed || self.trusting) {
            self.ask(Vec::new())?;
            self.answers()?;
        }
        Ok(())
    }

    fn write(&mut self, changes: &[Changes]) -> Result<(), StoreError> {
        let written = self.try_write(changes);
        self.note(written)
    }
}
