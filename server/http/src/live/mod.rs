//! Live events: what happened, told to whoever reads as it happens.
//!
//! One reader for all (`run`): it follows the source and hands each batch to all streams. A stream begins behind what
//! its client has seen, reads the rest by itself, and joins. Each event's id says how far its reader is, so a client
//! goes on with any process of the platform, and misses nothing. What a stream may buffer is bounded: one that does not
//! read is ended, and goes on when its client comes back.

mod stream;

pub(crate) use stream::open;

use crate::app::App;
use florin_domain::Refusal;
use florin_domain::access::{Caller, Side};
use florin_domain::notify::source::{self, Batch, Cursor, Happening};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::LiveEvent;
use florin_sdk_core::operation::{GetEvents, Operation};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, broadcast, mpsc, oneshot, watch};

/// The most streams of a process.
const MAX_STREAMS: usize = 2000;

/// How many batches a stream may be behind.
const BEHIND: usize = 64;

/// How many transactions are read at a time, and notices as many.
const AT_ONCE: usize = 200;

/// How long to sleep when nothing seems to happen: other processes may have written.
const IDLE: Duration = Duration::from_secs(1);
const IDLE_SHARED: Duration = Duration::from_millis(100);

/// How long to wait after something happened, so that what comes with it is told at once.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a stream may wait for its beginning.
const JOIN_TIME: Duration = Duration::from_secs(4);

type News = broadcast::Receiver<Arc<Batch>>;
type Join = oneshot::Sender<News>;

/// What the server keeps in memory for it.
pub(crate) struct State {
    news: broadcast::Sender<Arc<Batch>>,
    joins: mpsc::Sender<Join>,
    joining: Mutex<Option<mpsc::Receiver<Join>>>,
    /// Wakes the reader.
    pub(crate) happened: Notify,
    places: Arc<Semaphore>,
    ended: watch::Sender<bool>,
}

impl Default for State {
    fn default() -> Self {
        let (joins, joining) = mpsc::channel(MAX_STREAMS);
        Self {
            news: broadcast::Sender::new(BEHIND),
            joins,
            joining: Mutex::new(Some(joining)),
            happened: Notify::new(),
            places: Arc::new(Semaphore::new(MAX_STREAMS)),
            ended: watch::Sender::new(false),
        }
    }
}

impl State {
    /// Ends all streams, as the server stops.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// What happens from now on. What was committed before is not in it.
    async fn join(&self) -> Result<News, Refusal> {
        let busy = || Refusal::new(Code::TOO_BUSY);
        let (answer, joined) = oneshot::channel();
        self.joins.try_send(answer).map_err(|_| busy())?;
        tokio::time::timeout(JOIN_TIME, joined).await.map_err(|_| busy())?.map_err(|_| busy())
    }
}

/// Reads for all streams until it is dropped. While there is none, nothing is read.
pub(crate) async fn run(app: &App) {
    let state = app.live();
    let taken = state.joining.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut joining) = taken else { return };
    let idle = if app.is_shared() { IDLE_SHARED } else { IDLE };
    let mut cursor: Option<Cursor> = None;
    loop {
        tokio::select! {
            biased;
            Some(join) = joining.recv() => {
                // Its own look into the source comes after this, so nothing falls between the two.
                if cursor.is_none() {
                    cursor = app.read(source::end).await.ok();
                }
                if cursor.is_some() {
                    let _ = join.send(state.news.subscribe());
                }
                continue;
            }
            () = state.happened.notified() => tokio::time::sleep(PAUSE).await,
            () = tokio::time::sleep(idle) => {}
        }
        if state.news.receiver_count() == 0 {
            cursor = None;
        }
        if let Some(from) = &mut cursor
            && let Err(error) = follow(app, from).await
        {
            tracing::warn!(%error, "what happened could not be read");
        }
    }
}

/// Tells what happened since.
async fn follow(app: &App, cursor: &mut Cursor) -> Result<(), Refusal> {
    loop {
        let from = cursor.clone();
        let batch = app.read(move |store| source::read(store, &from, AT_ONCE)).await?;
        let (more, changed) = (batch.more, batch.cursor != *cursor);
        *cursor = batch.cursor.clone();
        if changed {
            // Nobody may be there any more.
            let _ = app.live().news.send(Arc::new(batch));
        }
        if !more {
            return Ok(());
        }
    }
}

/// Whether a caller may hear of it: of its own profile; a provider also of those below; and who may read all, of all.
pub(crate) fn may_hear(caller: &Caller, happening: &Happening) -> bool {
    let (rights, access) = (GetEvents::RIGHTS, GetEvents::ACCESS);
    if caller.has_any(rights.any, access) {
        return true;
    }
    match happening.upids.iter().position(|upid| *upid == caller.upid) {
        Some(0) => caller.has_any(rights.own, access),
        Some(_) => caller.side == Side::Provider && caller.has_any(rights.child, access),
        None => false,
    }
}

/// As it is told, by whoever is at `cursor` after it.
pub(crate) fn told(happening: &Happening, cursor: &Cursor) -> LiveEvent {
    let event = happening.event.clone();
    LiveEvent { id: cursor.to_string(), kind: event.kind, timestamp: event.timestamp, data: event.data }
}
