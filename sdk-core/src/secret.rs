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

/// Declares what a secret is looked up by, in a path: a prefix, and the secret's 32 digits.
macro_rules! lookup_keys {
    ($($(#[doc = $doc:literal])+ $name:ident = $prefix:literal;)+) => {$(
        $(#[doc = $doc])+
        ///
        /// `Debug` shows nothing of it, and the server keeps it out of its log. It does stand in the path of a request, so
        /// use it where nobody between the two writes paths down.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Secret);

        impl $name {
            /// With its prefix, as it stands in a path.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose()
            }

            /// The 32 digits behind the prefix.
            #[must_use]
            pub fn digits(&self) -> &str {
                self.expose().get($prefix.len() + 1..).unwrap_or_default()
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::error::FlorinError;

            /// With or without the prefix.
            fn try_from(text: String) -> Result<Self, Self::Error> {
                let digits = text.strip_prefix(concat!($prefix, "_")).unwrap_or(&text);
                if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)) {
                    let reason = "must be 32 upper-case hexadecimal digits, with or without its prefix";
                    return Err(crate::error::FlorinError::invalid($prefix, reason));
                }
                Ok(Self(Secret::from(format!("{}_{digits}", $prefix))))
            }
        }

        impl TryFrom<&Secret> for $name {
            type Error = crate::error::FlorinError;

            fn try_from(secret: &Secret) -> Result<Self, Self::Error> {
                Self::try_from(secret.expose().to_owned())
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> Self {
                key.expose().to_owned()
            }
        }

        impl Wire for $name {
            const KIND: Kind = Kind::Key($prefix);
        }

        #[cfg(feature = "schema")]
        text_schema!($name, concat!("^", $prefix, "_[0-9A-F]{32}$"));

        #[cfg(feature = "uniffi")]
        uniffi::custom_type!($name, String);
    )+};
}

lookup_keys! {
    /// What a live session is looked up by; it opens nothing by itself.
    UserToken = "usertoken";
    /// An API key, to be looked up.
    KeyInPath = "apikey";
}
