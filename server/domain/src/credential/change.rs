//! Changing what a user signs in with.

use super::guard;
use super::letter;
use super::link::{self, Purpose};
use super::proof::{Checked, Factor, Verdict, prove, prove_by_token, unproven};
use crate::identity::{Profile, User, by_email, profiles_by_email};
use crate::mail::{self, WEEK_S};
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::session;
use crate::store::{Reader, Record, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::{Secret, Upid, Uuid};

/// How long a new address may wait to be confirmed, in seconds.
const EMAIL_LASTS_S: i64 = 86_400;

/// What stands in the old password's place.
#[derive(Debug, Clone, Copy)]
pub enum PasswordProof<'a> {
    /// The old password, which was compared.
    Password,
    /// The token of a link.
    Token(&'a Secret),
}

/// Sets a new password, whose hash this is; there is none if nothing seemed proven when it was to be made. All sessions of the user end, and so do links that were sent before.
pub fn change_password(
    store: &mut dyn Writer,
    sealer: &Sealer,
    checked: &Checked,
    proof: PasswordProof<'_>,
    code: Option<&Secret>,
    new_hash: Option<Secret>,
) -> Verdict<()> {
    let proven = match proof {
        PasswordProof::Password => prove(store, sealer, checked, Factor::Code(code))?,
        PasswordProof::Token(token) => prove_by_token(store, sealer, checked, token, code)?,
    };
    let uuid = match proven {
        Ok(user) => user.uuid,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(new_hash) = new_hash else { return Ok(Err(unproven())) };
    let mut user = store.claim::<User>(uuid)?.ok_or_else(Refusal::not_found)?;
    user.password = Some(new_hash.into());
    // The token came to the address: that confirms it.
    user.confirmed = user.confirmed.or(Some(store.now()));
    store.update(&user)?;
    link::end(store, uuid, Purpose::Reset)?;
    link::end(store, uuid, Purpose::Email)?;
    session::revoke_all_of(store, uuid)?;
    if let Some(email) = &user.email {
        mail::write(store, sealer, email, &letter::password_changed(), WEEK_S)?;
    }
    Ok(Ok(()))
}

/// Whether a user or a profile that stands alone has this address, in small letters.
///
/// Source: the behaviours of `ChangeUserEmail` in spec/omnigate/operations.json. That a profile's master user has it is
/// the same as that a user has it.
pub fn email_is_taken(store: &mut dyn Reader, email: &str, by: Uuid) -> Result<bool, Refusal> {
    if by_email(store, email)?.is_some() {
        return Ok(true);
    }
    Ok(profiles_by_email(store, email)?.iter().any(|profile| profile.master != Some(by)))
}

/// Asks to change the address of a user who is proven by password and second factor: a link goes to the new address, and
/// word of it to the old one. `is_taken` is what [`email_is_taken`] said, which is told only to whoever is proven.
pub fn change_email(
    store: &mut dyn Writer,
    sealer: &Sealer,
    checked: &Checked,
    code: Option<&Secret>,
    new: &str,
    is_taken: bool,
    token: &Secret,
) -> Verdict<()> {
    let user = match prove(store, sealer, checked, Factor::Code(code))? {
        Ok(user) => user,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if is_taken {
        let why = "A user or a profile has this e-mail address already";
        return Ok(Err(Refusal::because(Code::ALREADY_EXISTS, why)));
    }
    let now = store.now();
    let (mut guard, is_new) = guard::claim(store, checked.email(), Some(user.uuid))?;
    let may = guard.may_mail(now);
    guard.keep(store, is_new)?;
    if !may {
        return Ok(Err(Refusal::because(Code::TOO_FAST, "Too many mails were asked for; try again in an hour")));
    }
    link::put(store, user.uuid, Purpose::Email, token, new, None, EMAIL_LASTS_S)?;
    mail::write(store, sealer, new, &letter::confirm_email(token), EMAIL_LASTS_S)?;
    mail::write(store, sealer, checked.email(), &letter::email_change_asked(new), WEEK_S)?;
    Ok(Ok(()))
}

/// How the confirmation of a new address ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmed {
    /// It is the user's address now.
    Changed(String),
    /// The token is not, or no more, good.
    NoSuchLink,
    /// Somebody else has the address by now.
    Taken,
}

/// Changes a user's address to the one that a token was sent to, and that of the profiles which the user is master of. The
/// old address is told.
pub fn confirm_email(
    store: &mut dyn Writer,
    sealer: &Sealer,
    token: &Secret,
    is_taken: bool,
) -> Result<Confirmed, Refusal> {
    let Some((link, _)) = link::find_link(store.reader(), Purpose::Email, token)? else {
        return Ok(Confirmed::NoSuchLink);
    };
    let taken = is_taken || by_email(store.reader(), &link.email)?.is_some();
    link::end(store, link.uuid, Purpose::Email)?;
    if taken {
        return Ok(Confirmed::Taken);
    }
    let mut user = store.claim::<User>(link.uuid)?.ok_or_else(Refusal::not_found)?;
    let old = user.email.replace(link.email.clone());
    store.update(&user)?;
    // A token that went to the old address proves nothing of the new one.
    link::end(store, link.uuid, Purpose::Reset)?;
    link::end(store, link.uuid, Purpose::Activate)?;
    if let Some(old) = old {
        for profile in store.list::<Profile>(Profile::query().eq(Profile::master, link.uuid))? {
            rename_profile(store, profile.upid, &old, &link.email)?;
        }
        mail::write(store, sealer, &old, &letter::email_changed(&link.email), WEEK_S)?;
    }
    Ok(Confirmed::Changed(link.email))
}

fn rename_profile(store: &mut dyn Writer, upid: Upid, old: &str, new: &str) -> Result<(), Refusal> {
    let Some(mut profile) = store.claim::<Profile>(upid)? else { return Ok(()) };
    if !profile.change_email(old, new) {
        return Ok(());
    }
    profile.version += 1;
    Ok(store.update(&profile)?)
}
