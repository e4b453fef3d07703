//! The one error type of both SDKs, sorted by what the caller does next.

use crate::code::Code;
use serde::{Deserialize, Serialize};

/// What is known of a request's outcome after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Knowledge {
    /// The server decided against it. Nothing changed; sending the same again gets the same answer.
    Refused,
    /// It did not run. Calling again is safe.
    NothingRan,
    /// It may have run. Find out with the reference; never start a new one.
    InDoubt,
}

/// One field of a request that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FieldError {
    /// The field's name on the wire; `body` for the whole.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a call failed.
///
/// Match on what to do next: correct the argument, take the answer as final, get the person to sign in again, try
/// later, or find out what became of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error), uniffi::export(Display))]
#[non_exhaustive]
pub enum FlorinError {
    /// Nothing was sent. Correct the argument.
    #[error("invalid {field}: {reason}")]
    InvalidInput {
        /// Which argument.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server said no, for good. Nothing changed.
    #[error("refused ({code} {name}): {reason}")]
    Refused {
        /// The result code as sent, in the table of [`crate::code`] or not.
        code: u32,
        /// Its name in the table, or `UNKNOWN`.
        name: String,
        /// The server's own words.
        reason: String,
        /// The fields it found fault with, if it named any.
        fields: Vec<FieldError>,
        /// The server's id of this exchange, for its operator.
        request_id: Option<String>,
    },
    /// The credential is missing, wrong, revoked or expired, also after one fresh token. Nothing ran.
    #[error("not signed in: {reason}")]
    Unauthorized {
        /// The result code, if the server gave one.
        code: Option<u32>,
        /// The server's or the token source's own words.
        reason: String,
        /// The server's id of this exchange, for its operator.
        request_id: Option<String>,
    },
    /// It did not run, or it only read; the retries are spent. Calling again is safe.
    #[error("unavailable: {reason}")]
    Unavailable {
        /// The result code, if the server gave one.
        code: Option<u32>,
        /// What went wrong last.
        reason: String,
        /// The server's id of the last exchange, for its operator.
        request_id: Option<String>,
    },
    /// It may have run. With a reference: ask or resume with that reference, never start a new one. Without: look
    /// whether the change is there before calling again.
    #[error("outcome of {operation} unknown{}: {reason}", reference.as_deref().map(|r| format!(" (reference {r})")).unwrap_or_default())]
    InDoubt {
        /// Which operation.
        operation: String,
        /// The client reference it was sent under, if it was a money operation.
        reference: Option<String>,
        /// What went wrong last.
        reason: String,
        /// The server's id of the last exchange, for its operator.
        request_id: Option<String>,
    },
    /// The caller cancelled it. It only read.
    #[error("cancelled")]
    Cancelled,
    /// The operation journal could not be written or read. Nothing was sent.
    #[error("journal: {reason}")]
    Journal {
        /// What went wrong.
        reason: String,
    },
}

impl FlorinError {
    /// An argument that is not as it must be.
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidInput { field: field.into(), reason: reason.into() }
    }

    /// What is known of the outcome.
    #[must_use]
    pub fn knowledge(&self) -> Knowledge {
        match self {
            Self::Refused { .. } => Knowledge::Refused,
            Self::InDoubt { .. } => Knowledge::InDoubt,
            Self::InvalidInput { .. }
            | Self::Unauthorized { .. }
            | Self::Unavailable { .. }
            | Self::Cancelled
            | Self::Journal { .. } => Knowledge::NothingRan,
        }
    }

    /// Whether the very same call may be made again without harm and with some hope.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// The server's result code, if it gave one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(Code(*code)),
            Self::Unauthorized { code, .. } | Self::Unavailable { code, .. } => code.map(Code),
            Self::InvalidInput { .. } | Self::InDoubt { .. } | Self::Cancelled | Self::Journal { .. } => None,
        }
    }

    /// The server's id of the exchange, to name to its operator.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Refused { request_id, .. }
            | Self::Unauthorized { request_id, .. }
            | Self::Unavailable { request_id, .. }
            | Self::InDoubt { request_id, .. } => request_id.as_deref(),
            Self::InvalidInput { .. } | Self::Cancelled | Self::Journal { .. } => None,
        }
    }

    /// The client reference of a money operation whose outcome is unknown.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        match self {
            Self::InDoubt { reference, .. } => reference.as_deref(),
            _ => None,
        }
    }
}
