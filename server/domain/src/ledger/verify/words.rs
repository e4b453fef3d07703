//! What a transaction says of a hold or a payment request, and what these say of it: the same, or something is wrong.

use super::entry::Entry;
use super::marks::Marker;
use crate::ledger::hold::{Hold, HoldStatus};
use crate::ledger::withdraw::Withdrawal;
use crate::payment::{self, PaymentRequest};
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::{Prid, Timestamp, Txid};

/// Which hold; which transaction, and whether it placed, captured or released it; and what that one says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HoldWords(pub(super) [i128; 8]);

const PLACED: i128 = 1;
const CAPTURED: i128 = 2;
const RELEASED: i128 = 3;

impl HoldWords {
    /// What a transaction says. A text counts by its mark.
    pub(super) fn of_transaction(entry: &Entry, hoid: i64, description: i128) -> Self {
        let (hoid, txid) = (hoid.into(), entry.txid.into());
        Self(match entry.kind {
            TransactionType::Hold => {
                let waid = entry.source.unwrap_or_default().into();
                [PLACED, hoid, txid, waid, entry.currency.into(), entry.units, 0, 0]
            }
            TransactionType::Withdraw => {
                let waid = entry.source.unwrap_or_default().into();
                [PLACED, hoid, txid, waid, entry.currency.into(), entry.units.saturating_add(entry.fee), 0, 0]
            }
            ref kind => {
                let how = if *kind == TransactionType::Capture { CAPTURED } else { RELEASED };
                [how, hoid, txid, 0, entry.currency.into(), entry.units, entry.created.into(), description]
            }
        })
    }

    /// What a hold says of the transaction that placed it.
    pub(super) fn of_placing(hold: &Hold) -> Self {
        let (hoid, txid) = (id(hold.hoid.number()), id(hold.placed.number()));
        Self([PLACED, hoid, txid, id(hold.waid.number()), hold.currency.into(), hold.units, 0, 0])
    }

    /// What a hold says of the transaction that ended it.
    pub(super) fn of_ending(hold: &Hold, ended: Txid, marker: &Marker) -> Self {
        let captured = hold.status == HoldStatus::Captured;
        let (how, units) = if captured { (CAPTURED, hold.captured) } else { (RELEASED, hold.units) };
        let closed = hold.closed.map(Timestamp::millis).unwrap_or_default().into();
        let words = marker.text(hold.last_words(&hold.status).as_bytes());
        let (hoid, txid) = (id(hold.hoid.number()), id(ended.number()));
        Self([how, hoid, txid, 0, hold.currency.into(), units, closed, words])
    }
}

/// Which transaction began a withdrawal by which hold, and what is to go from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WithdrawalWords(pub(super) [i128; 6]);

impl WithdrawalWords {
    /// What a transaction says, if it began one.
    pub(super) fn of_transaction(entry: &Entry) -> Option<Self> {
        if entry.kind != TransactionType::Withdraw {
            return None;
        }
        let (hoid, waid) = (entry.hold.unwrap_or_default().into(), entry.source.unwrap_or_default().into());
        Some(Self([entry.txid.into(), hoid, waid, entry.currency.into(), entry.units, entry.fee]))
    }

    /// What a withdrawal says of the transaction that began it.
    pub(super) fn of_row(row: &Withdrawal) -> Self {
        let (txid, hoid, waid) = (id(row.txid.number()), id(row.hoid.number()), id(row.waid.number()));
        Self([txid, hoid, waid, row.currency.into(), row.units, row.fee])
    }
}

/// Which request, which transaction, and what was paid to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PaymentWords(pub(super) [i128; 6]);

impl PaymentWords {
    /// What a transaction says, if it paid a request.
    pub(super) fn of_transaction(entry: &Entry, description: &[u8]) -> Option<Self> {
        if entry.kind != TransactionType::Payment {
            return None;
        }
        let prid: Prid = std::str::from_utf8(description).ok()?.rsplit_once(' ')?.1.parse().ok()?;
        if payment::words(prid).as_bytes() != description {
            return None;
        }
        let wallet = |waid: Option<i64>| waid.unwrap_or_default().into();
        let (source, destination) = (wallet(entry.source), wallet(entry.destination));
        Some(Self([id(prid.number()), entry.txid.into(), entry.currency.into(), source, destination, entry.units]))
    }

    /// What a request says of the transaction that paid it.
    pub(super) fn of_request(request: &PaymentRequest, txid: Txid) -> Self {
        let source = request.source.map_or(0, |waid| id(waid.number()));
        let destination = id(request.destination.number());
        let (currency, units) = (request.settled_currency().into(), request.settled_units());
        Self([id(request.prid.number()), id(txid.number()), currency, source, destination, units])
    }

    /// Where it is compared.
    pub(super) fn place(&self, marker: &Marker) -> u128 {
        marker.numbers([self.0[0]])
    }
}

fn id(number: u64) -> i128 {
    number.into()
}
