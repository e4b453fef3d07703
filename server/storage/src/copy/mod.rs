//! Copying all tables: to move to another database, and to keep a copy of one that is in use.
//!
//! | file | what |
//! | --- | --- |
//! | `owned` | what a database can do for whoever has it for himself |
//! | `tables` | one table after the other, batch by batch, and its digest |
//! | `relocate` | moving: copy, compare, close the source, open the destination |
//! | `backup` | a copy in one file of a database that may be in use |

mod backup;
mod owned;
mod relocate;
mod tables;

pub(crate) use owned::{Note, Owned};

pub use backup::backup;
pub use relocate::{Moved, relocate};
pub use tables::{Copied, Progress, Stage};

use crate::{OpenError, postgres, sqlite, without_secrets};
use florin_domain::store::StoreError;
use std::path::{Path, PathBuf};

/// Why a copy was not made.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the databases cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// One of the databases failed on the way.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// There is something else where the copy should go.
    #[error("{0} holds something already: name a database that is new or empty")]
    NotEmpty(String),
    /// It is half of another move.
    #[error("{database} has half of a copy of {other}: finish that move first, or name a database that is empty")]
    OtherMove {
        /// The destination.
        database: String,
        /// Where its rows are from.
        other: String,
    },
    /// Somebody serves it.
    #[error("{0} is in use: stop every florin process that serves it, then start the move again")]
    InUse(String),
    /// What was written is not what was read.
    #[error(
        "{table} is not the same on both sides after it was copied: nothing was switched over. Start the move again"
    )]
    Differs {
        /// The table.
        table: &'static str,
    },
    /// A file of the copy.
    #[error("{file}: {error}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// Where a database is.
#[derive(Debug, Clone)]
enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Place {
    fn parse(address: &str) -> Result<Self, CopyError> {
        match address.split_once("://") {
            Some(("sqlite", path)) if !path.is_empty() => {
                let absolute = std::path::absolute(path);
                Ok(Self::Sqlite(absolute.map_err(|error| CopyError::File { file: path.into(), error })?))
            }
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(address.to_owned())),
            _ => Err(OpenError::Address(without_secrets(address)).into()),
        }
    }

    /// How it is called: in messages, and in what one database keeps of the other.
    fn shown(&self) -> Result<String, CopyError> {
        match self {
            // By its one true name, if it is there.
            Self::Sqlite(path) => {
                let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
                Ok(format!("sqlite://{}", path.display()))
            }
            Self::Postgres(address) => Ok(postgres::shown(address)?),
        }
    }

    /// Opens it for oneself, as it is.
    fn own(&self) -> Result<Box<dyn Owned>, CopyError> {
        match self {
            Self::Sqlite(path) if !path.exists() => Err(OpenError::Absent(path.display().to_string()).into()),
            _ => self.own_or_make(),
        }
    }

    /// Opens it for oneself, and makes its tables if it has none.
    fn own_or_make(&self) -> Result<Box<dyn Owned>, CopyError> {
        match self {
            Self::Sqlite(path) => own_file(path),
            Self::Postgres(address) => match postgres::OwnedDatabase::open(address)? {
                Some(owned) => Ok(Box::new(owned)),
                None => Err(CopyError::InUse(self.shown()?)),
            },
        }
    }
}

fn own_file(path: &Path) -> Result<Box<dyn Owned>, CopyError> {
    match sqlite::OwnedFile::open(path) {
        Ok(owned) => Ok(Box::new(owned)),
        Err(OpenError::InUse(database)) => Err(CopyError::InUse(database)),
        Err(error) => Err(error.into()),
    }
}
