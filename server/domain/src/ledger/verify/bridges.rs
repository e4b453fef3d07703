//! What bridges brought in and sent: each deposit goes with the transaction that booked it, once; each order goes with its
//! withdrawal, and ended as that did.

use super::books::Books;
use super::holds::{by_key, pages, record, transactions};
use super::marks::{Between, Sums};
use super::report::Report;
use super::suspects::{Suspects, shown_txid};
use crate::bridge::address::Destination;
use crate::bridge::deposit::DepositStatus;
use crate::bridge::facts::MANUAL;
use crate::bridge::network::Asset;
use crate::bridge::order::OrderStatus;
use crate::bridge::{BridgeDeposit, Order};
use crate::ledger::post::Transaction;
use crate::ledger::withdraw::{Outside, Withdrawal};
use crate::store::{Record, Scan, Snapshot, StoreError};
use florin_sdk_core::Txid;
use florin_sdk_core::model::{TransactionState, TransactionType};
use std::collections::HashMap;

/// Goes through all orders: one of a withdrawal says what that says. The books know nothing of others (IOUs).
pub(super) fn walk_orders(books: &Books, snapshot: &mut dyn Snapshot, report: &mut Report) -> Result<(), StoreError> {
    pages::<Order>(snapshot, &mut |store, page| {
        let txids: Vec<Txid> = page.iter().filter_map(|order| order.txid).collect();
        let withdrawals = by_key(store, Withdrawal::txid, &txids, |row| row.txid)?;
        let outside = by_key(store, Outside::txid, &txids, |row| row.txid)?;
        for order in page {
            report.orders += 1;
            // Whoever works on orders finds those that are due; people find those of their own.
            let open = is_open(order);
            if order.closed.is_some() == open || order.due.is_some() != (open && order.bridge != MANUAL.name) {
                report.fault("order", &order.id, "is open and nobody works on it, or ended and somebody does");
            }
            let Some(txid) = order.txid else { continue };
            let Some(withdrawal) = withdrawals.get(&txid) else {
                report.fault("order", &order.id, format!("is to send {txid}, which is no withdrawal"));
                continue;
            };
            if !is_same(books, order, withdrawal, outside.get(&txid)) {
                report.fault("order", &order.id, "is not what its withdrawal is to send");
            }
            if !ended_alike(order, withdrawal, outside.get(&txid)) {
                let (order_is, withdrawal_is) = (order.status.as_str(), &withdrawal.state);
                report.fault("order", &order.id, format!("is {order_is}, and its withdrawal is {withdrawal_is}"));
            }
        }
        Ok(())
    })
}

const fn is_open(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Waiting | OrderStatus::Sent)
}

/// Whether an order is to send what its withdrawal set aside, to whom its transaction says.
fn is_same(books: &Books, order: &Order, withdrawal: &Withdrawal, outside: Option<&Outside>) -> bool {
    let units = books.currencies.get(&withdrawal.currency.into()).and_then(|currency| {
        let amount = order.amount.parse().ok()?;
        currency.units("amount", amount).ok()
    });
    let to = Destination { address: order.address.clone(), tag: order.tag }.written();
    units == Some(withdrawal.units)
        && order.number == withdrawal.txid.number().cast_signed()
        && order.id == withdrawal.txid.to_string()
        && (&order.bridge, &order.method) == (&withdrawal.network, &withdrawal.method)
        && outside.and_then(|outside| outside.destination.as_ref()) == Some(&to)
}

/// Whether an order that was carried out has its final posting, one that failed was released, and one that is open still
/// holds; each under the name that the network gave it.
fn ended_alike(order: &Order, withdrawal: &Withdrawal, outside: Option<&Outside>) -> bool {
    let named = outside.and_then(|outside| outside.network_id.as_ref()) == order.network_id.as_ref();
    match (&order.status, &withdrawal.state) {
        (OrderStatus::Waiting | OrderStatus::Sent, TransactionState::Pending) => true,
        (OrderStatus::Done, TransactionState::Completed) | (OrderStatus::Failed, TransactionState::Failed) => named,
        _ => false,
    }
}

