//! Amounts and currency codes.
//!
//! On the wire and in the SDKs an amount is an exact decimal in whole currency units ("12.50" is twelve and a half
//! euro); inside the server it is an integer of the currency's smallest unit. A float is nowhere.
//!
//! Source: spec/omnigate/ambiguities.md A-011, A-049.

use crate::error::FlorinError;
use crate::wire::{Kind, Wire};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// The finest a currency can be divided: 18 digits after the point.
pub const MAX_SCALE: u32 = 18;

/// The largest number of smallest units in one amount or balance, either way: 28 digits, as many as
/// [`rust_decimal`] holds for sure.
pub const MAX_UNITS: i128 = 9_999_999_999_999_999_999_999_999_999;

/// An exact amount of money in whole units of its currency.
///
/// Its text has digits, at most one point and perhaps a minus sign: no exponent, no plus, no grouping. The digits
/// after the point are kept as they were written.
///
/// ```
/// # use florin_sdk_core::Amount;
/// let price: Amount = "12.50".parse()?;
/// assert_eq!(price.units(2)?, 1250);
/// assert_eq!(Amount::from_units(1250, 2)?.to_string(), "12.50");
/// assert!(price.units(0).is_err(), "an amount is refused, never rounded");
/// # Ok::<(), florin_sdk_core::FlorinError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Amount(Decimal);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The decimal inside.
    #[must_use]
    pub const fn decimal(self) -> Decimal {
        self.0
    }

    /// Whether it is more than nothing.
    #[must_use]
    pub fn is_positive(self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// Without the digits beyond `scale` after the point. For limits and the like; what is moved is never rounded.
    #[must_use]
    pub fn cut(self, scale: u32) -> Self {
        Self(self.0.trunc_with_scale(scale))
    }

    /// As an integer of the smallest unit of a currency with `scale` digits after the point.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] if it has more digits than that after the point (trailing zeros aside), or is
    /// beyond [`MAX_UNITS`].
    pub fn units(self, scale: u32) -> Result<i128, FlorinError> {
        let exact = self.0.normalize();
        let Some(missing) = scale.checked_sub(exact.scale()) else {
            return Err(FlorinError::invalid("amount", format!("has more than {scale} digits after the point")));
        };
        10_i128
            .checked_pow(missing)
            .and_then(|factor| exact.mantissa().checked_mul(factor))
            .filter(|units| units.abs() <= MAX_UNITS)
            .ok_or_else(|| FlorinError::invalid("amount", "is too large"))
    }

    /// From an integer of the smallest unit of a currency with `scale` digits after the point.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] beyond [`MAX_UNITS`] or [`MAX_SCALE`].
    pub fn from_units(units: i128, scale: u32) -> Result<Self, FlorinError> {
        if scale > MAX_SCALE || units.abs() > MAX_UNITS {
            return Err(FlorinError::invalid("amount", "is too large"));
        }
        Decimal::try_from_i128_with_scale(units, scale)
            .map(Self)
            .map_err(|_| FlorinError::invalid("amount", "is too large"))
    }
}

impl From<Decimal> for Amount {
    fn from(value: Decimal) -> Self {
        Self(value)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Amount {
    type Err = FlorinError;

    fn from_str(text: &str) -> Result<Self, FlorinError> {
        let wrong = || FlorinError::invalid("amount", "must be a decimal number such as 12.50");
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(part) {
            return Err(wrong());
        }
        Decimal::from_str_exact(text)
            .map(Self)
            .map_err(|_| FlorinError::invalid("amount", "is too large or has too many digits"))
    }
}

impl TryFrom<String> for Amount {
    type Error = FlorinError;

    fn try_from(text: String) -> Result<Self, FlorinError> {
        text.parse()
    }
}

impl From<Amount> for String {
    fn from(amount: Amount) -> Self {
        amount.to_string()
    }
}

impl Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// In an answer one comma is read as the decimal point: a page of the contract has it (A-011). Requests are checked
/// before they come here, and refused with a comma.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.split_once(',') {
            Some((whole, part)) if !part.contains(['.', ',']) && !whole.contains('.') => {
                format!("{whole}.{part}").parse()
            }
            _ => text.parse(),
        }
        .map_err(serde::de::Error::custom)
    }
}

impl Wire for Amount {
    const KIND: Kind = Kind::Amount;
}

#[cfg(feature = "schema")]
text_schema!(Amount, "^-?[0-9]+(\\.[0-9]+)?$");

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Amount, String);

