//! Where to tell whom, and of what.
//!
//! Source: spec/omnigate/operations.json, group Notifications; ambiguities.

use super::source;
use super::{Signing, dispatch};
use crate::access::{Caller, reach};
use crate::identity::{ApiKey, Profile, User, attribute_value, membership, need_profile};
use crate::ledger;
use crate::refusal::Refusal;
use crate::seal::{Component, Purpose, Sealed, Sealer};
use crate::secrets;
use crate::store::{Reader, Record, StoreError, Writer, record};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{
    DeleteNotificationTransport, NewTransport, NotificationTransport, SetNotificationTransport, TransportList,
    TransportOwner, TransportSettings, TransportStatus, TransportType,
};
use florin_sdk_core::{Akid, JsonObject, Ntid, Secret, Timestamp, Upid, Uuid, WebUrl};
use serde_json::Value;

record! {
    /// A transport.
    Transport in "transport" key {
        /// The transport.
        ntid: Ntid,
    } {
        /// The profile whose events are told.
        upid: Upid,
        /// The user whose transport it is.
        uuid: Option<Uuid>,
        /// The API key whose transport it is. With neither, it is a merchant's: made from the profile's attributes.
        akid: Option<Akid>,
        /// `http` or `mobile`.
        kind: String,
        /// The device, of a mobile transport.
        device: Option<String>,
        /// Where to, and of what, as it came.
        settings: JsonObject,
        /// What messages are signed with; none of a mobile one, and of a merchant's that an older version made.
        secret: Option<Sealed>,
        /// What they were signed with before.
        old_secret: Option<Sealed>,
        /// Until when they are signed with that, too.
        old_until: Option<Timestamp>,
        /// Whether it is used.
        open: bool,
        /// Why it is not.
        reason: Option<String>,
        /// Since when every message has failed.
        failing_since: Option<Timestamp>,
        /// When it was deleted.
        deleted: Option<Timestamp>,
        /// When it was made.
        created: Timestamp,
    }
}

/// Whose key the secrets of transports are sealed with.
pub const COMPONENT: Component = Component::Omnipass;

/// The most transports of a profile.
const MAX_OF_PROFILE: usize = 200;

/// How long messages are signed with the old secret, too.
const BOTH_SECRETS_S: i64 = 86_400;

/// The kinds of events that move money of a wallet.
const MOVEMENTS: [&str; 12] = [
    "deposit", "withdraw", "transfer", "payment", "issue", "redeem", "credit", "debit", "hold", "capture", "release",
    "refund",
];

/// Where a message goes, and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// The address; of a push message, none.
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
    /// The device that it is pushed to, in place of an address.
    pub device: Option<Device>,
}

/// A device that push messages go to.
#[derive(Debug, Clone)]
pub struct Device {
    /// The device, as its operating system or push service names it.
    pub device_id: String,
    /// iOS, Android and the like.
    pub platform: Option<String>,
    /// A name for people.
    pub name: Option<String>,
}

impl Target {
    /// By POST, at least once, without credentials.
    #[must_use]
    pub const fn new(url: String, body: String) -> Self {
        Self { url, body, put: false, basic_auth: None, signing: None, once: false, device: None }
    }
}

impl Transport {
    /// Where to, and of what.
    #[must_use]
    pub fn wishes(&self) -> TransportSettings {
        // Only this module writes it, from the same type.
        serde_json::from_value(Value::Object(self.settings.0.clone())).unwrap_or_default()
    }

    /// Whether it is made from a profile's attributes.
    #[must_use]
    pub const fn is_merchants(&self) -> bool {
        self.uuid.is_none() && self.akid.is_none()
    }

    /// The secrets to sign with now, the newest first.
    fn secrets(&self, sealer: &Sealer, now: Timestamp) -> Result<Vec<Secret>, Refusal> {
        let place = place(self.ntid);
        let old = self.old_secret.iter().filter(|_| self.old_until.is_some_and(|until| until > now));
        self.secret.iter().chain(old).map(|sealed| sealer.unseal_text(&place, sealed)).collect()
    }