/// Goes through all that came in over bridges, and through the transactions that booked it.
pub(super) fn walk_deposits(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &mut Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    pages::<BridgeDeposit>(snapshot, &mut |store, page| {
        let txids: Vec<Txid> = page.iter().filter_map(|row| row.txid).collect();
        let booked = transactions(store, &txids)?;
        for row in page {
            report.deposits += 1;
            let credited = row.status == DepositStatus::Credited;
            if credited != row.txid.is_some() || credited != row.waid.is_some() {
                let problem =
                    "is booked and names no wallet and transaction that it was booked by, or the other way round";
                report.fault("deposit", place(row), problem);
            }
            let Some(txid) = row.txid else { continue };
            let words = Words::new(books, txid, &row.network_id);
            sums.take(Between::Deposits, words.place(books), words.mark(books));
            match booked.get(&txid) {
                Some(transaction) if is_booked(books, row, transaction) => {}
                Some(_) => report.fault("deposit", place(row), format!("is not what {txid} booked")),
                None => report.fault("deposit", place(row), format!("names {txid}, which is not there")),
            }
        }
        Ok(())
    })?;
    each_booked(books, snapshot, &mut |words| {
        sums.add(Between::Deposits, words.place(books), words.mark(books));
    })
}

fn place(row: &BridgeDeposit) -> String {
    format!("{} {}", row.bridge, row.network_id)
}

/// Whether a transaction booked this: so much of this currency, for this wallet.
fn is_booked(books: &Books, row: &BridgeDeposit, transaction: &Transaction) -> bool {
    let Some(currency) = books.currencies.get(&transaction.currency.into()) else { return false };
    let units = row.amount.parse().ok().and_then(|amount| currency.units("amount", amount).ok());
    let letters = Asset::parse(&row.asset).map(|asset| asset.code);
    transaction.kind == TransactionType::Deposit
        && transaction.destination == row.waid
        && Some(transaction.units) == units
        && letters.as_deref() == Some(currency.code.letters())
}

/// Which transaction booked what, by the network's own name for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Words {
    txid: Txid,
    network_id: i128,
}

impl Words {
    fn new(books: &Books, txid: Txid, network_id: &str) -> Self {
        Self { txid, network_id: books.marker.text(network_id.as_bytes()) }
    }

    fn place(&self, books: &Books) -> u128 {
        books.marker.numbers([self.txid.number().into()])
    }

    fn mark(&self, books: &Books) -> u128 {
        books.marker.numbers([self.txid.number().into(), self.network_id])
    }
}

/// Shows the transactions that booked what came in over a bridge. What people enter has no address that received it.
fn each_booked(books: &Books, snapshot: &mut dyn Snapshot, visit: &mut dyn FnMut(&Words)) -> Result<(), StoreError> {
    pages::<Outside>(snapshot, &mut |store, page| {
        let detected: Vec<&Outside> = page.iter().filter(|row| row.destination.is_some()).collect();
        let txids: Vec<Txid> = detected.iter().map(|row| row.txid).collect();
        let found = transactions(store, &txids)?;
        for row in detected {
            let deposit = found.get(&row.txid).is_some_and(|found| found.kind == TransactionType::Deposit);
            if deposit && let Some(network_id) = &row.network_id {
                visit(&Words::new(books, row.txid, network_id));
            }
        }
        Ok(())
    })
}

/// Names the deposits and transactions that do not go with each other.
pub(super) fn name(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let suspects = Suspects::of(sums, &[Between::Deposits], report);
    if suspects.none() {
        return Ok(());
    }
    let mut booked: HashMap<Txid, Words> = HashMap::new();
    each_booked(books, snapshot, &mut |words| {
        if suspects.has(words.place(books)) {
            booked.insert(words.txid, *words);
        }
    })?;
    snapshot.scan(&Scan::new(BridgeDeposit::TABLE), &mut |cells| {
        let row = record::<BridgeDeposit>(cells)?;
        let Some(words) = row.txid.map(|txid| Words::new(books, txid, &row.network_id)) else { return Ok(()) };
        if suspects.has(words.place(books)) && booked.remove(&words.txid) != Some(words) {
            let problem = format!("names {}, which booked something else", words.txid);
            report.fault("deposit", place(&row), problem);
        }
        Ok(())
    })?;
    for txid in booked.into_keys() {
        let txid = shown_txid(txid.number().cast_signed());
        report.fault(
            "deposit",
            txid,
            "booked what came in over a bridge, and no row says so: it could be booked twice",
        );
    }
    Ok(())
}
