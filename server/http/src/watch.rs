//! A writer that notices what others wait for: changes to what a credential is worth, and new events.

use florin_domain::access::CustomRole;
use florin_domain::clock::Micros;
use florin_domain::identity::{ApiKey, Membership, MobileToken, Profile, User};
use florin_domain::ledger::Transaction;
use florin_domain::mail::Mail;
use florin_domain::notify::{Event, Lane, Notice};
use florin_domain::session::Session;
use florin_domain::settings::SettingRow;
use florin_domain::sso::{Application, Consent};
use florin_domain::store::{Query, Reader, Record, StoreError, Table, Value, Writer};
use florin_sdk_core::Timestamp;

/// Changes to rows of these tables; new rows take nothing away from anybody.
const WATCHED: [&Table; 9] = [
    ApiKey::TABLE,
    MobileToken::TABLE,
    User::TABLE,
    Profile::TABLE,
    Membership::TABLE,
    CustomRole::TABLE,
    Session::TABLE,
    Consent::TABLE,
    Application::TABLE,
];

/// See the module.
pub(crate) struct Watch<'a> {
    pub(crate) writer: &'a mut dyn Writer,
    pub(crate) seen: &'a mut Seen,
}

/// What was noticed.
#[derive(Default, Clone, Copy)]
pub(crate) struct Seen {
    /// A credential, user or profile was changed.
    pub(crate) credentials: bool,
    /// Something happened that somebody may want to hear of.
    pub(crate) happened: bool,
    /// There is a message to be sent.
    pub(crate) messages: bool,
    /// A mail is to be sent.
    pub(crate) mails: bool,
    /// An attribute was set.
    pub(crate) settings: bool,
}

impl Reader for Watch<'_> {
    fn select(&mut self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError> {
        self.writer.select(query)
    }

    fn look(&mut self, table: &'static Table, key: &[Value], see: &mut dyn FnMut(&[Value])) -> Result<(), StoreError> {
        self.writer.look(table, key, see)
    }

    fn now(&self) -> Timestamp {
        self.writer.now()
    }
}

impl Writer for Watch<'_> {
    fn claim_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<Option<Vec<Value>>, StoreError> {
        self.writer.claim_row(table, key)
    }

    fn expect_row(&mut self, table: &'static Table, key: Vec<Value>, to_change: bool) {
        self.writer.expect_row(table, key, to_change);
    }

    fn is_far(&self) -> bool {
        self.writer.is_far()
    }

    fn insert_row(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError> {
        self.seen.happened |= table == Transaction::TABLE || table == Notice::TABLE;
        self.seen.messages |= table == Event::TABLE;
        self.seen.mails |= table == Mail::TABLE;
        self.seen.settings |= table == SettingRow::TABLE;
        self.writer.insert_row(table, row)
    }

    fn update_row(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError> {
        self.seen.credentials |= WATCHED.contains(&table);
        self.seen.messages |= table == Lane::TABLE;
        self.seen.settings |= table == SettingRow::TABLE;
        self.writer.update_row(table, row)
    }

    fn delete_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<(), StoreError> {
        self.seen.credentials |= WATCHED.contains(&table);
        self.writer.delete_row(table, key)
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
