//! The keys that access tokens are signed with.
//!
//! One of them signs: the newest that was not retired. One that was retired stays in `jwks.json` until the last token
//! that it signed has ended, so that nobody has to sign in again when keys are changed; its private part is wiped at once.

use super::MAX_LIFETIME_S;
use crate::refusal::Refusal;
use crate::seal::{Component, Purpose, Sealed, Sealer};
use crate::secrets;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::Timestamp;
use florin_sdk_core::code::Code;
use florin_sdk_core::jwt::{Jwk, JwkSet};
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs8::EncodePrivateKey as _;
use serde::Serialize;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// How long a key signs until another takes its place: 90 days, in seconds.
pub const KEY_AGE_S: i64 = 90 * 86_400;

/// Bits of a key: the least that RS256 allows, and the length that every library takes.
const BITS: usize = 2048;

record! {
    /// A key that signs access tokens, or did.
    SigningKey in "signing_key" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// What tokens call it.
        kid: String,
        /// The public modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
        /// The private key, PKCS#8; nothing after it was retired.
        private: Option<Sealed>,
        /// When it was made.
        created: Timestamp,
        /// When it stopped to sign.
        retired: Option<Timestamp>,
    }
}

impl SigningKey {
    /// As `jwks.json` shows it.
    #[must_use]
    pub fn public(&self) -> Jwk {
        Jwk::rsa(self.kid.clone(), &self.modulus, &self.exponent)
    }

    /// Whether tokens that it signed may still be good.
    #[must_use]
    pub fn verifies(&self, now: Timestamp) -> bool {
        self.retired.is_none_or(|retired| retired.plus_seconds(i64::from(MAX_LIFETIME_S)) > now)
    }

    /// Signs. Takes about a millisecond: not on the thread of the writer.
    pub(super) fn sign<T: Serialize>(&self, sealer: &Sealer, claims: &T) -> Result<String, Refusal> {
        let failed = |what: &str| {
            tracing::error!(kid = self.kid, "a token could not be signed: {what}");
            Refusal::new(Code::SYSTEM_ERROR)
        };
        let sealed = self.private.as_ref().ok_or_else(|| failed("the key is retired"))?;
        let pair = RsaKeyPair::from_pkcs8(&sealer.unseal(&place(self.number), sealed)?)
            .map_err(|_| failed("the key is none"))?;
        let signed = florin_sdk_core::jwt::signing_input(&self.kid, claims).map_err(|_| failed("no JSON"))?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| failed("ring refused"))?;
        Ok(florin_sdk_core::jwt::with_signature(&signed, &signature))
    }
}

/// Where the private part of a key is at rest. Signing in needs it: it opens with the component that knows people.
fn place(number: i64) -> Purpose {
    Purpose::of(Component::Omnipass, SigningKey::private, number)
}

