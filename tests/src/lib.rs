//! The harness of the end-to-end tests: it starts the real `florin` binary, talks to it over HTTP, and looks into its
//! database from outside.
//!
//! | module | what |
//! | --- | --- |
//! | [`server`] | the binary: start, kill, stop, restart, its logs, `florin verify` |
//! | [`http`] | requests as bytes and JSON, past both SDKs |
//! | [`mailbox`] | the mails of a server that puts them into a folder |
//! | [`smtp`] | an SMTP server that takes mails, or does not |
//! | [`totp`] | codes of an authenticator app |
//! | [`momo`] | the MoMo surface as bytes and JSON |
//! | [`world`] | a provider with a currency, users, tokens, keys and a merchant, made through the API |
//! | [`sample`] | one valid request for each operation |
//! | [`database`] | on which engine a test's database is, and how to look into it and change it from outside |
//! | [`digest`] | a digest of every row of every table |
//! | `disk` | a small disk that can be filled and made read-only |
//! | [`mod@reference`] | the reference files in `spec/` |
//! | [`codec`] | requests and answers by the operation's name |
//! | [`seed`] | randomness that can be repeated |
//!
//! The tests are in `it/`, one binary. Each starts a server of its own on a database of its own, so they run in
//! parallel.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests and their harness"
)]

pub mod codec;
pub mod database;
pub mod digest;
#[cfg(target_os = "linux")]
pub mod disk;
pub mod http;
pub mod mailbox;
pub mod momo;
pub mod oauth;
pub mod reference;
pub mod sample;
pub mod seed;
pub mod server;
pub mod smtp;
pub mod totp;
pub mod world;
