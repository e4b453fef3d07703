//! Profiles, users, and the credentials that act for them.

mod api_key;
mod mobile_token;
mod profile;
mod user;

pub use api_key::{ApiKey, create_api_key, delete_api_key, list_api_keys};
pub use mobile_token::{MobileToken, create_mobile_token, list_mobile_tokens, revoke_all, revoke_mobile_token};
pub use profile::{NewProfile, Profile, create_profile, default_wallet, need_profile};
pub use user::{
    Selector, User, create_user, find_user, list_users, need_user, public_user, register_user, update_user,
};

use crate::access::Caller;
use crate::refusal::Refusal;
use crate::secrets;
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

/// Finds whose credential it is, and whether it works now.
pub fn authenticate(store: &mut dyn Reader, credential: &Credential<'_>) -> Result<Caller, Refusal> {
    let unknown = || Refusal::new(Code::NOT_AUTHENTICATED);
    match credential {
        Credential::ApiKey(key) => {
            let hash = secrets::fingerprint(key);
            let key = store.first::<ApiKey>(ApiKey::query().eq(ApiKey::hash, hash))?.ok_or_else(unknown)?;
            if key.revoked.is_some() {
                return Err(unknown());
            }
            need_active(&need_profile(store, key.upid)?.status, "The profile of this API key")?;
            Ok(Caller::api_key(key.upid, key.akid, key.roles))
        }
        Credential::Bearer(token) => {
            let hash = secrets::fingerprint(token);
            let query = MobileToken::query().eq(MobileToken::hash, hash);
            let token = store.first::<MobileToken>(query)?.ok_or_else(unknown)?;
            let user = store.get::<User>(token.uuid)?.ok_or_else(unknown)?;
            need_active(&user.status, "The user of this token")?;
            need_active(&need_profile(store, user.upid)?.status, "The profile of this user")?;
            let provider = user.provider.ok_or_else(unknown)?;
            need_active(&need_profile(store, provider)?.status, "The provider of this user")?;
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

/// Refuses a caller whose API key was ended after it was looked at, or whose profile is no longer active.
pub fn need_working(store: &mut dyn Reader, caller: &Caller) -> Result<(), Refusal> {
    // Both are asked for before either is looked at: an engine that is far away fetches them together.
    let revoked = caller.akid.map(|akid| store.cell(akid, ApiKey::revoked));
    let status = store.cell(caller.upid, Profile::status);
    if let Some(revoked) = revoked
        && revoked?.is_none_or(|revoked| revoked.is_some())
    {
        return Err(Refusal::new(Code::NOT_AUTHENTICATED));
    }
    need_active(&status?.ok_or_else(Refusal::not_found)?, "The profile of this API key")
}

/// Refuses what is not active.
pub fn need_active(status: &Status, what: &str) -> Result<(), Refusal> {
    match status {
        Status::Active => Ok(()),
        Status::Inactive | Status::Other { .. } => Err(Refusal::because(Code::INACTIVE, format!("{what} is inactive"))),
    }
}
