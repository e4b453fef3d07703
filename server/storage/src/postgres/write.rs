//! The thread that writes.
//!
//! A batch takes one journey: one statement writes what its jobs changed, and checks what they were decided by. Where that
//! is not at hand, it takes one before, to read it. While the server works, the jobs of the next batch are gone through as
//! they come. What they miss is asked for behind the commit, on the same connection: so that is read after it, and sees it.

use super::address::Address;
use super::changes::End;
use super::connect::{Gone, Purpose, Session, Under, failed};
use super::durable;
use super::error::Failure;
use super::likely::Trust;
use super::migrate;
use super::note;
use super::slot::{self, Counter};
use super::teller::Teller;
use super::transaction::{Catalogue, PgTransaction, Tools};
use super::warm;
use crate::OpenError;
use crate::news;
use crate::queue::Queue;
use crate::unit::Unit;
use florin_domain::clock::{Clock, Micros};
use florin_domain::store::{StoreError, WriteJob};
use std::cell::Cell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio_postgres::error::SqlState;

/// The most jobs that share a commit. More gain little, and the first would wait for the last.
const MAX_BATCH: usize = 512;

/// The most batches that are under way at once: one that the server works on, and one that it goes to then.
const MOST_FLYING: usize = 2;

/// How many of the jobs that there are (under way, gone through, or waiting) a batch has at least, as two numbers, if it is
/// sent before the one ahead of it has ended: whoever was sent with two or three jobs each time would pay a batch's share
/// for each of them.
const SHARE: (usize, usize) = (2, 5);

/// The most jobs that the thread waits for before it goes through them, while a batch is under way: for fewer it would be
/// woken too often, for more it would have too much to do when that ends.
const MOST_AWAITED: usize = 8;

/// How often a batch is tried that meets others' transactions, and how long between; each time twice as long.
const ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// How often a job is tried again that adds a row which is there: another process may have added it a moment ago, and
/// then the job sees it. It may meet the next such row after that; one that meets so many is at fault itself.
const RACES: u32 = 6;

/// How often a batch waits for a server that went away, and how long; not again where a connection took so long and did not
/// come about.
const CONNECTS: u32 = 4;
const CONNECT_PAUSE: Duration = Duration::from_millis(250);
const LONG_CONNECT: Micros = 2_000_000;

/// How long the thread waits for work before it asks whether the server is still there.
const IDLE: Duration = Duration::from_secs(5);

/// Takes a megabyte of the disk for a moment. On a full one a small change may pass all the same, in a page that has room.
const ROOM: &str = "CREATE TEMPORARY TABLE florin_room ON COMMIT DROP AS
    SELECT repeat(md5(number::text), 32) FROM generate_series(1, 1024) AS number";

type Job = Box<dyn WriteJob>;

/// Whether writes reach the disk now; the reason if not.
pub(super) type Health = Arc<Mutex<Result<(), StoreError>>>;

/// A connection that may write.
pub(super) struct Pen {
    tools: Tools,
    slot: u8,
    greatest_id: Micros,
}

impl Pen {
    /// Connects to a database and brings its schema up.
    pub(super) fn open(address: &Address) -> Result<Self, OpenError> {
        let session = Session::connect(address, Purpose::Own)?;
        durable::check(&session, address)?;
        migrate::run(&session, address)?;
        super::role::prepare(&session, address);
        Self::reopen(address)
    }

    /// Connects to a database that was opened before.
    fn reopen(address: &Address) -> Result<Self, OpenError> {
        let session = Session::connect(address, Purpose::Write)?;
        durable::check(&session, address)?;
        migrate::check(&session, address)?;
        let catalogue = Catalogue::read(&session, address)?;
        let slot = slot::take(&session, address)?;
        // Whoever moves the rows elsewhere has all slots; what was said before he gave them back is seen now.
        if let Some(note) = note::read(&session).map_err(|e| failed(address, &e))? {
            return Err(note.forbids_serving(address.to_string()));
        }
        let tools = Tools::new(session, catalogue);
        if let Err(failure) = warm::up(&tools) {
            tracing::warn!(database = %address, error = %failure.error(), "what was used last could not be read beforehand");
        }
        // After the slot is ours: whoever had it before has committed all that it ever will. And after the rows that are
        // at hand now: what others gave that stands in them is less.
        let greatest_id = slot::greatest_id(&tools.session, address)?;
        Ok(Self { tools, slot, greatest_id })
    }

