//! The components, and their data keys.

use super::Sealed;
use crate::refusal::Refusal;
use crate::secrets;
use crate::store::{FromValue, IntoValue, Kind, Reader, Record, Value, Writer, record};
use florin_sdk_core::Timestamp;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

/// A part of the platform that is locked and configured by itself.
///
/// Source: spec/omnigate/concepts.md section 2 and section 7, "Unlocking".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Component {
    /// Authentication: users, profiles, keys. Without it nobody is known, so nothing but what is public works.
    Omnipass,
    /// The ledger: wallets, currencies, bridges, tiers.
    Omnibridge,
    /// Payments.
    Omnipay,
    /// Single sign-on, `/auth`. It has no attributes, and is unlocked by `/auth/unlock`.
    Sso,
}

impl Component {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Omnipass, Self::Omnibridge, Self::Omnipay, Self::Sso];

    /// Those that are unlocked and configured through `/api/v1/system/{component}`.
    pub const NAMED: [Self; 3] = [Self::Omnipass, Self::Omnibridge, Self::Omnipay];

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Omnipass => "omnipass",
            Self::Omnibridge => "omnibridge",
            Self::Omnipay => "omnipay",
            Self::Sso => "sso",
        }
    }

    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Component {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|component| component.name() == text);
        found.ok_or_else(|| Refusal::field("component", "is not one"))
    }
}

impl IntoValue for Component {
    fn value(&self) -> Value {
        Value::Text(self.name().to_owned())
    }
}

impl FromValue for Component {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        String::from_value(value)?.parse().map_err(|_| "a component expected".to_owned())
    }
}

/// 32 bytes that must not be seen.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(Zeroizing<[u8; 32]>);

impl Hidden {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl IntoValue for Hidden {
    fn value(&self) -> Value {
        self.0.value()
    }
}

impl FromValue for Hidden {
    const KIND: Kind = Kind::Blob;

    fn from_value(value: Value) -> Result<Self, String> {
        <[u8; 32]>::from_value(value).map(Self::new)
    }
}

/// The key that a component's secrets are sealed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKey(pub(super) Hidden);

impl DataKey {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        Self(Hidden::new(secrets::random()))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

record! {
    /// A component's data key: open, or wrapped under the application password.
    SealKey in "seal_key" key {
        /// Whose it is.
        component: Component,
    } {
        /// The key itself, as long as the platform is not sealed.
        open: Option<Hidden>,
        /// The key wrapped, once it is.
        wrapped: Option<Sealed>,
        /// The salt of the wrapping key.
        salt: Option<[u8; 32]>,
        /// What deriving the wrapping key costs: KiB of memory.
        memory: u32,
        /// What it costs: how often through the memory.
        passes: u32,
        /// When it was written last.
        changed: Timestamp,
    }
}

impl SealKey {
    /// Whether only the application password opens it.
    #[must_use]
    pub const fn is_sealed(&self) -> bool {
        self.wrapped.is_some()
    }
}

/// The keys of all components that have one.
pub fn keys(store: &mut dyn Reader) -> Result<Vec<SealKey>, Refusal> {
    Ok(store.list(SealKey::query().ascending(SealKey::component))?)
}

/// Makes the keys that are not there yet: open, as nobody was asked for a password. Those of a sealed platform are there.
pub fn ensure_keys(store: &mut dyn Writer) -> Result<(), Refusal> {
    for component in Component::ALL {
        if store.claim::<SealKey>(component)?.is_none() {
            let row = SealKey {
                component,
                open: Some(DataKey::random().0),
                wrapped: None,
                salt: None,
                memory: 0,
                passes: 0,
                changed: store.now(),
            };
            store.insert(&row)?;
        }
    }
    Ok(())
}
