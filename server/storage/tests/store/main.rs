//! What every engine must do, asked of SQLite, and of PostgreSQL if `FLORIN_TEST_POSTGRES` names a server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod books;
mod contract;
#[cfg(target_os = "linux")]
mod disk;
mod history;
mod holds;
mod ledger;
mod limits;
mod moving;
mod postgres;
#[cfg(target_os = "linux")]
mod power;
mod proxy;
mod races;
mod schema;
mod server;
mod speed;
mod support;
mod verify;
mod withdraw;
