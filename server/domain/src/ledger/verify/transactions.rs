//! The walk over all transactions, each with its postings: what can be said of one alone is checked here; what has to do
//! with other rows is marked, to be compared afterwards.

use super::books::Books;
use super::entry::{Entry, Side};
use super::links::Links;
use super::marks::{Between, Sums};
use super::report::Report;
use super::share::Stretch;
use super::words::{HoldWords, PaymentWords, WithdrawalWords};
use crate::ledger::chain::spell_end;
use crate::ledger::hold::{Hold, Terms};
use crate::ledger::post::{Posting, SIDES};
use crate::store::{Reader, Record, Scan, Snapshot, StoreError, Value, ValueRef, place_of};
use florin_sdk_core::Hoid;
use florin_sdk_core::model::TransactionType;
use std::collections::HashMap;
use std::ops::Range;

/// How many transactions are at hand at a time.
const PAGE: usize = 1024;

/// What a stretch of transactions comes to.
pub(super) struct Walked {
    pub(super) report: Report,
    pub(super) sums: Sums,
    pub(super) links: Links,
    /// What was issued and redeemed of each currency.
    pub(super) supply: HashMap<i64, (i128, i128)>,
}

/// Walks over a stretch of transactions, and over the postings that lie where theirs do.
pub(super) fn walk(books: &Books, snapshot: &mut dyn Snapshot, stretch: &Stretch) -> Result<Walked, StoreError> {
    let walked =
        Walked { report: Report::default(), sums: Sums::new(), links: Links::default(), supply: HashMap::new() };
    let mut walk = Walk { books, walked, page: Page::default(), sides: Vec::new(), body: Vec::new() };
    let mut after = stretch.after.clone();
    loop {
        walk.page.clear();
        let page = &mut walk.page;
        let mut last = Vec::new();
        snapshot.scan(&stretch.page(after.clone(), PAGE), &mut |cells| {
            page.push(cells)?;
            if page.entries.len() == PAGE {
                last = place_of(stretch.table, cells);
            }
            Ok(())
        })?;
        let until = if last.is_empty() { stretch.until.clone() } else { last };
        walk.page_with_postings(snapshot, &after, &until)?;
        if walk.page.entries.len() < PAGE {
            return Ok(walk.walked);
        }
        after = until;
    }
}

/// Transactions that lie together, and their cells as they are hashed.
#[derive(Default)]
struct Page {
    entries: Vec<Entry>,
    spelled: Vec<u8>,
}

impl Page {
    fn clear(&mut self) {
        self.entries.clear();
        self.spelled.clear();
    }

    /// A text of one of them.
    fn text(&self, range: &Range<usize>) -> &[u8] {
        self.spelled.get(range.clone()).unwrap_or_default()
    }

    fn push(&mut self, cells: &[ValueRef<'_>]) -> Result<(), StoreError> {
        self.entries.push(Entry::look(cells, &mut self.spelled)?);
        Ok(())
    }
}

struct Walk<'a> {
    books: &'a Books,
    walked: Walked,
    page: Page,
    /// The postings of the transaction that is looked at.
    sides: Vec<Side>,
    /// What of it is hashed.
    body: Vec<u8>,
}