/// A new key that is in no table yet.
#[derive(Clone)]
pub struct NewKey {
    kid: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    private: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// Makes a key. Takes up to a second of one core: never on a thread that others wait for.
pub fn generate() -> Result<NewKey, Refusal> {
    let failed = |what: &str| {
        tracing::error!("no signing key could be made: {what}");
        Refusal::new(Code::SYSTEM_ERROR)
    };
    let key = rsa::PrivateKey::new(&mut getrandom::SysRng, BITS).map_err(|e| failed(&e.to_string()))?;
    let document = key.to_pkcs8_der().map_err(|e| failed(&e.to_string()))?;
    let pair = RsaKeyPair::from_pkcs8(document.as_bytes()).map_err(|_| failed("ring refuses it"))?;
    let (modulus, exponent) = {
        let public = pair.public_key();
        let public: ring::signature::RsaPublicKeyComponents<Vec<u8>> = public.into();
        (public.n, public.e)
    };
    let private = Zeroizing::new(document.as_bytes().to_vec());
    Ok(NewKey { kid: name(&modulus, &exponent), modulus, exponent, private })
}

/// The name of a key: 32 digits of the fingerprint of its public part (RFC 7638, shortened to the contract's length).
fn name(modulus: &[u8], exponent: &[u8]) -> String {
    let jwk = Jwk::rsa(String::new(), modulus, exponent);
    let canonical = format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, jwk.e, jwk.n);
    let mut text = String::with_capacity(32);
    for byte in secrets::fingerprint(&canonical).iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The key that signs now, if there is one.
pub fn active(store: &mut dyn Reader) -> Result<Option<SigningKey>, Refusal> {
    let mut keys = store.list::<SigningKey>(SigningKey::query().descending(SigningKey::number))?;
    keys.retain(|key| key.retired.is_none() && key.private.is_some());
    Ok(keys.into_iter().next())
}

/// Whether a new key is due: there is none, or it signs for too long already.
pub fn is_due(store: &mut dyn Reader) -> Result<bool, Refusal> {
    let now = store.now();
    Ok(active(store)?.is_none_or(|key| key.created.plus_seconds(KEY_AGE_S) <= now))
}

/// The public keys: those that sign, and those of which tokens may still be good.
pub fn published(store: &mut dyn Reader) -> Result<JwkSet, Refusal> {
    let now = store.now();
    let mut keys = store.list::<SigningKey>(SigningKey::query().descending(SigningKey::number))?;
    keys.retain(|key| key.verifies(now));
    Ok(JwkSet { keys: keys.iter().map(SigningKey::public).collect() })
}

/// The key of this name, if its tokens may still be good.
pub(super) fn find(store: &mut dyn Reader, kid: &str) -> Result<Option<SigningKey>, Refusal> {
    let now = store.now();
    let key = store.first::<SigningKey>(SigningKey::query().eq(SigningKey::kid, kid))?;
    Ok(key.filter(|key| key.verifies(now)))
}

/// Puts a new key in the place of those that sign, whose private parts are wiped.
pub fn rotate(store: &mut dyn Writer, sealer: &Sealer, new: &NewKey) -> Result<SigningKey, Refusal> {
    let now = store.now();
    for key in store.list::<SigningKey>(SigningKey::query().ascending(SigningKey::number))? {
        if key.retired.is_none()
            && let Some(mut key) = store.claim::<SigningKey>(key.number)?
        {
            (key.retired, key.private) = (Some(now), None);
            store.update(&key)?;
        }
    }
    let number = store.next_id().cast_signed();
    let key = SigningKey {
        number,
        kid: new.kid.clone(),
        modulus: new.modulus.clone(),
        exponent: new.exponent.clone(),
        private: Some(sealer.seal(&place(number), &new.private)?),
        created: now,
        retired: None,
    };
    store.insert(&key)?;
    Ok(key)
}

/// The same, if a new key is still due: several processes may find that at once.
pub fn rotate_if_due(store: &mut dyn Writer, sealer: &Sealer, new: &NewKey) -> Result<bool, Refusal> {
    let due = is_due(store.reader())?;
    if due {
        rotate(store, sealer, new)?;
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::jwt::{JwtFault, Unverified};

    fn row(new: &NewKey, sealer: &Sealer) -> SigningKey {
        SigningKey {
            number: 1,
            kid: new.kid.clone(),
            modulus: new.modulus.clone(),
            exponent: new.exponent.clone(),
            private: Some(sealer.seal(&place(1), &new.private).unwrap()),
            created: Timestamp::from_millis(0),
            retired: None,
        }
    }

    #[test]
    fn what_a_key_signs_its_public_part_verifies_and_no_other() {
        let sealer = Sealer::of_its_own();
        let (key, other) = (row(&generate().unwrap(), &sealer), row(&generate().unwrap(), &sealer));
        assert_eq!(key.kid.len(), 32);
        let token = key.sign(&sealer, &serde_json::json!({ "a": 1 })).unwrap();
        let read = Unverified::read(&token).unwrap();
        assert_eq!(read.kid(), key.kid);
        assert_eq!(read.verify::<serde_json::Value>(&key.public()).unwrap(), serde_json::json!({ "a": 1 }));
        let mut disguised = other.public();
        disguised.kid.clone_from(&key.kid);
        assert_eq!(read.verify::<serde_json::Value>(&disguised), Err(JwtFault::Signature));
        assert_eq!(read.verify::<serde_json::Value>(&other.public()), Err(JwtFault::UnknownKey));
        let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        parts[1] = "eyJhIjoyfQ".to_owned();
        let forged = parts.join(".");
        let read = Unverified::read(&forged).unwrap();
        assert_eq!(read.verify::<serde_json::Value>(&key.public()), Err(JwtFault::Signature));
    }

    #[test]
    fn a_retired_key_verifies_until_its_tokens_have_ended() {
        let empty = NewKey { kid: String::new(), modulus: vec![], exponent: vec![], private: Zeroizing::new(vec![]) };
        let mut key = row(&empty, &Sealer::of_its_own());
        let at = |seconds: u32| Timestamp::from_millis(i64::from(seconds) * 1000);
        assert!(key.verifies(at(4_000_000)));
        key.retired = Some(at(100));
        assert!(key.verifies(at(99 + MAX_LIFETIME_S)) && !key.verifies(at(100 + MAX_LIFETIME_S)));
    }
}
