//! Messages on their way to receivers.
//!
//! The messages of one wallet to one receiver are a lane: they go one after the other, and the next waits until the one
//! before is taken or given up. A lane is claimed by one process for as long as a lease lasts; other lanes go on.

use super::transport::{self, Target, Transport};
use super::{Signing, later};
use crate::momo::callback;
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::EventType;
use florin_sdk_core::operation::{FailedEvent, FailedEventList};
use florin_sdk_core::{JsonObject, Ntid, Timestamp, Upid};
use serde_json::Value;

record! {
    /// A message to one receiver.
    Event in "event" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// Whose transport it goes to.
        upid: Upid,
        /// What kind: `payment.paid`, `transfer` and so on.
        kind: String,
        /// What is sent.
        payload: JsonObject,
        /// When it is to be sent, or sent again; none when it is done with.
        due: Option<Timestamp>,
        /// How often it was sent.
        attempts: u32,
        /// When it was taken.
        delivered: Option<Timestamp>,
        /// When it was written.
        created: Timestamp,
        /// The receiver: a transport's number, or a profile's.
        target: i64,
        /// What it must stay in order with: a wallet's number, a profile's, or its own.
        lane: i64,
        /// Its place in its lane.
        place: i64,
        /// The transport, if it goes to one.
        transport: Option<Ntid>,
        /// When it was given up.
        failed: Option<Timestamp>,
        /// What went wrong last.
        reason: Option<String>,
    }
}

record! {
    /// The messages of one wallet to one receiver.
    Lane in "lane" key {
        /// The receiver.
        target: i64,
        /// What its messages stay in order with.
        lane: i64,
    } {
        /// When it is to be looked at: when its first message is due, or when the lease of whoever sends it is over.
        due: Option<Timestamp>,
        /// The chain of the process that sends from it now.
        holder: Option<u32>,
        /// Counts the claims.
        lease: i64,
        /// How many messages it ever had.
        entries: i64,
    }
}

/// Seconds to wait after each attempt that failed, but for jitter. After the last one a message is given up: three days
/// in all.
const BACK_OFF_S: [i64; 19] =
    [2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 28_800, 43_200, 43_200, 43_200, 43_200];

/// How long a claim lasts without a word from whoever made it. Longer than an attempt may take.
const LEASE_S: i64 = 30;

/// Every message to a transport has failed for so long: it is switched off.
const OFF_AFTER_S: i64 = 5 * 86_400;

/// How many messages are given up in one go, when a lane leads nowhere.
const GIVEN_UP_AT_ONCE: usize = 50;

/// How many lanes go on at once when a receiver is back.
const WOKEN_AT_ONCE: usize = 100;

/// How many messages are sent again at one request.
const REPLAYED_AT_ONCE: usize = 1000;

/// A message to be.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub(super) target: i64,
    pub(super) lane: i64,
    pub(super) upid: Upid,
    pub(super) transport: Option<Ntid>,
    pub(super) kind: String,
    pub(super) payload: JsonObject,
}

impl NewMessage {
    /// Says that its lane is going to be changed.
    pub(super) fn expect(&self, store: &mut dyn Writer) {
        store.expect_claim::<Lane>((self.target, self.lane));
    }
}

/// What is sent of an event.
pub(super) fn payload(event: &florin_sdk_core::model::Event) -> JsonObject {
    match serde_json::to_value(event) {
        Ok(Value::Object(map)) => JsonObject(map),
        _ => JsonObject::default(),
    }
}

/// Writes a message that stays in order with no other; its number.
pub(crate) fn write(
    store: &mut dyn Writer,
    upid: Upid,
    kind: &str,
    payload: JsonObject,
    due: Timestamp,
) -> Result<i64, Refusal> {
    let number = store.next_id().cast_signed();
    let (target, lane) = (upid.number().cast_signed(), number);
    // Its lane is new for sure: nobody else has the number.
    store.insert(&Lane { target, lane, due: Some(due), holder: None, lease: 0, entries: 1 })?;
    let message = NewMessage { target, lane, upid, transport: None, kind: kind.to_owned(), payload };
    insert(store, number, 1, message, due)?;
    Ok(number)
}

/// Writes a message at the end of its lane.
pub(super) fn write_new(store: &mut dyn Writer, message: NewMessage) -> Result<(), Refusal> {
    let now = store.now();
    let before = store.claim::<Lane>((message.target, message.lane))?;
    let is_new = before.is_none();
    let none = Lane { target: message.target, lane: message.lane, due: None, holder: None, lease: 0, entries: 0 };
    let mut lane = before.unwrap_or(none);
    lane.entries = lane.entries.saturating_add(1);
    lane.due = lane.due.or(Some(now));
    if is_new {
        store.insert(&lane)?;
    } else {
        store.update(&lane)?;
    }
    let number = store.next_id().cast_signed();
    insert(store, number, lane.entries, message, now)
}

