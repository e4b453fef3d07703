//! Money that comes in from outside, and money that goes there.
//!
//! A deposit is one transaction, final at once: whoever enters it has seen the money. A withdrawal begins with a hold of
//! the amount and its fee, in state `Pending`; nothing has left yet. It ends once: it is completed, and what was held
//! leaves the wallet, or it fails, and all of it can be spent again.
//!
//! The hold of a withdrawal never expires, and only its withdrawal ends it. The transaction that began it keeps its row
//! and its hash; where the withdrawal stands is a row of its own, and lists show that in the place of the `Pending` that
//! the transaction was written with.
//!
//! Source: spec/omnigate/ambiguities.md.

use super::hold::{Hold, HoldStatus, Terms};
use super::house;
use super::post::{Change, Ends, Heading, Leg, Sum, enter, moment_of, settle_and_enter, transfer};
use super::wallet::{Balance, Wallet};
use crate::currency::{self, Currency};
use crate::fee;
use crate::identity::{self, Holder};
use crate::ledger::id;
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use crate::tier::{self, Action};
use florin_sdk_core::code::Code;
use florin_sdk_core::model::{FeeOperation, TransactionState, TransactionType};
use florin_sdk_core::{Hoid, Timestamp, Txid, Upid, Waid};

record! {
    /// A withdrawal.
    Withdrawal in "withdrawal" key {
        /// The transaction that began it.
        txid: Txid,
    } {
        /// The hold that it set aside by.
        hoid: Hoid,
        /// The wallet that the money is in.
        waid: Waid,
        /// The currency.
        currency: u32,
        /// How much is to go, in its smallest unit.
        units: i128,
        /// The fee on top.
        fee: i128,
        /// How it goes: `bank`, `ripple` and so on.
        method: String,
        /// The network that it goes to: what it goes out by.
        network: String,
        /// The profile that asked for it.
        creator: Upid,
        /// Pending, completed or failed.
        state: TransactionState,
        /// When it was asked for.
        created: Timestamp,
        /// The transaction that completed it or gave the money back.
        ended: Option<Txid>,
        /// When that was.
        closed: Option<Timestamp>,
    }
}

record! {
    /// What is known of a deposit or withdrawal outside the platform.
    Outside in "outside" key {
        /// The transaction: for a withdrawal, the one that began it.
        txid: Txid,
    } {
        /// The id of the transaction there.
        network_id: Option<String>,
        /// The address that paid.
        source: Option<String>,
        /// The address that received.
        destination: Option<String>,
        /// The result code there.
        code: Option<u32>,
        /// What was said there.
        message: Option<String>,
    }
}

impl Outside {
    fn is_empty(&self) -> bool {
        let texts = [&self.network_id, &self.source, &self.destination, &self.message];
        self.code.is_none() && texts.iter().all(|text| text.is_none())
    }
}

/// What a new withdrawal is made from.
#[derive(Debug)]
pub struct NewWithdrawal<'a> {
    /// The wallet that the money is in.
    pub wallet: &'a Wallet,
    /// The currency.
    pub currency: &'a Currency,
    /// How much is to go, in its smallest unit. The fee comes on top.
    pub units: i128,
    /// How it goes, as the caller named it: `bank`, `ripple` and so on.
    pub method: &'a str,
    /// The network that it goes to. What came in by a network and what went out by it are in one wallet of the
    /// platform's.
    pub network: &'a str,
    /// What its maker wrote on it.
    pub description: &'a str,
    /// The address that is to receive it.
    pub address: Option<&'a str>,
    /// The profile that asks for it.
    pub creator: Upid,
}

/// Begins a withdrawal: sets the amount and its fee aside, in state `Pending`.
///
/// The caller is known to reach the wallet. Whoever sends the money out writes down, in the same database transaction,
/// that it is to be sent; [`complete_withdraw`] and [`fail_withdraw`] end it.
///
/// # Errors
/// `INSUFFICIENT_FUNDS` if amount and fee are not there, `LIMIT_EXCEEDED` if the tier does not allow it, `INACTIVE` if wallet, profile or currency is,
/// `INVALID_REQUEST` if the amount is not positive.
pub fn withdraw(
    store: &mut dyn Writer,
    new: &NewWithdrawal<'_>,
    reference: Option<&str>,
) -> Result<Withdrawal, Refusal> {
    let &NewWithdrawal { wallet, currency, units, method, network, description, address, creator } = new;
    if units <= 0 {
        return Err(Refusal::field("amount", "must be more than zero"));
    }
    identity::need_active(&currency.status, "The currency")?;
    let owner = wallet.need_active(store.reader())?;
    tier::count(store, &owner, Action::Withdraw, currency, units)?;
    let fee = fee::of(store.reader(), &owner, &FeeOperation::Withdraw, currency, units)?;
    let total = units.checked_add(fee).ok_or_else(|| Refusal::new(Code::INSUFFICIENT_FUNDS))?;
    let terms =
        Terms::lasting(id(Hoid::new(store.next_id()))?, wallet.waid, currency.number, total, creator, store.now());
    let heading = Heading {
        method,
        description,
        reference,
        hold: Some(terms),
        state: TransactionState::Pending,
        ..Heading::new(TransactionType::Withdraw)
    };
    let sum = Sum { currency, units, fee, ends: Ends { source: Some(wallet.waid), destination: None } };
    let change = Change { wallet, currency, units: 0, held: total };
    let txid = settle_and_enter(store, &heading, &sum, &[change])?;
    let hold = Hold::open(terms, txid);
    store.insert(&hold)?;
    let withdrawal = Withdrawal {
        txid,
        hoid: hold.hoid,
        waid: wallet.waid,
        currency: currency.number,
        units,
        fee,
        method: method.to_owned(),
        network: network.to_owned(),
        creator,
        state: TransactionState::Pending,
        created: moment_of(txid),
        ended: None,
        closed: None,
    };
    store.insert(&withdrawal)?;
    let destination = address.map(str::to_owned);
    let outside = Outside { txid, network_id: None, source: None, destination, code: None, message: None };
    if !outside.is_empty() {
        store.insert(&outside)?;
    }
    Ok(withdrawal)
}

