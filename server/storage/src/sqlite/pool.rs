//! Connections that read: for those who read little and do so at once, on their own thread, and for the threads that
//! read what takes longer.
//!
//! To begin a transaction takes longer than to read a row by its key. As long as nothing was committed, the view that a
//! connection has is the newest one, and the next reader goes on with it.

use super::hashes::Hashes;
use super::log::Log;
use super::rows::ReadHandle;
use super::{open_to_read, step};
use crate::OpenError;
use crate::queue::Queue;
use florin_domain::clock::Clock;
use florin_domain::store::{ReadJob, StoreError};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// After so many commits old views are given up, whoever has them: the log cannot begin anew while there are any.
const PATIENCE: u64 = 64;

/// See the module.
pub(super) struct Pool {
    idle: Mutex<Vec<Reader>>,
    commits: AtomicU64,
    /// Where it is known what is on disk; nowhere if nobody writes here.
    log: Option<Arc<Log>>,
}

struct Reader {
    connection: Connection,
    view: Option<View>,
}

/// What a connection sees.
struct View {
    /// How many commits there had been before it began.
    commits: u64,
    /// Which generation of hashes there was.
    generation: u64,
    /// The last commit that it may have in it, once something was read in it.
    seen: Option<u64>,
}

impl Reader {
    fn give_up(&mut self) {
        if self.view.take().is_some()
            && let Err(error) = step(&self.connection, "COMMIT")
        {
            tracing::error!(%error, "a read could not end");
        }
    }

    fn look(&mut self, commits: u64, hashes: Option<&Hashes>) -> Result<u64, StoreError> {
        if let Some(view) = self.view.as_ref().filter(|view| view.commits == commits) {
            return Ok(view.generation);
        }
        self.give_up();
        let generation = hashes.map_or(0, Hashes::generation);
        step(&self.connection, "BEGIN")?;
        self.view = Some(View { commits, generation, seen: None });
        Ok(generation)
    }

    /// Runs a job in one transaction, so that it sees one moment. Says which commit may be the last that it saw; nothing
    /// if it could not be done.
    fn run(
        &mut self,
        job: &mut dyn ReadJob,
        commits: u64,
        hashes: Option<&Hashes>,
        log: Option<&Log>,
        clock: &Clock,
    ) -> Option<u64> {
        let begun = match self.look(commits, hashes) {
            Ok(begun) => begun,
            Err(error) => {
                tracing::error!(%error, "a read could not begin");
                return None;
            }
        };
        let mut handle = ReadHandle { connection: &self.connection, hashes, begun, now: clock.now() };
        if catch_unwind(AssertUnwindSafe(|| job.run(&mut handle))).is_err() {
            tracing::error!("a read job panicked");
            return None;
        }
        // Only now it is sure that the view has begun: SQLite begins it with the first question.
        let view = self.view.as_mut()?;
        Some(*view.seen.get_or_insert_with(|| log.map_or(0, Log::seen)))
    }
}

/// Tells a read when all that it saw is on disk. What could not be done is dropped: whoever waits for it is told so.
fn tell(job: Box<dyn ReadJob>, seen: Option<u64>, log: Option<&Log>) {
    match (seen, log) {
        (Some(seen), Some(log)) => log.tell(seen, job),
        (Some(_), None) => job.finish(),
        (None, _) => {}
    }
}

/// Runs read jobs until the queue is closed, each on a view of its own.
pub(super) fn serve(
    connection: Connection,
    hashes: Option<&Hashes>,
    log: Option<&Log>,
    jobs: &Queue<Box<dyn ReadJob>>,
    clock: &Clock,
) {
    let mut reader = Reader { connection, view: None };
    while let Some(mut job) = jobs.take(1).pop() {
        let seen = reader.run(&mut *job, 0, hashes, log, clock);
        reader.give_up();
        tell(job, seen, log);
    }
}

impl Pool {
    pub(super) fn open(path: &Path, readers: usize, log: Option<Arc<Log>>) -> Result<Self, OpenError> {
        let reader = || Ok(Reader { connection: open_to_read(path)?, view: None });
        let idle = Mutex::new((0..readers).map(|_| reader()).collect::<Result<_, OpenError>>()?);
        Ok(Self { idle, commits: AtomicU64::new(0), log })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a job now; gives it back if no connection is free.
    pub(super) fn read(
        &self,
        mut job: Box<dyn ReadJob>,
        hashes: Option<&Hashes>,
        clock: &Clock,
    ) -> Result<(), Box<dyn ReadJob>> {
        let Some(mut reader) = self.idle().pop() else { return Err(job) };
        let commits = self.commits.load(Ordering::Acquire);
        let log = self.log.as_deref();
        let seen = reader.run(&mut *job, commits, hashes, log, clock);
        // Without a log commits are others', and cannot be counted.
        if log.is_none() {
            reader.give_up();
        }
        self.idle().push(reader);
        tell(job, seen, log);
        Ok(())
    }

    /// Something was committed, or may have been. To be called before anybody is told.
    pub(super) fn committed(&self) {
        let commits = self.commits.fetch_add(1, Ordering::AcqRel);
        if commits.is_multiple_of(PATIENCE) {
            self.idle().iter_mut().for_each(Reader::give_up);
        }
    }

    /// Closes the connections that nobody uses, so that the last checkpoint finds no reader.
    pub(super) fn close(&self) {
        self.idle().clear();
    }
}
