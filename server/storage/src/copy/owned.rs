//! What a database can do for whoever has it for himself.

use crate::OpenError;
use florin_domain::store::{Snapshot, StoreError, Table, ValueRef};

/// What a database says of a move that it is, or was, part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Note {
    /// Rows are still coming from there: it must not be taken for the books.
    Arriving {
        /// The source.
        from: String,
    },
    /// Its rows went there: it must not be written any more.
    Left {
        /// The destination.
        to: String,
    },
}

impl Note {
    const ARRIVING: &str = "arriving";
    const LEFT: &str = "left";

    /// As it is written: a word, and the other database.
    pub(crate) fn cells(&self) -> (&'static str, &str) {
        match self {
            Self::Arriving { from } => (Self::ARRIVING, from),
            Self::Left { to } => (Self::LEFT, to),
        }
    }

    /// From what is written. A word that is not known is of a later version, and better kept from use.
    pub(crate) fn from_cells(word: &str, peer: String) -> Self {
        if word == Self::LEFT { Self::Left { to: peer } } else { Self::Arriving { from: peer } }
    }

    /// Why the database cannot be served.
    pub(crate) fn forbids_serving(self, database: String) -> OpenError {
        match self {
            Self::Arriving { from } => OpenError::HalfCopied { database, from },
            Self::Left { to } => OpenError::Moved { database, to },
        }
    }

    /// Whether it may be looked at.
    pub(crate) fn check_reading(self, database: String) -> Result<(), OpenError> {
        match self {
            Self::Left { .. } => Ok(()),
            Self::Arriving { .. } => Err(self.forbids_serving(database)),
        }
    }
}

/// A database that nobody else writes as long as this value lives. Dropped in the middle of a batch, it leaves nothing
/// of the batch.
pub(crate) trait Owned: Send {
    /// Reads it, as it is now.
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError>;

    /// What it says of a move.
    fn note(&self) -> Result<Option<Note>, StoreError>;

    /// Makes it say so, for good, before this returns.
    fn write_note(&mut self, note: &Note) -> Result<(), StoreError>;

    /// Notes where its rows come from, and lets rows come in any order: what refers to what is checked at the end.
    fn begin_arriving(&mut self, from: &str) -> Result<(), StoreError>;

    /// Checks what refers to what, and takes the note away: from here on it is whole.
    fn arrived(&mut self) -> Result<(), StoreError>;

    /// Begins a batch of rows of a table.
    fn begin(&mut self, table: &'static Table) -> Result<(), StoreError>;

    /// Adds a row to the batch.
    fn put(&mut self, cells: &[ValueRef<'_>]) -> Result<(), StoreError>;

    /// Ends the batch: it is on disk.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Takes all rows of a table away.
    fn clear(&mut self, table: &'static Table) -> Result<(), StoreError>;
}