impl Walk<'_> {
    /// Goes through a page and the postings from the end of the page before it to its own end, side by side.
    fn page_with_postings(
        &mut self,
        snapshot: &mut dyn Snapshot,
        after: &[Value],
        until: &[Value],
    ) -> Result<(), StoreError> {
        let page = std::mem::take(&mut self.page);
        let terms = terms_of(snapshot.reader(), &page.entries)?;
        // Also what lies between two transactions' postings: it belongs to none.
        let scan = Scan { after: last_side(after), until: last_side(until), ..Scan::new(Posting::TABLE) };
        let mut entries = page.entries.iter().peekable();
        self.begin(entries.peek().copied(), &page);
        snapshot.scan(&scan, &mut |cells| {
            let side = Side::look(cells)?;
            while let Some(entry) = entries.peek()
                && entry.txid < side.posting.div_euclid(SIDES)
            {
                self.end(entry, &page, &terms);
                entries.next();
                self.begin(entries.peek().copied(), &page);
            }
            let owner = entries.peek().map(|entry| entry.txid);
            self.posting(side, cells, owner);
            Ok(())
        })?;
        while let Some(entry) = entries.next() {
            self.end(entry, &page, &terms);
            self.begin(entries.peek().copied(), &page);
        }
        self.page = page;
        Ok(())
    }

    fn begin(&mut self, entry: Option<&Entry>, page: &Page) {
        self.sides.clear();
        self.body.clear();
        let spelled = entry.and_then(|entry| page.spelled.get(entry.spelled.clone()));
        self.body.extend_from_slice(spelled.unwrap_or_default());
    }

    /// One posting, and the transaction whose turn it is.
    fn posting(&mut self, side: Side, cells: &[ValueRef<'_>], owner: Option<i64>) {
        let Walked { report, sums, .. } = &mut self.walked;
        report.postings += 1;
        let belongs = owner == Some(side.posting.div_euclid(SIDES)) && owner == Some(side.txid);
        if !belongs {
            report.fault("posting", format!("posting {}", side.posting), "belongs to no transaction");
        }
        if side.previous.is_some_and(|previous| previous >= side.posting) {
            report.fault("posting", side.shown(), "names one before it that is not");
        }
        self.books.step(&side, sums);
        if belongs {
            for cell in cells {
                cell.spell(&mut self.body);
            }
            self.sides.push(side);
        }
    }

    /// All that there is of a transaction was seen.
    fn end(&mut self, entry: &Entry, page: &Page, terms: &HashMap<i64, Terms>) {
        let Walked { report, sums, links, supply } = &mut self.walked;
        report.transactions += 1;
        entry.check(&self.sides, self.books.fees, report);
        let marker = &self.books.marker;
        let hold = entry.hold.and_then(|hoid| terms.get(&hoid).copied());
        match self.books.currencies.get(&entry.currency) {
            Some(currency) => {
                spell_end(&mut self.body, hold, currency);
                links.check(entry, &self.body, report);
            }
            None => report.fault("currency", entry.shown(), format!("there is no currency {}", entry.currency)),
        }
        let (issued, redeemed) = supply.entry(entry.currency).or_default();
        match entry.kind {
            TransactionType::Issue => *issued = issued.saturating_add(entry.units),
            TransactionType::Redeem => *redeemed = redeemed.saturating_add(entry.units),
            _ => {}
        }
        if let Some(original) = entry.original {
            let place = marker.numbers([original.into()]);
            sums.add_units(Between::Refunds, place, entry.units);
        }
        if let Some(reference) = &entry.reference {
            let place = marker.numbers([entry.txid.into()]);
            let reference = marker.text(page.text(reference));
            sums.add(Between::References, place, marker.numbers([entry.txid.into(), reference]));
        }
        let description = page.text(&entry.description);
        if let Some(hoid) = entry.hold {
            let words = HoldWords::of_transaction(entry, hoid, marker.text(description));
            sums.add(Between::HoldWords, marker.numbers([hoid.into()]), marker.numbers(words.0));
        }
        if let Some(words) = WithdrawalWords::of_transaction(entry) {
            sums.add(Between::Withdrawals, marker.numbers([entry.txid.into()]), marker.numbers(words.0));
        }
        if let Some(words) = PaymentWords::of_transaction(entry, description) {
            sums.add(Between::Payments, words.place(marker), marker.numbers(words.0));
        }
    }
}

/// The terms of the holds that these transactions are about.
fn terms_of(store: &mut dyn Reader, page: &[Entry]) -> Result<HashMap<i64, Terms>, StoreError> {
    let ids = page.iter().filter_map(|entry| u64::try_from(entry.hold?).ok().and_then(Hoid::new));
    let hoids: Vec<Hoid> = ids.collect();
    if hoids.is_empty() {
        return Ok(HashMap::new());
    }
    let holds = store.list::<Hold>(Hold::query().any_of(Hold::hoid, &hoids))?;
    Ok(holds.into_iter().map(|hold| (hold.hoid.number().cast_signed(), hold.terms())).collect())
}

/// The greatest place that a posting of this transaction, or of one before it, can have.
fn last_side(transaction: &[Value]) -> Vec<Value> {
    let last = transaction.first().map(|txid| match txid {
        Value::Int(txid) => Value::Int(txid.saturating_mul(SIDES).saturating_add(SIDES - 1)),
        other => other.clone(),
    });
    last.into_iter().collect()
}
