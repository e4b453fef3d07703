//! The second factor: codes of an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 seconds).

use super::letter;
use super::proof::Verdict;
use crate::identity::User;
use crate::mail;
use crate::refusal::Refusal;
use crate::seal::{Component, Purpose, Sealed, Sealer};
use crate::secrets;
use crate::store::{Reader, Writer, record};
use crate::system;
use florin_sdk_core::code::Code;
use florin_sdk_core::{Secret, Timestamp, Uuid};
use totp_rs::{Builder, Totp};

record! {
    /// A user's second factor.
    UserMfa in "user_mfa" key {
        /// The user.
        uuid: Uuid,
    } {
        /// The seed; none while it is off.
        seed: Option<Sealed>,
        /// A seed that was given out and not confirmed yet.
        pending: Option<Sealed>,
        /// When that was.
        pending_since: Option<Timestamp>,
        /// The number of the last step whose code was used: it and all before it are used up.
        step: i64,
    }
}

/// How long a seed that was given out may be confirmed.
const PENDING_S: i64 = 3600;

/// What is used when there is no better name.
const NO_NAME: &str = "Florin";

fn failed<E: std::fmt::Display>(error: E) -> Refusal {
    tracing::error!(%error, "a second factor cannot be worked with");
    Refusal::new(Code::SYSTEM_ERROR)
}

fn totp(seed: &Secret, service: &str, name: &str) -> Result<Totp, Refusal> {
    let secret = totp_rs::Secret::try_from_base32(seed.expose()).map_err(|_| failed("its seed is no base32"))?;
    let without_colon = |text: &str| text.replace(':', " ");
    let builder = Builder::new().with_secret(secret).with_account_name(without_colon(name));
    builder.with_issuer(Some(without_colon(service))).build().map_err(failed)
}

/// The step that a code belongs to: of now, the one before or the one after.
fn step_of(seed: &Secret, code: &Secret, now: Timestamp) -> Result<Option<i64>, Refusal> {
    let seconds = u64::try_from(now.millis() / 1000).unwrap_or_default();
    Ok(totp(seed, NO_NAME, NO_NAME)?.check(code.expose(), seconds).map(u64::cast_signed))
}

/// Where a seed is sealed to: both columns are one place, as a seed moves from one to the other.
fn place(uuid: Uuid) -> Purpose {
    Purpose::of(Component::Omnipass, UserMfa::seed, uuid)
}

/// Whether it is on.
pub fn is_mfa_on(store: &mut dyn Reader, uuid: Uuid) -> Result<bool, Refusal> {
    Ok(store.get::<UserMfa>(uuid)?.is_some_and(|row| row.seed.is_some()))
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// It is right, or none is needed.
    Right,
    /// One is needed.
    Missing,
    /// It is wrong, or was used before.
    Wrong,
}

/// Uses a code up, if the second factor is on.
pub(super) fn spend(
    store: &mut dyn Writer,
    sealer: &Sealer,
    uuid: Uuid,
    code: Option<&Secret>,
) -> Result<Spent, Refusal> {
    let Some(mut row) = store.claim::<UserMfa>(uuid)? else { return Ok(Spent::Right) };
    let Some(seed) = &row.seed else { return Ok(Spent::Right) };
    let Some(code) = code else { return Ok(Spent::Missing) };
    match step_of(&sealer.unseal_text(&place(uuid), seed)?, code, store.now())? {
        Some(step) if step > row.step => {
            row.step = step;
            store.update(&row)?;
            Ok(Spent::Right)
        }
        _ => Ok(Spent::Wrong),
    }
}

/// A new seed, drawn at random, with its labels: service, user, and all of it as an `otpauth://` address.
///
/// Source: ambiguities A-068.
#[derive(Debug, Clone)]
pub struct NewSeed {
    /// In base32.
    pub seed: Secret,
    /// The platform's name.
    pub service: String,
    /// The user's address.
    pub name: String,
    /// The text of the QR code.
    pub url: Secret,
}

/// Draws a new seed for a user.
pub fn new_seed(store: &mut dyn Reader, user: &User) -> Result<NewSeed, Refusal> {
    let seed = Secret::from(totp_rs::Secret::from(secrets::random::<20>()).to_base32());
    let service = system::platform_name(store)?.unwrap_or_else(|| NO_NAME.to_owned());
    let name = user.email.clone().unwrap_or_default();
    let url = Secret::from(totp(&seed, &service, &name)?.to_url().map_err(failed)?);
    Ok(NewSeed { seed, service, name, url })
}

