//! Profiles, users, and the credentials that act for them.

mod api_key;
mod attribute;
mod hidden;
mod membership;
mod mobile_token;
mod profile;
mod time_zone;
mod user;

pub use api_key::{ApiKey, create_api_key, delete_api_key, find_api_key, list_api_keys};
pub use attribute::{
    CustomAttribute, attribute_list, describe_attribute, forget_attribute, is_default_attribute, set_attributes,
    shown_attributes,
};
pub use hidden::{SealPass, ToSeal, attribute_value, find_unsealed, seal_found};
pub use membership::{
    Membership, Place, Standing, add_to_team, change_team_roles, default_profile, grant_on, membership, memberships_of,
    need_working_profile, places_of, remove_from_team, standing, team,
};
pub use mobile_token::{MobileToken, create_mobile_token, list_mobile_tokens, revoke_all, revoke_mobile_token};
pub use profile::{
    Holder, NewProfile, Profile, create_profile, create_profile_with, default_wallet, need_profile, profiles_by_email,
    set_profile_status, update_profile,
};
pub use time_zone::is_time_zone;
pub use user::{
    NewPerson, Selector, User, by_email, create_user, find_user, invite_user, list_users, need_user, public_user,
    register_user, set_user_status, update_user,
};

use crate::access::{Caller, Grant};
use crate::refusal::Refusal;
use crate::secrets;
use crate::session::{self, Session};
use crate::store::{Reader, Record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::Status;

/// A secret that came with a request.
#[derive(Debug)]
pub enum Credential<'a> {
    /// An API key.
    ApiKey(&'a str),
    /// A bearer token.
    Bearer(&'a str),
}

/// Finds whose credential it is, and whether it works now: it, its user, its profile, and the profiles above.
///
/// # Errors
/// `NOT_AUTHENTICATED` whatever does not work, and never `INACTIVE`: see [`need_working_profile`]. `TOKEN_EXPIRED` for a
/// token whose time is over.
pub fn authenticate(store: &mut dyn Reader, credential: &Credential<'_>) -> Result<Caller, Refusal> {
    let unknown = || Refusal::new(Code::NOT_AUTHENTICATED);
    match credential {
        Credential::ApiKey(key) => {
            let hash = secrets::fingerprint(key);
            let key = store.first::<ApiKey>(ApiKey::query().eq(ApiKey::hash, hash))?.ok_or_else(unknown)?;
            if key.revoked.is_some() {
                return Err(unknown());
            }
            need_working_profile(store, key.upid)?;
            Ok(Caller::api_key(key.upid, key.akid, Grant::of(store, &key.roles)?))
        }
        // The other bearer tokens have no period in them.
        Credential::Bearer(token) if token.contains('.') => session::caller_of(store, token),
        Credential::Bearer(token) => {
            let hash = secrets::fingerprint(token);
            let query = MobileToken::query().eq(MobileToken::hash, hash);
            let token = store.first::<MobileToken>(query)?.ok_or_else(unknown)?;
            let user = store.get::<User>(token.uuid)?.ok_or_else(unknown)?;
            if user.status != Status::Active {
                return Err(membership::inactive_credential());
            }
            need_working_profile(store, user.upid)?;
            need_working_profile(store, user.provider.ok_or_else(unknown)?)?;
            if token.revoked.is_some() {
                return Err(unknown());
            }
            if token.expires <= store.now() {
                return Err(Refusal::new(Code::TOKEN_EXPIRED));
            }
            Ok(Caller::mobile(user.upid, user.uuid, token.mtid, token.expires))
        }
    }
}

/// Refuses a caller who was found earlier, if that no longer holds: an API key or a session that was ended since, a person
/// who was taken off the profile, a user or profile that is no longer active, or roles that have become others.
///
/// # Errors
/// `NOT_AUTHENTICATED` for what no longer works; `TOO_BUSY` if only the roles have changed: nothing was done, and the next
/// try is looked at with the new ones.
pub fn need_working(store: &mut dyn Reader, caller: &Caller) -> Result<(), Refusal> {
    // All is asked before anything is looked at, so that an engine that is far away fetches it at once.
    let key = caller.akid.map(|akid| store.get::<ApiKey>(akid));
    let session = caller.session.map(|id| store.get::<Session>(id));
    let person = caller.uuid.filter(|_| caller.session.is_some());
    let user = person.map(|uuid| store.get::<User>(uuid));
    let place = person.map(|uuid| store.get::<Membership>((caller.upid, uuid)));
    let status = store.cell(caller.upid, Profile::status);
    let gone = || Refusal::new(Code::NOT_AUTHENTICATED);
    let mut roles = None;
    if let Some(key) = key {
        roles = Some(key?.filter(|key| key.revoked.is_none()).ok_or_else(gone)?.roles);
    }
    if let Some(session) = session {
        session::need_live(store, &session?.ok_or_else(gone)?)?;
    }
    if let (Some(user), Some(place)) = (user, place) {
        user?.filter(|user| user.status == Status::Active).ok_or_else(gone)?;
        roles = Some(place?.filter(|place| place.status == Status::Active).ok_or_else(gone)?.roles);
    }
    if status?.ok_or_else(Refusal::not_found)? != Status::Active {
        return Err(membership::inactive_credential());
    }
    let Some(roles) = roles else { return Ok(()) };
    let changed = roles != caller.grant().stored() || (caller.grant().has_custom() && !caller.grant().is_now(store)?);
    if changed { Err(Refusal::new(Code::TOO_BUSY)) } else { Ok(()) }
}

/// Refuses what is not active.
pub fn need_active(status: &Status, what: &str) -> Result<(), Refusal> {
    match status {
        Status::Active => Ok(()),
        Status::Inactive | Status::Other { .. } => Err(Refusal::because(Code::INACTIVE, format!("{what} is inactive"))),
    }
}
