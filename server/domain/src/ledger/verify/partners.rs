//! A closer look at what transactions have partners in other tables for: refunds, client references, holds, payments.

use super::books::Books;
use super::bridges;
use super::holds::record;
use super::look::look;
use super::marks::{Between, Sums};
use super::references;
use super::report::{Report, shown};
use super::suspects::{Suspects, each_transaction, shown_txid};
use super::withdrawals;
use super::words::{HoldWords, PaymentWords};
use crate::ledger::hold::Hold;
use crate::ledger::post::Transaction;
use crate::ledger::refund::Refunded;
use crate::payment::PaymentRequest;
use crate::reference::ClientReference;
use crate::store::{Record, Scan, Snapshot, StoreError};
use florin_sdk_core::{Hoid, Prid, Txid};
use std::collections::HashMap;

/// Names those that have none, or another one than they should.
pub(super) fn name(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let suspects = |between, report: &mut Report| Suspects::of(sums, &[between], report);
    let refunds = suspects(Between::Refunds, report);
    if !refunds.none() {
        name_refunds(books, snapshot, &refunds, report)?;
    }
    let references = suspects(Between::References, report);
    if !references.none() {
        name_references(books, snapshot, &references, report)?;
    }
    let holds = suspects(Between::HoldWords, report);
    if !holds.none() {
        name_holds(books, snapshot, &holds, report)?;
    }
    let payments = suspects(Between::Payments, report);
    if !payments.none() {
        name_payments(books, snapshot, &payments, report)?;
    }
    withdrawals::name(books, snapshot, sums, report)?;
    bridges::name(books, snapshot, sums, report)
}

fn name_refunds(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    suspects: &Suspects,
    report: &mut Report,
) -> Result<(), StoreError> {
    let is_suspect = |txid: i64| suspects.has(books.marker.numbers([txid.into()]));
    let mut refunds: HashMap<i64, i128> = HashMap::new();
    each_transaction(snapshot, &mut |entry, _, _| {
        if let Some(original) = entry.original.filter(|original| is_suspect(*original)) {
            let sum = refunds.entry(original).or_default();
            *sum = sum.saturating_add(entry.units);
        }
    })?;
    snapshot.scan(&Scan::new(Refunded::TABLE), &mut |cells| {
        let row = record::<Refunded>(cells)?;
        let txid = row.txid.number().cast_signed();
        if is_suspect(txid) {
            let sum = refunds.remove(&txid).unwrap_or_default();
            if row.units != sum {
                report.fault("refund", row.txid, format!("{} refunded, its refunds sum to {sum}", row.units));
            }
        }
        Ok(())
    })?;
    for (txid, sum) in refunds {
        report.fault("refund", shown_txid(txid), format!("{sum} refunded, and no row says so"));
    }
    Ok(())
}

fn name_references(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    suspects: &Suspects,
    report: &mut Report,
) -> Result<(), StoreError> {
    let is_suspect = |txid: i64| suspects.has(books.marker.numbers([txid.into()]));
    let mut made: HashMap<i64, Vec<u8>> = HashMap::new();
    each_transaction(snapshot, &mut |entry, _, reference| {
        if let Some(reference) = reference.filter(|_| is_suspect(entry.txid)) {
            made.insert(entry.txid, reference.to_vec());
        }
    })?;
    let mut without = Vec::new();
    snapshot.scan(&Scan::new(ClientReference::TABLE), &mut |cells| {
        let txid = look!(maybe_int_at, cells, ClientReference::txid)?;
        let Some(txid) = txid.filter(|txid| is_suspect(*txid)) else { return Ok(()) };
        let reference = look!(text_at, cells, ClientReference::reference)?;
        if made.remove(&txid).as_deref() != Some(reference.as_bytes()) {
            without.push((references::place(cells), txid));
        }
        Ok(())
    })?;
    for (place, txid) in without {
        let there = match u64::try_from(txid).ok().and_then(Txid::new) {
            Some(txid) => snapshot.reader().get::<Transaction>(txid)?.is_some(),
            None => false,
        };
        let why = if there { "was made under another reference, or has another one" } else { "is not there" };
        report.fault("reference", place, format!("names {}, which {why}", shown_txid(txid)));
    }
    let mut lost: Vec<i64> = made.into_keys().collect();
    lost.sort_unstable();
    for txid in lost {
        let problem = "was made under a client reference that is not kept: it could be made twice";
        report.fault("reference", shown_txid(txid), problem);
    }
    Ok(())
}

fn name_holds(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    suspects: &Suspects,
    report: &mut Report,
) -> Result<(), StoreError> {
    let is_suspect = |hoid: i64| suspects.has(books.marker.numbers([hoid.into()]));
    let mut said: HashMap<i64, Vec<HoldWords>> = HashMap::new();
    each_transaction(snapshot, &mut |entry, description, _| {
        if let Some(hoid) = entry.hold.filter(|hoid| is_suspect(*hoid)) {
            let words = HoldWords::of_transaction(entry, hoid, books.marker.text(description));
            said.entry(hoid).or_default().push(words);
        }
    })?;
    snapshot.scan(&Scan::new(Hold::TABLE), &mut |cells| {
        let hold = record::<Hold>(cells)?;
        let hoid = hold.hoid.number().cast_signed();
        if !is_suspect(hoid) {
            return Ok(());
        }
        let mut words = said.remove(&hoid).unwrap_or_default();
        if !take_out(&mut words, HoldWords::of_placing(&hold)) {
            report.fault("hold", hold.hoid, format!("was not placed by {}", hold.placed));
        }
        let ending = hold.ended.map(|ended| HoldWords::of_ending(&hold, ended, &books.marker));
        if ending.is_some_and(|ending| !take_out(&mut words, ending)) || !words.is_empty() {
            report.fault("hold", hold.hoid, "is not what its transactions made of it");
        }
        Ok(())
    })?;
    for hoid in said.into_keys() {
        report.fault("hold", shown(hoid, Hoid::new), "is not there, and transactions are about it");
    }
    Ok(())
}

fn name_payments(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    suspects: &Suspects,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut said: HashMap<i128, Vec<PaymentWords>> = HashMap::new();
    each_transaction(snapshot, &mut |entry, description, _| {
        let words = PaymentWords::of_transaction(entry, description);
        if let Some(words) = words.filter(|words| suspects.has(words.place(&books.marker))) {
            said.entry(words.0[0]).or_default().push(words);
        }
    })?;
    snapshot.scan(&Scan::new(PaymentRequest::TABLE), &mut |cells| {
        let request = record::<PaymentRequest>(cells)?;
        let prid = i128::from(request.prid.number());
        if !suspects.has(books.marker.numbers([prid])) {
            return Ok(());
        }
        let mut words = said.remove(&prid).unwrap_or_default();
        let named = request.txid.map(|txid| PaymentWords::of_request(&request, txid));
        if named.is_some_and(|named| !take_out(&mut words, named)) || !words.is_empty() {
            report.fault("payment", request.prid, "is not what its transaction made of it");
        }
        Ok(())
    })?;
    for prid in said.into_keys() {
        let prid = i64::try_from(prid).unwrap_or_default();
        report.fault("payment", shown(prid, Prid::new), "is not there, and a transaction paid it");
    }
    Ok(())
}

/// Takes one that is the same out of a list, if there is one.
fn take_out<T: PartialEq>(list: &mut Vec<T>, one: T) -> bool {
    let found = list.iter().position(|other| *other == one);
    found.map(|place| list.swap_remove(place)).is_some()
}
