//! How a rule says no.

use crate::store::StoreError;
use florin_sdk_core::code::Code;
use florin_sdk_core::{FieldError, FlorinError};

/// A request was not carried out: a result code, and what to tell the caller.
///
/// What is about the caller is in `message` and `fields`; what is about us (a storage error) goes to the log, and the
/// caller learns only [`Code::SYSTEM_ERROR`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The result code.
    pub code: Code,
    /// The message for the caller.
    pub message: String,
    /// The fields found fault with, if any.
    pub fields: Vec<FieldError>,
}

impl Refusal {
    /// With the code's own words.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self::because(code, code.meaning())
    }

    /// With other words.
    pub fn because(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new() }
    }

    /// No such object, or not visible: the same answer for both.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NOT_FOUND)
    }

    /// One field is not as it must be.
    #[must_use]
    pub fn field(field: &str, reason: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.to_owned(), reason: reason.into() }])
    }

    /// Fields are not as they must be.
    #[must_use]
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let list: Vec<_> = fields.iter().map(|f| format!("{} {}", f.field, f.reason)).collect();
        let message = format!("{}: {}", Code::INVALID_REQUEST.meaning(), list.join("; "));
        Self { code: Code::INVALID_REQUEST, message, fields }
    }

    /// A value that the SDK's own types refuse, found in `field`.
    #[must_use]
    pub fn value(field: &str, error: &FlorinError) -> Self {
        match error {
            FlorinError::InvalidInput { reason, .. } => Self::field(field, reason.clone()),
            other => Self::field(field, other.to_string()),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy | StoreError::Conflict => Self::new(Code::TOO_BUSY),
            StoreError::Undone(reason) => {
                tracing::error!(reason, "storage cannot write");
                Self::new(Code::TOO_BUSY)
            }
            // Nobody sees it: the engine runs the job again.
            StoreError::NotLoaded => Self::new(Code::SYSTEM_ERROR),
            error => {
                tracing::error!(%error, "storage failed");
                Self::new(Code::SYSTEM_ERROR)
            }
        }
    }
}
