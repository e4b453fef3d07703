//! Points in time, to the millisecond.

use crate::error::FlorinError;
use crate::wire::{Kind, Wire};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// On the wire it is RFC 3339 in UTC with seconds, and with milliseconds where there are any. A text without
/// seconds, as one page of the contract has it, is read too.
///
/// Source: spec/omnigate/ambiguities.md A-076; spec/florin/extensions.md.
///
/// ```
/// # use florin_sdk_core::Timestamp;
/// let time: Timestamp = "2014-12-04T15:31:03Z".parse()?;
/// assert_eq!(time.to_string(), "2014-12-04T15:31:03Z");
/// # Ok::<(), florin_sdk_core::FlorinError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The largest value: the last millisecond of the year 9999.
    pub const MAX_MILLIS: i64 = 253_402_300_799_999;
    /// The smallest value: the first millisecond of the year 0.
    pub const MIN_MILLIS: i64 = -62_167_219_200_000;

    /// From milliseconds since the epoch; beyond the years 0 to 9999 it is the nearest end.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis > Self::MAX_MILLIS {
            Self(Self::MAX_MILLIS)
        } else if millis < Self::MIN_MILLIS {
            Self(Self::MIN_MILLIS)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This time and so many seconds more.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_millis(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

/// Whether a text is a day as `YYYY-MM-DD`.
#[cfg(feature = "write")]
pub(crate) fn is_date(text: &str) -> bool {
    time::Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).is_ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = i128::from(self.0) * 1_000_000;
        let time = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| fmt::Error)?;
        f.write_str(&time.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = FlorinError;

    fn from_str(text: &str) -> Result<Self, FlorinError> {
        let without_seconds = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]Z");
        let time = OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|e| {
                PrimitiveDateTime::parse(text, without_seconds).map(PrimitiveDateTime::assume_utc).map_err(|_| e)
            })
            .map_err(|_| FlorinError::invalid("time", "must be an RFC 3339 time such as 2026-01-31T12:00:00Z"))?;
        i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000))
            .map(Self::from_millis)
            .map_err(|_| FlorinError::invalid("time", "is out of range"))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = FlorinError;

    fn try_from(text: String) -> Result<Self, FlorinError> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl Wire for Timestamp {
    const KIND: Kind = Kind::Time;
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

// Whole milliseconds cross the border: a language's own time type loses or rounds what is finer.
#[cfg(feature = "uniffi")]
uniffi::custom_type!(Timestamp, i64, {
    try_lift: |millis| Ok(Timestamp::from_millis(millis)),
    lower: |time| time.millis(),
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_forms_of_the_contract_are_read() {
        assert_eq!("2014-12-08T12:27Z".parse::<Timestamp>().unwrap().to_string(), "2014-12-08T12:27:00Z");
        assert_eq!(
            "2014-12-08T12:27:00.250+02:00".parse::<Timestamp>().unwrap().to_string(),
            "2014-12-08T10:27:00.25Z"
        );
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert!("2014-13-08T12:27Z".parse::<Timestamp>().is_err());
    }

    proptest! {
        #[test]
        fn text_round_trips(millis in Timestamp::MIN_MILLIS..=Timestamp::MAX_MILLIS) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }
    }
}
