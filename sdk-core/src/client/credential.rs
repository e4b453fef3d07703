//! Credentials, and one fetch of a fresh token for all calls that need it.

use super::options::ClientOptions;
use crate::error::FlorinError;
use crate::secret::Secret;
use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where an API key stands.
const API_KEY: HeaderName = HeaderName::from_static("x-apikey");

/// How long a token source may take: it asks a server of its own, perhaps over a slow mobile network.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);

/// How a client shows who it is.
pub enum Credential {
    /// A provider's API key.
    ApiKey(Secret),
    /// A token that is not renewed.
    Bearer(Secret),
    /// Tokens that end and are fetched anew.
    Source(Arc<dyn FreshToken>),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ApiKey(_) => "ApiKey(***)",
            Self::Bearer(_) => "Bearer(***)",
            Self::Source(_) => "Source",
        })
    }
}

/// A way to a fresh bearer token.
///
/// It is asked when there is no token yet, and when the server says that the one in use is over; by one call at a
/// time, however many wait. It runs in a task of its own, so that it does not end with the call that began it.
#[async_trait]
pub trait FreshToken: Send + Sync + 'static {
    /// A token that was not handed out before.
    async fn fresh_token(&self) -> Result<Secret, FlorinError>;
}

/// A credential, ready to be sent.
#[derive(Clone)]
pub(super) struct Stamp {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    /// Counts the tokens of a source; `None` where there is no source to get another from.
    pub(super) generation: Option<u64>,
}

pub(super) enum Pass {
    Fixed(Stamp),
    Source(Arc<Tokens>),
}

impl Pass {
    pub(super) fn new(credential: Credential, options: &ClientOptions) -> Result<Self, FlorinError> {
        let fixed = |name, value: Option<HeaderValue>, field: &str| {
            let value =
                value.ok_or_else(|| FlorinError::invalid(field, "must be visible ASCII characters, and not empty"))?;
            Ok(Self::Fixed(Stamp { name, value, generation: None }))
        };
        match credential {
            Credential::ApiKey(key) => fixed(API_KEY, header("", &key), "api_key"),
            Credential::Bearer(token) => fixed(AUTHORIZATION, header("Bearer ", &token), "token"),
            Credential::Source(source) => Ok(Self::Source(Arc::new(Tokens {
                source,
                timeout: options.scaled_timeout(FETCH_TIMEOUT),
                state: Mutex::new(State::default()),
            }))),
        }
    }

    /// What to send. `expired`: the stamp that the server did not take.
    pub(super) async fn stamp(&self, expired: Option<&Stamp>) -> Result<Stamp, FlorinError> {
        match self {
            Self::Fixed(stamp) => Ok(stamp.clone()),
            Self::Source(tokens) => tokens.stamp(expired.and_then(|stamp| stamp.generation)).await,
        }
    }
}

/// A header that `Debug` does not show, if the secret can stand in one.
fn header(scheme: &str, secret: &Secret) -> Option<HeaderValue> {
    let text = secret.expose();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let mut value = HeaderValue::from_str(&format!("{scheme}{text}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

pub(super) struct Tokens {
    source: Arc<dyn FreshToken>,
    timeout: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Stamp>,
    /// The one fetch under way: all who need its token wait for it.
    flight: Option<Flight>,
}

type Flight = Shared<BoxFuture<'static, Result<Stamp, FlorinError>>>;

impl Tokens {
    async fn stamp(self: &Arc<Self>, expired: Option<u64>) -> Result<Stamp, FlorinError> {
        let flight = {
            let mut state = self.state();
            match &state.current {
                // Newer than the one that the caller saw fail: somebody has fetched it meanwhile.
                Some(current) if current.generation > expired => return Ok(current.clone()),
                _ => state.flight.get_or_insert_with(|| self.start()).clone(),
            }
        };
        let result = flight.clone().await;
        let mut state = self.state();
        if state.flight.as_ref().is_some_and(|f| f.ptr_eq(&flight)) {
            state.flight = None;
        }
        result
    }

    /// In a task of its own: the calls that wait survive the end of the one that began, and a token that was fetched
    /// is kept although nobody waits for it any more.
    fn start(self: &Arc<Self>) -> Flight {
        let tokens = Arc::clone(self);
        let task = tokio::spawn(async move {
            let result = tokens.fetch().await;
            let mut state = tokens.state();
            state.flight = None;
            let generation = state.current.as_ref().and_then(|c| c.generation).unwrap_or(0) + 1;
            let stamp = Stamp { name: AUTHORIZATION, value: result?, generation: Some(generation) };
            state.current = Some(stamp.clone());
            Ok(stamp)
        });
        async { task.await.unwrap_or_else(|_| Err(no_token("the runtime of the token source has ended"))) }
            .boxed()
            .shared()
    }

    async fn fetch(&self) -> Result<HeaderValue, FlorinError> {
        let fetch = AssertUnwindSafe(self.source.fresh_token()).catch_unwind();
        let token = match tokio::time::timeout(self.timeout, fetch).await {
            Ok(Ok(token)) => token?,
            Ok(Err(_)) => return Err(no_token("the token source panicked")),
            Err(_) => {
                return Err(FlorinError::Unavailable {
                    code: None,
                    reason: "the token source took too long".to_owned(),
                    request_id: None,
                });
            }
        };
        header("Bearer ", &token).ok_or_else(|| no_token("the token source gave a text that cannot be a token"))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_token(reason: &str) -> FlorinError {
    FlorinError::Unauthorized { code: None, reason: reason.to_owned(), request_id: None }
}
