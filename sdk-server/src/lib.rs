#![doc = include_str!("../README.md")]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!("florin_provider");

mod client;
mod crash;
pub mod group;
pub mod journal;
pub mod momo;
mod money;
pub mod resume;
pub mod token;

pub use client::ProviderClient;
pub use florin_sdk_core::client::{CancelToken, ClientOptions, PaymentPager, TransactionPager};
pub use florin_sdk_core::{
    Akid, Amount, CurrencyCode, Email, FieldError, FlorinError, Fsid, Hoid, JsonObject, Knowledge, Mtid, Ntid, Prid,
    Secret, Timestamp, Txid, Upid, Uuid, Waid, WebUrl, model, operation, qr,
};
pub use journal::{FileJournal, Journal, JournalEntry, JournalError, MemoryJournal, Settlement};
pub use resume::{Fate, Resumed};
pub use token::{CheckedToken, TokenChecker, TokenPolicy};
