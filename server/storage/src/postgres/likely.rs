//! Rows that change with every transaction, as this process saw or left them.
//!
//! Whoever is to change such a row decides by what it most likely is, rather than ask for it first: the statement that
//! changes it checks that it still was so, and otherwise nothing of the batch stands. Where others change the same rows all
//! the time, a guess costs more than it saves: see [`Trust`].
//!
//! And the other way round: rows of tables where nearly every one is new are taken to be absent, but for those that this
//! process added lately.

use super::generations::Generations;
use crate::backend::{Changes, Hashing, Kept, Set};
use florin_domain::ledger::{Balance, Chain};
use florin_domain::planted;
use florin_domain::store::{Record, Table, Value};
use std::hash::BuildHasher;

/// The tables. A chain is written by one process alone, and nearly always a balance, too.
const TABLES: [&Table; 2] = [Balance::TABLE, Chain::TABLE];

/// The columns by which the statement that changes a row of this table checks that it was as it was believed to be: all,
/// so that it sees a change by hand, too. None has cells that are nothing.
pub(super) fn witnesses(table: &'static Table) -> &'static [&'static str] {
    if !is_about(table) || planted::blind_to(table.name) {
        return &[];
    }
    table.columns.get(table.key..).unwrap_or_default()
}

fn is_about(table: &Table) -> bool {
    TABLES.iter().any(|of| of.name == table.name)
}

/// See the module.
#[derive(Default)]
pub(super) struct Likely {
    rows: Generations,
    added: Added,
}

impl Likely {
    /// What the row with this key most likely is, if anything is known.
    pub(super) fn get(&mut self, table: &'static Table, key: &[Value]) -> Option<Kept> {
        self.rows.get(table, key)
    }

    /// Whether there is most likely no such row in this table, of those where nearly every one is new.
    pub(super) fn is_absent(&self, table: &'static Table, key: &[Value]) -> bool {
        !self.added.has(table, key)
    }

    /// Keeps a row that was read and locked, or that is about to be written, if it is of one of the tables.
    pub(super) fn keep(&mut self, table: &'static Table, row: Kept) {
        if is_about(table) {
            self.rows.keep(table, row);
        }
    }

    /// Keeps what a batch is about to write.
    pub(super) fn keep_all(&mut self, changes: &[Changes]) {
        for Changes { table, inserts, updates, .. } in changes {
            if table.found_by > 0 {
                for row in inserts {
                    self.added.add(table, row.get(..table.key).unwrap_or_default());
                }
            }
            for row in inserts.iter().chain(updates).filter(|_| is_about(table)) {
                self.keep(table, row.clone());
            }
        }
    }
}

/// How many make a generation of [`Added`]. At twenty thousand a second that is six seconds' worth.
const GENERATION: usize = 131_072;

/// The keys of rows that were added lately, to tables where nearly every one is new: whoever sends a request again does so
/// soon. As hashes: a false one costs a question.
#[derive(Default)]
struct Added {
    hashing: Hashing,
    young: Set<u64>,
    old: Set<u64>,
}

impl Added {
    fn add(&mut self, table: &Table, key: &[Value]) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(self.hashing.hash_one((table.name, key)));
    }

    fn has(&self, table: &Table, key: &[Value]) -> bool {
        let hash = self.hashing.hash_one((table.name, key));
        self.young.contains(&hash) || self.old.contains(&hash)
    }
}

/// Whether to decide by what rows most likely are. Each time that this was wrong it is not done for a while, twice as long
/// as the last time; each time that it was right, half as long the next time.
#[derive(Debug, Default)]
pub(super) struct Trust {
    pause: u32,
    left: u32,
}

/// The longest while, in batches.
const LONGEST_PAUSE: u32 = 64;

impl Trust {
    /// For the next batch.
    pub(super) fn next(&mut self) -> bool {
        let trusts = self.left == 0;
        self.left = self.left.saturating_sub(1);
        trusts
    }

    pub(super) fn was_right(&mut self, trusted: bool) {
        if trusted {
            self.pause /= 2;
        }
    }

    pub(super) fn was_wrong(&mut self) {
        self.pause = (self.pause * 2).clamp(1, LONGEST_PAUSE);
        self.left = self.pause;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_domain::reference::ClientReference;
    use std::sync::Arc;

    fn balance(waid: i64, entries: i64) -> Kept {
        Arc::new(vec![
            Value::Int(waid),
            Value::Int(1),
            Value::Units(5),
            Value::Units(0),
            Value::Int(16),
            Value::Int(entries),
        ])
    }

    #[test]
    fn the_newest_rows_are_kept_and_not_too_many() {
        let mut likely = Likely::default();
        let key = [Value::Int(1), Value::Int(1)];
        assert_eq!(likely.get(Balance::TABLE, &key), None);
        likely.keep(Balance::TABLE, balance(1, 1));
        likely.keep(Balance::TABLE, balance(1, 2));
        assert_eq!(likely.get(Balance::TABLE, &key), Some(balance(1, 2)));
        for waid in 0..100_000 {
            likely.keep(Balance::TABLE, balance(waid + 2, 1));
        }
        assert!(likely.rows.is_bounded(Balance::TABLE));
        assert_eq!(likely.get(Balance::TABLE, &key), None, "long ago");
    }

    #[test]
    fn what_was_added_lately_is_not_taken_to_be_absent() {
        let table = ClientReference::TABLE;
        let row = |number| Arc::new((0..table.columns.len()).map(|_| Value::Int(number)).collect::<Vec<_>>());
        let key = |number| vec![Value::Int(number); table.key];
        let mut likely = Likely::default();
        let added = |number| Changes { table, inserts: vec![row(number)], updates: Vec::new(), deletes: Vec::new() };
        likely.keep_all(&[added(1)]);
        assert!(!likely.is_absent(table, &key(1)));
        assert!(likely.is_absent(table, &key(2)));
        assert_eq!(likely.get(table, &key(1)), None, "nor is it known what it is");
        for number in 0..300_000 {
            likely.keep_all(&[added(number + 2)]);
        }
        assert!(!likely.is_absent(table, &key(300_000)));
        assert!(likely.is_absent(table, &key(1)), "long ago");
        assert!(likely.added.young.len() + likely.added.old.len() <= 2 * GENERATION);
    }

    #[test]
    fn other_tables_have_no_row_kept_and_no_witness() {
        let table = florin_domain::ledger::Wallet::TABLE;
        let mut likely = Likely::default();
        likely.keep(table, Arc::new(vec![Value::Int(1)]));
        assert_eq!(likely.get(table, &[Value::Int(1)]), None);
        assert!(witnesses(table).is_empty());
        assert_eq!(witnesses(Balance::TABLE), ["available", "held", "last", "entries"]);
    }

    #[test]
    fn who_is_wrong_is_wary_ever_longer_and_recovers() {
        let mut trust = Trust::default();
        assert!(trust.next() && trust.next());
        for pause in [1, 2, 4, 8, 16, 32, 64, 64] {
            trust.was_wrong();
            assert_eq!((0..200).take_while(|_| !trust.next()).count(), pause);
        }
        for _ in 0..7 {
            trust.was_right(true);
        }
        trust.was_wrong();
        assert_eq!((0..200).take_while(|_| !trust.next()).count(), 1);
    }
}
