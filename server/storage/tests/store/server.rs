//! The PostgreSQL server that the tests may use.

use std::sync::atomic::{AtomicU32, Ordering};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// The address of a database on it whose user may do everything, if there is one.
pub(crate) fn address() -> Option<String> {
    std::env::var("FLORIN_TEST_POSTGRES").ok().filter(|address| !address.is_empty())
}

/// A database of its own, which goes with this value.
pub(crate) struct Database {
    name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("florin_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run(&address().unwrap(), &format!("CREATE DATABASE {name}"));
        Self { name }
    }

    pub(crate) fn address(&self) -> String {
        let server = address().unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    /// The role of its readers.
    pub(crate) fn role(&self) -> String {
        format!("florin_reader_{}", self.name)
    }

    /// The rows that the last statement gives, cells as text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        run(&self.address(), sql).0
    }

    /// How many rows the statements change, together.
    pub(crate) fn changes(&self, sql: &str) -> u64 {
        run(&self.address(), sql).1
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let server = address().unwrap();
        run(&server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        run(&server, &format!("DROP ROLE IF EXISTS {}", self.role()));
    }
}

/// Connects and does something.
pub(crate) fn with<T>(address: &str, work: impl AsyncFnOnce(Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
        tokio::spawn(connection);
        work(client).await
    })
}

fn run(address: &str, sql: &str) -> (Vec<Vec<String>>, u64) {
    with(address, async |client| {
        let (mut rows, mut changed) = (Vec::new(), 0);
        for message in client.simple_query(sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}")) {
            match message {
                SimpleQueryMessage::Row(row) => {
                    rows.push((0..row.len()).map(|cell| row.get(cell).unwrap_or("NULL").to_owned()).collect());
                }
                SimpleQueryMessage::CommandComplete(count) => changed += count,
                _ => {}
            }
        }
        (rows, changed)
    })
}
