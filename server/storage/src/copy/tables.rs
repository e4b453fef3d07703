//! One table after the other, batch by batch, and a digest of each.

use super::{CopyError, Owned};
use florin_domain::store::{Scan, Snapshot, StoreError, Table, Value, ValueRef, place_of};
use sha2::{Digest, Sha256};

/// A table that is the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 of all its cells, in order; the same for the same rows, whichever engine keeps them.
    pub digest: [u8; 32],
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are copied.
    Copying,
    /// Both sides are compared.
    Comparing,
    /// A file is checked.
    Checking,
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// To which table; of a file, none in particular.
    pub table: &'static str,
    /// How many of its rows are done, or pages of a file.
    pub done: u64,
}

/// Whom to tell how far it is.
pub(super) type Tell<'a> = dyn FnMut(Progress) + 'a;

/// The digest of a table, row by row.
#[derive(Default)]
pub(super) struct Digesting {
    hasher: Sha256,
    spelled: Vec<u8>,
    rows: u64,
}

impl Digesting {
    pub(super) fn row(&mut self, cells: &[ValueRef<'_>]) {
        self.spelled.clear();
        for cell in cells {
            cell.spell(&mut self.spelled);
        }
        self.hasher.update(&self.spelled);
        self.rows += 1;
    }

    pub(super) fn end(self, table: &'static Table) -> Copied {
        Copied { table: table.name, rows: self.rows, digest: self.hasher.finalize().into() }
    }
}

/// How many rows go by before it is told.
const TOLD_EACH: u64 = 10_000;

/// The digest of a table as it is.
pub(super) fn digest(
    snapshot: &mut dyn Snapshot,
    table: &'static Table,
    tell: &mut Tell<'_>,
) -> Result<Copied, StoreError> {
    let mut digesting = Digesting::default();
    snapshot.scan(&Scan::new(table), &mut |cells| {
        digesting.row(cells);
        if digesting.rows.is_multiple_of(TOLD_EACH) {
            tell(Progress { stage: Stage::Comparing, table: table.name, done: digesting.rows });
        }
        Ok(())
    })?;
    Ok(digesting.end(table))
}

/// Copies the rows of a table that come after a place, `batch` at a time, and shows each to `seen`.
pub(super) fn copy(
    source: &mut dyn Snapshot,
    destination: &mut dyn Owned,
    table: &'static Table,
    mut after: Vec<Value>,
    batch: usize,
    seen: &mut dyn FnMut(&[ValueRef<'_>]),
    tell: &mut Tell<'_>,
) -> Result<(), CopyError> {
    let mut done = 0;
    loop {
        let mut rows = 0;
        let mut last = Vec::new();
        destination.begin(table)?;
        source.scan(&Scan { after, limit: Some(batch), ..Scan::new(table) }, &mut |cells| {
            seen(cells);
            rows += 1;
            if rows == batch {
                last = place_of(table, cells);
            }
            destination.put(cells)
        })?;
        destination.commit()?;
        done += rows as u64;
        tell(Progress { stage: Stage::Copying, table: table.name, done });
        if rows < batch {
            return Ok(());
        }
        after = last;
    }
}
