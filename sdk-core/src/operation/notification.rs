//! Notifications: where to tell whom of what, what could not be told, and live events.
//!
//! Source: spec/omnigate/operations.json, group Notifications; ambiguities,
//! A-103; spec/florin/operations.json for what is our own.

use super::operation;
use crate::id::{Akid, Ntid, Upid, Uuid};
use crate::model::{EventType, LiveEvent};
#[cfg(feature = "write")]
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::wire::{Kind, Wire};
use serde::{Deserialize, Deserializer, Serialize};

/// The operations whose answer can also be had as a stream of server-sent events, by `Accept: text/event-stream`.
pub const STREAMED: &[&str] = &["GetEvents"];

open_text_enum! {
    /// How it is told.
    TransportType {
        /// By a push message to a device.
        Mobile = "mobile",
        /// By an HTTP request.
        Http = "http",
    }
}

open_text_enum! {
    /// Whose a transport is, beside its profile.
    TransportOwner {
        /// A user's.
        Uuid = "uuid",
        /// An API key's.
        Akid = "akid",
    }
}

open_text_enum! {
    /// Whether a transport is used.
    TransportStatus {
        /// It is.
        On = "on",
        /// It is not: its receiver said so, or failed for days. An update switches it on again.
        Off = "off",
    }
}

/// Where to, and of what. Which fields count depends on the type of the transport.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "uniffi-write", derive(uniffi::Record))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TransportSettings {
    /// Of a mobile transport: iOS, Android and the like; 1 to 20 characters. Kept as it came, compared without case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi-write", uniffi(default = None))]
    pub platform: Option<String>,
    /// Of a mobile transport: a name for people, such as "John's iPhone"; 1 to 30 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi-write", uniffi(default = None))]
    pub name: Option<String>,
    /// Of an HTTP transport: where to; 10 to 100 characters. Required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi-write", uniffi(default = None))]
    pub url: Option<String>,
    /// Kinds of events, 200 at most: a name such as `deposit`, all of a family such as `payment.*`, or `*`. Absent: all.
    /// Names that the platform does not know are kept.
    #[serde(rename = "eventlist", default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi-write", uniffi(default = None))]
    pub events: Option<Vec<String>>,
    /// Ours: also what happens in the profiles below, such as those of a provider's users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi-write", uniffi(default = None))]
    pub below: Option<bool>,
}

impl Wire for TransportSettings {
    const KIND: Kind = Kind::Object;
}

operation! {
    /// Adds a transport to a profile and a user or an API key: where to tell them of what happens.
    pub write struct SetNotificationTransport -> NewTransport;
    Post "/notifications/transports"; callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["modifymyprofile"], child ["modifychildprofile"], any ["modifyallprofiles"] }
    required {
        /// The profile whose events are told.
        "upid" upid: Upid = 21..=21;
        /// `mobile` or `http`.
        "transporttype" transport_type: TransportType = 4..=6;
        /// Where to, and of what.
        "transport" transport: TransportSettings = 2..=20000;
    }
    optional {
        /// The user whose transport it is. Exactly one of `uuid` and `akid`.
        "uuid" uuid: Uuid = 21..=21;
        /// The API key whose transport it is.
        "akid" akid: Akid = 21..=21;
        /// The device; required when the type is `mobile`.
        "deviceid" device_id: String = 1..=200;
    }
    check |op, problems| {
        problems.exactly_one(&[("uuid", op.uuid.is_some()), ("akid", op.akid.is_some())]);
        match op.transport_type {
            TransportType::Mobile if op.device_id.is_none() => problems.add("deviceid", "is required for a mobile transport"),
            TransportType::Http if op.transport.url.is_none() => problems.add("transport.url", "is required for an http transport"),
            _ => {}
        }
    }
}

wire_record! {
    write
    /// The new transport.
    pub struct NewTransport {
        /// The transport.
        "ntid" ntid: Ntid;
        /// What its messages are signed with, as Standard Webhooks have it: of an http transport. Shown here and never
        /// again.
        "secret" secret: Option<Secret>;
    }
}

