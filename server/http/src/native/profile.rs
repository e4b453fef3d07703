//! Profiles and API keys.

use crate::exchange::{Reading, Writing};
use florin_domain::Refusal;
use florin_domain::access::{self, reach};
use florin_domain::identity::{self, NewProfile};
use florin_domain::store::Reader;
use florin_sdk_core::Upid;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType};
use florin_sdk_core::operation::{
    Access, ApiKey, ApiKeyList, CreateAPIKey, CreateProfile, CreatedApiKey, CreatedProfile, DeleteAPIKey, Done,
    GetAPIKeyList, GetProfile, Operation, Profile,
};

pub(super) fn get_profile(call: &mut Reading<'_>, op: GetProfile) -> Result<Profile, Refusal> {
    let upid = op.upid.unwrap_or(call.caller.upid);
    reach::<GetProfile>(call.store, call.caller, upid)?;
    let profile = identity::need_profile(call.store, upid)?;
    let data = profile.data();
    let internal = call.caller.has_any(&["internalapp"], Access::Read);
    Ok(Profile {
        upid,
        kind: profile.kind,
        status: profile.status,
        akid: call.caller.akid,
        tier_level: profile.tier,
        roles: call.caller.roles.clone(),
        data,
        version: profile.version,
        master_uuid: profile.master,
        parent_upid: profile.parent,
        fsid: profile.fee_schedule,
        internal: internal.then(florin_sdk_core::JsonObject::default),
        extended: (!profile.extended.is_empty()).then_some(profile.extended),
    })
}

pub(super) fn create_profile(call: &mut Writing<'_>, op: CreateProfile) -> Result<CreatedProfile, Refusal> {
    let below = op.sub_profile == Some(true);
    let rights = if below {
        CreateProfile::RIGHTS.child
    } else {
        CreateProfile::RIGHTS.any
    };
    let may = |names: &[&str]| call.caller.has_any(names, Access::Write);
    if !may(rights) {
        return Err(Refusal::new(Code::FORBIDDEN));
    }
    if op.system == Some(true) && !call.caller.rights(Access::Write).is_superuser() {
        return Err(Refusal::because(
            Code::FORBIDDEN,
            "Only a superuser makes system profiles",
        ));
    }
    if op.email_validation == Some(false) && !may(&["createusernoemailvalidation"]) {
        return Err(Refusal::because(
            Code::FORBIDDEN,
            "The credential may not skip the validation of e-mail addresses",
        ));
    }
    if op.register_user == Some(true) {
        return Err(Refusal::field(
            "registeruser",
            "is not offered by this version: people cannot sign in yet",
        ));
    }
    let organization = op.kind == ProfileType::Organization;
    let data = ProfileData {
        first_name: op.first_name,
        last_name: op.last_name,
        email: (!organization).then(|| op.email.clone()),
        admin_first_name: op.admin_first_name,
        admin_last_name: op.admin_last_name,
        admin_email: organization.then_some(op.email),
        organization_name: op.organization_name,
        address1: op.address1,
        address2: op.address2,
        city: op.city,
        region: op.region,
        country: op.country,
        postal_code: op.postal_code,
        phone: op.phone,
        birthday: op.birthday,
        industry: op.industry,
        registration_id: op.registration_id,
    };
    let (profile, _) = identity::create_profile(
        call.store,
        NewProfile {
            kind: op.kind,
            parent: below.then_some(call.caller.upid),
            system: op.system == Some(true),
            data,
            extended: op.extended.unwrap_or_default(),
        },
    )?;
    Ok(CreatedProfile {
        upid: profile.upid,
        uuid: None,
    })
}

/// The profile whose keys are meant: the caller's, or the given one if the caller reaches it.
fn keys_of<O: Operation>(store: &mut dyn Reader, caller: &access::Caller, upid: Option<Upid>) -> Result<Upid, Refusal> {
    let upid = upid.unwrap_or(caller.upid);
    reach::<O>(store, caller, upid)?;
    identity::need_profile(store, upid)?;
    Ok(upid)
}

pub(super) fn create_api_key(call: &mut Writing<'_>, op: CreateAPIKey) -> Result<CreatedApiKey, Refusal> {
    let upid = keys_of::<CreateAPIKey>(call.store.reader(), call.caller, op.upid)?;
    let (row, api_key) = identity::create_api_key(call.store, Some(call.caller), upid, op.description, op.roles)?;
    Ok(CreatedApiKey {
        upid,
        akid: row.akid,
        api_key,
    })
}

pub(super) fn get_api_key_list(call: &mut Reading<'_>, op: GetAPIKeyList) -> Result<ApiKeyList, Refusal> {
    let upid = keys_of::<GetAPIKeyList>(call.store, call.caller, op.upid)?;
    let keys = identity::list_api_keys(call.store, upid)?
        .into_iter()
        .map(|key| ApiKey {
            akid: key.akid,
            masked: format!("{}{}", "*".repeat(28), key.tail),
            description: key.description,
            roles: key.roles,
        });
    Ok(ApiKeyList {
        api_keys: keys.collect(),
    })
}

pub(super) fn delete_api_key(call: &mut Writing<'_>, op: DeleteAPIKey) -> Result<Done, Refusal> {
    let upid = keys_of::<DeleteAPIKey>(call.store.reader(), call.caller, op.upid)?;
    identity::delete_api_key(call.store, upid, op.akid)?;
    Ok(Done {})
}
