//! API users: what a merchant's server signs in as. Each acts for a profile and its wallet.

use super::Denial;
use super::key::SubscriptionKey;
use super::sandbox::{self, Mode};
use crate::identity::{need_active, need_profile};
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Reader, Writer, record};
use florin_sdk_core::momo::{Product, ReferenceId};
use florin_sdk_core::{CurrencyCode, Secret, Timestamp, Upid};
use std::fmt::Write as _;

record! {
    /// An API user. Its key is not kept.
    MomoUser in "momo_user" key {
        /// The UUID that its maker chose.
        id: ReferenceId,
    } {
        /// The profile that it acts for; also the owner of its references.
        upid: Upid,
        /// The profile in whose realm it is: subscription keys of others do not see it.
        root: Upid,
        /// The product whose key made it.
        product: Option<Product>,
        /// The target environment that it calls.
        environment: String,
        /// The currency of its balance.
        currency: CurrencyCode,
        /// Where callbacks may go, as its maker wrote it.
        callback_host: String,
        /// The host name in it.
        host: String,
        /// SHA-256 of its key; none before the first.
        key_hash: Option<[u8; 32]>,
        /// Where signed copies of callbacks go, if they are wanted.
        twin_url: Option<String>,
        /// What they are signed with.
        twin_secret: Option<String>,
        /// When it was made.
        created: Timestamp,
    }
}

/// Where an API user's callbacks may go.
#[derive(Debug, Clone)]
pub struct CallbackHost {
    /// As its maker wrote it.
    pub given: String,
    /// The host name in it, in lower case.
    pub host: String,
}

/// The target environment of a sandbox.
pub const SANDBOX: &str = "sandbox";

/// Makes an API user in a sandbox: with a profile and a wallet of its own.
pub fn create_in_sandbox(
    store: &mut dyn Writer,
    key: &SubscriptionKey,
    id: ReferenceId,
    host: CallbackHost,
    settings: &sandbox::Sandbox,
) -> Result<(), Denial> {
    let root = sandbox::root(store.reader())?;
    let before = store.claim::<MomoUser>(id)?;
    if before.as_ref().is_some_and(|user| user.root == root) {
        return Err(Denial::exists());
    }
    let upid = sandbox::new_owner(store, root, id, settings)?;
    let user = MomoUser {
        id,
        upid,
        root,
        product: key.product,
        environment: SANDBOX.to_owned(),
        currency: sandbox::currency()?,
        callback_host: host.given,
        host: host.host,
        key_hash: None,
        twin_url: None,
        twin_secret: None,
        created: store.now(),
    };
    // One of before the last reset: its number is free again.
    match before {
        Some(_) => store.update(&user)?,
        None => store.insert(&user)?,
    }
    Ok(())
}

/// What an API user outside a sandbox is made from.
#[derive(Debug)]
pub struct NewUser {
    /// The profile that it acts for.
    pub upid: Upid,
    /// The target environment that it calls.
    pub environment: String,
    /// The currency of its balance.
    pub currency: CurrencyCode,
    /// Where its callbacks may go.
    pub host: CallbackHost,
}

/// Makes an API user of a profile, with its key and a subscription key that opens every product. The keys are returned
/// here and never again.
pub fn create(store: &mut dyn Writer, new: NewUser) -> Result<(MomoUser, Secret, Secret), Refusal> {
    let profile = need_profile(store.reader(), new.upid)?;
    need_active(&profile.status, "The profile")?;
    let key = new_key();
    let subscription = secrets::hex_key();
    let user = MomoUser {
        id: ReferenceId::from_random(u128::from_be_bytes(secrets::random())),
        upid: new.upid,
        root: new.upid,
        product: None,
        environment: new.environment,
        currency: new.currency,
        callback_host: new.host.given,
        host: new.host.host,
        key_hash: Some(secrets::fingerprint(key.expose())),
        twin_url: None,
        twin_secret: None,
        created: store.now(),
    };
    store.insert(&user)?;
    let row = SubscriptionKey {
        number: store.next_id().cast_signed(),
        hash: secrets::fingerprint(subscription.expose()),
        upid: new.upid,
        product: None,
        sandbox: false,
        created: store.now(),
    };
    store.insert(&row)?;
    Ok((user, key, subscription))
}

/// 32 lower-case hexadecimal digits, as in every example of the contract.
fn new_key() -> Secret {
    let mut text = String::with_capacity(32);
    for byte in secrets::random::<16>() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Secret::from(text)
}

/// The API user, if this subscription key's holder may see it.
pub fn find(store: &mut dyn Reader, key: &SubscriptionKey, id: ReferenceId, mode: &Mode) -> Result<MomoUser, Denial> {
    let root = mode.root(store, key)?;
    store.get::<MomoUser>(id)?.filter(|user| user.root == root).ok_or_else(Denial::not_found)
}

/// Gives an API user a new key; the one before is no longer good. It is returned here and never again.
pub fn replace_key(
    store: &mut dyn Writer,
    key: &SubscriptionKey,
    id: ReferenceId,
    mode: &Mode,
) -> Result<Secret, Denial> {
    find(store.reader(), key, id, mode)?;
    let mut user = store.claim::<MomoUser>(id)?.ok_or_else(Denial::not_found)?;
    let key = new_key();
    user.key_hash = Some(secrets::fingerprint(key.expose()));
    store.update(&user)?;
    Ok(key)
}

/// Asks for signed copies of an API user's callbacks, or no longer. The secret is returned here and never again.
pub fn set_twin(
    store: &mut dyn Writer,
    key: &SubscriptionKey,
    id: ReferenceId,
    mode: &Mode,
    url: Option<String>,
) -> Result<Option<Secret>, Denial> {
    find(store.reader(), key, id, mode)?;
    let mut user = store.claim::<MomoUser>(id)?.ok_or_else(Denial::not_found)?;
    let secret = url.is_some().then(super::callback::new_secret);
    user.twin_url = url;
    user.twin_secret = secret.as_ref().map(|secret| secret.expose().to_owned());
    store.update(&user)?;
    Ok(secret)
}

/// The API user of a pair of user and key.
pub fn sign_in(
    store: &mut dyn Reader,
    subscription: &SubscriptionKey,
    id: &str,
    key: &str,
    mode: &Mode,
) -> Result<MomoUser, Denial> {
    let id: ReferenceId = id.parse().map_err(|_| Denial::Login)?;
    let user = find(store, subscription, id, mode).map_err(|denial| match denial {
        Denial::Because(..) => Denial::Login,
        other => other,
    })?;
    if user.key_hash != Some(secrets::fingerprint(key)) {
        return Err(Denial::Login);
    }
    need_active(&need_profile(store, user.upid)?.status, "The profile").map_err(|_| Denial::Login)?;
    Ok(user)
}
