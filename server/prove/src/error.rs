//! Why a proof could not be run. That something was lost or doubled is no error: the report says it.

use florin_sdk_server::FlorinError;
use std::io;

/// Why a proof could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The database cannot be set up: most often because it is in use.
    #[error("the proof needs an empty database of its own, and this one could not be set up: {0}")]
    Database(String),
    /// A server did not start.
    #[error("a server did not start: {0}")]
    Server(String),
    /// A client ended before its work was done.
    #[error("client {number} gave up: {reason}")]
    Client {
        /// Which.
        number: u32,
        /// Its last words.
        reason: String,
    },
    /// The world that the clients work in could not be made.
    #[error("the platform could not be prepared: {0}")]
    Prepare(#[from] FlorinError),
    /// A step was not settled for far too long.
    #[error("{0} is never settled")]
    Endless(String),
    /// The books could not be read.
    #[error("the books cannot be read: {0}")]
    Books(String),
    /// A file or a process.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line that one part wrote for another cannot be read.
    #[error("not what was written: {0}")]
    Json(#[from] serde_json::Error),
}
