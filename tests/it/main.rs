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
mod bridge;
mod component;
mod conformance;
mod currency;
mod events;
mod exactly_once;
mod fee;
mod hidden;
mod hold;
mod lifecycle;
mod lists;
mod live;
mod login;
mod mail;
mod matrix;
mod mfa;
mod model;
mod momo;
mod momo_surface;
mod money;
mod moving;
mod notify;
mod oauth;
mod payment;
mod processes;
mod profile;
mod reach;
mod retention;
mod role;
mod secrets;
mod split;
mod story;
mod team;
mod tenants;
mod tier;
#[cfg(target_os = "linux")]
mod trouble;
mod verify;
mod webhook;
mod withdraw;
mod withdraw_crash;
