//! Rows by their keys, the newest and those that were used last: whoever keeps them has two generations, and when one is
//! full the older one is dropped.

use crate::backend::{Kept, KeyCells, Map};
use florin_domain::store::{Table, Value};

/// How many rows make a generation. A row takes some hundred bytes.
const GENERATION: usize = 32_768;

/// Rows of several tables, by key.
pub(super) type Rows = Map<&'static str, Map<KeyCells, Kept>>;

/// See the module.
#[derive(Default)]
pub(super) struct Generations {
    young: Rows,
    old: Rows,
    count: usize,
}

impl Generations {
    /// The row with this key, if it is kept.
    pub(super) fn get(&mut self, table: &'static Table, key: &[Value]) -> Option<Kept> {
        if let Some(row) = self.young.get(table.name).and_then(|rows| rows.get(key)) {
            return Some(row.clone());
        }
        let row = self.old.get_mut(table.name)?.remove(key)?;
        self.keep(table, row.clone());
        Some(row)
    }

    /// Keeps a row, in place of the one with the same key.
    pub(super) fn keep(&mut self, table: &'static Table, row: Kept) {
        if self.count >= GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.count = 0;
        }
        let key: KeyCells = row.iter().take(table.key).cloned().collect();
        let before = self.young.entry(table.name).or_default().insert(key, row);
        self.count += usize::from(before.is_none());
    }

    /// Whether no more rows of this table are kept than two generations have.
    #[cfg(test)]
    pub(super) fn is_bounded(&self, table: &Table) -> bool {
        self.young[table.name].len() + self.old[table.name].len() <= 2 * GENERATION
    }
}
