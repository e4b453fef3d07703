//! What every engine must do, asked of SQLite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod books;
mod contract;
mod holds;
mod ledger;
mod schema;
mod support;
