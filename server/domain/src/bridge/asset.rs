//! Which currency of the books is which asset of a network.
//!
//! - A base currency whose methods name the network's is the network's own currency (`XRP` on ripple), or, at a bank,
//!   itself.
//! - A base or extended currency with a bridge currency (`USD.acme.ripple`) is its three letters of the address that the
//!   bridge currency is issued from; that also says whether it can be paid in and out there.
//! - An extended currency without one is its letters of the issuing address that its issuer's profile names
//!   (`rippleissueraddress`).
//!
//! Source: spec/omnigate/concepts.md, "Currencies" and "Extended attributes"; ambiguities.

use super::Bridges;
use super::network::{Asset, Facts, Method};
use crate::currency::Currency;
use crate::identity::{self, Profile};
use crate::refusal::Refusal;
use crate::store::{Reader, Record};
use florin_sdk_core::Upid;
use florin_sdk_core::model::{CurrencyType, Status};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// The most extended currencies that are looked through for one with an issuing address.
const MOST: usize = 1000;

/// The address from which a profile issues on a network.
pub fn issuer_address(store: &mut dyn Reader, facts: &Facts, issuer: Upid) -> Result<Option<String>, Refusal> {
    let profile = identity::need_profile(store, issuer)?;
    Ok(issues_from(&profile, facts))
}

fn issues_from(profile: &Profile, facts: &Facts) -> Option<String> {
    let name = format!("{}issueraddress", facts.name);
    profile.extended.0.get(&name).and_then(Value::as_str).map(str::to_owned)
}

/// The bridge currency that a currency has on a network.
fn bridge_currency(store: &mut dyn Reader, facts: &Facts, currency: &Currency) -> Result<Option<Currency>, Refusal> {
    if facts.issued_decimals.is_none() {
        return Ok(None);
    }
    let code = format!("{}.{}", currency.code, facts.name);
    let found = store.get::<Currency>(code.as_str())?;
    Ok(found.filter(|found| found.kind == CurrencyType::Bridge && found.status == Status::Active))
}

/// Whether a base currency is the network's own, or, at a bank, goes over it as it is.
fn is_own(facts: &Facts, currency: &Currency) -> bool {
    let named = |list: &[String]| list.iter().any(|name| facts.method(name).is_some());
    let goes = named(&currency.withdraw_methods) || named(&currency.deposit_methods);
    goes && facts.native.is_none_or(|native| native == currency.code.as_str())
}

/// What a currency is on a network; none if it does not go over it.
pub fn asset_of(store: &mut dyn Reader, facts: &Facts, currency: &Currency) -> Result<Option<Asset>, Refusal> {
    if currency.kind == CurrencyType::Base && is_own(facts, currency) {
        return Ok(Some(Asset { code: currency.code.as_str().to_owned(), issuer: None }));
    }
    let at = match bridge_currency(store, facts, currency)? {
        Some(found) => found.issuer_address,
        None => named_by_issuer(store, facts, currency)?,
    };
    Ok(at.map(|issuer| Asset { code: currency.code.letters().to_owned(), issuer: Some(issuer) }))
}

/// The address from which the issuer of an extended currency issues on a network, as its profile says.
fn named_by_issuer(store: &mut dyn Reader, facts: &Facts, currency: &Currency) -> Result<Option<String>, Refusal> {
    match currency.issuer.filter(|_| currency.kind == CurrencyType::Extended && facts.issued_decimals.is_some()) {
        Some(issuer) => issuer_address(store, facts, issuer),
        None => Ok(None),
    }
}

/// Whether a currency can be paid in by a method.
pub fn pays_in(store: &mut dyn Reader, facts: &Facts, currency: &Currency, method: &Method) -> Result<bool, Refusal> {
    goes(store, facts, currency, method, |currency| &currency.deposit_methods)
}

/// Whether a currency can be paid out by a method.
pub fn pays_out(store: &mut dyn Reader, facts: &Facts, currency: &Currency, method: &Method) -> Result<bool, Refusal> {
    goes(store, facts, currency, method, |currency| &currency.withdraw_methods)
}