    /// As lists show it.
    fn shown(self) -> NotificationTransport {
        NotificationTransport {
            ntid: self.ntid,
            transport: self.wishes(),
            transport_type: TransportType::from(self.kind),
            device_id: self.device,
            status: Some(if self.open { TransportStatus::On } else { TransportStatus::Off }),
            status_reason: self.reason,
            failing_since: self.failing_since,
        }
    }
}

/// What a secret is bound to: the old one stays where it was bound when it was the new one.
fn place(ntid: Ntid) -> Purpose {
    Purpose::of(COMPONENT, Transport::secret, ntid)
}

/// Whether a list of events, as a transport has it, has this one in it.
#[must_use]
pub fn wants(settings: &TransportSettings, kind: &str) -> bool {
    let Some(events) = &settings.events else { return true };
    events.iter().any(|event| match event.strip_suffix('*') {
        Some("") => true,
        Some(family) => family.ends_with('.') && kind.starts_with(family),
        None => event == kind,
    })
}

/// What messages are signed with, in the form that libraries for standard webhooks take.
#[must_use]
pub fn new_secret() -> Secret {
    Secret::from(format!("whsec_{}", STANDARD.encode(secrets::random::<32>())))
}

fn check(kind: &TransportType, settings: &TransportSettings) -> Result<(), Refusal> {
    let mut problems = florin_sdk_core::operation::Problems::default();
    let mut text = |name: &str, value: &Option<String>, most: usize, fits: bool| {
        let Some(value) = value else { return };
        if !fits {
            problems.add(name, "is not of this type of transport");
        } else if !(1..=most).contains(&value.chars().count()) || value.chars().any(char::is_control) {
            problems.add(name, format!("must have 1 to {most} characters, none of them a control character"));
        }
    };
    let http = *kind == TransportType::Http;
    text("transport.platform", &settings.platform, 20, !http);
    text("transport.name", &settings.name, 30, !http);
    if let (Some(url), true) = (&settings.url, http) {
        if !(10..=100).contains(&url.chars().count()) {
            problems.add("transport.url", "must have 10 to 100 characters");
        } else if url.parse::<WebUrl>().is_err() {
            problems.add("transport.url", "must be an http or https address, without user and password");
        }
    } else if http {
        problems.add("transport.url", "is required for an http transport");
    } else if settings.url.is_some() {
        problems.add("transport.url", "is not of this type of transport");
    }
    let events = settings.events.as_deref().unwrap_or_default();
    let plain = |event: &String| (1..=64).contains(&event.chars().count()) && !event.chars().any(char::is_control);
    if events.len() > 200 || !events.iter().all(plain) {
        problems.add("transport.eventlist", "must be 200 names at most, of 1 to 64 characters");
    }
    if problems.0.is_empty() { Ok(()) } else { Err(Refusal::fields(problems.0)) }
}

fn stored(settings: &TransportSettings) -> JsonObject {
    match serde_json::to_value(settings) {
        Ok(Value::Object(map)) => JsonObject(map),
        _ => JsonObject::default(),
    }
}

/// Refuses a user or API key that does not belong to the profile.
fn check_owner(store: &mut dyn Reader, upid: Upid, uuid: Option<Uuid>, akid: Option<Akid>) -> Result<(), Refusal> {
    if let Some(akid) = akid {
        let key = store.get::<ApiKey>(akid)?.filter(|key| key.upid == upid && key.revoked.is_none());
        key.ok_or_else(Refusal::not_found)?;
    }
    if let Some(uuid) = uuid {
        let user = store.get::<User>(uuid)?.ok_or_else(Refusal::not_found)?;
        if user.upid != upid && user.provider != Some(upid) && membership(store, upid, uuid)?.is_none() {
            return Err(Refusal::not_found());
        }
    }
    Ok(())
}

/// The transports of a profile that were not deleted.
fn of_profile(store: &mut dyn Reader, upid: Upid) -> Result<Vec<Transport>, StoreError> {
    let mut list = store.list::<Transport>(Transport::query().eq(Transport::upid, upid).ascending(Transport::ntid))?;
    list.retain(|transport| transport.deleted.is_none());
    Ok(list)
}

