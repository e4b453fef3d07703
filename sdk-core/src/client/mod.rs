//! Sending operations: transport, retry, reconciliation, paging.
//!
//! [`Client`] is what both SDKs are made of. Everything that it does with an operation comes from the operation's own
//! constants and from the tables in [`crate::retry`] and [`crate::code`]; there is no rule about a single operation here.
//!
//! | module | its one job |
//! | --- | --- |
//! | [`options`] | what a caller may adjust, checked once |
//! | [`credential`] | API key or bearer token; one fetch of a fresh token for all calls that need it |
//! | [`transport`] | one exchange: bytes there, bytes back, or why not |
//! | `call` | an operation as a request line, headers and body |
//! | `verdict` | what one exchange says about the call |
//! | `attempts` | the attempts of one call: credential, count, delay |
//! | `plain` | the loop for what moves no money |
//! | `money` (feature `write`) | the loop for what moves money: never twice, and nothing left unknown if asking can tell |
//! | `momo` (feature `momo`) | the same for MTN's MoMo Open API |
//! | [`live`] | events as they happen, with a stream that goes on by itself |
//! | [`paging`] | lists, page by page or as a stream |

mod attempts;
mod call;
pub mod cancel;
pub mod clock;
pub mod credential;
pub mod live;
#[cfg(feature = "momo")]
pub mod momo;
#[cfg(feature = "write")]
pub mod money;
pub mod options;
pub mod paging;
mod plain;
pub mod transport;
mod verdict;

pub use cancel::CancelToken;
pub use credential::{Credential, FreshToken};
pub use live::EventStream;
#[cfg(feature = "write")]
pub use money::{Asked, MoneyCall, random_id};
pub use options::ClientOptions;
pub use paging::{PagedOperation, Pager, PaymentPager, TransactionPager};
pub use transport::Transport;

use crate::error::FlorinError;
use crate::operation::{Access, PlainOperation};
use attempts::Exchange;
use call::Call;
use credential::{Pass, Stamp};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use transport::{HttpTransport, Lost, WireAnswer, WireRequest};
use verdict::Verdict;

/// Sends operations. Cheap to clone: clones share connections and token.
///
/// Needs a tokio runtime with its I/O and time drivers.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    cancel: Option<Arc<CancelToken>>,
}

/// What all calls of a client use.
struct Shared {
    options: ClientOptions,
    pass: Pass,
    transport: Arc<dyn Transport>,
}

impl Client {
    /// A client of the server at `options.base_url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for an option out of its bounds, or a credential that cannot stand in a header.
    pub fn new(options: ClientOptions, credential: Credential) -> Result<Self, FlorinError> {
        let transport = Arc::new(HttpTransport::new(&options)?);
        Self::with_transport(options, credential, transport)
    }

    /// A client that sends through `transport` instead of HTTP: for tests without a server.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_transport(
        options: ClientOptions,
        credential: Credential,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, FlorinError> {
        options.check()?;
        let pass = Pass::new(credential, &options)?;
        Ok(Self { shared: Arc::new(Shared { options, pass, transport }), cancel: None })
    }

    /// The same client, whose reads end with [`FlorinError::Cancelled`] once `token` is cancelled. What changes
    /// something is not cancelled: its outcome would be unknown.
    #[must_use]
    pub fn cancelled_by(&self, token: Arc<CancelToken>) -> Self {
        Self { shared: Arc::clone(&self.shared), cancel: Some(token) }
    }

    /// Sends an operation that moves no money, with retries as [`crate::retry::RULES`] has them. One that moves money
    /// does not compile here: it is sent with its reference, as a `MoneyCall`.
    ///
    /// Dropping the future of a read is harmless; of a write, the change may or may not happen.
    ///
    /// # Errors
    /// [`FlorinError`]: any of its variants but `Journal`; `InDoubt` (without a reference) only for what changes
    /// something.
    pub async fn send<O: PlainOperation>(&self, operation: &O) -> Result<O::Answer, FlorinError> {
        self.run(&Call::of(operation)?).await
    }

    async fn run<A: DeserializeOwned>(&self, call: &Call) -> Result<A, FlorinError> {
        let native = Native { shared: &self.shared, call };
        let work = plain::run(&native, call.spec.access == Access::Write);
        match &self.cancel {
            Some(token) if call.spec.access == Access::Read => token.or_cancelled(work).await,
            _ => work.await,
        }
    }
}

#[cfg(any(feature = "write", feature = "momo"))]
fn random_bits() -> Result<u128, FlorinError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| FlorinError::Unavailable {
        code: None,
        reason: format!("no random bytes: {e}"),
        request_id: None,
    })?;
    Ok(u128::from_be_bytes(bytes))
}

/// A call of the native surface.
struct Native<'c> {
    shared: &'c Shared,
    call: &'c Call,
}

impl Exchange for Native<'_> {
    fn name(&self) -> &'static str {
        self.call.spec.name
    }

    fn options(&self) -> &ClientOptions {
        &self.shared.options
    }

    fn transport(&self) -> &dyn Transport {
        &*self.shared.transport
    }

    async fn stamp(&self, expired: Option<&Stamp>) -> Result<Option<Stamp>, FlorinError> {
        self.shared.pass.stamp(expired).await.map(Some)
    }

    fn request(&self) -> WireRequest {
        self.call.request(self.shared.options.timeout(self.call.spec.timeout))
    }

    fn verdict<A: DeserializeOwned>(&self, answer: Result<WireAnswer, Lost>) -> Verdict<A> {
        Verdict::of(answer)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("options", &self.shared.options).finish_non_exhaustive()
    }
}
