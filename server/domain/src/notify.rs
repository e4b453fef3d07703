//! Telling those concerned what happened.
//!
//! An event is written in the transaction of what it tells of, so none is lost and none is made up; it is delivered
//! afterwards, at least once. Whoever receives one should ask for the object itself: an event is a hint, not a proof.
//!
//! Source: DESIGN section 1; spec/omnigate/concepts.md, "Extended attributes" (`merchantnotificationurl`,
//! `paymentnotificationenabled`, `merchantcallbackuser`, `merchantcallbackpassword`).

use crate::identity::Profile;
use crate::momo::callback;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::{JsonObject, Secret, Timestamp, Upid};
use serde_json::Value;

record! {
    /// Something that happened.
    Event in "event" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// Whom it concerns.
        upid: Upid,
        /// What kind: `payment.paid`, `payment.declined`, `payment.refunded`.
        kind: String,
        /// What is sent.
        payload: JsonObject,
        /// When it is to be sent, or sent again; none when it is done with.
        due: Option<Timestamp>,
        /// How often it was sent.
        attempts: u32,
        /// When it was taken.
        delivered: Option<Timestamp>,
        /// When it happened.
        created: Timestamp,
    }
}

/// Seconds to wait after each attempt that failed. After the last one it is given up: three days in all.
const BACK_OFF_S: [i64; 10] = [2, 10, 60, 300, 1800, 3600, 21_600, 43_200, 86_400, 86_400];

/// Where an event goes, and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address.
    pub url: String,
    /// What is sent.
    pub body: String,
    /// By PUT instead of POST.
    pub put: bool,
    /// User and password for it, if it asks for them.
    pub basic_auth: Option<(String, Secret)>,
    /// How it is signed, if it is.
    pub signing: Option<Signing>,
    /// Whether it is rather lost than sent twice: it is noted as sent before it is.
    pub once: bool,
}

/// How an event is signed.
#[derive(Debug, Clone)]
pub struct Signing {
    /// The message's id, the same each time it is sent.
    pub id: String,
    /// The secret, `whsec_` and its bytes in Base64.
    pub secret: Secret,
}

impl Target {
    /// By POST, at least once, without credentials.
    #[must_use]
    pub const fn new(url: String, body: String) -> Self {
        Self { url, body, put: false, basic_auth: None, signing: None, once: false }
    }
}

/// Where `profile` wants to be told of its payments, if it does.
#[must_use]
pub fn target(profile: &Profile) -> Option<Target> {
    let text = |name: &str| profile.extended.0.get(name).and_then(Value::as_str).map(str::to_owned);
    if profile.extended.0.get("paymentnotificationenabled") == Some(&Value::Bool(false)) {
        return None;
    }
    let basic_auth = text("merchantcallbackuser").zip(text("merchantcallbackpassword").map(Secret::from));
    Some(Target { basic_auth, ..Target::new(text("merchantnotificationurl")?, String::new()) })
}

/// Writes down that something happened which concerns `profile`.
pub fn happened(store: &mut dyn Writer, profile: &Profile, kind: &str, mut payload: JsonObject) -> Result<(), Refusal> {
    let now = store.now();
    payload.0.insert("event".to_owned(), kind.into());
    payload.0.insert("timestamp".to_owned(), now.to_string().into());
    write(store, profile.upid, kind, payload, target(profile).map(|_| now))?;
    Ok(())
}

/// Writes an event; its number.
pub(crate) fn write(
    store: &mut dyn Writer,
    upid: Upid,
    kind: &str,
    payload: JsonObject,
    due: Option<Timestamp>,
) -> Result<i64, Refusal> {
    let event = Event {
        number: store.next_id().cast_signed(),
        upid,
        kind: kind.to_owned(),
        payload,
        due,
        attempts: 0,
        delivered: None,
        created: store.now(),
    };
    store.insert(&event)?;
    Ok(event.number)
}

/// The event that has waited longest to be sent, of a profile that is none of `busy`, and where to.
pub fn next_due(store: &mut dyn Reader, busy: &[Upid]) -> Result<Option<(Event, Option<Target>)>, Refusal> {
    let now = store.now().plus_seconds(1);
    let query = Event::query().less(Event::due, now).none_of(Event::upid, busy).ascending(Event::due);
    let Some(event) = store.first::<Event>(query)? else { return Ok(None) };
    let target = match event.kind.as_str() {
        callback::CALLBACK | callback::TWIN => callback::target(store, &event)?,
        _ => {
            let target = store.get::<Profile>(event.upid)?.as_ref().and_then(target);
            target.map(|target| Target { body: event.payload.to_string(), ..target })
        }
    };
    Ok(Some((event, target)))
}

/// Notes that an event is sent, before it is: whoever gets false must not send it.
pub fn take(store: &mut dyn Writer, number: i64) -> Result<bool, Refusal> {
    let Some(mut event) = store.claim::<Event>(number)?.filter(|event| event.due.is_some()) else { return Ok(false) };
    event.due = None;
    event.attempts = event.attempts.saturating_add(1);
    store.update(&event)?;
    Ok(true)
}

/// Writes down how an attempt ended that was noted before; after one that failed there are others, up to `most` in all.
pub fn taken(store: &mut dyn Writer, number: i64, taken: bool, most: u32) -> Result<(), Refusal> {
    let Some(mut event) = store.claim::<Event>(number)? else { return Ok(()) };
    let now = store.now();
    event.delivered = taken.then_some(now);
    let place = usize::try_from(event.attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = BACK_OFF_S.get(place).filter(|_| !taken && event.attempts < most);
    event.due = wait.map(|seconds| now.plus_seconds(*seconds));
    Ok(store.update(&event)?)
}

/// Writes down how an attempt ended.
pub fn attempted(store: &mut dyn Writer, number: i64, taken: bool) -> Result<(), Refusal> {
    let Some(mut event) = store.claim::<Event>(number)? else {
        return Ok(());
    };
    let now = store.now();
    let wait = usize::try_from(event.attempts).ok().and_then(|attempt| BACK_OFF_S.get(attempt));
    event.attempts = event.attempts.saturating_add(1);
    event.delivered = taken.then_some(now);
    event.due = if taken { None } else { wait.map(|seconds| now.plus_seconds(*seconds)) };
    Ok(store.update(&event)?)
}
