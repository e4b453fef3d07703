//! A transaction and its postings, as far as verification looks at them.

use super::look::look;
use super::report::{Report, shown};
use crate::ledger::chain::{Hash, NO_HASH};
use crate::ledger::post::{Posting, Transaction};
use crate::store::{StoreError, ValueRef};
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::{Txid, Waid};
use std::ops::Range;

/// A transaction.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) txid: i64,
    pub(super) kind: TransactionType,
    pub(super) currency: i64,
    pub(super) units: i128,
    pub(super) fee: i128,
    pub(super) source: Option<i64>,
    pub(super) destination: Option<i64>,
    pub(super) hold: Option<i64>,
    pub(super) original: Option<i64>,
    pub(super) created: i64,
    pub(super) chain: i64,
    pub(super) position: i64,
    pub(super) hash: Hash,
    /// Where its cells are spelled, and in them two texts.
    pub(super) spelled: Range<usize>,
    pub(super) description: Range<usize>,
    pub(super) reference: Option<Range<usize>>,
}

impl Entry {
    /// Takes what is needed from its cells, and spells them as they are hashed: without the hash itself.
    pub(super) fn look(cells: &[ValueRef<'_>], spelled: &mut Vec<u8>) -> Result<Self, StoreError> {
        let start = spelled.len();
        let mut ends = [0; 32];
        for (index, (cell, end)) in cells.iter().zip(&mut ends).enumerate() {
            if index == const { Transaction::hash.at() } {
                ValueRef::Blob(&NO_HASH).spell(spelled);
            } else {
                cell.spell(spelled);
            }
            *end = spelled.len();
        }
        // A text is what is spelled last of its cell.
        let place = |at: usize, text: &str| {
            let end = ends.get(at).copied().unwrap_or(start);
            end.saturating_sub(text.len())..end
        };
        let reference = look!(maybe_text_at, cells, Transaction::reference)?;
        Ok(Self {
            txid: look!(int_at, cells, Transaction::txid)?,
            kind: TransactionType::from(look!(text_at, cells, Transaction::kind)?.to_owned()),
            currency: look!(int_at, cells, Transaction::currency)?,
            units: look!(units_at, cells, Transaction::units)?,
            fee: look!(units_at, cells, Transaction::fee)?,
            source: look!(maybe_int_at, cells, Transaction::source)?,
            destination: look!(maybe_int_at, cells, Transaction::destination)?,
            hold: look!(maybe_int_at, cells, Transaction::hold)?,
            original: look!(maybe_int_at, cells, Transaction::original)?,
            created: look!(int_at, cells, Transaction::created)?,
            chain: look!(int_at, cells, Transaction::chain)?,
            position: look!(int_at, cells, Transaction::position)?,
            hash: look!(hash_at, cells, Transaction::hash)?,
            spelled: start..spelled.len(),
            description: place(
                const { Transaction::description.at() },
                look!(text_at, cells, Transaction::description)?,
            ),
            reference: reference.map(|text| place(const { Transaction::reference.at() }, text)),
        })
    }

    pub(super) fn shown(&self) -> String {
        shown(self.txid, Txid::new)
    }

    /// Checks its postings: that they sum to zero for each currency, are those of its kind, and are in the wallets that
    /// it names. A hold, a withdrawal that begins and a release have one, which moves nothing but what is set aside; all
    /// others have two or more, and only a capture ends what was set aside. A fee that was paid is in the wallet `fees`.
    pub(super) fn check(&self, sides: &[Side], fees: Option<i64>, report: &mut Report) {
        for (index, side) in sides.iter().enumerate() {
            let (before, rest) = sides.split_at(index);
            if before.iter().all(|other| other.currency != side.currency) {
                let own = rest.iter().filter(|other| other.currency == side.currency);
                let sum = own.fold(0, |sum: i128, other| sum.saturating_add(other.units));
                if sum != 0 {
                    let problem = format!("its postings in currency {} sum to {sum}, not to zero", side.currency);
                    report.fault("sum", self.shown(), problem);
                }
            }
        }
        let is = |kind| self.kind == kind;
        let held = sides.iter().fold(0, |sum: i128, side| sum.saturating_add(side.held));
        let begins = is(TransactionType::Withdraw);
        let within = is(TransactionType::Hold) || is(TransactionType::Release) || begins;
        if within && sides.len() != 1 {
            report.fault("posting", self.shown(), "does not have the one posting of a hold, withdrawal or release");
        } else if !within && sides.len() < 2 {
            report.fault("posting", self.shown(), "has fewer than two postings");
        }
        let moved = if within {
            held.saturating_abs()
        } else {
            let received = sides.iter().filter(|side| side.currency == self.currency && side.units > 0);
            received.fold(0, |sum: i128, side| sum.saturating_add(side.units))
        };
        if moved != self.units.saturating_add(self.fee) {
            report.fault("sum", self.shown(), format!("says {} units, its postings moved {moved}", self.units));
        }
        let fits = match self.kind {
            TransactionType::Hold => held == self.units,
            TransactionType::Withdraw => held == self.units.saturating_add(self.fee),
            TransactionType::Release => held == self.units.saturating_neg(),
            TransactionType::Capture => held <= self.units.saturating_neg(),
            _ => sides.iter().all(|side| side.held == 0),
        };
        if !fits {
            report.fault("hold", self.shown(), format!("sets {held} aside, which a {} does not", self.kind));
        }
        let about_hold = within || is(TransactionType::Capture);
        if about_hold != self.hold.is_some() || is(TransactionType::Refund) != self.original.is_some() {
            report.fault("hold", self.shown(), format!("a {} names the wrong thing that it is about", self.kind));
        }
        let in_fees = |side: &&Side| Some(side.waid) == fees && side.currency == self.currency;
        let taken = sides.iter().filter(in_fees).fold(0, |sum: i128, side| sum.saturating_add(side.units));
        if self.fee < 0 || (!within && self.fee > 0 && taken < self.fee) {
            report.fault("fee", self.shown(), format!("says a fee of {}, and {taken} went to the fees", self.fee));
        }
        for waid in [self.source, self.destination].into_iter().flatten() {
            if sides.iter().all(|side| side.waid != waid) {
                let problem = format!("names {}, which none of its postings is in", shown(waid, Waid::new));
                report.fault("posting", self.shown(), problem);
            }
        }
    }
}

/// A posting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    pub(super) posting: i64,
    pub(super) txid: i64,
    pub(super) waid: i64,
    pub(super) currency: i64,
    pub(super) units: i128,
    pub(super) held: i128,
    pub(super) balance: i128,
    pub(super) previous: Option<i64>,
    pub(super) place: i64,
}

impl Side {
    pub(super) fn look(cells: &[ValueRef<'_>]) -> Result<Self, StoreError> {
        Ok(Self {
            posting: look!(int_at, cells, Posting::posting)?,
            txid: look!(int_at, cells, Posting::txid)?,
            waid: look!(int_at, cells, Posting::waid)?,
            currency: look!(int_at, cells, Posting::currency)?,
            units: look!(units_at, cells, Posting::units)?,
            held: look!(units_at, cells, Posting::held)?,
            balance: look!(units_at, cells, Posting::balance)?,
            previous: look!(maybe_int_at, cells, Posting::previous)?,
            place: look!(int_at, cells, Posting::place)?,
        })
    }

    pub(super) fn shown(&self) -> String {
        format!("{}, posting {}", shown(self.txid, Txid::new), self.posting)
    }
}
