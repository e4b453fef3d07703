//! The outbox: what is to be sent over a bridge.
//!
//! An order is written in the database transaction of what it is for: a withdrawal with its hold, an IOU with its client
//! reference. A worker takes orders that are due, asks the network whether it knows the order's id, submits if it does
//! not, and asks again until the network says that it is final; then the order and what it is for end in one database
//! transaction. Whoever is killed on the way leaves an order that is due again: nothing is lost, and as the network takes
//! an id once, nothing is sent twice.
//!
//! Several processes may work on one database: taking an order moves the time at which it is due beyond the time that a
//! network may take to answer (a lease). Should two submit all the same, they submit the same id.

use super::Bridges;
use super::account;
use super::address::{Checks, Destination};
use super::asset;
use super::network::{Asset, Bridge, Facts, Progress, Sending};
use crate::currency::Currency;
use crate::identity::Profile;
use crate::ledger::{self, NewWithdrawal, OutsideResult, Wallet};
use crate::refusal::Refusal;
use crate::store::{Reader, Record, Writer, record};
use crate::words::stored_words;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{IssueIOU, WalletWithdraw};
use florin_sdk_core::{Amount, Timestamp, Txid, Upid};

/// The longest pause before a network that does not answer is asked again.
const LONGEST_PAUSE_S: i64 = 60;

record! {
    /// Something to be sent.
    Order in "bridge_order" key {
        /// Later ones are greater.
        number: i64,
    } {
        /// The bridge's name.
        bridge: String,
        /// Names it at the network, for ever.
        id: String,
        /// The withdrawal that it is for; none of an IOU.
        txid: Option<Txid>,
        /// The profile that asked for it.
        upid: Upid,
        /// The method.
        method: String,
        /// The address that it is sent from; the platform's main one if none.
        source: Option<String>,
        /// The address that is to receive it.
        address: String,
        /// The receiver's tag.
        tag: Option<i64>,
        /// What leaves.
        asset: String,
        /// How much, in whole units.
        amount: String,
        /// What is to arrive, if it is another asset.
        arrives: Option<String>,
        /// How much of that.
        arrives_amount: Option<String>,
        /// For the bridge, as JSON.
        extra: Option<String>,
        /// Where it stands.
        status: OrderStatus,
        /// The network's own name for it.
        network_id: Option<String>,
        /// Why it failed.
        reason: Option<String>,
        /// How often in a row the network did not answer.
        silent: u32,
        /// When it is to be worked on; none when it has ended, or is for people.
        due: Option<Timestamp>,
        /// The client reference that it was made under.
        reference: Option<String>,
        /// When it was written.
        created: Timestamp,
        /// When it ended.
        closed: Option<Timestamp>,
    }
}

stored_words! {
    /// Where an order stands.
    OrderStatus {
        /// The network is not known to have it.
        Waiting = "waiting",
        /// The network has it.
        Sent = "sent",
        /// Carried out.
        Done = "done",
        /// Not carried out.
        Failed = "failed",
    }
}

impl Order {
    /// An order to send this, for a profile. It is due at once, unless people carry it out.
    fn new(
        bridge: &dyn Bridge,
        (number, now): (i64, Timestamp),
        sending: Sending,
        upid: Upid,
        reference: Option<&str>,
    ) -> Self {
        let (arrives, arrives_amount) =
            sending.arrives.map(|(asset, amount)| (asset.to_string(), amount.to_string())).unzip();
        Self {
            number,
            bridge: bridge.facts().name.to_owned(),
            id: sending.id,
            txid: None,
            upid,
            method: sending.method,
            source: sending.source,
            address: sending.destination.address,
            tag: sending.destination.tag,
            asset: sending.asset.to_string(),
            amount: sending.amount.to_string(),
            arrives,
            arrives_amount,
            extra: sending.extra,
            status: OrderStatus::Waiting,
            network_id: None,
            reason: None,
            silent: 0,
            due: (!bridge.by_hand()).then_some(now),
            reference: reference.map(str::to_owned),
            created: now,
            closed: None,
        }
    }

