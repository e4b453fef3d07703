//! JSON objects that the platform keeps for its callers without looking into them.

use crate::error::FlorinError;
use crate::wire::{Kind, Wire};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A JSON object of the caller's own: metadata of a user, extended attributes of a profile.
///
/// In Kotlin, Swift and Python it is the object's JSON text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonObject(pub Map<String, Value>);

impl JsonObject {
    /// How many bytes its serialised form has.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.to_string().len()
    }

    /// Whether it has no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for JsonObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| std::fmt::Error)?)
    }
}

impl std::str::FromStr for JsonObject {
    type Err = FlorinError;

    fn from_str(text: &str) -> Result<Self, FlorinError> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|e| FlorinError::invalid("json", format!("must be a JSON object: {e}")))
    }
}

impl Wire for JsonObject {
    const KIND: Kind = Kind::Object;
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for JsonObject {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JsonObject".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": true })
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(JsonObject, String, {
    try_lift: |text| Ok(text.parse::<JsonObject>()?),
    lower: |object| object.to_string(),
});

/// Any JSON value of the caller's own.
///
/// In Kotlin, Swift and Python it is the value's JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonValue(pub Value);

impl std::fmt::Display for JsonValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for JsonValue {
    type Err = FlorinError;

    fn from_str(text: &str) -> Result<Self, FlorinError> {
        serde_json::from_str(text).map(Self).map_err(|e| FlorinError::invalid("json", format!("must be JSON: {e}")))
    }
}

impl Wire for JsonValue {
    const KIND: Kind = Kind::Json;
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for JsonValue {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JsonValue".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!(true)
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(JsonValue, String, {
    try_lift: |text| Ok(text.parse::<JsonValue>()?),
    lower: |value| value.to_string(),
});

/// A JSON object that may hold secrets: `Debug` shows nothing of it.
///
/// In Kotlin, Swift and Python it is the object's JSON text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretObject(pub JsonObject);

impl std::fmt::Debug for SecretObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{ *** }")
    }
}

impl Wire for SecretObject {
    const KIND: Kind = Kind::Object;
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SecretObject {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretObject".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "additionalProperties": true })
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(SecretObject, String, {
    try_lift: |text| Ok(SecretObject(text.parse::<JsonObject>()?)),
    lower: |object| object.0.to_string(),
});
