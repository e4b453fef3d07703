//! Checking the books from the postings up.

use super::chain::{Chain, Hash, NO_HASH, hash, unhashed};
use super::hold::{Hold, Terms};
use super::post::{Posting, Transaction, postings_of};
use super::verify_holds::{OpenHolds, check_holds, check_refunds, check_shape};
use super::wallet::{Balance, Wallet};
use crate::currency::Currency;
use crate::reference::ClientReference;
use crate::store::{Column, Reader, Record, Snapshots, StoreError};
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::{Hoid, Txid, Waid};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// How many rows are read at a time.
pub(super) const PAGE: usize = 1000;

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

/// What [`verify`] found.
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
    /// How many transactions that were paid back were checked.
    pub refunds: u64,
    /// How many client references were checked.
    pub references: u64,
    /// How many chains were checked.
    pub chains: u64,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first of them.
    pub faults: Vec<Fault>,
}

impl Report {
    pub(super) fn fault(&mut self, check: &'static str, place: impl std::fmt::Display, problem: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < MAX_LISTED {
            self.faults.push(Fault { check, place: place.to_string(), problem: problem.into() });
        }
    }
}

/// Checks every transaction (its postings sum to zero and lead from one balance to the next), every balance (it is
/// what the postings sum to, and what it holds is what its open holds sum to), every hash and chain, the supply of every
/// currency, every hold, every sum of refunds, and every client reference.
pub fn verify<S: Snapshots + ?Sized>(store: &S, progress: &mut dyn FnMut(u64)) -> Result<Report, StoreError> {
    let mut snapshots = store.snapshots(1)?;
    let store = snapshots.first_mut().ok_or(StoreError::Busy)?.reader();
    let mut report = Report::default();
    let books = walk_transactions(store, &mut report, progress)?;
    let open = check_holds(store, &books, &mut report)?;
    check_balances(store, &books, &open, &mut report)?;
    check_refunds(store, &books, &mut report)?;
    check_supply(store, &books, &mut report)?;
    check_references(store, books.referenced, &mut report)?;
    report.ok = report.fault_count == 0;
    Ok(report)
}

/// What a wallet has of a currency, by its postings.
#[derive(Debug, Default, Clone, Copy)]
struct Position {
    /// Spendable and set aside together.
    total: i128,
    /// What is set aside.
    held: i128,
    /// The newest posting.
    last: Option<i64>,
    /// How many postings there are.
    entries: i64,
}

/// What the transactions and their postings say, to be compared with what is kept beside them.
#[derive(Debug, Default)]
pub(super) struct Books {
    positions: HashMap<(Waid, u32), Position>,
    /// What was issued and redeemed of each currency.
    supply: HashMap<u32, (i128, i128)>,
    /// The transactions that were made under a client reference.
    referenced: HashSet<Txid>,
    /// How much of each transaction was paid back.
    pub(super) refunded: HashMap<Txid, i128>,
    /// How many placed a hold.
    pub(super) placed: u64,
    /// How many captured or released one.
    pub(super) ended: u64,
}

impl Books {
    fn position(&self, waid: Waid, currency: u32) -> Position {
        self.positions.get(&(waid, currency)).copied().unwrap_or_default()
    }
}

fn walk_transactions(
    store: &mut dyn Reader,
    report: &mut Report,
    progress: &mut dyn FnMut(u64),
) -> Result<Books, StoreError> {
    let mut books = Books::default();
    let mut heads = BTreeMap::<u32, (i64, Hash)>::new();
    let mut after: Option<Txid> = None;
    loop {
        let mut query = Transaction::query().ascending(Transaction::txid).limit(PAGE);
        if let Some(after) = after {
            query = query.greater(Transaction::txid, after);
        }
        let page = store.list::<Transaction>(query)?;
        let Some(last) = page.last() else { break };
        after = Some(last.txid);
        let txids: Vec<Txid> = page.iter().map(|tx| tx.txid).collect();
        let mut postings = HashMap::<Txid, Vec<Posting>>::new();
        for txid in txids {
            postings.insert(txid, postings_of(store, txid)?);
        }
        let terms = terms_of(store, &page)?;
        for transaction in page {
            let own = postings.remove(&transaction.txid).unwrap_or_default();
            let terms = transaction.hold.and_then(|hoid| terms.get(&hoid).copied());
            check_entries(&transaction, &own, &mut books, report);
            check_link(&transaction, &own, terms, &mut heads, report);
        }
        progress(report.transactions);
    }
    let total = count::<Posting>(store, Posting::posting, |posting| posting.posting)?;
    if total != report.postings {
        let strays = total.saturating_sub(report.postings);
        report.fault("posting", "posting", format!("{strays} postings belong to no transaction"));
    }
    check_heads(store, &heads, report)?;
    Ok(books)
}

