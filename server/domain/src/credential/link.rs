//! What is sent by mail and used once: a token that proves that somebody reads the mails of an address.
//!
//! A user has one link of each kind: a new one takes the place of the one before. Only the token's hash is kept.

use crate::identity::User;
use crate::refusal::Refusal;
use crate::secrets::fingerprint;
use crate::store::{FromValue, IntoValue, Kind, Reader, Record, Value, Writer, record};
use florin_sdk_core::model::Status;
use florin_sdk_core::{Secret, Timestamp, Uuid};
use subtle::ConstantTimeEq as _;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To confirm the address of a new user.
    Activate,
    /// To set a password.
    Reset,
    /// To confirm a new address.
    Email,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Activate, Self::Reset, Self::Email];

    /// As it is stored.
    const fn number(self) -> i64 {
        match self {
            Self::Activate => 1,
            Self::Reset => 2,
            Self::Email => 3,
        }
    }
}

impl IntoValue for Purpose {
    fn value(&self) -> Value {
        self.number().value()
    }
}

impl FromValue for Purpose {
    const KIND: Kind = Kind::Int;

    fn from_value(value: Value) -> Result<Self, String> {
        let number = i64::from_value(value)?;
        Self::ALL.into_iter().find(|purpose| purpose.number() == number).ok_or_else(|| "1, 2 or 3 expected".to_owned())
    }
}

record! {
    /// The link of a user that was sent last.
    Link in "credential_link" key {
        /// The user.
        uuid: Uuid,
        /// What it is for.
        purpose: Purpose,
    } {
        /// SHA-256 of the token.
        hash: [u8; 32],
        /// The address that it was sent to.
        email: String,
        /// Where the page leads afterwards.
        callback: Option<String>,
        /// When it was sent.
        created: Timestamp,
        /// Until when it is good.
        expires: Timestamp,
        /// When it was used, or taken back.
        ended: Option<Timestamp>,
    }
}

impl Link {
    /// Whether another is made from it, after its end, too: where an invitation leads on to is known nowhere else.
    pub(crate) const fn can_be_sent_again(&self) -> bool {
        matches!(self.purpose, Purpose::Activate) && self.ended.is_none()
    }

    fn is_good(&self, token: &Secret, now: Timestamp) -> bool {
        let same = self.hash.ct_eq(&fingerprint(token.expose()));
        bool::from(same) && self.ended.is_none() && now < self.expires
    }
}

/// Keeps a new link, in place of the one before.
pub(super) fn put(
    store: &mut dyn Writer,
    uuid: Uuid,
    purpose: Purpose,
    token: &Secret,
    email: &str,
    callback: Option<String>,
    lasts_s: i64,
) -> Result<(), Refusal> {
    let now = store.now();
    let was = store.claim::<Link>((uuid, purpose))?;
    let link = Link {
        uuid,
        purpose,
        hash: fingerprint(token.expose()),
        email: email.to_owned(),
        callback,
        created: now,
        expires: now.plus_seconds(lasts_s),
        ended: None,
    };
    if was.is_some() {
        store.update(&link)?;
    } else {
        store.insert(&link)?;
    }
    Ok(())
}

/// Whether this is the user's good token of this kind.
pub(super) fn is_good(store: &mut dyn Writer, uuid: Uuid, purpose: Purpose, token: &Secret) -> Result<bool, Refusal> {
    let now = store.now();
    Ok(store.get::<Link>((uuid, purpose))?.is_some_and(|link| link.is_good(token, now)))
}

/// Ends the user's link of this kind, if there is one.
pub(super) fn end(store: &mut dyn Writer, uuid: Uuid, purpose: Purpose) -> Result<(), Refusal> {
    if let Some(mut link) = store.claim::<Link>((uuid, purpose))?.filter(|link| link.ended.is_none()) {
        link.ended = Some(store.now());
        store.update(&link)?;
    }
    Ok(())
}

/// The good link of this kind that a token belongs to, with its user, who is active.
pub fn find_link(store: &mut dyn Reader, purpose: Purpose, token: &Secret) -> Result<Option<(Link, User)>, Refusal> {
    let now = store.now();
    let query = Link::query().eq(Link::hash, fingerprint(token.expose())).eq(Link::purpose, purpose);
    let Some(link) = store.first::<Link>(query)?.filter(|link| link.is_good(token, now)) else { return Ok(None) };
    let user = store.get::<User>(link.uuid)?.filter(|user| user.status == Status::Active);
    Ok(user.map(|user| (link, user)))
}