operation! {
    /// Lists the transports of a profile, by user and API key.
    pub read("uniffi-write") struct GetAllNotificationTransports -> TransportLists;
    Get "/notifications/transports/{upid}"; callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["readmyprofile"], child ["readchildprofile"], any ["readallprofiles"] }
    required {
        /// The profile.
        "upid" upid: Upid = 21..=21;
    }
    optional {}
}

operation! {
    /// Lists the transports of a profile and one user or API key; an empty list if there are none.
    pub read("uniffi-write") struct GetNotificationTransports -> TransportLists;
    Get "/notifications/transports/{upid}/{uuid}" "/notifications/transports/{upid}/{akid}";
    callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["readmyprofile"], child ["readchildprofile"], any ["readallprofiles"] }
    required {
        /// The profile.
        "upid" upid: Upid = 21..=21;
    }
    optional {
        /// The user. Exactly one of `uuid` and `akid`.
        "uuid" uuid: Uuid = 21..=21;
        /// The API key.
        "akid" akid: Akid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("uuid", op.uuid.is_some()), ("akid", op.akid.is_some())]);
    }
}

wire_record! {
    provider
    /// Transports, by user and API key.
    pub struct TransportLists {
        /// One for each user or API key.
        "results" results: Vec<TransportList>;
    }
}

/// The transports of a profile and one user or API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi-write", derive(uniffi::Record))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TransportList {
    /// Whether it is a user's or an API key's.
    #[serde(rename = "type")]
    pub kind: TransportOwner,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi-write", uniffi(default = None))]
    pub uuid: Option<Uuid>,
    /// The API key.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "any_digits")]
    #[cfg_attr(feature = "uniffi-write", uniffi(default = None))]
    pub akid: Option<Akid>,
    /// The transports.
    #[serde(rename = "transportlist")]
    pub transports: Vec<NotificationTransport>,
}

/// In answers fewer than 16 digits are read, too.
fn any_digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Akid>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let digits =
        text.strip_prefix("akid_").filter(|digits| digits.len() <= 16 && digits.bytes().all(|b| b.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.and_then(Akid::new).map(Some).ok_or_else(|| serde::de::Error::custom("must be akid_ and digits"))
}

wire_record! {
    provider
    /// A transport.
    pub struct NotificationTransport {
        /// The transport.
        "ntid" ntid: Ntid;
        /// How it is told.
        "transporttype" transport_type: TransportType;
        /// The device, of a mobile transport.
        "deviceid" device_id: Option<String>;
        /// Where to, and of what.
        "transport" transport: TransportSettings;
        /// Ours: whether it is used.
        "status" status: Option<TransportStatus>;
        /// Ours: why it is not.
        "statusreason" status_reason: Option<String>;
        /// Ours: since when every message has failed.
        "failingsince" failing_since: Option<Timestamp>;
    }
}

operation! {
    /// Replaces where to and of what a transport tells, and switches it on if it was off.
    pub write struct UpdateNotificationTransport -> super::Done;
    Post "/notifications/transports/update"; callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["modifymyprofile"], child ["modifychildprofile"], any ["modifyallprofiles"] }
    required {
        /// The transport.
        "ntid" ntid: Ntid = 21..=21;
        /// Where to, and of what; replaces the old one as a whole. The address stands in `url`.
        "transport" transport: TransportSettings = 2..=20000;
    }
    optional {}
}

operation! {
    /// Deletes a transport; or, by device, all of that device that the caller may change.
    pub write struct DeleteNotificationTransport -> super::Done;
    Delete "/notifications/transports/{deviceid}" "/notifications/transports/{ntid}";
    callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["modifymyprofile"], child ["modifychildprofile"], any ["modifyallprofiles"] }
    required {}
    optional {
        /// The device. What begins with `ntid_` and has 16 digits is a transport.
        "deviceid" device_id: String = 1..=200;
        /// The transport.
        "ntid" ntid: Ntid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("deviceid", op.device_id.is_some()), ("ntid", op.ntid.is_some())]);
    }
}

