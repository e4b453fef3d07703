//! Telling those concerned what happened.
//!
//! An event is written in the transaction of what it tells of, so none is lost and none is made up; it is delivered
//! afterwards, at least once. Whoever receives one should ask for the object itself: an event is a hint, not a proof.
//!
//! Source: DESIGN section 1; spec/omnigate/concepts.md, "Extended attributes" (`merchantnotificationurl`,
//! `paymentnotificationenabled`, `merchantcallbackuser`, `merchantcallbackpassword`).

use crate::identity::Profile;
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

/// Where a profile wants to be told.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address.
    pub url: String,
    /// User and password for it, if it asks for them.
    pub basic_auth: Option<(String, Secret)>,
}

/// Where `profile` wants to be told of its payments, if it does.
#[must_use]
pub fn target(profile: &Profile) -> Option<Target> {
    let text = |name: &str| profile.extended.0.get(name).and_then(Value::as_str).map(str::to_owned);
    if profile.extended.0.get("paymentnotificationenabled") == Some(&Value::Bool(false)) {
        return None;
    }
    let basic_auth = text("merchantcallbackuser").zip(text("merchantcallbackpassword").map(Secret::from));
    Some(Target { url: text("merchantnotificationurl")?, basic_auth })
}

/// Writes down that something happened which concerns `profile`.
pub fn happened(store: &mut dyn Writer, profile: &Profile, kind: &str, mut payload: JsonObject) -> Result<(), Refusal> {
    let now = store.now();
    payload.0.insert("event".to_owned(), kind.into());
    payload.0.insert("timestamp".to_owned(), now.to_string().into());
    let event = Event {
        number: store.next_id().cast_signed(),
        upid: profile.upid,
        kind: kind.to_owned(),
        payload,
        due: target(profile).map(|_| now),
        attempts: 0,
        delivered: None,
        created: now,
    };
    Ok(store.insert(&event)?)
}

/// The event that has waited longest to be sent, of a profile that is none of `busy`, and where to.
pub fn next_due(store: &mut dyn Reader, busy: &[Upid]) -> Result<Option<(Event, Option<Target>)>, Refusal> {
    let now = store.now().plus_seconds(1);
    let query = Event::query().less(Event::due, now).none_of(Event::upid, busy).ascending(Event::due);
    let Some(event) = store.first::<Event>(query)? else { return Ok(None) };
    let target = store.get::<Profile>(event.upid)?.as_ref().and_then(target);
    Ok(Some((event, target)))
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