/// The currency says so, or its bridge currency; without one, its issuer is on that network.
fn goes(
    store: &mut dyn Reader,
    facts: &Facts,
    currency: &Currency,
    method: &Method,
    list: fn(&Currency) -> &Vec<String>,
) -> Result<bool, Refusal> {
    let named = |currency: &Currency| list(currency).iter().any(|name| name == method.name);
    if named(currency) {
        return Ok(true);
    }
    match bridge_currency(store, facts, currency)? {
        Some(found) => Ok(named(&found)),
        None => Ok(named_by_issuer(store, facts, currency)?.is_some()),
    }
}

/// Adds to what currencies say of themselves the methods over networks that they are on: what [`pays_in`] and [`pays_out`]
/// say, for all of them in one question. `currencies` are all that there are.
pub fn add_methods(store: &mut dyn Reader, bridges: &Bridges, currencies: &mut [Currency]) -> Result<(), Refusal> {
    let networks = bridges.iter().filter(|bridge| !bridge.by_hand()).map(|bridge| bridge.facts());
    let networks: Vec<&Facts> = networks.filter(|facts| facts.issued_decimals.is_some()).collect();
    if networks.is_empty() {
        return Ok(());
    }
    let on_network = currencies.iter().filter_map(|currency| {
        let active = currency.kind == CurrencyType::Bridge && currency.status == Status::Active;
        let place = (currency.parent.clone()?, currency.bridge.clone()?);
        active.then(|| (place, (currency.deposit_methods.clone(), currency.withdraw_methods.clone())))
    });
    let on_network: HashMap<_, _> = on_network.collect();
    let extended = currencies.iter().filter(|currency| currency.kind == CurrencyType::Extended);
    let issuers: BTreeSet<Upid> = extended.filter_map(|currency| currency.issuer).collect();
    let issuers: Vec<Upid> = issuers.into_iter().collect();
    let mut profiles: HashMap<Upid, Profile> = HashMap::new();
    if !issuers.is_empty() {
        let found = store.list::<Profile>(Profile::query().any_of(Profile::upid, &issuers))?;
        profiles.extend(found.into_iter().map(|profile| (profile.upid, profile)));
    }
    for currency in currencies.iter_mut().filter(|currency| currency.kind != CurrencyType::Bridge) {
        for facts in &networks {
            let all = || facts.methods.iter().map(|method| method.name.to_owned()).collect::<Vec<_>>();
            let issuer = currency.issuer.filter(|_| currency.kind == CurrencyType::Extended);
            let issued = issuer.and_then(|issuer| issues_from(profiles.get(&issuer)?, facts)).is_some();
            let (deposit, withdraw) = match on_network.get(&(currency.code.clone(), facts.name.to_owned())) {
                Some(said) => said.clone(),
                None if issued => (all(), all()),
                None => continue,
            };
            add_to(&mut currency.deposit_methods, deposit);
            add_to(&mut currency.withdraw_methods, withdraw);
        }
    }
    Ok(())
}

fn add_to(list: &mut Vec<String>, more: Vec<String>) {
    list.extend(more.into_iter().filter(|name| !list.contains(name)).collect::<Vec<_>>());
}

/// The currency of the books that an asset is; none if there is none. Whether it can be paid in is another question:
/// [`pays_in`].
pub fn currency_of(store: &mut dyn Reader, facts: &Facts, asset: &Asset) -> Result<Option<Currency>, Refusal> {
    let Some(issuer) = &asset.issuer else {
        let currency = store.get::<Currency>(asset.code.as_str())?.filter(|currency| currency.status == Status::Active);
        return Ok(currency.filter(|currency| currency.kind == CurrencyType::Base && is_own(facts, currency)));
    };
    let code = asset.code.as_str();
    let mut candidates: Vec<Currency> = store.get::<Currency>(code)?.into_iter().collect();
    let query = Currency::query().contains(&["code"], &format!("{code}.")).ascending(Currency::number);
    candidates.extend(store.list::<Currency>(query.limit(MOST))?);
    for currency in candidates {
        let own = matches!(currency.kind, CurrencyType::Base | CurrencyType::Extended);
        if own && currency.status == Status::Active && currency.code.letters() == code {
            let is_it = asset_of(store, facts, &currency)?.is_some_and(|asset| asset.issuer.as_ref() == Some(issuer));
            if is_it {
                return Ok(Some(currency));
            }
        }
    }
    Ok(None)
}
