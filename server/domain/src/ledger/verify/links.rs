//! The hash chains, checked stretch by stretch.

use super::entry::Entry;
use super::report::Report;
use crate::ledger::chain::{Chain, Hash, NO_HASH, link};
use crate::store::{Reader, Record, StoreError};
use std::collections::{BTreeMap, HashMap};

/// The links of each chain in one stretch. Its first one is checked when the stretch before is known.
#[derive(Default)]
pub(super) struct Links(HashMap<i64, Piece>);

struct Piece {
    first: First,
    length: i64,
    head: Hash,
}

struct First {
    place: String,
    position: i64,
    body: Vec<u8>,
    hash: Hash,
}

impl Links {
    /// Checks a transaction's place in its chain, and its hash, which is over `body`.
    pub(super) fn check(&mut self, entry: &Entry, body: &[u8], report: &mut Report) {
        let (length, head) = (entry.position, entry.hash);
        if let Some(piece) = self.0.get_mut(&entry.chain) {
            check_link(|| entry.shown(), (piece.length, &piece.head), entry.position, body, &entry.hash, report);
            (piece.length, piece.head) = (length, head);
        } else {
            let body = body.to_vec();
            let first = First { place: entry.shown(), position: entry.position, body, hash: entry.hash };
            self.0.insert(entry.chain, Piece { first, length, head });
        }
    }
}

fn check_link(
    place: impl Fn() -> String,
    (length, head): (i64, &Hash),
    position: i64,
    body: &[u8],
    hash: &Hash,
    report: &mut Report,
) {
    let expected = length.saturating_add(1);
    if position != expected {
        report.fault("chain", place(), format!("is number {position} of its chain, number {expected} was expected"));
    }
    if *hash != link(head, body) {
        let problem = "it, its postings, its hold, its currency or the transaction before it were changed after they \
                       were written";
        report.fault("hash", place(), problem);
    }
}

/// How long each chain is so far, and its head.
#[derive(Default)]
pub(super) struct Heads(BTreeMap<i64, (i64, Hash)>);

impl Heads {
    /// Goes on with the next stretch.
    pub(super) fn follow(&mut self, links: Links, report: &mut Report) {
        for (chain, Piece { first, length, head }) in links.0 {
            let before = self.0.insert(chain, (length, head)).unwrap_or((0, NO_HASH));
            let place = || first.place.clone();
            check_link(place, (before.0, &before.1), first.position, &first.body, &first.hash, report);
        }
    }

    /// Compares them with the heads that are kept.
    pub(super) fn check(&self, store: &mut dyn Reader, report: &mut Report) -> Result<(), StoreError> {
        let stored = store.list::<Chain>(Chain::query().ascending(Chain::chain))?;
        report.chains = stored.len() as u64;
        for chain in &stored {
            if self.0.get(&chain.chain.into()) != Some(&(chain.length, chain.head)) {
                let problem = "its head is not its last transaction: transactions were cut off or changed";
                report.fault("chain", format!("chain {}", chain.chain), problem);
            }
        }
        for chain in self.0.keys().filter(|chain| !stored.iter().any(|row| i64::from(row.chain) == **chain)) {
            report.fault("chain", format!("chain {chain}"), "its head is missing");
        }
        Ok(())
    }
}