/// Adds a transport.
pub fn set(store: &mut dyn Writer, sealer: &Sealer, new: SetNotificationTransport) -> Result<NewTransport, Refusal> {
    let SetNotificationTransport { upid, uuid, akid, transport_type, transport, device_id } = new;
    check(&transport_type, &transport)?;
    need_profile(store.reader(), upid)?;
    check_owner(store.reader(), upid, uuid, akid)?;
    let device = device_id.filter(|_| transport_type == TransportType::Mobile);
    let others = of_profile(store.reader(), upid)?;
    if others.len() >= MAX_OF_PROFILE {
        return Err(Refusal::because(
            Code::LIMIT_EXCEEDED,
            format!("A profile has {MAX_OF_PROFILE} transports at most"),
        ));
    }
    let same =
        |other: &Transport| other.device.is_some() && (&other.device, other.uuid, other.akid) == (&device, uuid, akid);
    if others.iter().any(same) {
        return Err(Refusal::because(
            Code::ALREADY_EXISTS,
            "This device has a transport already: update or delete that",
        ));
    }
    let mut row = new_transport(store, upid, transport_type, &transport)?;
    (row.uuid, row.akid, row.device) = (uuid, akid, device);
    let secret = if row.kind == TransportType::Http.as_str() { Some(renew_secret(&mut row, sealer)?) } else { None };
    store.insert(&row)?;
    Ok(NewTransport { ntid: row.ntid, secret })
}

/// A transport that is open, and not written yet; nobody's, and without a secret.
fn new_transport(
    store: &mut dyn Writer,
    upid: Upid,
    kind: TransportType,
    settings: &TransportSettings,
) -> Result<Transport, Refusal> {
    dispatch::begin(store)?;
    Ok(Transport {
        ntid: ledger::id(Ntid::new(store.next_id()))?,
        upid,
        uuid: None,
        akid: None,
        kind: kind.as_str().to_owned(),
        device: None,
        settings: stored(settings),
        secret: None,
        old_secret: None,
        old_until: None,
        open: true,
        reason: None,
        failing_since: None,
        deleted: None,
        created: store.now(),
    })
}

/// Gives a transport another secret, which is not written yet; the one that it had.
fn renew_secret(transport: &mut Transport, sealer: &Sealer) -> Result<Secret, Refusal> {
    let secret = new_secret();
    let sealed = sealer.seal(&place(transport.ntid), secret.expose().as_bytes())?;
    transport.old_secret = transport.secret.replace(sealed);
    Ok(secret)
}

/// The transports of a profile, by user and API key; or only those of one of them.
pub fn list(
    store: &mut dyn Reader,
    upid: Upid,
    of: Option<(Option<Uuid>, Option<Akid>)>,
) -> Result<Vec<TransportList>, Refusal> {
    let mut lists = Vec::<TransportList>::new();
    for transport in of_profile(store, upid)? {
        let owner = (transport.uuid, transport.akid);
        if transport.is_merchants() || of.is_some_and(|of| of != owner) {
            continue;
        }
        let place = lists.iter_mut().find(|list| (list.uuid, list.akid) == owner);
        if let Some(list) = place {
            list.transports.push(transport.shown());
        } else {
            let kind = if owner.0.is_some() { TransportOwner::Uuid } else { TransportOwner::Akid };
            lists.push(TransportList { kind, uuid: owner.0, akid: owner.1, transports: vec![transport.shown()] });
        }
    }
    Ok(lists)
}

/// The transport, to be changed; a merchant's is changed by the profile's attributes.
pub fn claim(store: &mut dyn Writer, ntid: Ntid) -> Result<Transport, Refusal> {
    let found = store.claim::<Transport>(ntid)?.filter(|transport| transport.deleted.is_none());
    found.ok_or_else(Refusal::not_found)
}

/// Replaces where to and of what it tells, and switches it on.
pub fn update(store: &mut dyn Writer, mut transport: Transport, settings: &TransportSettings) -> Result<(), Refusal> {
    if transport.is_merchants() {
        return Err(Refusal::not_found());
    }
    check(&TransportType::from(transport.kind.clone()), settings)?;
    if !transport.open {
        dispatch::begin(store)?;
    }
    transport.settings = stored(settings);
    (transport.open, transport.reason, transport.failing_since) = (true, None, None);
    Ok(store.update(&transport)?)
}

