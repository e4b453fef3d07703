#![doc = include_str!("../README.md")]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!("florin_mobile");

mod client;
pub mod oauth;
pub mod token;

pub use client::{MobileClient, MobileOperation};
pub use florin_sdk_core::client::{CancelToken, ClientOptions, PaymentPager, TransactionPager};
pub use florin_sdk_core::{
    Amount, CurrencyCode, FieldError, FlorinError, Hoid, JsonObject, Knowledge, Mtid, Prid, Secret, Timestamp, Txid,
    Upid, Uuid, Waid, model, operation, qr,
};
pub use oauth::{OAuthClient, OAuthRequest, OAuthSettings, OAuthTokens, RefreshTokenKeeper};
pub use token::{TokenError, TokenSource};
