//! Deposits: the addresses at which wallets receive, and what came in at them.
//!
//! What came in is booked once: a row that bears the network's own name of the transaction is written in the same database
//! transaction as the postings. What cannot be booked is noted all the same, for people to look at.

use super::asset;
use super::network::{Facts, Incoming, Method};
use crate::currency::Currency;
use crate::identity;
use crate::ledger::{self, NewDeposit, Wallet};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use crate::words::stored_words;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::CurrencyType;
use florin_sdk_core::{CurrencyCode, Timestamp, Txid, Waid};

/// The first destination tag that is given out: no short number that somebody types by mistake.
const FIRST_TAG: i64 = 100_000;

/// The most addresses of one wallet and method.
const MOST: usize = 1000;

record! {
    /// An address at which a wallet receives.
    DepositAddress in "deposit_address" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// The bridge's name.
        bridge: String,
        /// The method.
        method: String,
        /// The address.
        address: String,
        /// The tag; -1 where the address is the wallet's alone.
        tag: i64,
        /// The wallet.
        waid: Waid,
        /// When it was made.
        created: Timestamp,
    }
}

impl DepositAddress {
    /// As the contract writes it.
    #[must_use]
    pub fn written(&self) -> String {
        if self.tag < 0 { self.address.clone() } else { format!("{}-{}", self.address, self.tag) }
    }
}

record! {
    /// Something that came in.
    BridgeDeposit in "bridge_deposit" key {
        /// The bridge's name.
        bridge: String,
        /// The network's own name for it.
        network_id: String,
    } {
        /// Later ones are greater.
        number: i64,
        /// Where it stands.
        status: DepositStatus,
        /// Why it is not booked.
        reason: Option<String>,
        /// The address that received.
        address: String,
        /// The tag that came with it.
        tag: Option<i64>,
        /// What came, such as `XRP` or `USD/rvYAfWj5gh67oV6fW32ZzP3Aw4Eubs59B`.
        asset: String,
        /// How much, in whole units.
        amount: String,
        /// The address that paid.
        sender: String,
        /// The block that it is in.
        height: i64,
        /// The wallet that was credited.
        waid: Option<Waid>,
        /// The transaction that credited it.
        txid: Option<Txid>,
        /// When it was seen.
        created: Timestamp,
    }
}

stored_words! {
    /// Where something that came in stands.
    DepositStatus {
        /// A wallet has it.
        Credited = "credited",
        /// Nobody knows whose it is, or it could not be booked: for an operator.
        Unassigned = "unassigned",
        /// Too little to be booked.
        Ignored = "ignored",
    }
}

record! {
    /// Up to where a network's blocks were looked through.
    Position in "bridge_position" key {
        /// The bridge's name.
        bridge: String,
    } {
        /// The last block of which all is noted.
        height: i64,
    }
}

/// Up to where a network's blocks were looked through.
pub fn position(store: &mut dyn Reader, facts: &Facts) -> Result<i64, Refusal> {
    Ok(store.get::<Position>(facts.name)?.map_or(0, |position| position.height))
}

/// Notes that all up to a block is noted. It never goes back.
pub fn advance(store: &mut dyn Writer, facts: &Facts, height: i64) -> Result<(), Refusal> {
    match store.claim::<Position>(facts.name)? {
        None => store.insert(&Position { bridge: facts.name.to_owned(), height })?,
        Some(before) if before.height >= height => {}
        Some(before) => store.update(&Position { height, ..before })?,
    }
    Ok(())
}

