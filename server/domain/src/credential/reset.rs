//! Setting a password without the old one, by a link that is sent to the user's address.

use super::guard;
use super::letter;
use super::link::{self, Purpose};
use super::proof::Checked;
use crate::identity::User;
use crate::mail;
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::store::Writer;
use florin_sdk_core::Secret;
use florin_sdk_core::model::Status;

/// How long a link to set a password is good, in seconds.
const LASTS_S: i64 = 3600;

/// Sends a link that leads to `callback`, if there is such a user. Whoever asks learns nothing, not even by the time that
/// it takes: something is written in any case.
pub fn send_reset(
    store: &mut dyn Writer,
    sealer: &Sealer,
    asked: &Checked,
    callback: &str,
    token: &Secret,
) -> Result<(), Refusal> {
    let now = store.now();
    let (mut guard, is_new) = guard::claim(store, asked.email(), asked.uuid())?;
    let may = guard.may_mail(now);
    guard.keep(store, is_new)?;
    let Some(uuid) = asked.uuid().filter(|_| may) else { return Ok(()) };
    let user = store.get::<User>(uuid)?.filter(|user| user.status == Status::Active);
    let Some(email) = user.and_then(|user| user.email) else { return Ok(()) };
    link::put(store, uuid, Purpose::Reset, token, &email, None, LASTS_S)?;
    mail::write(store, sealer, &email, &letter::reset(callback, token), LASTS_S)
}
