//! The ledger of a simulated network.

use super::behaviour::{booked_at, cost, fee, opens_accounts, payment_opens, reserve, words};
use super::tables::{SimAccount, SimHolding, SimLate, SimNetwork, SimTransaction};
use crate::bridge::address::Destination;
use crate::bridge::network::{Asset, Facts, Progress, Sending};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::{Amount, JsonObject, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The most payments of a block.
const MOST_IN_BLOCK: usize = 5_000;

/// What the platform's own account begins with, in whole units.
const FUNDS: i128 = 1_000_000;

/// The state of a network, to be changed.
pub(super) fn need(store: &mut dyn Writer, facts: &Facts) -> Result<SimNetwork, Refusal> {
    store.claim::<SimNetwork>(facts.name)?.ok_or_else(Refusal::not_found)
}

/// Puts a network in place, with the platform's own account on it; false if it is there.
pub fn open(store: &mut dyn Writer, facts: &Facts, main: &str, block_ms: i64) -> Result<bool, Refusal> {
    if store.claim::<SimNetwork>(facts.name)?.is_some() {
        return Ok(false);
    }
    let now = store.now();
    store.insert(&SimNetwork {
        network: facts.name.to_owned(),
        main: main.to_owned(),
        height: 1,
        closed: now,
        block_ms,
        mode: "ok".to_owned(),
        count: -1,
        late_ms: 3_000,
    })?;
    open_account(store, facts, main, true)?;
    if let Some(native) = facts.native {
        let units = 10_i128.checked_pow(facts.decimals).and_then(|unit| unit.checked_mul(FUNDS)).unwrap_or(0);
        give(store, facts, main, native, units)?;
    }
    Ok(true)
}

/// Opens an account, if it is not there. `ours`: the platform holds its key.
pub fn open_account(store: &mut dyn Writer, facts: &Facts, address: &str, ours: bool) -> Result<(), Refusal> {
    match store.claim::<SimAccount>((facts.name, address))? {
        Some(account) if account.ours || !ours => Ok(()),
        Some(account) => Ok(store.update(&SimAccount { ours, ..account })?),
        None => {
            let (network, address) = (facts.name.to_owned(), address.to_owned());
            let (number, created) = (store.next_id().cast_signed(), store.now());
            Ok(store.insert(&SimAccount { network, address, number, ours, tag_required: false, created })?)
        }
    }
}

/// Lets an account accept an asset, up to so many units. The account is opened if it was not.
pub fn set_line(
    store: &mut dyn Writer,
    facts: &Facts,
    address: &str,
    asset: &Asset,
    most: i128,
) -> Result<(), Refusal> {
    let asset = asset.to_string();
    if let Some(holding) = store.claim::<SimHolding>((facts.name, address, asset.as_str()))? {
        return Ok(store.update(&SimHolding { most: Some(most), ..holding })?);
    }
    let (network, address) = (facts.name.to_owned(), address.to_owned());
    let number = store.next_id().cast_signed();
    Ok(store.insert(&SimHolding { network, address, asset, number, units: 0, most: Some(most) })?)
}

/// What an account has of an asset.
fn held(store: &mut dyn Writer, facts: &Facts, address: &str, asset: &str) -> Result<i128, Refusal> {
    Ok(store.claim::<SimHolding>((facts.name, address, asset))?.map_or(0, |holding| holding.units))
}

/// Adds to what an account has, or, negative, takes from it.
fn give(store: &mut dyn Writer, facts: &Facts, address: &str, asset: &str, units: i128) -> Result<(), Refusal> {
    if let Some(holding) = store.claim::<SimHolding>((facts.name, address, asset))? {
        let units = holding.units.checked_add(units).ok_or_else(|| Refusal::new(Code::LIMIT_EXCEEDED))?;
        return Ok(store.update(&SimHolding { units, ..holding })?);
    }
    let (network, address, asset) = (facts.name.to_owned(), address.to_owned(), asset.to_owned());
    let number = store.next_id().cast_signed();
    Ok(store.insert(&SimHolding { network, address, asset, number, units, most: None })?)
}

/// Why an account would not receive; none if it would.
pub(super) fn refuses(
    store: &mut dyn Reader,
    facts: &Facts,
    destination: &Destination,
    asset: &Asset,
    units: i128,
) -> Result<Option<&'static str>, Refusal> {
    let words = words(facts);
    let account = store.get::<SimAccount>((facts.name, destination.address.as_str()))?;
    let Some(account) = account else {
        let opens = payment_opens(facts) && asset.issuer.is_none() && units >= reserve(facts).0;
        return Ok((opens_accounts(facts) && !opens).then_some(words.no_destination));
    };
    if account.tag_required && destination.tag.is_none() {
        return Ok(Some(words.tag_needed));
    }
    let Some(issuer) = &asset.issuer else { return Ok(None) };
    if *issuer == destination.address {
        return Ok(None); // It comes home.
    }
    let line = store.get::<SimHolding>((facts.name, destination.address.as_str(), asset.to_string().as_str()))?;
    let room = line.and_then(|line| line.most?.checked_sub(line.units));
    Ok(room.is_none_or(|room| room < units).then_some(words.no_line))
}

