//! The addresses at which profiles receive IOUs, and the trust lines that the platform has set for them.

use super::account;
use super::asset;
use super::network::{Asset, Facts, NewAddress};
use crate::currency::Currency;
use crate::identity::Profile;
use crate::refusal::Refusal;
use crate::seal::Sealer;
use crate::store::{Reader, Record, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{IssuerLine, ProfileAddress};
use florin_sdk_core::{Timestamp, Upid};
use serde_json::Value;
use std::collections::BTreeMap;

record! {
    /// What an address of the platform's accepts.
    TrustLine in "trust_line" key {
        /// The bridge's name.
        bridge: String,
        /// The address that accepts it.
        address: String,
        /// What, such as `USD/rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B`.
        asset: String,
    } {
        /// Later ones are greater.
        number: i64,
        /// How much of it at most, in whole units.
        most: String,
        /// When it was set.
        created: Timestamp,
    }
}

/// The extended attribute that holds the address: `<bridge>profileaddress`.
fn attribute(facts: &Facts) -> String {
    format!("{}profileaddress", facts.name)
}

/// The address of a profile on a network.
pub fn address_of(profile: &Profile, facts: &Facts) -> Option<String> {
    profile.extended.0.get(&attribute(facts)).and_then(Value::as_str).map(str::to_owned)
}

/// Refuses a profile that has an address on the network: it is written once.
pub fn need_none(profile: &Profile, facts: &Facts) -> Result<(), Refusal> {
    match address_of(profile, facts) {
        None => Ok(()),
        Some(_) => Err(Refusal::because(
            Code::ALREADY_EXISTS,
            format!("The profile has an address on {} already: it is written once", facts.name),
        )),
    }
}

/// Notes a new address as a profile's.
pub fn keep(
    store: &mut dyn Writer,
    upid: Upid,
    facts: &Facts,
    new: &NewAddress,
    sealer: &Sealer,
) -> Result<(), Refusal> {
    let mut profile = store.claim::<Profile>(upid)?.ok_or_else(Refusal::not_found)?;
    need_none(&profile, facts)?;
    account::add(store, facts, new, "Receiving address of a profile", Some(upid), sealer)?;
    profile.extended.0.insert(attribute(facts), new.address.as_str().into());
    profile.version = profile.version.saturating_add(1);
    Ok(store.update(&profile)?)
}

/// Refuses an address that is not one at which this profile receives, or from which it issues. `all`: whoever asks may
/// change the platform's own, too.
pub fn need_hosted(store: &mut dyn Reader, upid: Upid, facts: &Facts, address: &str, all: bool) -> Result<(), Refusal> {
    let account = account::find(store, facts, address)?.filter(account::ExternalAccount::has_key);
    let account = account.ok_or_else(Refusal::not_found)?;
    let issues = asset::issuer_address(store, facts, upid)?.is_some_and(|own| own == address);
    if account.upid == Some(upid) || issues || all { Ok(()) } else { Err(Refusal::not_found()) }
}

/// Notes that an address accepts an asset, up to an amount.
pub fn trusted(store: &mut dyn Writer, facts: &Facts, address: &str, asset: &Asset, most: &str) -> Result<(), Refusal> {
    let asset = asset.to_string();
    let known = store.claim::<TrustLine>((facts.name, address, asset.as_str()))?;
    let line = TrustLine {
        bridge: facts.name.to_owned(),
        address: address.to_owned(),
        asset,
        number: match &known {
            Some(known) => known.number,
            None => store.next_id().cast_signed(),
        },
        most: most.to_owned(),
        created: store.now(),
    };
    if known.is_some() {
        store.update(&line)?;
    } else {
        store.insert(&line)?;
    }
    Ok(())
}

/// What an address of the platform's accepts.
pub fn lines_of(store: &mut dyn Reader, facts: &Facts, address: &str) -> Result<Vec<IssuerLine>, Refusal> {
    let query = TrustLine::query().eq(TrustLine::bridge, facts.name).eq(TrustLine::address, address);
    let lines = store.list::<TrustLine>(query.ascending(TrustLine::number))?;
    Ok(lines.iter().filter_map(|line| issuer_line(&Asset::parse(&line.asset)?)).collect())
}

fn issuer_line(asset: &Asset) -> Option<IssuerLine> {
    Some(IssuerLine { issuer_address: asset.issuer.clone()?, currency: asset.code.clone() })
}

/// The addresses of a profile by bridge, each with the trust lines that it needs: those that were set, and one for each
/// currency that the profile has on the network.
pub fn addresses<'f>(
    store: &mut dyn Reader,
    profile: &Profile,
    networks: impl Iterator<Item = &'f Facts>,
) -> Result<BTreeMap<String, ProfileAddress>, Refusal> {
    let mut list = BTreeMap::new();
    for facts in networks {
        let Some(address) = address_of(profile, facts) else { continue };
        let mut lines = lines_of(store, facts, &address)?;
        let query = Currency::query().eq(Currency::issuer, profile.upid).ascending(Currency::code);
        for currency in store.list::<Currency>(query)? {
            let line = asset::asset_of(store, facts, &currency)?.as_ref().and_then(issuer_line);
            if let Some(line) = line.filter(|line| line.issuer_address != address && !lines.contains(line)) {
                lines.push(line);
            }
        }
        list.insert(facts.name.to_owned(), ProfileAddress { profile_address: address, trust_lines: lines });
    }
    Ok(list)
}

/// The name of the profile that issues from an address; empty if none does.
pub fn issuer_name(store: &mut dyn Reader, facts: &Facts, asset: &Asset) -> Result<String, Refusal> {
    let currency = asset::currency_of(store, facts, asset)?;
    Ok(currency.and_then(|currency| currency.code.issuer().map(str::to_owned)).unwrap_or_default())
}