    /// Waits until this has ended, and says how; or until there are so many jobs, if they are wanted.
    fn ended_or_more(
        &self,
        end: &mut Under<Result<(), End>>,
        jobs: Option<(usize, &Queue<Job>)>,
    ) -> Option<Result<(), End>> {
        self.tools.session.wait(async {
            // The connection has its turn first: an answer that is there is taken before any job.
            tokio::task::yield_now().await;
            poll_fn(|context| {
                if let Poll::Ready(ended) = end.as_mut().poll(context) {
                    return Poll::Ready(Some(ended));
                }
                match jobs {
                    Some((least, jobs)) => jobs.poll_some(least, context).map(|()| None),
                    None => Poll::Pending,
                }
            })
            .await
        })
    }
}

/// A batch that is decided, and whose commit is under way.
struct Flying {
    batch: Vec<Job>,
    end: Under<Result<(), End>>,
    /// Whether it was decided by what rows most likely are.
    assuming: bool,
}

/// The thread's state.
pub(super) struct Writing {
    address: Address,
    jobs: Arc<Queue<Job>>,
    health: Health,
    clock: Clock,
    pen: Option<Pen>,
    last_id: Cell<Micros>,
    trust: Trust,
    teller: Teller,
    /// How many jobs there were when a batch was sent, or about to be: under way, in it, and behind it.
    crowd: usize,
    /// Whether the server was away for longer than a batch waits.
    away: bool,
}

impl Writing {
    pub(super) fn new(address: Address, jobs: Arc<Queue<Job>>, health: Health, clock: Clock, pen: Pen) -> Self {
        let last_id = Cell::new(pen.greatest_id);
        Self {
            address,
            jobs,
            health,
            clock,
            pen: Some(pen),
            last_id,
            trust: Trust::default(),
            teller: Teller::here(),
            crowd: 0,
            away: false,
        }
    }

    /// Runs write jobs until the queue is closed. Those that arrive while a commit is under way share the next one: the
    /// flush is the window, there is no timer.
    pub(super) fn run(mut self) {
        let mut flying = VecDeque::new();
        loop {
            let batch = if let Some(first) = flying.front_mut() {
                if let Some(ended) = self.ended_or_more(first) {
                    self.land(ended, &mut flying);
                    continue;
                }
                self.jobs.take_now(MAX_BATCH)
            } else {
                // While the server is away all who wait are told so, rather than to wait for each other.
                let most = if self.away { usize::MAX } else { MAX_BATCH };
                match self.jobs.take_within(most, IDLE) {
                    None => break,
                    Some(batch) if batch.is_empty() => {
                        self.look_after();
                        continue;
                    }
                    Some(batch) => batch,
                }
            };
            self.fly(batch, &mut flying);
        }
        if let Some(pen) = &self.pen {
            // The slot is free at once, rather than when the server notices that we are gone.
            let _ = pen.tools.session.step("SELECT pg_advisory_unlock_all()");
        }
    }

    /// Whether the server is there; connects again if it was away.
    fn look_after(&mut self) {
        let lost = self.pen.as_ref().is_some_and(|pen| pen.tools.session.step("SELECT 1").is_err());
        if lost {
            self.lose(Gone::TEXT);
        }
        // Whether a connection can also write shows when it does: a full disk does not end it.
        let _ = self.connected();
    }

    /// Something was written: all is well again, unless there is no room for more. No transaction may be open.
    fn recover(&self) {
        if self.health.lock().unwrap_or_else(PoisonError::into_inner).is_ok() {
            return;
        }
        let room = self.pen.as_ref().map_or(Ok(()), |pen| pen.tools.session.step(ROOM));
        // Of another reason, such as no right to make such a table, writes know nothing.
        if !room.is_err_and(|error| error.code() == Some(&SqlState::DISK_FULL)) {
            self.tell(Ok(()));
        }
    }

    /// Says whether writes reach the disk. Before the jobs are told: whoever looks then must not find what was before.
    fn tell(&self, health: Result<(), StoreError>) {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }

    fn lose(&mut self, why: &str) {
        tracing::warn!(database = %self.address, why, "lost the connection that writes");
        self.pen = None;
    }

    /// What did not come to stand is not what rows most likely are.
    fn forget(&self) {
        if let Some(pen) = &self.pen {
            pen.tools.likely.take();
        }
    }

    /// Whether there is a connection; makes one if there is none.
    fn connected(&mut self) -> bool {
        if self.pen.is_some() {
            return true;
        }
        match Pen::reopen(&self.address) {
            Ok(pen) => {
                tracing::info!(database = %self.address, slot = pen.slot, "connected again");
                self.last_id.set(self.last_id.get().max(pen.greatest_id));
                self.pen = Some(pen);
                self.away = false;
                self.tell(Ok(()));
                true
            }
            Err(error) => {
                if !self.away {
                    tracing::error!(%error, "cannot write");
                }
                self.tell(Err(StoreError::Engine(error.to_string())));
                false
            }
        }
    }

