//! What users sign in with. Most handlers are three steps: look, hash, write.

use crate::app::App;
use crate::exchange::{Changing, Noted, Reading, Verdict};
use crate::qr;
use florin_domain::Refusal;
use florin_domain::access::Caller;
use florin_domain::credential::{self, Checked, Factor, Found, PasswordProof, acting_user};
use florin_domain::identity;
use florin_domain::seal::Sealer;
use florin_domain::secrets;
use florin_domain::session::{self, Draft, Signed, Terms};
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{
    Access, ActivationEmail, AvailableProfile, ChangeUserEmail, ChangeUserPassword, DisableUserMFA, Done,
    EnableUserMFA, GetUserMFASeed, GetUserMFAStatus, LoggedIn, Login, MfaSeed, MfaStatus, ResetUserPassword,
};
use florin_sdk_core::{Email, Secret, Uuid};

/// Goes on with what was proven, or answers why not.
macro_rules! proven {
    ($verdict:expr) => {
        match $verdict? {
            Ok(proven) => proven,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}

/// What a login needs of the store before the password is compared.
pub(super) struct LoginFound {
    found: Found,
    /// The session that it would open, of a user who may act for a profile.
    draft: Option<Draft>,
    profiles: Vec<AvailableProfile>,
}

/// A login whose password was compared.
#[derive(Clone)]
pub(super) struct LoginChecked {
    checked: Checked,
    signed: Option<Signed>,
    profiles: Vec<AvailableProfile>,
}

/// The session that a user would get, and all profiles to choose from.
fn prepared(store: &mut dyn Reader, uuid: Uuid) -> Result<(Option<Draft>, Vec<AvailableProfile>), Refusal> {
    let Some(user) = store.get::<identity::User>(uuid)? else { return Ok((None, Vec::new())) };
    let mut profiles = Vec::new();
    for place in identity::memberships_of(store, uuid)? {
        let name = identity::need_profile(store, place.upid)?.display_name();
        profiles.push(AvailableProfile { upid: place.upid, name });
    }
    let Some(upid) = identity::default_profile(store, &user)? else { return Ok((None, profiles)) };
    match session::begin(store, uuid, upid, Terms::login()) {
        Ok(draft) => Ok((Some(draft), profiles)),
        Err(refusal) if matches!(refusal.code, Code::SYSTEM_ERROR | Code::TOO_BUSY) => Err(refusal),
        // Whoever may not sign in learns no more than others who fail.
        Err(_) => Ok((None, profiles)),
    }
}

pub(super) fn find_login(store: &mut dyn Reader, _: Option<&Caller>, op: &Login) -> Result<LoginFound, Refusal> {
    let found = Found::by_email(store, &op.email.folded())?;
    let (draft, profiles) = match found.uuid() {
        Some(uuid) => prepared(store, uuid)?,
        None => (None, Vec::new()),
    };
    Ok(LoginFound { found, draft, profiles })
}

pub(super) fn check_login(app: &App, op: &Login, found: LoginFound) -> Result<LoginChecked, Refusal> {
    let checked = found.found.check(&op.password)?;
    let draft = found.draft.filter(|_| checked.is_right());
    Ok(LoginChecked {
        checked,
        signed: draft.map(|draft| draft.sign(app.sealer())).transpose()?,
        profiles: found.profiles,
    })
}

pub(super) fn login(call: &mut Changing<'_>, op: Login, done: LoginChecked) -> Verdict<LoggedIn> {
    let code = Factor::Code(op.mfa_code.as_ref());
    let user = proven!(credential::prove(call.store, call.sealer, &done.checked, code));
    let Some(signed) = done.signed else { return Ok(Err(credential::unproven())) };
    session::open(call.store, &signed)?;
    Ok(Ok(LoggedIn {
        upid: signed.session.upid,
        uuid: user.uuid,
        roles: signed.roles,
        token: signed.token,
        profiles: done.profiles,
    }))
}

pub(super) fn find_pending(store: &mut dyn Reader, _: Option<&Caller>, op: &ActivationEmail) -> Result<Found, Refusal> {
    Found::by_email(store, &op.email.folded())
}

pub(super) fn check_pending(_: &App, op: &ActivationEmail, found: Found) -> Result<Checked, Refusal> {
    found.check(&op.password)
}

pub(super) fn activation_email(call: &mut Changing<'_>, _: ActivationEmail, checked: Checked) -> Verdict<Done> {
    credential::resend(call.store, call.sealer, &checked)?;
    Ok(Ok(Done {}))
}

/// Who is meant, and whether a provider's server asks.
pub(super) fn find_forgetful(
    store: &mut dyn Reader,
    caller: Option<&Caller>,
    op: &ResetUserPassword,
) -> Result<(Found, bool), Refusal> {
    Ok((Found::by_email(store, &op.email.folded())?, caller.is_some()))
}

/// Anybody may ask for a link for anybody, and it is we who send it: without a list of where links may lead, whoever asks
/// could have the token sent to a page of their own by whoever follows it.
pub(super) fn draw_reset(
    app: &App,
    op: &ResetUserPassword,
    (found, by_provider): (Found, bool),
) -> Result<(Checked, Secret), Refusal> {
    if !by_provider && !app.may_lead_to(&op.callback_url) {
        let why = "is not where the operator lets links lead (--callback-origin)";
        return Err(Refusal::field("callbackurl", why));
    }
    Ok((found.unchecked(), secrets::link_token()))
}

pub(super) fn reset_user_password(
    call: &mut Changing<'_>,
    op: ResetUserPassword,
    (asked, token): (Checked, Secret),
) -> Verdict<Done> {
    credential::send_reset(call.store, call.sealer, &asked, op.callback_url.as_str(), &token)?;
    Ok(Ok(Done {}))
}

/// Who is meant, and whether the token is good, if one came.
pub(super) fn find_changing(
    store: &mut dyn Reader,
    _: Option<&Caller>,
    op: &ChangeUserPassword,
) -> Result<(Found, bool), Refusal> {
    let found = Found::by_email(store, &op.email.folded())?;
    let link = match &op.token {
        Some(token) => credential::find_link(store, credential::Purpose::Reset, token)?,
        None => None,
    };
    let good = link.is_some_and(|(link, _)| Some(link.uuid) == found.uuid());
    Ok((found, good))
}

/// Compares the old password, and hashes the new one if it is going to be needed.
pub(super) fn hash_changed(
    _: &App,
    op: &ChangeUserPassword,
    (found, good): (Found, bool),
) -> Result<(Checked, Option<Secret>), Refusal> {
    let checked = match (&op.token, &op.password) {
        (None, Some(password)) => found.check(password)?,
        _ => found.unchecked(),
    };
    let hash = if good || checked.is_right() { Some(secrets::hash_password(&op.new_password)?.into()) } else { None };
    Ok((checked, hash))
}

pub(super) fn change_user_password(
    call: &mut Changing<'_>,
    op: ChangeUserPassword,
    (checked, hash): (Checked, Option<Secret>),
) -> Verdict<Done> {
    let proof = op.token.as_ref().map_or(PasswordProof::Password, PasswordProof::Token);
    let code = op.mfa_code.as_ref();
    proven!(credential::change_password(call.store, call.sealer, &checked, proof, code, hash));
    Ok(Ok(Done {}))
}

/// The user of an address, whom a person who signed in must be. A provider's server may name any: the password proves it.
fn named_user(store: &mut dyn Reader, caller: Option<&Caller>, email: &Email) -> Result<Found, Refusal> {
    let caller = caller.ok_or_else(|| Refusal::new(Code::NOT_AUTHENTICATED))?;
    let found = Found::by_email(store, &email.folded())?;
    if caller.akid.is_some() {
        credential::need_key_that_writes(caller)?;
    } else if found.uuid() != Some(acting_user(store, caller, Access::Write)?.uuid) {
        return Err(Refusal::because(Code::FORBIDDEN, "This is another user's address, or nobody's"));
    }
    Ok(found)
}

/// Who is meant, and whether the new address is taken.
pub(super) fn find_moving(
    store: &mut dyn Reader,
    caller: Option<&Caller>,
    op: &ChangeUserEmail,
) -> Result<(Found, bool), Refusal> {
    let found = named_user(store, caller, &op.email)?;
    let taken = match found.uuid() {
        Some(uuid) => credential::email_is_taken(store, &op.new_email.folded(), uuid)?,
        None => false,
    };
    Ok((found, taken))
}

pub(super) fn check_moving(
    _: &App,
    op: &ChangeUserEmail,
    (found, taken): (Found, bool),
) -> Result<(Checked, bool, Secret), Refusal> {
    Ok((found.check(&op.password)?, taken, secrets::link_token()))
}

pub(super) fn change_user_email(
    call: &mut Changing<'_>,
    op: ChangeUserEmail,
    (checked, taken, token): (Checked, bool, Secret),
) -> Verdict<Done> {
    let (code, new) = (op.mfa_code.as_ref(), op.new_email.folded());
    proven!(credential::change_email(call.store, call.sealer, &checked, code, &new, taken, &token));
    Ok(Ok(Done {}))
}

pub(super) fn get_user_mfa_status(call: &mut Reading<'_>, _: GetUserMFAStatus) -> Result<MfaStatus, Refusal> {
    let user = acting_user(call.store, call.caller, Access::Read)?;
    Ok(MfaStatus { enabled: credential::is_mfa_on(call.store, user.uuid)? })
}

/// Draws the seed. What is written down of it is the business of [`note_seed`].
pub(super) fn get_user_mfa_seed(call: &mut Reading<'_>, _: GetUserMFASeed) -> Noted<MfaSeed, (Uuid, Secret)> {
    let user = acting_user(call.store, call.caller, Access::Read)?;
    let new = credential::new_seed(call.store, &user)?;
    let picture = qr::svg(new.url.expose())?;
    let answer = MfaSeed {
        seed: new.seed.clone(),
        service_name: new.service,
        user_identifier: new.name,
        otpauth_url: Some(new.url),
        qr_code_svg: Some(picture.into()),
    };
    Ok((answer, (user.uuid, new.seed)))
}

pub(super) fn note_seed(store: &mut dyn Writer, sealer: &Sealer, (uuid, seed): &(Uuid, Secret)) -> Result<(), Refusal> {
    credential::note_seed(store, sealer, *uuid, seed)
}

pub(super) fn find_enabling(
    store: &mut dyn Reader,
    caller: Option<&Caller>,
    op: &EnableUserMFA,
) -> Result<Found, Refusal> {
    named_user(store, caller, &op.email)
}

pub(super) fn check_enabling(_: &App, op: &EnableUserMFA, found: Found) -> Result<Checked, Refusal> {
    found.check(&op.password)
}

pub(super) fn enable_user_mfa(call: &mut Changing<'_>, op: EnableUserMFA, checked: Checked) -> Verdict<Done> {
    let user = proven!(credential::prove(call.store, call.sealer, &checked, Factor::Unasked));
    proven!(credential::enable_mfa(call.store, call.sealer, &user, &op.mfa_code));
    Ok(Ok(Done {}))
}

pub(super) fn find_disabling(
    store: &mut dyn Reader,
    caller: Option<&Caller>,
    _: &DisableUserMFA,
) -> Result<Found, Refusal> {
    let caller = caller.ok_or_else(|| Refusal::new(Code::NOT_AUTHENTICATED))?;
    Ok(Found::user(acting_user(store, caller, Access::Write)?))
}

pub(super) fn check_disabling(_: &App, op: &DisableUserMFA, found: Found) -> Result<Checked, Refusal> {
    found.check(&op.password)
}

pub(super) fn disable_user_mfa(call: &mut Changing<'_>, op: DisableUserMFA, checked: Checked) -> Verdict<Done> {
    let code = Factor::Code(Some(&op.mfa_code));
    let user = proven!(credential::prove(call.store, call.sealer, &checked, code));
    credential::disable_mfa(call.store, call.sealer, &user)?;
    Ok(Ok(Done {}))
}
