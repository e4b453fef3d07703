//! Writing a transaction: the only way in which a balance changes.

use super::chain::{Chain, Hash, NO_HASH, hash};
use super::hold::{self, Terms};
use super::house;
use super::wallet::{Balance, Wallet};
use crate::currency::Currency;
use crate::fee;
use crate::identity::Profile;
use crate::ledger::id;
use crate::planted::{self, Fault};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, StoreError, Writer, record};
use crate::tier::{self, Action, Permission, Tier};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{FeeOperation, TransactionState, TransactionType};
use florin_sdk_core::money::MAX_UNITS;
use florin_sdk_core::{CurrencyCode, Hoid, Timestamp, Txid, Waid};

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
        /// The hold that it placed, captured or released.
        hold: Option<Hoid>,
        /// The transaction that it pays back.
        original: Option<Txid>,
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
        /// The posting: the number of its transaction times 16, and its place among that one's postings.
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
        /// What was set aside, or, negative, no longer is. What can be spent changes by `units` less this.
        held: i128,
        /// What the wallet had afterwards, spendable and set aside together.
        balance: i128,
        /// The posting before it in this wallet and currency. So a wallet's history is a list, and needs no index whose
        /// pages every transaction would write to.
        previous: Option<i64>,
        /// Which one it is in this wallet and currency, from 1.
        place: i64,
    }
}

/// The most postings of a transaction.
pub(in crate::ledger) const SIDES: i64 = 16;

/// The posting that a transaction's would come right after, and the one that would come right after them.
pub(super) const fn around(txid: Txid) -> (i64, i64) {
    let first = txid.number().cast_signed().saturating_mul(SIDES);
    (first - 1, first.saturating_add(SIDES))
}

/// The postings of a transaction, in their order.
pub(super) fn postings_of(store: &mut dyn Reader, txid: Txid) -> Result<Vec<Posting>, StoreError> {
    let (before, after) = around(txid);
    let query = Posting::query().greater(Posting::posting, before).less(Posting::posting, after);
    store.list::<Posting>(query.ascending(Posting::posting))
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

/// Says what moving money between these wallets is going to read and change, so that an engine that is far away fetches
/// it in two journeys rather than one row at a time.
pub fn expect(store: &mut dyn Writer, source: Waid, destination: Waid, currency: &CurrencyCode) {
    if !store.is_far() {
        return;
    }
    store.expect::<Wallet>(source);
    store.expect::<Wallet>(destination);
    store.expect::<Currency>(currency.as_str());
    store.expect_claim::<Chain>(store.chain());
    // Where nearly everybody is; a guess that costs no journey of its own.
    store.expect::<Tier>(tier::FIRST);
    let Ok(Some(currency)) = store.cell(currency.as_str(), Currency::number) else { return };
    for waid in [source, destination] {
        if let Ok(Some(upid)) = store.cell(waid, Wallet::upid) {
            store.expect::<Profile>(upid);
            store.expect_claim::<Balance>((waid, currency));
            if let Ok(Some(tier)) = store.cell(upid, Profile::tier) {
                store.expect::<Tier>(tier);
            }
        }
    }
}

/// Moves money that can be spent from one wallet to another.
pub fn post(store: &mut dyn Writer, new: NewTransaction<'_>) -> Result<Txid, Refusal> {
    let NewTransaction { leg, kind, method, description, reference } = new;
    transfer(store, &leg, &Heading { method, description, reference, ..Heading::new(kind) })
}

/// The same, with all that a transaction can say of itself.
pub(super) fn transfer(store: &mut dyn Writer, leg: &Leg<'_>, heading: &Heading<'_>) -> Result<Txid, Refusal> {
    let Leg { source, destination, currency, units } = *leg;
    if units <= 0 {
        return Err(Refusal::field("amount", "must be more than zero"));
    }
    if source.waid == destination.waid {
        return Err(Refusal::field("destinationwaid", "must be another wallet than the one that pays"));
    }
    destination.need_room_for(currency)?;
    let payer = source.need_active(store.reader())?;
    let payee = destination.need_active(store.reader())?;
    let fee = match heading.kind {
        TransactionType::Transfer => {
            tier::count(store, &payer, Action::Transfer, currency, units)?;
            fee::of(store.reader(), &payer, &FeeOperation::Transfer, currency, units)?
        }
        TransactionType::Payment => {
            tier::count(store, &payer, Action::Payment, currency, units)?;
            tier::need(store.reader(), &payee, Permission::ReceivePayment)?;
            fee::of(store.reader(), &payer, &FeeOperation::Payment, currency, units)?
        }
        TransactionType::Deposit => {
            tier::count(store, &payee, Action::Deposit, currency, units)?;
            0
        }
        _ => 0,
    };
    let paid = units.checked_add(fee).ok_or_else(|| Refusal::new(Code::INSUFFICIENT_FUNDS))?;
    let fees = if fee > 0 { Some(house::fees(store)?) } else { None };
    // One posting for each wallet: what the wallet for fees receives itself, it receives together with its fee.
    let (received, apart) = match &fees {
        Some(fees) if fees.waid == destination.waid => (paid, None),
        other => (units, other.as_ref()),
    };
    let mut changes = vec![
        Change { wallet: source, currency, units: -paid, held: 0 },
        Change { wallet: destination, currency, units: received, held: 0 },
    ];
    changes.extend(apart.map(|wallet| Change { wallet, currency, units: fee, held: 0 }));
    let ends = Ends { source: Some(source.waid), destination: Some(destination.waid) };
    settle_and_enter(store, heading, &Sum { currency, units, fee, ends }, &changes)
}

/// What a transaction says of itself, beside what it moves.
#[derive(Debug)]
pub(super) struct Heading<'a> {
    pub(super) kind: TransactionType,
    pub(super) method: &'a str,
    pub(super) description: &'a str,
    pub(super) reference: Option<&'a str>,
    /// The hold that it places, captures or releases.
    pub(super) hold: Option<Terms>,
    /// The transaction that it pays back.
    pub(super) original: Option<Txid>,
    /// What it is written with: `Pending` where something else has yet to happen.
    pub(super) state: TransactionState,
}

