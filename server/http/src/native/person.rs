//! People who sign in: their profiles, and what the platform does with them.

use crate::exchange::{Reading, Writing};
use florin_domain::identity::{self, Place, User};
use florin_domain::{Refusal, credential};
use florin_sdk_core::model::Status;
use florin_sdk_core::operation::{
    DefaultProfile, Done, GetProfileList, GetSystemUser, ListedProfile, ProfileList, SystemUser, SystemUserAnswer,
    UpdateSystemUser,
};

/// The language of a user who has said nothing.
const DEFAULT_LANGUAGE: &str = "en";

pub(super) fn get_profile_list(call: &mut Reading<'_>, _: GetProfileList) -> Result<ProfileList, Refusal> {
    let user = match call.caller.uuid {
        Some(uuid) => call.store.get::<User>(uuid)?.filter(|user| user.provider_user_id.is_none()),
        None => None,
    };
    let places = if let Some(user) = user {
        identity::places_of(call.store, &user)?
    } else {
        // An API key, or an end user's app: it stands for one profile.
        let profile = identity::need_profile(call.store, call.caller.upid)?;
        let is_master =
            call.caller.mtid.is_some() || (call.caller.uuid.is_some() && profile.master == call.caller.uuid);
        vec![Place { profile, roles: call.caller.roles().to_vec(), is_master, is_default: true }]
    };
    let shown = |place: Place| ListedProfile {
        upid: place.profile.upid,
        name: place.profile.display_name(),
        kind: place.profile.kind,
        roles: place.roles,
        is_master: place.is_master,
        is_default: place.is_default,
    };
    Ok(ProfileList { profiles: places.into_iter().map(shown).collect() })
}

pub(super) fn get_system_user(call: &mut Reading<'_>, op: GetSystemUser) -> Result<SystemUserAnswer, Refusal> {
    let found = match (op.uuid, op.email) {
        (Some(uuid), _) => call.store.get::<User>(uuid)?,
        (None, Some(email)) => identity::by_email(call.store, email.as_str())?,
        (None, None) => None,
    };
    let user = found.ok_or_else(Refusal::not_found)?;
    let upid = identity::default_profile(call.store, &user)?.unwrap_or(user.upid);
    let profile = identity::need_profile(call.store, upid)?;
    let grant = identity::grant_on(call.store, upid, user.uuid)?.unwrap_or_default();
    // A person whose address is not confirmed cannot sign in; a provider's end user has none to confirm.
    let works = user.status == Status::Active && (user.confirmed.is_some() || user.email.is_none());
    let is_mfa_enabled = credential::is_mfa_on(call.store, user.uuid)?;
    let data = profile.data();
    Ok(SystemUserAnswer {
        user: SystemUser {
            uuid: user.uuid,
            email: user.email.unwrap_or_default(),
            is_mfa_enabled,
            language: user.language.unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned()),
            status: if works { Status::Active } else { Status::Inactive },
            default_profile: DefaultProfile {
                upid,
                kind: profile.kind,
                status: profile.status,
                tier_level: profile.tier,
                roles: grant.roles().to_vec(),
                data,
            },
        },
    })
}

pub(super) fn update_system_user(call: &mut Writing<'_>, op: UpdateSystemUser) -> Result<Done, Refusal> {
    identity::set_user_status(call.store, call.caller, op.uuid, op.status)?;
    Ok(Done {})
}