/// Gives a wallet an address of its own: `address`, with the next free tag if the network has tags.
pub fn create(
    store: &mut dyn Writer,
    facts: &Facts,
    method: Method,
    wallet: &Wallet,
    address: &str,
) -> Result<DepositAddress, Refusal> {
    wallet.need_active(store.reader())?;
    let own = DepositAddress::query()
        .eq(DepositAddress::waid, wallet.waid)
        .eq(DepositAddress::method, method.name)
        .limit(MOST);
    if store.list::<DepositAddress>(own)?.len() >= MOST {
        return Err(Refusal::because(Code::LIMIT_EXCEEDED, format!("A wallet has at most {MOST} addresses a method")));
    }
    let last = store.first::<DepositAddress>(DepositAddress::query().descending(DepositAddress::number))?;
    let tag = if facts.tags.is_some() {
        let query = DepositAddress::query()
            .eq(DepositAddress::bridge, facts.name)
            .eq(DepositAddress::address, address)
            .descending(DepositAddress::tag);
        store.first::<DepositAddress>(query)?.map_or(FIRST_TAG, |last| last.tag.saturating_add(1).max(FIRST_TAG))
    } else {
        -1
    };
    if facts.tags.is_some_and(|greatest| tag > greatest) {
        return Err(Refusal::because(Code::LIMIT_EXCEEDED, "All destination tags of this address are given out"));
    }
    let made = DepositAddress {
        number: last.map_or(1, |last| last.number.saturating_add(1)),
        bridge: facts.name.to_owned(),
        method: method.name.to_owned(),
        address: address.to_owned(),
        tag,
        waid: wallet.waid,
        created: store.now(),
    };
    store.insert(&made)?;
    Ok(made)
}

/// The newest address at which a wallet receives a currency by a method.
///
/// # Errors
/// `INVALID_REQUEST` if the currency is none of the platform's, is a bridge currency, or cannot be paid in by the
/// method; `NOT_FOUND` if the wallet has no address of the method yet.
pub fn newest(
    store: &mut dyn Reader,
    facts: &Facts,
    method: Method,
    waid: Waid,
    code: &CurrencyCode,
) -> Result<DepositAddress, Refusal> {
    let currency = crate::currency::need_currency(store, "currencycode", code)?;
    if currency.kind == CurrencyType::Bridge {
        return Err(Refusal::field("currencycode", "must be a base or an extended currency"));
    }
    if !asset::pays_in(store, facts, &currency, &method)? {
        return Err(Refusal::field("depositmethod", format!("{code} cannot be paid in by {}", method.name)));
    }
    let query = DepositAddress::query()
        .eq(DepositAddress::waid, waid)
        .eq(DepositAddress::method, method.name)
        .descending(DepositAddress::number);
    store.first::<DepositAddress>(query)?.ok_or_else(Refusal::not_found)
}

/// Notes something that came in, and credits whom it is for. Once: false if it was noted already.
pub fn receive(store: &mut dyn Writer, facts: &Facts, incoming: &Incoming) -> Result<bool, Refusal> {
    if store.claim::<BridgeDeposit>((facts.name, incoming.transaction.as_str()))?.is_some() {
        return Ok(false);
    }
    let mut row = BridgeDeposit {
        bridge: facts.name.to_owned(),
        network_id: incoming.transaction.clone(),
        number: store.next_id().cast_signed(),
        status: DepositStatus::Unassigned,
        reason: None,
        address: incoming.destination.address.clone(),
        tag: incoming.destination.tag,
        asset: incoming.asset.to_string(),
        amount: incoming.amount.to_string(),
        sender: incoming.sender.clone(),
        height: incoming.height,
        waid: None,
        txid: None,
        created: store.now(),
    };
    match destined(store.reader(), facts, incoming)? {
        Destined::Nobody(reason) => row.reason = Some(reason),
        Destined::TooLittle => {
            row.status = DepositStatus::Ignored;
            row.reason = Some("less than the least deposit".to_owned());
        }
        Destined::To(receiver) => {
            let Receiver { wallet, method, currency, units } = *receiver;
            // What the wallet's owner may not receive is not lost: an operator decides.
            store.begin_part()?;
            let booked = book(store, facts, &method, (&wallet, &currency, units), &row, None);
            store.end_part(booked.is_ok())?;
            match booked {
                Ok(txid) => {
                    row.status = DepositStatus::Credited;
                    (row.waid, row.txid) = (Some(wallet.waid), Some(txid));
                }
                Err(refusal) if refusal.code.is_decided() || refusal.code == Code::INVALID_REQUEST => {
                    row.reason = Some(refusal.message);
                }
                Err(refusal) => return Err(refusal),
            }
        }
    }
    store.insert(&row)?;
    Ok(true)
}

/// Whose something is that came in, and what it is in the books.
struct Receiver {
    wallet: Wallet,
    method: String,
    currency: Currency,
    units: i128,
}

enum Destined {
    To(Box<Receiver>),
    Nobody(String),
    TooLittle,
}

