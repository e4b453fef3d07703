//! Which currency of the books is which asset of a network.
//!
//! - A base currency whose methods name the network's is the network's own currency (`XRP` on ripple), or, at a bank,
//!   itself.
//! - An extended currency `USD.acme` is `USD` of the issuing address that the issuer has on the network: its bridge
//!   currency `USD.acme.ripple` says so, or the profile's extended attribute `rippleissueraddress`.
//!
//! Source: spec/omnigate/concepts.md, "Currencies" and "Extended attributes"; ambiguities.

use super::network::{Asset, Facts, Method};
use crate::currency::Currency;
use crate::identity;
use crate::refusal::Refusal;
use crate::store::{Reader, Record};
use florin_sdk_core::Upid;
use florin_sdk_core::model::{CurrencyType, Status};
use serde_json::Value;

/// The most extended currencies that are looked through for one with an issuing address.
const MOST: usize = 1000;

/// The address from which a profile issues on a network.
pub fn issuer_address(store: &mut dyn Reader, facts: &Facts, issuer: Upid) -> Result<Option<String>, Refusal> {
    let profile = identity::need_profile(store, issuer)?;
    let name = format!("{}issueraddress", facts.name);
    Ok(profile.extended.0.get(&name).and_then(Value::as_str).map(str::to_owned))
}

/// What a currency is on a network; none if it does not go over it.
pub fn asset_of(store: &mut dyn Reader, facts: &Facts, currency: &Currency) -> Result<Option<Asset>, Refusal> {
    match currency.kind {
        CurrencyType::Base => {
            let named = |list: &[String]| list.iter().any(|name| facts.method(name).is_some());
            let goes = named(&currency.withdraw_methods) || named(&currency.deposit_methods);
            let is_own = facts.native.is_none_or(|native| native == currency.code.as_str());
            Ok((goes && is_own).then(|| Asset { code: currency.code.as_str().to_owned(), issuer: None }))
        }
        CurrencyType::Extended if facts.issued_decimals.is_some() => {
            let issuer = match currency.issuer {
                Some(issuer) => issued_at(store, facts, currency, issuer)?,
                None => None,
            };
            Ok(issuer.map(|issuer| Asset { code: currency.code.letters().to_owned(), issuer: Some(issuer) }))
        }
        _ => Ok(None),
    }
}

/// The address from which a currency is issued on a network.
fn issued_at(
    store: &mut dyn Reader,
    facts: &Facts,
    _currency: &Currency,
    issuer: Upid,
) -> Result<Option<String>, Refusal> {
    issuer_address(store, facts, issuer)
}

/// Whether a currency can be paid in or out by a method: the currency says so, or its issuer is on that network.
pub fn goes_by(store: &mut dyn Reader, facts: &Facts, currency: &Currency, method: Method) -> Result<bool, Refusal> {
    let named = |list: &[String]| list.iter().any(|name| name == method.name);
    if named(&currency.withdraw_methods) || named(&currency.deposit_methods) {
        return Ok(true);
    }
    Ok(currency.kind == CurrencyType::Extended && asset_of(store, facts, currency)?.is_some())
}

/// The currency of the books that an asset is; none if there is none.
pub fn currency_of(store: &mut dyn Reader, facts: &Facts, asset: &Asset) -> Result<Option<Currency>, Refusal> {
    let Some(issuer) = &asset.issuer else {
        let currency = store.get::<Currency>(asset.code.as_str())?.filter(|currency| currency.status == Status::Active);
        let Some(currency) = currency else { return Ok(None) };
        let same = asset_of(store, facts, &currency)?.as_ref() == Some(asset);
        return Ok(same.then_some(currency));
    };
    let query = Currency::query().contains(&["code"], &format!("{}.", asset.code)).ascending(Currency::number);
    for currency in store.list::<Currency>(query.limit(MOST))? {
        let candidate = currency.kind == CurrencyType::Extended && currency.status == Status::Active;
        if candidate && currency.code.letters() == asset.code {
            let at = match currency.issuer {
                Some(upid) => issued_at(store, facts, &currency, upid)?,
                None => None,
            };
            if at.as_ref() == Some(issuer) {
                return Ok(Some(currency));
            }
        }
    }
    Ok(None)
}
