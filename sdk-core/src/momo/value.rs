//! The values of the contract: references, parties, states, and reading them as tolerantly as it asks for.

use crate::error::FlorinError;
use crate::operation::Problems;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// Names a money operation, or an API user: a UUID that the caller makes.
///
/// Any UUID of RFC 9562 is read (K15); [`Self::from_random`] makes those of version 4 that MTN asks for. Its text has
/// lower-case digits, so that two spellings of one UUID are one reference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReferenceId(u128);

impl ReferenceId {
    /// Where the hyphens stand.
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];

    /// A UUID of version 4 out of 128 random bits.
    #[must_use]
    pub const fn from_random(bits: u128) -> Self {
        Self(bits & !(0xf000 << 64) & !(0b11 << 62) | 0x4000 << 64 | 0b10 << 62)
    }

    /// The number that the digits spell.
    #[must_use]
    pub const fn number(self) -> u128 {
        self.0
    }

    /// Whether it is of version 4, in the variant of RFC 9562.
    #[must_use]
    pub const fn is_version_4(self) -> bool {
        Self::from_random(self.0).0 == self.0
    }
}

impl FromStr for ReferenceId {
    type Err = FlorinError;

    fn from_str(text: &str) -> Result<Self, FlorinError> {
        let wrong = || FlorinError::invalid("reference", "must be a UUID such as 5b7f3c0e-2f0a-4c58-9f2a-0d6d1f6f7a01");
        let well_formed = text.len() == 36
            && text
                .bytes()
                .enumerate()
                .all(|(at, byte)| if Self::HYPHENS.contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() });
        if !well_formed {
            return Err(wrong());
        }
        u128::from_str_radix(&text.replace('-', ""), 16).map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        for (at, digit) in digits.chars().enumerate() {
            if matches!(at, 8 | 12 | 16 | 20) {
                f.write_str("-")?;
            }
            fmt::Write::write_char(f, digit)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for ReferenceId {
    type Error = FlorinError;

    fn try_from(text: String) -> Result<Self, FlorinError> {
        text.parse()
    }
}

impl From<ReferenceId> for String {
    fn from(id: ReferenceId) -> Self {
        id.to_string()
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ReferenceId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReferenceId".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "uuid" })
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(ReferenceId, String);

open_text_enum! {
    /// What a party's, or an account holder's, id is. In a path any letter case is read, and lower case sent (K14).
    PartyIdType as "MomoPartyIdType" {
        /// A phone number: international digits, with the country code.
        Msisdn = "MSISDN",
        /// An e-mail address.
        Email = "EMAIL",
        /// A party code: a UUID.
        PartyCode = "PARTY_CODE",
        /// A merchant's number or name.
        Alias = "ALIAS",
        /// An identity.
        Id = "ID",
    }
}

impl PartyIdType {
    /// The type that stands in a path, in whatever letter case.
    #[must_use]
    pub fn from_path(text: &str) -> Self {
        Self::from(text.to_ascii_uppercase())
    }

    /// The text for a path.
    #[must_use]
    pub fn to_path(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

/// The id of a party: a phone number, an address. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PartyId(String);

impl PartyId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for PartyId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for PartyId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<PartyId> for String {
    fn from(id: PartyId) -> Self {
        id.0
    }
}

impl fmt::Debug for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(PartyId, String);

/// Who pays, or is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record), uniffi(name = "MomoParty"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Party {
    /// What its id is.
    pub party_id_type: PartyIdType,
    /// Its id.
    pub party_id: PartyId,
}

impl Party {
    /// Most and least digits of a number: E.164 has fifteen, and MTN's shortest test number eleven; eight is the
    /// shortest that is in use.
    const MSISDN_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

    /// A phone number: international digits with the country code; a plus in front is tolerated.
    pub fn msisdn(number: impl Into<PartyId>) -> Self {
        Self { party_id_type: PartyIdType::Msisdn, party_id: number.into() }
    }

    /// An e-mail address.
    pub fn email(address: impl Into<PartyId>) -> Self {
        Self { party_id_type: PartyIdType::Email, party_id: address.into() }
    }

    /// A party code.
    #[must_use]
    pub fn party_code(code: ReferenceId) -> Self {
        Self { party_id_type: PartyIdType::PartyCode, party_id: code.to_string().into() }
    }

    /// The id as it is compared: a number without its plus, a party code and an address in lower case.
    #[must_use]
    pub fn canonical_id(&self) -> String {
        let id = self.party_id.as_str();
        match self.party_id_type {
            PartyIdType::Msisdn => id.strip_prefix('+').unwrap_or(id).to_owned(),
            PartyIdType::Email | PartyIdType::PartyCode => id.to_ascii_lowercase(),
            _ => id.to_owned(),
        }
    }

    /// Whether both name the same party.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.party_id_type == other.party_id_type && self.canonical_id() == other.canonical_id()
    }

    /// Notes what is wrong with it, without repeating it.
    pub fn check(&self, field: &str, problems: &mut Problems) {
        let id = self.canonical_id();
        let wrong = match &self.party_id_type {
            PartyIdType::Msisdn if !digits(&id) || !Self::MSISDN_DIGITS.contains(&id.len()) => {
                "must be a number of 8 to 15 digits with its country code"
            }
            PartyIdType::Email
                if !id.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
                    || id.contains(char::is_whitespace) =>
            {
                "must be an e-mail address"
            }
            PartyIdType::PartyCode if id.parse::<ReferenceId>().is_err() => "must be a UUID",
            PartyIdType::Alias | PartyIdType::Id if id.trim().is_empty() => "must not be empty",
            PartyIdType::Other { .. } => {
                problems.add(&format!("{field}.partyIdType"), "must be MSISDN, EMAIL, PARTY_CODE, ALIAS or ID");
                return;
            }
            _ if id.len() > 255 => "must have at most 255 characters",
            _ => return,
        };
        problems.add(&format!("{field}.partyId"), wrong);
    }
}

pub(super) fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

open_text_enum! {
    /// How far a transaction has come. What is neither `SUCCESSFUL` nor `FAILED` is open (section 6, K32).
    Status as "MomoStatus" {
        /// Accepted, not begun.
        Created = "CREATED",
        /// Not decided.
        Pending = "PENDING",
        /// Done, for good.
        Successful = "SUCCESSFUL",
        /// Failed, for good.
        Failed = "FAILED",
    }
}

impl Status {
    /// Whether it never changes again.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Successful | Self::Failed)
    }
}

/// Reading amounts, ids and numbers that come as texts or as numbers, never through a float (K23).
///
/// They read JSON text (`serde_json::from_slice`, `from_str`), not a `serde_json::Value`: in that a number may be a
/// float already.
pub(super) mod lenient {
    use super::{Deserialize, Deserializer};
    use crate::money::Amount;
    use rust_decimal::Decimal;
    use serde::de::Error;
    use serde_json::value::RawValue;

    fn unquoted<E: Error>(raw: &RawValue) -> Result<String, E> {
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => serde_json::from_str(text).map_err(|_| E::custom("not a text")),
            Some(b'-' | b'0'..=b'9') => Ok(text.to_owned()),
            _ => Err(E::custom("neither a text nor a number")),
        }
    }

    fn exact<E: Error>(raw: &RawValue) -> Result<Amount, E> {
        let text = unquoted::<E>(raw)?;
        // A number in JSON may have an exponent; a text may not.
        let scientific = || Decimal::from_scientific(&text).ok().filter(|_| raw.get() == text).map(Amount::from);
        // Not the parser's words: they could repeat what it has read.
        text.parse().ok().or_else(scientific).ok_or_else(|| E::custom("not a decimal number"))
    }

    pub(in crate::momo) fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        exact(&Box::<RawValue>::deserialize(deserializer)?)
    }

    pub(in crate::momo) fn some_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Amount>, D::Error> {
        Option::<Box<RawValue>>::deserialize(deserializer)?.as_deref().map(exact).transpose()
    }

    pub(in crate::momo) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        unquoted(&Box::<RawValue>::deserialize(deserializer)?)
    }

    pub(in crate::momo) fn some_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        Option::<Box<RawValue>>::deserialize(deserializer)?.as_deref().map(unquoted).transpose()
    }

    /// A whole number of seconds, or of anything; `3600.0` counts as one.
    pub(in crate::momo) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        exact::<D::Error>(&Box::<RawValue>::deserialize(deserializer)?)?
            .units(0)
            .ok()
            .and_then(|units| u64::try_from(units).ok())
            .ok_or_else(|| D::Error::custom("not a whole number"))
    }

    pub(in crate::momo) fn some_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
        #[derive(Deserialize)]
        struct Number(#[serde(deserialize_with = "number")] u64);
        Ok(Option::<Number>::deserialize(deserializer)?.map(|number| number.0))
    }
}
