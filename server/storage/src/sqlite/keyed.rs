//! A row that is found by its key, without a copy of the key.

use crate::backend::Kept;
use florin_domain::store::{Table, Value};
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// A row of one table; among rows of others it has no place. It is equal to whatever has its key.
#[derive(Debug)]
pub(super) struct Keyed {
    row: Kept,
    /// How many cells are the key.
    key: usize,
}

impl Keyed {
    pub(super) fn new(table: &Table, row: Kept) -> Self {
        Self { row, key: table.key }
    }

    pub(super) fn row(&self) -> &Kept {
        &self.row
    }

    fn key(&self) -> &[Value] {
        self.row.get(..self.key).unwrap_or_default()
    }
}

impl Borrow<[Value]> for Keyed {
    fn borrow(&self) -> &[Value] {
        self.key()
    }
}

// As its key's, which it may be borrowed as.
impl Hash for Keyed {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key().hash(hasher);
    }
}

impl PartialEq for Keyed {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Keyed {}

impl PartialOrd for Keyed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Keyed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(other.key())
    }
}