/// Takes from the sender what a payment takes; why it cannot, if it cannot.
fn charge(
    store: &mut dyn Writer,
    facts: &Facts,
    source: &str,
    asset: &Asset,
    units: i128,
) -> Result<Option<&'static str>, Refusal> {
    let words = words(facts);
    let Some(native) = facts.native else {
        // A bank account is as deep as it has to be.
        give(store, facts, source, &asset.code, -units)?;
        return Ok(None);
    };
    let (own, each) = reserve(facts);
    let query = SimHolding::query().eq(SimHolding::network, facts.name).eq(SimHolding::address, source);
    let lines = store.list::<SimHolding>(query)?.iter().filter(|line| line.most.is_some()).count();
    let kept = own.saturating_add(each.saturating_mul(i128::try_from(lines).unwrap_or(0)));
    let spent = fee(facts).saturating_add(if asset.issuer.is_none() { units } else { 0 });
    if held(store, facts, source, native)?.saturating_sub(spent) < kept {
        return Ok(Some(words.unfunded));
    }
    if let Some(issuer) = &asset.issuer
        && issuer != source
    {
        let name = asset.to_string();
        if held(store, facts, source, &name)? < units {
            return Ok(Some(words.unfunded));
        }
        give(store, facts, source, &name, -units)?;
    }
    give(store, facts, source, native, -spent)?;
    Ok(None)
}

