//! Checking the access tokens that people's applications show to a provider's own servers.
//!
//! The platform's public keys are fetched from `/auth/jwks.json` and kept. A token that names a key which is not known
//! makes them be fetched anew, as keys are changed now and then; but not more often than every [`REFETCH`], so that
//! made-up names cannot make us ask all the time.
//!
//! What is checked: the algorithm (RS256, nothing else), the signature, the time, who it was given to, and its scope. What
//! cannot be checked from outside is whether the session was ended meanwhile: ask `/auth/introspect` where that matters.
//!
//! Source: spec/omnigate/concepts.md, section 7; RFC 7519, RFC 8725.

use florin_sdk_core::client::transport::{HttpTransport, Transport, WireRequest};
use florin_sdk_core::client::{ClientOptions, clock};
use florin_sdk_core::jwt::{Claims, JwkSet, JwtFault, Unverified};
use florin_sdk_core::operation::Method;
use florin_sdk_core::{FlorinError, Secret, Timestamp, Upid, Uuid};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The least time between two fetches of the keys.
pub const REFETCH: Duration = Duration::from_secs(30);

/// How long keys are kept without asking again: one that was taken back is trusted no longer than this.
const KEEP: Duration = Duration::from_secs(3600);

/// How far the clocks of two machines may differ, in milliseconds.
const SKEW_MS: i64 = 30_000;

/// How long to wait for the keys.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Which tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct TokenPolicy {
    /// Only those that were given to this application: a token that somebody got by another application must not work
    /// here (the confused deputy of the contract). `None` takes those of `Login`, which name no application.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub client_id: Option<String>,
    /// Only those whose scope holds this word, such as `*` or `read`; `*` holds `read`.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub scope: Option<String>,
}

/// A token that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct CheckedToken {
    /// The user.
    pub uuid: Uuid,
    /// The profile that it acts for.
    pub upid: Upid,
    /// The user's roles on that profile when the token was made.
    pub roles: Vec<String>,
    /// What it may do.
    pub scope: String,
    /// When it ends.
    pub expires: Timestamp,
    /// The session.
    pub session: String,
}

/// Checks access tokens. Make one and keep it: it holds the keys.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct TokenChecker {
    policy: TokenPolicy,
    transport: Arc<dyn Transport>,
    keys: Mutex<Keys>,
}

#[derive(Default)]
struct Keys {
    set: JwkSet,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

impl fmt::Debug for TokenChecker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenChecker").field("policy", &self.policy).finish_non_exhaustive()
    }
}

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl TokenChecker {
    /// A checker of the tokens of the platform at `options.base_url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for an option out of its bounds.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(options: ClientOptions, policy: TokenPolicy) -> Result<Arc<Self>, FlorinError> {
        let transport = Arc::new(HttpTransport::new(&options)?);
        Ok(Self::with_transport(policy, transport))
    }

    /// Checks a token.
    ///
    /// # Errors
    /// - [`FlorinError::Unauthorized`]: it is not good; the reason says why, for the log.
    /// - [`FlorinError::Unavailable`]: its key is not known and the platform could not be asked. Say "try later", not "no".
    pub async fn check(&self, token: Secret) -> Result<CheckedToken, FlorinError> {
        let unverified = Unverified::read(token.expose()).map_err(bad)?;
        let claims: Claims = {
            let mut keys = self.keys.lock().await;
            if keys.set.find(unverified.kid()).is_none() || keys.is_old() {
                self.fetch(&mut keys).await?;
            }
            let key = keys.set.find(unverified.kid()).ok_or(JwtFault::UnknownKey).map_err(bad)?;
            unverified.verify(key).map_err(bad)?
        };
        let now = clock::now();
        let (made, ends) = (claims.iat.saturating_mul(1000), claims.exp.saturating_mul(1000));
        if ends <= now.millis() {
            return Err(bad(JwtFault::Expired));
        }
        if made > now.millis().saturating_add(SKEW_MS) {
            return Err(bad(JwtFault::TooEarly));
        }
        if claims.iss.as_deref().filter(|iss| !iss.is_empty()) != self.policy.client_id.as_deref() {
            return Err(bad(JwtFault::Issuer));
        }
        if let Some(wanted) = &self.policy.scope
            && !claims.has_scope(wanted)
            && !(wanted == "read" && claims.has_scope("*"))
        {
            return Err(bad(JwtFault::Scope));
        }
        Ok(CheckedToken {
            uuid: claims.sub,
            upid: claims.context.upid,
            roles: claims.context.roles,
            scope: claims.scope,
            expires: Timestamp::from_millis(ends),
            session: claims.jti,
        })
    }
}

/// In Rust only.
impl TokenChecker {
    /// The same on top of another transport.
    #[must_use]
    pub fn with_transport(policy: TokenPolicy, transport: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new(Self { policy, transport, keys: Mutex::default() })
    }

    /// Fetches the keys, if that was not done just now.
    async fn fetch(&self, keys: &mut Keys) -> Result<(), FlorinError> {
        let now = Instant::now();
        if keys.tried.is_some_and(|tried| now.duration_since(tried) < REFETCH) {
            // With no keys at all nothing can be said of the token; with some, it names none of them.
            return if keys.fetched.is_some() { Ok(()) } else { Err(unavailable("the keys could not be fetched")) };
        }
        keys.tried = Some(now);
        let request = WireRequest {
            method: Method::Get,
            target: "/auth/jwks.json".to_owned(),
            headers: Default::default(),
            body: None,
            timeout: TIMEOUT,
        };
        let set = match self.transport.exchange(request).await {
            Ok(answer) if answer.status == 200 => serde_json::from_slice::<JwkSet>(&answer.body).ok(),
            _ => None,
        };
        match set {
            Some(set) => {
                *keys = Keys { set, fetched: Some(now), tried: Some(now) };
                Ok(())
            }
            // What is known goes on serving for a while.
            None if keys.fetched.is_some_and(|at| now.duration_since(at) < 24 * KEEP) => Ok(()),
            None => Err(unavailable("the keys could not be fetched")),
        }
    }
}

impl Keys {
    fn is_old(&self) -> bool {
        self.fetched.is_none_or(|fetched| fetched.elapsed() >= KEEP)
    }
}

fn bad(fault: JwtFault) -> FlorinError {
    FlorinError::Unauthorized { code: None, reason: fault.to_string(), request_id: None }
}

fn unavailable(reason: &str) -> FlorinError {
    FlorinError::Unavailable { code: None, reason: reason.to_owned(), request_id: None }
}