    /// As the network gets it.
    pub fn sending(&self) -> Result<Sending, Refusal> {
        let corrupt = || {
            tracing::error!(order = self.number, "an order holds what it cannot hold");
            Refusal::new(Code::SYSTEM_ERROR)
        };
        let asset = |text: &str| Asset::parse(text).ok_or_else(corrupt);
        let amount = |text: &str| text.parse::<Amount>().map_err(|_| corrupt());
        let arrives = match (&self.arrives, &self.arrives_amount) {
            (Some(what), Some(much)) => Some((asset(what)?, amount(much)?)),
            _ => None,
        };
        Ok(Sending {
            id: self.id.clone(),
            method: self.method.clone(),
            source: self.source.clone(),
            destination: Destination { address: self.address.clone(), tag: self.tag },
            asset: asset(&self.asset)?,
            amount: amount(&self.amount)?,
            arrives,
            extra: self.extra.clone(),
        })
    }

    fn is_open(&self) -> bool {
        matches!(self.status, OrderStatus::Waiting | OrderStatus::Sent)
    }
}

/// What a withdrawal would send, once it was looked at.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The currency of the books.
    pub currency: Currency,
    /// How much, in its smallest unit.
    pub units: i128,
    /// What it is on the network.
    pub asset: Asset,
    /// Whereto.
    pub destination: Destination,
    /// What is to arrive, if it is another asset.
    pub arrives: Option<(Asset, Amount)>,
}

/// Checks all of a withdrawal that needs no network.
///
/// # Errors
/// `INVALID_REQUEST` naming the field: the method leads nowhere or not for this currency, the address is none of the
/// network's, the amount has more digits than the network keeps or is below its least.
pub fn check(
    store: &mut dyn Reader,
    bridge: &dyn Bridge,
    op: &WalletWithdraw,
    checks: Checks,
) -> Result<Checked, Refusal> {
    let facts = bridge.facts();
    let method = facts.method(&op.method).ok_or_else(|| Refusal::field("method", "leads over no bridge"))?;
    let currency = crate::currency::need_currency(store, "currency", &op.currency)?;
    // Whoever works by hand can do anything.
    let by_hand = bridge.by_hand() && op.method == facts.name;
    let withdraws = by_hand || asset::pays_out(store, facts, &currency, &method)?;
    let asset = match asset::asset_of(store, facts, &currency)? {
        Some(asset) => asset,
        None if bridge.by_hand() && withdraws => Asset { code: currency.code.letters().to_owned(), issuer: None },
        None => {
            let reason = format!("{} cannot be paid out by {}", op.currency, op.method);
            return Err(Refusal::field("method", reason));
        }
    };
    if !withdraws {
        return Err(Refusal::field("method", format!("{} cannot be paid out by {}", op.currency, op.method)));
    }
    let units = currency.units("amount", op.amount)?;
    if !bridge.by_hand() {
        let decimals = facts.decimals_of(&asset);
        let there = op.amount.units(decimals).map_err(|_| {
            Refusal::field("amount", format!("has more digits after the point than the {decimals} of the network"))
        })?;
        if asset.issuer.is_none() && there < facts.least_sent {
            return Err(Refusal::field("amount", "is less than what the network sends (dust)"));
        }
    }
    let destination = facts.read("destinationaddress", method.address, &op.destination_address, checks)?;
    let arrives = match (&op.destination_currency, op.destination_amount) {
        (Some(text), Some(amount)) => {
            if !facts.quotes {
                return Err(Refusal::field("destinationcurrency", "this network converts nothing on the way"));
            }
            Some((outside_asset(facts, text, checks)?, amount))
        }
        _ => None,
    };
    Ok(Checked { currency, units, asset, destination, arrives })
}

