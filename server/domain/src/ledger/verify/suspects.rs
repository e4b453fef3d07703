//! A closer look where the marks do not agree: slower, and only at the buckets in question, it names what is wrong.

use super::books::Books;
use super::entry::{Entry, Side};
use super::holds::record;
use super::marks::{Between, Sums, bucket};
use super::report::{Report, shown, shown_place};
use crate::ledger::hold::{Hold, HoldStatus};
use crate::ledger::post::{Posting, Transaction};
use crate::ledger::wallet::Balance;
use crate::store::{Record, Scan, Snapshot, StoreError, ValueRef};
use florin_sdk_core::Txid;
use std::collections::{HashMap, HashSet};

/// The most buckets that are looked at closely. Each has a fault in it at least, and more faults than are listed help
/// nobody; but each takes memory.
const MOST: usize = 64;

/// The buckets where something is left, or as many of them as are looked at.
pub(super) struct Suspects(HashSet<usize>);

impl Suspects {
    pub(super) fn of(sums: &Sums, between: &[Between], report: &mut Report) -> Self {
        let all: HashSet<usize> = between.iter().flat_map(|between| sums.left(*between)).collect();
        let mut some: Vec<usize> = all.into_iter().collect();
        some.sort_unstable();
        if some.len() > MOST {
            let problem = format!("there are faults in {} more parts, which were not looked at", some.len() - MOST);
            report.fault("all", "the books", problem);
            some.truncate(MOST);
        }
        Self(some.into_iter().collect())
    }

    pub(super) fn none(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has(&self, place: u128) -> bool {
        self.0.contains(&bucket(place))
    }
}

/// What a wallet has of a currency, by its postings and open holds.
#[derive(Debug, Default, Clone, Copy)]
struct Position {
    /// Spendable and set aside together.
    total: i128,
    /// What is set aside.
    held: i128,
    /// What its open holds sum to.
    holds: i128,
    /// The newest posting.
    last: Option<i64>,
    /// How many postings there are.
    entries: i64,
}

/// Names the postings and balances that do not lead from one to the next.
pub(super) fn name_steps(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &Sums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let suspects = Suspects::of(sums, &[Between::Steps, Between::Held, Between::Holds], report);
    if suspects.none() {
        return Ok(());
    }
    let mut positions: HashMap<(i64, i64), Position> = HashMap::new();
    snapshot.scan(&Scan::new(Posting::TABLE), &mut |cells| {
        let side = Side::look(cells)?;
        if suspects.has(books.marker.place(side.waid, side.currency)) {
            check_step(&side, positions.entry((side.waid, side.currency)).or_default(), report);
        }
        Ok(())
    })?;
    snapshot.scan(&Scan::new(Hold::TABLE), &mut |cells| {
        let hold = record::<Hold>(cells)?;
        let key = (hold.waid.number().cast_signed(), i64::from(hold.currency));
        if hold.status == HoldStatus::Open && suspects.has(books.marker.place(key.0, key.1)) {
            let holds = &mut positions.entry(key).or_default().holds;
            *holds = holds.saturating_add(hold.units);
        }
        Ok(())
    })?;
    snapshot.scan(&Scan::new(Balance::TABLE), &mut |cells| {
        let balance = record::<Balance>(cells)?;
        let key = (balance.waid.number().cast_signed(), i64::from(balance.currency));
        if suspects.has(books.marker.place(key.0, key.1)) {
            check_balance(&balance, positions.remove(&key).unwrap_or_default(), report);
        }
        Ok(())
    })?;
    for ((waid, currency), posted) in positions {
        let problem = format!("is missing, the postings sum to {}, of it {} held", posted.total, posted.held);
        report.fault("balance", shown_place(waid, currency), problem);
    }
    Ok(())
}

fn check_step(side: &Side, position: &mut Position, report: &mut Report) {
    position.total = position.total.saturating_add(side.units);
    position.held = position.held.saturating_add(side.held);
    position.entries += 1;
    let previous = position.last.replace(side.posting);
    let wallet = || shown(side.waid, florin_sdk_core::Waid::new);
    if (side.previous, side.place) != (previous, position.entries) {
        let problem = format!("is not number {} in {}, or names another before it", position.entries, wallet());
        report.fault("posting", side.shown(), problem);
    }
    if position.total != side.balance {
        let problem = format!(
            "says that {} had {} afterwards, the postings before it sum to {}",
            wallet(),
            side.balance,
            position.total
        );
        report.fault("posting", side.shown(), problem);
    }
    if position.held < 0 {
        report.fault("hold", side.shown(), format!("leaves {} set aside in {}", position.held, wallet()));
    }
}

fn check_balance(balance: &Balance, posted: Position, report: &mut Report) {
    let place = || shown_place(balance.waid.number().cast_signed(), balance.currency.into());
    let total = balance.available.saturating_add(balance.held);
    if total != posted.total {
        report.fault("balance", place(), format!("is {total}, the postings sum to {}", posted.total));
    }
    if (Some(balance.last), balance.entries) != (posted.last, posted.entries) {
        report.fault("balance", place(), "does not name the newest of its postings, or another number of them");
    }
    if balance.held != posted.held {
        report.fault("hold", place(), format!("{} held, the postings sum to {}", balance.held, posted.held));
    }
    if balance.held != posted.holds {
        report.fault("hold", place(), format!("{} held, the open holds sum to {}", balance.held, posted.holds));
    }
}

/// Looks at a transaction, its description, and its client reference.
pub(super) type VisitEntry<'a> = dyn FnMut(&Entry, &[u8], Option<&[u8]>) + 'a;

/// Shows all transactions.
pub(super) fn each_transaction(snapshot: &mut dyn Snapshot, visit: &mut VisitEntry<'_>) -> Result<(), StoreError> {
    let mut spelled = Vec::new();
    snapshot.scan(&Scan::new(Transaction::TABLE), &mut |cells: &[ValueRef<'_>]| {
        spelled.clear();
        let entry = Entry::look(cells, &mut spelled)?;
        let text = |range: &std::ops::Range<usize>| spelled.get(range.clone()).unwrap_or_default();
        visit(&entry, text(&entry.description), entry.reference.as_ref().map(text));
        Ok(())
    })
}

/// A transaction as people see it.
pub(super) fn shown_txid(txid: i64) -> String {
    shown(txid, Txid::new)
}
