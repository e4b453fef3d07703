//! Where the Florin server keeps its tables.
//!
//! An engine implements [`florin_domain::store::Store`]. SQLite is embedded: a file, one writer, and readers whose
//! connections are opened read-only, which is the storage gate of the read/write split. PostgreSQL is for several
//! processes on one database; there the gate is a read-only transaction, by a role that may only read.

mod backend;
mod copy;
mod news;
mod postgres;
mod queue;
mod scan;
mod sqlite;
mod unit;

pub use copy::{Copied, CopyError, Moved, Progress, Stage, backup, relocate};
pub use postgres::{PostgresStore, without_secrets};
pub use sqlite::SqliteStore;

use florin_domain::clock::Clock;
use florin_domain::store::Store;
use std::path::Path;
use std::sync::Arc;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is not one that this version knows.
    #[error("{0:?} is not a database address: use sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Address(String),
    /// There is no database at this address.
    #[error("there is no database at {0}: `florin init` makes one")]
    Absent(String),
    /// Another process writes it.
    #[error("{0} is in use by another florin process")]
    InUse(String),
    /// As many processes write it as can.
    #[error("{most} florin processes write {database} already, which is the most: stop one of them first")]
    Full {
        /// The database.
        database: String,
        /// How many processes can write it.
        most: u8,
    },
    /// Another program keeps its tables there.
    #[error("the file is a database, but not Florin's: choose another file")]
    Foreign,
    /// It was made by a later version.
    #[error("the database has schema version {found}, this program knows {known}: use a newer florin")]
    TooNew {
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// Its rows were moved to another one.
    #[error("the books were moved from {database} to {to}: use that one. What is here is kept as it was, to look at")]
    Moved {
        /// The database.
        database: String,
        /// Where they are now.
        to: String,
    },
    /// It is the destination of a move that did not end yet.
    #[error("{database} has half of a copy of {from}: finish it with the same `florin move` as before")]
    HalfCopied {
        /// The database.
        database: String,
        /// Where the whole is.
        from: String,
    },
    /// The engine's own error.
    #[error("{0}")]
    Engine(String),
}

/// What to open a database for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// To read and write; it is made if it is not there, and brought to the newest schema.
    Serve,
    /// Only to read; it must be there. It may be in use by a server.
    Inspect,
}

/// Opens the database at `address`.
pub fn open(address: &str, mode: Mode, clock: Clock) -> Result<Arc<dyn Store>, OpenError> {
    match address.split_once("://") {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Arc::new(SqliteStore::open(Path::new(path), mode, clock)?)),
        Some(("postgres" | "postgresql", _)) => Ok(Arc::new(PostgresStore::open(address, mode, clock)?)),
        _ => Err(OpenError::Address(without_secrets(address))),
    }
}