/// Reads `<3 letters>/<issuer address>`.
pub fn outside_asset(facts: &Facts, text: &str, checks: Checks) -> Result<Asset, Refusal> {
    let wrong = |reason: String| Refusal::field("destinationcurrency", reason);
    let asset = Asset::parse(text).filter(|asset| asset.issuer.is_some());
    let asset = asset.ok_or_else(|| wrong("must be three letters, \"/\", and the address of the issuer".to_owned()))?;
    if let Some(issuer) = &asset.issuer {
        facts.address_kind().check(issuer, checks).map_err(wrong)?;
    }
    Ok(asset)
}

/// The fee of a withdrawal, in the currency's smallest unit: on top of the amount.
pub fn fee(store: &mut dyn Reader, wallet: &Wallet, currency: &Currency, units: i128) -> Result<i128, Refusal> {
    ledger::withdraw_fee(store, wallet, currency, units)
}

/// An amount with so many digits after the point as units with so many, rounded up.
pub fn ceiling(amount: Amount, from: u32, to: u32) -> Result<i128, Refusal> {
    let too_large = || Refusal::field("amount", "is too large");
    let units = amount.units(from).map_err(|e| Refusal::value("amount", &e))?;
    let factor = |digits: u32| 10_i128.checked_pow(digits).ok_or_else(too_large);
    if to >= from {
        return units.checked_mul(factor(to - from)?).ok_or_else(too_large);
    }
    let divisor = factor(from - to)?;
    units.checked_add(divisor - 1).map(|units| units / divisor).ok_or_else(too_large)
}

/// Begins a withdrawal: sets the money aside, and writes the order to send it.
///
/// # Errors
/// As [`check`] and [`ledger::withdraw`]; `LIMIT_EXCEEDED` if the wallet's owner may not withdraw.
pub fn withdraw(
    store: &mut dyn Writer,
    bridge: &dyn Bridge,
    (wallet, creator): (&Wallet, Upid),
    op: &WalletWithdraw,
    checks: Checks,
    reference: Option<&str>,
) -> Result<Txid, Refusal> {
    let facts = bridge.facts();
    let checked = check(store.reader(), bridge, op, checks)?;
    Profile::need_may_withdraw(store.reader(), wallet.upid)?;
    let address = checked.destination.written();
    let new = NewWithdrawal {
        wallet,
        currency: &checked.currency,
        units: checked.units,
        method: &op.method,
        network: facts.name,
        description: "",
        address: Some(&address),
        creator,
    };
    let withdrawal = ledger::withdraw(store, &new, reference)?;
    let txid = withdrawal.txid;
    let sending = Sending {
        id: txid.to_string(),
        method: op.method.clone(),
        source: None,
        destination: checked.destination,
        asset: checked.asset,
        amount: op.amount,
        arrives: checked.arrives,
        extra: op.extra_bridge_data.as_ref().map(ToString::to_string),
    };
    let at = (txid.number().cast_signed(), store.now());
    let order = Order { txid: Some(txid), ..Order::new(bridge, at, sending, wallet.upid, reference) };
    store.insert(&order)?;
    Ok(txid)
}

/// The same answer whether there is no such account or it is another's.
const NOT_HELD: &str = "is no issuing address of the profile whose key the platform holds";

