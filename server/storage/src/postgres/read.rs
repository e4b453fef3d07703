//! The threads that read.

use super::address::Address;
use super::connect::{Purpose, Session, failed};
use super::error::Failure;
use super::transaction::select;
use super::{migrate, note, role};
use crate::OpenError;
use crate::news;
use crate::queue::Queue;
use florin_domain::clock::Clock;
use florin_domain::store::{Query, ReadJob, Reader, StoreError, Value};
use florin_sdk_core::Timestamp;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A job sees one moment, and changes nothing.
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How long a reader without a connection waits before it tries again.
const PAUSE: Duration = Duration::from_millis(500);

/// How long the thread waits for work before it asks whether the server is still there.
const IDLE: Duration = Duration::from_secs(5);

/// Connects to a database, for reading only.
pub(super) fn connect(address: &Address) -> Result<Session, OpenError> {
    connect_for(address, Purpose::Read)
}

pub(super) fn connect_for(address: &Address, purpose: Purpose) -> Result<Session, OpenError> {
    let session = Session::connect(address, purpose)?;
    migrate::check(&session, address)?;
    if let Some(note) = note::read(&session).map_err(|e| failed(address, &e))? {
        note.check_reading(address.to_string())?;
    }
    role::take(&session, address);
    Ok(session)
}

/// A thread's state.
pub(super) struct Reading {
    pub(super) address: Address,
    pub(super) jobs: Arc<Queue<Box<dyn ReadJob>>>,
    pub(super) clock: Clock,
    /// How many readers have a connection.
    pub(super) connected: Arc<AtomicUsize>,
}

impl Reading {
    /// Runs read jobs until the queue is closed.
    pub(super) fn run(self, session: Session) {
        let mut session = Some(session);
        self.connected.fetch_add(1, Ordering::Relaxed);
        loop {
            let most = if session.is_some() { 1 } else { self.without_connection() };
            let Some(jobs) = self.jobs.take_within(most, if session.is_some() { IDLE } else { Duration::ZERO }) else {
                return;
            };
            let had = session.is_some();
            if jobs.is_empty() {
                session = session.filter(|session| session.step("SELECT 1").is_ok());
            }
            for job in jobs {
                self.serve(job, &mut session);
            }
            if session.is_none() {
                if had {
                    self.connected.fetch_sub(1, Ordering::Relaxed);
                }
                session = self.connect_again();
            }
        }
    }

    /// How many jobs a reader takes that cannot serve them: those that no other can serve either.
    fn without_connection(&self) -> usize {
        std::thread::sleep(PAUSE);
        if self.connected.load(Ordering::Relaxed) == 0 { usize::MAX } else { 0 }
    }

    fn connect_again(&self) -> Option<Session> {
        match connect(&self.address) {
            Ok(session) => {
                self.connected.fetch_add(1, Ordering::Relaxed);
                Some(session)
            }
            Err(error) => {
                tracing::warn!(%error, "a reader cannot connect");
                None
            }
        }
    }

    fn serve(&self, mut job: Box<dyn ReadJob>, session: &mut Option<Session>) {
        let mut handle = ReadHandle { address: &self.address, session, begun: false, now: self.clock.now() };
        let done = catch_unwind(AssertUnwindSafe(|| job.run(&mut handle)));
        if handle.begun && session.as_ref().is_some_and(|session| session.step("COMMIT").is_err()) {
            *session = None;
        }
        if done.is_ok() {
            news::of_read(job);
        } else {
            tracing::error!("a read job panicked");
        }
    }
}

/// Reads in one transaction, which begins with the first question.
struct ReadHandle<'a> {
    address: &'a Address,
    session: &'a mut Option<Session>,
    begun: bool,
    now: Timestamp,
}

impl Reader for ReadHandle<'_> {
    fn select(&mut self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError> {
        let fresh = !self.begun;
        let ask = |session: &mut Session| select(session, fresh.then_some(BEGIN), query);
        // Without a connection nothing was asked and nothing is known.
        let mut answer = ask(self.session.as_mut().ok_or(StoreError::Busy)?);
        if matches!(answer, Err(Failure::Lost(_))) {
            // It may have been gone since the last job; nothing was seen yet in this one, so it can begin again.
            *self.session = None;
            if fresh && let Ok(session) = connect(self.address) {
                answer = ask(self.session.insert(session));
            }
        }
        self.begun = true;
        answer.map_err(|failure| match failure {
            Failure::Lost(text) => {
                tracing::warn!(why = text, "lost a connection that reads");
                *self.session = None;
                StoreError::Busy
            }
            failure => failure.error(),
        })
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}
