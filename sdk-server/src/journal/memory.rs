//! A journal that ends with the process.

use super::{Journal, JournalEntry, JournalError, Settlement};
use async_trait::async_trait;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A journal that ends with the process: for tests, and for who keeps references elsewhere.
#[derive(Debug, Default)]
pub struct MemoryJournal(Mutex<Vec<JournalEntry>>);

impl MemoryJournal {
    fn entries(&self) -> MutexGuard<'_, Vec<JournalEntry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn record(&self, entry: JournalEntry) -> Result<(), JournalError> {
        self.entries().push(entry);
        Ok(())
    }

    async fn settle(&self, id: String, _: Settlement) -> Result<(), JournalError> {
        self.entries().retain(|entry| entry.id != id);
        Ok(())
    }

    async fn pending(&self) -> Result<Vec<JournalEntry>, JournalError> {
        Ok(self.entries().clone())
    }
}