/// What an IOU would send, once it was looked at. It is issued from an address of the profile's own, as its extended
/// attribute or the external account says; `all`: whoever asks may issue from any that the platform has.
///
/// # Errors
/// `INVALID_REQUEST` naming the field; `NOT_FOUND` if the platform does not hold the key of the issuing address.
pub fn check_iou(
    store: &mut dyn Reader,
    bridge: &dyn Bridge,
    op: &IssueIOU,
    (upid, all): (Upid, bool),
    checks: Checks,
) -> Result<Sending, Refusal> {
    let facts = bridge.facts();
    let Some(decimals) = facts.issued_decimals else {
        return Err(Refusal::field("network", "nobody issues anything on this network"));
    };
    let issuer = facts.read_plain("issueraddress", &op.issuer_address, checks)?;
    let receiver = facts.read_plain("receiveraddress", &op.receiver_address, checks)?;
    if issuer == receiver {
        return Err(Refusal::field("receiveraddress", "must be another address than the issuer's"));
    }
    op.amount.units(decimals).map_err(|e| Refusal::value("amount", &e))?;
    let tag = op.receiver_tag.map(i64::from);
    if tag.is_some() && facts.tags.is_none() {
        return Err(Refusal::field("receiverdesttag", "this network has no destination tags"));
    }
    let account = account::find(store, facts, &issuer)?.filter(|account| account.issuing && account.has_key());
    let account = account.ok_or_else(|| Refusal::field("issueraddress", NOT_HELD))?;
    let own = asset::issuer_address(store, facts, upid)?.is_some_and(|own| own == issuer);
    if !own && !all && account.upid != Some(upid) {
        return Err(Refusal::field("issueraddress", NOT_HELD));
    }
    let is_hot = account::hot(store, facts)?.is_some_and(|hot| hot.0 == receiver);
    if is_hot && tag.is_none() {
        return Err(Refusal::field("receiverdesttag", "is required: the receiver is the platform's own address"));
    }
    Ok(Sending {
        id: String::new(),
        method: facts.methods.first().map_or("", |method| method.name).to_owned(),
        source: Some(issuer.clone()),
        destination: Destination { address: receiver, tag },
        asset: Asset { code: op.currency_code.as_str().to_owned(), issuer: Some(issuer) },
        amount: op.amount,
        arrives: None,
        extra: None,
    })
}

/// Writes the order to send an IOU: it is what the platform keeps of it.
pub fn issue(
    store: &mut dyn Writer,
    bridge: &dyn Bridge,
    (upid, all): (Upid, bool),
    op: &IssueIOU,
    checks: Checks,
    reference: Option<&str>,
) -> Result<Order, Refusal> {
    let sending = check_iou(store.reader(), bridge, op, (upid, all), checks)?;
    let number = store.next_id().cast_signed();
    let sending = Sending { id: format!("iou_{number:016}"), ..sending };
    let order = Order::new(bridge, (number, store.now()), sending, upid, reference);
    store.insert(&order)?;
    Ok(order)
}

/// Orders that are due, the longest ago first.
pub fn due(store: &mut dyn Reader, limit: usize) -> Result<Vec<i64>, Refusal> {
    let query = Order::query()
        .less(Order::due, Timestamp::from_millis(store.now().millis().saturating_add(1)))
        .ascending(Order::due)
        .limit(limit);
    Ok(store.list::<Order>(query)?.into_iter().map(|order| order.number).collect())
}

/// How long whoever takes an order has for it: twice the time of an answer, as it is asked for and submitted.
fn lease_ms(bridge: &dyn Bridge) -> i64 {
    i64::try_from(bridge.longest_answer().as_millis()).unwrap_or(i64::MAX).saturating_mul(2).saturating_add(1000)
}

/// Takes an order that is due: nobody else takes it before the lease is over. None if somebody did.
pub fn take(store: &mut dyn Writer, number: i64, bridges: &Bridges) -> Result<Option<Order>, Refusal> {
    let now = store.now();
    let due = |order: &Order| order.is_open() && order.due.is_some_and(|due| due <= now);
    let Some(mut order) = store.claim::<Order>(number)?.filter(due) else { return Ok(None) };
    let lease = bridges.named("bridgename", &order.bridge).map_or(60_000, |bridge| lease_ms(bridge.as_ref()));
    order.due = Some(Timestamp::from_millis(now.millis().saturating_add(lease)));
    store.update(&order)?;
    Ok(Some(order))
}

