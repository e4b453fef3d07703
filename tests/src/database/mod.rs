//! The database of a test: on which engine it is, and a way to look into it and to change it from outside, past the
//! server, that is the same on each.
//!
//! `FLORIN_TEST_DATABASE` says on which engine the end-to-end tests run: `sqlite`, as without it, or `postgres`, on the
//! server that `FLORIN_TEST_POSTGRES` names. `scripts/postgres run` gives a command such a server:
//!
//! ```sh
//! FLORIN_TEST_DATABASE=postgres scripts/postgres run --in-memory cargo test -p florin-tests
//! ```

mod handle;
mod place;
mod postgres;

pub use handle::{Cell, Database};
pub(crate) use place::Place;

/// What a database is kept by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A database of its own on a server.
    Postgres,
}

/// The engine that this run of the end-to-end tests is about.
#[must_use]
pub fn engine() -> Engine {
    match std::env::var("FLORIN_TEST_DATABASE").as_deref() {
        Err(std::env::VarError::NotPresent) | Ok("" | "sqlite") => Engine::Sqlite,
        Ok("postgres") => Engine::Postgres,
        other => panic!("FLORIN_TEST_DATABASE is {other:?}: set it to sqlite or postgres, or to nothing for sqlite"),
    }
}
