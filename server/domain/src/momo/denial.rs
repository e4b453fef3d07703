//! How a rule of mobile money says no.

use crate::refusal::Refusal;
use crate::store::StoreError;
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::ReasonCode;

/// A request was not accepted: nothing was created, and its reference stays free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// The subscription key is missing, unknown, or another product's.
    Subscription,
    /// The token is missing, unknown or expired.
    Token,
    /// The pair of API user and key is wrong.
    Login,
    /// A consent gives no token: CIBA's name for why.
    Grant(&'static str),
    /// A reason of the contract, and words for people.
    Because(ReasonCode, String),
    /// A notification that comes too late.
    TooLate,
    /// A notification that was sent before.
    SentBefore,
    /// Not about the request: storage failed, or is too busy.
    Refused(Refusal),
}

impl Denial {
    /// A reason with words for people.
    pub fn because(code: ReasonCode, message: impl Into<String>) -> Self {
        Self::Because(code, message.into())
    }

    /// A field, or the request as a whole, is not as it must be.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::because(ReasonCode::ValidationError, message)
    }

    /// No such object, or another's: the same answer for both.
    #[must_use]
    pub fn not_found() -> Self {
        Self::because(ReasonCode::ResourceNotFound, "Requested resource was not found.")
    }

    /// The reference was used before.
    #[must_use]
    pub fn exists() -> Self {
        Self::because(ReasonCode::ResourceAlreadyExist, "Duplicated reference id. Creation of resource failed.")
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        match refusal.code {
            Code::NOT_FOUND => Self::not_found(),
            Code::INVALID_REQUEST => Self::invalid(refusal.message),
            _ => Self::Refused(refusal),
        }
    }
}

impl From<StoreError> for Denial {
    fn from(error: StoreError) -> Self {
        match error {
            // Another process was faster with the same reference.
            StoreError::Duplicate { .. } => Self::exists(),
            error => Self::Refused(error.into()),
        }
    }
}
