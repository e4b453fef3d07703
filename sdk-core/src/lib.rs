//! What an operation of the Florin wallet platform *is*: one type for each, with its request, its answer, its place
//! on the wire, who may call it and what may be done when its outcome is unknown.
//!
//! The reference server and both SDKs are built on this crate, so that a route, an SDK call, the rights matrix, the
//! OpenAPI document and the table-driven tests all read the same constants. Start with [`operation::Operation`].
//!
//! | module | what |
//! | --- | --- |
//! | [`operation`] | the operations, a file for each group, and the list that walks them all |
//! | [`model`] | the shapes that several answers share |
//! | [`id`], [`money`], [`timestamp`], [`json`], [`text`] | the values on the wire, checked where they enter |
//! | [`code`] | every result code, and what a caller does about it |
//! | [`error`] | the one error type, sorted by what the caller does next |
//! | [`qr`] | the text of a payment code |
//! | `momo` (feature `momo`) | MTN's MoMo Open API: its operations, bodies and reasons |
//! | `jwt` (feature `jwt`) | access tokens of people: their shape, and checking them |
//! | `client` (feature `client`) | transport, retry, reconciliation, paging |
//!
//! Features: `write` adds the operations that change something (the mobile library is built without it), `client`
//! adds sending, `momo` adds MTN's surface (never for the mobile library), `schema` adds JSON schemas, `uniffi` and
//! `uniffi-write` add the exports to other languages.

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!("florin_core");

#[macro_use]
mod wire;

#[cfg(feature = "client")]
pub mod client;
pub mod code;
pub mod error;
pub mod id;
pub mod json;
#[cfg(feature = "jwt")]
pub mod jwt;
#[cfg(feature = "write")]
pub mod lenient;
pub mod model;
#[cfg(feature = "momo")]
pub mod momo;
pub mod money;
pub mod operation;
pub mod qr;
pub mod retry;
pub mod secret;
#[cfg(feature = "sso")]
pub mod sso;
pub mod text;
pub mod timestamp;

pub use error::{FieldError, FlorinError, Knowledge};
pub use id::{Akid, Fsid, Hoid, Mtid, Ntid, Prid, Txid, Upid, Uuid, Waid};
pub use json::{JsonObject, JsonValue, SecretObject};
#[cfg(feature = "write")]
pub use lenient::{Assent, Digits};
pub use money::{Amount, CurrencyCode};
pub use operation::{Access, Callers, Operation};
pub use secret::{KeyInPath, Secret, UserToken};
pub use text::{Email, WebUrl};
pub use timestamp::Timestamp;
pub use wire::{Kind, Wire};
