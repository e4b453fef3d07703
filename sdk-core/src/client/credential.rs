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
use tokio::time::Instant;

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

    /// The same, with how long the token is good for, where that is known: then another is fetched before its end.
    async fn fresh_token_with_life(&self) -> Result<(Secret, Option<Duration>), FlorinError> {
        Ok((self.fresh_token().await?, None))
    }
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
            Credential::Source(source) => Ok(Self::Source(Tokens::new(source, options.scaled_timeout(FETCH_TIMEOUT)))),
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
pub(super) fn header(scheme: &str, secret: &Secret) -> Option<HeaderValue> {
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
    current: Option<Held>,
    /// The one fetch under way: all who need its token wait for it.
    flight: Option<Flight>,
}

/// A token, and until when it serves.
#[derive(Clone)]
struct Held {
    stamp: Stamp,
    /// When to fetch another, and when it is over; `None` if only the server can tell.
    life: Option<(Instant, Instant)>,
}

impl Held {
    /// Whether it is newer than the one that the caller saw fail, and not over.
    fn serves(&self, expired: Option<u64>, now: Instant) -> bool {
        self.stamp.generation > expired && self.life.is_none_or(|(_, end)| now < end)
    }

    fn is_due(&self, now: Instant) -> bool {
        self.life.is_some_and(|(renewal, _)| now >= renewal)
    }
}

/// How long before its end a token is renewed: a sixth of its life, ten minutes at most.
///
/// Source: spec/momo/contract.md, section 4: about ten minutes before the end of 3600 s.
const RENEWAL: Duration = Duration::from_secs(600);

type Flight = Shared<BoxFuture<'static, Result<Stamp, FlorinError>>>;

impl Tokens {
    pub(super) fn new(source: Arc<dyn FreshToken>, timeout: Duration) -> Arc<Self> {
        Arc::new(Self { source, timeout, state: Mutex::default() })
    }

    pub(super) async fn stamp(self: &Arc<Self>, expired: Option<u64>) -> Result<Stamp, FlorinError> {
        let (flight, before) = {
            let mut state = self.state();
            let before = state.current.clone().filter(|held| held.serves(expired, Instant::now()));
            match before {
                Some(held) if !held.is_due(Instant::now()) => return Ok(held.stamp),
                before => (state.flight.get_or_insert_with(|| self.start()).clone(), before),
            }
        };
        let result = flight.clone().await;
        let mut state = self.state();
        if state.flight.as_ref().is_some_and(|f| f.ptr_eq(&flight)) {
            state.flight = None;
        }
        match before {
            // It could not be renewed in time; until its end it serves.
            Some(held) if result.is_err() && held.serves(expired, Instant::now()) => Ok(held.stamp),
            _ => result,
        }
    }

    /// In a task of its own: the calls that wait survive the end of the one that began, and a token that was fetched
    /// is kept although nobody waits for it any more.
    fn start(self: &Arc<Self>) -> Flight {
        let tokens = Arc::clone(self);
        let task = tokio::spawn(async move {
            // Its life began when the server made it, which is after this and before the answer.
            let began = Instant::now();
            let result = tokens.fetch().await;
            let mut state = tokens.state();
            state.flight = None;
            let generation = state.current.as_ref().and_then(|held| held.stamp.generation).unwrap_or(0) + 1;
            let (value, life) = result?;
            let stamp = Stamp { name: AUTHORIZATION, value, generation: Some(generation) };
            // A life too long for the clock is none that ends.
            let life = life.and_then(|life| {
                let end = began.checked_add(life)?;
                Some((end - (life / 6).min(RENEWAL), end))
            });
            state.current = Some(Held { stamp: stamp.clone(), life });
            Ok(stamp)
        });
        async { task.await.unwrap_or_else(|_| Err(no_token("the runtime of the token source has ended"))) }
            .boxed()
            .shared()
    }

    async fn fetch(&self) -> Result<(HeaderValue, Option<Duration>), FlorinError> {
        let fetch = AssertUnwindSafe(self.source.fresh_token_with_life()).catch_unwind();
        let (token, life) = match tokio::time::timeout(self.timeout, fetch).await {
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
        let value = header("Bearer ", &token);
        Ok((value.ok_or_else(|| no_token("the token source gave a text that cannot be a token"))?, life))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_token(reason: &str) -> FlorinError {
    FlorinError::Unauthorized { code: None, reason: reason.to_owned(), request_id: None }
}
