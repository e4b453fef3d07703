//! What a batch changed, as one statement.

use super::connect::Session;
use super::error::{Failure, describe, severity_is_error};
use super::generations::Rows;
use super::likely::witnesses;
use super::statement::{Part, What, name_of_whole, whole};
use super::transaction::{Catalogue, Cells, by_column};
use super::value;
use crate::backend::{Changes, Kept};
use florin_domain::store::{StoreError, Value};
use futures_util::TryStreamExt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

/// How a transaction ended that was not committed for sure.
#[derive(Debug)]
pub(super) enum End {
    /// Nothing of it stands.
    Undone(Failure),
    /// It was to be committed, and the answer did not come.
    Unknown(String),
}

/// The values for a part of the statement.
struct Given {
    /// Rows; of those that are taken away, their keys.
    rows: Vec<Kept>,
    columns: usize,
    /// The values of the witnesses, one list for each.
    witnesses: Vec<Vec<Value>>,
}

/// See the module.
pub(super) struct Writes {
    sql: Statement,
    /// The number that `settled` must have.
    epoch: Value,
    given: Vec<Given>,
    /// A table that an error is about, if the database names none.
    table: &'static str,
}

impl Writes {
    /// Prepares what these changes need. `before` has at least those rows that are changed and have
    /// witnesses, as they were believed to be, or were found.
    pub(super) fn prepare(
        (session, catalogue): (&Session, &Catalogue),
        changes: Vec<Changes>,
        before: &Rows,
        epoch: Option<i64>,
    ) -> Result<Option<Self>, Failure> {
        let (mut parts, mut given) = (Vec::new(), Vec::new());
        for Changes { table, inserts, updates, deletes } in changes {
            let types = catalogue.of(table)?;
            let keys = deletes.into_iter().map(Arc::new).collect::<Vec<_>>();
            for (what, rows) in [(What::Adds, inserts), (What::Replaces, updates), (What::TakesAway, keys)] {
                if rows.is_empty() {
                    continue;
                }
                let names = if what == What::Replaces { witnesses(table) } else { &[] };
                let part = Part { table, types, what, witnesses: names };
                let mut values: Vec<Vec<Value>> = names.iter().map(|_| Vec::with_capacity(rows.len())).collect();
                for row in rows.iter().filter(|_| !names.is_empty()) {
                    let was = row.get(..table.key).and_then(|key| before.get(table.name)?.get(key));
                    let was = was.ok_or(Failure::Unfit(StoreError::Missing { table: table.name }))?;
                    for (column, list) in names.iter().zip(&mut values) {
                        let place = table.place(column).and_then(|place| was.get(place));
                        list.push(place.cloned().unwrap_or(Value::Null));
                    }
                }
                given.push(Given { rows, columns: part.arrays() - names.len(), witnesses: values });
                parts.push(part);
            }
        }
        let Some(first) = parts.first() else { return Ok(None) };
        let changed = parts.iter().find(|part| part.what != What::Adds).unwrap_or(first);
        let table = changed.table.name;
        let sql = session.named(table, &name_of_whole(&parts), || whole(&parts))?;
        let epoch = epoch.map_or(Value::Null, Value::Int);
        Ok(Some(Self { sql, epoch, given, table }))
    }

    fn cells(&self) -> Vec<Cells<'_>> {
        let mut cells = vec![Cells::One(value::Given(&self.epoch))];
        for Given { rows, columns, witnesses } in &self.given {
            let rows: Vec<&[Value]> = rows.iter().map(|row| row.as_slice()).collect();
            cells.extend(by_column(&rows, *columns));
            cells.extend(witnesses.iter().map(|list| Cells::Many(list.iter().map(value::Given).collect())));
        }
        cells
    }

    fn failure(&self, error: &tokio_postgres::Error) -> Failure {
        let named = error.as_db_error().and_then(|error| error.table());
        let table = florin_domain::tables().into_iter().find(|table| Some(table.name) == named);
        Failure::of(table.map_or(self.table, |table| table.name), error)
    }

    /// Runs the statement in a transaction that has begun.
    pub(super) async fn run(&self, client: &Client) -> Result<(), Failure> {
        let cells = self.cells();
        let parameters: Vec<_> = cells.iter().map(Cells::parameter).collect();
        client.query(&self.sql, &parameters).await.map(|_| ()).map_err(|error| self.failure(&error))
    }

    /// Runs the statement and makes it stand. It is a transaction of its own, unless one has begun (`inside`).
    pub(super) async fn commit(self, client: &Client, inside: bool) -> Result<(), End> {
        let cells = self.cells();
        let parameters: Vec<_> = cells.iter().map(Cells::parameter).collect();
        let mut sent = Box::pin(client.query_raw(&self.sql, parameters.iter().map(|given| *given as &dyn ToSql)));
        // A cell that does not go into its column fails before anything is sent.
        let early = poll_fn(|context| Poll::Ready(sent.as_mut().poll(context))).await;
        if let Poll::Ready(Err(error)) = &early {
            if inside {
                let _ = client.batch_execute("ROLLBACK").await;
            }
            return Err(End::Undone(self.failure(error)));
        }
        let answer = async {
            let rows = match early {
                Poll::Ready(answer) => answer,
                Poll::Pending => sent.await,
            };
            // The first that the server says is that it has the parameters. What it says instead it says before it does
            // anything.
            let rows = rows.map_err(|error| self.end(&error, error.code().is_some()))?;
            rows.try_collect::<Vec<_>>().await.map_err(|error| self.end(&error, inside && error.code().is_some()))
        };
        let commit = async { if inside { client.batch_execute("COMMIT").await } else { Ok(()) } };
        let (answer, committed) = futures_util::future::join(answer, commit).await;
        answer?;
        committed.map_err(|error| not_committed(&error))
    }

    /// What an error of the statement means; `before` if it came before anything could stand.
    fn end(&self, error: &tokio_postgres::Error, before: bool) -> End {
        let failure = self.failure(error);
        if before || severity_is_error(error) {
            End::Undone(failure)
        } else {
            End::Unknown(format!("{:?}", failure.error()))
        }
    }
}

/// Makes a transaction stand that changed nothing more.
pub(super) async fn commit_only(client: &Client) -> Result<(), End> {
    client.batch_execute("COMMIT").await.map_err(|error| not_committed(&error))
}

pub(super) fn not_committed(error: &tokio_postgres::Error) -> End {
    match Failure::of("commit", error) {
        // Whoever is cancelled may say so when it has committed.
        Failure::Busy if error.code() == Some(&SqlState::QUERY_CANCELED) => End::Unknown(describe(error)),
        // Whoever said no was asked to commit, and did not.
        failure @ (Failure::Conflict | Failure::Busy | Failure::Unfit(_)) => End::Undone(failure),
        Failure::Lost(text) | Failure::Engine(text) => End::Unknown(text),
    }
}
