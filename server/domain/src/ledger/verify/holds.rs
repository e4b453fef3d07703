//! Holds, what was paid back, and payment requests: what they say of themselves, and marks of what they say of
//! transactions.

use super::books::Books;
use super::marks::{Between, Sums};
use super::report::Report;
use super::words::{HoldWords, PaymentWords};
use crate::ledger::hold::{Hold, HoldStatus};
use crate::ledger::post::Transaction;
use crate::ledger::refund::{Refunded, is_refundable};
use crate::payment::PaymentRequest;
use crate::store::{Cells, Column, IntoValue, Reader, Record, Scan, Snapshot, StoreError, Value, ValueRef, place_of};
use florin_sdk_core::Txid;
use florin_sdk_core::model::PaymentStatus;
use std::collections::HashMap;
use std::hash::Hash;

/// How many rows are at hand at a time.
const PAGE: usize = 1024;

/// A row as a record.
pub(super) fn record<R: Record>(cells: &[ValueRef<'_>]) -> Result<R, StoreError> {
    R::from_row(Cells::new(R::TABLE, cells.iter().map(|cell| cell.to_value()).collect()))
}

/// Looks at records, with a way to ask for others.
pub(super) type VisitPage<'a, R> = dyn FnMut(&mut dyn Reader, &[R]) -> Result<(), StoreError> + 'a;

/// Shows all records of a table, a page at a time.
pub(super) fn pages<R: Record>(snapshot: &mut dyn Snapshot, visit: &mut VisitPage<'_, R>) -> Result<(), StoreError> {
    let mut after: Vec<Value> = Vec::new();
    loop {
        let (mut page, mut last) = (Vec::new(), Vec::new());
        snapshot.scan(&Scan { after, limit: Some(PAGE), ..Scan::new(R::TABLE) }, &mut |cells| {
            page.push(record::<R>(cells)?);
            if page.len() == PAGE {
                last = place_of(R::TABLE, cells);
            }
            Ok(())
        })?;
        visit(snapshot.reader(), &page)?;
        if page.len() < PAGE {
            return Ok(());
        }
        after = last;
    }
}

/// The records with these keys, by key.
pub(super) fn by_key<R: Record, K: IntoValue + Eq + Hash>(
    store: &mut dyn Reader,
    column: Column<R, K>,
    keys: &[K],
    key: impl Fn(&R) -> K,
) -> Result<HashMap<K, R>, StoreError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = store.list::<R>(R::query().any_of(column, keys))?;
    Ok(found.into_iter().map(|row| (key(&row), row)).collect())
}

/// The transactions with these ids.
pub(super) fn transactions(store: &mut dyn Reader, txids: &[Txid]) -> Result<HashMap<Txid, Transaction>, StoreError> {
    by_key(store, Transaction::txid, txids, |row| row.txid)
}

/// Goes through all holds.
pub(super) fn walk(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &mut Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let marker = &books.marker;
    snapshot.scan(&Scan::new(Hold::TABLE), &mut |cells| {
        let hold = record::<Hold>(cells)?;
        report.holds += 1;
        let place = marker.numbers([hold.hoid.number().into()]);
        sums.take(Between::HoldWords, place, marker.numbers(HoldWords::of_placing(&hold).0));
        if let Some(ended) = hold.ended {
            sums.take(Between::HoldWords, place, marker.numbers(HoldWords::of_ending(&hold, ended, marker).0));
        }
        let open = hold.status == HoldStatus::Open;
        if open {
            let place = marker.place(hold.waid.number().cast_signed(), hold.currency.into());
            sums.add_units(Between::Holds, place, hold.units);
        }
        let captured = match hold.status {
            HoldStatus::Captured => (1..=hold.units).contains(&hold.captured),
            HoldStatus::Open | HoldStatus::Released | HoldStatus::Expired => hold.captured == 0,
            HoldStatus::Other(_) => false,
        };
        let ended = (hold.ended.is_none(), hold.closed.is_none()) == (open, open);
        if !captured || !ended || hold.due != open.then_some(hold.expires) || hold.units <= 0 {
            report.fault("hold", hold.hoid, "is not what its transactions made of it");
        }
        Ok(())
    })
}

/// Goes through what was paid back of each transaction: no more than it moved.
pub(super) fn walk_refunds(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &mut Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    pages::<Refunded>(snapshot, &mut |store, page| {
        let txids: Vec<Txid> = page.iter().map(|row| row.txid).collect();
        let originals = transactions(store, &txids)?;
        for row in page {
            report.refunds += 1;
            sums.take_units(Between::Refunds, books.marker.numbers([row.txid.number().into()]), row.units);
            let original = originals.get(&row.txid).filter(|original| is_refundable(&original.kind));
            let most = original.map_or(0, |original| original.units);
            if !(1..=most).contains(&row.units) {
                report.fault("refund", row.txid, format!("{} refunded of {most}", row.units));
            }
        }
        Ok(())
    })
}

/// Whether money moved for it.
pub(super) const fn is_paid(request: &PaymentRequest) -> bool {
    matches!(request.status, PaymentStatus::Paid | PaymentStatus::Refunded)
}

/// Goes through all payment requests: one that is paid names the transaction that paid it.
pub(super) fn walk_payments(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &mut Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    snapshot.scan(&Scan::new(PaymentRequest::TABLE), &mut |cells| {
        let request = record::<PaymentRequest>(cells)?;
        report.payments += 1;
        if is_paid(&request) != request.txid.is_some() {
            let problem = "is paid and names no transaction that paid it, or the other way round";
            report.fault("payment", request.prid, problem);
        }
        let tipped = request.settled_units() > request.units && request.tip;
        if request.paid_currency.is_none() && request.settled_units() != request.units && !tipped {
            report.fault("payment", request.prid, "says that another amount was paid than was asked for");
        }
        let Some(txid) = request.txid else { return Ok(()) };
        let words = PaymentWords::of_request(&request, txid);
        sums.take(Between::Payments, words.place(&books.marker), books.marker.numbers(words.0));
        Ok(())
    })
}
