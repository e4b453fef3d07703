//! What verification found.

use serde::Serialize;
use std::fmt::Display;

/// The most faults that are listed; beyond it they are only counted.
const MAX_LISTED: usize = 100;

/// One thing that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Which check found it.
    pub check: &'static str,
    /// Where.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

/// What [`super::verify`] found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Whether everything adds up.
    pub ok: bool,
    /// How many transactions were checked.
    pub transactions: u64,
    /// How many postings were checked.
    pub postings: u64,
    /// How many balances were checked.
    pub balances: u64,
    /// How many holds were checked.
    pub holds: u64,
    /// How many withdrawals were checked.
    pub withdrawals: u64,
    /// How many orders to send something over a bridge were checked.
    pub orders: u64,
    /// How many deposits that came in over a bridge were checked.
    pub deposits: u64,
    /// How many transactions that were paid back were checked.
    pub refunds: u64,
    /// How many client references were checked.
    pub references: u64,
    /// How many payment requests were checked.
    pub payments: u64,
    /// How many chains were checked.
    pub chains: u64,
    /// How many client references may stand twice and were not compared, as there are too many of them.
    pub unchecked: u64,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
}

impl Report {
    pub(super) fn fault(&mut self, check: &'static str, place: impl Display, problem: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < MAX_LISTED {
            self.faults.push(Fault { check, place: place.to_string(), problem: problem.into() });
        }
    }

    /// Adds what was found elsewhere.
    pub(super) fn merge(&mut self, other: Self) {
        self.transactions += other.transactions;
        self.postings += other.postings;
        self.balances += other.balances;
        self.holds += other.holds;
        self.withdrawals += other.withdrawals;
        self.orders += other.orders;
        self.deposits += other.deposits;
        self.refunds += other.refunds;
        self.references += other.references;
        self.payments += other.payments;
        self.chains += other.chains;
        self.unchecked += other.unchecked;
        self.fault_count += other.fault_count;
        let room = MAX_LISTED.saturating_sub(self.faults.len());
        self.faults.extend(other.faults.into_iter().take(room));
    }
}

/// An id as people see it; the bare number if it cannot be one.
pub(super) fn shown<I: Display>(number: i64, id: fn(u64) -> Option<I>) -> String {
    u64::try_from(number).ok().and_then(id).map_or_else(|| number.to_string(), |id| id.to_string())
}

/// A place in the books as people see it.
pub(super) fn shown_place(waid: i64, currency: i64) -> String {
    format!("{}, currency {currency}", shown(waid, florin_sdk_core::Waid::new))
}
