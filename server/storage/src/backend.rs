//! What an engine does for a unit of work: rows in, rows out, one transaction at a time.

use florin_domain::store::{Query, StoreError, Table, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// How cells are hashed.
pub(crate) type Hashing = foldhash::fast::RandomState;

/// Rows and the like by what they are found by. Seeded at random, as the standard ones are, and several times as quick for
/// cells, whose hashing was a sixth of what a reader did.
pub(crate) type Map<K, V> = HashMap<K, V, Hashing>;

/// See [`Map`].
pub(crate) type Set<K> = HashSet<K, Hashing>;

/// The cells of a row, in the order of its table's columns.
pub(crate) type Row = Vec<Value>;

/// A row that several keep, and nobody changes.
pub(crate) type Kept = Arc<Row>;

/// Rows of a table.
pub(crate) type Found = (&'static Table, Vec<Kept>);

/// The cells of a row's key.
pub(crate) type KeyCells = Vec<Value>;

/// Rows that are asked for by their keys.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The table.
    pub(crate) table: &'static Table,
    /// The keys, in order and without doubles: whoever locks several takes them in one order, so that no two wait for
    /// each other.
    pub(crate) keys: Vec<KeyCells>,
    /// Whether they are read to be changed: then nobody else may change them until this transaction ends.
    pub(crate) to_change: bool,
}

/// What an engine takes a row for, without having asked.
#[derive(Debug)]
pub(crate) enum Guess {
    /// It is this.
    Is(Kept),
    /// It is not there.
    Absent,
}

/// A transaction of an engine. Dropped without `commit`, it leaves nothing.
pub(crate) trait Transaction {
    /// Whether asking costs a journey, so that questions are better collected and asked together.
    const FAR: bool;

    /// The rows that a query finds.
    fn select(&mut self, query: &Query) -> Result<Vec<Row>, StoreError>;

    /// The row with this key, of an engine that is near.
    fn fetch_one(&mut self, table: &'static Table, key: &[Value]) -> Result<Option<Kept>, StoreError>;

    /// A row that an engine that is far has at hand. It may be out of date: [`Transaction::answers`] or
    /// [`Transaction::ready`] say so before anything is decided by it.
    fn known(&mut self, table: &'static Table, key: &[Value]) -> Option<Kept> {
        let _ = (table, key);
        None
    }

    /// What a row most likely is, or that it most likely is not there, of one that is to be changed or added: an engine
    /// that says so checks it when the row is written. What is taken so and is not written must be asked for before it
    /// counts.
    fn assumed(&mut self, table: &'static Table, key: &[Value], to_change: bool) -> Option<Guess> {
        let _ = (table, key, to_change);
        None
    }

    /// All begins anew, and nothing is assumed any more.
    fn doubt(&mut self) {}

    /// Asks for the rows with these keys, of all these tables; what is not there will be left out.
    fn ask(&mut self, wanted: Vec<Wanted>) -> Result<(), StoreError>;

    /// Waits for what was asked for, in any order. `NotLoaded`: what was at hand is out of date, and is at hand no
    /// longer.
    fn answers(&mut self) -> Result<Vec<Found>, StoreError>;

    /// To be called before what a batch decided counts, and with whether that is anything: as [`Transaction::answers`]
    /// if nothing was asked for.
    fn ready(&mut self, changed: bool) -> Result<(), StoreError> {
        let _ = changed;
        Ok(())
    }

    /// Adds, replaces and takes away rows: for each table, in this order, the new ones, the changed ones, those to go.
    fn write(&mut self, changes: &[Changes]) -> Result<(), StoreError>;
}

/// The beginning of a statement on the rows of a list (see [`florin_domain::store::Walk`]), which it calls `walk`.
pub(crate) fn walked(table: &Table, link: &str, start: &str, steps: &str) -> String {
    let Table { name, columns, .. } = table;
    let key = columns.first().copied().unwrap_or_default();
    let of = |alias: &str| columns.iter().map(|column| format!("{alias}.{column}")).collect::<Vec<_>>().join(", ");
    format!(
        "WITH RECURSIVE walk AS (SELECT {}, 1 AS step FROM {name} AS t WHERE t.{key} = {start} \
         UNION ALL SELECT {}, walk.step + 1 FROM walk JOIN {name} AS t ON t.{key} = walk.{link} \
         WHERE walk.step < {steps}) ",
        of("t"),
        of("t")
    )
}

/// What is to be written to one table.
#[derive(Debug)]
pub(crate) struct Changes {
    /// The table.
    pub(crate) table: &'static Table,
    /// New rows, by key.
    pub(crate) inserts: Vec<Kept>,
    /// Rows that replace those with the same key, by key.
    pub(crate) updates: Vec<Kept>,
    /// The keys of rows that are taken away, in order.
    pub(crate) deletes: Vec<KeyCells>,
}
