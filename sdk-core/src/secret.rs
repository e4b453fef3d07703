//! Texts that must not be seen: keys, tokens, passwords.

use crate::wire::{Kind, Wire};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A secret text. `Debug` shows nothing of it, there is no `Display`, and its memory is wiped when it is dropped.
///
/// It does go over the wire: it serialises as the plain text.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself. Name the reason where you call it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// How many Unicode characters it has.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.expose().chars().count()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(SecretString::from(text))
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> Self {
        secret.expose().to_owned()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}
impl Eq for Secret {}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Wire for Secret {
    const KIND: Kind = Kind::Text;
}

#[cfg(feature = "schema")]
text_schema!(Secret, "^");

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Secret, String, { try_lift: |text| Ok(Secret::from(text)), lower: |secret| secret.into() });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from("D85E4D788BB61CE3")), "***");
    }
}
