//! KYC tiers: what a profile may do, and how much of it in how much time.
//!
//! A tier allows or forbids kinds of operations, each for money of states and for cryptographic money, and limits how
//! much of a currency a profile may deposit, withdraw, transfer and pay: the first limit within so many hours, the second
//! within so many days. Amounts of different currencies are not added, as there are no rates: each currency counts for
//! itself. What is used up is counted from when a limit first applies to a profile, in its own row, in the transaction of
//! what it counts.
//!
//! A profile on a level that is not there is on the next lower one that is; where there is none, nothing is limited. The
//! platform's own profile is on no tier.
//!
//! | file | what |
//! | --- | --- |
//! | `terms` | what a tier says |
//! | `used` | how much of a limit is used up |
//!
//! Source: GetTierData and DeleteTier of spec/omnigate/operations.json; ambiguities. Limits of
//! transfers and payments are Florin's own.

mod terms;
mod used;

pub use terms::{Action, Permission, TierTerms, is_crypto};
pub use used::Used;

use crate::currency::Currency;
use crate::identity::{Holder, Profile};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::{JsonObject, Timestamp, Upid};

record! {
    /// A tier.
    Tier in "tier" key {
        /// Its level: higher ones allow more.
        level: u32,
    } {
        /// Its name.
        name: String,
        /// Whether it forbids and limits nothing: then `terms` need not be looked at.
        open: bool,
        /// What it says; see [`TierTerms`].
        terms: JsonObject,
        /// When it was deleted.
        deleted: Option<Timestamp>,
        /// When it was made or last changed.
        changed: Timestamp,
    }
}

impl Tier {
    /// What it says.
    #[must_use]
    pub fn says(&self) -> TierTerms {
        TierTerms::read(&self.terms)
    }
}

/// The tier of a new profile.
pub const FIRST: u32 = 1;

/// The tiers of a new platform. All of them allow everything: who needs less sets it.
const SEEDS: &[(u32, &str)] = &[(FIRST, "Basic"), (2, "Verified"), (3, "Business")];

/// Puts the first tiers in place.
pub fn seed(store: &mut dyn Writer) -> Result<(), Refusal> {
    for (level, name) in SEEDS {
        set(store, *level, (*name).to_owned(), &TierTerms::default())?;
    }
    Ok(())
}

/// The tiers that are there, the lowest first.
pub fn list(store: &mut dyn Reader) -> Result<Vec<Tier>, Refusal> {
    let mut tiers = store.list::<Tier>(Tier::query().ascending(Tier::level))?;
    tiers.retain(|tier| tier.deleted.is_none());
    Ok(tiers)
}

/// The tier that a profile is on, if it forbids or limits anything: its own, or the next lower one that is there.
fn strict(store: &mut dyn Reader, profile: &Holder) -> Result<Option<Tier>, Refusal> {
    // Most tiers are open, and each transfer asks: then two cells say all.
    let own = store.part(profile.tier, |tier| Ok((tier.cell(Tier::open)?, tier.cell(Tier::deleted)?)))?;
    let tier = match own {
        Some((true, None)) => None,
        Some((false, None)) => store.get::<Tier>(profile.tier)?,
        _ => list(store)?.into_iter().rfind(|tier| tier.level < profile.tier),
    };
    Ok(tier.filter(|tier| !tier.open))
}

/// Makes a tier, or gives one that is there a new name and new terms.
pub fn set(store: &mut dyn Writer, level: u32, name: String, terms: &TierTerms) -> Result<(), Refusal> {
    let before = store.claim::<Tier>(level)?;
    let tier = Tier { level, name, open: terms.is_open(), terms: terms.write(), deleted: None, changed: store.now() };
    match before {
        Some(_) => store.update(&tier)?,
        None => store.insert(&tier)?,
    }
    Ok(())
}

