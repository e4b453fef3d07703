//! A provider's end users. Each has a profile of its own below the provider's, with a default wallet.

use super::profile::{NewProfile, Profile, create_profile, default_wallet};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use crate::{identity, ledger, momo};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType, Status};
use florin_sdk_core::operation;
use florin_sdk_core::{JsonObject, Timestamp, Upid, Uuid, Waid};

record! {
    /// A user.
    User in "app_user" key {
        /// The user.
        uuid: Uuid,
    } {
        /// The user's own profile.
        upid: Upid,
        /// The profile of the provider whose end user it is; none of a person who signs in.
        provider: Option<Upid>,
        /// The provider's own name for it; unique within the provider, never changed.
        provider_user_id: Option<String>,
        /// The name to show.
        display_name: Option<String>,
        /// What the provider keeps with it.
        metadata: JsonObject,
        /// Active or inactive.
        status: Status,
        /// E-mail address, of a person who signs in.
        email: Option<String>,
        /// Argon2id hash of the password, of a person who signs in.
        password: Option<String>,
        /// When it was made.
        created: Timestamp,
    }
}

/// How a request names a user: by exactly one of the two.
#[derive(Debug, Clone, Copy)]
pub struct Selector<'a> {
    /// The provider's own name for it.
    pub provider_user_id: Option<&'a str>,
    /// The user.
    pub uuid: Option<Uuid>,
}

/// Makes a user of `provider`.
pub fn create_user(
    store: &mut dyn Writer,
    provider: Upid,
    provider_user_id: &str,
    display_name: Option<String>,
    metadata: JsonObject,
) -> Result<(User, Waid), Refusal> {
    if by_provider_id(store.reader(), provider, provider_user_id)?.is_some() {
        return Err(Refusal::because(Code::ALREADY_EXISTS, "There is a user with this provideruserid already"));
    }
    let data = ProfileData { first_name: display_name.clone(), ..ProfileData::default() };
    let new = NewProfile {
        kind: ProfileType::Individual,
        parent: Some(provider),
        system: false,
        data,
        extended: JsonObject::default(),
    };
    let (profile, wallet) = create_profile(store, new)?;
    let user = User {
        uuid: ledger::id(Uuid::new(store.next_id()))?,
        upid: profile.upid,
        provider: Some(provider),
        provider_user_id: Some(provider_user_id.to_owned()),
        display_name,
        metadata,
        status: Status::Active,
        email: None,
        password: None,
        created: store.now(),
    };
    store.insert(&user)?;
    momo::party::note(store, provider, user.uuid, &user.metadata)?;
    Ok((user, wallet.waid))
}

/// Makes a user who signs in with an e-mail address and a password, as the master of `profile`.
pub fn register_user(
    store: &mut dyn Writer,
    profile: &mut Profile,
    email: &str,
    password_hash: String,
    status: Status,
) -> Result<User, Refusal> {
    if store.first::<User>(User::query().eq(User::email, email))?.is_some() {
        return Err(Refusal::because(Code::ALREADY_EXISTS, "There is a user with this e-mail address already"));
    }
    let user = User {
        uuid: ledger::id(Uuid::new(store.next_id()))?,
        upid: profile.upid,
        provider: None,
        provider_user_id: None,
        display_name: Some(profile.display_name()),
        metadata: JsonObject::default(),
        status,
        email: Some(email.to_owned()),
        password: Some(password_hash),
        created: store.now(),
    };
    store.insert(&user)?;
    profile.master = Some(user.uuid);
    store.update(profile)?;
    Ok(user)
}

fn by_provider_id(store: &mut dyn Reader, provider: Upid, id: &str) -> Result<Option<User>, Refusal> {
    Ok(store.first(User::query().eq(User::provider, provider).eq(User::provider_user_id, id))?)
}

/// The user that a request names, among all or, by the provider's own name, among those of `provider`.
pub fn find_user(store: &mut dyn Reader, provider: Upid, selector: Selector<'_>) -> Result<Option<User>, Refusal> {
    match selector {
        Selector { uuid: Some(uuid), .. } => Ok(store.get(uuid)?),
        Selector { provider_user_id: Some(id), .. } => by_provider_id(store, provider, id),
        Selector { .. } => Ok(None),
    }
}

/// The same, or `NOT_FOUND`.
pub fn need_user(store: &mut dyn Reader, provider: Upid, selector: Selector<'_>) -> Result<User, Refusal> {
    find_user(store, provider, selector)?.ok_or_else(Refusal::not_found)
}

/// Changes what is given.
pub fn update_user(
    store: &mut dyn Writer,
    uuid: Uuid,
    display_name: Option<String>,
    metadata: Option<JsonObject>,
    status: Option<Status>,
) -> Result<(), Refusal> {
    let mut user = store.claim::<User>(uuid)?.ok_or_else(Refusal::not_found)?;
    let deactivated = status == Some(Status::Inactive) && user.status == Status::Active;
    user.display_name = display_name.or(user.display_name);
    if let (Some(metadata), Some(provider)) = (&metadata, user.provider) {
        momo::party::note(store, provider, uuid, metadata)?;
    }
    user.metadata = metadata.unwrap_or(user.metadata);
    if let Some(status) = status {
        // The profile with its user: its wallets neither pay nor are paid while it is inactive.
        let mut profile = store.claim::<Profile>(user.upid)?.ok_or_else(Refusal::not_found)?;
        profile.status = status.clone();
        profile.version += 1;
        store.update(&profile)?;
        user.status = status;
    }
    store.update(&user)?;
    if deactivated {
        // A token must not come back to life with its user: the phone may have been stolen.
        identity::revoke_all(store, user.uuid)?;
    }
    Ok(())
}

/// A page of a provider's users, oldest first, and whether there are more.
pub fn list_users(
    store: &mut dyn Reader,
    provider: Upid,
    after: Option<Uuid>,
    search: Option<&str>,
    limit: usize,
) -> Result<(Vec<User>, bool), Refusal> {
    let mut query = User::query().eq(User::provider, provider).ascending(User::uuid).limit(limit + 1);
    if let Some(after) = after {
        query = query.greater(User::uuid, after);
    }
    if let Some(text) = search {
        query = query.contains(&["provider_user_id", "display_name"], text);
    }
    let mut users = store.list::<User>(query)?;
    let more = users.len() > limit;
    users.truncate(limit);
    Ok((users, more))
}

/// As answers show it: to the provider with all metadata, to the user's own app without what is private.
pub fn public_user(store: &mut dyn Reader, user: User, to_provider: bool) -> Result<operation::User, Refusal> {
    let mut metadata = user.metadata;
    if !to_provider {
        metadata.0.retain(|key, _| !key.starts_with('_') && !key.starts_with("private"));
    }
    Ok(operation::User {
        uuid: user.uuid,
        upid: user.upid,
        waid: default_wallet(store, user.upid)?.waid,
        provider_user_id: user.provider_user_id.unwrap_or_default(),
        display_name: user.display_name,
        metadata: (!metadata.is_empty()).then_some(metadata),
        status: user.status,
        created: user.created,
    })
}
