//! Writing a transaction: the only way in which a balance changes.

use super::chain::{Chain, Hash, NO_HASH, hash};
use super::wallet::{Balance, Wallet};
use crate::currency::Currency;
use crate::ledger::id;
use crate::refusal::Refusal;
use crate::store::{Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{TransactionState, TransactionType};
use florin_sdk_core::money::MAX_UNITS;
use florin_sdk_core::{Timestamp, Txid, Waid};

record! {
    /// A transaction: what was moved, and why. Its postings say from where and to where.
    Transaction in "ledger_transaction" key {
        /// The transaction. Later ones are greater.
        txid: Txid,
    } {
        /// Transfer, issue and so on.
        kind: TransactionType,
        /// How it was moved; `internal` within the platform.
        method: String,
        /// Pending, completed or failed.
        state: TransactionState,
        /// The currency.
        currency: u32,
        /// How much, in its smallest unit.
        units: i128,
        /// The fee on top.
        fee: i128,
        /// The wallet that paid.
        source: Option<Waid>,
        /// The wallet that received.
        destination: Option<Waid>,
        /// What its maker wrote on it.
        description: String,
        /// The client reference that it was made under.
        reference: Option<String>,
        /// When.
        created: Timestamp,
        /// The chain that it is in.
        chain: u32,
        /// Its place in the chain, from 1.
        position: i64,
        /// Its hash.
        hash: Hash,
    }
}

record! {
    /// One side of a transaction.
    Posting in "posting" key {
        /// The posting. Later ones are greater.
        posting: i64,
    } {
        /// The transaction.
        txid: Txid,
        /// The wallet.
        waid: Waid,
        /// The currency.
        currency: u32,
        /// What came in, or, negative, went out.
        units: i128,
        /// What the wallet had afterwards, spendable and set aside together.
        balance: i128,
    }
}

/// From where, to where, and how much.
#[derive(Debug)]
pub struct Leg<'a> {
    /// The wallet that pays.
    pub source: &'a Wallet,
    /// The wallet that receives.
    pub destination: &'a Wallet,
    /// The currency.
    pub currency: &'a Currency,
    /// How much, in its smallest unit.
    pub units: i128,
}

/// What a new transaction is made from.
#[derive(Debug)]
pub struct NewTransaction<'a> {
    /// From where, to where, and how much.
    pub leg: Leg<'a>,
    /// Transfer, issue and so on.
    pub kind: TransactionType,
    /// How it is moved.
    pub method: &'a str,
    /// What its maker wrote on it.
    pub description: &'a str,
    /// The client reference that it is made under.
    pub reference: Option<&'a str>,
}

/// Writes a transaction, its postings and the balances that they change.
pub fn post(store: &mut dyn Writer, new: NewTransaction<'_>) -> Result<Txid, Refusal> {
    let Leg { source, destination, currency, units } = new.leg;
    if units <= 0 {
        return Err(Refusal::field("amount", "must be more than zero"));
    }
    if source.waid == destination.waid {
        return Err(Refusal::field("destinationwaid", "must be another wallet than the one that pays"));
    }
    source.need_active()?;
    destination.need_active()?;
    let source_after = change(store, source, currency, -units)?;
    let destination_after = change(store, destination, currency, units)?;

    let txid = id(Txid::new(store.next_id()))?;
    let number = store.chain();
    let mut chain = store.claim::<Chain>(number)?;
    let (previous, position) = chain.as_ref().map_or((NO_HASH, 1), |chain| (chain.head, chain.length + 1));
    let mut transaction = Transaction {
        txid,
        kind: new.kind,
        method: new.method.to_owned(),
        state: TransactionState::Completed,
        currency: currency.number,
        units,
        fee: 0,
        source: Some(source.waid),
        destination: Some(destination.waid),
        description: new.description.to_owned(),
        reference: new.reference.map(str::to_owned),
        created: store.now(),
        chain: number,
        position,
        hash: NO_HASH,
    };
    let mut posting = |waid, units, balance| {
        let number = store.next_id().cast_signed();
        Posting { posting: number, txid, waid, currency: currency.number, units, balance }
    };
    let postings = [posting(source.waid, -units, source_after), posting(destination.waid, units, destination_after)];
    transaction.hash = hash(&previous, &transaction, &postings);

    store.insert(&transaction)?;
    for posting in &postings {
        store.insert(posting)?;
    }
    let head = Chain { chain: number, length: position, head: transaction.hash };
    match chain.replace(head.clone()) {
        Some(_) => store.update(&head)?,
        None => store.insert(&head)?,
    }
    Ok(txid)
}

/// Changes what a wallet has, and says what it has afterwards.
fn change(store: &mut dyn Writer, wallet: &Wallet, currency: &Currency, units: i128) -> Result<i128, Refusal> {
    let before = store.claim::<Balance>((wallet.waid, currency.number))?;
    let fresh = before.is_none();
    let mut balance = before.unwrap_or(Balance { waid: wallet.waid, currency: currency.number, available: 0, held: 0 });
    balance.available += units;
    if balance.available < 0 && units < 0 && !wallet.is_issuance {
        return Err(Refusal::new(Code::INSUFFICIENT_FUNDS));
    }
    let total = balance.available + balance.held;
    if total.abs() > MAX_UNITS || balance.available.abs() > MAX_UNITS {
        return Err(Refusal::because(Code::LIMIT_EXCEEDED, "The balance would be larger than the books can hold"));
    }
    if fresh {
        store.insert(&balance)?;
    } else {
        store.update(&balance)?;
    }
    Ok(total)
}
