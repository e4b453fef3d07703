//! Into a trading wallet and out of it: what is debited in one currency is credited in another, one for one.
//!
//! A bridge currency is its parent on one network. Money of the parent that goes into a trading wallet lies in the wallet
//! that stands for that network, and as much of the bridge currency comes out of its own: so the postings of each of the
//! two sum to zero.
//!
//! Source: spec/omnigate/ambiguities.md A-108.

use super::house;
use super::post::{Change, Ends, Heading, Sum, settle_and_enter};
use super::wallet::Wallet;
use crate::currency::Currency;
use crate::fee;
use crate::refusal::Refusal;
use crate::store::Writer;
use crate::tier::{self, Action, Permission};
use florin_sdk_core::Txid;
use florin_sdk_core::model::{FeeOperation, TransactionType};

/// From where to where, in which currency it leaves and in which it arrives.
#[derive(Debug)]
pub struct Conversion<'a> {
    /// The wallet that pays.
    pub source: &'a Wallet,
    /// The wallet that receives.
    pub destination: &'a Wallet,
    /// The currency that it leaves in.
    pub from: &'a Currency,
    /// The currency that it arrives in.
    pub into: &'a Currency,
    /// The network of the bridge currency among the two.
    pub network: &'a str,
    /// How much, in the smallest unit of both: they have the same digits.
    pub units: i128,
    /// What its maker wrote on it.
    pub description: &'a str,
}

/// Moves money into a trading wallet, or out of one.
pub fn convert(store: &mut dyn Writer, conversion: &Conversion<'_>, reference: Option<&str>) -> Result<Txid, Refusal> {
    let &Conversion { source, destination, from, into, network, units, description } = conversion;
    if units <= 0 {
        return Err(Refusal::field("amount", "must be more than zero"));
    }
    if source.waid == destination.waid {
        return Err(Refusal::field("destinationwaid", "must be another wallet than the one that pays"));
    }
    if from.decimals != into.decimals {
        return Err(Refusal::field("bridgecurrency", "does not have the digits of its parent"));
    }
    let payer = source.need_active(store.reader())?;
    destination.need_active(store.reader())?;
    tier::need(store.reader(), &payer, Permission::Trading)?;
    tier::count(store, &payer, Action::Transfer, from, units)?;
    let fee = fee::of(store.reader(), &payer, &FeeOperation::Transfer, from, units)?;
    let (takes, gives) = (house::outside(store, from, network)?, house::outside(store, into, network)?);
    let mut changes = vec![
        Change { wallet: source, currency: from, units: -units.saturating_add(fee), held: 0 },
        Change { wallet: &takes, currency: from, units, held: 0 },
        Change { wallet: &gives, currency: into, units: -units, held: 0 },
        Change { wallet: destination, currency: into, units, held: 0 },
    ];
    let fees = if fee > 0 { Some(house::fees(store)?) } else { None };
    if let Some(fees) = &fees {
        changes.push(Change { wallet: fees, currency: from, units: fee, held: 0 });
    }
    let heading = Heading { method: network, description, reference, ..Heading::new(TransactionType::Transfer) };
    let ends = Ends { source: Some(source.waid), destination: Some(destination.waid) };
    settle_and_enter(store, &heading, &Sum { currency: from, units, fee, ends }, &changes)
}