/// Notes what the network said of an order, and ends it with what it is for if that was the last word. `pause_ms`: how
/// long until the network is asked again.
pub fn note(store: &mut dyn Writer, number: i64, said: &Said, pause_ms: i64) -> Result<(), Refusal> {
    // Whoever comes late finds it ended.
    let Some(mut order) = store.claim::<Order>(number)?.filter(Order::is_open) else { return Ok(()) };
    let now = store.now();
    let later = |millis: i64| Some(Timestamp::from_millis(now.millis().saturating_add(millis)));
    match said {
        Said::Nothing => {
            order.silent = order.silent.saturating_add(1);
            let doubled = pause_ms.saturating_mul(1_i64 << order.silent.min(16));
            order.due = later(doubled.min(LONGEST_PAUSE_S * 1000));
        }
        Said::Progress(progress) => {
            order.silent = 0;
            match progress {
                Progress::Pending { transaction } => {
                    order.status = OrderStatus::Sent;
                    order.network_id = Some(transaction.clone());
                    order.due = later(pause_ms);
                }
                Progress::Final { transaction } => {
                    order.network_id = Some(transaction.clone());
                    end(store, &mut order, OrderStatus::Done)?;
                }
                Progress::Failed { transaction, reason } => {
                    order.network_id.clone_from(transaction);
                    order.reason = Some(reason.chars().take(200).collect());
                    end(store, &mut order, OrderStatus::Failed)?;
                }
            }
        }
    }
    Ok(store.update(&order)?)
}

/// What a network said of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Nothing that proves anything.
    Nothing,
    /// How it stands.
    Progress(Progress),
}

fn end(store: &mut dyn Writer, order: &mut Order, status: OrderStatus) -> Result<(), Refusal> {
    if let Some(txid) = order.txid {
        let result = OutsideResult {
            network_id: order.network_id.as_deref(),
            source: None,
            code: None,
            message: order.reason.as_deref(),
            reference: None,
        };
        let done = status == OrderStatus::Done;
        let ended = if done {
            ledger::complete_withdraw(store, txid, result)
        } else {
            ledger::fail_withdraw(store, txid, result)
        };
        match ended {
            Ok(_) => {}
            // An operator was faster. That both did the same is for the operator to have seen to: the books follow the
            // first, and the order says what the network did.
            Err(refusal) if refusal.code == Code::WITHDRAWAL_CLOSED => {
                tracing::error!(order = order.number, %txid, status = status.as_str(), "was closed by hand already");
                order.reason = Some(format!("the network says {}; it was closed by hand before", status.as_str()));
            }
            Err(refusal) => return Err(refusal),
        }
    } else if status == OrderStatus::Failed {
        tracing::warn!(order = order.number, reason = order.reason.as_deref(), "an IOU was not sent");
    }
    order.status = status;
    order.due = None;
    order.closed = Some(store.now());
    Ok(())
}

/// Ends a withdrawal by hand: one that no bridge works on. Answers the transaction that ended it.
///
/// # Errors
/// `INVALID_REQUEST` while a bridge is at it, which alone knows what the network did; `WITHDRAWAL_CLOSED` if it has ended.
pub fn close_by_hand(
    store: &mut dyn Writer,
    bridges: &Bridges,
    txid: Txid,
    done: bool,
    result: OutsideResult<'_>,
) -> Result<Txid, Refusal> {
    let order = store.claim::<Order>(txid.number().cast_signed())?.filter(|order| order.txid == Some(txid));
    if let Some(mut order) = order.filter(Order::is_open) {
        let by_hand = bridges.named("txid", &order.bridge).is_ok_and(|bridge| bridge.by_hand());
        if !by_hand {
            return Err(Refusal::field("txid", format!("is on its way over {}, which ends it", order.bridge)));
        }
        order.network_id = result.network_id.map(str::to_owned);
        order.reason = result.message.map(str::to_owned);
        order.status = if done { OrderStatus::Done } else { OrderStatus::Failed };
        order.due = None;
        order.closed = Some(store.now());
        store.update(&order)?;
    }
    let end = if done { ledger::complete_withdraw } else { ledger::fail_withdraw };
    end(store, txid, result)?.ended.ok_or_else(|| Refusal::new(Code::SYSTEM_ERROR))
}

/// The orders of a bridge, the newest first.
pub fn list(
    store: &mut dyn Reader,
    facts: &Facts,
    status: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Order>, Refusal> {
    let mut query = Order::query().eq(Order::bridge, facts.name);
    if let Some(status) = status {
        query = query.eq(Order::status, status);
    }
    if let Some(before) = before {
        query = query.less(Order::number, before);
    }
    Ok(store.list(query.descending(Order::number).limit(limit))?)
}
