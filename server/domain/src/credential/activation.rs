//! New users confirm their addresses.

use super::guard;
use super::letter;
use super::link::{self, Link, Purpose};
use super::proof::{Checked, Factor, prove};
use crate::identity::User;
use crate::mail;
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::secrets;
use crate::store::Writer;
use florin_sdk_core::Secret;

/// How long an invitation is good, in seconds: three days.
const LASTS_S: i64 = 3 * 86_400;

fn send(store: &mut dyn Writer, sealer: &Sealer, user: &User, callback: Option<String>) -> Result<(), Refusal> {
    let Some(email) = &user.email else { return Ok(()) };
    let token = secrets::link_token();
    link::put(store, user.uuid, Purpose::Activate, &token, email, callback, LASTS_S)?;
    mail::write(store, sealer, email, &letter::activate(&token), LASTS_S)
}

/// Sends a new user the link that confirms the address. The page behind it leads on to `callback`.
pub fn invite_to_activate(store: &mut dyn Writer, sealer: &Sealer, user: &User, callback: &str) -> Result<(), Refusal> {
    if user.confirmed.is_some() { Ok(()) } else { send(store, sealer, user, Some(callback.to_owned())) }
}

/// Tells a user of a new place on a profile. Who has no password yet chooses one at `callback`, with the token that is
/// added to it, which also confirms the address.
pub fn invite_to_team(
    store: &mut dyn Writer,
    sealer: &Sealer,
    user: &User,
    profile_name: &str,
    callback: &str,
) -> Result<(), Refusal> {
    let Some(email) = &user.email else { return Ok(()) };
    let letter = if user.password.is_none() {
        let token = secrets::link_token();
        link::put(store, user.uuid, Purpose::Reset, &token, email, None, LASTS_S)?;
        letter::invite(profile_name, callback, &token)
    } else {
        letter::welcome(profile_name, callback)
    };
    mail::write(store, sealer, email, &letter, LASTS_S)
}

/// Sends the link once more, to a user who waits for it and has proven the password. Whoever asks learns nothing: a
/// failure is counted, and that is all.
pub fn resend(store: &mut dyn Writer, sealer: &Sealer, checked: &Checked) -> Result<(), Refusal> {
    let Ok(user) = prove(store, sealer, checked, Factor::Pending)? else { return Ok(()) };
    let now = store.now();
    let (mut guard, is_new) = guard::claim(store, checked.email(), Some(user.uuid))?;
    let may = guard.may_mail(now);
    guard.keep(store, is_new)?;
    if !may {
        return Ok(());
    }
    let callback = store.get::<Link>((user.uuid, Purpose::Activate))?.and_then(|link| link.callback);
    send(store, sealer, &user, callback)
}

/// What was activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activated {
    /// The address that is confirmed.
    pub email: String,
    /// Where the user may go on.
    pub callback: Option<String>,
}

/// Confirms the address of a new user, once; `None` for a token that is not, or no more, good.
pub fn activate(store: &mut dyn Writer, token: &Secret) -> Result<Option<Activated>, Refusal> {
    let Some((link, _)) = link::find_link(store.reader(), Purpose::Activate, token)? else { return Ok(None) };
    let Some(mut user) = store.claim::<User>(link.uuid)?.filter(|user| user.email.as_ref() == Some(&link.email)) else {
        return Ok(None);
    };
    user.confirmed = user.confirmed.or(Some(store.now()));
    store.update(&user)?;
    link::end(store, link.uuid, Purpose::Activate)?;
    Ok(Some(Activated { email: link.email, callback: link.callback }))
}
