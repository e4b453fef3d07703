//! The boundary to storage. Two handles, and nothing else, reach the tables:
//!
//! - a [`Reader`] has no method that writes, and an engine backs it with a connection that cannot;
//! - a [`Writer`] reads and writes inside one transaction of the engine's only writer.
//!
//! A table is a struct ([`Record`], made with the `record!` macro); the statements that read and write it are derived
//! from its columns, once for each engine. So adding a column is a line here and a line in a migration.

mod query;
mod record;
mod scan;
mod value;

pub use query::{Filter, Query, Walk};
pub(crate) use record::record;
pub use record::{Column, Key, Part, Record, Table};
pub use scan::{Scan, Snapshot, Snapshots, Visit, place_of};
pub use value::{Cells, FromValue, IntoValue, Kind, Value, ValueRef};

use crate::clock::Micros;
use florin_sdk_core::Timestamp;

/// Why storage failed. None of these says anything about the request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The queue is full: nothing was done.
    #[error("the queue is full")]
    Busy,
    /// A value that must be unique is there already.
    #[error("a unique value of {table} is taken")]
    Duplicate {
        /// The table.
        table: &'static str,
    },
    /// A row names another one that is not there, or holds what its table does not allow.
    #[error("a row of {table} breaks a rule of its table")]
    Constraint {
        /// The table; empty if it showed only at the end.
        table: &'static str,
    },
    /// A row to be changed is not there.
    #[error("a row of {table} that was to be changed is not there")]
    Missing {
        /// The table.
        table: &'static str,
    },
    /// What is stored cannot be what we stored.
    #[error("{table}.{column} holds what it cannot hold: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A row that is not at hand yet: the engine fetches it and runs the job again. Pass it on.
    #[error("a row is not loaded yet")]
    NotLoaded,
    /// Another process changed the same rows: nothing was done; the engine tries again.
    #[error("another process changed the same rows")]
    Conflict,
    /// The engine cannot write now, as on a full disk: nothing was done.
    #[error("{0}")]
    Undone(String),
    /// The engine's own error, such as a connection that was lost in a commit: nobody knows what was done.
    #[error("{0}")]
    Engine(String),
}

/// Reads tables, as of one moment.
pub trait Reader {
    /// The rows that a query finds. Use the typed `get`, `list` and `first` instead.
    fn select(&mut self, query: &Query) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Shows the row with this key where it lies; nothing if it is not there. Use the typed `get` and `cell` instead.
    fn look(&mut self, table: &'static Table, key: &[Value], see: &mut dyn FnMut(&[Value])) -> Result<(), StoreError> {
        if let Some(row) = self.select(&Query::by_key(table, key))?.first() {
            see(row);
        }
        Ok(())
    }

    /// The time, the same during the whole transaction.
    fn now(&self) -> Timestamp;
}

impl dyn Reader + '_ {
    /// The record with this key.
    pub fn get<R: Record>(&mut self, key: impl Key) -> Result<Option<R>, StoreError> {
        let mut found = None;
        self.look(R::TABLE, &key.values(), &mut |row| found = Some(row.to_vec()))?;
        found.map(|row| R::from_row(Cells::new(R::TABLE, row))).transpose()
    }

    /// One cell of the record with this key: for those who need no more, as a whole row is a dozen of texts.
    pub fn cell<R: Record, T: FromValue>(
        &mut self,
        key: impl Key,
        column: Column<R, T>,
    ) -> Result<Option<T>, StoreError> {
        self.part(key, |row| row.cell(column))
    }

    /// What `take` makes of a few cells of the record with this key.
    pub fn part<R: Record, T>(
        &mut self,
        key: impl Key,
        take: impl Fn(&Part<'_, R>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut found = None;
        self.look(R::TABLE, &key.values(), &mut |row| found = Some(take(&Part::new(row))))?;
        found.transpose()
    }

    /// The records that a query finds.
    pub fn list<R: Record>(&mut self, query: Query) -> Result<Vec<R>, StoreError> {
        debug_assert_eq!(query.table.name, R::TABLE.name);
        self.select(&query)?.into_iter().map(|row| R::from_row(Cells::new(R::TABLE, row))).collect()
    }

    /// The first record that a query finds.
    pub fn first<R: Record>(&mut self, query: Query) -> Result<Option<R>, StoreError> {
        Ok(self.list(query.limit(1))?.pop())
    }
}

/// Reads and writes tables inside one transaction. What it wrote is on disk before anybody is told of it.
pub trait Writer: Reader {
    /// The row with this key, which is going to be changed: nobody else changes it until the end of the transaction.
    /// Use the typed `claim` instead.
    fn claim_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<Option<Vec<Value>>, StoreError>;

    /// Says that this row is going to be asked for. An engine that is far away fetches such rows together; to one that is
    /// near it says nothing. Use the typed `expect` and `expect_claim` instead.
    fn expect_row(&mut self, table: &'static Table, key: Vec<Value>, to_change: bool) {
        let _ = (table, key, to_change);
    }

    /// Whether [`Writer::expect_row`] is worth a word.
    fn is_far(&self) -> bool {
        false
    }

