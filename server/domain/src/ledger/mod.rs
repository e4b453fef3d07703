//! The books: wallets, balances, and transactions that always balance.
//!
//! Double entry: a transaction has postings that sum to zero for each currency. A balance is what the postings of a
//! wallet sum to, kept beside them, and how much of it holds have set aside; [`verify`] computes both again. Each transaction carries the hash of the one before
//! it, so that an edited history shows.

mod chain;
mod convert;
mod history;
mod hold;
mod house;
mod post;
mod refund;
mod verify;
mod wallet;
mod withdraw;

pub use chain::{Chain, Hash};
pub use convert::{Conversion, convert};
pub use history::{HistoryFilter, details, history, may_read_wallet};
pub use hold::{
    Hold, HoldStatus, LIFETIME_S, NewHold, capture_hold, expire_hold, expired_holds, place_hold, release_hold,
};
pub use house::HouseWallet;
pub(crate) use house::platform;
pub use post::{Leg, NewTransaction, Posting, Transaction, expect, post};
pub(crate) use refund::pay_back;
pub use refund::{Refunded, refund};
pub use verify::{Fault, Report, verify};
pub use wallet::{
    Balance, Wallet, balances, create_issuance_wallet, create_wallet, entry, need_wallet, wallets_named, wallets_of,
};
pub use withdraw::{
    NewDeposit, NewWithdrawal, Outside, OutsideResult, Withdrawal, complete_withdraw, deposit, fail_withdraw, withdraw,
    withdraw_fee,
};

use crate::refusal::Refusal;
use florin_sdk_core::code::Code;

/// An id that was just made from a number of the clock: it has 16 digits until the year 2286.
pub fn id<T>(id: Option<T>) -> Result<T, Refusal> {
    id.ok_or_else(|| {
        tracing::error!("the clock is beyond what an id holds");
        Refusal::new(Code::SYSTEM_ERROR)
    })
}