    /// Decides a batch and sends what it changed, behind those that are under way or when they have ended. What does not go
    /// smoothly is settled at once.
    fn fly(&mut self, mut batch: Vec<Job>, flying: &mut VecDeque<Flying>) {
        if flying.is_empty() && self.pen.as_ref().is_some_and(|pen| !pen.tools.session.is_there()) {
            // Nobody would know what became of what is sent now.
            self.lose(Gone::TEXT);
        }
        let assuming = self.trust.next();
        let Some(pen) = &self.pen else { return self.settle(batch) };
        let mut counter = Counter { clock: &self.clock, slot: pen.slot, last: &self.last_id };
        let mut transaction = PgTransaction::new(&pen.tools, &self.last_id, assuming);
        let mut unit = Unit::new(&mut transaction, &mut counter);
        unit.look_ahead(&mut batch, 0);
        loop {
            let under_way = flying.len();
            let Some(first) = flying.front_mut() else { break };
            // What comes meanwhile is taken in: the fewer batches, the less of each transfer is a batch's share.
            let takes_in = !unit.has_asked() && batch.len() < MAX_BATCH;
            let lacking = self.lacking(batch.len());
            if under_way < MOST_FLYING && assuming && lacking == 0 && unit.is_decided() {
                break;
            }
            match pen.ended_or_more(&mut first.end, takes_in.then_some((awaited(lacking), &*self.jobs))) {
                None => {
                    let known = batch.len();
                    batch.extend(self.jobs.take_now(MAX_BATCH.saturating_sub(known)));
                    unit.look_ahead(&mut batch, known);
                }
                Some(Ok(())) => stands(&self.teller, &mut self.trust, flying.pop_front()),
                Some(Err(end)) => {
                    drop(unit);
                    drop(transaction);
                    self.fall(end, std::mem::take(flying));
                    return self.settle(batch);
                }
            }
        }
        self.crowd = flying.iter().map(|before| before.batch.len()).sum::<usize>() + batch.len() + self.jobs.len();
        let sent = match unit.decide(&mut batch) {
            Ok(changes) => transaction.finish(changes),
            Err(error) => Err(transaction.give_up(error)),
        };
        // What could not be sent is settled in its turn: those before it may still take the connection with them.
        let end = sent.unwrap_or_else(|end| Box::pin(std::future::ready(Err(end))));
        flying.push_back(Flying { batch, end, assuming });
    }

    /// How many jobs a batch with so many lacks to be sent before the one ahead of it has ended.
    fn lacking(&self, jobs: usize) -> usize {
        (self.crowd * SHARE.0).div_ceil(SHARE.1).saturating_sub(jobs)
    }

    /// Waits until the commit that is under way has ended, or there are more jobs.
    fn ended_or_more(&self, first: &mut Flying) -> Option<Result<(), End>> {
        match &self.pen {
            Some(pen) => pen.ended_or_more(&mut first.end, Some((awaited(self.lacking(0)), &*self.jobs))),
            None => Some(Err(Gone.into())),
        }
    }

    /// What becomes of the first that is under way, when it has ended.
    fn land(&mut self, ended: Result<(), End>, flying: &mut VecDeque<Flying>) {
        match ended {
            Ok(()) => {
                self.recover();
                stands(&self.teller, &mut self.trust, flying.pop_front());
            }
            Err(end) => self.fall(end, std::mem::take(flying)),
        }
    }

    /// What becomes of all that is under way, when the first of it was not committed for sure.
    fn fall(&mut self, end: End, mut flying: VecDeque<Flying>) {
        self.forget();
        let Some(Flying { batch, assuming, .. }) = flying.pop_front() else { return };
        if assuming && matches!(end, End::Undone(Failure::Unfit(StoreError::Missing { .. }))) {
            self.trust.was_wrong();
        }
        let mut ended = vec![(batch, end)];
        // Before any is settled: that may take another connection.
        for Flying { batch, end, .. } in flying {
            let end = self.pen.as_ref().map(|pen| pen.tools.session.wait(end));
            match end.unwrap_or_else(|| Err(Gone.into())) {
                Ok(()) => finish(&self.teller, batch, Ok(())),
                Err(end) => ended.push((batch, end)),
            }
        }
        let mut undone = Vec::new();
        for (batch, end) in ended {
            match end {
                End::Unknown(text) => {
                    self.lose(&text);
                    self.tell(Err(StoreError::Engine(text.clone())));
                    let unknown = format!("nobody knows whether it was committed: {text}");
                    finish(&self.teller, batch, Err(StoreError::Engine(unknown)));
                    continue;
                }
                End::Undone(Failure::Lost(text)) => self.lose(&text),
                End::Undone(_) => {}
            }
            undone.push(batch);
        }
        for batch in undone {
            self.settle(batch);
        }
    }