/// The fee of a withdrawal out of a wallet, in the currency's smallest unit: what [`withdraw`] would set aside on top.
pub fn withdraw_fee(
    store: &mut dyn Reader,
    wallet: &Wallet,
    currency: &Currency,
    units: i128,
) -> Result<i128, Refusal> {
    let owner = Holder::need(store, wallet.upid)?;
    fee::of(store, &owner, &FeeOperation::Withdraw, currency, units)
}

/// What became of a withdrawal outside the platform.
#[derive(Debug, Default, Clone, Copy)]
pub struct OutsideResult<'a> {
    /// The id of the transaction there.
    pub network_id: Option<&'a str>,
    /// The address that it was paid from.
    pub source: Option<&'a str>,
    /// The result code there.
    pub code: Option<u32>,
    /// What was said there.
    pub message: Option<&'a str>,
    /// The client reference that it is ended under, by hand.
    pub reference: Option<&'a str>,
}

/// A withdrawal that has not ended yet, with its hold, wallet and currency.
struct Open {
    withdrawal: Withdrawal,
    hold: Hold,
    wallet: Wallet,
    currency: Currency,
}

fn open(store: &mut dyn Writer, txid: Txid) -> Result<Open, Refusal> {
    let withdrawal = store.claim::<Withdrawal>(txid)?.ok_or_else(Refusal::not_found)?;
    match withdrawal.state {
        TransactionState::Pending => {}
        TransactionState::Completed => return Err(closed("completed already")),
        TransactionState::Failed => return Err(closed("failed already")),
        TransactionState::Other { .. } => return Err(closed("closed")),
    }
    let hold = store.claim::<Hold>(withdrawal.hoid)?.ok_or_else(Refusal::not_found)?;
    let wallet = store.get::<Wallet>(withdrawal.waid)?.ok_or_else(Refusal::not_found)?;
    let currency = currency::by_number(store.reader(), withdrawal.currency)?;
    Ok(Open { withdrawal, hold, wallet, currency })
}

fn closed(how: &str) -> Refusal {
    Refusal::because(Code::WITHDRAWAL_CLOSED, format!("The withdrawal is {how}"))
}

/// Completes a withdrawal: what was held leaves the wallet, the fee goes to the platform. It counts whatever became
/// inactive meanwhile, as the money has left.
///
/// # Errors
/// `NOT_FOUND` if there is no such withdrawal; `WITHDRAWAL_CLOSED` if it has ended: then nothing is written.
pub fn complete_withdraw(store: &mut dyn Writer, txid: Txid, result: OutsideResult<'_>) -> Result<Withdrawal, Refusal> {
    let Open { withdrawal, hold, wallet, currency } = open(store, txid)?;
    let outside = house::outside(store, &currency, &withdrawal.network)?;
    let fees = if withdrawal.fee > 0 { Some(house::fees(store)?) } else { None };
    let (units, fee) = (withdrawal.units, withdrawal.fee);
    let total = hold.units;
    let mut changes = vec![
        Change { wallet: &wallet, currency: &currency, units: -total, held: -total },
        Change { wallet: &outside, currency: &currency, units, held: 0 },
    ];
    if let Some(fees) = &fees {
        changes.push(Change { wallet: fees, currency: &currency, units: fee, held: 0 });
    }
    let ends = Ends { source: Some(wallet.waid), destination: Some(outside.waid) };
    let sum = Sum { currency: &currency, units, fee, ends };
    let description = hold.last_words(&HoldStatus::Captured);
    let heading = Heading {
        method: &withdrawal.method,
        description: &description,
        reference: result.reference,
        hold: Some(hold.terms()),
        ..Heading::new(TransactionType::Capture)
    };
    let ended = settle_and_enter(store, &heading, &sum, &changes)?;
    end(store, (withdrawal, hold), (HoldStatus::Captured, units), TransactionState::Completed, ended, result)
}