/// An alphanumeric currency code: `EUR` (base), `EUR.acme` (extended: issued by `acme`) or `EUR.acme.ripple`
/// (bridge: tied to one network).
///
/// Source: spec/omnigate/concepts.md, "Currencies".
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CurrencyCode(String);

impl CurrencyCode {
    /// The most characters of a code: 3 letters, an issuer of 12, a bridge of 15, and two points.
    pub const MAX_LEN: usize = 32;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The letters before the first point.
    #[must_use]
    pub fn letters(&self) -> &str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// The issuer's name, if it is not a base currency.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.split('.').nth(1)
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CurrencyCode {
    type Err = FlorinError;

    fn from_str(text: &str) -> Result<Self, FlorinError> {
        let mut parts = text.split('.');
        let letters = parts.next().is_some_and(|s| s.len() == 3 && s.bytes().all(|b| b.is_ascii_uppercase()));
        let names = parts.all(|s| {
            s.starts_with(|c: char| c.is_ascii_lowercase())
                && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        let valid = letters && names && text.len() <= Self::MAX_LEN && text.split('.').count() <= 3;
        valid.then(|| Self(text.to_owned())).ok_or_else(|| {
            FlorinError::invalid(
                "currency",
                "must be a currency code such as EUR or EUR.acme (capitals, then lower case)",
            )
        })
    }
}

impl TryFrom<String> for CurrencyCode {
    type Error = FlorinError;

    fn try_from(text: String) -> Result<Self, FlorinError> {
        text.parse()
    }
}

impl From<CurrencyCode> for String {
    fn from(code: CurrencyCode) -> Self {
        code.0
    }
}

impl Wire for CurrencyCode {
    const KIND: Kind = Kind::Currency;
}

#[cfg(feature = "schema")]
text_schema!(CurrencyCode, "^[A-Z]{3}(\\.[a-z][a-z0-9]*){0,2}$");

#[cfg(feature = "uniffi")]
uniffi::custom_type!(CurrencyCode, String);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_plain_decimals() {
        for good in ["0", "0.0", "10000", "0.1214", "278.53", "-226.89", "1.616281", "0.000000000000000001"] {
            assert_eq!(good.parse::<Amount>().unwrap().to_string(), good);
        }
        for bad in
            ["", "-", ".5", "5.", "1e3", "+1", "1,5", "1 000", "1_000", "0x10", "NaN", "inf", "١", " 1", "1.2.3", "--1"]
        {
            assert!(bad.parse::<Amount>().is_err(), "{bad:?} passed");
        }
        assert!("9".repeat(40).parse::<Amount>().is_err());
        assert!(format!("0.{}1", "0".repeat(40)).parse::<Amount>().is_err());
    }

    #[test]
    fn a_comma_is_read_in_answers_only() {
        assert_eq!(serde_json::from_str::<Amount>("\"0,1214\"").unwrap().to_string(), "0.1214");
        assert!(serde_json::from_str::<Amount>("\"1.000,50\"").is_err());
        assert!("0,1214".parse::<Amount>().is_err());
    }

    #[test]
    fn units_are_exact_or_refused() {
        let units = |text: &str, scale| text.parse::<Amount>().unwrap().units(scale);
        assert_eq!(units("12.5", 2).unwrap(), 1250);
        assert_eq!(units("12.500", 2).unwrap(), 1250);
        assert_eq!(units("0.000000000000000001", 18).unwrap(), 1);
        assert!(units("12.505", 2).is_err());
        assert!(units("9999999999999999999999999999", 1).is_err());
    }

    #[test]
    fn currency_codes() {
        for good in ["USD", "USD.starbucks", "USD.starbucks.ripple"] {
            assert_eq!(good.parse::<CurrencyCode>().unwrap().as_str(), good);
        }
        for bad in ["", "US", "usd", "USD.", "USD.Star", "USD.1ab", "USD.a.b.c", "USD/rvYAf", "USDX", "ÜSD"] {
            assert!(bad.parse::<CurrencyCode>().is_err(), "{bad:?} passed");
        }
    }

    proptest! {
        #[test]
        fn units_round_trip(units in -MAX_UNITS..=MAX_UNITS, scale in 0..=MAX_SCALE) {
            let amount = Amount::from_units(units, scale).unwrap();
            prop_assert_eq!(amount.units(scale).unwrap(), units);
            prop_assert_eq!(amount.to_string().parse::<Amount>().unwrap(), amount);
        }

        #[test]
        fn any_text_is_refused_or_round_trips(text in "\\PC{0,40}") {
            if let Ok(amount) = text.parse::<Amount>() {
                prop_assert!(amount.to_string().parse::<Amount>().unwrap() == amount);
            }
        }
    }
}
