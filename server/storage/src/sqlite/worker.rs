//! Whoever writes: a thread for all, and the one who comes when nobody writes.

use super::log::Log;
use super::pool::Pool;
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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most jobs that share a commit. More gain little, and the first would wait for the last.
const MAX_BATCH: usize = 512;

/// The most batches that wait for a flush. One flush serves all of them.
const MAX_UNFLUSHED: usize = 64;

type Job = Box<dyn WriteJob>;

/// The jobs that wait, and what it takes to do them.
pub(super) struct Writing {
    jobs: Queue<Job>,
    pen: Mutex<Pen>,
    unflushed: Queue<Batch>,
    log: Arc<Log>,
    /// Who reads must learn that what they see is no longer the newest.
    pool: Arc<Pool>,
    health: Mutex<Result<(), StoreError>>,
    /// Whether a thread that asks may do what it asks for.
    at_once: bool,
}

/// What only one thread has at a time.
pub(super) struct Pen {
    pub(super) connection: Connection,
    pub(super) memory: Memory,
    pub(super) numbers: Counter,
}

/// Jobs that were committed together, or could not be, before they are told.
struct Batch {
    commit: u64,
    jobs: Vec<Job>,
    committed: Result<(), StoreError>,
}

impl Writing {
    /// At most `limit` jobs wait.
    pub(super) fn new(pen: Pen, log: Arc<Log>, pool: Arc<Pool>, limit: usize) -> Self {
        let (jobs, unflushed) = (Queue::new(limit), Queue::new(MAX_UNFLUSHED));
        // With one core nobody else would come while it is busy with the first, and nothing would share a commit.
        let at_once = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1);
        Self { jobs, pen: Mutex::new(pen), unflushed, log, pool, health: Mutex::new(Ok(())), at_once }
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

    /// Does a job, or has it done. If nobody writes and nobody waits it is done here and now: to wake two threads and to
    /// be woken by one would take about as long as the flush.
    pub(super) fn add(&self, job: Job) -> Result<(), StoreError> {
        if self.at_once
            && self.jobs.is_idle()
            && let Ok(mut pen) = self.pen.try_lock()
        {
            let batches = self.commit(&mut pen, vec![job]);
            // Nobody else has anything to do meanwhile, or it would have been done together with this.
            self.settle(batches);
            return Ok(());
        }
        self.jobs.push(job).map_err(|_| StoreError::Busy)
    }

    /// Commits what waits until the queue is closed. Those that arrive while a batch is being committed share the next
    /// one: there is no timer.
    pub(super) fn write(&self) {
        let _ending = Ending { writing: self, queue: &self.jobs, log: None };
        while self.jobs.wait() {
            // After a panic in the middle of it nobody knows what the connection is in.
            let Ok(mut pen) = self.pen.lock() else { return };
            let jobs = self.jobs.take_now(MAX_BATCH);
            if jobs.is_empty() {
                continue;
            }
            for batch in self.commit(&mut pen, jobs) {
                if let Err(batch) = self.unflushed.push(batch) {
                    self.settle(self.unflushed.take_now(MAX_UNFLUSHED).into_iter().chain([batch]).collect());
                }
            }
        }
        let Ok(pen) = self.pen.lock() else { return };
        // The log goes into the database file, so that a copy of that one file is whole.
        if let Err(error) = pen.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the last checkpoint failed");
        }
    }

    /// Flushes what was committed, and tells those who wait for it, until the writer has ended.
    pub(super) fn flush(&self) {
        let _ending = Ending { writing: self, queue: &self.unflushed, log: Some(&self.log) };
        while self.unflushed.wait() {
            self.settle(self.unflushed.take_now(MAX_UNFLUSHED));
        }
    }

    /// One flush for these batches; then everybody is told.
    fn settle(&self, batches: Vec<Batch>) {
        let flushed = if batches.iter().any(|batch| batch.committed.is_ok()) { self.log.flush() } else { Ok(()) };
        // Before anybody is told: who was, sees it.
        self.pool.committed();
        for Batch { commit, jobs, committed } in batches {
            let settled = committed.and(flushed.clone());
            if flushed.is_ok() {
                self.log.passed(commit);
            }
            self.note(&settled);
            for job in jobs {
                job.finish(settled.clone());
            }
        }
    }

    /// Commits jobs together; each by itself if they cannot be.
    fn commit(&self, pen: &mut Pen, mut jobs: Vec<Job>) -> Vec<Batch> {
        let (commit, committed) = pen.commit(&mut jobs, &self.log);
        if jobs.len() > 1 && matches!(committed, Err(StoreError::Duplicate { .. } | StoreError::Constraint { .. })) {
            // One of them breaks a rule of the tables. Each by itself, so that only that one fails.
            let alone = jobs.into_iter().map(|job| {
                let mut jobs = vec![job];
                let (commit, committed) = pen.commit(&mut jobs, &self.log);
                Batch { commit, jobs, committed }
            });
            return alone.collect();
        }
        if planted::is(Fault::AnswerBeforeCommit) && !pen.connection.is_autocommit() {
            for job in jobs.drain(..) {
                job.finish(committed.clone());
            }
            let _ = step(&pen.connection, "COMMIT");
        }
        vec![Batch { commit, jobs, committed }]
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
    /// One transaction for all of them. Nobody is to be told anything before it is on disk. Says which commit it was.
    fn commit(&mut self, jobs: &mut [Job], log: &Log) -> (u64, Result<(), StoreError>) {
        // Before the first reader can see it.
        match log.begin() {
            Ok(commit) => (commit, self.transact(jobs)),
            Err(broken) => (0, Err(broken)),
        }
    }

    fn transact(&mut self, jobs: &mut [Job]) -> Result<(), StoreError> {
        let Self { connection, memory, numbers } = self;
        step(connection, "BEGIN IMMEDIATE")?;
        let mut transaction = SqliteTransaction { connection, memory };
        let result = Unit::new(&mut transaction, numbers)
            .decide(jobs)
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
}

/// However one of the two threads ends, nobody waits for it: what is in its queue is dropped, and what comes is turned
/// away.
struct Ending<'a, T> {
    writing: &'a Writing,
    queue: &'a Queue<T>,
    /// The log, if nobody flushes it any more.
    log: Option<&'a Log>,
}

impl<T> Drop for Ending<'_, T> {
    fn drop(&mut self) {
        self.writing.jobs.close();
        self.writing.unflushed.close();
        *self.writing.health_now() = Err(StoreError::Engine("the writer has ended".to_owned()));
        while !self.queue.take_now(MAX_BATCH).is_empty() {}
        if let Some(log) = self.log {
            log.close();
        }
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
