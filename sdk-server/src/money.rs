//! Calls that move money: noted, sent in a task of their own, settled.

use crate::crash;
use crate::journal::{Journal, JournalEntry, Settlement};
use florin_sdk_core::client::{Client, MoneyCall};
use florin_sdk_core::operation::MoneyOperation;
use florin_sdk_core::{FlorinError, Knowledge};
use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::Instrument;

/// What calls that move money share.
pub(crate) struct Money {
    pub(crate) client: Client,
    pub(crate) notes: Arc<Notes>,
}

impl Money {
    pub(crate) fn new(client: Client, journal: Arc<dyn Journal>) -> Self {
        Self { client, notes: Arc::new(Notes::new(journal)) }
    }

    pub(crate) async fn send<O: MoneyOperation>(
        &self,
        operation: &O,
        reference: Option<String>,
    ) -> Result<O::Answer, FlorinError> {
        let call = MoneyCall::new(operation, reference)?;
        let entry = JournalEntry::of(&call)?;
        let client = self.client.clone();
        self.notes.run(entry, async move { client.send_money(&call).await }).await
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Money").finish_non_exhaustive()
    }
}

/// A journal, and which of its calls run now.
pub(crate) struct Notes {
    journal: Arc<dyn Journal>,
    /// The journal's ids of the calls that run now.
    under_way: Mutex<HashSet<String>>,
}

impl Notes {
    pub(crate) fn new(journal: Arc<dyn Journal>) -> Self {
        Self { journal, under_way: Mutex::default() }
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<String>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a call, then does its work in a task of its own, and settles it.
    pub(crate) async fn run<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        entry: JournalEntry,
        work: impl Future<Output = Result<T, FlorinError>> + Send + 'static,
    ) -> Result<T, FlorinError> {
        let notes = Arc::clone(self);
        let (operation, reference) = (entry.operation.clone(), entry.reference.clone());
        run_to_its_end(&operation, &reference, async move {
            let id = entry.id.clone();
            let _under_way = UnderWay::new(&notes, &id);
            if let Err(error) = notes.journal.record(entry).await {
                // Part of it may have been stored; left there it would be sent after the next start.
                notes.strike(&id, Settlement::NothingRan).await;
                return Err(error.into());
            }
            crash::point("recorded");
            let result = work.await;
            crash::point("answered");
            notes.settle(&id, &result).await;
            result
        })
        .await
    }

    /// Goes on with a call of the journal, in a task of its own, and settles it.
    pub(crate) async fn go_on<T: Send + Sync + 'static>(
        self: &Arc<Self>,
        entry: &JournalEntry,
        work: impl Future<Output = Result<T, FlorinError>> + Send + 'static,
    ) -> Result<T, FlorinError> {
        let (notes, id) = (Arc::clone(self), entry.id.clone());
        run_to_its_end(&entry.operation, &entry.reference, async move {
            let result = work.await;
            notes.settle(&id, &result).await;
            result
        })
        .await
    }

    /// The calls that the journal holds.
    pub(crate) async fn pending(&self) -> Result<Vec<JournalEntry>, FlorinError> {
        Ok(self.journal.pending().await?)
    }

    /// The calls that the journal holds, without those that run now.
    pub(crate) async fn left_open(&self) -> Result<Vec<JournalEntry>, FlorinError> {
        // In this order: a call that ends between the two steps is in neither list, or settled already.
        let under_way = self.under_way().clone();
        let mut entries = self.pending().await?;
        entries.retain(|entry| !under_way.contains(&entry.id));
        Ok(entries)
    }

    /// Strikes a call off the journal, unless its outcome is unknown.
    async fn settle<A>(&self, id: &str, result: &Result<A, FlorinError>) {
        let settlement = match result.as_ref().map_err(FlorinError::knowledge) {
            Ok(_) => Settlement::Done,
            Err(Knowledge::Refused) => Settlement::Refused,
            Err(Knowledge::NothingRan) => Settlement::NothingRan,
            Err(Knowledge::InDoubt) => return,
        };
        self.strike(id, settlement).await;
    }

    async fn strike(&self, id: &str, settlement: Settlement) {
        if let Err(error) = self.journal.settle(id.to_owned(), settlement).await {
            // The outcome is known and goes to the caller. What stays in the journal is asked about again later, and
            // found to be decided.
            tracing::warn!(%error, ?settlement, "the journal keeps a call that is settled");
        }
    }
}

/// Notes that a call runs, for as long as it lives.
struct UnderWay<'n> {
    notes: &'n Notes,
    id: &'n str,
}

impl<'n> UnderWay<'n> {
    fn new(notes: &'n Notes, id: &'n str) -> Self {
        notes.under_way().insert(id.to_owned());
        Self { notes, id }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.notes.under_way().remove(self.id);
    }
}

/// Runs work in a task of its own: it goes on to its end although nobody waits for it any more, as when the caller's
/// coroutine is cancelled.
async fn run_to_its_end<T: Send + 'static>(
    operation: &str,
    reference: &str,
    work: impl Future<Output = Result<T, FlorinError>> + Send + 'static,
) -> Result<T, FlorinError> {
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|_| {
        let reason = "the task that ran it has ended".to_owned();
        Err(in_doubt(operation, reference, reason))
    })
}

pub(crate) fn in_doubt(operation: &str, reference: &str, reason: String) -> FlorinError {
    FlorinError::InDoubt {
        operation: operation.to_owned(),
        reference: Some(reference.to_owned()),
        reason,
        request_id: None,
    }
}