fn insert(store: &mut dyn Writer, number: i64, place: i64, message: NewMessage, due: Timestamp) -> Result<(), Refusal> {
    let NewMessage { target, lane, upid, transport, kind, payload } = message;
    let created = store.now();
    let event = Event {
        number,
        upid,
        kind,
        payload,
        due: Some(due),
        attempts: 0,
        delivered: None,
        created,
        target,
        lane,
        place,
        transport,
        failed: None,
        reason: None,
    };
    Ok(store.insert(&event)?)
}

/// A lane, by receiver and what its messages stay in order with.
pub type LaneKey = (i64, i64);

/// A message that the claimer of a lane is to send.
#[derive(Debug)]
pub struct Job {
    /// The lane.
    pub lane: LaneKey,
    /// The claim.
    pub lease: i64,
    /// The message.
    pub number: i64,
    /// The message's id, as receivers know it.
    pub id: String,
    /// Where to.
    pub target: Target,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It was taken.
    Taken,
    /// It was not.
    Failed {
        /// Why, in words that may be shown.
        reason: String,
        /// The receiver is gone for good, and says so.
        gone: bool,
    },
}

/// How attempts are repeated.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// Of the usual waits, so many percent.
    pub percent: u32,
    /// Drawn anew for each attempt, 0 to 1000: its part of the jitter.
    pub random: u32,
    /// How often messages are sent at most that must not come twice.
    pub once: u32,
}

impl Retries {
    /// How long to wait after so many attempts; none if that was the last one.
    fn wait_ms(&self, attempts: u32, most: u32) -> Option<i64> {
        let place = usize::try_from(attempts.saturating_sub(1)).ok()?;
        let seconds = BACK_OFF_S.get(place).filter(|_| attempts < most)?;
        // Three quarters to five quarters of it, so that what failed together does not come back together.
        let millis = seconds.saturating_mul(i64::from(self.percent)).saturating_mul(10);
        Some(millis.saturating_mul(750 + i64::from(self.random.min(1000) / 2)) / 1000)
    }
}

/// The lanes that are due, of receivers that are none of `busy`.
pub fn due(store: &mut dyn Reader, busy: &[i64], limit: usize) -> Result<Vec<LaneKey>, Refusal> {
    let now = later(store.now(), 1);
    let query = Lane::query().less(Lane::due, now).none_of(Lane::target, busy).ascending(Lane::due).limit(limit);
    Ok(store.list::<Lane>(query)?.into_iter().map(|lane| (lane.target, lane.lane)).collect())
}

/// Claims a lane that is due, and gives its first message.
pub fn claim(store: &mut dyn Writer, sealer: &Sealer, key: LaneKey) -> Result<Option<Job>, Refusal> {
    let now = store.now();
    let Some(mut lane) = store.claim::<Lane>(key)?.filter(|lane| lane.due.is_some_and(|due| due <= now)) else {
        return Ok(None);
    };
    lane.lease = lane.lease.wrapping_add(1);
    go_on(store, sealer, lane)
}

/// The first message of a lane that is ours; what can go nowhere is given up. Without one the lane is let go.
fn go_on(store: &mut dyn Writer, sealer: &Sealer, mut lane: Lane) -> Result<Option<Job>, Refusal> {
    let now = store.now();
    for _ in 0..GIVEN_UP_AT_ONCE {
        let open = Event::query().eq(Event::target, lane.target).eq(Event::lane, lane.lane);
        let open = open.greater(Event::due, Timestamp::from_millis(0)).ascending(Event::place);
        let first = store.first::<Event>(open)?;
        let waits = first.as_ref().and_then(|event| event.due).filter(|due| *due > now);
        let Some(event) = first.filter(|_| waits.is_none()) else {
            (lane.due, lane.holder) = (waits, None);
            store.update(&lane)?;
            return Ok(None);
        };
        let number = event.number;
        let found = resolve(store.reader(), sealer, &event)?;
        let once = found.as_ref().is_ok_and(|target| target.once);
        if once || found.is_err() {
            let mut event = store.claim::<Event>(number)?.ok_or_else(Refusal::not_found)?;
            event.due = None;
            if once {
                event.attempts = event.attempts.saturating_add(1);
            } else {
                (event.failed, event.reason) = (Some(now), found.as_ref().err().cloned());
            }
            store.update(&event)?;
        }
        if let Ok(target) = found {
            let (due, holder) = (now.plus_seconds(LEASE_S), store.chain());
            (lane.due, lane.holder) = (Some(due), Some(holder));
            store.update(&lane)?;
            let key = (lane.target, lane.lane);
            return Ok(Some(Job { lane: key, lease: lane.lease, number, id: id_of(number), target }));
        }
    }
    (lane.due, lane.holder) = (Some(now), None);
    store.update(&lane)?;
    Ok(None)
}