/// Deletes a transport.
pub fn delete(store: &mut dyn Writer, mut transport: Transport) -> Result<(), Refusal> {
    transport.open = false;
    transport.deleted = Some(store.now());
    (transport.secret, transport.old_secret) = (None, None);
    Ok(store.update(&transport)?)
}

/// Deletes all transports of a device that the caller may change.
pub fn delete_device(store: &mut dyn Writer, caller: &Caller, device: &str) -> Result<(), Refusal> {
    let found = store.list::<Transport>(Transport::query().eq(Transport::device, device).ascending(Transport::ntid))?;
    let mut deleted = false;
    for transport in found.into_iter().filter(|transport| transport.deleted.is_none()) {
        match reach::<DeleteNotificationTransport>(store.reader(), caller, transport.upid) {
            Ok(()) => {}
            Err(refusal) if refusal.code == Code::SYSTEM_ERROR => return Err(refusal),
            Err(_) => continue,
        }
        let transport = claim(store, transport.ntid)?;
        delete(store, transport)?;
        deleted = true;
    }
    if deleted { Ok(()) } else { Err(Refusal::not_found()) }
}

/// Gives a transport a new secret.
pub fn rotate(store: &mut dyn Writer, sealer: &Sealer, mut transport: Transport) -> Result<Secret, Refusal> {
    if transport.device.is_some() {
        return Err(Refusal::field("ntid", "is a mobile transport: its messages are not signed"));
    }
    let secret = renew_secret(&mut transport, sealer)?;
    transport.old_until = Some(store.now().plus_seconds(BOTH_SECRETS_S));
    store.update(&transport)?;
    Ok(secret)
}

/// What a merchant's profile says of where to tell it of what; none if it does not want to be told.
fn merchants_wish(profile: &Profile) -> Option<TransportSettings> {
    let flag = |name: &str| profile.extended.0.get(name).and_then(Value::as_bool);
    let url = profile.extended.0.get("merchantnotificationurl")?.as_str()?.to_owned();
    let mut events = Vec::new();
    if flag("paymentnotificationenabled") != Some(false) {
        events.extend(["payment.*", "momo.*"].map(str::to_owned));
    }
    if flag("walletnotificationenabled") == Some(true) {
        events.extend(MOVEMENTS.map(str::to_owned));
    }
    if events.is_empty() {
        return None;
    }
    Some(TransportSettings { url: Some(url), events: Some(events), ..TransportSettings::default() })
}

/// Makes, changes or ends the transport of a merchant, after the attributes of its profile were written. To be called
/// whenever they are. Its messages are signed from the first on; what with, the merchant learns when it asks for another
/// secret (RotateTransportSecret): until then, and for a day after that, nobody needs to know the first one.
///
/// Source: spec/omnigate/concepts.md, "Extended attributes" (`merchantnotificationurl`, `paymentnotificationenabled`,
/// `walletnotificationenabled`).
pub fn follow_attributes(
    store: &mut dyn Writer,
    sealer: &Sealer,
    profile: &Profile,
    is_new: bool,
) -> Result<(), Refusal> {
    let wish = merchants_wish(profile);
    let found = if is_new { None } else { merchants(store.reader(), profile.upid)? };
    match (found, wish) {
        (None, None) => {}
        (None, Some(settings)) => {
            let mut row = new_transport(store, profile.upid, TransportType::Http, &settings)?;
            renew_secret(&mut row, sealer)?;
            store.insert(&row)?;
        }
        (Some(found), wish) => {
            let settings = wish.as_ref().map(stored);
            if found.open != settings.is_some() || settings.as_ref().is_some_and(|settings| *settings != found.settings)
            {
                let mut row = store.claim::<Transport>(found.ntid)?.ok_or_else(Refusal::not_found)?;
                if settings.is_some() && !row.open {
                    dispatch::begin(store)?;
                }
                row.open = settings.is_some();
                (row.reason, row.failing_since) = (None, None);
                row.settings = settings.unwrap_or(row.settings);
                if row.secret.is_none() {
                    renew_secret(&mut row, sealer)?;
                }
                store.update(&row)?;
            }
        }
    }
    Ok(())
}

