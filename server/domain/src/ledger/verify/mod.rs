//! Checking the books from the postings up, in one walk over each table and in memory that does not grow with them.
//!
//! | file | what |
//! | --- | --- |
//! | `share` | stretches of a table for several threads |
//! | `transactions`, `entry`, `links` | transactions side by side with their postings; the hash chains |
//! | `marks` | how tables are compared that do not lie side by side |
//! | `balances`, `holds`, `withdrawals`, `bridges`, `references` | the other tables: what they say, and marks of it |
//! | `doubles` | client references that stand twice |
//! | `words` | what transactions and other rows say of each other |
//! | `suspects`, `partners` | a closer look where the marks do not agree, to name what is wrong |

mod balances;
mod books;
mod bridges;
mod doubles;
mod entry;
mod holds;
mod links;
mod look;
mod marks;
mod partners;
mod references;
mod report;
mod share;
mod suspects;
mod transactions;
mod withdrawals;
mod words;

pub use report::{Fault, Report};

use super::post::Transaction;
use crate::reference::ClientReference;
use crate::store::{Record, Snapshots, StoreError};
use books::Books;
use doubles::Doubles;
use links::Heads;
use marks::Sums;
use share::{Walk, share};
use std::collections::HashMap;

/// The most threads that work on it.
const MAX_THREADS: usize = 8;

/// How many rows a thread takes at a time.
const STRETCH: usize = 20_000;

/// Checks every transaction (its postings sum to zero and lead from one balance to the next), every balance (it is
/// what the postings sum to, and what it holds is what its open holds sum to), every hash and chain, the supply of every
/// currency, every hold, every withdrawal with its order, every deposit of a bridge, every fee, every sum of refunds, every
/// paid request and every client reference; and that what each of them names is there. All as of one moment, while others
/// may write.
///
/// `progress` is told how many transactions were walked over.
pub fn verify<S: Snapshots + ?Sized>(store: &S, progress: &mut (dyn FnMut(u64) + Send)) -> Result<Report, StoreError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MAX_THREADS);
    let mut snapshots = store.snapshots(threads)?;
    let books = Books::open(snapshots.first_mut().ok_or(StoreError::Busy)?.reader())?;
    let (mut report, mut sums, mut heads) = (Report::default(), Sums::new(), Heads::default());
    let mut supply: HashMap<i64, (i128, i128)> = HashMap::new();
    let walk: &Walk<'_, _> = &|snapshot, stretch| transactions::walk(&books, snapshot, stretch);
    share(&mut snapshots, Transaction::TABLE, STRETCH, walk, &mut |walked| {
        report.merge(walked.report);
        sums.merge(&walked.sums);
        heads.follow(walked.links, &mut report);
        for (currency, (issued, redeemed)) in walked.supply {
            let sum = supply.entry(currency).or_default();
            *sum = (sum.0.saturating_add(issued), sum.1.saturating_add(redeemed));
        }
        progress(report.transactions);
    })?;
    let walk: &Walk<'_, _> = &|snapshot, stretch| references::walk(&books, snapshot, stretch);
    let mut doubles = Doubles::new();
    share(&mut snapshots, ClientReference::TABLE, STRETCH, walk, &mut |walked| {
        doubles.add(&walked.requests, &mut report);
        report.merge(walked.report);
        sums.merge(&walked.sums);
    })?;
    doubles.name(&books, &mut snapshots, &mut report)?;
    let snapshot = &mut **snapshots.first_mut().ok_or(StoreError::Busy)?;
    heads.check(snapshot.reader(), &mut report)?;
    holds::walk(&books, snapshot, &mut sums, &mut report)?;
    withdrawals::walk(&books, snapshot, &mut sums, &mut report)?;
    bridges::walk_orders(&books, snapshot, &mut report)?;
    bridges::walk_deposits(&books, snapshot, &mut sums, &mut report)?;
    holds::walk_refunds(&books, snapshot, &mut sums, &mut report)?;
    holds::walk_payments(&books, snapshot, &mut sums, &mut report)?;
    let issued = balances::walk(&books, snapshot, &mut sums, &mut report)?;
    check_supply(&books, &supply, &issued, &mut report);
    suspects::name_steps(&books, snapshot, &sums, &mut report)?;
    partners::name(&books, snapshot, &sums, &mut report)?;
    report.ok = report.fault_count == 0;
    Ok(report)
}

/// Compares what each currency says was issued and redeemed with its transactions, and with what its issuance wallet has.
fn check_supply(books: &Books, supply: &HashMap<i64, (i128, i128)>, issued: &HashMap<i64, i128>, report: &mut Report) {
    for (number, currency) in &books.currencies {
        let said = (currency.issued, currency.redeemed);
        let posted = supply.get(number).copied().unwrap_or_default();
        if said != posted {
            let problem = format!(
                "{} issued and {} redeemed, the transactions say {} and {}",
                said.0, said.1, posted.0, posted.1
            );
            report.fault("supply", &currency.code, problem);
        }
        let out = issued.get(number).copied().unwrap_or_default().saturating_neg();
        if said.0.saturating_sub(said.1) != out {
            let problem = format!("{} issued less {} redeemed, but {out} in circulation", said.0, said.1);
            report.fault("supply", &currency.code, problem);
        }
    }
}