    /// Carries a batch through: all its jobs together if that is possible, without those that spoil it otherwise.
    fn settle(&mut self, mut batch: Vec<Job>) {
        let (mut attempt, mut connects, mut unfit) = (0, 0, 0);
        let end = loop {
            let begun = self.clock.micros();
            if !self.connected() {
                connects += 1;
                if self.away || connects == CONNECTS || self.clock.micros().saturating_sub(begun) > LONG_CONNECT {
                    self.away = true;
                    break Err(StoreError::Busy); // Nothing was done.
                }
                std::thread::sleep(CONNECT_PAUSE);
                continue;
            }
            let committed = self.commit(&mut batch);
            if committed.is_err() {
                self.forget();
            }
            match committed {
                Ok(()) => {
                    self.recover();
                    break Ok(());
                }
                Err(End::Unknown(text)) => {
                    self.lose(&text);
                    self.tell(Err(StoreError::Engine(text.clone())));
                    break Err(StoreError::Engine(format!("nobody knows whether it was committed: {text}")));
                }
                Err(End::Undone(Failure::Lost(text))) => self.lose(&text),
                Err(End::Undone(Failure::Conflict)) => {}
                Err(End::Undone(Failure::Busy)) => break Err(StoreError::Busy),
                Err(End::Undone(Failure::Unfit(error))) => {
                    if batch.len() > 1 {
                        // One of them spoils it for all: the halves by themselves, until it is alone.
                        let rest = batch.split_off(batch.len() / 2);
                        self.settle(batch);
                        return self.settle(rest);
                    }
                    unfit += 1;
                    if unfit > if matches!(error, StoreError::Duplicate { .. }) { RACES } else { 1 } {
                        tracing::error!(%error, "a job cannot be committed");
                        break Err(error);
                    }
                }
                Err(End::Undone(Failure::Engine(text))) => {
                    tracing::error!(error = text, jobs = batch.len(), "a commit failed");
                    self.tell(Err(StoreError::Undone(text.clone())));
                    break Err(StoreError::Undone(text));
                }
            }
            attempt += 1;
            if attempt == ATTEMPTS {
                tracing::warn!(jobs = batch.len(), "other processes were always first");
                break Err(StoreError::Busy);
            }
            pause(attempt);
        };
        finish(&self.teller, batch, end);
    }

    /// One transaction for the whole batch. Nobody is told anything before it is on disk.
    fn commit(&mut self, batch: &mut [Job]) -> Result<(), End> {
        let Some(pen) = &self.pen else { return Err(End::Undone(Failure::Lost("not connected".to_owned()))) };
        let mut counter = Counter { clock: &self.clock, slot: pen.slot, last: &self.last_id };
        let mut transaction = PgTransaction::new(&pen.tools, &self.last_id, false);
        let decided = Unit::new(&mut transaction, &mut counter).decide(batch);
        match decided {
            Err(error) => Err(transaction.give_up(error)),
            // A job may have met a failure and gone on.
            Ok(changes) => {
                let end = transaction.finish(changes)?;
                pen.tools.session.wait(end)
            }
        }
    }
}

/// How many jobs are worth waiting for before they are gone through, where so many are lacking.
fn awaited(lacking: usize) -> usize {
    lacking.clamp(1, MOST_AWAITED)
}

/// What becomes of a batch that is on disk.
fn stands(teller: &Teller, trust: &mut Trust, flying: Option<Flying>) {
    let Some(Flying { batch, assuming, .. }) = flying else { return };
    trust.was_right(assuming);
    finish(teller, batch, Ok(()));
}

/// Tells all of a batch how it ended.
fn finish(teller: &Teller, batch: Vec<Job>, end: Result<(), StoreError>) {
    teller.tell(move || {
        for job in batch {
            news::of_commit(job, end.clone());
        }
    });
}

impl Drop for Writing {
    /// However the thread ends: nobody waits for it in vain.
    fn drop(&mut self) {
        self.jobs.close();
        drop(self.jobs.take_within(usize::MAX, Duration::ZERO));
        self.tell(Err(StoreError::Engine("the writer has ended".to_owned())));
    }
}

/// Waits, the longer the more often it was in vain, and not as long as the others.
fn pause(attempt: u32) {
    let most = (FIRST_PAUSE * 2_u32.saturating_pow(attempt.min(16))).min(LONGEST_PAUSE);
    let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
    std::thread::sleep(Duration::from_micros(fastrand::u64(micros / 4..=micros)));
}
