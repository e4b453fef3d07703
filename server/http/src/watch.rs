//! A writer that notices changes to what a credential is worth.

use florin_domain::clock::Micros;
use florin_domain::identity::{ApiKey, MobileToken, Profile, User};
use florin_domain::store::{Query, Reader, Record, StoreError, Table, Value, Writer};
use florin_sdk_core::Timestamp;

/// Changes to rows of these tables; new rows take nothing away from anybody.
const WATCHED: [&Table; 4] = [ApiKey::TABLE, MobileToken::TABLE, User::TABLE, Profile::TABLE];

/// See the module.
pub(crate) struct Watch<'a> {
    pub(crate) writer: &'a mut dyn Writer,
    /// Whether there was such a change.
    pub(crate) changed: &'a mut bool,
}

impl Reader for Watch<'_> {
    fn select(&mut self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.writer.select(query)
    }

    fn now(&self) -> Timestamp {
        self.writer.now()
    }
}

impl Writer for Watch<'_> {
    fn claim_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<Option<Vec<Value>>, StoreError> {
        self.writer.claim_row(table, key)
    }

    fn insert_row(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError> {
        self.writer.insert_row(table, row)
    }

    fn update_row(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError> {
        *self.changed |= WATCHED.contains(&table);
        self.writer.update_row(table, row)
    }

    fn next_id(&mut self) -> Micros {
        self.writer.next_id()
    }

    fn chain(&self) -> u32 {
        self.writer.chain()
    }

    fn begin_part(&mut self) -> Result<(), StoreError> {
        self.writer.begin_part()
    }

    fn end_part(&mut self, keep: bool) -> Result<(), StoreError> {
        self.writer.end_part(keep)
    }
}
