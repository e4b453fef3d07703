//! Fees: what the platform takes on top of an amount.
//!
//! A fee schedule has a rule for a kind of operation and a currency, or for a kind of operation and all currencies: a
//! fixed part and a part of the amount, in basis points (hundredths of a percent), at least and at most so much. **The part
//! of the amount is rounded down to the currency's smallest unit**, so a fee is never more than its rule says; there is no
//! other rounding. The fee is taken from the wallet that pays, and goes to the platform's wallet `Fees` in the same
//! transaction.
//!
//! A profile without a schedule is on the default one, which is always there, has no rules, and takes nothing. Deleting a
//! schedule puts its profiles there. The platform's own profile pays no fees.
//!
//! Source: spec/omnigate/ambiguities.md; how a fee is computed is Florin's own.

use crate::currency::Currency;
use crate::identity::{Holder, Profile};
use crate::ledger;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::FeeOperation;
use florin_sdk_core::{Fsid, JsonObject, Timestamp, Upid};
use serde::{Deserialize, Serialize};

/// The name of the default schedule.
pub const DEFAULT_NAME: &str = "Default";

/// All of an amount, in basis points.
const WHOLE: i128 = 10_000;

record! {
    /// A fee schedule.
    FeeSchedule in "fee_schedule" key {
        /// The schedule.
        fsid: Fsid,
    } {
        /// Its name.
        name: String,
        /// Its rules, a list in `rules`.
        rules: JsonObject,
        /// When it was deleted.
        deleted: Option<Timestamp>,
        /// When it was made.
        created: Timestamp,
    }
}

/// How a fee is computed. Units are the currency's smallest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeeRule {
    /// Of what.
    pub operation: FeeOperation,
    /// The currency; none: all that have no rule of their own. Then there is neither a fixed part nor a bound.
    pub currency: Option<u32>,
    /// The fixed part.
    #[serde(with = "units")]
    pub fixed: i128,
    /// The part of the amount, in hundredths of a percent.
    pub basis_points: u32,
    /// At least so much.
    #[serde(with = "units")]
    pub least: i128,
    /// At most so much.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "maybe_units")]
    pub most: Option<i128>,
}