    /// Adds a row. Use the typed `insert` instead.
    fn insert_row(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError>;

    /// Replaces the row that has the same key, which must have been claimed or added before. Use the typed `update`
    /// instead.
    fn update_row(&mut self, table: &'static Table, row: Vec<Value>) -> Result<(), StoreError>;

    /// Takes a row away, which must have been claimed or added before. Use the typed `delete` instead.
    fn delete_row(&mut self, table: &'static Table, key: Vec<Value>) -> Result<(), StoreError>;

    /// A number that no other row has: later ones are greater, and it is near the microseconds of the clock, so that
    /// rows are appended and sort by time.
    fn next_id(&mut self) -> Micros;

    /// The hash chain that this process writes.
    fn chain(&self) -> u32;

    /// Begins a part that can be undone by itself. Parts nest.
    fn begin_part(&mut self) -> Result<(), StoreError>;

    /// Ends the innermost part: keeps it, or undoes all it wrote.
    fn end_part(&mut self, keep: bool) -> Result<(), StoreError>;
}

impl dyn Writer + '_ {
    /// Itself, as a reader.
    pub fn reader(&mut self) -> &mut (dyn Reader + '_) {
        self
    }

    /// See `get` of [`Reader`].
    pub fn get<R: Record>(&mut self, key: impl Key) -> Result<Option<R>, StoreError> {
        self.reader().get(key)
    }

    /// See `cell` of [`Reader`].
    pub fn cell<R: Record, T: FromValue>(
        &mut self,
        key: impl Key,
        column: Column<R, T>,
    ) -> Result<Option<T>, StoreError> {
        self.reader().cell(key, column)
    }

    /// See `list` of [`Reader`].
    pub fn list<R: Record>(&mut self, query: Query) -> Result<Vec<R>, StoreError> {
        self.reader().list(query)
    }

    /// See `first` of [`Reader`].
    pub fn first<R: Record>(&mut self, query: Query) -> Result<Option<R>, StoreError> {
        self.reader().first(query)
    }

    /// The record with this key, to be changed.
    pub fn claim<R: Record>(&mut self, key: impl Key) -> Result<Option<R>, StoreError> {
        self.claim_row(R::TABLE, key.values())?.map(|row| R::from_row(Cells::new(R::TABLE, row))).transpose()
    }

    /// Says that the record with this key is going to be read.
    pub fn expect<R: Record>(&mut self, key: impl Key) {
        self.expect_row(R::TABLE, key.values(), false);
    }

    /// Says that the record with this key is going to be changed.
    pub fn expect_claim<R: Record>(&mut self, key: impl Key) {
        self.expect_row(R::TABLE, key.values(), true);
    }

    /// Adds a record.
    pub fn insert<R: Record>(&mut self, record: &R) -> Result<(), StoreError> {
        self.insert_row(R::TABLE, record.to_row())
    }

    /// Replaces the record that has the same key, which must have been claimed or added before.
    pub fn update<R: Record>(&mut self, record: &R) -> Result<(), StoreError> {
        self.update_row(R::TABLE, record.to_row())
    }

    /// Takes away the record with this key, which must have been claimed or added before. Not of the books, and of nothing
    /// that another row names: only of what is over (see [`crate::retention`]).
    pub fn delete<R: Record>(&mut self, key: impl Key) -> Result<(), StoreError> {
        self.delete_row(R::TABLE, key.values())
    }
}

/// Work that only reads.
pub trait ReadJob: Send {
    /// Does the work. Where [`Store::read_again`] is asked to do it, it may run more than once; what it said last counts.
    fn run(&mut self, reader: &mut dyn Reader);

    /// Tells whoever waits what the last run said. A job that is dropped instead could not be done.
    fn finish(self: Box<Self>);
}

/// Work that only reads, and what is done with its result.
pub fn read_job<T: Send + 'static>(
    work: impl FnMut(&mut dyn Reader) -> T + Send + 'static,
    tell: impl FnOnce(T) + Send + 'static,
) -> Box<dyn ReadJob> {
    struct Question<W, F, T> {
        work: W,
        tell: F,
        result: Option<T>,
    }
    impl<T: Send, W: FnMut(&mut dyn Reader) -> T + Send, F: FnOnce(T) + Send> ReadJob for Question<W, F, T> {
        fn run(&mut self, reader: &mut dyn Reader) {
            // If this panics, what an earlier run said does not count.
            self.result = None;
            self.result = Some((self.work)(reader));
        }

        fn finish(self: Box<Self>) {
            if let Some(result) = self.result {
                (self.tell)(result);
            }
        }
    }
    Box::new(Question { work, tell, result: None })
}

/// Work that writes. An engine may run it more than once (after a serialization failure) before it finishes it once.
pub trait WriteJob: Send {
    /// Does the work; `false` undoes all that it wrote.
    fn run(&mut self, writer: &mut dyn Writer) -> bool;

    /// Tells whoever waits: after the commit is on disk, or with the reason why there is none.
    fn finish(self: Box<Self>, committed: Result<(), StoreError>);
}

/// A storage engine.
pub trait Store: Snapshots {
    /// Queues work that reads. It runs on a connection that cannot write.
    fn read(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError>;

    /// Does work that reads little: at once, on the thread that asks, if the engine is near; else like [`Store::read`].
    fn read_little(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError> {
        self.read(job)
    }

    /// The same for work that can run more than once: an engine that is far away reads for many of them in one journey.
    fn read_again(&self, job: Box<dyn ReadJob>) -> Result<(), StoreError> {
        self.read_little(job)
    }

    /// Whether other processes may write the same database.
    fn is_shared(&self) -> bool;

    /// Queues work that writes. Concurrent jobs share a commit; one that is undone does not touch the others.
    fn write(&self, job: Box<dyn WriteJob>) -> Result<(), StoreError>;

    /// Whether writes reach the disk now; the reason if not.
    fn health(&self) -> Result<(), StoreError>;
}