/// Notes a seed that is given out, in place of one that was not confirmed. The second factor stays as it is.
///
/// Source: ambiguities A-099.
pub fn note_seed(store: &mut dyn Writer, sealer: &Sealer, uuid: Uuid, seed: &Secret) -> Result<(), Refusal> {
    let pending = Some(sealer.seal(&place(uuid), seed.expose().as_bytes())?);
    let pending_since = Some(store.now());
    match store.claim::<UserMfa>(uuid)? {
        Some(row) => store.update(&UserMfa { pending, pending_since, ..row })?,
        None => store.insert(&UserMfa { uuid, seed: None, pending, pending_since, step: 0 })?,
    }
    Ok(())
}

/// Turns it on, with a code of the seed that was given out last. The user is proven already. The same once more, with
/// the very code, is no error.
pub fn enable_mfa(store: &mut dyn Writer, sealer: &Sealer, user: &User, code: &Secret) -> Verdict<()> {
    let uuid = user.uuid;
    let required = || Ok(Err(Refusal::new(Code::MFA_REQUIRED)));
    let now = store.now();
    let Some(mut row) = store.claim::<UserMfa>(uuid)? else { return required() };
    if let Some(seed) = &row.seed {
        let again = step_of(&sealer.unseal_text(&place(uuid), seed)?, code, now)? == Some(row.step);
        let is_on = "The second factor is on already; turn it off before it is set up anew";
        return Ok(if again { Ok(()) } else { Err(Refusal::because(Code::ALREADY_EXISTS, is_on)) });
    }
    let fresh = row.pending_since.is_some_and(|since| now < since.plus_seconds(PENDING_S));
    let Some(pending) = row.pending.take().filter(|_| fresh) else { return required() };
    let Some(step) = step_of(&sealer.unseal_text(&place(uuid), &pending)?, code, now)? else { return required() };
    (row.seed, row.pending_since, row.step) = (Some(pending), None, step);
    store.update(&row)?;
    tell(store, sealer, user, true)?;
    Ok(Ok(()))
}

/// Turns it off. The user is proven already.
pub fn disable_mfa(store: &mut dyn Writer, sealer: &Sealer, user: &User) -> Result<(), Refusal> {
    let Some(row) = store.claim::<UserMfa>(user.uuid)? else { return Ok(()) };
    let was_on = row.seed.is_some();
    store.update(&UserMfa { seed: None, pending: None, pending_since: None, ..row })?;
    if was_on { tell(store, sealer, user, false) } else { Ok(()) }
}

fn tell(store: &mut dyn Writer, sealer: &Sealer, user: &User, on: bool) -> Result<(), Refusal> {
    let Some(email) = &user.email else { return Ok(()) };
    mail::write(store, sealer, email, &letter::mfa_changed(on), mail::WEEK_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six of the eight digits for SHA-1, with the seed "12345678901234567890".
    #[test]
    fn codes_are_those_of_the_standard_in_a_window_of_three_steps() {
        let seed = Secret::from("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            // Before 1970 there are no steps.
            for (offset, found) in [(-61, false), (-30, true), (0, true), (30, true), (61, false)]
                .into_iter()
                .filter(|(offset, _)| seconds + offset >= 0)
            {
                let now = Timestamp::from_millis((seconds + offset) * 1000);
                let step = step_of(&seed, &Secret::from(code), now).unwrap();
                assert_eq!(step, found.then_some(seconds / 30), "{code} {offset}");
            }
        }
        let now = Timestamp::from_millis(59_000);
        for bad in ["287083", "28708", "2870820", "+87082", "", "２８７０８２"] {
            assert_eq!(step_of(&seed, &Secret::from(bad), now).unwrap(), None, "{bad}");
        }
    }

    #[test]
    fn labels_with_colons_are_no_trouble() {
        let seed = Secret::from("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let url = totp(&seed, "My: Bank", "a:b@example.com").unwrap().to_url().unwrap();
        assert!(url.starts_with("otpauth://totp/"), "{url}");
    }
}
