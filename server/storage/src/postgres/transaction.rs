//! A transaction: rows by their keys and by queries, and changes, each with as few journeys as can be.

use super::address::Address;
use super::changes::{End, Writes, commit_only};
use super::connect::{Session, Under, failed};
use super::error::{Failure, describe};
use super::generations::Rows;
use super::likely::{Likely, witnesses};
use super::settled::{EPOCH, Settled};
use super::statement::{self, Parameter};
use super::value::{Given, TYPES, Taken, fits};
use crate::OpenError;
use crate::backend::{Changes, Found, Guess, Kept, Map, Row, Transaction, Wanted};
use florin_domain::clock::Micros;
use florin_domain::planted;
use florin_domain::store::{Query, StoreError, Table, Value};
use futures_util::future::{join_all, join4};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use tokio_postgres::types::{ToSql, Type};

/// The types of each table's columns, as the server has them.
pub(super) struct Catalogue(Map<&'static str, Vec<Type>>);

impl Catalogue {
    pub(super) fn read(session: &Session, address: &Address) -> Result<Self, OpenError> {
        let failed = |e| failed(address, &e);
        let sql = "SELECT c.relname::text, a.attname::text, a.atttypid FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped";
        let rows = session.wait(session.client.query_typed(sql, &[])).map_err(failed)?;
        let mut found = Map::<(String, String), Type>::default();
        for row in rows {
            let place = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
            let oid = row.try_get(2).map_err(failed)?;
            found.extend(Type::from_oid(oid).filter(|ty| TYPES.contains(ty)).map(|ty| (place, ty)));
        }
        let mut types = Map::default();
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
    let width = table.columns.len();
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let mut cells = Vec::with_capacity(width);
        for index in 0..width {
            cells.push(row.try_get::<_, Taken>(index).map_err(failed)?.0);
        }
        found.push(cells);
    }
    Ok(found)
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
    pub(super) likely: RefCell<Likely>,
}

impl Tools {
    pub(super) fn new(session: Session, catalogue: Catalogue) -> Self {
        Self { session, catalogue, settled: RefCell::default(), likely: RefCell::default() }
    }
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
    /// Whether rows are taken for what they most likely are.
    assuming: bool,
    /// The rows that were taken so, or locked: what is changed was decided by these.
    before: Rows,
    /// The first thing that went wrong. After it, there is nothing to commit.
    failure: Option<Failure>,
}

/// What the server says to a [`Transaction::ask`].
struct Answers {
    /// See [`Settled`]; with the first answers of a transaction only.
    epoch: Option<i64>,
    newest: Option<i64>,
    found: Vec<Found>,
    /// Whether these rows are locked.
    claimed: Vec<bool>,
}

const BEGIN: &str = "BEGIN";

impl<'a> PgTransaction<'a> {
    /// `assuming`: whether rows are taken for what they most likely are, rather than asked for and locked.
    pub(super) fn new(tools: &'a Tools, last: &'a Cell<Micros>, assuming: bool) -> Self {
        let before = Rows::default();
        Self { tools, last, begun: false, asked: None, trusting: false, assuming, before, failure: None }
    }

    fn remember(&mut self, table: &'static Table, row: &Kept) {
        if !witnesses(table).is_empty() {
            let key = row.iter().take(table.key).cloned().collect();
            self.before.entry(table.name).or_default().insert(key, row.clone());
        }
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
            let claimed = wanted.iter().map(|wanted| wanted.to_change).collect();
            Ok(Answers { epoch: number(EPOCH, epoch)?, newest: number(NEWEST, newest)?, found, claimed })
        };
        self.asked = Some(session.start(Box::pin(asked)));
        Ok(())
    }

    /// What was asked for; none if what was at hand is out of date.
    fn try_answers(&mut self) -> Result<Option<Vec<Found>>, Failure> {
        let Some(asked) = self.asked.take() else { return Ok(Some(Vec::new())) };
        let Answers { epoch, newest, found, claimed } = self.tools.session.wait(asked)?;
        let mut settled = self.tools.settled.borrow_mut();
        let mut holds = true;
        if let Some(epoch) = epoch {
            holds = settled.begin(epoch) || !std::mem::take(&mut self.trusting);
            self.trusting = false;
        }
        self.last.set(self.last.get().max(newest.unwrap_or_default().unsigned_abs()));
        for ((table, rows), claimed) in found.iter().zip(claimed) {
            for row in rows {
                if Settled::is_about(table) {
                    settled.keep(table, row.clone());
                }
                if claimed {
                    self.remember(table, row);
                    // Not what was only read: whose ids come after it is known of a row that was locked.
                    self.tools.likely.borrow_mut().keep(table, row.clone());
                }
            }
        }
        Ok(holds.then_some(found))
    }

    /// What is to be sent to make these changes stand: one journey. The transaction ends with it.
    pub(super) fn finish(mut self, changes: Vec<Changes>) -> Result<Under<Result<(), End>>, End> {
        if let Some(failure) = self.failure.take() {
            return Err(End::Undone(failure));
        }
        let Tools { session, catalogue, settled, likely } = self.tools;
        // What was taken from what is kept is checked by the statement, unless it was by the first question.
        let epoch = if self.trusting { Some(settled.borrow().epoch()) } else { None };
        likely.borrow_mut().keep_all(&changes);
        let writes = Writes::prepare((session, catalogue), changes, &self.before, epoch).map_err(End::Undone)?;
        let (client, begun) = (session.client.clone(), std::mem::take(&mut self.begun));
        match writes {
            Some(writes) => Ok(session.start(Box::pin(async move { writes.commit(&client, begun).await }))),
            None if begun => Ok(session.start(Box::pin(async move { commit_only(&client).await }))),
            None => Ok(Box::pin(std::future::ready(Ok(())))),
        }
    }

    fn try_write(&mut self, changes: &[Changes]) -> Result<(), Failure> {
        // By itself, and before: a write without it would stand alone.
        self.begin()?;
        let of = |Changes { table, inserts, updates, deletes }: &Changes| Changes {
            table,
            inserts: inserts.clone(),
            updates: updates.clone(),
            deletes: deletes.clone(),
        };
        let Tools { session, catalogue, .. } = self.tools;
        let changes = changes.iter().map(of).collect();
        let writes = Writes::prepare((session, catalogue), changes, &self.before, None)?;
        writes.map_or(Ok(()), |writes| session.wait(writes.run(&session.client)))
    }

    fn begin(&mut self) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.begun, true) {
            self.tools.session.step(BEGIN).map_err(|e| Failure::of("begin", &e))?;
        }
        Ok(())
    }

    /// Why nothing of it stands, as it could not be decided: some job's error, unless the engine had one before.
    pub(super) fn give_up(mut self, error: StoreError) -> End {
        End::Undone(self.failure.take().unwrap_or(Failure::Unfit(error)))
    }

    /// Makes it stand, or says why it does not; or that nobody knows.
    #[cfg(test)]
    pub(super) fn commit(self) -> Result<(), End> {
        let session = &self.tools.session;
        let under = self.finish(Vec::new())?;
        session.wait(under)
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

/// The newest transaction: the ids of whoever writes money grow with it.
const NEWEST: (&str, &str) = ("ledger_transaction", "SELECT MAX(txid) FROM ledger_transaction");

impl Drop for PgTransaction<'_> {
    fn drop(&mut self) {
        if self.begun {
            // Whatever went wrong: what comes next must not find itself within it. If this does not get there, the connection
            // is gone, and the transaction with it.
            let _ = self.tools.session.step("ROLLBACK");
        }
    }
}

impl Transaction for PgTransaction<'_> {
    const FAR: bool = true;

    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError> {
        if !self.begun {
            self.ask(Vec::new())?;
            self.answers()?;
        }
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

    fn assumed(&mut self, table: &'static Table, key: &[Value], to_change: bool) -> Option<Guess> {
        if !self.assuming {
            return None;
        }
        if table.found_by > 0 {
            // Nearly every one is new, and an index keeps out those that are not.
            return self.tools.likely.borrow().is_absent(table, key).then_some(Guess::Absent);
        }
        if !to_change {
            return None;
        }
        let row = self.tools.likely.borrow_mut().get(table, key)?;
        self.remember(table, &row);
        Some(Guess::Is(row))
    }

    fn doubt(&mut self) {
        self.assuming = false;
        self.before.clear();
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
        // The statement that makes changes stand checks what was at hand, too. Not where that was in vain before.
        let checked_later = changed && self.assuming;
        if !self.begun && !checked_later && (changed || self.trusting) {
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
