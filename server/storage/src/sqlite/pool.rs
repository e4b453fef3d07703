//! Connections that read: for those who read little and do so at once, on their own thread, and for the threads that
//! read what takes longer.
//!
//! To begin a transaction takes longer than to read a row by its key. As long as nothing was committed, the view that a
//! connection has is the newest one, and the next reader goes on with it.
//!
//! SQLite's log begins anew when all of it is in the database file and nobody sees what is in it any more. Views that are
//! kept for the next reader are given up for that.

use super::find::{Begun, Finder, ReadHandle};
use super::{open_to_read, step};
use crate::OpenError;
use crate::news;
use crate::queue::Queue;
use florin_domain::clock::Clock;
use florin_domain::store::{ReadJob, StoreError};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// See the module.
pub(super) struct Pool {
    idle: Mutex<Vec<Reader>>,
    /// Whether all commits are this process's, so that they can be counted.
    alone: bool,
    commits: AtomicU64,
}

struct Reader {
    connection: Connection,
    view: Option<View>,
}

/// What a connection sees.
struct View {
    /// How many commits there had been before it began.
    commits: u64,
    begun: Begun,
}

impl Reader {
    fn give_up(&mut self) {
        if self.view.take().is_some()
            && let Err(error) = step(&self.connection, "COMMIT")
        {
            tracing::error!(%error, "a read could not end");
        }
    }

    fn look(&mut self, commits: u64, finder: &Finder) -> Result<Begun, StoreError> {
        if let Some(view) = self.view.as_ref().filter(|view| view.commits == commits) {
            return Ok(view.begun);
        }
        self.give_up();
        let begun = finder.generations();
        step(&self.connection, "BEGIN")?;
        self.view = Some(View { commits, begun });
        Ok(begun)
    }

    /// Runs a job in one transaction, so that it sees one moment.
    fn run(&mut self, mut job: Box<dyn ReadJob>, commits: u64, finder: &Finder, clock: &Clock) {
        match self.look(commits, finder) {
            Ok(begun) => {
                let mut handle = ReadHandle { connection: &self.connection, finder, begun, now: clock.now() };
                if catch_unwind(AssertUnwindSafe(|| job.run(&mut handle))).is_ok() {
                    news::of_read(job);
                } else {
                    tracing::error!("a read job panicked");
                }
            }
            // The job is dropped, and whoever waits for it is told so.
            Err(error) => tracing::error!(%error, "a read could not begin"),
        }
    }
}

/// Runs read jobs until the queue is closed, each on a view of its own.
pub(super) fn serve(connection: Connection, finder: &Finder, jobs: &Queue<Box<dyn ReadJob>>, clock: &Clock) {
    let mut reader = Reader { connection, view: None };
    while let Some(job) = jobs.take(1).pop() {
        reader.run(job, 0, finder, clock);
        reader.give_up();
    }
}

impl Pool {
    pub(super) fn open(path: &Path, readers: usize, alone: bool) -> Result<Self, OpenError> {
        let reader = || Ok(Reader { connection: open_to_read(path)?, view: None });
        let idle = Mutex::new((0..readers).map(|_| reader()).collect::<Result<_, OpenError>>()?);
        Ok(Self { idle, alone, commits: AtomicU64::new(0) })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a job now; gives it back if no connection is free.
    pub(super) fn read(&self, job: Box<dyn ReadJob>, finder: &Finder, clock: &Clock) -> Result<(), Box<dyn ReadJob>> {
        let Some(mut reader) = self.idle().pop() else { return Err(job) };
        let commits = self.commits.load(Ordering::Acquire);
        reader.run(job, commits, finder, clock);
        if !self.alone || self.commits.load(Ordering::Acquire) != commits {
            reader.give_up(); // It is of no use to the next.
        }
        self.idle().push(reader);
        Ok(())
    }

    /// Something was committed, or may have been. To be called before anybody is told.
    pub(super) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::AcqRel);
    }

    /// Does something while no view is kept here. Those who read meanwhile go to the threads.
    pub(super) fn without_views<T>(&self, work: impl FnOnce() -> T) -> T {
        // What is read now is not seen by those who come after it.
        self.committed();
        let mut readers = std::mem::take(&mut *self.idle());
        readers.iter_mut().for_each(Reader::give_up);
        let done = work();
        self.idle().append(&mut readers);
        done
    }

    /// Closes the connections that nobody uses, so that the last checkpoint finds no reader.
    pub(super) fn close(&self) {
        self.idle().clear();
    }
}
