//! API keys: what a provider's servers call with.

use crate::access::{Caller, grant_roles};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use crate::{ledger, secrets};
use florin_sdk_core::{Akid, Secret, Timestamp, Upid};

record! {
    /// An API key. The key itself is not kept.
    ApiKey in "api_key" key {
        /// Its id.
        akid: Akid,
    } {
        /// The profile that it acts for.
        upid: Upid,
        /// SHA-256 of the key.
        hash: [u8; 32],
        /// The key's last 4 characters, to tell it from others.
        tail: String,
        /// What it is for.
        description: String,
        /// The roles of calls that are made with it.
        roles: Vec<String>,
        /// When it was made.
        created: Timestamp,
        /// When it was ended.
        revoked: Option<Timestamp>,
    }
}

/// Makes a key that acts for the profile `upid`. It is returned here and never again.
pub fn create_api_key(
    store: &mut dyn Writer,
    granter: Option<&Caller>,
    upid: Upid,
    description: String,
    roles: &[String],
) -> Result<(ApiKey, Secret), Refusal> {
    let roles = grant_roles(store.reader(), granter, upid, roles)?;
    let key = secrets::hex_key();
    let tail = key.expose().chars().skip(28).collect();
    let row = ApiKey {
        akid: ledger::id(Akid::new(store.next_id()))?,
        upid,
        hash: secrets::fingerprint(key.expose()),
        tail,
        description,
        roles,
        created: store.now(),
        revoked: None,
    };
    store.insert(&row)?;
    Ok((row, key))
}

/// The working key that this is.
pub fn find_api_key(store: &mut dyn Reader, key: &str) -> Result<Option<ApiKey>, Refusal> {
    let query = ApiKey::query().eq(ApiKey::hash, secrets::fingerprint(key));
    Ok(store.first::<ApiKey>(query)?.filter(|key| key.revoked.is_none()))
}

/// The working keys of a profile.
pub fn list_api_keys(store: &mut dyn Reader, upid: Upid) -> Result<Vec<ApiKey>, Refusal> {
    let mut keys = store.list::<ApiKey>(ApiKey::query().eq(ApiKey::upid, upid).ascending(ApiKey::akid))?;
    keys.retain(|key| key.revoked.is_none());
    Ok(keys)
}

/// Ends a key of the profile `upid`. Ending it again is no error.
pub fn delete_api_key(store: &mut dyn Writer, upid: Upid, akid: Akid) -> Result<(), Refusal> {
    let mut key = store.claim::<ApiKey>(akid)?.filter(|key| key.upid == upid).ok_or_else(Refusal::not_found)?;
    if key.revoked.is_none() {
        key.revoked = Some(store.now());
        store.update(&key)?;
    }
    Ok(())
}
