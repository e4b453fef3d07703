//! Client references that stand twice: a request that could have run twice.
//!
//! PostgreSQL has an index that forbids them, SQLite has none (ADR 14). To find two that are the same among any number in
//! little memory, each first sets six bits of a fixed filter, by a keyed hash. One that finds all of its bits set is a
//! candidate: as good as always by chance. Only then, the table is walked over once more, and the candidates are compared.

use super::books::Books;
use super::look::look;
use super::references::place;
use super::report::Report;
use super::share::{Walk, share};
use crate::reference::ClientReference;
use crate::store::{Scan, Snapshot, StoreError, ValueRef};
use std::collections::{HashMap, HashSet};

/// Eight numbers lie in one line of a processor's cache.
type Block = [u64; 8];

/// How many blocks the filter has: 16 MiB. Up to some two million references there is no candidate by chance.
const BLOCKS: usize = 1 << 18;

/// How many bits each sets in its block.
const BITS: u32 = 6;

/// The most candidates. By chance there are so many at some 20 million references; those beyond it are counted.
const MOST: usize = 1 << 18;

/// How many rows a thread takes at a time.
const STRETCH: usize = 20_000;

/// Which request a client reference is about, as a keyed hash.
pub(super) type Mark = i128;

/// The mark of a row. `room` is only to write in.
pub(super) fn mark(books: &Books, cells: &[ValueRef<'_>], room: &mut Vec<u8>) -> Result<Mark, StoreError> {
    room.clear();
    ValueRef::Int(look!(int_at, cells, ClientReference::owner)?).spell(room);
    for text in [
        look!(text_at, cells, ClientReference::reference)?,
        look!(text_at, cells, ClientReference::operation)?,
        look!(text_at, cells, ClientReference::target)?,
    ] {
        ValueRef::Text(text).spell(room);
    }
    Ok(books.marker.text(room))
}

pub(super) struct Doubles {
    filter: Vec<Block>,
    candidates: HashSet<Mark>,
}

impl Doubles {
    pub(super) fn new() -> Self {
        Self { filter: vec![[0; 8]; BLOCKS], candidates: HashSet::new() }
    }

    /// Takes marks in.
    pub(super) fn add(&mut self, marks: &[Mark], report: &mut Report) {
        for mark in marks {
            if !self.is_new(*mark) {
                if self.candidates.len() < MOST {
                    self.candidates.insert(*mark);
                } else {
                    report.unchecked += 1;
                }
            }
        }
    }

    /// Sets a mark's bits; whether one of them was not set yet.
    fn is_new(&mut self, mark: Mark) -> bool {
        let bits = mark.cast_unsigned();
        let place = usize::try_from((bits >> 64) % BLOCKS as u128).unwrap_or_default();
        let Some(block) = self.filter.get_mut(place) else { return true };
        let mut new = false;
        for bit in 0..BITS {
            // Nine bits say which of the 512.
            let which = usize::try_from((bits >> (9 * bit)) & 511).unwrap_or_default();
            if let Some(number) = block.get_mut(which / 64) {
                let mask = 1 << (which % 64);
                new |= *number & mask == 0;
                *number |= mask;
            }
        }
        new
    }

    /// Names those that stand twice.
    pub(super) fn name(
        self,
        books: &Books,
        snapshots: &mut [Box<dyn Snapshot>],
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let candidates = self.candidates;
        if candidates.is_empty() {
            return Ok(());
        }
        let walk: &Walk<'_, _> = &|snapshot, stretch| {
            let (mut found, mut room) = (Vec::new(), Vec::new());
            let scan = Scan { after: stretch.after.clone(), until: stretch.until.clone(), ..Scan::new(stretch.table) };
            snapshot.scan(&scan, &mut |cells| {
                let mark = mark(books, cells, &mut room)?;
                if candidates.contains(&mark) {
                    found.push((mark, place(cells)));
                }
                Ok(())
            })?;
            Ok(found)
        };
        let mut count: HashMap<Mark, u32> = HashMap::new();
        share(snapshots, <ClientReference as crate::store::Record>::TABLE, STRETCH, walk, &mut |found| {
            for (mark, place) in found {
                let times = count.entry(mark).or_default();
                *times += 1;
                if *times == 2 {
                    report.fault("reference", place, "stands twice: the request could have run twice");
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::marks::Marker;
    use super::*;

    #[test]
    fn whatever_comes_again_is_a_candidate_and_hardly_anything_else_is() {
        let marker = Marker::new();
        let marks =
            |from: u32, to: u32| (from..to).map(|number| marker.text(&number.to_be_bytes())).collect::<Vec<_>>();
        let (mut doubles, mut report) = (Doubles::new(), Report::default());
        doubles.add(&marks(0, 200_000), &mut report);
        assert!(doubles.candidates.len() < 3, "{} by chance", doubles.candidates.len());
        let before = doubles.candidates.len();
        doubles.add(&marks(1000, 1100), &mut report);
        assert_eq!(doubles.candidates.len(), before + 100);
        doubles.add(&marks(0, 200_000), &mut report);
        assert_eq!(doubles.candidates.len(), 200_000);
        // More than can be kept are not forgotten in silence.
        doubles.add(&marks(200_000, 500_000), &mut report);
        doubles.add(&marks(200_000, 500_000), &mut report);
        assert_eq!(doubles.candidates.len(), MOST);
        assert!((200_000..=300_000).contains(&report.unchecked), "{}", report.unchecked);
    }
}
