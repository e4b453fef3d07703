//! A database that is open: queries and changes in plain SQL, whatever the engine.

use super::Engine;
use super::postgres::Connection;
use rusqlite::types::ValueRef;
use std::path::Path;
use std::time::Duration;

/// How long to wait for a lock. Far more than anybody keeps one.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is in a cell. PostgreSQL gives all as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Integer(i64),
    /// A text, or what is written as one.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Cell {
    /// The whole number in it.
    #[must_use]
    pub fn number(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            Self::Text(text) => text.parse().unwrap_or_else(|_| panic!("{text:?} is no number")),
            other => panic!("{other:?} is no number"),
        }
    }

    /// It, written down.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")),
        }
    }
}

/// A database, opened from outside.
#[derive(Debug)]
pub struct Database(Opened);

#[derive(Debug)]
enum Opened {
    File(rusqlite::Connection),
    Server(Connection),
}

impl Database {
    pub(super) fn file(path: &Path, read_only: bool) -> Self {
        let mut flags = rusqlite::OpenFlags::default();
        if read_only {
            flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        }
        let connection = rusqlite::Connection::open_with_flags(path, flags).expect("the database");
        connection.busy_timeout(PATIENCE).expect("a time-out");
        Self(Opened::File(connection))
    }

    pub(super) const fn server(connection: Connection) -> Self {
        Self(Opened::Server(connection))
    }

    /// What keeps it.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self.0 {
            Opened::File(_) => Engine::Sqlite,
            Opened::Server(_) => Engine::Postgres,
        }
    }

    /// The rows that a query gives.
    #[must_use]
    pub fn rows(&self, sql: &str) -> Vec<Vec<Cell>> {
        match &self.0 {
            Opened::File(connection) => file_rows(connection, sql),
            Opened::Server(connection) => connection.run(vec![sql.to_owned()]).0.pop().expect("a query"),
        }
    }

    /// The number that a query gives.
    #[must_use]
    pub fn number(&self, sql: &str) -> i64 {
        self.rows(sql).first().and_then(|row| row.first()).unwrap_or_else(|| panic!("{sql} gives nothing")).number()
    }

    /// What queries give, all of one moment.
    #[must_use]
    pub fn moment(&self, queries: &[String]) -> Vec<Vec<Vec<Cell>>> {
        match &self.0 {
            Opened::File(connection) => {
                let moment = connection.unchecked_transaction().expect("a transaction");
                queries.iter().map(|sql| file_rows(&moment, sql)).collect()
            }
            Opened::Server(connection) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                let outcome = connection.run(vec![begin.to_owned(), queries.join(";\n"), "COMMIT".to_owned()]);
                assert_eq!(outcome.0.len(), queries.len());
                outcome.0
            }
        }
    }

    /// Runs statements; how many rows they changed.
    pub fn execute(&self, sql: &str) -> u64 {
        match &self.0 {
            Opened::File(connection) => {
                let before = connection.total_changes();
                connection.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
                connection.total_changes() - before
            }
            Opened::Server(connection) => connection.run(vec![sql.to_owned()]).1,
        }
    }

    /// From now on, what the tables demand of rows and of each other does not hinder this connection.
    pub fn ignore_constraints(&self) {
        match &self.0 {
            Opened::File(connection) => {
                connection.pragma_update(None, "foreign_keys", false).expect("a setting");
                connection.pragma_update(None, "ignore_check_constraints", true).expect("a setting");
            }
            Opened::Server(connection) => {
                let found = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
                    FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace";
                let mut statements = vec!["SET session_replication_role = replica".to_owned()];
                statements.extend(self.rows(found).concat().iter().map(Cell::text));
                connection.run(statements);
            }
        }
    }

    /// The names of the tables.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        let sql = match self.engine() {
            Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
            Engine::Postgres => {
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
            }
        };
        self.rows(sql).concat().iter().map(Cell::text).collect()
    }

    /// The names of a table's columns.
    #[must_use]
    pub fn columns(&self, table: &str) -> Vec<String> {
        let sql = match self.engine() {
            Engine::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            Engine::Postgres => format!(
                "SELECT column_name FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name = '{table}' ORDER BY ordinal_position"
            ),
        };
        self.rows(&sql).concat().iter().map(Cell::text).collect()
    }
}

fn file_rows(connection: &rusqlite::Connection, sql: &str) -> Vec<Vec<Cell>> {
    let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let columns = statement.column_count();
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| Ok(cell(row.get_ref(column)?))).collect();
    let rows = statement.query_map([], row).and_then(Iterator::collect);
    rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => panic!("the database holds the float {number}"),
        ValueRef::Text(text) => Cell::Text(String::from_utf8(text.to_vec()).expect("a text")),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}