/// Units as decimal text: JSON's numbers are too small for them.
mod units {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(units: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(units)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

mod maybe_units {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::ref_option, reason = "serde asks for it")]
    pub(super) fn serialize<S: Serializer>(units: &Option<i128>, serializer: S) -> Result<S::Ok, S::Error> {
        match units {
            Some(units) => serializer.collect_str(units),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i128>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

impl FeeRule {
    /// The fee of an amount. The part of the amount is rounded down.
    ///
    /// # Errors
    /// `LIMIT_EXCEEDED` if it is more than the books can hold.
    pub fn of(&self, units: i128) -> Result<i128, Refusal> {
        let too_large = || Refusal::because(Code::LIMIT_EXCEEDED, "The fee would be larger than the books can hold");
        let part = units.checked_mul(self.basis_points.into()).ok_or_else(too_large)? / WHOLE;
        let fee = self.fixed.checked_add(part).ok_or_else(too_large)?.max(self.least);
        Ok(self.most.map_or(fee, |most| fee.min(most)))
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Rules {
    #[serde(default)]
    rules: Vec<FeeRule>,
}

impl FeeSchedule {
    /// Its rules.
    #[must_use]
    pub fn rule_list(&self) -> Vec<FeeRule> {
        // Only `set` writes them, from the same type.
        let rules = serde_json::from_value::<Rules>(serde_json::Value::Object(self.rules.0.clone()));
        rules.unwrap_or_default().rules
    }

    /// The rule that counts.
    fn rule(&self, operation: &FeeOperation, currency: u32) -> Option<FeeRule> {
        let rules = self.rule_list();
        let find = |currency| rules.iter().find(|rule| rule.operation == *operation && rule.currency == currency);
        find(Some(currency)).or_else(|| find(None)).cloned()
    }
}

/// The default schedule: it has no rules, and cannot be changed or deleted.
#[must_use]
pub fn default_fsid() -> Option<Fsid> {
    Fsid::new(0)
}

/// The fee of an amount that the profile pays, in the currency's smallest unit.
///
/// On the default schedule this costs no question to the store.
pub fn of(
    store: &mut dyn Reader,
    profile: &Holder,
    operation: &FeeOperation,
    currency: &Currency,
    units: i128,
) -> Result<i128, Refusal> {
    let Some(fsid) = profile.fee_schedule.filter(|_| !profile.system) else { return Ok(0) };
    let schedule = store.get::<FeeSchedule>(fsid)?.filter(|schedule| schedule.deleted.is_none());
    let rule = schedule.and_then(|schedule| schedule.rule(operation, currency.number));
    rule.map_or(Ok(0), |rule| rule.of(units))
}

/// The schedules that are there, without the default one.
pub fn list(store: &mut dyn Reader) -> Result<Vec<FeeSchedule>, Refusal> {
    let mut schedules = store.list::<FeeSchedule>(FeeSchedule::query().ascending(FeeSchedule::fsid))?;
    schedules.retain(|schedule| schedule.deleted.is_none());
    Ok(schedules)
}

fn claim(store: &mut dyn Writer, fsid: Fsid) -> Result<FeeSchedule, Refusal> {
    let schedule = store.claim::<FeeSchedule>(fsid)?.filter(|schedule| schedule.deleted.is_none());
    schedule.ok_or_else(Refusal::not_found)
}

/// Makes a schedule, or changes one: its name, and one rule, which takes the place of the one for the same kind of
/// operation and currency.
///
/// # Errors
/// `NOT_FOUND` if there is no such schedule, `INVALID_REQUEST` for the default one.
pub fn set(
    store: &mut dyn Writer,
    fsid: Option<Fsid>,
    name: Option<String>,
    rule: Option<FeeRule>,
) -> Result<Fsid, Refusal> {
    if fsid.is_some() && fsid == default_fsid() {
        return Err(Refusal::field("fsid", "is the default schedule, which takes nothing: make another one"));
    }
    let mut schedule = match fsid {
        Some(fsid) => claim(store, fsid)?,
        None => FeeSchedule {
            fsid: ledger::id(Fsid::new(store.next_id()))?,
            name: name.clone().ok_or_else(|| Refusal::field("schedulename", "is required for a new schedule"))?,
            rules: JsonObject::default(),
            deleted: None,
            created: store.now(),
        },
    };
    if let Some(name) = name {
        schedule.name = name;
    }
    let mut rules = schedule.rule_list();
    if let Some(rule) = rule {
        rules.retain(|other| (&other.operation, other.currency) != (&rule.operation, rule.currency));
        rules.push(rule);
    }
    if let Ok(serde_json::Value::Object(map)) = serde_json::to_value(Rules { rules }) {
        schedule.rules = JsonObject(map);
    }
    match fsid {
        Some(_) => store.update(&schedule)?,
        None => store.insert(&schedule)?,
    }
    Ok(schedule.fsid)
}

/// Puts a profile on a schedule, or on the default one.
pub fn assign(store: &mut dyn Writer, upid: Upid, fsid: Option<Fsid>) -> Result<(), Refusal> {
    let fsid = fsid.filter(|fsid| Some(*fsid) != default_fsid());
    if let Some(fsid) = fsid {
        // Claimed, so that it is not deleted at the same time.
        claim(store, fsid)?;
    }
    let mut profile = store.claim::<Profile>(upid)?.ok_or_else(Refusal::not_found)?;
    profile.fee_schedule = fsid;
    profile.version += 1;
    Ok(store.update(&profile)?)
}

/// Deletes a schedule. Its profiles are on the default one from now on.
///
/// # Errors
/// `NOT_FOUND` if there is no such schedule; `INVALID_REQUEST` for the default one.
pub fn delete(store: &mut dyn Writer, fsid: Fsid) -> Result<(), Refusal> {
    if Some(fsid) == default_fsid() {
        return Err(Refusal::field("fsid", "is the default schedule, which cannot be deleted"));
    }
    let mut schedule = claim(store, fsid)?;
    schedule.deleted = Some(store.now());
    store.update(&schedule)?;
    let profiles = store.list::<Profile>(Profile::query().eq(Profile::fee_schedule, fsid))?;
    for profile in &profiles {
        store.expect_claim::<Profile>(profile.upid);
    }
    for profile in profiles {
        let mut profile = store.claim::<Profile>(profile.upid)?.ok_or_else(Refusal::not_found)?;
        profile.fee_schedule = None;
        profile.version += 1;
        store.update(&profile)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(fixed: i128, basis_points: u32, least: i128, most: Option<i128>) -> FeeRule {
        FeeRule { operation: FeeOperation::Transfer, currency: Some(840), fixed, basis_points, least, most }
    }

    #[test]
    fn a_fee_is_rounded_down_and_kept_within_its_bounds() {
        assert_eq!(rule(0, 150, 0, None).of(199).unwrap(), 2, "1.5 % of 199 is 2.985");
        assert_eq!(rule(0, 150, 0, None).of(66).unwrap(), 0, "0.99 of the smallest unit is nothing");
        assert_eq!(rule(25, 100, 0, None).of(1000).unwrap(), 35);
        assert_eq!(rule(0, 100, 50, Some(200)).of(1000).unwrap(), 50);
        assert_eq!(rule(0, 100, 50, Some(200)).of(1_000_000).unwrap(), 200);
        assert_eq!(rule(0, 10_000, 0, None).of(7).unwrap(), 7);
        assert_eq!(rule(0, 10_000, 0, None).of(i128::MAX).unwrap_err().code, Code::LIMIT_EXCEEDED);
    }

    #[test]
    fn a_rule_for_its_currency_comes_before_the_one_for_all() {
        let all = FeeRule { currency: None, ..rule(0, 100, 0, None) };
        let own = rule(5, 0, 0, Some(i128::MAX));
        let rules = serde_json::to_value(Rules { rules: vec![all.clone(), own.clone()] }).unwrap();
        let serde_json::Value::Object(map) = rules else { panic!("an object") };
        let schedule = FeeSchedule {
            fsid: Fsid::new(1).unwrap(),
            name: "One".to_owned(),
            rules: JsonObject(map),
            deleted: None,
            created: Timestamp::from_millis(0),
        };
        assert_eq!(schedule.rule(&FeeOperation::Transfer, 840), Some(own));
        assert_eq!(schedule.rule(&FeeOperation::Transfer, 978), Some(all));
        assert_eq!(schedule.rule(&FeeOperation::Payment, 978), None);
    }
}
