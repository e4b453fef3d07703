//! A small database in a file, for tests of what works on connections.

use rusqlite::Connection;
use tempfile::TempDir;

pub(super) struct Lab(TempDir);

impl Lab {
    /// With a write-ahead log, and these tables.
    pub(super) fn new(tables: &str) -> Self {
        let lab = Self(tempfile::tempdir().unwrap());
        lab.open().execute_batch(&format!("PRAGMA journal_mode = WAL; {tables}")).unwrap();
        lab
    }

    pub(super) fn open(&self) -> Connection {
        Connection::open(self.0.path().join("pets.db")).unwrap()
    }
}