/// The transport that was made from a profile's attributes.
pub fn merchants(store: &mut dyn Reader, upid: Upid) -> Result<Option<Transport>, Refusal> {
    Ok(of_profile(store, upid)?.into_iter().find(Transport::is_merchants))
}

/// Those that want to hear of what happened, each with the place of its profile among those concerned.
pub(super) fn listeners<'a>(
    transports: &'a [(Transport, TransportSettings)],
    happening: &'a source::Happening,
) -> impl Iterator<Item = &'a Transport> {
    let kind = happening.event.kind.as_str();
    transports.iter().filter_map(move |(transport, settings)| {
        let place = happening.upids.iter().position(|upid| *upid == transport.upid)?;
        ((place == 0 || settings.below == Some(true)) && wants(settings, kind)).then_some(transport)
    })
}

/// Where a transport's message goes; the reason if it goes nowhere.
pub(super) fn target(
    store: &mut dyn Reader,
    sealer: &Sealer,
    ntid: Ntid,
    id: String,
    body: String,
) -> Result<Result<Target, String>, Refusal> {
    let Some(transport) = store.get::<Transport>(ntid)?.filter(|transport| transport.deleted.is_none()) else {
        return Ok(Err("the transport was deleted".to_owned()));
    };
    if !transport.open {
        return Ok(Err("the transport is off".to_owned()));
    }
    if let Some(akid) = transport.akid
        && store.get::<ApiKey>(akid)?.is_none_or(|key| key.revoked.is_some())
    {
        return Ok(Err("the API key of the transport was ended".to_owned()));
    }
    let settings = transport.wishes();
    if let Some(device_id) = transport.device {
        let device = Device { device_id, platform: settings.platform, name: settings.name };
        return Ok(Ok(Target { device: Some(device), ..Target::new(String::new(), body) }));
    }
    let Some(url) = settings.url.clone() else { return Ok(Err("the transport has no address".to_owned())) };
    let basic_auth = if transport.is_merchants() { merchants_password(store, sealer, transport.upid)? } else { None };
    let secrets = transport.secrets(sealer, store.now())?;
    let signing = Some(Signing { id, secrets }).filter(|signing| !signing.secrets.is_empty());
    Ok(Ok(Target { basic_auth, signing, ..Target::new(url, body) }))
}

/// What a merchant's address asks for.
fn merchants_password(
    store: &mut dyn Reader,
    sealer: &Sealer,
    upid: Upid,
) -> Result<Option<(String, Secret)>, Refusal> {
    let profile = need_profile(store, upid)?;
    let text = |name: &str| {
        let value = attribute_value(&profile, sealer, name)?;
        Ok::<_, Refusal>(value.as_ref().and_then(Value::as_str).map(str::to_owned))
    };
    Ok(text("merchantcallbackuser")?.zip(text("merchantcallbackpassword")?.map(Secret::from)))
}

/// Switches a transport off.
pub(super) fn switch_off(store: &mut dyn Writer, ntid: Ntid, reason: String) -> Result<(), Refusal> {
    if let Some(mut transport) = store.claim::<Transport>(ntid)?.filter(|transport| transport.open) {
        tracing::warn!(%ntid, profile = %transport.upid, reason, "a notification transport was switched off");
        (transport.open, transport.reason) = (false, Some(reason));
        store.update(&transport)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_events() {
        let of = |events: Option<&[&str]>| TransportSettings {
            events: events.map(|events| events.iter().map(|event| (*event).to_owned()).collect()),
            ..TransportSettings::default()
        };
        assert!(wants(&of(None), "anything"), "no list: all");
        assert!(!wants(&of(Some(&[])), "anything"), "an empty list: nothing");
        assert!(wants(&of(Some(&["deposit", "withdraw"])), "withdraw"));
        assert!(!wants(&of(Some(&["deposit"])), "withdraw"));
        assert!(wants(&of(Some(&["payment.*"])), "payment.paid"));
        assert!(!wants(&of(Some(&["payment.*"])), "payment"));
        assert!(!wants(&of(Some(&["pay*"])), "payment.paid"), "families end with a point");
        assert!(wants(&of(Some(&["*"])), "payment.paid"));
    }
}
