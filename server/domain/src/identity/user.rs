//! A provider's end users. Each has a profile of its own below the provider's, with a default wallet.

use super::membership::{Membership, memberships_of};
use super::profile::{NewProfile, Profile, create_profile, default_wallet};
use crate::access::{Caller, Grant};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use crate::{identity, ledger, momo, session};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{ProfileData, ProfileType, Status};
use florin_sdk_core::operation::{self, Access};
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
        /// Language of a person who signs in: two letters.
        language: Option<String>,
        /// Time zone of a person who signs in, by its name in the tz database.
        time_zone: Option<String>,
        /// When the e-mail address was confirmed; until then the person cannot sign in.
        confirmed: Option<Timestamp>,
    }
}

/// A person who is to sign in.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// E-mail address, by which they sign in; kept in small letters.
    pub email: String,
    /// Argon2id hash of the password; none of one who is to choose it by a link.
    pub password: Option<String>,
    /// Two letters.
    pub language: Option<String>,
    /// A name in the tz database.
    pub time_zone: Option<String>,
    /// Whether the address needs no more confirmation.
    pub confirmed: bool,
    /// The name to show.
    pub display_name: Option<String>,
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
    let new = NewProfile { kind: ProfileType::Individual, parent: Some(provider), system: false, data };
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
        language: None,
        time_zone: None,
        confirmed: None,
    };
    store.insert(&user)?;
    momo::party::note(store, provider, user.uuid, &user.metadata)?;
    Ok((user, wallet.waid))
}

/// Makes a user who signs in with an e-mail address, as the master of `profile`, with these built-in roles on it.
pub fn register_user(
    store: &mut dyn Writer,
    profile: &mut Profile,
    person: NewPerson,
    roles: &[&str],
) -> Result<User, Refusal> {
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    let user = invite_user(store, profile, person, roles)?;
    profile.master = Some(user.uuid);
    store.update(profile)?;
    Ok(user)
}

/// Makes a user who signs in with an e-mail address and has a place on `profile`, which becomes the user's default, with
/// these roles as they are stored.
pub fn invite_user(
    store: &mut dyn Writer,
    profile: &Profile,
    person: NewPerson,
    roles: Vec<String>,
) -> Result<User, Refusal> {
    let email = person.email.to_lowercase();
    if by_email(store.reader(), &email)?.is_some() {
        return Err(Refusal::because(Code::ALREADY_EXISTS, "There is a user with this e-mail address already"));
    }
    let now = store.now();
    let user = User {
        uuid: ledger::id(Uuid::new(store.next_id()))?,
        upid: profile.upid,
        provider: None,
        provider_user_id: None,
        display_name: person.display_name,
        metadata: JsonObject::default(),
        status: Status::Active,
        email: Some(email),
        password: person.password,
        created: now,
        language: person.language,
        time_zone: person.time_zone,
        confirmed: person.confirmed.then_some(now),
    };
    store.insert(&user)?;
    store.insert(&Membership { upid: profile.upid, uuid: user.uuid, roles, status: Status::Active, created: now })?;
    Ok(user)
}

/// The person who signs in with this e-mail address; upper and lower case are alike.
pub fn by_email(store: &mut dyn Reader, email: &str) -> Result<Option<User>, Refusal> {
    Ok(store.first::<User>(User::query().eq(User::email, email.to_lowercase()))?)
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

/// Switches any user on or off. What an inactive one had signed in with ends, and stays ended.
///
/// # Errors
/// `INVALID_REQUEST` for the caller's own user, who could not switch themselves on again; `FORBIDDEN` for a user who may
/// everything, unless the caller does, too.
pub fn set_user_status(store: &mut dyn Writer, caller: &Caller, uuid: Uuid, status: Status) -> Result<(), Refusal> {
    let user = store.claim::<User>(uuid)?.ok_or_else(Refusal::not_found)?;
    if user.provider_user_id.is_some() {
        return update_user(store, uuid, None, None, Some(status));
    }
    if caller.uuid == Some(uuid) {
        return Err(Refusal::field("uuid", "must not be the caller's own user"));
    }
    if !caller.is_superuser() {
        for place in memberships_of(store.reader(), uuid)? {
            if Grant::of(store.reader(), &place.roles)?.rights(Access::Write).is_superuser() {
                return Err(Refusal::because(Code::FORBIDDEN, "Only a superuser switches a superuser on or off"));
            }
        }
    }
    // Whoever switches a user on vouches for an address that was not confirmed.
    let confirmed = user.confirmed.or_else(|| (status == Status::Active).then(|| store.now()));
    let ends = status != Status::Active && user.status == Status::Active;
    store.update(&User { status, confirmed, ..user })?;
    if ends {
        session::revoke_all_of(store, uuid)?;
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
