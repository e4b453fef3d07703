//! The end-to-end tests. Most of them start the real `florin` binary: build it first (`cargo build -p florin-server`),
//! or name it in `FLORIN_BIN`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests and their harness"
)]

mod bad_input;
mod conformance;
mod exactly_once;
mod hold;
mod lifecycle;
mod money;
mod secrets;
mod split;
mod story;
mod verify;
