//! One stream of server-sent events.

use super::{AT_ONCE, News, may_hear, told};
use crate::app::App;
use crate::gate;
use axum::body::{Body, Bytes};
use axum::response::Response;
use florin_domain::Refusal;
use florin_domain::access::{self, Caller};
use florin_domain::notify::source::{self, Batch, Cursor};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::GetEvents;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use hyper::body::Frame;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

/// How often something is sent though nothing happened, so that both sides notice when the other one is gone.
const BEAT: Duration = Duration::from_secs(15);

/// How often it is asked whether the credential still works.
const LOOK: Duration = Duration::from_secs(1);

/// How many pieces wait for a client that reads slowly.
const WAITING: usize = 16;

/// How long a client may take to read one.
const READ_TIME: Duration = Duration::from_secs(20);

/// How long a client is to wait before it comes back, unless it knows better.
const COME_BACK: &str = "retry: 2000\n\n";

/// Opens a stream. `headers`: with the credential, and `Last-Event-ID` if there is one.
pub(crate) async fn open(
    app: App,
    caller: Arc<Caller>,
    headers: HeaderMap,
    op: GetEvents,
) -> Result<Response, Refusal> {
    let place = app.live().places.clone().try_acquire_owned().map_err(|_| Refusal::new(Code::TOO_BUSY))?;
    let last = headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").to_owned());
    let from = match last.filter(|id| !id.is_empty()).or(op.after) {
        Some(text) => {
            let from = Cursor::parse(&text)?;
            from.need_fresh(app.now())?;
            Some(from)
        }
        None => None,
    };
    // First whoever tells what comes, then a look at what is there: nothing falls between the two.
    let news = app.live().join().await?;
    let from = match from {
        Some(from) => from,
        None => app.read(source::end).await?,
    };
    let (pieces, body) = mpsc::channel(WAITING);
    let limit = op.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let stream = Stream { app, caller, headers, cursor: from, pieces, left: limit };
    tokio::spawn(stream.run(news));
    let mut response = Response::new(Body::new(Pieces { pieces: body, _place: place }));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that gather answers must not gather this one.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// The body: pieces as they come.
struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

struct Stream {
    app: App,
    caller: Arc<Caller>,
    headers: HeaderMap,
    cursor: Cursor,
    pieces: mpsc::Sender<Bytes>,
    /// How many events it may still tell.
    left: usize,
}

/// Why a stream ends. The client comes back and goes on.
struct End;

impl Stream {
    async fn run(mut self, news: News) {
        let mut ended = self.app.live().ended.subscribe();
        let client = self.pieces.clone();
        tokio::select! {
            _ = ended.wait_for(|ended| *ended) => {}
            () = client.closed() => {}
            End = self.tell_all(news) => {}
        }
    }

    async fn tell_all(&mut self, mut news: News) -> End {
        match self.tell_from(&mut news).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn tell_from(&mut self, news: &mut News) -> Result<Infallible, End> {
        // At once, so that whoever loses the connection before the first event comes back to this place.
        self.send(format!("{COME_BACK}id: {}\n\n", self.cursor)).await?;
        self.catch_up().await?;
        let mut beat = Instant::now();
        loop {
            match tokio::time::timeout(LOOK, news.recv()).await {
                Ok(Ok(batch)) => {
                    self.look().await?;
                    if self.tell(&batch).await? {
                        beat = Instant::now();
                    }
                }
                // It was told more than it read: it comes back and reads it from the books.
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => return Err(End),
                Err(_) => self.look().await?,
            }
            if beat.elapsed() >= BEAT {
                self.send(format!("id: {}\n: beat\n\n", self.cursor)).await?;
                beat = Instant::now();
            }
        }
    }

    /// Tells what happened before it joined.
    async fn catch_up(&mut self) -> Result<(), End> {
        loop {
            let from = self.cursor.clone();
            let batch = self.app.read(move |store| source::read(store, &from, AT_ONCE)).await.map_err(|_| End)?;
            self.look().await?;
            self.tell(&batch).await?;
            if !batch.more {
                return Ok(());
            }
        }
    }

    /// Tells what of it the caller may hear; whether there was any.
    async fn tell(&mut self, batch: &Batch) -> Result<bool, End> {
        let mut text = String::new();
        for happening in &batch.happenings {
            if self.cursor.has_passed(&happening.place) {
                continue;
            }
            self.cursor.pass(&happening.place);
            if may_hear(&self.caller, happening) {
                let event = told(happening, &self.cursor);
                let json = serde_json::to_string(&event).map_err(|_| End)?;
                // Writing to a String cannot fail.
                let _ = write!(text, "id: {}\nevent: {}\ndata: {json}\n\n", event.id, event.kind);
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    self.send(text).await?;
                    return Err(End);
                }
            }
        }
        self.cursor.join(&batch.cursor);
        let any = !text.is_empty();
        if any {
            self.send(text).await?;
        }
        Ok(any)
    }

    /// Ends the stream of a caller whose credential no longer works.
    async fn look(&mut self) -> Result<(), End> {
        self.caller = gate::caller(&self.app, &self.headers).await.map_err(|_| End)?;
        access::admit::<GetEvents>(&self.caller).map_err(|_| End)
    }

    async fn send(&self, text: String) -> Result<(), End> {
        match tokio::time::timeout(READ_TIME, self.pieces.send(Bytes::from(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End),
        }
    }
}
