//! Setting up a new platform.

use crate::currency;
use crate::identity::{ApiKey, NewPerson, NewProfile, Profile, User, create_api_key, create_profile, register_user};
use crate::momo::SubscriptionKey;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer};
use crate::tier;
use crate::{seal, secrets};
use florin_sdk_core::model::{ProfileData, ProfileType};
use florin_sdk_core::{Secret, Upid, Uuid};
use serde::Serialize;

/// The first administrator's e-mail address.
pub const ADMIN_EMAIL: &str = "admin@florin.local";

/// The credentials of a new platform. They are shown once.
#[derive(Debug, Serialize)]
pub struct FirstCredentials {
    /// The profile of the platform itself.
    pub upid: Upid,
    /// The first administrator.
    pub uuid: Uuid,
    /// The administrator's e-mail address.
    pub email: String,
    /// The administrator's password.
    pub password: Secret,
    /// The first API key.
    pub akid: florin_sdk_core::Akid,
    /// The key itself.
    pub apikey: Secret,
    /// The first subscription key.
    pub subscriptionkey: Secret,
}

/// Whether the platform was set up.
pub fn is_initialised(store: &mut dyn Reader) -> Result<bool, Refusal> {
    Ok(store.first::<User>(User::query())?.is_some())
}

/// Writes a row as it is: to see whether writes reach the disk.
pub fn touch(store: &mut dyn Writer) -> Result<(), Refusal> {
    let Some(user) = store.first::<User>(User::query())? else { return Ok(()) };
    match store.claim::<User>(user.uuid)? {
        Some(user) => Ok(store.update(&user)?),
        None => Ok(()),
    }
}

/// The platform's name: that of its own profile.
pub fn platform_name(store: &mut dyn Reader) -> Result<Option<String>, Refusal> {
    let query = Profile::query().eq(Profile::system, true).ascending(Profile::upid);
    let name = store.first::<Profile>(query)?.map(|profile| profile.display_name());
    Ok(name.filter(|name| !name.is_empty()))
}

/// Makes an API key for the platform's own profile: for an operator who has lost all others.
pub fn rescue_key(store: &mut dyn Writer) -> Result<(ApiKey, Secret), Refusal> {
    let query = Profile::query().eq(Profile::system, true).ascending(Profile::upid);
    let profile = store.first::<Profile>(query)?.ok_or_else(Refusal::not_found)?;
    create_api_key(store, None, profile.upid, "Made by the operator".to_owned(), &["system-admin".to_owned()])
}

/// Sets up a platform: base currencies, the platform's own profile, its administrator, an API key and a subscription
/// key. `password_hash` is the Argon2id hash of `password`.
pub fn initialise(
    store: &mut dyn Writer,
    password: Secret,
    password_hash: String,
) -> Result<FirstCredentials, Refusal> {
    seal::ensure_keys(store)?;
    currency::seed(store)?;
    tier::seed(store)?;
    let data = ProfileData {
        organization_name: Some("Florin".to_owned()),
        admin_first_name: Some("First".to_owned()),
        admin_last_name: Some("Administrator".to_owned()),
        admin_email: Some(ADMIN_EMAIL.to_owned()),
        ..ProfileData::default()
    };
    let new = NewProfile { kind: ProfileType::Organization, parent: None, system: true, data };
    let (mut profile, _) = create_profile(store, new)?;
    let administrator = NewPerson {
        email: ADMIN_EMAIL.to_owned(),
        password: Some(password_hash),
        language: None,
        time_zone: None,
        confirmed: true,
        display_name: Some(profile.display_name()),
    };
    let user = register_user(store, &mut profile, administrator, &["system-admin"])?;
    let (key, apikey) =
        create_api_key(store, None, profile.upid, "First key".to_owned(), &["system-admin".to_owned()])?;
    let subscriptionkey = secrets::hex_key();
    let row = SubscriptionKey {
        number: store.next_id().cast_signed(),
        hash: secrets::fingerprint(subscriptionkey.expose()),
        upid: profile.upid,
        product: None,
        sandbox: false,
        created: store.now(),
    };
    store.insert(&row)?;
    Ok(FirstCredentials {
        upid: profile.upid,
        uuid: user.uuid,
        email: ADMIN_EMAIL.to_owned(),
        password,
        akid: key.akid,
        apikey,
        subscriptionkey,
    })
}