fn destined(store: &mut dyn Reader, facts: &Facts, incoming: &Incoming) -> Result<Destined, Refusal> {
    let nobody = |reason: &str| Ok(Destined::Nobody(reason.to_owned()));
    let Some(currency) = asset::currency_of(store, facts, &incoming.asset)? else {
        return nobody("no currency of the platform is this asset");
    };
    if incoming.asset.issuer.is_none() {
        let least = facts.least_deposit;
        if incoming.amount.units(facts.decimals).is_ok_and(|units| units < least) {
            return Ok(Destined::TooLittle);
        }
    }
    // Without a tag it is nobody's, where many share the address.
    let tag = incoming.destination.tag.unwrap_or(-1);
    let query = DepositAddress::query()
        .eq(DepositAddress::bridge, facts.name)
        .eq(DepositAddress::address, incoming.destination.address.as_str())
        .eq(DepositAddress::tag, tag);
    let Some(address) = store.first::<DepositAddress>(query)? else {
        return nobody(match incoming.destination.tag {
            None if facts.tags.is_some() => "it came without a destination tag",
            Some(_) => "nobody has this destination tag",
            None => "no wallet has this address",
        });
    };
    let Some(wallet) = store.get::<Wallet>(address.waid)? else { return nobody("the wallet is gone") };
    // The network took it all the same: it is there, and an operator says whose it is.
    let open = match facts.method(&address.method) {
        Some(method) => asset::pays_in(store, facts, &currency, &method)?,
        None => false,
    };
    if !open {
        return Ok(Destined::Nobody(format!("{} cannot be paid in by {}", currency.code, address.method)));
    }
    let Ok(units) = currency.units("amount", incoming.amount) else {
        return nobody("the amount has more digits than the books keep of this currency");
    };
    Ok(Destined::To(Box::new(Receiver { wallet, method: address.method, currency, units })))
}

fn book(
    store: &mut dyn Writer,
    facts: &Facts,
    method: &str,
    (wallet, currency, units): (&Wallet, &Currency, i128),
    row: &BridgeDeposit,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    identity::need_active(&currency.status, "The currency")?;
    let destination = row.tag.map_or_else(|| row.address.clone(), |tag| format!("{}-{tag}", row.address));
    let new = NewDeposit {
        wallet,
        currency,
        units,
        method,
        network: facts.name,
        description: "",
        network_id: Some(&row.network_id),
        source: Some(&row.sender),
        destination: Some(&destination),
    };
    ledger::deposit(store, &new, reference)
}

/// Credits a wallet with what nobody was known to have, as an operator says.
///
/// # Errors
/// `NOT_FOUND` if nothing of that name came in; `ALREADY_EXISTS` if somebody has it.
pub fn assign(
    store: &mut dyn Writer,
    facts: &Facts,
    transaction: &str,
    wallet: &Wallet,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let found = store.claim::<BridgeDeposit>((facts.name, transaction))?;
    let mut row = found.ok_or_else(Refusal::not_found)?;
    if row.status == DepositStatus::Credited {
        return Err(Refusal::because(Code::ALREADY_EXISTS, "A wallet has been credited with it already"));
    }
    let asset = super::network::Asset::parse(&row.asset);
    let currency = match &asset {
        Some(asset) => asset::currency_of(store.reader(), facts, asset)?,
        None => None,
    };
    let currency = currency.ok_or_else(|| {
        Refusal::field("transaction", "is of an asset that is no currency of the platform: nothing can be credited")
    })?;
    let amount = row.amount.parse().map_err(|e| Refusal::value("amount", &e))?;
    let units = currency.units("amount", amount)?;
    let txid = book(store, facts, facts.name, (wallet, &currency, units), &row, reference)?;
    row.status = DepositStatus::Credited;
    row.reason = None;
    (row.waid, row.txid) = (Some(wallet.waid), Some(txid));
    store.update(&row)?;
    Ok(txid)
}

/// What came in over a bridge, the newest first.
pub fn list(
    store: &mut dyn Reader,
    facts: &Facts,
    status: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<BridgeDeposit>, Refusal> {
    let mut query = BridgeDeposit::query().eq(BridgeDeposit::bridge, facts.name);
    if let Some(status) = status {
        query = query.eq(BridgeDeposit::status, status);
    }
    if let Some(before) = before {
        query = query.less(BridgeDeposit::number, before);
    }
    Ok(store.list(query.descending(BridgeDeposit::number).limit(limit))?)
}