/// A message's id, as receivers know it.
fn id_of(number: i64) -> String {
    format!("evt_{number}")
}

/// Where a message goes; the reason if it goes nowhere.
fn resolve(store: &mut dyn Reader, sealer: &Sealer, event: &Event) -> Result<Result<Target, String>, Refusal> {
    if let callback::CALLBACK | callback::TWIN = event.kind.as_str() {
        return Ok(callback::target(store, event)?.ok_or_else(|| "nobody wants it any more".to_owned()));
    }
    match event.transport {
        Some(ntid) => transport::target(store, sealer, ntid, id_of(event.number), event.payload.to_string()),
        None => Ok(Err("it has no transport".to_owned())),
    }
}

/// Writes down how an attempt ended. If the lane is still ours and `on`, its next message; else it is let go.
pub fn note(
    store: &mut dyn Writer,
    sealer: &Sealer,
    job: (LaneKey, i64, i64),
    outcome: &Outcome,
    retries: Retries,
    on: bool,
) -> Result<Option<Job>, Refusal> {
    let (key, lease, number) = job;
    let now = store.now();
    store.expect_claim::<Event>(number);
    let lane = store.claim::<Lane>(key)?.filter(|lane| lane.lease == lease);
    let Some(mut event) = store.claim::<Event>(number)? else { return Ok(None) };
    let once = event.kind == callback::CALLBACK;
    if lane.is_none() && (event.due.is_none() || matches!(outcome, Outcome::Failed { .. })) {
        return Ok(None); // Somebody else's by now, and what we know of it is no news.
    }
    if !once {
        event.attempts = event.attempts.saturating_add(1);
    }
    let mut waits = false;
    match outcome {
        Outcome::Taken => (event.due, event.delivered, event.failed, event.reason) = (None, Some(now), None, None),
        Outcome::Failed { reason, gone } => {
            let most = if once { retries.once } else { u32::MAX };
            let wait = retries.wait_ms(event.attempts, most).filter(|_| !gone);
            event.due = wait.map(|millis| later(now, millis));
            event.failed = if wait.is_none() && !once { Some(now) } else { None };
            event.reason = Some(reason.clone());
            waits = wait.is_some();
        }
    }
    store.update(&event)?;
    if let Some(ntid) = event.transport {
        judge(store, ntid, outcome)?;
    }
    let Some(mut lane) = lane else { return Ok(None) };
    if on && !waits {
        return go_on(store, sealer, lane);
    }
    lane.due = if waits { event.due } else { Some(now) };
    lane.holder = None;
    store.update(&lane)?;
    Ok(None)
}

/// What an attempt says of its transport.
fn judge(store: &mut dyn Writer, ntid: Ntid, outcome: &Outcome) -> Result<(), Refusal> {
    let now = store.now();
    let Some(seen) = store.get::<Transport>(ntid)? else { return Ok(()) };
    match outcome {
        Outcome::Taken if seen.failing_since.is_some() => {
            if let Some(mut transport) = store.claim::<Transport>(ntid)? {
                transport.failing_since = None;
                store.update(&transport)?;
            }
            wake(store, ntid.number().cast_signed())
        }
        Outcome::Failed { gone: true, .. } => {
            transport::switch_off(store, ntid, "the receiver answered 410 Gone".to_owned())
        }
        Outcome::Failed { reason, .. } => match seen.failing_since {
            None => {
                if let Some(mut transport) = store.claim::<Transport>(ntid)? {
                    transport.failing_since = transport.failing_since.or(Some(now));
                    store.update(&transport)?;
                }
                Ok(())
            }
            Some(since) if since.plus_seconds(OFF_AFTER_S) <= now => {
                transport::switch_off(store, ntid, format!("every message has failed since {since}; last: {reason}"))
            }
            Some(_) => Ok(()),
        },
        Outcome::Taken => Ok(()),
    }
}

/// A receiver is back: what waits for it need not wait for hours.
fn wake(store: &mut dyn Writer, target: i64) -> Result<(), Refusal> {
    let now = store.now();
    let query = Lane::query().eq(Lane::target, target).greater(Lane::due, now).limit(WOKEN_AT_ONCE);
    let keys: Vec<LaneKey> = store
        .list::<Lane>(query.ascending(Lane::due))?
        .into_iter()
        .filter(|lane| lane.holder.is_none())
        .map(|lane| (lane.target, lane.lane))
        .collect();
    for key in &keys {
        store.expect_claim::<Lane>(*key);
    }
    for key in keys {
        hurry(store, key)?;
    }
    Ok(())
}

