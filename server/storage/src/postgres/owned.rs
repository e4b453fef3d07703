//! A database that nobody else writes.

use super::address::Address;
use super::connect::{Purpose, Session};
use super::error::{Failure, describe};
use super::slot;
use super::snapshot::snapshots;
use super::transaction::Catalogue;
use super::value::Given;
use super::{durable, migrate, note, role};
use crate::OpenError;
use crate::copy::{Note, Owned};
use florin_domain::clock::Clock;
use florin_domain::store::{Snapshot, StoreError, Table, Value, ValueRef};
use std::pin::Pin;
use tokio_postgres::Error;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::ToSql;

/// See [`Owned`].
pub(crate) struct OwnedDatabase {
    session: Session,
    address: Address,
    catalogue: Catalogue,
    /// The table of the batch that was begun, and where its rows go.
    batch: Option<(&'static Table, Pin<Box<BinaryCopyInWriter>>)>,
}

impl OwnedDatabase {
    /// Opens the database, and makes its tables if it has none; nothing if somebody serves it.
    pub(crate) fn open(address: &str) -> Result<Option<Self>, OpenError> {
        let address = Address::parse(address)?;
        let session = Session::connect(&address, Purpose::Own)?;
        durable::check(&session, &address)?;
        migrate::run(&session, &address)?;
        let catalogue = Catalogue::read(&session, &address)?;
        if !slot::take_all(&session, &address)? {
            return Ok(None);
        }
        Ok(Some(Self { session, address, catalogue, batch: None }))
    }

    fn within(&mut self, work: impl FnOnce(&Session) -> Result<(), Error>) -> Result<(), StoreError> {
        let done = self.session.step("BEGIN").and_then(|()| work(&self.session));
        let ended = match done {
            Ok(()) => self.session.step("COMMIT"),
            Err(error) => {
                // What went wrong first is what counts.
                let _ = self.session.step("ROLLBACK");
                Err(error)
            }
        };
        ended.map_err(|e| self.failed(&e))
    }

    fn failed(&self, error: &Error) -> StoreError {
        StoreError::Engine(format!("{}: {}", self.address, describe(error)))
    }

    /// The texts in the first column.
    fn texts(session: &Session, sql: &str) -> Result<Vec<String>, Error> {
        session.wait(session.client.query_typed(sql, &[]))?.iter().map(|row| row.try_get(0)).collect()
    }
}

/// What refers to what, as statements that say so again.
const REFERENCES: &str = "CREATE TABLE florin_move_reference AS
    SELECT conrelid::regclass::text AS child, conname::text AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace";

const FORGET: &str =
    "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', child, name) FROM florin_move_reference ORDER BY child, name";

const REMEMBER: &str = "SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', child, name, definition)
    FROM florin_move_reference ORDER BY child, name";

impl Owned for OwnedDatabase {
    fn snapshot(&self) -> Result<Box<dyn Snapshot>, StoreError> {
        snapshots(&self.address, 1, &Clock::system())?.pop().ok_or(StoreError::Busy)
    }

    fn note(&self) -> Result<Option<Note>, StoreError> {
        note::read(&self.session).map_err(|e| self.failed(&e))
    }

    fn write_note(&mut self, note: &Note) -> Result<(), StoreError> {
        self.within(|session| note::write(session, note))?;
        // The role for readers may read each table, or is not taken.
        role::prepare(&self.session, &self.address);
        Ok(())
    }

    fn begin_arriving(&mut self, from: &str) -> Result<(), StoreError> {
        let note = Note::Arriving { from: from.to_owned() };
        self.within(|session| {
            note::write(session, &note)?;
            session.step(REFERENCES)?;
            Self::texts(session, FORGET)?.iter().try_for_each(|sql| session.step(sql))
        })
    }

    fn arrived(&mut self) -> Result<(), StoreError> {
        self.within(|session| {
            Self::texts(session, REMEMBER)?.iter().try_for_each(|sql| session.step(sql))?;
            session.step("DROP TABLE florin_move_reference; DROP TABLE florin_move")
        })?;
        role::prepare(&self.session, &self.address);
        // Plans are better when the server knows how much there is. It would find out by itself.
        self.session.step("ANALYZE").map_err(|e| self.failed(&e))
    }

    fn begin(&mut self, table: &'static Table) -> Result<(), StoreError> {
        let failed = |e| Failure::of(table.name, &e).error();
        self.session.step("BEGIN").map_err(failed)?;
        let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.columns.join(", "));
        let sink = self.session.wait(self.session.client.copy_in(&sql)).map_err(failed)?;
        let types = self.catalogue.of(table).map_err(|failure| failure.error())?;
        self.batch = Some((table, Box::pin(BinaryCopyInWriter::new(sink, types))));
        Ok(())
    }

    fn put(&mut self, cells: &[ValueRef<'_>]) -> Result<(), StoreError> {
        let Some((table, writer)) = &mut self.batch else {
            return Err(StoreError::Engine("no batch was begun".to_owned()));
        };
        let values: Vec<Value> = cells.iter().map(|cell| cell.to_value()).collect();
        let given: Vec<Given<'_>> = values.iter().map(Given).collect();
        let given: Vec<&(dyn ToSql + Sync)> = given.iter().map(|cell| cell as _).collect();
        self.session.wait(writer.as_mut().write(&given)).map_err(|e| Failure::of(table.name, &e).error())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        let Some((table, mut writer)) = self.batch.take() else {
            return Err(StoreError::Engine("no batch was begun".to_owned()));
        };
        let failed = |e| Failure::of(table.name, &e).error();
        self.session.wait(writer.as_mut().finish()).map_err(failed)?;
        self.session.step("COMMIT").map_err(failed)
    }

    fn clear(&mut self, table: &'static Table) -> Result<(), StoreError> {
        self.session.step(&format!("DELETE FROM {}", table.name)).map_err(|e| Failure::of(table.name, &e).error())
    }
}
