//! What PostgreSQL's errors mean to us.
//!
//! The texts made here hold neither its details nor its hints: they quote what is in the rows.

use florin_domain::store::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// What went wrong, for the log.
pub(super) fn describe(error: &Error) -> String {
    if let Some(refused) = error.as_db_error() {
        return format!("{} ({})", refused.message(), refused.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// Whether the server says that the transaction is undone. After what is worse than an error, and without its word, nobody
/// knows.
pub(super) fn severity_is_error(error: &Error) -> bool {
    error.as_db_error().and_then(DbError::parsed_severity) == Some(Severity::Error)
}

/// Why a transaction did not come about.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The connection is gone, and the transaction with it.
    Lost(String),
    /// It met another one: the same again may pass.
    Conflict,
    /// It waited in vain for a row that another one holds, or took too long.
    Busy,
    /// It wrote what the tables do not take: some job's fault, and the others may pass without it.
    Unfit(StoreError),
    /// Something else, which will not pass by trying again.
    Engine(String),
}

impl Failure {
    /// What an error of a statement about `table` means.
    pub(super) fn of(table: &'static str, error: &Error) -> Self {
        let engine = || format!("{table}: {}", describe(error));
        let Some(code) = error.code() else {
            // The driver's own: a cell that does not go into its column, or else the connection is gone.
            let source = std::error::Error::source(error);
            let unfit = source.is_some_and(|source| source.downcast_ref::<std::io::Error>().is_none());
            return if unfit { Self::Unfit(StoreError::Engine(engine())) } else { Self::Lost(engine()) };
        };
        match *code {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Self::Conflict,
            SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => Self::Busy,
            // See `statement::whole`.
            SqlState::DIVISION_BY_ZERO => Self::Unfit(StoreError::Missing { table }),
            SqlState::UNIQUE_VIOLATION => Self::Unfit(StoreError::Duplicate { table }),
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            // The server became a standby, or somebody said so: another connection may find another server.
            | SqlState::READ_ONLY_SQL_TRANSACTION
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Self::Lost(engine()),
            _ => match code.code().get(..2) {
                Some("08") => Self::Lost(engine()),
                Some("23") => Self::Unfit(StoreError::Constraint { table }),
                // Data that is not right.
                Some("22") => Self::Unfit(StoreError::Engine(engine())),
                _ => Self::Engine(engine()),
            },
        }
    }

    /// As the domain knows it.
    pub(super) fn error(&self) -> StoreError {
        match self {
            Self::Lost(text) | Self::Engine(text) => StoreError::Engine(text.clone()),
            Self::Conflict => StoreError::Conflict,
            Self::Busy => StoreError::Busy,
            Self::Unfit(error) => error.clone(),
        }
    }
}
