//! Whoever writes: a thread for all, and the one who comes when nobody writes.

use super::rows::{Memory, SqliteTransaction};
use super::{step, undo};
use crate::backend::Transaction;
use crate::news;
use crate::queue::Queue;
use crate::unit::{Numbers, Unit};
use florin_domain::clock::{Clock, Micros};
use florin_domain::planted::{self, Fault};
use florin_domain::store::{StoreError, WriteJob};
use florin_sdk_core::Timestamp;
use rusqlite::Connection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most jobs that share a commit. More gain little, and the first would wait for the last.
const MAX_BATCH: usize = 512;

type Job = Box<dyn WriteJob>;

/// The jobs that wait, and what it takes to do them.
pub(super) struct Writing {
    jobs: Queue<Job>,
    pen: Mutex<Pen>,
    health: Mutex<Result<(), StoreError>>,
    /// Whether a thread that asks may do what it asks for.
    at_once: bool,
    /// Whether the last commit was shared: then others are about to come, and whoever went ahead alone would make them
    /// wait for a flush of its own.
    shared: AtomicBool,
}

/// What only one thread has at a time.
pub(super) struct Pen {
    pub(super) connection: Connection,
    pub(super) memory: Memory,
    pub(super) numbers: Counter,
}

impl Writing {
    /// At most `limit` jobs wait.
    pub(super) fn new(pen: Pen, limit: usize) -> Self {
        // With one core nobody else would come while it is busy with the first, and nothing would share a commit.
        let at_once = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
        Self {
            jobs: Queue::new(limit),
            pen: Mutex::new(pen),
            health: Mutex::new(Ok(())),
            at_once,
            shared: AtomicBool::new(false),
        }
    }

    /// Whether the last commit reached the disk.
    pub(super) fn health(&self) -> Result<(), StoreError> {
        self.health_now().clone()
    }

    fn health_now(&self) -> MutexGuard<'_, Result<(), StoreError>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets nothing more in. What waits is still done.
    pub(super) fn close(&self) {
        self.jobs.close();
    }

    /// Does a job, or has it done. If nobody writes and nobody waits or is likely to come, it is done here and now: to wake
    /// a thread and to be woken by it would take about as long as the flush.
    pub(super) fn add(&self, job: Job) -> Result<(), StoreError> {
        if self.at_once
            && !self.shared.load(Ordering::Relaxed)
            && self.jobs.is_idle()
            && let Ok(mut pen) = self.pen.try_lock()
        {
            self.settle(&mut pen, vec![job]);
            return Ok(());
        }
        self.jobs.push(job).map_err(|_| StoreError::Busy)
    }

    /// Does what waits until the queue is closed. Those that arrive while a commit is under way share the next one: the
    /// flush is the window, there is no timer.
    pub(super) fn run(&self) {
        let _ending = Ending(self);
        while self.jobs.wait() {
            // After a panic in the middle of it nobody knows what the connection is in.
            let Ok(mut pen) = self.pen.lock() else { return };
            let jobs = self.jobs.take_now(MAX_BATCH);
            if !jobs.is_empty() {
                self.settle(&mut pen, jobs);
            }
        }
        let Ok(pen) = self.pen.lock() else { return };
        if let Err(error) = pen.memory.finder.log.settle(&pen.connection) {
            // It is done at the next start.
            tracing::warn!(%error, "what was logged could not be put in its place");
        }
        // The log goes into the database file, so that a copy of that one file is whole.
        if let Err(error) = pen.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the last checkpoint failed");
        }
    }

    /// Commits jobs together, or each by itself if they cannot be, and tells those who wait for them.
    fn settle(&self, pen: &mut Pen, mut jobs: Vec<Job>) {
        self.shared.store(jobs.len() > 1, Ordering::Relaxed);
        let mut committed = pen.commit(&mut jobs);
        if jobs.len() > 1 && matches!(committed, Err(StoreError::Duplicate { .. } | StoreError::Constraint { .. })) {
            // One of them breaks a rule of the tables. Each by itself, so that only that one fails.
            for mut job in jobs {
                committed = pen.commit(std::slice::from_mut(&mut job));
                self.note(&committed);
                news::of_commit(job, committed);
            }
            return;
        }
        self.note(&committed);
        for job in jobs {
            news::of_commit(job, committed.clone());
        }
        if planted::is(Fault::AnswerBeforeCommit) && !pen.connection.is_autocommit() {
            let _ = step(&pen.connection, "COMMIT");
        }
    }

    /// Remembers whether commits reach the disk. A job that breaks a rule says nothing about that.
    fn note(&self, committed: &Result<(), StoreError>) {
        if let Err(StoreError::Duplicate { .. } | StoreError::Constraint { .. }) = committed {
            tracing::error!(error = ?committed, "a job broke a rule of the tables");
            return;
        }
        if let Err(error) = committed {
            tracing::error!(%error, "a commit failed");
        }
        self.health_now().clone_from(committed);
    }
}

impl Pen {
    /// One transaction for all of them. Nobody is told anything before it is on disk.
    fn commit(&mut self, jobs: &mut [Job]) -> Result<(), StoreError> {
        let Self { connection, memory, numbers } = self;
        step(connection, "BEGIN IMMEDIATE")?;
        let mut transaction = SqliteTransaction { connection, memory };
        let result = Unit::new(&mut transaction, numbers)
            .decide(jobs)
            .and_then(|changes| transaction.write(&changes))
            .and_then(|()| memory.before_commit(connection))
            .and_then(|()| if planted::is(Fault::AnswerBeforeCommit) { Ok(()) } else { step(connection, "COMMIT") });
        if result.is_ok() {
            memory.committed();
        } else {
            undo(connection);
            memory.failed(connection);
        }
        result
    }
}

/// However the writer ends, nobody waits for it: what is queued is dropped, and what comes is turned away.
struct Ending<'a>(&'a Writing);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let Self(writing) = self;
        writing.close();
        *writing.health_now() = Err(StoreError::Engine("the writer has ended".to_owned()));
        while !writing.jobs.take_now(MAX_BATCH).is_empty() {}
    }
}

/// The time, and ids that grow with it.
pub(super) struct Counter {
    pub(super) clock: Clock,
    pub(super) last: Micros,
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