/// The network's name for a payment.
fn name_of(facts: &Facts, number: i64) -> String {
    let hash: [u8; 32] = Sha256::digest(format!("{} {number}", facts.name)).into();
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// How a payment stands.
pub(super) fn progress(facts: &Facts, height: i64, payment: &SimTransaction) -> Progress {
    let transaction = payment.network_id.clone();
    match (payment.status.as_str(), payment.height) {
        ("failed", _) => Progress::Failed {
            transaction: Some(transaction),
            reason: payment.reason.clone().unwrap_or_else(|| "failed".to_owned()),
        },
        ("final", Some(at)) if height.saturating_sub(at).saturating_add(1) >= facts.confirmations => {
            Progress::Final { transaction }
        }
        _ => Progress::Pending { transaction },
    }
}

/// A copy of a submission arrives. The first one is carried out, or refused for good; the others are only counted.
pub fn accept(store: &mut dyn Writer, facts: &Facts, sending: &Sending, reject: bool) -> Result<Progress, Refusal> {
    let network = need(store, facts)?;
    let query =
        SimTransaction::query().eq(SimTransaction::network, facts.name).eq(SimTransaction::id, sending.id.as_str());
    if let Some(known) = store.first::<SimTransaction>(query)?
        && let Some(mut known) = store.claim::<SimTransaction>(known.number)?
    {
        known.copies = known.copies.saturating_add(1);
        store.update(&known)?;
        return Ok(progress(facts, network.height, &known));
    }
    let source = sending.source.clone().unwrap_or_else(|| network.main.clone());
    let units = |asset: &Asset, amount: Amount| {
        amount.units(facts.decimals_of(asset)).map_err(|e| Refusal::value("amount", &e))
    };
    let paid = units(&sending.asset, sending.amount)?;
    let (asset, arriving) = match &sending.arrives {
        Some((asset, amount)) => (asset.clone(), units(asset, *amount)?),
        None => (sending.asset.clone(), paid),
    };
    let words = words(facts);
    let number = store.next_id().cast_signed();
    let needed = cost(facts, &asset, arriving, &sending.asset);
    let mut reason = if needed.is_none_or(|needed| needed > paid) {
        Some(words.partial)
    } else {
        refuses(store.reader(), facts, &sending.destination, &asset, arriving)?
    };
    // A bank takes the order, and the money comes back later.
    let comes_back = reject && facts.native.is_none();
    if reject && !comes_back {
        reason = reason.or(Some(words.rejected));
    }
    if reason.is_none() {
        reason = charge(store, facts, &source, &sending.asset, paid)?;
    }
    let failed = reason.is_some();
    let now = store.now();
    let payment = SimTransaction {
        number,
        network: facts.name.to_owned(),
        network_id: name_of(facts, number),
        id: Some(sending.id.clone()),
        copies: 1,
        source,
        destination: sending.destination.address.clone(),
        tag: sending.destination.tag,
        asset: asset.to_string(),
        units: arriving,
        paid_asset: sending.asset.to_string(),
        paid,
        status: if failed { "failed" } else { "pending" }.to_owned(),
        reason: reason.or(comes_back.then_some(words.rejected)).map(str::to_owned),
        height: None,
        not_before: booked_at(facts, now),
        created: now,
    };
    store.insert(&payment)?;
    Ok(progress(facts, network.height, &payment))
}

/// Somebody outside pays one of the network's accounts; the network's name for the payment, or why it refuses.
pub fn deposit(
    store: &mut dyn Writer,
    facts: &Facts,
    from: &str,
    destination: &Destination,
    (asset, amount): (&Asset, Amount),
) -> Result<String, Refusal> {
    need(store, facts)?;
    let units = amount.units(facts.decimals_of(asset)).map_err(|e| Refusal::value("amount", &e))?;
    if let Some(reason) = refuses(store.reader(), facts, destination, asset, units)? {
        return Err(Refusal::because(Code::NETWORK_REFUSED, format!("The network says: {reason}")));
    }
    let (number, now) = (store.next_id().cast_signed(), store.now());
    let payment = SimTransaction {
        number,
        network: facts.name.to_owned(),
        network_id: name_of(facts, number),
        id: None,
        copies: 1,
        source: from.to_owned(),
        destination: destination.address.clone(),
        tag: destination.tag,
        asset: asset.to_string(),
        units,
        paid_asset: asset.to_string(),
        paid: units,
        status: "pending".to_owned(),
        reason: None,
        height: None,
        not_before: now,
        created: now,
    };
    store.insert(&payment)?;
    Ok(payment.network_id)
}

/// Closes a block: all payments whose time has come are in it. `all`: those whose time has not come, too.
pub fn mine(store: &mut dyn Writer, facts: &Facts, all: bool) -> Result<i64, Refusal> {
    let mut network = need(store, facts)?;
    network.height = network.height.saturating_add(1);
    network.closed = store.now();
    let height = network.height;
    store.update(&network)?;
    let query = SimTransaction::query()
        .eq(SimTransaction::network, facts.name)
        .eq(SimTransaction::status, "pending")
        .ascending(SimTransaction::number)
        .limit(MOST_IN_BLOCK);
    for payment in store.list::<SimTransaction>(query)? {
        if (payment.not_before > store.now() && !all) || (network.mode == "stuck" && payment.id.is_some()) {
            continue;
        }
        let Some(mut payment) = store.claim::<SimTransaction>(payment.number)? else { continue };
        payment.height = Some(height);
        if payment.reason.is_some() {
            // It comes back.
            give(store, facts, &payment.source, &payment.paid_asset, payment.paid)?;
            "failed".clone_into(&mut payment.status);
        } else {
            if opens_accounts(facts) {
                open_account(store, facts, &payment.destination, false)?;
            }
            let issuer = Asset::parse(&payment.asset).and_then(|asset| asset.issuer);
            if issuer.as_deref() != Some(payment.destination.as_str()) {
                give(store, facts, &payment.destination, &payment.asset, payment.units)?;
            }
            "final".clone_into(&mut payment.status);
        }
        store.update(&payment)?;
    }
    Ok(height)
}

/// Puts a submission on its way, to arrive later.
pub(super) fn delay(store: &mut dyn Writer, facts: &Facts, sending: &Sending) -> Result<(), Refusal> {
    let network = need(store, facts)?;
    let Ok(serde_json::Value::Object(map)) = serde_json::to_value(sending) else {
        return Err(Refusal::new(Code::SYSTEM_ERROR));
    };
    let arrives = Timestamp::from_millis(store.now().millis().saturating_add(network.late_ms));
    let number = store.next_id().cast_signed();
    Ok(store.insert(&SimLate { number, network: facts.name.to_owned(), sending: JsonObject(map), arrives })?)
}

/// What was on its way and is due arrives.
pub fn deliver(store: &mut dyn Writer, facts: &Facts) -> Result<(), Refusal> {
    let now = store.now();
    let query = SimLate::query().eq(SimLate::network, facts.name).less(SimLate::arrives, now).limit(100);
    for late in store.list::<SimLate>(query)? {
        let Some(late) = store.claim::<SimLate>(late.number)?.filter(|late| late.arrives < now) else { continue };
        if let Ok(sending) = serde_json::from_value::<Sending>(serde_json::Value::Object(late.sending.0.clone())) {
            accept(store, facts, &sending, false)?;
        }
        // There is no deleting: it never comes again.
        store.update(&SimLate { arrives: Timestamp::from_millis(i64::MAX), ..late })?;
    }
    Ok(())
}

/// Whether time changes anything: a network on which nothing is under way writes nothing.
pub fn is_busy(store: &mut dyn Reader, facts: &Facts) -> Result<bool, Refusal> {
    let Some(network) = store.get::<SimNetwork>(facts.name)? else { return Ok(false) };
    let late = SimLate::query().eq(SimLate::network, facts.name).less(SimLate::arrives, store.now());
    if store.first::<SimLate>(late)?.is_some() {
        return Ok(true);
    }
    if network.block_ms == 0 || store.now().millis().saturating_sub(network.closed.millis()) < network.block_ms {
        return Ok(false);
    }
    let of = SimTransaction::query().eq(SimTransaction::network, facts.name);
    let waiting = of.clone().eq(SimTransaction::status, "pending").less(SimTransaction::not_before, store.now());
    if store.first::<SimTransaction>(waiting)?.is_some() {
        return Ok(network.mode != "stuck");
    }
    let young = network.height.saturating_sub(facts.confirmations).saturating_add(1);
    let young = of.eq(SimTransaction::status, "final").greater(SimTransaction::height, young);
    Ok(facts.confirmations > 1 && store.first::<SimTransaction>(young)?.is_some())
}

/// Lets time pass: what is late arrives, blocks whose time has come are closed.
pub fn tick(store: &mut dyn Writer, facts: &Facts) -> Result<(), Refusal> {
    deliver(store, facts)?;
    let Some(network) = store.claim::<SimNetwork>(facts.name)?.filter(|network| network.block_ms > 0) else {
        return Ok(());
    };
    // One at a time: nothing was under way in the blocks that were left out.
    if store.now().millis().saturating_sub(network.closed.millis()) >= network.block_ms {
        mine(store, facts, false)?;
    }
    Ok(())
}