/// Makes a lane due now, with its first message, unless somebody sends from it.
fn hurry(store: &mut dyn Writer, key: LaneKey) -> Result<(), Refusal> {
    let now = store.now();
    let Some(mut lane) = store.claim::<Lane>(key)?.filter(|lane| lane.holder.is_none()) else { return Ok(()) };
    let open = Event::query().eq(Event::target, key.0).eq(Event::lane, key.1);
    let open = open.greater(Event::due, Timestamp::from_millis(0)).ascending(Event::place);
    if let Some(first) = store.first::<Event>(open)?.filter(|event| event.due.is_some_and(|due| due > now))
        && let Some(mut event) = store.claim::<Event>(first.number)?
    {
        event.due = Some(now);
        store.update(&event)?;
    }
    lane.due = Some(now);
    Ok(store.update(&lane)?)
}

/// Lets go of what a process with our chain had claimed before: it has ended. How many lanes; call it until there are
/// none.
pub fn release(store: &mut dyn Writer) -> Result<usize, Refusal> {
    let (chain, now) = (store.chain(), store.now());
    let held = store.list::<Lane>(Lane::query().eq(Lane::holder, chain).limit(REPLAYED_AT_ONCE))?;
    for lane in &held {
        store.expect_claim::<Lane>((lane.target, lane.lane));
    }
    let mut released = 0;
    for lane in held {
        if let Some(mut lane) = store.claim::<Lane>((lane.target, lane.lane))?.filter(|lane| lane.holder == Some(chain))
        {
            (lane.due, lane.holder) = (Some(now), None);
            lane.lease = lane.lease.wrapping_add(1);
            store.update(&lane)?;
            released += 1;
        }
    }
    Ok(released)
}

/// What could not be told to the transports of a profile, newest first.
pub fn failures(
    store: &mut dyn Reader,
    upid: Upid,
    before: Option<i64>,
    limit: usize,
) -> Result<FailedEventList, Refusal> {
    let query = Event::query().eq(Event::upid, upid).greater(Event::failed, Timestamp::from_millis(0));
    let mut query = query.descending(Event::number).limit(limit + 1);
    if let Some(before) = before {
        query = query.less(Event::number, before);
    }
    let mut events = store.list::<Event>(query)?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|event| event.number.to_string());
    let failures = events
        .into_iter()
        .map(|event| FailedEvent {
            event_id: id_of(event.number),
            ntid: event.transport,
            kind: EventType::from(event.kind),
            created: event.created,
            failed: event.failed.unwrap_or(event.created),
            attempts: event.attempts,
            reason: event.reason.unwrap_or_default(),
        })
        .collect();
    Ok(FailedEventList { failures, next })
}

/// A message that was given up, by the id that receivers know it by.
pub fn need_failed(store: &mut dyn Reader, id: &str) -> Result<Event, Refusal> {
    let number: Option<i64> = id.strip_prefix("evt_").and_then(|number| number.parse().ok());
    let found = store.get::<Event>(number.ok_or_else(Refusal::not_found)?)?;
    found.filter(|event| event.failed.is_some()).ok_or_else(Refusal::not_found)
}

/// Those of a transport that were given up, oldest first.
pub fn failed_of(store: &mut dyn Reader, transport: &Transport) -> Result<Vec<Event>, Refusal> {
    let query = Event::query().eq(Event::upid, transport.upid).greater(Event::failed, Timestamp::from_millis(0));
    let query = query.eq(Event::transport, transport.ntid).ascending(Event::number).limit(REPLAYED_AT_ONCE);
    Ok(store.list::<Event>(query)?)
}

/// Sends messages again that were given up; how many. Each at its old place: before those of its lane that came later.
pub fn replay(store: &mut dyn Writer, events: Vec<Event>) -> Result<u32, Refusal> {
    let now = store.now();
    for event in &events {
        store.expect_claim::<Event>(event.number);
        store.expect_claim::<Lane>((event.target, event.lane));
    }
    let mut replayed = 0_u32;
    for event in events {
        if let Some(ntid) = event.transport
            && !store.get::<Transport>(ntid)?.is_some_and(|transport| transport.open)
        {
            return Err(Refusal::because(Code::INACTIVE, "The transport is off or deleted: update it first"));
        }
        let Some(mut event) = store.claim::<Event>(event.number)?.filter(|event| event.failed.is_some()) else {
            continue;
        };
        (event.due, event.failed, event.attempts) = (Some(now), None, 0);
        store.update(&event)?;
        if let Some(mut lane) = store.claim::<Lane>((event.target, event.lane))?
            && lane.holder.is_none()
        {
            lane.due = Some(now);
            store.update(&lane)?;
        }
        replayed += 1;
    }
    Ok(replayed)
}

/// How a message of another surface is signed.
pub(crate) fn signing(number: i64, secret: florin_sdk_core::Secret) -> Signing {
    Signing { id: id_of(number), secrets: vec![secret] }
}