/// The terms of the holds that these transactions are about.
fn terms_of(store: &mut dyn Reader, page: &[Transaction]) -> Result<HashMap<Hoid, Terms>, StoreError> {
    let hoids: Vec<Hoid> = page.iter().filter_map(|transaction| transaction.hold).collect();
    if hoids.is_empty() {
        return Ok(HashMap::new());
    }
    let holds = store.list::<Hold>(Hold::query().any_of(Hold::hoid, &hoids))?;
    Ok(holds.into_iter().map(|hold| (hold.hoid, hold.terms())).collect())
}

/// Checks what a transaction moved, and enters it into the books.
fn check_entries(transaction: &Transaction, postings: &[Posting], books: &mut Books, report: &mut Report) {
    let txid = transaction.txid;
    report.transactions += 1;
    report.postings += postings.len() as u64;
    let mut sums = BTreeMap::<u32, i128>::new();
    for posting in postings {
        let sum = sums.entry(posting.currency).or_default();
        *sum = sum.saturating_add(posting.units);
        let position = books.positions.entry((posting.waid, posting.currency)).or_default();
        position.total = position.total.saturating_add(posting.units);
        position.held = position.held.saturating_add(posting.held);
        position.entries += 1;
        let previous = position.last.replace(posting.posting);
        if (posting.previous, posting.place) != (previous, position.entries) {
            let problem = format!("is not number {} in {}, or names another before it", position.entries, posting.waid);
            report.fault("posting", format!("{txid}, posting {}", posting.posting), problem);
        }
        if position.total != posting.balance {
            let problem = format!(
                "says that {} had {} afterwards, the postings before it sum to {}",
                posting.waid, posting.balance, position.total
            );
            report.fault("posting", format!("{txid}, posting {}", posting.posting), problem);
        }
        if position.held < 0 {
            let problem = format!("leaves {} set aside in {}", position.held, posting.waid);
            report.fault("hold", format!("{txid}, posting {}", posting.posting), problem);
        }
    }
    for (currency, sum) in sums {
        if sum != 0 {
            report.fault("sum", txid, format!("its postings in currency {currency} sum to {sum}, not to zero"));
        }
    }
    check_shape(transaction, postings, report);
    let (issued, redeemed) = books.supply.entry(transaction.currency).or_default();
    match transaction.kind {
        TransactionType::Issue => *issued = issued.saturating_add(transaction.units),
        TransactionType::Redeem => *redeemed = redeemed.saturating_add(transaction.units),
        TransactionType::Hold => books.placed += 1,
        TransactionType::Capture | TransactionType::Release => books.ended += 1,
        _ => {}
    }
    if let Some(original) = transaction.original {
        let refunded = books.refunded.entry(original).or_default();
        *refunded = refunded.saturating_add(transaction.units);
    }
    if transaction.reference.is_some() {
        books.referenced.insert(txid);
    }
}

/// Checks a transaction's place in its chain, and its hash.
fn check_link(
    transaction: &Transaction,
    postings: &[Posting],
    terms: Option<Terms>,
    heads: &mut BTreeMap<u32, (i64, Hash)>,
    report: &mut Report,
) {
    let txid = transaction.txid;
    let (length, previous) = heads.entry(transaction.chain).or_insert((0, NO_HASH));
    *length += 1;
    if transaction.position != *length {
        let problem = format!("is number {} of its chain, number {length} was expected", transaction.position);
        report.fault("chain", txid, problem);
        *length = transaction.position;
    }
    if transaction.hash != hash(previous, &unhashed(transaction), postings, terms) {
        let problem = "it, its postings, its hold or the transaction before it were changed after they were written";
        report.fault("hash", txid, problem);
    }
    *previous = transaction.hash;
}

fn check_heads(
    store: &mut dyn Reader,
    heads: &BTreeMap<u32, (i64, Hash)>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let stored = store.list::<Chain>(Chain::query().ascending(Chain::chain))?;
    report.chains = stored.len() as u64;
    for chain in &stored {
        if heads.get(&chain.chain) != Some(&(chain.length, chain.head)) {
            let problem = "its head is not its last transaction: transactions were cut off or changed";
            report.fault("chain", format!("chain {}", chain.chain), problem);
        }
    }
    for chain in heads.keys().filter(|chain| !stored.iter().any(|row| row.chain == **chain)) {
        report.fault("chain", format!("chain {chain}"), "its head is missing");
    }
    Ok(())
}

