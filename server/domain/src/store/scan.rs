//! Walking whole tables: many rows, looked at where they lie, all as of one moment.

use super::{Reader, StoreError, Table, Value, ValueRef};

/// Which rows to walk over, in the order of [`Table::order`].
#[derive(Debug, Clone)]
pub struct Scan {
    /// The table.
    pub table: &'static Table,
    /// Only rows after this place; all if it is empty.
    pub after: Vec<Value>,
    /// Only rows up to this place; all if it is empty.
    pub until: Vec<Value>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl Scan {
    /// All rows of a table.
    #[must_use]
    pub const fn new(table: &'static Table) -> Self {
        Self { table, after: Vec::new(), until: Vec::new(), limit: None }
    }
}

/// Looks at the cells of one row, in the order of the table's columns.
pub type Visit<'a> = dyn FnMut(&[ValueRef<'_>]) -> Result<(), StoreError> + 'a;

/// Reads tables as of one moment, for as long as it lives. It has no method that writes.
pub trait Snapshot: Reader + Send {
    /// Shows the rows to `visit`, until it fails.
    fn scan(&mut self, scan: &Scan, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// The place of the row that is `steps` after this place, if there are so many. It shares a table out.
    fn step(&mut self, table: &'static Table, after: &[Value], steps: usize) -> Result<Option<Vec<Value>>, StoreError>;

    /// The place of the last row, if there is any.
    fn last(&mut self, table: &'static Table) -> Result<Option<Vec<Value>>, StoreError>;

    /// Itself, as a reader.
    fn reader(&mut self) -> &mut dyn Reader;
}

/// Somewhere that snapshots are taken of.
pub trait Snapshots: Send + Sync {
    /// So many readers of the same moment, to be used at once by as many threads.
    fn snapshots(&self, readers: usize) -> Result<Vec<Box<dyn Snapshot>>, StoreError>;
}

/// The place of a row, for [`Scan`].
#[must_use]
pub fn place_of(table: &Table, cells: &[ValueRef<'_>]) -> Vec<Value> {
    let cell = |column: &&str| table.place(column).and_then(|place| cells.get(place)).copied();
    table.order().iter().filter_map(cell).map(ValueRef::to_value).collect()
}

#[cfg(test)]
mod tests {
    use crate::store::Kind;

    #[test]
    fn each_table_is_walked_by_integers_or_by_its_key() {
        for table in crate::tables() {
            let order = table.order();
            assert!(!order.is_empty(), "{}", table.name);
            let is_key = order == &table.columns[..table.key];
            let kinds: Vec<_> = order.iter().map(|column| table.kinds[table.place(column).unwrap()]).collect();
            assert!(is_key || kinds == [Kind::Int], "{}", table.name);
            assert_eq!(table.kinds.len(), table.columns.len());
        }
    }
}