impl Heading<'_> {
    /// Nothing but its kind: within the platform, by nobody in particular.
    pub(super) const fn new(kind: TransactionType) -> Self {
        let state = TransactionState::Completed;
        Self { kind, method: "internal", description: "", reference: None, hold: None, original: None, state }
    }
}

/// What a transaction moves in all.
#[derive(Debug)]
pub(super) struct Sum<'a> {
    pub(super) currency: &'a Currency,
    pub(super) units: i128,
    /// The fee, on top.
    pub(super) fee: i128,
    pub(super) ends: Ends,
}

/// The wallets that paid and received. Money that is set aside is paid by its wallet and received by nobody yet; when it
/// is released, its wallet receives it.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) source: Option<Waid>,
    pub(super) destination: Option<Waid>,
}

/// What a transaction changes in one wallet: a posting to be.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) wallet: &'a Wallet,
    pub(super) currency: &'a Currency,
    /// What comes in, or, negative, goes out.
    pub(super) units: i128,
    /// What is set aside, or, negative, no longer is.
    pub(super) held: i128,
}

/// Gives the wallets back what expired holds still set aside, then writes the transaction.
pub(super) fn settle_and_enter(
    store: &mut dyn Writer,
    heading: &Heading<'_>,
    sum: &Sum<'_>,
    changes: &[Change<'_>],
) -> Result<Txid, Refusal> {
    let mut balances = Vec::with_capacity(changes.len());
    for change in changes {
        let needed = change.held.saturating_sub(change.units);
        balances.push(hold::settle(store, change.wallet, change.currency, needed)?);
    }
    enter(store, heading, sum, changes, balances)
}

/// Writes a transaction, its postings and the balances that they change. `balances` are those of the changes' wallets,
/// as they are now.
pub(super) fn enter(
    store: &mut dyn Writer,
    heading: &Heading<'_>,
    sum: &Sum<'_>,
    changes: &[Change<'_>],
    balances: Vec<Option<Balance>>,
) -> Result<Txid, Refusal> {
    let txid = id(Txid::new(store.next_id()))?;
    let (mut number_before, end) = around(txid);
    let mut postings = Vec::with_capacity(changes.len());
    for (change, before) in changes.iter().zip(balances) {
        number_before += 1;
        if number_before >= end {
            tracing::error!(%txid, "more postings than a transaction can have");
            return Err(Refusal::new(Code::SYSTEM_ERROR));
        }
        postings.push(apply(store, change, before, (txid, number_before))?);
    }
    let number = store.chain();
    let mut chain = store.claim::<Chain>(number)?;
    let (previous, position) = chain.as_ref().map_or((NO_HASH, 1), |chain| (chain.head, chain.length + 1));
    let mut transaction = Transaction {
        txid,
        kind: heading.kind.clone(),
        method: heading.method.to_owned(),
        state: heading.state.clone(),
        currency: sum.currency.number,
        units: sum.units,
        fee: sum.fee,
        source: sum.ends.source,
        destination: sum.ends.destination,
        description: heading.description.to_owned(),
        reference: heading.reference.map(str::to_owned),
        hold: heading.hold.map(|hold| hold.hoid),
        original: heading.original,
        // The id is the time, so that a range of times is a range of ids.
        created: moment_of(txid),
        chain: number,
        position,
        hash: NO_HASH,
    };
    transaction.hash = hash(&previous, &transaction, &postings, heading.hold, sum.currency);

    store.insert(&transaction)?;
    for posting in &postings {
        if planted::is(Fault::DroppedPosting) && posting.waid.number() % 3 == 0 {
            continue;
        }
        store.insert(posting)?;
    }
    let head = Chain { chain: number, length: position, head: transaction.hash };
    match chain.replace(head.clone()) {
        Some(_) => store.update(&head)?,
        None => store.insert(&head)?,
    }
    Ok(txid)
}

/// When a transaction with this id was made.
pub(super) fn moment_of(txid: Txid) -> Timestamp {
    Timestamp::from_millis(i64::try_from(txid.number() / 1000).unwrap_or(i64::MAX))
}

/// Changes what a wallet has, and makes the posting that says so.
fn apply(
    store: &mut dyn Writer,
    change: &Change<'_>,
    before: Option<Balance>,
    (txid, posting): (Txid, i64),
) -> Result<Posting, Refusal> {
    let too_large = || Refusal::because(Code::LIMIT_EXCEEDED, "The balance would be larger than the books can hold");
    let (waid, number) = (change.wallet.waid, change.currency.number);
    let previous = before.as_ref().map(|balance| balance.last);
    let none = Balance { waid, currency: number, available: 0, held: 0, last: 0, entries: 0 };
    let old = before.unwrap_or(none);
    let spendable = change.units.checked_sub(change.held).ok_or_else(too_large)?;
    let available = old.available.checked_add(spendable).ok_or_else(too_large)?;
    let held = old.held.checked_add(change.held).ok_or_else(too_large)?;
    let total = available.checked_add(held).ok_or_else(too_large)?;
    // Nobody but the books themselves names a wallet that may.
    if available < 0 && spendable < 0 && !change.wallet.is_issuance {
        return Err(Refusal::new(Code::INSUFFICIENT_FUNDS));
    }
    if held < 0 {
        tracing::error!(wallet = %old.waid, currency = old.currency, "less is set aside than its holds say");
        return Err(Refusal::new(Code::SYSTEM_ERROR));
    }
    if [available, held, total].iter().any(|units| units.unsigned_abs() > MAX_UNITS.unsigned_abs()) {
        return Err(too_large());
    }
    let place = old.entries + 1;
    let balance = Balance { available, held, last: posting, entries: place, ..old };
    match previous {
        Some(_) => store.update(&balance)?,
        None => store.insert(&balance)?,
    }
    let (units, held) = (change.units, change.held);
    Ok(Posting { posting, txid, waid, currency: number, units, held, balance: total, previous, place })
}
