//! Balances, and the wallets that they are in.

use super::books::Books;
use super::look::look;
use super::marks::{Between, Sums};
use super::report::{Report, shown, shown_place};
use super::share::Stretch;
use crate::ledger::wallet::{Balance, Wallet};
use crate::store::{Record, Scan, Snapshot, StoreError, Value, ValueRef};
use florin_sdk_core::Waid;
use std::collections::{HashMap, HashSet};

/// How many balances are at hand at a time.
const PAGE: usize = 4096;

#[derive(Debug, Clone, Copy)]
struct Row {
    waid: i64,
    currency: i64,
    available: i128,
    held: i128,
    last: i64,
    entries: i64,
}

impl Row {
    fn look(cells: &[ValueRef<'_>]) -> Result<Self, StoreError> {
        Ok(Self {
            waid: look!(int_at, cells, Balance::waid)?,
            currency: look!(int_at, cells, Balance::currency)?,
            available: look!(units_at, cells, Balance::available)?,
            held: look!(units_at, cells, Balance::held)?,
            last: look!(int_at, cells, Balance::last)?,
            entries: look!(int_at, cells, Balance::entries)?,
        })
    }
}

/// Goes through balances and wallets side by side. Says what each currency's issuance wallet has of it.
pub(super) fn walk(
    books: &Books,
    snapshot: &mut dyn Snapshot,
    sums: &mut Sums,
    report: &mut Report,
) -> Result<HashMap<i64, i128>, StoreError> {
    let below: HashSet<i64> = books.below.iter().map(|(waid, _)| *waid).collect();
    let mut issued = HashMap::new();
    let mut missing = below.clone();
    let stretch = Stretch { table: Balance::TABLE, after: Vec::new(), until: Vec::new() };
    let (mut after, mut wallet) = (Vec::new(), Vec::new());
    loop {
        let mut page: Vec<Row> = Vec::new();
        snapshot.scan(&stretch.page(after, PAGE), &mut |cells| {
            page.push(Row::look(cells)?);
            Ok(())
        })?;
        for row in &page {
            check(books, row, sums, report);
            if let Some(currency) = books.currencies.get(&row.currency)
                && currency.issuance.is_some_and(|waid| waid.number().cast_signed() == row.waid)
            {
                issued.insert(row.currency, row.available.saturating_add(row.held));
            }
        }
        let end = page.last().filter(|_| page.len() == PAGE).copied();
        // The wallets up to the last of these balances; after the last balance, all that are left.
        let until = end.map(|row| vec![Value::Int(row.waid)]).unwrap_or_default();
        let scan = Scan { after: wallet, until: until.clone(), ..Scan::new(Wallet::TABLE) };
        let mut rows = page.iter().peekable();
        snapshot.scan(&scan, &mut |cells| {
            let waid = look!(int_at, cells, Wallet::waid)?;
            while let Some(row) = rows.next_if(|row| row.waid < waid) {
                no_wallet(row, report);
            }
            while rows.next_if(|row| row.waid == waid).is_some() {}
            let may_go_below = look!(int_at, cells, Wallet::is_issuance)? != 0;
            if may_go_below != below.contains(&waid) {
                let problem =
                    "may go below zero without standing for what is outside the books, or the other way round";
                report.fault("wallet", shown(waid, Waid::new), problem);
            }
            missing.remove(&waid);
            Ok(())
        })?;
        // Those of the wallet that this page and the one before share were seen with that one.
        let seen = scan.after.first().cloned();
        rows.filter(|row| seen != Some(Value::Int(row.waid))).for_each(|row| no_wallet(row, report));
        let Some(end) = end else { break };
        (after, wallet) = (vec![Value::Int(end.waid), Value::Int(end.currency)], until);
    }
    for waid in missing {
        report.fault("wallet", shown(waid, Waid::new), "stands for what is outside the books, and is not there");
    }
    Ok(issued)
}

fn no_wallet(row: &Row, report: &mut Report) {
    report.fault("balance", shown_place(row.waid, row.currency), "is in a wallet that is not there");
}

fn check(books: &Books, row: &Row, sums: &mut Sums, report: &mut Report) {
    report.balances += 1;
    let &Row { waid, currency, available, held, last, entries } = row;
    let place = books.marker.place(waid, currency);
    sums.add(Between::Steps, place, books.state(waid, currency, 0, 0, 0));
    sums.take(Between::Steps, place, books.state(waid, currency, last, entries, available.saturating_add(held)));
    sums.take_units(Between::Held, place, held);
    sums.take_units(Between::Holds, place, held);
    if !books.currencies.contains_key(&currency) {
        report.fault("currency", shown_place(waid, currency), format!("there is no currency {currency}"));
    }
    if available < 0 && !books.below.contains(&(waid, currency)) {
        report.fault("balance", shown_place(waid, currency), format!("is below zero: {available}"));
    }
    if held < 0 {
        report.fault("hold", shown_place(waid, currency), format!("{held} held"));
    }
}
