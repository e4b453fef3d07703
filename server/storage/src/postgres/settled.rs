//! Rows that change rarely, as a process read them.
//!
//! The database keeps a number that every change to such a row changes with it (`0003_settled.sql`). It is read at the
//! beginning of each transaction, before any row: as long as it is the same, so are the rows.

use super::generations::Generations;
use crate::backend::{Kept, Map};
use florin_domain::currency::Currency;
use florin_domain::fee::FeeSchedule;
use florin_domain::identity::{ApiKey, Profile};
use florin_domain::ledger::Wallet;
use florin_domain::store::{Record, Table, Value};
use florin_domain::tier::Tier;

/// The tables whose changes are counted.
const TABLES: [&Table; 6] =
    [Profile::TABLE, Wallet::TABLE, Currency::TABLE, ApiKey::TABLE, Tier::TABLE, FeeSchedule::TABLE];

/// The question for the number.
pub(super) const EPOCH: (&str, &str) = ("settled", "SELECT epoch FROM settled");

/// Columns whose values are each one row's, so that what was found by one of them is found for ever.
const UNIQUE: [(&Table, &str); 1] = [(Currency::TABLE, "number")];

/// See the module.
#[derive(Default)]
pub(super) struct Settled {
    epoch: i64,
    rows: Generations,
    /// Rows by one of the columns of [`UNIQUE`].
    by_column: Map<(&'static str, &'static str, Value), Kept>,
}

impl Settled {
    /// The number that the database had when what is kept was read.
    pub(super) const fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Whether changes to this table are counted.
    pub(super) fn is_about(table: &Table) -> bool {
        TABLES.iter().any(|settled| settled.name == table.name)
    }

    /// The number that the database has now; whether what is kept still holds. If not, it is no longer kept.
    pub(super) fn begin(&mut self, epoch: i64) -> bool {
        let holds = self.epoch == epoch;
        if !holds {
            *self = Self { epoch, ..Self::default() };
        }
        holds
    }

    /// The row with this key, if it is kept.
    pub(super) fn get(&mut self, table: &'static Table, key: &[Value]) -> Option<Kept> {
        self.rows.get(table, key)
    }

    /// The row with this value in this column, if it is kept.
    pub(super) fn by(&self, table: &'static Table, column: &'static str, value: &Value) -> Option<Kept> {
        if !UNIQUE.iter().any(|(of, name)| of.name == table.name && *name == column) {
            return None;
        }
        self.by_column.get(&(table.name, column, value.clone())).cloned()
    }

    /// Keeps a row that was read after the number was.
    pub(super) fn keep(&mut self, table: &'static Table, row: Kept) {
        for (_, column) in UNIQUE.iter().filter(|(of, _)| of.name == table.name) {
            if let Some(value) = table.place(column).and_then(|place| row.get(place)) {
                self.by_column.insert((table.name, column, value.clone()), row.clone());
            }
        }
        self.rows.keep(table, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn rows_are_kept_until_one_is_changed() {
        let mut settled = Settled::default();
        let row = |id| Arc::new(vec![Value::Int(id), Value::Null]);
        assert!(!settled.begin(7), "nothing is known of the beginning");
        settled.keep(Profile::TABLE, row(1));
        assert!(settled.begin(7));
        assert_eq!(settled.get(Profile::TABLE, &[Value::Int(1)]), Some(row(1)));
        assert_eq!(settled.get(Wallet::TABLE, &[Value::Int(1)]), None);
        assert!(!settled.begin(8));
        assert_eq!(settled.get(Profile::TABLE, &[Value::Int(1)]), None);
        for id in 0..100_000 {
            settled.keep(Profile::TABLE, row(id));
        }
        assert!(settled.rows.is_bounded(Profile::TABLE));
    }

    #[test]
    fn the_tables_are_those_that_the_database_counts_changes_of() {
        let sql = concat!(
            include_str!("../../migrations/postgres/0003_settled.sql"),
            include_str!("../../migrations/postgres/0023_settled.sql")
        );
        assert_eq!(sql.matches("CREATE TRIGGER").count(), TABLES.len());
        for table in TABLES {
            assert!(sql.contains(&format!("OR TRUNCATE ON {}\n", table.name)), "{}", table.name);
        }
    }
}
