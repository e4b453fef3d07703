//! Who is signed in on the pages of single sign-on: a cookie, of which only the hash is kept.

use crate::identity::{User, need_active};
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::{Secret, Timestamp, Uuid};

/// How long a person stays signed in on the pages: 8 hours, a working day.
pub const COOKIE_LIFETIME_S: i64 = 8 * 3600;

record! {
    /// A person who is signed in on the pages.
    SignIn in "sign_in" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// SHA-256 of the cookie.
        hash: [u8; 32],
        /// The person.
        uuid: Uuid,
        /// When the person signed in.
        created: Timestamp,
        /// When it ends by itself.
        expires: Timestamp,
        /// When it was ended.
        ended: Option<Timestamp>,
    }
}

/// Signs a person in under this cookie, whose password and second factor were looked at.
pub fn sign_in(store: &mut dyn Writer, uuid: Uuid, cookie: &Secret) -> Result<(), Refusal> {
    let user = store.get::<User>(uuid)?.ok_or_else(Refusal::not_found)?;
    need_active(&user.status, "The user")?;
    let created = store.now();
    let row = SignIn {
        number: store.next_id().cast_signed(),
        hash: secrets::fingerprint(cookie.expose()),
        uuid,
        created,
        expires: created.plus_seconds(COOKIE_LIFETIME_S),
        ended: None,
    };
    Ok(store.insert(&row)?)
}

/// Who is signed in under this cookie, and since when.
pub fn signed_in(store: &mut dyn Reader, cookie: &str) -> Result<Option<(User, SignIn)>, Refusal> {
    let query = SignIn::query().eq(SignIn::hash, secrets::fingerprint(cookie));
    let now = store.now();
    let Some(row) = store.first::<SignIn>(query)?.filter(|row| row.ended.is_none() && row.expires > now) else {
        return Ok(None);
    };
    let user = store.get::<User>(row.uuid)?.filter(|user| need_active(&user.status, "The user").is_ok());
    Ok(user.map(|user| (user, row)))
}

/// Ends it.
pub fn sign_out(store: &mut dyn Writer, cookie: &str) -> Result<(), Refusal> {
    let query = SignIn::query().eq(SignIn::hash, secrets::fingerprint(cookie));
    let found = store.first::<SignIn>(query)?;
    if let Some(found) = found {
        end(store, found.number)?;
    }
    Ok(())
}

pub(super) fn end(store: &mut dyn Writer, number: i64) -> Result<(), Refusal> {
    if let Some(mut row) = store.claim::<SignIn>(number)?.filter(|row| row.ended.is_none()) {
        row.ended = Some(store.now());
        store.update(&row)?;
    }
    Ok(())
}

/// Signs a person out everywhere.
pub(super) fn end_all(store: &mut dyn Writer, uuid: Uuid) -> Result<(), Refusal> {
    let now = store.now();
    let query = SignIn::query().eq(SignIn::uuid, uuid).greater(SignIn::expires, now);
    for row in store.list::<SignIn>(query)? {
        end(store, row.number)?;
    }
    Ok(())
}
