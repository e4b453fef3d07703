//! Identifiers: a prefix and 16 decimal digits, 21 characters in all.
//!
//! An id is checked once, where it enters; there is no way to make one from an unchecked text. Inside it is a
//! number, so it is cheap to copy, to compare and to store.
//!
//! Source: spec/omnigate/concepts.md, "Identifiers".

use crate::error::FlorinError;
use crate::wire::{Kind, Wire};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The largest number that 16 digits hold.
pub const MAX_ID: u64 = 9_999_999_999_999_999;

fn parse(prefix: &'static str, text: &str) -> Result<u64, FlorinError> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| FlorinError::invalid(prefix, format!("must be {prefix}_ and 16 digits")))
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $name:ident = $prefix:literal;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u64);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The id with this number, if it has at most 16 digits.
            #[must_use]
            pub const fn new(number: u64) -> Option<Self> {
                if number <= MAX_ID { Some(Self(number)) } else { None }
            }

            /// The number that the 16 digits spell.
            #[must_use]
            pub const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{:016}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = FlorinError;

            fn from_str(text: &str) -> Result<Self, FlorinError> {
                parse($prefix, text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = FlorinError;

            fn try_from(text: String) -> Result<Self, FlorinError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl Wire for $name {
            const KIND: Kind = Kind::Id($prefix);
        }

        #[cfg(feature = "schema")]
        text_schema!($name, concat!("^", $prefix, "_[0-9]{16}$"));

        #[cfg(feature = "uniffi")]
        uniffi::custom_type!($name, String);
    )+};
}

ids! {
    /// A profile: whom wallets, keys and currencies belong to.
    Upid = "upid";
    /// A user: a person who signs in, or a provider's end user.
    Uuid = "uuid";
    /// A wallet.
    Waid = "waid";
    /// A ledger transaction.
    Txid = "txid";
    /// A payment request.
    Prid = "prid";
    /// An API key (its id, not the key).
    Akid = "akid";
    /// A notification transport.
    Ntid = "ntid";
    /// A fee schedule.
    Fsid = "fsid";
    /// A mobile token (its id, not the token).
    Mtid = "mtid";
    /// A hold: money set aside in a wallet.
    Hoid = "hoid";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_prefix_and_sixteen_digits() {
        assert_eq!("waid_1234567812345678".parse::<Waid>().unwrap().to_string(), "waid_1234567812345678");
        assert_eq!("waid_0000000000000000".parse::<Waid>().unwrap().number(), 0);
        for bad in [
            "",
            "waid",
            "waid_",
            "waid_123",
            "waid_12345678123456789",
            "upid_1234567812345678",
            "waid_+123456781234567",
            "waid_123456781234567 ",
            "WAID_1234567812345678",
            "waid_１２３４５６７８12345678",
        ] {
            assert!(bad.parse::<Waid>().is_err(), "{bad:?} passed");
        }
    }

    proptest! {
        #[test]
        fn text_round_trips(number in 0..=MAX_ID) {
            let id = Txid::new(number).unwrap();
            prop_assert_eq!(id.to_string().len(), 21);
            prop_assert_eq!(id.to_string().parse::<Txid>().unwrap(), id);
        }
    }
}
