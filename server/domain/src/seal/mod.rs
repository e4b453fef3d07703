//! Secrets at rest: what must be read again (a seed, a signing key, a webhook's secret) is stored sealed.
//!
//! ```text
//! application password --Argon2id, stored salt--> wrapping key --opens--> data key --opens--> each sealed value
//! ```
//!
//! - Each [`Component`] has a random data key of its own, so each can be locked by itself.
//! - As long as the platform is not sealed (`florin seal`), the data keys lie open in the table `seal_key`: a sealed value
//!   is then as safe as the database, no more. Once it is sealed they lie there wrapped under the application password,
//!   and each start of the server begins locked.
//! - A sealed value is bound to its place ([`Purpose`]: component, table, column, key of the row). Moved to another row it
//!   does not open.
//!
//! # To keep a secret
//! Give the column the type [`Sealed`] (`BLOB` / `BYTEA` in the migrations), and seal and unseal with the [`Sealer`] that
//! the surface hands out (`call.sealer`, `app.sealer()`):
//!
//! ```ignore
//! let place = Purpose::of(Component::Omnipass, User::totp_seed, user.uuid);
//! user.totp_seed = Some(sealer.seal(&place, seed.as_bytes())?);
//! let seed = sealer.unseal_text(&place, &sealed)?; // a Secret
//! ```
//!
//! The row's key must be known before: take the id first, then seal, then insert. What must only be compared, never read
//! (passwords, API keys, tokens), is hashed instead: see [`crate::secrets`].
//!
//! While a component is locked, `seal` and `unseal` refuse with [`Code::MAINTENANCE_IN_PROGRESS`]: nothing was done, try
//! again later. Work in the background that meets it waits, and does not count the attempt.
//!
//! Source: spec/omnigate/concepts.md section 7, A-105; ADR 15.

mod key;
mod lock;

pub use key::{Component, DataKey, Hidden, SealKey, ensure_keys, keys};
pub use lock::{Closed, close, prepare_close, prepare_open, unlock};

use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{Column, FromValue, IntoValue, Key, Kind, Record, Value};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use florin_sdk_core::Secret;
use florin_sdk_core::code::Code;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use zeroize::Zeroizing;

/// The form of what is written: so that another one can follow.
const FORM: u8 = 1;

/// So long are the random numbers of XChaCha20-Poly1305. They are long enough to be drawn without looking at others.
const NONCE: usize = 24;

/// A sealed value, as it is stored: form, nonce, and the ciphertext with its tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sealed")
    }
}

impl IntoValue for Sealed {
    fn value(&self) -> Value {
        Value::Blob(self.0.clone())
    }
}

impl FromValue for Sealed {
    const KIND: Kind = Kind::Blob;

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Blob(bytes) if bytes.len() > NONCE => Ok(Self(bytes)),
            _ => Err("a sealed value expected".to_owned()),
        }
    }
}

/// The place that a sealed value is bound to. It opens there and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    component: Component,
    bound: Vec<u8>,
}

impl Purpose {
    /// The value of this column in the row with this key; it opens while `component` is unlocked.
    #[must_use]
    pub fn of<R: Record, T>(component: Component, column: Column<R, T>, key: impl Key) -> Self {
        Self::spelled(component, R::TABLE.name, column.name, &key.values())
    }

    fn spelled(component: Component, table: &str, column: &str, key: &[Value]) -> Self {
        let mut bound = b"florin sealed value".to_vec();
        let names = [component.name(), table, column].map(|name| Value::Text(name.to_owned()));
        for value in names.iter().chain(key) {
            value.borrowed().spell(&mut bound);
        }
        Self { component, bound }
    }
}

/// Seals and unseals, with the data keys of the components that are unlocked. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Sealer(Arc<[RwLock<Option<Arc<DataKey>>>; Component::ALL.len()]>);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(Component::ALL.into_iter().filter(|component| !self.is_locked(*component))).finish()
    }
}

impl Sealer {
    /// With keys that nobody else has: for tests.
    #[must_use]
    pub fn of_its_own() -> Self {
        let sealer = Self::default();
        for component in Component::ALL {
            sealer.install(component, DataKey::random());
        }
        sealer
    }

    fn slot(&self, component: Component) -> Option<&RwLock<Option<Arc<DataKey>>>> {
        self.0.get(component.place())
    }

    fn key(&self, component: Component) -> Option<Arc<DataKey>> {
        self.slot(component)?.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Unlocks a component.
    pub fn install(&self, component: Component, key: DataKey) {
        if let Some(slot) = self.slot(component) {
            *slot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(key));
        }
    }

    /// Whether the component's key is not there.
    #[must_use]
    pub fn is_locked(&self, component: Component) -> bool {
        self.slot(component).is_none_or(|slot| slot.read().unwrap_or_else(PoisonError::into_inner).is_none())
    }

    /// Seals a value for its place.
    pub fn seal(&self, purpose: &Purpose, value: &[u8]) -> Result<Sealed, Refusal> {
        let key = self.key(purpose.component).ok_or_else(|| locked(purpose.component))?;
        key.seal(&purpose.bound, value).map(Sealed)
    }

