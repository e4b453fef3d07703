//! Withdrawals: each goes with its hold, and with the transaction that began it.

use super::books::Books;
use super::holds::{by_key, pages, record};
use super::marks::{Between, Sums};
use super::report::Report;
use super::suspects::{Suspects, each_transaction, shown_txid};
use super::words::WithdrawalWords;
use crate::bridge::Order;
use crate::ledger::hold::{Hold, HoldStatus};
use crate::ledger::withdraw::Withdrawal;
use crate::store::{Record, Scan, Snapshot, StoreError};
use florin_sdk_core::model::TransactionState;
use florin_sdk_core::{Hoid, Timestamp};
use std::collections::HashMap;

/// Goes through all withdrawals.
pub(super) fn walk(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &mut Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut lasting = 0_u64;
    pages::<Withdrawal>(snapshot, &mut |store, page| {
        let hoids: Vec<Hoid> = page.iter().map(|row| row.hoid).collect();
        let holds = by_key(store, Hold::hoid, &hoids, |hold| hold.hoid)?;
        let numbers: Vec<i64> = page.iter().map(|row| row.txid.number().cast_signed()).collect();
        let orders = by_key(store, Order::number, &numbers, |order| order.number)?;
        for row in page {
            report.withdrawals += 1;
            let words = WithdrawalWords::of_row(row);
            let place = books.marker.numbers([words.0[0]]);
            sums.take(Between::Withdrawals, place, books.marker.numbers(words.0));
            match holds.get(&row.hoid) {
                Some(hold) if goes_with(row, hold) => {}
                Some(_) => report.fault("withdrawal", row.txid, format!("does not go with its hold, {}", row.hoid)),
                None => report.fault("withdrawal", row.txid, format!("names {}, which is not there", row.hoid)),
            }
            let order = orders.get(&row.txid.number().cast_signed());
            if order.and_then(|order| order.txid) != Some(row.txid) {
                report.fault("withdrawal", row.txid, "has no order to send it: nobody does");
            }
        }
        Ok(())
    })?;
    snapshot.scan(&Scan::new(Hold::TABLE), &mut |cells| {
        lasting += u64::from(record::<Hold>(cells)?.is_lasting());
        Ok(())
    })?;
    if lasting != report.withdrawals {
        let problem = format!("{lasting} holds belong to withdrawals, of which there are {}", report.withdrawals);
        report.fault("withdrawal", "all", problem);
    }
    Ok(())
}

/// Whether a withdrawal and its hold say the same.
fn goes_with(row: &Withdrawal, hold: &Hold) -> bool {
    let ended = match row.state {
        TransactionState::Pending => hold.status == HoldStatus::Open,
        TransactionState::Completed => hold.status == HoldStatus::Captured && hold.captured == row.units,
        TransactionState::Failed => hold.status == HoldStatus::Released,
        TransactionState::Other { .. } => false,
    };
    let closed = row.closed.map(Timestamp::millis) == hold.closed.map(Timestamp::millis);
    let same = (row.txid, row.waid, row.currency, row.creator) == (hold.placed, hold.waid, hold.currency, hold.creator);
    ended
        && closed
        && same
        && hold.is_lasting()
        && row.ended == hold.ended
        && row.fee >= 0
        && row.units.saturating_add(row.fee) == hold.units
}

/// Names the withdrawals and transactions that do not go with each other.
pub(super) fn name(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let suspects = Suspects::of(sums, &[Between::Withdrawals], report);
    if suspects.none() {
        return Ok(());
    }
    let mut begun: HashMap<i64, WithdrawalWords> = HashMap::new();
    each_transaction(snapshot, &mut |entry, _, _| {
        let words = WithdrawalWords::of_transaction(entry);
        if let Some(words) = words.filter(|words| suspects.has(books.marker.numbers([words.0[0]]))) {
            begun.insert(entry.txid, words);
        }
    })?;
    snapshot.scan(&Scan::new(Withdrawal::TABLE), &mut |cells| {
        let row = record::<Withdrawal>(cells)?;
        let words = WithdrawalWords::of_row(&row);
        if suspects.has(books.marker.numbers([words.0[0]]))
            && begun.remove(&row.txid.number().cast_signed()) != Some(words)
        {
            report.fault("withdrawal", row.txid, "is not what its transaction began");
        }
        Ok(())
    })?;
    for txid in begun.into_keys() {
        report.fault("withdrawal", shown_txid(txid), "began one, and no row says so");
    }
    Ok(())
}