/// Deletes a tier. Its holders move to the next lower one.
///
/// # Errors
/// `NOT_FOUND` if there is none of this level; `INVALID_REQUEST` if it is the lowest.
pub fn delete(store: &mut dyn Writer, level: u32) -> Result<(), Refusal> {
    let mut tier = store.claim::<Tier>(level)?.filter(|tier| tier.deleted.is_none()).ok_or_else(Refusal::not_found)?;
    let lower = list(store.reader())?.into_iter().rfind(|other| other.level < level);
    let lower = lower.ok_or_else(|| Refusal::field("level", "is the lowest tier, which cannot be deleted"))?;
    tier.deleted = Some(store.now());
    store.update(&tier)?;
    let profiles = store.list::<Profile>(Profile::query().eq(Profile::tier, level))?;
    for profile in &profiles {
        store.expect_claim::<Profile>(profile.upid);
    }
    for profile in profiles {
        move_to(store, profile.upid, lower.level)?;
    }
    Ok(())
}

/// Puts a profile on a tier.
///
/// # Errors
/// `NOT_FOUND` if there is no such profile; `INVALID_REQUEST` if there is no such tier.
pub fn assign(store: &mut dyn Writer, upid: Upid, level: u32) -> Result<(), Refusal> {
    let tier = store.claim::<Tier>(level)?.filter(|tier| tier.deleted.is_none());
    tier.ok_or_else(|| Refusal::field("level", format!("there is no tier {level}")))?;
    move_to(store, upid, level)
}

fn move_to(store: &mut dyn Writer, upid: Upid, level: u32) -> Result<(), Refusal> {
    let mut profile = store.claim::<Profile>(upid)?.ok_or_else(Refusal::not_found)?;
    profile.tier = level;
    profile.version += 1;
    Ok(store.update(&profile)?)
}

fn refused(tier: &Tier, what: &str) -> Refusal {
    Refusal::because(Code::LIMIT_EXCEEDED, format!("The tier {} of the profile {what}", tier.name))
}

/// Refuses what the tier of a profile does not allow.
///
/// # Errors
/// `LIMIT_EXCEEDED`.
pub fn need(store: &mut dyn Reader, profile: &Holder, permission: Permission) -> Result<(), Refusal> {
    if profile.system {
        return Ok(());
    }
    match strict(store, profile)? {
        Some(tier) if !tier.says().allows(permission) => {
            Err(refused(&tier, &format!("does not allow to {}", permission.words())))
        }
        _ => Ok(()),
    }
}

/// Counts an amount towards the limits of a profile, and refuses what its tier does not allow or what is too much. Others
/// that do the same at the same time wait: no two of them get what is there for one.
///
/// While the tier forbids and limits nothing this costs one row by its key; the count is written only where a limit
/// applies.
///
/// # Errors
/// `LIMIT_EXCEEDED`.
pub fn count(
    store: &mut dyn Writer,
    profile: &Holder,
    action: Action,
    currency: &Currency,
    units: i128,
) -> Result<(), Refusal> {
    if profile.system {
        return Ok(());
    }
    let Some(tier) = strict(store.reader(), profile)? else { return Ok(()) };
    let terms = tier.says();
    let crypto = is_crypto(currency);
    let permission = action.permission(crypto);
    if !terms.allows(permission) {
        return Err(refused(&tier, &format!("does not allow to {}", permission.words())));
    }
    let limits =
        terms.limits(action, crypto).map(|limit| limit.and_then(|limit| terms::floor(limit, currency.decimals)));
    if limits == [None, None] {
        return Ok(());
    }
    let windows = terms.windows_ms();
    let totals = used::add(store, (profile.upid, action, currency.number), windows, units)?;
    for ((limit, total), (time, unit)) in
        limits.into_iter().zip(totals).zip([(terms.hours, "hours"), (terms.days, "days")])
    {
        if let Some(limit) = limit.filter(|limit| total > *limit) {
            let left = limit.saturating_sub(total.saturating_sub(units)).max(0);
            let (limit, left) = (currency.amount(limit)?, currency.amount(left)?);
            let code = &currency.code;
            return Err(refused(
                &tier,
                &format!("allows to {} {limit} {code} within {time} {unit}: {left} are left", action.words()),
            ));
        }
    }
    Ok(())
}

/// Takes back what was counted: of a withdrawal that failed.
pub fn give_back(
    store: &mut dyn Writer,
    upid: Upid,
    action: Action,
    currency: u32,
    units: i128,
) -> Result<(), Refusal> {
    used::take_back(store, (upid, action, currency), units)
}
