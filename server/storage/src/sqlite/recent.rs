//! The rows that the writer used last, as they are committed: it is the only one who writes, so it need not ask again.

use super::keyed::Keyed;
use crate::backend::{Kept, KeyCells, Map, Set};
use florin_domain::store::{Table, Value};

/// How many rows make a generation; two are kept. A row takes some hundred bytes.
const GENERATION: usize = 32_768;

type Rows = Map<&'static str, Set<Keyed>>;

/// See the module.
#[derive(Default)]
pub(super) struct Recent {
    young: Rows,
    /// Those that were not used since the last generation began, and have until the next.
    old: Rows,
    count: usize,
    /// What the open transaction changes.
    changed: Vec<(&'static Table, Kept)>,
    /// What it takes away.
    gone: Vec<(&'static Table, KeyCells)>,
}

impl Recent {
    /// The row with this key, if it is known.
    pub(super) fn get(&mut self, table: &'static Table, key: &[Value]) -> Option<Kept> {
        if let Some(known) = self.young.get(table.name).and_then(|rows| rows.get(key)) {
            return Some(known.row().clone());
        }
        let row = self.old.get_mut(table.name)?.take(key)?.row().clone();
        self.keep(table, row.clone());
        Some(row)
    }

    /// Keeps a row as it is committed.
    pub(super) fn keep(&mut self, table: &'static Table, row: Kept) {
        if self.count >= GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.count = 0;
        }
        let row = Keyed::new(table, row);
        if let Some(rows) = self.old.get_mut(table.name) {
            rows.remove(&row);
        }
        let before = self.young.entry(table.name).or_default().replace(row);
        self.count += usize::from(before.is_none());
    }

    /// The open transaction changes a row.
    pub(super) fn changes(&mut self, table: &'static Table, row: Kept) {
        self.changed.push((table, row));
    }

    /// The open transaction takes a row away.
    pub(super) fn takes_away(&mut self, table: &'static Table, key: KeyCells) {
        self.gone.push((table, key));
    }

    /// The transaction was committed.
    pub(super) fn committed(&mut self) {
        for (table, key) in std::mem::take(&mut self.gone) {
            let young = self.young.get_mut(table.name).is_some_and(|rows| rows.remove(key.as_slice()));
            self.count -= usize::from(young);
            if let Some(rows) = self.old.get_mut(table.name) {
                rows.remove(key.as_slice());
            }
        }
        for (table, row) in std::mem::take(&mut self.changed) {
            self.keep(table, row);
        }
    }

    /// The transaction was not committed, or nobody knows.
    pub(super) fn failed(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_domain::store::Kind;
    use std::sync::Arc;

    const KINDS: &[Kind] = &[Kind::Int, Kind::Text];
    const PET: Table = Table { name: "pet", columns: &["id", "name"], kinds: KINDS, key: 1, found_by: 0 };

    fn row(id: i64, name: &str) -> Kept {
        Arc::new(vec![Value::Int(id), Value::Text(name.to_owned())])
    }

    #[test]
    fn only_what_is_committed_is_known_and_not_without_end() {
        let mut recent = Recent::default();
        let name = |recent: &mut Recent, id| recent.get(&PET, &[Value::Int(id)]).map(|row| row[1].clone());
        recent.keep(&PET, row(1, "a"));
        recent.changes(&PET, row(1, "b"));
        assert_eq!(name(&mut recent, 1), Some(Value::Text("a".to_owned())));
        recent.committed();
        assert_eq!(name(&mut recent, 1), Some(Value::Text("b".to_owned())));
        recent.changes(&PET, row(1, "c"));
        recent.failed();
        recent.committed();
        assert_eq!(name(&mut recent, 1), None, "after a failure everything is asked for again");
        recent.keep(&PET, row(2, "a"));
        recent.takes_away(&PET, vec![Value::Int(2)]);
        assert!(name(&mut recent, 2).is_some(), "not committed yet");
        recent.committed();
        assert_eq!(name(&mut recent, 2), None);
        recent.keep(&PET, row(-1, "old"));
        for id in 0..100_000 {
            recent.keep(&PET, row(id, "x"));
            assert!(name(&mut recent, -1).is_some(), "what is used stays, whichever generation it is in");
        }
        assert!(recent.young["pet"].len() + recent.old["pet"].len() <= 2 * GENERATION);
        assert!(name(&mut recent, 99_999).is_some());
        assert!(name(&mut recent, 5).is_none());
        recent.keep(&PET, row(-1, "new"));
        assert_eq!(name(&mut recent, -1), Some(Value::Text("new".to_owned())));
    }
}
