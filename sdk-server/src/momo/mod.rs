//! A client of MTN's MoMo Open API: the same against MTN's own hosts and against `florin serve --sandbox`.
//!
//! ```no_run
//! use florin_sdk_server::momo::{Collections, Credentials, Options, Party, Patience, RequestToPay, Status, Target};
//! use florin_sdk_server::{FileJournal, FlorinError};
//! use std::sync::Arc;
//!
//! # async fn example(credentials: Credentials) -> Result<(), FlorinError> {
//! let target = Target::Production { environment: "mtnuganda".into(), currency: "UGX".into() };
//! let options = Options { callback_url: Some("https://shop.example/momo/{reference}".into()), ..Options::new(target) };
//! let journal = Arc::new(FileJournal::open("momo.journal")?);
//! let collections = Collections::new(options, credentials, journal)?;
//! // First of all, what the process before this one may have left open.
//! collections.resume_pending().await?;
//!
//! let price = RequestToPay::new("2500".parse()?, "UGX".into(), "inv-1001".into(), Party::msisdn("256770000001"));
//! let reference = collections.request_to_pay(price, None, None).await?;
//! let result = collections.wait_for_request_to_pay(reference, None).await?;
//! match (result.status, result.reason) {
//!     (Status::Successful, _) => println!("paid"),
//!     (_, reason) => println!("not paid: {:?}", reason.map(|r| r.code)),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Money once
//! Whatever begins something (requests to pay and to withdraw, transfers, deposits, refunds, invoices, payments,
//! pre-approvals) has a reference: a UUID of yours, or one that is made here. It is written to the journal before the
//! first byte is sent. After an outcome that proves nothing (a time-out, a broken connection, a 5xx without a caller's
//! mistake in it) the reference is asked about, and only a 404 lets another copy go out, under the same reference. A 409
//! is answered by asking and comparing amount, currency, party and `externalId`: the same is yours, another is a
//! conflict. What cannot be found out is [`FlorinError::InDoubt`] with the reference, and stays in the journal for
//! `resume_pending`.
//!
//! # Errors
//! All calls fail with [`FlorinError`]. Of a refusal, `code` is the HTTP status and `name` MTN's own code:
//! [`refusal`] gives it typed. A failed transaction is no error but an answer, with its [`Reason`].
//!
//! # Nothing leaks
//! Keys and tokens are [`Secret`]s, requests and answers print as their type's name, errors repeat no word of a server
//! that could be a number, and log lines hold operation, attempt and outcome, nothing else.
//!
//! Source: spec/momo/contract.md.

mod callback;
mod collections;
mod config;
mod disbursements;
mod macros;
mod provisioning;
mod remittances;
mod runtime;

#[cfg(feature = "uniffi")]
pub use callback::read_momo_callback;
pub use callback::{Callback, read_callback, typed_callback};
pub use collections::Collections;
#[cfg(feature = "uniffi")]
pub use config::momo_options;
pub use config::{Credentials, Options, Target};
pub use disbursements::Disbursements;
pub use florin_sdk_core::client::Transport;
pub use florin_sdk_core::client::momo::{Extra, Identity, MomoClient, Patience, new_reference};
pub use florin_sdk_core::client::transport::HttpTransport;
pub use florin_sdk_core::momo::*;
pub use provisioning::Provisioning;
pub use remittances::Remittances;

use florin_sdk_core::FlorinError;
#[cfg(doc)]
use florin_sdk_core::Secret;

/// MTN's own code of a refusal, typed; none where the refusal has none, or the error is another.
#[must_use]
pub fn refusal(error: &FlorinError) -> Option<ReasonCode> {
    match error {
        FlorinError::Refused { name, .. } if !name.starts_with("HTTP_") => Some(ReasonCode::read(name)),
        _ => None,
    }
}
