//! When what was committed is on disk, and who is told of it then.
//!
//! A commit puts its pages into the write-ahead log and does not wait for the disk: the next batch is decided and written
//! meanwhile. One flush then serves all that was committed until it began, and only then is anybody told: those who wrote,
//! and those who read and may have seen what was not on disk yet. The log is a chain of checksums, so that what a power
//! cut leaves of it is all that came before some commit: nothing that was flushed is missing, nothing stands without what
//! it was built upon.
//!
//! A flush that fails is not tried again: the system may have given up the pages, and say next time that all is well. From
//! then on nothing is committed, and nobody is told anything, until the server is started again.

use florin_domain::store::{ReadJob, StoreError};
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module.
pub(super) struct Log {
    /// Held by whoever flushes: a failure is told to one caller only, and must be known before the next one asks.
    file: Mutex<File>,
    /// The number of the last commit that was begun. Readers may see it a moment before anybody knows that it stands.
    begun: AtomicU64,
    /// The number of the last one that is on disk, or failed.
    flushed: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Why nothing reaches the disk any more.
    broken: Option<StoreError>,
    /// Reads that saw what was not on disk, and up to which commit.
    readers: Vec<(u64, Box<dyn ReadJob>)>,
}

impl Log {
    /// The log of the database in this file, which is open.
    pub(super) fn open(database: &Path) -> std::io::Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        let (begun, flushed, state) = (AtomicU64::new(0), AtomicU64::new(0), Mutex::default());
        Ok(Self { file: Mutex::new(File::open(path)?), begun, flushed, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a commit, which begins now.
    pub(super) fn begin(&self) -> Result<u64, StoreError> {
        self.need_whole()?;
        Ok(self.begun.fetch_add(1, Ordering::AcqRel) + 1)
    }

    fn need_whole(&self) -> Result<(), StoreError> {
        self.state().broken.clone().map_or(Ok(()), Err)
    }

    /// The last commit that somebody can have seen who has looked at the tables by now.
    pub(super) fn seen(&self) -> u64 {
        self.begun.load(Ordering::Acquire)
    }

    /// Flushes all that was committed by now.
    pub(super) fn flush(&self) -> Result<(), StoreError> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        self.need_whole()?;
        let Err(error) = file.sync_data() else { return Ok(()) };
        tracing::error!(%error, "the log could not be flushed: start the server again when its disk is well");
        let broken = StoreError::Engine(format!("the log could not be flushed: {error}"));
        let mut state = self.state();
        state.broken = Some(broken.clone());
        state.readers.clear();
        Err(broken)
    }

    /// This commit is on disk, and so are those before it; or it was undone. To be called before its writers are told.
    pub(super) fn passed(&self, commit: u64) {
        self.flushed.fetch_max(commit, Ordering::AcqRel);
        let ready: Vec<_> = self.state().readers.extract_if(.., |reader| reader.0 <= commit).collect();
        for (_, job) in ready {
            job.finish();
        }
    }

    /// Has a read told as soon as all that it saw is on disk.
    pub(super) fn tell(&self, seen: u64, job: Box<dyn ReadJob>) {
        if self.has_passed(seen) {
            return job.finish();
        }
        let mut state = self.state();
        // Once more, with the lock held: it may have been flushed since.
        if self.has_passed(seen) {
            drop(state);
            return job.finish();
        }
        // What will never be on disk is told to nobody.
        if state.broken.is_none() {
            state.readers.push((seen, job));
        }
    }

    fn has_passed(&self, commit: u64) -> bool {
        self.flushed.load(Ordering::Acquire) >= commit
    }

    /// Nothing is flushed any more: those who wait are told nothing.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.broken.get_or_insert_with(|| StoreError::Engine("the writer has ended".to_owned()));
        state.readers.clear();
    }
}
