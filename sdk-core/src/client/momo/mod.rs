//! Sending the operations of MTN's MoMo Open API: the same transport, retries and single fetch of a token as on the
//! native surface, with this contract's own way to write requests and to read answers.
//!
//! | module | its one job |
//! | --- | --- |
//! | `request` | an operation as path, headers and body |
//! | `verdict` | what one answer says: by its code, not by its status |
//! | `token` | the access token: one call for it, however many need it |
//! | `money` | what is begun under a reference: never twice, asked about before it is sent again |
//! | `wait` | asking until it is final |

mod money;
mod request;
mod token;
mod verdict;
mod wait;

pub use money::Begun;
pub use request::Extra;
pub use wait::Patience;

use super::attempts::Exchange;
use super::credential::{Stamp, Tokens, header};
use super::options::ClientOptions;
use super::plain;
use super::transport::{HttpTransport, Lost, Transport, WireAnswer, WireRequest};
use super::verdict::Verdict;
use crate::error::FlorinError;
use crate::momo::{Access, Auth, MomoOperation, Product, ReferenceId};
use crate::secret::Secret;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use request::Request;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a fetch of a token may take, with its repeats.
const FETCH_TIMEOUT: Duration = Duration::from_secs(120);

/// Who calls, and whom.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The product, whose subscription the key is of.
    pub product: Product,
    /// The target environment: `sandbox`, `mtnuganda` and so on. An open text.
    pub target_environment: String,
    /// The subscription key.
    pub subscription_key: Secret,
    /// The API user and its key; none for provisioning.
    pub api_user: Option<(String, Secret)>,
}

/// Sends operations of one product. Cheap to clone: clones share connections and token.
///
/// Needs a tokio runtime with its I/O and time drivers.
#[derive(Clone)]
pub struct MomoClient {
    wire: Arc<Wire>,
    tokens: Option<Arc<Tokens>>,
}

/// What every call of a client needs, that for a token included.
struct Wire {
    options: ClientOptions,
    product: Product,
    target_environment: HeaderValue,
    subscription_key: HeaderValue,
    basic: Option<HeaderValue>,
    transport: Arc<dyn Transport>,
}

impl MomoClient {
    /// A client of the host at `options.base_url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for an option out of its bounds, or a key that cannot stand in a header.
    pub fn new(options: ClientOptions, identity: &Identity) -> Result<Self, FlorinError> {
        let transport = Arc::new(HttpTransport::new(&options)?);
        Self::with_transport(options, identity, transport)
    }

    /// A client that sends through `transport` instead of HTTP: for tests.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_transport(
        options: ClientOptions,
        identity: &Identity,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, FlorinError> {
        options.check()?;
        let visible = |field: &str, value: Option<HeaderValue>| {
            value.ok_or_else(|| FlorinError::invalid(field, "must be visible ASCII characters, and not empty"))
        };
        let basic = match &identity.api_user {
            None => None,
            Some((user, _)) if user.is_empty() || user.contains(':') => {
                return Err(FlorinError::invalid("api_user", "must be an id without a colon"));
            }
            Some((user, key)) => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{}", key.expose()));
                Some(visible("api_key", header("Basic ", &pair.into()))?)
            }
        };
        let environment = header("", &identity.target_environment.as_str().into());
        let mut environment = visible("target_environment", environment)?;
        environment.set_sensitive(false);
        let wire = Arc::new(Wire {
            product: identity.product,
            target_environment: environment,
            subscription_key: visible("subscription_key", header("", &identity.subscription_key))?,
            basic,
            transport,
            options,
        });
        let source = token::Source(Arc::clone(&wire));
        let timeout = wire.options.scaled_timeout(FETCH_TIMEOUT);
        let tokens = wire.basic.is_some().then(|| Tokens::new(Arc::new(source), timeout));
        Ok(Self { wire, tokens })
    }

    /// The product.
    #[must_use]
    pub fn product(&self) -> Product {
        self.wire.product
    }

    /// The host that is called, in lower case.
    #[must_use]
    pub fn host(&self) -> String {
        let url = Url::parse(&self.wire.options.base_url).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Sends an operation that moves no money, with retries as [`crate::retry::RULES`] has them.
    ///
    /// # Errors
    /// [`FlorinError`]: any of its variants but `Journal` and `Cancelled`; in `Refused` the code is the HTTP status, and
    /// the name MTN's own code, or `HTTP_400` and the like where there is none.
    pub async fn send<O: MomoOperation>(
        &self,
        path: &O::Path,
        body: &O::Body,
        extra: &Extra,
    ) -> Result<O::Answer, FlorinError> {
        if O::MONEY {
            return Err(FlorinError::invalid("operation", "moves money: it is begun, not sent"));
        }
        let request = Request::of::<O>(&self.wire, path, body, extra)?;
        let call = MomoCall { wire: &self.wire, tokens: self.tokens.as_ref(), request: &request };
        plain::run(&call, O::ACCESS == Access::Write).await
    }
}

impl std::fmt::Debug for MomoClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MomoClient").field("product", &self.wire.product).finish_non_exhaustive()
    }
}

/// A new reference: a UUID of version 4.
///
/// # Errors
/// [`FlorinError::Unavailable`] if the system has no random bytes to give.
pub fn new_reference() -> Result<ReferenceId, FlorinError> {
    Ok(ReferenceId::from_random(super::random_bits()?))
}

/// One call of this surface.
struct MomoCall<'c> {
    wire: &'c Wire,
    tokens: Option<&'c Arc<Tokens>>,
    request: &'c Request,
}

impl Exchange for MomoCall<'_> {
    fn name(&self) -> &'static str {
        self.request.spec.id
    }

    fn options(&self) -> &ClientOptions {
        &self.wire.options
    }

    fn transport(&self) -> &dyn Transport {
        &*self.wire.transport
    }

    async fn stamp(&self, expired: Option<&Stamp>) -> Result<Option<Stamp>, FlorinError> {
        let no_user = || FlorinError::invalid("api_user", "is needed for this");
        let auth = match (self.request.spec.auth, self.wire.product) {
            // As MTN's own file of each product has it (K20).
            (Auth::BearerOrBasic, Product::Collection) => Auth::Bearer,
            (Auth::BearerOrBasic, _) => Auth::Basic,
            (auth, _) => auth,
        };
        let fixed = |value: HeaderValue| Some(Stamp { name: AUTHORIZATION, value, generation: None });
        match auth {
            Auth::SubscriptionKey => Ok(None),
            Auth::Basic => Ok(fixed(self.wire.basic.clone().ok_or_else(no_user)?)),
            Auth::Consent => Ok(fixed(self.request.consent.clone().ok_or_else(no_user)?)),
            Auth::Bearer | Auth::BearerOrBasic => {
                let tokens = self.tokens.ok_or_else(no_user)?;
                // Boxed: fetching a token is such a call, too.
                Box::pin(tokens.stamp(expired.and_then(|stamp| stamp.generation))).await.map(Some)
            }
        }
    }

    fn request(&self) -> WireRequest {
        self.request.copy(&self.wire.options)
    }

    fn verdict<A: DeserializeOwned>(&self, answer: Result<WireAnswer, Lost>) -> Verdict<A> {
        verdict::of(&self.request.spec, answer)
    }
}
