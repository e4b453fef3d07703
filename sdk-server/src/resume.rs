//! Going on with calls whose outcome was left unknown.

use crate::journal::JournalEntry;
use crate::money::{Money, in_doubt};
use florin_sdk_core::client::{Asked, Client, MoneyCall};
use florin_sdk_core::{FlorinError, Hoid, JsonObject, Prid, Txid};
use futures_util::{StreamExt, stream};

/// How many calls of the journal are gone on with at a time.
pub(crate) const AT_ONCE: usize = 8;

/// What became of a call that was gone on with.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Resumed {
    /// The operation's name.
    pub operation: String,
    /// The client reference.
    pub reference: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a call that was gone on with.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Fate {
    /// It was carried out, once: before, or now.
    Done {
        /// The transaction that it made, if it made one.
        txid: Option<Txid>,
        /// The payment request that it made, if it made one.
        prid: Option<Prid>,
        /// The hold that it placed, if it placed one.
        hoid: Option<Hoid>,
        /// The whole answer.
        answer: JsonObject,
    },
    /// It was refused, for good. Nothing changed.
    Refused {
        /// The result code.
        code: u32,
        /// Its name in the table, or `UNKNOWN`.
        name: String,
        /// The server's own words.
        reason: String,
    },
    /// It did not run and, by this client, will not: a new call is safe.
    NothingRan {
        /// Why.
        reason: String,
    },
    /// Still unknown. The journal keeps it; go on later.
    InDoubt {
        /// Why.
        reason: String,
    },
}

impl Fate {
    fn done(mut answer: JsonObject) -> Self {
        answer.0.remove("resultcode");
        answer.0.remove("resultmessage");
        let text = |name: &str| answer.0.get(name)?.as_str();
        Self::Done {
            txid: text("txid").and_then(|id| id.parse().ok()),
            prid: text("prid").and_then(|id| id.parse().ok()),
            hoid: text("hoid").and_then(|id| id.parse().ok()),
            answer,
        }
    }
}

impl From<Result<JsonObject, FlorinError>> for Fate {
    fn from(result: Result<JsonObject, FlorinError>) -> Self {
        match result {
            Ok(answer) => Self::done(answer),
            Err(FlorinError::Refused { code, name, reason, .. }) => Self::Refused { code, name, reason },
            Err(FlorinError::InDoubt { reason, .. }) => Self::InDoubt { reason },
            Err(other) => Self::NothingRan { reason: other.to_string() },
        }
    }
}

impl Money {
    pub(crate) async fn resume(&self, reference: &str, operation: Option<&str>) -> Result<Resumed, FlorinError> {
        let mut entries = self.notes.pending().await?;
        entries.retain(|entry| {
            !entry.is_momo() && entry.reference == reference && operation.is_none_or(|name| name == entry.operation)
        });
        let Some(entry) = entries.pop() else {
            return Err(FlorinError::invalid("reference", "the journal holds no call under it that is not settled"));
        };
        if entries.iter().any(|other| other.operation != entry.operation) {
            return Err(FlorinError::invalid("operation", "several operations wait under this reference: name one"));
        }
        Ok(self.go_on(entry).await)
    }

    pub(crate) async fn resume_pending(&self) -> Result<Vec<Resumed>, FlorinError> {
        let mut entries = self.notes.left_open().await?;
        // Those of another surface, in a journal that both share, are asked about there.
        entries.retain(|entry| !entry.is_momo());
        Ok(stream::iter(entries).map(|entry| self.go_on(entry)).buffered(AT_ONCE).collect().await)
    }

    async fn go_on(&self, entry: JournalEntry) -> Resumed {
        let (client, noted) = (self.client.clone(), entry.clone());
        let fate = self.notes.go_on(&entry, async move { resume_entry(&client, &noted).await }).await.into();
        Resumed { fate, operation: entry.operation, reference: entry.reference }
    }
}

async fn resume_entry(client: &Client, entry: &JournalEntry) -> Result<JsonObject, FlorinError> {
    if entry.resendable {
        let request = entry.request.clone();
        // An operation that this version does not know can still be asked about.
        if let Ok(call) = MoneyCall::restore(&entry.operation, request, entry.reference.clone()) {
            return client.resume_money(&call).await;
        }
    }
    let asked = client.ask(&entry.operation, &entry.reference).await?;
    let reason = match asked {
        Asked::Done(answer) => return Ok(answer),
        Asked::Refused(error) => return Err(error),
        Asked::Undecided { reason } => reason,
        Asked::Unknown => "the server does not know it, and the journal holds too little to send it again".into(),
    };
    Err(in_doubt(&entry.operation, &entry.reference, reason))
}
