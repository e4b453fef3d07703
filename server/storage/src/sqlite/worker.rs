//! The threads: one that writes, some that read.

use super::rows::{ReadHandle, WriteHandle};
use super::step;
use crate::queue::Queue;
use florin_domain::clock::{Clock, Micros};
use florin_domain::store::{ReadJob, StoreError, WriteJob};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// The most jobs that share a commit. More gain little, and the first would wait for the last.
const MAX_BATCH: usize = 512;

/// Runs write jobs until the queue is closed. Those that arrive while a commit is under way share the next one: the
/// flush is the window, there is no timer.
pub(super) fn write(
    connection: Connection,
    jobs: &Queue<Box<dyn WriteJob>>,
    health: &Mutex<Result<(), StoreError>>,
    clock: Clock,
    mut last_id: Micros,
) {
    loop {
        let mut batch = jobs.take(MAX_BATCH);
        if batch.is_empty() {
            break;
        }
        let committed = commit(&connection, &mut batch, &clock, &mut last_id);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = batch.len(), "a commit failed");
        }
        health.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&committed);
        for job in batch {
            job.finish(committed.clone());
        }
    }
    // The log goes into the database file, so that a copy of that one file is whole.
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the last checkpoint failed");
    }
}

/// One transaction for the whole batch. Nobody is told anything before it is on disk.
fn commit(
    connection: &Connection,
    batch: &mut [Box<dyn WriteJob>],
    clock: &Clock,
    last_id: &mut Micros,
) -> Result<(), StoreError> {
    step(connection, "BEGIN IMMEDIATE")?;
    let result = run_all(connection, batch, clock, last_id).and_then(|()| step(connection, "COMMIT"));
    if result.is_err() && !connection.is_autocommit() {
        step(connection, "ROLLBACK")?;
    }
    result
}

fn run_all(
    connection: &Connection,
    batch: &mut [Box<dyn WriteJob>],
    clock: &Clock,
    last_id: &mut Micros,
) -> Result<(), StoreError> {
    for job in batch {
        let mut handle = WriteHandle { connection, now: clock.now(), clock, last_id };
        step(connection, "SAVEPOINT job")?;
        // A bug in one request must not end the writer, nor touch its neighbours.
        let keep = catch_unwind(AssertUnwindSafe(|| job.run(&mut handle))).unwrap_or_else(|_| {
            tracing::error!("a write job panicked; what it wrote is undone");
            false
        });
        // A full disk or the like ends the whole transaction: then nothing of the batch stands.
        if connection.is_autocommit() {
            return Err(StoreError::Engine("the engine ended the transaction".to_owned()));
        }
        if !keep {
            step(connection, "ROLLBACK TO job")?;
        }
        step(connection, "RELEASE job")?;
    }
    Ok(())
}

/// Runs read jobs until the queue is closed.
pub(super) fn read(connection: Connection, jobs: &Queue<ReadJob>, clock: Clock) {
    loop {
        let Some(job) = jobs.take(1).pop() else { return };
        // One transaction, so that a job sees one moment.
        if let Err(error) = step(&connection, "BEGIN") {
            tracing::error!(%error, "a read could not begin");
            continue; // The job is dropped, and whoever waits for it is told so.
        }
        let mut handle = ReadHandle { connection: &connection, now: clock.now() };
        if catch_unwind(AssertUnwindSafe(|| job(&mut handle))).is_err() {
            tracing::error!("a read job panicked");
        }
        if let Err(error) = step(&connection, "COMMIT") {
            tracing::error!(%error, "a read could not end");
        }
    }
}