operation! {
    /// Makes a new secret for what is told: of an http transport, or of a merchant's `merchantnotificationurl`. For a day
    /// messages are signed with the old one, too.
    pub write struct RotateTransportSecret -> TransportSecret;
    Post "/notifications/transports/secret"; callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["modifymyprofile"], child ["modifychildprofile"], any ["modifyallprofiles"] }
    required {}
    optional {
        /// The transport. Exactly one of `ntid` and `upid`.
        "ntid" ntid: Ntid = 21..=21;
        /// The merchant's profile.
        "upid" upid: Upid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("ntid", op.ntid.is_some()), ("upid", op.upid.is_some())]);
    }
}

wire_record! {
    write
    /// A secret that messages are signed with, as Standard Webhooks have it.
    pub struct TransportSecret {
        /// `whsec_` and its bytes in Base64. Shown here and never again.
        "secret" secret: Secret;
    }
}

operation! {
    /// Lists what could not be told after all attempts, newest first.
    pub read("uniffi-write") struct ListFailedEvents -> FailedEventList;
    Get "/notifications/failures"; callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["readmyprofile"], child ["readchildprofile"], any ["readallprofiles"] }
    required {}
    optional {
        /// The profile whose transports failed; the caller's own when absent.
        "upid" upid: Upid = 21..=21;
        /// At most so many, 1 to 200. Default 50.
        "limit" limit: u32 = 1..=200;
        /// Go on after this cursor, from `next` of the page before.
        "after" after: String = 1..=64;
    }
}

wire_record! {
    provider
    /// A page of what could not be told.
    pub struct FailedEventList {
        /// The events, newest first.
        "failures" failures: Vec<FailedEvent>;
        /// The cursor of the next page; absent at the end.
        "next" next: Option<String>;
    }
}

wire_record! {
    provider
    /// An event that could not be told to one receiver.
    pub struct FailedEvent {
        /// The message, as its receivers know it (`webhook-id`).
        "eventid" event_id: String;
        /// The transport; absent if it went to a merchant's address.
        "ntid" ntid: Option<Ntid>;
        /// What kind of thing happened.
        "type" kind: EventType;
        /// When it was written.
        "created" created: Timestamp;
        /// When it was given up.
        "failed" failed: Timestamp;
        /// How often it was sent.
        "attempts" attempts: u32;
        /// What went wrong last.
        "reason" reason: String;
    }
}

operation! {
    /// Sends again what could not be told: one event, or all of one transport (1000 at a time).
    pub write struct ReplayEvent -> ReplayedEvents;
    Post "/notifications/replay"; callers Provider; group "notifications"; timeout Standard; rate Standard;
    rights { own ["modifymyprofile"], child ["modifychildprofile"], any ["modifyallprofiles"] }
    required {}
    optional {
        /// The event, from the list of failures. Exactly one of `eventid` and `ntid`.
        "eventid" event_id: String = 1..=32;
        /// The transport.
        "ntid" ntid: Ntid = 21..=21;
    }
    check |op, problems| {
        problems.exactly_one(&[("eventid", op.event_id.is_some()), ("ntid", op.ntid.is_some())]);
    }
}

wire_record! {
    write
    /// What is sent again.
    pub struct ReplayedEvents {
        /// How many events.
        "replayed" replayed: u32;
    }
}

operation! {
    /// What happened since: in the caller's own profile, for a provider also in the profiles below, oldest first. The
    /// same as a stream of server-sent events with `Accept: text/event-stream`, where `Last-Event-ID` stands for `after`.
    pub read("uniffi") struct GetEvents -> EventPage;
    Get "/events"; callers Both; group "notifications"; timeout Standard; rate Standard;
    rights { own ["listmyswallettx"], child ["listchildswallettx"], any ["listallwallettx"] }
    required {}
    optional {
        /// Go on after this: `next` of the page before, or the `id` of the last event. Absent: from now on.
        "after" after: String = 1..=4000;
        /// At most so many, 1 to 200. Default 50.
        "limit" limit: u32 = 1..=200;
    }
}

wire_record! {
    /// What happened since.
    pub struct EventPage {
        /// The events, oldest first. None does not mean that there are no more: look at `more`.
        "events" events: Vec<LiveEvent>;
        /// Where to go on.
        "next" next: String;
        /// Whether there is more to be read at once.
        "more" more: bool;
    }
}
