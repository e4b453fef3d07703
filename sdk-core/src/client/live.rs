//! Live events: a stream that goes on by itself.

use super::call::Call;
use super::credential::Stamp;
use super::transport::{Lost, WireAnswer, WireStream};
use super::verdict::{No, Verdict};
use super::{CancelToken, Client, Shared};
use crate::error::FlorinError;
use crate::model::LiveEvent;
use crate::operation::{EventPage, GetEvents};
use reqwest::header::{ACCEPT, HeaderName, HeaderValue};
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// The server sends something each 15 s; after three times as long the connection is given up.
const SILENCE: Duration = Duration::from_secs(45);

/// How long to wait before the stream is opened again; each time twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The longest event that is read.
const EVENT_LIMIT_BYTES: usize = 1 << 20;

/// The largest refusal that is read in place of a stream.
const REFUSAL_LIMIT_BYTES: usize = 64 << 10;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Live events, one after the other: each once and in order, also when the connection breaks or the server restarts. The
/// stream opens its connection at the first [`next`](Self::next), and again whenever it has to.
///
/// An event is a hint: before goods move, ask for the object itself. Drop the stream to end it.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct EventStream {
    shared: Arc<Shared>,
    cancel: Option<Arc<CancelToken>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Behind what was handed out.
    after: Option<String>,
    /// Behind what was received: where to open it again.
    received: Option<String>,
    open: Option<WireStream>,
    reader: Reader,
    ready: VecDeque<Item>,
    /// How often in a row it did not work.
    failures: u32,
    /// The credential that was not taken.
    expired: Option<Stamp>,
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl EventStream {
    /// Waits for the next event. While the server cannot be reached it goes on trying, with longer and longer pauses.
    ///
    /// A call that is dropped or cancelled loses nothing: the next one gets the event.
    ///
    /// # Errors
    /// - [`FlorinError::Unauthorized`]: the credential has ended, also after one fresh token.
    /// - [`FlorinError::Refused`]: `INVALID_REQUEST` if the place to go on from is older than a day: read the lists, and
    ///   begin anew without it; `FORBIDDEN` if the credential lacks the right.
    /// - [`FlorinError::Cancelled`]: by the client's token.
    pub async fn next(&self) -> Result<LiveEvent, FlorinError> {
        let work = async { self.state.lock().await.next(&self.shared).await };
        match &self.cancel {
            Some(token) => token.or_cancelled(work).await,
            None => work.await,
        }
    }

    /// Where to go on after the last event that was handed out: keep it, to begin there after a restart of the app. None
    /// before the server has said where the stream begins.
    pub async fn position(&self) -> Option<String> {
        self.state.lock().await.after.clone()
    }
}

impl Client {
    /// Live events behind `after`; from now on without it. Nothing is sent yet.
    pub fn live(&self, after: Option<String>) -> EventStream {
        let state = State { after: after.clone(), received: after, ..State::default() };
        EventStream { shared: Arc::clone(&self.shared), cancel: self.cancel.clone(), state: Mutex::new(state) }
    }
}

impl State {
    async fn next(&mut self, shared: &Shared) -> Result<LiveEvent, FlorinError> {
        loop {
            while let Some(item) = self.ready.pop_front() {
                match item {
                    Item::Place(id) => self.after = Some(id),
                    Item::Event(event) => {
                        self.after = Some(event.id.clone());
                        return Ok(*event);
                    }
                }
            }
            let Some(open) = &mut self.open else {
                self.pause(shared).await;
                self.connect(shared).await?;
                continue;
            };
            let chunk = tokio::time::timeout(SILENCE, open.chunk()).await;
            let Ok(Ok(Some(chunk))) = chunk else {
                tracing::debug!("the stream of events broke; it is opened again");
                self.lose();
                continue;
            };
            match self.reader.read(&chunk) {
                Some(items) if items.is_empty() => {}
                Some(items) => {
                    self.failures = 0;
                    if let Some(item) = items.last() {
                        self.received = Some(item.id().to_owned());
                    }
                    self.ready.extend(items);
                }
                None => {
                    tracing::warn!("what came is no stream of events");
                    self.lose();
                }
            }
        }
    }

    fn lose(&mut self) {
        self.open = None;
        self.reader = Reader::default();
        self.failures = self.failures.saturating_add(1);
    }

