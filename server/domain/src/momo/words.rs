//! The contract's words as cells.

use crate::store::{FromValue, IntoValue, Kind, Value};
use florin_sdk_core::momo::{Product, ReasonCode, ReferenceId, Status};

/// An enum of ours whose values are stored as words; nothing else may stand in the column.
macro_rules! words {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $text:literal,)+ }) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $vdoc])+ $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As it is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl $crate::store::IntoValue for $name {
            fn value(&self) -> $crate::store::Value {
                $crate::store::Value::Text(self.as_str().to_owned())
            }
        }

        impl $crate::store::FromValue for $name {
            const KIND: $crate::store::Kind = $crate::store::Kind::Text;

            fn from_value(value: $crate::store::Value) -> Result<Self, String> {
                let text = String::from_value(value)?;
                let known = Self::ALL.iter().find(|known| known.as_str() == text);
                known.copied().ok_or_else(|| format!("{text:?} is none of its words"))
            }
        }
    };
}
pub(super) use words;

impl IntoValue for ReferenceId {
    fn value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromValue for ReferenceId {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        String::from_value(value)?.parse().map_err(|e| format!("{e}"))
    }
}

impl IntoValue for Product {
    fn value(&self) -> Value {
        self.as_str().value()
    }
}

impl FromValue for Product {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        Self::SUBSCRIBED.iter().find(|product| product.as_str() == text).copied().ok_or_else(|| "no product".to_owned())
    }
}

/// The contract's open words: what we do not know was not written by us, and is kept for verification to find.
macro_rules! open_words {
    ($($name:ident)+) => {$(
        impl IntoValue for $name {
            fn value(&self) -> Value {
                Value::Text(self.as_str().to_owned())
            }
        }
        impl FromValue for $name {
            const KIND: Kind = Kind::Text;

            fn from_value(value: Value) -> Result<Self, String> {
                String::from_value(value).map(Self::from)
            }
        }
    )+};
}
open_words!(Status ReasonCode);
