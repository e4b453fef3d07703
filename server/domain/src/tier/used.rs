//! How much of a limit is used up.
//!
//! One row for a profile, an action and a currency holds two short lists, one for each window: amounts that came close
//! together are added up into one entry, which counts until the last of them leaves the window. So a row stays small
//! however much happens, and never counts too little: a limit becomes free again a sixty-fourth of its window late at
//! most.

use super::terms::Action;
use crate::refusal::Refusal;
use crate::store::{Writer, record};
use florin_sdk_core::{JsonObject, Timestamp, Upid};
use serde::{Deserialize, Serialize};

/// Into how many parts a window is divided.
const PARTS: i64 = 64;

record! {
    /// What a profile has used up of its tier's limits.
    Used in "tier_used" key {
        /// The profile.
        upid: Upid,
        /// Deposit, withdraw, transfer or payment.
        action: String,
        /// The currency.
        currency: u32,
    } {
        /// The two lists.
        entries: JsonObject,
        /// When it last changed.
        changed: Timestamp,
    }
}

/// Amounts that came close together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// When the first came, in milliseconds.
    first: i64,
    /// When the last came.
    last: i64,
    /// What they sum to, as text: JSON's numbers are too small.
    units: String,
}

impl Entry {
    fn units(&self) -> i128 {
        // Only this module writes it.
        self.units.parse().unwrap_or(i128::MAX)
    }
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Lists {
    hours: Vec<Entry>,
    days: Vec<Entry>,
}

impl Lists {
    fn read(stored: &JsonObject) -> Self {
        serde_json::from_value(serde_json::Value::Object(stored.0.clone())).unwrap_or_default()
    }

    fn write(&self) -> JsonObject {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(map)) => JsonObject(map),
            _ => JsonObject::default(),
        }
    }
}

/// Adds to a list, and says what its window sums to then.
fn add_to(list: &mut Vec<Entry>, now: i64, window: i64, units: i128) -> i128 {
    list.retain(|entry| now.saturating_sub(entry.last) < window);
    match list.last_mut() {
        Some(last) if now.saturating_sub(last.first) < window / PARTS => {
            last.last = last.last.max(now);
            last.units = last.units().saturating_add(units).to_string();
        }
        _ => list.push(Entry { first: now, last: now, units: units.to_string() }),
    }
    list.iter().fold(0, |sum: i128, entry| sum.saturating_add(entry.units()))
}

/// Takes from a list what was counted last.
fn take_from(list: &mut Vec<Entry>, mut units: i128) {
    while units > 0
        && let Some(last) = list.last_mut()
    {
        let taken = last.units().min(units);
        units = units.saturating_sub(taken);
        last.units = last.units().saturating_sub(taken).to_string();
        if last.units() == 0 {
            list.pop();
        }
    }
}

/// Counts an amount. Says what was used up within each of the windows, this one included.
pub(super) fn add(
    store: &mut dyn Writer,
    (upid, action, currency): (Upid, Action, u32),
    [hours, days]: [i64; 2],
    units: i128,
) -> Result<[i128; 2], Refusal> {
    let before = store.claim::<Used>((upid, action.name(), currency))?;
    let mut lists = before.as_ref().map(|used| Lists::read(&used.entries)).unwrap_or_default();
    let now = store.now();
    let sums =
        [add_to(&mut lists.hours, now.millis(), hours, units), add_to(&mut lists.days, now.millis(), days, units)];
    let used = Used { upid, action: action.name().to_owned(), currency, entries: lists.write(), changed: now };
    match before {
        Some(_) => store.update(&used)?,
        None => store.insert(&used)?,
    }
    Ok(sums)
}

/// Takes back what was counted.
pub(super) fn take_back(
    store: &mut dyn Writer,
    (upid, action, currency): (Upid, Action, u32),
    units: i128,
) -> Result<(), Refusal> {
    let Some(mut used) = store.claim::<Used>((upid, action.name(), currency))? else { return Ok(()) };
    let mut lists = Lists::read(&used.entries);
    take_from(&mut lists.hours, units);
    take_from(&mut lists.days, units);
    used.entries = lists.write();
    used.changed = store.now();
    Ok(store.update(&used)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_counts_never_too_little_and_frees_itself() {
        let window = 64_000;
        let mut list = Vec::new();
        assert_eq!(add_to(&mut list, 0, window, 5), 5);
        assert_eq!(add_to(&mut list, 999, window, 5), 10, "close together");
        assert_eq!(list.len(), 1);
        assert_eq!(add_to(&mut list, 1000, window, 5), 15);
        assert_eq!(list.len(), 2);
        assert_eq!(add_to(&mut list, 64_500, window, 1), 16, "the first two count as long as the second");
        assert_eq!(add_to(&mut list, 64_999, window, 1), 7);
        assert_eq!(add_to(&mut list, 1_000_000, window, 1), 1);
        for step in 0..10_000 {
            add_to(&mut list, 2_000_000 + step * 10, window, 1);
        }
        assert!(list.len() <= 66, "{}", list.len());
        take_from(&mut list, 3);
        assert_eq!(add_to(&mut list, 2_099_999, 0, 4), 4, "a window of no time counts this alone");
    }

    #[test]
    fn what_is_taken_back_is_what_came_last() {
        let mut list = Vec::new();
        for (now, units) in [(0, 10), (2000, 20), (4000, 30)] {
            add_to(&mut list, now, 64_000, units);
        }
        take_from(&mut list, 35);
        assert_eq!(list.iter().map(Entry::units).collect::<Vec<_>>(), [10, 15]);
        take_from(&mut list, 100);
        assert!(list.is_empty());
    }
}