    // Not `&self`: what is waited for must be sent between threads, and a stream cannot be shared by them.
    async fn pause(&mut self, shared: &Shared) {
        if self.failures == 0 {
            return;
        }
        let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(self.failures.min(10) - 1)).min(LONGEST_WAIT);
        let wait = wait * shared.options.retry_delay_scale_percent / 100;
        let most = wait * shared.options.jitter_percent / 100;
        tokio::time::sleep(wait + most * fastrand::u32(0..=100) / 100).await;
    }

    /// Opens it. What may pass by itself counts as a failure; the rest is an error.
    async fn connect(&mut self, shared: &Shared) -> Result<(), FlorinError> {
        let stamp = shared.pass.stamp(self.expired.take().as_ref()).await?;
        let call = Call::of(&GetEvents::new())?;
        let mut request = call.request(shared.options.timeout(call.spec.timeout));
        request.headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Some(id) = &self.received {
            let id =
                HeaderValue::from_str(id).map_err(|_| FlorinError::invalid("after", "is not a place in the stream"))?;
            request.headers.insert(LAST_EVENT_ID, id);
        }
        request.headers.insert(stamp.name.clone(), stamp.value.clone());
        let mut stream = match shared.transport.open(request).await {
            Ok(stream) => stream,
            Err(Lost { reason, .. }) => {
                tracing::debug!(reason, "the stream of events could not be opened");
                self.failures = self.failures.saturating_add(1);
                return Ok(());
            }
        };
        if stream.is_events {
            self.reader = Reader::default();
            self.open = Some(stream);
            return Ok(());
        }
        let mut answer = WireAnswer { status: stream.status, request_id: stream.request_id.clone(), body: Vec::new() };
        let read = async {
            while let Ok(Some(chunk)) = stream.chunk().await {
                answer.body.extend_from_slice(&chunk);
                if answer.body.len() > REFUSAL_LIMIT_BYTES {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(shared.options.timeout(call.spec.timeout), read).await;
        // One fresh token, once in a row: a server that takes none must not be asked for ever.
        let may_refresh = self.failures == 0;
        self.failures = self.failures.saturating_add(1);
        match Verdict::<EventPage>::of(Ok(answer)) {
            Verdict::No(No { credential: true, error }) => match stamp.generation {
                Some(_) if may_refresh => {
                    self.expired = Some(stamp);
                    Ok(())
                }
                _ => Err(error),
            },
            Verdict::No(no) => Err(no.error),
            Verdict::Unclear(_) | Verdict::Done(_) => Ok(()),
        }
    }
}

/// Something out of a stream.
enum Item {
    Event(Box<LiveEvent>),
    /// Nothing happened, but the stream is farther.
    Place(String),
}

impl Item {
    fn id(&self) -> &str {
        match self {
            Self::Event(event) => &event.id,
            Self::Place(id) => id,
        }
    }
}

/// Takes server-sent events apart.
#[derive(Default)]
struct Reader {
    line: Vec<u8>,
    id: Option<String>,
    data: String,
    has_data: bool,
}

#[derive(Deserialize)]
struct WithoutId {
    #[serde(flatten)]
    event: crate::model::Event,
}

impl Reader {
    /// The items that are complete; none if this is no such stream.
    fn read(&mut self, chunk: &[u8]) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        for byte in chunk {
            if *byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8(line).ok()?;
                items.extend(self.line(line.trim_end_matches('\r')));
            } else {
                self.line.push(*byte);
            }
            if self.line.len() + self.data.len() > EVENT_LIMIT_BYTES {
                return None;
            }
        }
        Some(items)
    }

    fn line(&mut self, line: &str) -> Option<Item> {
        if line.is_empty() {
            let (data, has_data) = (std::mem::take(&mut self.data), std::mem::take(&mut self.has_data));
            let id = self.id.take()?;
            if !has_data {
                return Some(Item::Place(id));
            }
            let Ok(WithoutId { event }) = serde_json::from_str::<WithoutId>(&data) else {
                // Of a later version, perhaps. Whoever waits for the next one must not wait for ever.
                tracing::warn!("an event could not be read");
                return Some(Item::Place(id));
            };
            let crate::model::Event { kind, timestamp, data } = event;
            return Some(Item::Event(Box::new(LiveEvent { id, kind, timestamp, data })));
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.id = Some(value.to_owned()),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_comes_apart_wherever_it_is_cut() {
        let text = "retry: 2000\n\nid: a\n\nid: b\r\nevent: transfer\r\ndata: {\"type\":\"transfer\",\ndata: \"timestamp\":\"2026-01-02T03:04:05Z\",\"data\":{\"upid\":\"upid_1234567812345678\"}}\r\n\r\n: beat\nid: c\n\nid: d\ndata: {}\n\n";
        for step in 1..text.len() {
            let mut reader = Reader::default();
            let mut items = Vec::new();
            for chunk in text.as_bytes().chunks(step) {
                items.extend(reader.read(chunk).expect("a stream"));
            }
            let ids: Vec<_> = items.iter().map(Item::id).collect();
            assert_eq!(ids, ["a", "b", "c", "d"], "{step}");
            assert!(matches!(&items[1], Item::Event(event) if event.kind.as_str() == "transfer"));
        }
        assert!(Reader::default().read(&vec![b'x'; EVENT_LIMIT_BYTES + 1]).is_none(), "what is too long is no stream");
        assert!(Reader::default().read(b"\xff\n").is_none());
    }
}
