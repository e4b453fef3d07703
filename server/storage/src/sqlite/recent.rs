//! The rows that the writer used last, as they are committed: it is the only one who writes, so it need not ask again.

use crate::backend::{KeyCells, Row};
use florin_domain::store::{Table, Value};
use std::collections::HashMap;

/// The most rows that are kept. A row takes some hundred bytes.
const MAX_ROWS: usize = 32_768;

/// See the module.
#[derive(Default)]
pub(super) struct Recent {
    rows: HashMap<&'static str, HashMap<KeyCells, Row, foldhash::fast::RandomState>>,
    count: usize,
    /// What the open transaction changes.
    changed: Vec<(&'static Table, Row)>,
}

impl Recent {
    /// The row with this key, if it is known.
    pub(super) fn get(&self, table: &'static Table, key: &[Value]) -> Option<&Row> {
        self.rows.get(table.name)?.get(key)
    }

    /// Keeps a row as it is committed.
    pub(super) fn keep(&mut self, table: &'static Table, row: &Row) {
        if self.count >= MAX_ROWS {
            self.rows.clear();
            self.count = 0;
        }
        let key: KeyCells = row.iter().take(table.key).cloned().collect();
        let before = self.rows.entry(table.name).or_default().insert(key, row.clone());
        self.count += usize::from(before.is_none());
    }

    /// The open transaction changes a row.
    pub(super) fn changes(&mut self, table: &'static Table, row: &Row) {
        self.changed.push((table, row.clone()));
    }

    /// The transaction was committed.
    pub(super) fn committed(&mut self) {
        for (table, row) in std::mem::take(&mut self.changed) {
            self.keep(table, &row);
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

    const KINDS: &[Kind] = &[Kind::Int, Kind::Text];
    const PET: Table = Table { name: "pet", columns: &["id", "name"], kinds: KINDS, key: 1, found_by: 0 };

    fn row(id: i64, name: &str) -> Row {
        vec![Value::Int(id), Value::Text(name.to_owned())]
    }

    #[test]
    fn only_what_is_committed_is_known_and_not_without_end() {
        let mut recent = Recent::default();
        let name = |recent: &Recent, id| recent.get(&PET, &[Value::Int(id)]).map(|row| row[1].clone());
        recent.keep(&PET, &row(1, "a"));
        recent.changes(&PET, &row(1, "b"));
        assert_eq!(name(&recent, 1), Some(Value::Text("a".to_owned())));
        recent.committed();
        assert_eq!(name(&recent, 1), Some(Value::Text("b".to_owned())));
        recent.changes(&PET, &row(1, "c"));
        recent.failed();
        recent.committed();
        assert_eq!(name(&recent, 1), None, "after a failure everything is asked for again");
        for id in 0..100_000 {
            recent.keep(&PET, &row(id, "x"));
        }
        assert!(recent.rows["pet"].len() <= MAX_ROWS);
        assert!(name(&recent, 99_999).is_some());
    }
}
