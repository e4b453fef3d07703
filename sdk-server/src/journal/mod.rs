//! The operation journal: which calls that move money have begun and are not known to have ended.
//!
//! A call is recorded before the first byte of it is sent, and settled once its outcome is known. What is left after a
//! crash is what [`resume_pending`](crate::group::OperationGroup::resume_pending) asks about.

mod file;
mod memory;

pub use file::FileJournal;
pub use memory::MemoryJournal;

use async_trait::async_trait;
use florin_sdk_core::client::{MoneyCall, clock, random_id};
use florin_sdk_core::{FlorinError, JsonObject, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
#[cfg(feature = "uniffi")]
use std::sync::Arc;

/// What is sent, but never stored: the operation and its field.
const NEVER_STORED: [(&str, &str); 1] = [("AcceptPayment", "paymentprocessorinformation")];

/// Begins the names of operations of MTN's surface.
pub(crate) const MOMO: &str = "momo.";

/// A call that moves money. It holds no key and no token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct JournalEntry {
    /// Names this entry: unique, as one reference may be called under several times.
    pub id: String,
    /// The operation's name.
    pub operation: String,
    /// The client reference.
    pub reference: String,
    /// The request, as it goes over the wire.
    pub request: JsonObject,
    /// Whether `request` is all of it. Else it can be asked about, but not sent again.
    pub resendable: bool,
    /// When it was recorded.
    pub recorded: Timestamp,
}

/// Does not show the request: it may hold what is never logged.
impl fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalEntry")
            .field("operation", &self.operation)
            .field("reference", &self.reference)
            .field("recorded", &self.recorded)
            .finish_non_exhaustive()
    }
}

impl JournalEntry {
    pub(crate) fn of(call: &MoneyCall) -> Result<Self, FlorinError> {
        let mut request = call.request().clone();
        let mut resendable = true;
        for (operation, field) in NEVER_STORED {
            if operation == call.operation() && request.0.remove(field).is_some() {
                resendable = false;
            }
        }
        Ok(Self {
            id: random_id()?,
            operation: call.operation().to_owned(),
            reference: call.reference().to_owned(),
            request,
            resendable,
            recorded: clock::now(),
        })
    }

    /// One of MTN's surface: `operation` is the name there.
    pub(crate) fn momo(operation: &str, reference: String, request: JsonObject) -> Result<Self, FlorinError> {
        Ok(Self {
            id: random_id()?,
            operation: format!("{MOMO}{operation}"),
            reference,
            request,
            resendable: true,
            recorded: clock::now(),
        })
    }

    pub(crate) fn is_momo(&self) -> bool {
        self.operation.starts_with(MOMO)
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Settlement {
    /// Carried out.
    Done,
    /// Refused.
    Refused,
    /// It did not run.
    NothingRan,
}

/// Why a journal could not do its work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Error), uniffi::export(Display))]
#[non_exhaustive]
pub enum JournalError {
    /// Reading or writing failed.
    #[error("{reason}")]
    Storage {
        /// Why.
        reason: String,
    },
    /// Another process uses this journal.
    #[error("the journal is in use by another process")]
    InUse,
    /// It holds something that is not a journal's.
    #[error("line {line} is damaged: {reason}")]
    Damaged {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The journal threw something else.
    #[error("the journal threw: {reason}")]
    Unexpected {
        /// What it threw.
        reason: String,
    },
}

impl From<std::io::Error> for JournalError {
    fn from(error: std::io::Error) -> Self {
        Self::Storage { reason: error.to_string() }
    }
}

impl From<JournalError> for FlorinError {
    fn from(error: JournalError) -> Self {
        Self::Journal { reason: error.to_string() }
    }
}

#[cfg(feature = "uniffi")]
impl From<uniffi::UnexpectedUniFFICallbackError> for JournalError {
    fn from(e: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected { reason: e.reason }
    }
}

/// Where calls that move money are noted. Bring your own to keep them in your own database.
///
/// It may be called on any thread and several times at once, and must not call back into the client.
#[cfg_attr(feature = "uniffi", uniffi::export(rust, foreign))]
#[async_trait]
pub trait Journal: Send + Sync + 'static {
    /// Notes a call. When this returns the entry must survive a crash: the request is sent right after.
    async fn record(&self, entry: JournalEntry) -> Result<(), JournalError>;

    /// Strikes a call off, by the id of its entry. An id that is not there is no error. It may be lost in a crash: then
    /// the call is asked about once more, and found to be decided.
    async fn settle(&self, id: String, settlement: Settlement) -> Result<(), JournalError>;

    /// The calls that are not struck off, the oldest first.
    async fn pending(&self) -> Result<Vec<JournalEntry>, JournalError>;
}

/// A journal that ends with the process: for tests, and for who keeps references elsewhere.
#[cfg(feature = "uniffi")]
#[uniffi::export]
pub fn memory_journal() -> Arc<dyn Journal> {
    Arc::new(MemoryJournal::default())
}

/// A journal in the file at `path`, which is made if it is not there. See `FileJournal`.
#[cfg(feature = "uniffi")]
#[uniffi::export]
pub fn file_journal(path: String) -> Result<Arc<dyn Journal>, FlorinError> {
    Ok(Arc::new(FileJournal::open(path)?))
}
