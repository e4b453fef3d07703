//! Simulated networks, for a sandbox: they keep a ledger of their own, close blocks, and say no as the real ones do.
//!
//! Their tables stand beside the platform's in the same database, so that several processes share them and they survive
//! a restart; but they are written in transactions of their own, as a network is elsewhere. They can be told to fail:
//! [`Mode`].

mod behaviour;
mod chain;
mod door;
mod tables;

pub use behaviour::{Mode, prices};
pub use chain::{accept, deliver, deposit, is_busy, mine, open, open_account, set_line, tick};
pub use door::Simulated;
pub use tables::{SimAccount, SimHolding, SimLate, SimNetwork, SimTransaction};