    /// Opens a value in its place.
    ///
    /// # Errors
    /// `MAINTENANCE_IN_PROGRESS` while the component is locked; `SYSTEM_ERROR` if the value was changed, moved, or sealed
    /// under another key.
    pub fn unseal(&self, purpose: &Purpose, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let key = self.key(purpose.component).ok_or_else(|| locked(purpose.component))?;
        key.open(&purpose.bound, &sealed.0).map(Zeroizing::new).ok_or_else(|| {
            let place = String::from_utf8_lossy(&purpose.bound).replace(|c: char| c.is_control(), " ");
            tracing::error!(place, "a sealed value does not open: it was changed, moved, or sealed under another key");
            Refusal::new(Code::SYSTEM_ERROR)
        })
    }

    /// The same for a text.
    pub fn unseal_text(&self, purpose: &Purpose, sealed: &Sealed) -> Result<Secret, Refusal> {
        let bytes = self.unseal(purpose, sealed)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Refusal::new(Code::SYSTEM_ERROR))?;
        Ok(Secret::from(text))
    }
}

/// What a locked component answers: nothing was done, try again later (A-105).
#[must_use]
pub fn locked(component: Component) -> Refusal {
    Refusal::because(
        Code::MAINTENANCE_IN_PROGRESS,
        format!("The component {component} is locked until it is unlocked with the application password"),
    )
}

impl DataKey {
    fn cipher(&self) -> Result<XChaCha20Poly1305, Refusal> {
        XChaCha20Poly1305::new_from_slice(self.bytes()).map_err(|_| Refusal::new(Code::SYSTEM_ERROR))
    }

    /// Form, nonce, and `value` encrypted; `bound` is not in it, but is needed to open it.
    fn seal(&self, bound: &[u8], value: &[u8]) -> Result<Vec<u8>, Refusal> {
        let nonce = secrets::random::<NONCE>();
        let payload = Payload { msg: value, aad: bound };
        let text = self.cipher()?.encrypt(&XNonce::from(nonce), payload).map_err(|_| {
            tracing::error!("a value could not be sealed");
            Refusal::new(Code::SYSTEM_ERROR)
        })?;
        let mut sealed = vec![FORM];
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.strip_prefix(&[FORM])?.split_first_chunk::<NONCE>()?;
        self.cipher().ok()?.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: bound }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::User;
    use florin_sdk_core::Uuid;

    fn place(number: u64) -> Purpose {
        Purpose::of(Component::Omnipass, User::password, Uuid::new(number).unwrap())
    }

    #[test]
    fn what_was_sealed_opens_in_its_place() {
        let sealer = Sealer::of_its_own();
        for value in [b"".as_slice(), b"JBSWY3DPEHPK3PXP", &[0xFF; 5000]] {
            let sealed = sealer.seal(&place(1), value).unwrap();
            assert_eq!(*sealer.unseal(&place(1), &sealed).unwrap(), value);
            let again = sealer.seal(&place(1), value).unwrap();
            assert_ne!(sealed, again, "the same value never looks the same");
        }
        assert_eq!(format!("{:?}", sealer.seal(&place(1), b"seed").unwrap()), "sealed");
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let sealer = Sealer::of_its_own();
        let sealed = sealer.seal(&place(1), b"JBSWY3DPEHPK3PXP").unwrap();
        for byte in 0..sealed.0.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed.0[byte] ^= 1 << bit;
                let refused = sealer.unseal(&place(1), &changed).unwrap_err();
                assert_eq!(refused.code, Code::SYSTEM_ERROR, "byte {byte}, bit {bit}");
            }
        }
        for len in 0..sealed.0.len() {
            assert!(sealer.unseal(&place(1), &Sealed(sealed.0[..len].to_vec())).is_err(), "cut off after {len}");
        }
    }

    #[test]
    fn what_was_moved_does_not_open() {
        let sealer = Sealer::of_its_own();
        let sealed = sealer.seal(&place(1), b"secret").unwrap();
        let id = Uuid::new(1).unwrap();
        for (elsewhere, what) in [
            (place(2), "another row"),
            (Purpose::of(Component::Omnipass, User::email, id), "another column"),
            (Purpose::of(Component::Omnipass, SealKey::wrapped, "1"), "another table"),
            (Purpose::of(Component::Omnipay, User::password, id), "another component"),
        ] {
            assert!(sealer.unseal(&elsewhere, &sealed).is_err(), "{what}");
        }
        // The same letters in other columns of a key are another place.
        let of = |a: &str, b: &str| Purpose::of(Component::Omnipass, User::password, (a, b));
        assert_ne!(of("ab", "c"), of("a", "bc"));
    }

    #[test]
    fn another_key_does_not_open_it_and_none_says_so() {
        let sealed = Sealer::of_its_own().seal(&place(1), b"secret").unwrap();
        assert_eq!(Sealer::of_its_own().unseal(&place(1), &sealed).unwrap_err().code, Code::SYSTEM_ERROR);
        let none = Sealer::default();
        assert!(none.is_locked(Component::Omnipass));
        assert_eq!(none.unseal(&place(1), &sealed).unwrap_err().code, Code::MAINTENANCE_IN_PROGRESS);
        assert_eq!(none.seal(&place(1), b"secret").unwrap_err().code, Code::MAINTENANCE_IN_PROGRESS);
        assert_eq!(format!("{none:?} {:?}", Sealer::of_its_own()), "[] [Omnipass, Omnibridge, Omnipay, Sso]");
    }
}
