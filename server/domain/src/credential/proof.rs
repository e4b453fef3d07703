//! Is it really this user?

use super::guard;
use super::link::{self, Purpose};
use super::mfa;
use crate::access::{Caller, RightSet, Side};
use crate::identity::{User, by_email, need_profile};
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::secrets;
use crate::store::{Reader, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::Status;
use florin_sdk_core::operation::Access;
use florin_sdk_core::{Secret, Uuid};

/// How it is decided in the writer: with a refusal, too, what was written stays, as a failure is counted. What is to be
/// undone is an error around it.
pub type Verdict<T> = Result<Result<T, Refusal>, Refusal>;

/// The one answer to all who cannot prove who they are.
#[must_use]
pub fn unproven() -> Refusal {
    Refusal::because(Code::NOT_AUTHENTICATED, "E-mail address, password or token are wrong, or the user cannot sign in")
}

/// Who is meant, before anything is proven. It says nothing of whether there is such a user.
#[derive(Debug, Clone)]
pub struct Found {
    email: String,
    uuid: Option<Uuid>,
    hash: Option<Secret>,
}

impl Found {
    /// Looks for the user of an address, in small letters.
    pub fn by_email(store: &mut dyn Reader, email: &str) -> Result<Self, Refusal> {
        let user = by_email(store, email)?;
        let (uuid, hash) = user.map_or((None, None), |user| (Some(user.uuid), user.password.map(Secret::from)));
        Ok(Self { email: email.to_owned(), uuid, hash })
    }

    /// This user.
    #[must_use]
    pub fn user(user: User) -> Self {
        Self { email: user.email.unwrap_or_default(), uuid: Some(user.uuid), hash: user.password.map(Secret::from) }
    }

    /// Who it is, if anybody.
    #[must_use]
    pub const fn uuid(&self) -> Option<Uuid> {
        self.uuid
    }

    /// Compares the password: slow, and as slow if there is no such user.
    pub fn check(self, password: &Secret) -> Result<Checked, Refusal> {
        let right = secrets::verify_password(password, self.hash.as_ref().map(Secret::expose))?;
        Ok(Checked { found: self, right })
    }

    /// With no password compared: for a link that proves as much.
    #[must_use]
    pub const fn unchecked(self) -> Checked {
        Checked { found: self, right: false }
    }
}

/// A password that was compared with the hash that was found.
#[derive(Debug, Clone)]
pub struct Checked {
    found: Found,
    right: bool,
}

impl Checked {
    /// Whether the password is the one of the hash that was found. That does not mean yet that the user may sign in.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        self.right
    }

    /// The address, in small letters.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.found.email
    }

    /// Who it is, if anybody.
    #[must_use]
    pub const fn uuid(&self) -> Option<Uuid> {
        self.found.uuid
    }
}

/// What is asked for beside the password.
#[derive(Debug, Clone, Copy)]
pub enum Factor<'a> {
    /// The code of the second factor, if it is on.
    Code(Option<&'a Secret>),
    /// Nothing, of somebody who is still to be activated.
    Pending,
    /// Nothing: the second factor itself is what is asked about.
    Unasked,
}

/// Decides whether it is this user, and counts if not.
pub fn prove(store: &mut dyn Writer, sealer: &Sealer, checked: &Checked, factor: Factor<'_>) -> Verdict<User> {
    let now = store.now();
    let (mut guard, is_new) = guard::claim(store, checked.email(), checked.uuid())?;
    let user = match checked.uuid() {
        Some(uuid) => store.get::<User>(uuid)?,
        None => None,
    };
    let stands =
        |user: &User| user.status == Status::Active && user.confirmed.is_none() == matches!(factor, Factor::Pending);
    // The user may have changed the password since it was compared.
    let same = |user: &User| user.password.as_deref() == checked.found.hash.as_ref().map(Secret::expose);
    let user = user.filter(|user| checked.right && stands(user) && same(user));
    let Some(user) = user.filter(|_| !guard.is_locked(now)) else {
        guard.failed(now);
        guard.keep(store, is_new)?;
        return Ok(Err(unproven()));
    };
    let verdict = match factor {
        Factor::Code(code) => mfa::spend(store, sealer, user.uuid, code)?,
        // With the password alone nobody forgives the failures of a second factor.
        Factor::Pending | Factor::Unasked if mfa::is_mfa_on(store.reader(), user.uuid)? => mfa::Spent::Missing,
        Factor::Pending | Factor::Unasked => mfa::Spent::Right,
    };
    match verdict {
        mfa::Spent::Right => guard.succeeded(now),
        mfa::Spent::Missing => guard.noted(now),
        mfa::Spent::Wrong => guard.failed(now),
    }
    guard.keep(store, is_new)?;
    match (verdict, factor) {
        (mfa::Spent::Missing | mfa::Spent::Wrong, Factor::Code(_)) => Ok(Err(Refusal::new(Code::MFA_REQUIRED))),
        _ => Ok(Ok(user)),
    }
}

/// The same for a link's token in the password's place. The token cannot be guessed, so only the second factor is
/// guarded: whoever was locked out by others may still set a new password.
pub(super) fn prove_by_token(
    store: &mut dyn Writer,
    sealer: &Sealer,
    checked: &Checked,
    token: &Secret,
    code: Option<&Secret>,
) -> Verdict<User> {
    let now = store.now();
    let Some(uuid) = checked.uuid() else { return Ok(Err(unproven())) };
    let user = store.claim::<User>(uuid)?.filter(|user| user.status == Status::Active);
    let good = link::is_good(store, uuid, Purpose::Reset, token)?;
    let Some(user) = user.filter(|_| good) else { return Ok(Err(unproven())) };
    let (mut guard, is_new) = guard::claim(store, checked.email(), Some(uuid))?;
    if guard.is_locked(now) && mfa::is_mfa_on(store.reader(), uuid)? {
        guard.noted(now);
        guard.keep(store, is_new)?;
        return Ok(Err(unproven()));
    }
    let spent = mfa::spend(store, sealer, uuid, code)?;
    match spent {
        mfa::Spent::Right => guard.succeeded(now),
        mfa::Spent::Missing => guard.noted(now),
        mfa::Spent::Wrong => guard.failed(now),
    }
    guard.keep(store, is_new)?;
    if matches!(spent, mfa::Spent::Right) { Ok(Ok(user)) } else { Ok(Err(Refusal::new(Code::MFA_REQUIRED))) }
}

/// Refuses a key that may only read: it changes nothing of a user either.
pub fn need_key_that_writes(caller: &Caller) -> Result<(), Refusal> {
    let only_reads = caller.akid.is_some() && caller.rights(Access::Write) == RightSet::NONE;
    if only_reads { Err(Refusal::new(Code::FORBIDDEN)) } else { Ok(()) }
}

/// The user that a caller is: whoever has signed in; with an API key the master user of its profile.
pub fn acting_user(store: &mut dyn Reader, caller: &Caller, access: Access) -> Result<User, Refusal> {
    let forbidden = |why: &str| Refusal::because(Code::FORBIDDEN, why);
    if caller.side == Side::Mobile {
        return Err(Refusal::new(Code::FORBIDDEN));
    }
    if access == Access::Write {
        need_key_that_writes(caller)?;
    }
    let uuid = match caller.uuid {
        Some(uuid) => Some(uuid),
        None => need_profile(store, caller.upid)?.master,
    };
    let user = match uuid {
        Some(uuid) => store.get::<User>(uuid)?,
        None => None,
    };
    user.filter(|user| user.email.is_some()).ok_or_else(|| forbidden("This is for a user who signs in"))
}
