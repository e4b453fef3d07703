//! Profiles and API keys.

use crate::exchange::{Reading, Writing};
use florin_domain::access::{self, Grant, reach};
use florin_domain::identity::{self, NewPerson, NewProfile};
use florin_domain::store::Reader;
use florin_domain::{Refusal, secrets};
use florin_sdk_core::Upid;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType};
use florin_sdk_core::operation::{
    Access, ApiKey, ApiKeyList, CreateAPIKey, CreateProfile, CreatedApiKey, CreatedProfile, DeleteAPIKey, Done,
    GetAPIKeyList, GetProfile, Operation, Profile,
};
use url::Url;

pub(super) fn get_profile(call: &mut Reading<'_>, op: GetProfile) -> Result<Profile, Refusal> {
    let upid = op.upid.unwrap_or(call.caller.upid);
    reach::<GetProfile>(call.store, call.caller, upid)?;
    let profile = identity::need_profile(call.store, upid)?;
    let data = profile.data();
    let extended = profile.shown_attributes();
    let internal = call.caller.has_any(&["internalapp"], Access::Read);
    Ok(Profile {
        upid,
        kind: profile.kind,
        status: profile.status,
        akid: call.caller.akid,
        tier_level: profile.tier,
        roles: call.caller.roles().to_vec(),
        data,
        version: profile.version,
        master_uuid: profile.master,
        parent_upid: profile.parent,
        fsid: profile.fee_schedule,
        internal: internal.then(florin_sdk_core::JsonObject::default),
        extended: Some(extended).filter(|attributes| !attributes.is_empty()),
    })
}

/// Checks what needs more than a table, and puts the hash in the password's place: hashing is slow on purpose.
pub(super) fn prepare_profile(mut op: CreateProfile) -> Result<CreateProfile, Refusal> {
    if op.register_user != Some(true) {
        op.password = None;
        return Ok(op);
    }
    if op.callback_url.as_deref().is_some_and(|text| !Url::parse(text).is_ok_and(|url| url.has_host())) {
        return Err(Refusal::field("callbackurl", "must be a URL"));
    }
    op.password = op.password.as_ref().map(|password| secrets::hash_password(password).map(Into::into)).transpose()?;
    Ok(op)
}

/// What the user has on a profile that was made with it (concepts.md, section 5).
const MASTER_ROLES: &[&str] = &["profile-admin"];

pub(super) fn create_profile(call: &mut Writing<'_>, op: CreateProfile) -> Result<CreatedProfile, Refusal> {
    let below = op.sub_profile == Some(true);
    let rights = if below { CreateProfile::RIGHTS.child } else { CreateProfile::RIGHTS.any };
    let may = |names: &[&str]| call.caller.has_any(names, Access::Write);
    if !may(rights) {
        return Err(Refusal::new(Code::FORBIDDEN));
    }
    if op.system == Some(true) && !call.caller.is_superuser() {
        return Err(Refusal::because(Code::FORBIDDEN, "Only a superuser makes system profiles"));
    }
    if op.email_validation == Some(false) && !may(&["createusernoemailvalidation"]) {
        return Err(Refusal::because(
            Code::FORBIDDEN,
            "The credential may not skip the validation of e-mail addresses",
        ));
    }
    let registers = op.register_user == Some(true);
    if registers && !may(&["createuser"]) {
        return Err(Refusal::because(Code::FORBIDDEN, "The credential may not register users"));
    }
    let email = op.email.to_lowercase();
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
    let (mut profile, _) = identity::create_profile(
        call.store,
        NewProfile {
            kind: op.kind,
            parent: below.then_some(call.caller.upid),
            system: op.system == Some(true),
            data,
            extended: op.extended.unwrap_or_default(),
        },
    )?;
    let uuid = match op.password.filter(|_| registers) {
        Some(hash) => {
            let person = NewPerson {
                email,
                password: Some(hash.into()),
                language: op.language,
                time_zone: op.time_zone,
                // Until the address is confirmed the user cannot sign in.
                confirmed: op.email_validation == Some(false),
            };
            Some(identity::register_user(call.store, &mut profile, person, MASTER_ROLES)?.uuid)
        }
        None => None,
    };
    Ok(CreatedProfile { upid: profile.upid, uuid })
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
    let (row, api_key) = identity::create_api_key(call.store, Some(call.caller), upid, op.description, &op.roles)?;
    Ok(CreatedApiKey { upid, akid: row.akid, api_key })
}

pub(super) fn get_api_key_list(call: &mut Reading<'_>, op: GetAPIKeyList) -> Result<ApiKeyList, Refusal> {
    let upid = keys_of::<GetAPIKeyList>(call.store, call.caller, op.upid)?;
    let mut api_keys = Vec::new();
    for key in identity::list_api_keys(call.store, upid)? {
        api_keys.push(ApiKey {
            akid: key.akid,
            masked: format!("{}{}", "*".repeat(28), key.tail),
            description: key.description,
            roles: Grant::of(call.store, &key.roles)?.roles().to_vec(),
        });
    }
    Ok(ApiKeyList { api_keys })
}

pub(super) fn delete_api_key(call: &mut Writing<'_>, op: DeleteAPIKey) -> Result<Done, Refusal> {
    let upid = keys_of::<DeleteAPIKey>(call.store.reader(), call.caller, op.upid)?;
    identity::delete_api_key(call.store, upid, op.akid)?;
    Ok(Done {})
}