fn check_balances(
    store: &mut dyn Reader,
    books: &Books,
    open: &OpenHolds,
    report: &mut Report,
) -> Result<(), StoreError> {
    let issuance: HashSet<Waid> =
        store.list::<Wallet>(Wallet::query().eq(Wallet::is_issuance, true))?.into_iter().map(|w| w.waid).collect();
    let currencies = store.list::<Currency>(Currency::query())?;
    let of_currencies: HashSet<Waid> = currencies.into_iter().filter_map(|currency| currency.issuance).collect();
    for waid in issuance.symmetric_difference(&of_currencies) {
        report.fault(
            "wallet",
            waid,
            "may go below zero without being a currency's issuance wallet, or the other way round",
        );
    }
    let mut seen = HashSet::new();
    for balance in store.list::<Balance>(Balance::query())? {
        report.balances += 1;
        let place = format!("{}, currency {}", balance.waid, balance.currency);
        let total = balance.available.saturating_add(balance.held);
        let posted = books.position(balance.waid, balance.currency);
        if total != posted.total {
            report.fault("balance", &place, format!("is {total}, the postings sum to {}", posted.total));
        }
        if (Some(balance.last), balance.entries) != (posted.last, posted.entries) {
            report.fault("balance", &place, "does not name the newest of its postings, or another number of them");
        }
        if balance.available < 0 && !issuance.contains(&balance.waid) {
            report.fault("balance", &place, format!("is below zero: {}", balance.available));
        }
        if balance.held != posted.held {
            report.fault("hold", &place, format!("{} held, the postings sum to {}", balance.held, posted.held));
        }
        let key = (balance.waid, balance.currency);
        let holds = open.get(&key).copied().unwrap_or_default();
        if balance.held != holds {
            report.fault("hold", &place, format!("{} held, the open holds sum to {holds}", balance.held));
        }
        seen.insert(key);
    }
    for ((waid, currency), posted) in &books.positions {
        if (posted.total != 0 || posted.held != 0) && !seen.contains(&(*waid, *currency)) {
            let problem = format!("is missing, the postings sum to {}, of it {} held", posted.total, posted.held);
            report.fault("balance", format!("{waid}, currency {currency}"), problem);
        }
    }
    Ok(())
}

fn check_supply(store: &mut dyn Reader, books: &Books, report: &mut Report) -> Result<(), StoreError> {
    for currency in store.list::<Currency>(Currency::query().ascending(Currency::number))? {
        let Some(issuance) = currency.issuance else {
            continue;
        };
        let posted = books.supply.get(&currency.number).copied().unwrap_or_default();
        if (currency.issued, currency.redeemed) != posted {
            let problem = format!(
                "{} issued and {} redeemed, the transactions say {} and {}",
                currency.issued, currency.redeemed, posted.0, posted.1
            );
            report.fault("supply", &currency.code, problem);
        }
        let out = books.position(issuance, currency.number).total.saturating_neg();
        if currency.issued.saturating_sub(currency.redeemed) != out {
            let problem =
                format!("{} issued less {} redeemed, but {out} in circulation", currency.issued, currency.redeemed);
            report.fault("supply", currency.code, problem);
        }
    }
    Ok(())
}

fn check_references(store: &mut dyn Reader, mut open: HashSet<Txid>, report: &mut Report) -> Result<(), StoreError> {
    let mut after = 0_i64;
    loop {
        let query = ClientReference::query()
            .greater(ClientReference::number, after)
            .ascending(ClientReference::number)
            .limit(PAGE);
        let page = store.list::<ClientReference>(query)?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for row in page {
            report.references += 1;
            let place = format!("{}, {} {:?}", row.owner, row.operation, row.reference);
            if let Some(txid) = row.txid {
                open.remove(&txid);
                match store.get::<Transaction>(txid)? {
                    None => report.fault("reference", &place, format!("names {txid}, which is not there")),
                    Some(tx) if tx.reference.as_deref() != Some(row.reference.as_str()) => {
                        report.fault(
                            "reference",
                            &place,
                            format!("names {txid}, which was made under another reference"),
                        );
                    }
                    Some(_) => {}
                }
            }
            if !row.is_sound() {
                report.fault("reference", &place, "its outcome is neither a success with an answer nor a refusal");
            }
            let answered = row.answer.as_ref().and_then(|answer| answer.0.get("txid")?.as_str()?.parse::<Txid>().ok());
            if answered.is_some() && answered != row.txid {
                report.fault("reference", &place, "it answered another transaction than it made");
            }
        }
    }
    let mut open: Vec<Txid> = open.into_iter().collect();
    open.sort_unstable();
    for txid in open {
        report.fault("reference", txid, "was made under a client reference that is not kept: it could be made twice");
    }
    Ok(())
}

/// How many rows a table has, by walking its key.
fn count<R: Record>(store: &mut dyn Reader, key: Column<R, i64>, of: impl Fn(&R) -> i64) -> Result<u64, StoreError> {
    let mut total = 0;
    let mut after = i64::MIN;
    loop {
        let rows = store.list::<R>(R::query().greater(key, after).ascending(key).limit(PAGE))?;
        let Some(last) = rows.last() else {
            return Ok(total);
        };
        after = of(last);
        total += rows.len() as u64;
    }
}
