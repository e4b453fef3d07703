//! Telling those who asked. A bug there must not keep the news from their neighbours, nor end the thread that tells.

use florin_domain::store::{ReadJob, StoreError, WriteJob};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Tells whoever asked for a job how its commit ended.
pub(crate) fn of_commit(job: Box<dyn WriteJob>, committed: Result<(), StoreError>) {
    tell(|| job.finish(committed));
}

/// Tells whoever asked for a job that it was run.
pub(crate) fn of_read(job: Box<dyn ReadJob>) {
    tell(|| job.finish());
}

fn tell(say: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(say)).is_err() {
        tracing::error!("a job panicked when it was told how it ended");
    }
}
