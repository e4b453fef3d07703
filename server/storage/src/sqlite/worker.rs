//! The thread that writes.

use super::rows::{Memory, SqliteTransaction};
use super::step;
use crate::backend::Transaction;
use crate::queue::Queue;
use crate::unit::{Numbers, Unit};
use florin_domain::clock::{Clock, Micros};
use florin_domain::planted::{self, Fault};
use florin_domain::store::{StoreError, WriteJob};
use florin_sdk_core::Timestamp;
use rusqlite::Connection;
use std::sync::{Mutex, PoisonError};

/// The most jobs that share a commit. More gain little, and the first would wait for the last.
const MAX_BATCH: usize = 512;

/// Runs write jobs until the queue is closed. Those that arrive while a commit is under way share the next one: the
/// flush is the window, there is no timer.
pub(super) fn write(
    connection: Connection,
    mut memory: Memory,
    jobs: &Queue<Box<dyn WriteJob>>,
    health: &Mutex<Result<(), StoreError>>,
    clock: Clock,
    last: Micros,
) {
    let mut numbers = Counter { clock, last };
    let _ending = Ending { jobs, health };
    loop {
        let mut batch = jobs.take(MAX_BATCH);
        if batch.is_empty() {
            break;
        }
        let mut committed = commit(&connection, &mut memory, &mut batch, &mut numbers);
        if batch.len() > 1 && matches!(committed, Err(StoreError::Duplicate { .. } | StoreError::Constraint { .. })) {
            // One of them breaks a rule of the tables. Each by itself, so that only that one fails.
            for mut job in batch {
                committed = commit(&connection, &mut memory, std::slice::from_mut(&mut job), &mut numbers);
                note(health, &committed);
                job.finish(committed);
            }
            continue;
        }
        note(health, &committed);
        for job in batch {
            job.finish(committed.clone());
        }
        if planted::is(Fault::AnswerBeforeCommit) && !connection.is_autocommit() {
            let _ = step(&connection, "COMMIT");
        }
    }
    // The log goes into the database file, so that a copy of that one file is whole.
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the last checkpoint failed");
    }
}

/// Remembers whether commits reach the disk. A job that breaks a rule says nothing about that.
fn note(health: &Mutex<Result<(), StoreError>>, committed: &Result<(), StoreError>) {
    if let Err(StoreError::Duplicate { .. } | StoreError::Constraint { .. }) = committed {
        tracing::error!(error = ?committed, "a job broke a rule of the tables");
        return;
    }
    if let Err(error) = committed {
        tracing::error!(%error, "a commit failed");
    }
    health.lock().unwrap_or_else(PoisonError::into_inner).clone_from(committed);
}

/// However the writer ends, nobody waits for it: what is queued is dropped, and what comes is turned away.
struct Ending<'a> {
    jobs: &'a Queue<Box<dyn WriteJob>>,
    health: &'a Mutex<Result<(), StoreError>>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.jobs.close();
        let ended = Err(StoreError::Engine("the writer has ended".to_owned()));
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = ended;
        while !self.jobs.take(MAX_BATCH).is_empty() {}
    }
}

/// One transaction for the whole batch. Nobody is told anything before it is on disk.
fn commit(
    connection: &Connection,
    memory: &mut Memory,
    batch: &mut [Box<dyn WriteJob>],
    numbers: &mut dyn Numbers,
) -> Result<(), StoreError> {
    step(connection, "BEGIN IMMEDIATE")?;
    let mut transaction = SqliteTransaction { connection, memory };
    let result = Unit::new(&mut transaction, numbers)
        .decide(batch)
        .and_then(|changes| transaction.write(&changes))
        .and_then(|()| memory.before_commit(connection))
        .and_then(|()| if planted::is(Fault::AnswerBeforeCommit) { Ok(()) } else { step(connection, "COMMIT") });
    // A full disk ends the transaction by itself.
    if result.is_err()
        && !connection.is_autocommit()
        && let Err(error) = step(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be undone");
    }
    match &result {
        Ok(()) => memory.committed(),
        Err(_) => memory.failed(connection),
    }
    result
}

/// The time, and ids that grow with it.
struct Counter {
    clock: Clock,
    last: Micros,
}

impl Numbers for Counter {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn next_id(&mut self) -> Micros {
        self.last = self.clock.micros().max(self.last + 1);
        self.last
    }

    /// A file has one writer, and so one chain.
    fn chain(&self) -> u32 {
        1
    }
}
