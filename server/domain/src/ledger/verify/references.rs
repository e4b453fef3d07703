//! Client references: what each says by itself, and a mark of the transaction that it names.

use super::books::Books;
use super::doubles::{self, Mark};
use super::look::look;
use super::marks::{Between, Sums};
use super::report::{Report, shown};
use super::share::Stretch;
use crate::identity::Profile;
use crate::payment::PaymentRequest;
use crate::reference::ClientReference;
use crate::store::{FromValue, IntoValue, Query, Reader, Record, Snapshot, StoreError, ValueRef, place_of};
use florin_sdk_core::code::Code;
use florin_sdk_core::{Prid, Txid, Upid};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// How many references are at hand at a time.
const PAGE: usize = 4096;

/// What a stretch of client references comes to.
pub(super) struct Walked {
    pub(super) report: Report,
    pub(super) sums: Sums,
    /// Which requests they are about.
    pub(super) requests: Vec<Mark>,
}

/// Goes through a stretch of client references.
pub(super) fn walk(books: &Books, snapshot: &mut dyn Snapshot, stretch: &Stretch) -> Result<Walked, StoreError> {
    let (mut report, mut sums) = (Report::default(), Sums::new());
    let (mut all, mut room) = (Vec::new(), Vec::new());
    let mut owners = HashSet::new();
    let mut after = stretch.after.clone();
    loop {
        let (mut rows, mut last) = (0, Vec::new());
        // What rows of other tables are named, and by which reference first.
        let mut requests: BTreeMap<i64, String> = BTreeMap::new();
        let mut new_owners: BTreeMap<i64, String> = BTreeMap::new();
        snapshot.scan(&stretch.page(after, PAGE), &mut |cells| {
            check(books, cells, &mut sums, &mut report)?;
            all.push(doubles::mark(books, cells, &mut room)?);
            let owner = look!(int_at, cells, ClientReference::owner)?;
            if !owners.contains(&owner) {
                new_owners.entry(owner).or_insert_with(|| place(cells));
            }
            if let Some(prid) = look!(maybe_int_at, cells, ClientReference::prid)? {
                requests.entry(prid).or_insert_with(|| place(cells));
            }
            rows += 1;
            if rows == PAGE {
                last = place_of(stretch.table, cells);
            }
            Ok(())
        })?;
        owners.extend(new_owners.keys().copied());
        let query = |ids: &[Upid]| Profile::query().any_of(Profile::upid, ids);
        need(snapshot.reader(), new_owners, Upid::new, query, |row: &Profile| row.upid.number(), &mut report)?;
        let query = |ids: &[Prid]| PaymentRequest::query().any_of(PaymentRequest::prid, ids);
        need(snapshot.reader(), requests, Prid::new, query, |row: &PaymentRequest| row.prid.number(), &mut report)?;
        if rows < PAGE {
            return Ok(Walked { report, sums, requests: all });
        }
        after = last;
    }
}

/// Checks that all these rows are there.
fn need<R: Record, I: IntoValue + FromValue + std::fmt::Display>(
    store: &mut dyn Reader,
    mut named: BTreeMap<i64, String>,
    id: fn(u64) -> Option<I>,
    query: impl Fn(&[I]) -> Query,
    number: impl Fn(&R) -> u64,
    report: &mut Report,
) -> Result<(), StoreError> {
    let ids: Vec<I> = named.keys().filter_map(|number| id(u64::try_from(*number).ok()?)).collect();
    if !ids.is_empty() {
        for row in store.list::<R>(query(&ids))? {
            named.remove(&number(&row).cast_signed());
        }
    }
    for (number, place) in named {
        report.fault("reference", place, format!("names {}, which is not there", shown(number, id)));
    }
    Ok(())
}

/// How a reference is called.
pub(super) fn place(cells: &[ValueRef<'_>]) -> String {
    let text = |found: Result<&str, StoreError>| found.unwrap_or("?").to_owned();
    let owner = look!(int_at, cells, ClientReference::owner).unwrap_or_default();
    format!(
        "{}, {} {:?}",
        shown(owner, Upid::new),
        text(look!(text_at, cells, ClientReference::operation)),
        text(look!(text_at, cells, ClientReference::reference))
    )
}

/// The one field of an answer that is looked at.
#[derive(Deserialize)]
struct Answered<'a> {
    #[serde(borrow, default)]
    txid: Option<Cow<'a, str>>,
}

fn check(books: &Books, cells: &[ValueRef<'_>], sums: &mut Sums, report: &mut Report) -> Result<(), StoreError> {
    report.references += 1;
    let txid = look!(maybe_int_at, cells, ClientReference::txid)?;
    if let Some(txid) = txid {
        let marker = &books.marker;
        let reference = marker.text(look!(text_at, cells, ClientReference::reference)?.as_bytes());
        let mark = marker.numbers([txid.into(), reference]);
        sums.take(Between::References, marker.numbers([txid.into()]), mark);
    }
    let code = look!(int_at, cells, ClientReference::code)?;
    let answer = look!(maybe_text_at, cells, ClientReference::answer)?;
    let message = look!(maybe_text_at, cells, ClientReference::message)?;
    let answered = answer.map(serde_json::from_str::<Answered<'_>>);
    let sound = match u32::try_from(code).map(Code) {
        Ok(Code::OK) => matches!(answered, Some(Ok(_))),
        Ok(code) => message.is_some() && code.is_decided() && !matches!(answered, Some(Err(_))),
        Err(_) => false,
    };
    if !sound {
        report.fault("reference", place(cells), "its outcome is neither a success with an answer nor a refusal");
    }
    let answered = answered.and_then(Result::ok).and_then(|answered| answered.txid?.parse::<Txid>().ok());
    if answered.is_some() && answered.map(|answered| answered.number().cast_signed()) != txid {
        report.fault("reference", place(cells), "it answered another transaction than it made");
    }
    Ok(())
}