/// Ends a withdrawal that did not go out: all that was held, the fee too, can be spent again.
///
/// # Errors
/// As [`complete_withdraw`].
pub fn fail_withdraw(store: &mut dyn Writer, txid: Txid, result: OutsideResult<'_>) -> Result<Withdrawal, Refusal> {
    let Open { withdrawal, hold, wallet, currency } = open(store, txid)?;
    let description = hold.last_words(&HoldStatus::Released);
    let heading = Heading {
        method: &withdrawal.method,
        description: &description,
        reference: result.reference,
        hold: Some(hold.terms()),
        ..Heading::new(TransactionType::Release)
    };
    let ends = Ends { source: None, destination: Some(wallet.waid) };
    let sum = Sum { currency: &currency, units: hold.units, fee: 0, ends };
    let change = Change { wallet: &wallet, currency: &currency, units: 0, held: -hold.units };
    let balance = store.claim::<Balance>((wallet.waid, currency.number))?;
    let ended = enter(store, &heading, &sum, &[change], vec![balance])?;
    tier::give_back(store, wallet.upid, Action::Withdraw, currency.number, withdrawal.units)?;
    end(store, (withdrawal, hold), (HoldStatus::Released, 0), TransactionState::Failed, ended, result)
}

/// Notes how a withdrawal ended.
fn end(
    store: &mut dyn Writer,
    (mut withdrawal, mut hold): (Withdrawal, Hold),
    (status, captured): (HoldStatus, i128),
    state: TransactionState,
    ended: Txid,
    result: OutsideResult<'_>,
) -> Result<Withdrawal, Refusal> {
    hold.end(status, captured, ended);
    store.update(&hold)?;
    withdrawal.state = state;
    withdrawal.ended = Some(ended);
    withdrawal.closed = Some(moment_of(ended));
    store.update(&withdrawal)?;
    let txid = withdrawal.txid;
    let before = store.claim::<Outside>(txid)?;
    let is_new = before.is_none();
    let mut outside = before.unwrap_or(Outside {
        txid,
        network_id: None,
        source: None,
        destination: None,
        code: None,
        message: None,
    });
    let owned = |text: Option<&str>| text.map(str::to_owned);
    outside.network_id = owned(result.network_id);
    outside.source = owned(result.source);
    outside.code = result.code;
    outside.message = owned(result.message);
    if !is_new {
        store.update(&outside)?;
    } else if !outside.is_empty() {
        store.insert(&outside)?;
    }
    Ok(withdrawal)
}

/// The withdrawals that these holds belong to.
pub(super) fn of_holds(store: &mut dyn Reader, hoids: &[Hoid]) -> Result<Vec<Withdrawal>, Refusal> {
    if hoids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store.list::<Withdrawal>(Withdrawal::query().any_of(Withdrawal::hoid, hoids))?)
}

/// What a deposit is made from.
#[derive(Debug)]
pub struct NewDeposit<'a> {
    /// The wallet that receives.
    pub wallet: &'a Wallet,
    /// The currency.
    pub currency: &'a Currency,
    /// How much came in, in its smallest unit.
    pub units: i128,
    /// How it came: `bank`, `ripple` and so on.
    pub method: &'a str,
    /// The network that it came by.
    pub network: &'a str,
    /// What its maker wrote on it.
    pub description: &'a str,
    /// The id of the transaction there.
    pub network_id: Option<&'a str>,
    /// The address that paid.
    pub source: Option<&'a str>,
    /// The address that it was paid to.
    pub destination: Option<&'a str>,
}

/// Credits a wallet with what came in from outside. It is final. That one deposit is entered once is for the caller to
/// see to, under a client reference or an id of the network.
///
/// # Errors
/// `INACTIVE` if wallet, profile or currency is; `INVALID_REQUEST` if the amount is not positive.
pub fn deposit(store: &mut dyn Writer, new: &NewDeposit<'_>, reference: Option<&str>) -> Result<Txid, Refusal> {
    let &NewDeposit { wallet, currency, units, method, network, description, network_id, source, destination } = new;
    identity::need_active(&currency.status, "The currency")?;
    let outside = house::outside(store, currency, network)?;
    let heading = Heading { method, description, reference, ..Heading::new(TransactionType::Deposit) };
    let leg = Leg { source: &outside, destination: wallet, currency, units };
    let txid = transfer(store, &leg, &heading)?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let outside = Outside {
        txid,
        network_id: owned(network_id),
        source: owned(source),
        destination: owned(destination),
        code: None,
        message: None,
    };
    if !outside.is_empty() {
        store.insert(&outside)?;
    }
    Ok(txid)
}
