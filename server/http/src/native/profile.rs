//! Profiles and API keys.

use crate::exchange::{Reading, Writing};
use florin_domain::access::{self, Grant, reach};
use florin_domain::credential;
use florin_domain::identity::{self, NewPerson, NewProfile};
use florin_domain::store::Reader;
use florin_domain::{Refusal, secrets, session};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType};
use florin_sdk_core::operation::{
    Access, ApiKey, ApiKeyList, CreateAPIKey, CreateProfile, CreatedApiKey, CreatedProfile, DeleteAPIKey,
    DeleteExtendedAttribute, Done, ExtendedAttributeList, GetAPIKeyList, GetProfile, GetProfileExtendedAttributeList,
    Operation, Profile, SetExtendedAttribute, UpdateProfile, UpdateSystemProfile,
};
use florin_sdk_core::{Akid, JsonObject, Upid, WebUrl};

/// The profile that is meant, and the credential that it is shown for: the one that asks, or the one it was found by.
struct Meant {
    upid: Upid,
    akid: Option<Akid>,
    roles: Vec<String>,
}

fn meant(call: &mut Reading<'_>, op: &GetProfile) -> Result<Meant, Refusal> {
    if let Some(token) = &op.user_token {
        let session = session::by_user_token(call.store, token.expose())?;
        let grant = identity::grant_on(call.store, session.upid, session.uuid)?.unwrap_or_default();
        return Ok(Meant { upid: session.upid, akid: None, roles: grant.roles().to_vec() });
    }
    if let Some(key) = &op.api_key {
        let key = identity::find_api_key(call.store, key.digits())?.ok_or_else(Refusal::not_found)?;
        let grant = Grant::of(call.store, &key.roles)?;
        return Ok(Meant { upid: key.upid, akid: Some(key.akid), roles: grant.roles().to_vec() });
    }
    let upid = op.upid.unwrap_or(call.caller.upid);
    Ok(Meant { upid, akid: call.caller.akid, roles: call.caller.roles().to_vec() })
}

pub(super) fn get_profile(call: &mut Reading<'_>, op: GetProfile) -> Result<Profile, Refusal> {
    let Meant { upid, akid, roles } = meant(call, &op)?;
    reach::<GetProfile>(call.store, call.caller, upid)?;
    let profile = identity::need_profile(call.store, upid)?;
    let data = profile.data();
    let extended = identity::shown_attributes(call.store, &profile)?;
    let internal = call.caller.has_any(&["internalapp"], Access::Read);
    Ok(Profile {
        upid,
        kind: profile.kind,
        status: profile.status,
        akid,
        tier_level: profile.tier,
        roles,
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
        // Only looked at for a new user.
        (op.password, op.language, op.time_zone) = (None, None, None);
        return Ok(op);
    }
    if op.time_zone.as_deref().is_some_and(|name| !identity::is_time_zone(name)) {
        return Err(Refusal::field("timezone", "must be the name of a time zone, such as Canada/Eastern"));
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
    let email = String::from(op.email);
    let organization = op.kind == ProfileType::Organization;
    let data = ProfileData {
        first_name: op.first_name,
        last_name: op.last_name,
        email: (!organization).then(|| email.clone()),
        admin_first_name: op.admin_first_name,
        admin_last_name: op.admin_last_name,
        admin_email: organization.then(|| email.clone()),
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
    let new =
        NewProfile { kind: op.kind, parent: below.then_some(call.caller.upid), system: op.system == Some(true), data };
    let extended = op.extended.unwrap_or_default();
    let (mut profile, _) = identity::create_profile_with(call.store, call.sealer, new, extended)?;
    let uuid = match op.password.filter(|_| registers) {
        Some(hash) => {
            let person = NewPerson {
                email,
                password: Some(hash.into()),
                language: op.language,
                time_zone: op.time_zone,
                // Until the address is confirmed the user cannot sign in.
                confirmed: op.email_validation == Some(false),
                display_name: Some(profile.display_name()),
            };
            let user = identity::register_user(call.store, &mut profile, person, MASTER_ROLES)?;
            // That it is there was checked with the request.
            let callback = op.callback_url.as_ref().map_or("", WebUrl::as_str);
            credential::invite_to_activate(call.store, call.sealer, &user, callback)?;
            Some(user.uuid)
        }
        None => None,
    };
    Ok(CreatedProfile { upid: profile.upid, uuid })
}

/// What a request says of name, address and the like, by wire name.
fn details(given: [(&str, Option<String>); 17]) -> JsonObject {
    JsonObject(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect())
}

pub(super) fn update_profile(call: &mut Writing<'_>, op: UpdateProfile) -> Result<Done, Refusal> {
    reach::<UpdateProfile>(call.store.reader(), call.caller, op.upid)?;
    let given = details([
        ("phone", op.phone),
        ("address1", op.address1),
        ("address2", op.address2),
        ("city", op.city),
        ("region", op.region),
        ("country", op.country),
        ("postalcode", op.postal_code),
        ("firstname", op.first_name),
        ("lastname", op.last_name),
        ("email", op.email.map(String::from)),
        ("birthday", op.birthday),
        ("organizationname", op.organization_name),
        ("adminfirstname", op.admin_first_name),
        ("adminlastname", op.admin_last_name),
        ("adminemail", op.admin_email.map(String::from)),
        ("industry", op.industry),
        ("registrationid", op.registration_id),
    ]);
    let own = op.upid == call.caller.upid && !call.caller.has_any(UpdateProfile::RIGHTS.any, Access::Write);
    identity::update_profile(call.store, call.sealer, op.upid, given, op.extended.unwrap_or_default(), own)?;
    Ok(Done {})
}

pub(super) fn update_system_profile(call: &mut Writing<'_>, op: UpdateSystemProfile) -> Result<Done, Refusal> {
    reach::<UpdateSystemProfile>(call.store.reader(), call.caller, op.upid)?;
    identity::set_profile_status(call.store, call.caller, op.upid, op.status)?;
    Ok(Done {})
}

pub(super) fn get_profile_extended_attribute_list(
    call: &mut Reading<'_>,
    _: GetProfileExtendedAttributeList,
) -> Result<ExtendedAttributeList, Refusal> {
    Ok(ExtendedAttributeList { attributes: identity::attribute_list(call.store)? })
}

pub(super) fn set_extended_attribute(call: &mut Writing<'_>, op: SetExtendedAttribute) -> Result<Done, Refusal> {
    let flags = op.flags.unwrap_or_default();
    identity::describe_attribute(call.store, op.name, &op.kind, op.label, flags, op.priority)?;
    Ok(Done {})
}

pub(super) fn delete_extended_attribute(call: &mut Writing<'_>, op: DeleteExtendedAttribute) -> Result<Done, Refusal> {
    identity::forget_attribute(call.store, &op.name)?;
    Ok(Done {})
}

/// The profile whose keys are meant: the caller's, or the given one if the caller reaches it.
pub(super) fn keys_of<O: Operation>(
    store: &mut dyn Reader,
    caller: &access::Caller,
    upid: Option<Upid>,
) -> Result<Upid, Refusal> {
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
