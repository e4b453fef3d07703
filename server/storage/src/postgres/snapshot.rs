//! Readers that all see one moment, and walk whole tables.

use super::address::Address;
use super::connect::{Purpose, Session};
use super::error::Failure;
use super::transaction::select;
use super::value::{Form, Given, Raw, type_of};
use super::{migrate, role};
use crate::OpenError;
use crate::scan::{self, Asked, Mark};
use florin_domain::clock::Clock;
use florin_domain::store::{Query, Reader, Scan, Snapshot, StoreError, Table, Value, Visit};
use florin_sdk_core::Timestamp;
use futures_util::TryStreamExt;
use std::pin::pin;
use tokio_postgres::types::ToSql;

/// How many rows are taken from the server before they are looked at.
const AT_ONCE: usize = 1024;

/// A connection with a transaction that lasts.
pub(crate) struct PgSnapshot {
    session: Session,
    now: Timestamp,
}

/// Opens so many readers of the same moment.
pub(super) fn snapshots(
    address: &Address,
    readers: usize,
    clock: &Clock,
) -> Result<Vec<Box<dyn Snapshot>>, StoreError> {
    let engine = |error: OpenError| StoreError::Engine(error.to_string());
    let lost = |error| Failure::of("begin", &error).error();
    let mut opened: Vec<Box<dyn Snapshot>> = Vec::new();
    let mut moment: Option<String> = None;
    for _ in 0..readers {
        let session = Session::connect(address, Purpose::Scan).map_err(engine)?;
        migrate::check(&session, address).map_err(engine)?;
        role::take(&session, address);
        session.step("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").map_err(lost)?;
        match &moment {
            None => moment = session.ask("SELECT pg_export_snapshot()", &[]).map_err(lost)?,
            // Its name is digits and hyphens.
            Some(moment) => session.step(&format!("SET TRANSACTION SNAPSHOT '{moment}'")).map_err(lost)?,
        }
        opened.push(Box::new(PgSnapshot { session, now: clock.now() }));
    }
    Ok(opened)
}

impl Reader for PgSnapshot {
    fn select(&mut self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError> {
        select(&self.session, None, query).map_err(|failure| failure.error())
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// How a parameter for a value is written. No place of a row is nothing.
const MARK: Mark = |number, value| type_of(value).map_or_else(|| format!("${number}"), |ty| format!("${number}::{ty}"));

/// Runs a statement and shows the cells of its rows, without ever having all of them at hand.
fn each_row(
    session: &mut Session,
    table: &'static Table,
    asked: &Asked,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    let failed = |e| Failure::of(table.name, &e).error();
    let unreadable = |e| StoreError::Engine(format!("{}: {e}", table.name));
    session.prepare(&[(table.name, &asked.sql)]).map_err(|failure| failure.error())?;
    let statement = session.prepared(&asked.sql).map_err(|failure| failure.error())?;
    let forms: Result<Vec<Form>, _> = statement.columns().iter().map(|column| Form::of(column.type_())).collect();
    let forms = forms.map_err(unreadable)?;
    let values: Vec<Given<'_>> = asked.values.iter().map(Given).collect();
    let parameters: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
    let rows = session.wait(session.client.query_raw(&statement, parameters)).map_err(failed)?;
    let mut rows = pin!(rows);
    loop {
        // Looked at outside of the wait, as whoever looks may wait for another server.
        let taken = session.wait(async {
            let mut taken = Vec::with_capacity(AT_ONCE);
            while taken.len() < AT_ONCE
                && let Some(row) = rows.try_next().await?
            {
                taken.push(row);
            }
            Ok::<_, tokio_postgres::Error>(taken)
        });
        let taken = taken.map_err(failed)?;
        for row in &taken {
            let mut cells = Vec::with_capacity(forms.len());
            for (index, form) in forms.iter().enumerate() {
                let raw = row.try_get::<_, Raw<'_>>(index).map_err(failed)?;
                cells.push(form.see(raw).map_err(unreadable)?);
            }
            visit(&cells)?;
        }
        if taken.len() < AT_ONCE {
            return Ok(());
        }
    }
}

impl PgSnapshot {
    fn place(&mut self, table: &'static Table, asked: &Asked) -> Result<Option<Vec<Value>>, StoreError> {
        let mut place = None;
        each_row(&mut self.session, table, asked, &mut |cells| {
            place = Some(cells.iter().map(|cell| cell.to_value()).collect());
            Ok(())
        })?;
        Ok(place)
    }
}

impl Snapshot for PgSnapshot {
    fn scan(&mut self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        each_row(&mut self.session, scan.table, &scan::rows(scan, MARK), visit)
    }

    fn step(&mut self, table: &'static Table, after: &[Value], steps: usize) -> Result<Option<Vec<Value>>, StoreError> {
        self.place(table, &scan::step(table, after, steps, MARK))
    }

    fn last(&mut self, table: &'static Table) -> Result<Option<Vec<Value>>, StoreError> {
        self.place(table, &Asked { sql: scan::last(table), values: Vec::new() })
    }

    fn reader(&mut self) -> &mut dyn Reader {
        self
    }
}
