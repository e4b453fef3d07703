//! Values that the contract's pages write in two ways: both are read, one is written.

use crate::error::FlorinError;
use crate::wire::{Kind, Wire};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// That something is agreed to: `true`. The text `"true"` is read, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Assent;

impl Serialize for Assent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Assent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).ok_or_else(|| serde::de::Error::custom("must be true"))
    }
}

impl Assent {
    /// From what came on the wire.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        (value.as_bool() == Some(true) || value.as_str() == Some("true")).then_some(Self)
    }
}

impl Wire for Assent {
    const KIND: Kind = Kind::Assent;
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Assent, bool, {
    try_lift: |agreed| if agreed { Ok(Assent) } else { Err(FlorinError::invalid("accepttos", "must be true").into()) },
    lower: |_agreed| true,
});

/// Digits that are no number: those at the beginning may be zeros. A number is read, too, with zeros put before it
///
#[derive(Clone, PartialEq, Eq)]
pub struct Digits(String);

/// Into how many digits a number is read.
const WIDTH: usize = 4;

impl Digits {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From what came on the wire.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(Self(format!("{:0WIDTH$}", number.as_u64()?))),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl std::str::FromStr for Digits {
    type Err = FlorinError;

    fn from_str(text: &str) -> Result<Self, FlorinError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(FlorinError::invalid("digits", "must be digits"))
        }
    }
}

/// What they identify is nobody's to read in a log.
impl std::fmt::Debug for Digits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digits(***)")
    }
}

impl Serialize for Digits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).ok_or_else(|| serde::de::Error::custom("must be digits"))
    }
}

impl Wire for Digits {
    const KIND: Kind = Kind::Digits;
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Digits, String, {
    try_lift: |text| Ok(text.parse::<Digits>()?),
    lower: |digits| digits.0,
});

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_spellings_are_read_and_one_is_written() {
        for yes in [json!(true), json!("true")] {
            assert_eq!(serde_json::to_value(serde_json::from_value::<Assent>(yes).unwrap()).unwrap(), json!(true));
        }
        for no in [json!(false), json!("yes"), json!(1), json!("false")] {
            assert!(serde_json::from_value::<Assent>(no).is_err());
        }
        for (read, written) in [(json!("0042"), "0042"), (json!(42), "0042"), (json!(1234), "1234")] {
            assert_eq!(serde_json::from_value::<Digits>(read).unwrap().as_str(), written);
        }
        for no in [json!("12a4"), json!(""), json!(-1), json!(1.5), json!(true)] {
            assert!(serde_json::from_value::<Digits>(no).is_err());
        }
        assert!(!format!("{:?}", Digits::read(&json!(7)).unwrap()).contains('7'));
    }
}
