//! Checking holds and refunds: what they say of themselves against the transactions that made them.

use super::hold::{Hold, HoldStatus};
use super::post::{Posting, Transaction};
use super::refund::{Refunded, is_refundable};
use super::verify::{Books, PAGE, Report};
use crate::store::{Reader, Record, StoreError};
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::{Hoid, Txid, Waid};
use std::collections::HashMap;

/// What the open holds of each wallet and currency sum to.
pub(super) type OpenHolds = HashMap<(Waid, u32), i128>;

/// Checks that a transaction has the postings of its kind. A hold and a release have one, which moves nothing but what
/// is set aside; all others have two or more, and only a capture ends what was set aside.
pub(super) fn check_shape(transaction: &Transaction, postings: &[Posting], report: &mut Report) {
    let (txid, units) = (transaction.txid, transaction.units);
    let is = |kind| transaction.kind == kind;
    let held = || postings.iter().fold(0, |sum: i128, posting| sum.saturating_add(posting.held));
    let within = is(TransactionType::Hold) || is(TransactionType::Release);
    if within && postings.len() != 1 {
        report.fault("posting", txid, "does not have the one posting of a hold or release");
    } else if !within && postings.len() < 2 {
        report.fault("posting", txid, "has fewer than two postings");
    }
    let moved = if within {
        held().saturating_abs()
    } else {
        let received = postings.iter().filter(|p| p.currency == transaction.currency && p.units > 0);
        received.fold(0, |sum: i128, posting| sum.saturating_add(posting.units))
    };
    if moved != units.saturating_add(transaction.fee) {
        report.fault("sum", txid, format!("says {units} units, its postings moved {moved}"));
    }
    let fits = match transaction.kind {
        TransactionType::Hold => held() == units,
        TransactionType::Release => held() == units.saturating_neg(),
        TransactionType::Capture => held() <= units.saturating_neg(),
        _ => postings.iter().all(|posting| posting.held == 0),
    };
    if !fits {
        report.fault("hold", txid, format!("sets {} aside, which a {} does not", held(), transaction.kind));
    }
    let about_hold = within || is(TransactionType::Capture);
    if about_hold != transaction.hold.is_some() || is(TransactionType::Refund) != transaction.original.is_some() {
        report.fault("hold", txid, format!("a {} names the wrong thing that it is about", transaction.kind));
    }
}

/// Checks every hold against its transactions, and says what the open ones sum to.
pub(super) fn check_holds(store: &mut dyn Reader, books: &Books, report: &mut Report) -> Result<OpenHolds, StoreError> {
    let mut open = OpenHolds::new();
    let mut ended = 0_u64;
    let mut after: Option<Hoid> = None;
    loop {
        let mut query = Hold::query().ascending(Hold::hoid).limit(PAGE);
        if let Some(after) = after {
            query = query.greater(Hold::hoid, after);
        }
        let page = store.list::<Hold>(query)?;
        let Some(last) = page.last() else { break };
        after = Some(last.hoid);
        for hold in &page {
            report.holds += 1;
            check_hold(store, hold, report)?;
            if hold.status == HoldStatus::Open {
                let sum = open.entry((hold.waid, hold.currency)).or_default();
                *sum = sum.saturating_add(hold.units);
            } else {
                ended += 1;
            }
        }
    }
    // Each hold names its transactions, so equal numbers mean that there is none which no hold names.
    for (what, transactions, holds) in [("placed", books.placed, report.holds), ("ended", books.ended, ended)] {
        if transactions != holds {
            report.fault("hold", "hold", format!("{transactions} transactions {what} a hold, {holds} holds say so"));
        }
    }
    Ok(open)
}

fn check_hold(store: &mut dyn Reader, hold: &Hold, report: &mut Report) -> Result<(), StoreError> {
    let place = hold.hoid;
    let placed = store.get::<Transaction>(hold.placed)?;
    let is_placed = placed.is_some_and(|tx| {
        (tx.kind, tx.hold, tx.source) == (TransactionType::Hold, Some(hold.hoid), Some(hold.waid))
            && (tx.currency, tx.units) == (hold.currency, hold.units)
    });
    if !is_placed {
        report.fault("hold", place, format!("was not placed by {}", hold.placed));
    }
    let ended = match hold.ended {
        Some(txid) => store.get::<Transaction>(txid)?,
        None => None,
    };
    // Whether a transaction ended it as its status says; of an open hold, that none did.
    let fits = match (&hold.status, ended) {
        (HoldStatus::Open, None) => {
            let nothing = (hold.ended, hold.closed, hold.captured) == (None, None, 0);
            nothing && hold.due == Some(hold.expires)
        }
        (status, Some(tx)) => {
            let whole = tx.kind == TransactionType::Release && (tx.units, hold.captured) == (hold.units, 0);
            let as_it_says = match status {
                HoldStatus::Captured => {
                    let some = (1..=hold.units).contains(&hold.captured) && tx.units == hold.captured;
                    tx.kind == TransactionType::Capture && some
                }
                HoldStatus::Released | HoldStatus::Expired => whole,
                HoldStatus::Open | HoldStatus::Other(_) => false,
            };
            let said = tx.description == hold.last_words(status);
            let its_own = said && tx.hold == Some(hold.hoid) && hold.closed == Some(tx.created);
            as_it_says && its_own && hold.due.is_none()
        }
        (_, None) => false,
    };
    if !fits {
        report.fault("hold", place, "is not what its transactions made of it");
    }
    Ok(())
}

/// Checks that what was paid back of each transaction is what its refunds sum to, and no more than it moved.
pub(super) fn check_refunds(store: &mut dyn Reader, books: &Books, report: &mut Report) -> Result<(), StoreError> {
    let mut found = 0;
    let mut after: Option<Txid> = None;
    loop {
        let mut query = Refunded::query().ascending(Refunded::txid).limit(PAGE);
        if let Some(after) = after {
            query = query.greater(Refunded::txid, after);
        }
        let page = store.list::<Refunded>(query)?;
        let Some(last) = page.last() else { break };
        after = Some(last.txid);
        for row in page {
            report.refunds += 1;
            let refunds = books.refunded.get(&row.txid).copied();
            found += usize::from(refunds.is_some());
            let refunds = refunds.unwrap_or_default();
            if row.units != refunds {
                let problem = format!("{} refunded, its refunds sum to {refunds}", row.units);
                report.fault("refund", row.txid, problem);
            }
            let most = match store.get::<Transaction>(row.txid)? {
                Some(original) if is_refundable(&original.kind) => original.units,
                _ => 0,
            };
            if refunds > most {
                report.fault("refund", row.txid, format!("{refunds} refunded of {most}"));
            }
        }
    }
    if found != books.refunded.len() {
        let missing = books.refunded.len().saturating_sub(found);
        report.fault("refund", "refunded", format!("{missing} transactions were refunded, and no row says so"));
    }
    Ok(())
}
