//! Signing in by single sign-on, for an installed app: OAuth 2.0 with a code and PKCE, in the system's browser.
//!
//! What comes of it is a token that reads, like every token of the phone's side. The two requests that this module can
//! send, for a token and for ending it, go to two fixed addresses and nowhere else; no operation of the platform can be
//! sent by it.
//!
//! 1. [`OAuthClient::begin`]: open the address in the system's browser; keep `state` and `verifier` until the answer.
//! 2. The browser comes back to the app's own scheme: [`OAuthClient::finish`] with the whole address.
//! 3. [`OAuthClient::token_source`] for [`crate::MobileClient::new`]; later starts of the app begin here, with the refresh
//!    token that the [`RefreshTokenKeeper`] kept.
//!
//! Source: RFC 6749, 7009, 7636, 8252, 9207.

use crate::token::{TokenError, TokenSource};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use florin_sdk_core::client::ClientOptions;
use florin_sdk_core::client::transport::{HttpTransport, Transport, WireRequest};
use florin_sdk_core::operation::Method;
use florin_sdk_core::retry::Outcome;
use florin_sdk_core::{FlorinError, Secret};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::form_urlencoded;

/// The only addresses that this module asks.
const TOKEN: &str = "/auth/token";
const REVOKE: &str = "/auth/revoke";

/// How long to wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What an app is registered as.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OAuthSettings {
    /// The app's client id: 8 characters, public.
    pub client_id: String,
    /// Where the browser comes back to, exactly as it is registered: `com.example.app:/callback`.
    pub redirect_uri: String,
    /// What to ask for beside reading: `openid`, if the app wants to know who the user is. Reading when absent.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub scope: Option<String>,
    /// What the server calls itself, if that is not the address of the options.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub issuer: Option<String>,
}

/// A sign-in that was begun. Keep it until the browser comes back, also if the system ends the app meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OAuthRequest {
    /// What to open in the system's browser.
    pub authorize_url: String,
    /// What the answer must bring back.
    pub state: String,
    /// What proves that the answer is asked for by whoever began.
    pub verifier: Secret,
}

/// What a sign-in gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct OAuthTokens {
    /// The first access token.
    pub access_token: Secret,
    /// What another is got with; keep it where the system keeps secrets.
    pub refresh_token: Secret,
    /// What the access token may do.
    pub scope: String,
    /// Who the user is, as a signed token, if `openid` was asked for.
    pub id_token: Option<Secret>,
}

/// The app's place for the refresh token: Keychain, or a file under a key of the Keystore. Called on any thread.
#[cfg_attr(feature = "uniffi", uniffi::export(rust, foreign))]
#[async_trait]
pub trait RefreshTokenKeeper: Send + Sync + 'static {
    /// Keeps this token in the place of the one before, which is used up.
    async fn keep(&self, refresh_token: Secret) -> Result<(), TokenError>;
}

/// Signs a user of an installed app in.
#[cfg_attr(feature = "uniffi", derive(uniffi::Object))]
pub struct OAuthClient {
    settings: OAuthSettings,
    base: String,
    issuer: String,
    timeout: Duration,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthClient").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    refresh_token: Option<Secret>,
    #[serde(default)]
    expires_in: Option<u64>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    id_token: Option<Secret>,
}

#[derive(Deserialize)]
struct Fault {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

fn random() -> Result<String, FlorinError> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| FlorinError::invalid("device", "gives no random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn unauthorized(reason: impl Into<String>) -> FlorinError {
    FlorinError::Unauthorized { code: None, reason: reason.into(), request_id: None }
}

fn unavailable(reason: impl Into<String>) -> FlorinError {
    FlorinError::Unavailable { code: None, reason: reason.into(), request_id: None }
}

#[cfg_attr(feature = "uniffi", uniffi::export(async_runtime = "tokio"))]
impl OAuthClient {
    /// A client of the server of `options`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for an option out of its bounds, or a client id that is none.
    #[cfg_attr(feature = "uniffi", uniffi::constructor)]
    pub fn new(options: ClientOptions, settings: OAuthSettings) -> Result<Arc<Self>, FlorinError> {
        let transport = Arc::new(HttpTransport::new(&options)?);
        Self::with_transport(&options, settings, transport)
    }

    /// Begins a sign-in: what to open, and what to keep until the browser comes back.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] if the device gives no random bytes.
    pub fn begin(&self) -> Result<OAuthRequest, FlorinError> {
        let (state, verifier) = (random()?, random()?);
        let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect_uri)
            .append_pair("scope", &self.scope())
            .append_pair("state", &state)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(digest.as_ref()))
            .append_pair("code_challenge_method", "S256")
            .finish();
        let authorize_url = format!("{}/auth/authorize?{query}", self.base);
        Ok(OAuthRequest { authorize_url, state, verifier: verifier.into() })
    }

    /// Ends a sign-in with the address that the browser came back to, whole as the system gave it.
    ///
    /// # Errors
    /// - [`FlorinError::InvalidInput`]: the address is not the answer to this request. Ignore it, and go on waiting.
    /// - [`FlorinError::Unauthorized`]: the person refused, or the answer was too old. Begin again.
    /// - [`FlorinError::Unavailable`]: the server could not be reached. Begin again later.
    pub async fn finish(&self, request: OAuthRequest, redirect: String) -> Result<OAuthTokens, FlorinError> {
        let code = self.code_in(&request, &redirect)?;
        let answer = self
            .ask(&[
                ("grant_type", "authorization_code"),
                ("code", code.expose()),
                ("redirect_uri", &self.settings.redirect_uri),
                ("code_verifier", request.verifier.expose()),
            ])
            .await?;
        let refresh_token = answer.refresh_token.ok_or_else(|| unauthorized("the server gave no refresh token"))?;
        Ok(OAuthTokens {
            access_token: answer.access_token,
            refresh_token,
            scope: answer.scope.unwrap_or_default(),
            id_token: answer.id_token,
        })
    }

    /// A source of tokens for [`crate::MobileClient::new`]. Each refresh token is used once; `keeper` gets the next one
    /// before the token that came with it is used.
    pub fn token_source(
        self: Arc<Self>,
        refresh_token: Secret,
        keeper: Arc<dyn RefreshTokenKeeper>,
    ) -> Arc<dyn TokenSource> {
        Arc::new(Refreshing { client: self, keeper, current: Mutex::new(refresh_token) })
    }

    /// Signs the user out: the consent that this refresh token is of ends at once, with all its tokens.
    ///
    /// # Errors
    /// [`FlorinError::Unavailable`]: try again later; until then the tokens work.
    pub async fn sign_out(&self, refresh_token: Secret) -> Result<(), FlorinError> {
        self.send(REVOKE, &[("token", refresh_token.expose())]).await.map(|_| ())
    }
}

/// In Rust only.
impl OAuthClient {
    /// The same on top of another transport.
    ///
    /// # Errors
    /// See [`OAuthClient::new`].
    pub fn with_transport(
        options: &ClientOptions,
        settings: OAuthSettings,
        transport: Arc<dyn Transport>,
    ) -> Result<Arc<Self>, FlorinError> {
        if settings.client_id.len() != 8 {
            return Err(FlorinError::invalid("client_id", "must have 8 characters"));
        }
        let base = options.base_url.trim_end_matches('/').to_owned();
        let issuer = settings.issuer.clone().unwrap_or_else(|| base.clone());
        let timeout = TIMEOUT * options.timeout_scale_percent / 100;
        Ok(Arc::new(Self { settings, base, issuer, timeout, transport }))
    }

    fn scope(&self) -> String {
        let more = self.settings.scope.as_deref().unwrap_or_default();
        let words = more.split(' ').filter(|word| !matches!(*word, "" | "read"));
        std::iter::once("read").chain(words).collect::<Vec<_>>().join(" ")
    }

    /// The code in an answer, if the answer is one to this request.
    fn code_in(&self, request: &OAuthRequest, redirect: &str) -> Result<Secret, FlorinError> {
        let foreign = |reason: &str| FlorinError::invalid("redirect", reason);
        let query = redirect
            .strip_prefix(&self.settings.redirect_uri)
            .and_then(|rest| rest.strip_prefix(['?', '&']))
            .ok_or_else(|| foreign("is not the registered address with an answer in it"))?;
        let query = query.split('#').next().unwrap_or_default();
        let value = |name: &str| {
            let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(known, _)| known == name);
            let first = found.next().map(|(_, value)| value.into_owned());
            // What stands twice says nothing.
            first.filter(|_| found.next().is_none())
        };
        if value("state").as_deref() != Some(&*request.state) {
            return Err(foreign("answers another request"));
        }
        if value("iss").as_deref() != Some(&*self.issuer) {
            return Err(foreign("is from another server"));
        }
        if let Some(error) = value("error") {
            return Err(unauthorized(error));
        }
        value("code").map(Secret::from).ok_or_else(|| foreign("holds no code"))
    }

    async fn ask(&self, fields: &[(&str, &str)]) -> Result<Answer, FlorinError> {
        let body = self.send(TOKEN, fields).await?;
        serde_json::from_slice(&body).map_err(|_| unavailable("the answer is none of the token endpoint"))
    }

    /// Sends a form to one of the two addresses.
    async fn send(&self, target: &str, fields: &[(&str, &str)]) -> Result<Vec<u8>, FlorinError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.settings.client_id)
            .extend_pairs(fields)
            .finish();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let request = WireRequest {
            method: Method::Post,
            target: target.to_owned(),
            headers,
            body: Some(form.into_bytes()),
            timeout: self.timeout,
        };
        let answer = self.transport.exchange(request).await.map_err(|lost| match lost.outcome {
            Outcome::NotSent => unavailable(format!("not sent: {}", lost.reason)),
            _ => unavailable(lost.reason),
        })?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        match serde_json::from_slice::<Fault>(&answer.body) {
            Ok(fault) if (400..500).contains(&answer.status) => {
                let why = fault.error_description.map(|why| format!(": {why}")).unwrap_or_default();
                Err(unauthorized(format!("{}{why}", fault.error)))
            }
            _ => Err(unavailable(format!("the server answered with status {}", answer.status))),
        }
    }
}

/// One refresh at a time, however many clients share it.
struct Refreshing {
    client: Arc<OAuthClient>,
    keeper: Arc<dyn RefreshTokenKeeper>,
    current: Mutex<Secret>,
}

impl Refreshing {
    async fn refresh(&self) -> Result<(Secret, Option<Duration>), TokenError> {
        let mut current = self.current.lock().await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", current.expose())];
        let answer = match self.client.ask(&fields).await {
            // The answer may have been lost on the way: the server takes the same token once more, for half a minute.
            Err(FlorinError::Unavailable { .. }) => self.client.ask(&fields).await,
            other => other,
        };
        let answer = answer.map_err(|error| match error {
            FlorinError::Unavailable { reason, .. } => TokenError::Unavailable { reason },
            other => TokenError::Denied { reason: other.to_string() },
        })?;
        if let Some(next) = answer.refresh_token {
            *current = next.clone();
            // Before anything else: from now on the old one is used up.
            self.keeper.keep(next).await?;
        }
        Ok((answer.access_token, answer.expires_in.map(Duration::from_secs)))
    }
}

#[async_trait]
impl TokenSource for Refreshing {
    async fn fresh_token(&self) -> Result<Secret, TokenError> {
        Ok(self.refresh().await?.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_sdk_core::client::transport::{Lost, WireAnswer};
    use std::sync::Mutex as StdMutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers from a list, and remembers what came.
    #[derive(Default)]
    struct Server {
        answers: StdMutex<Vec<Result<WireAnswer, Lost>>>,
        seen: StdMutex<Vec<(String, String)>>,
        at_once: AtomicUsize,
    }

    #[async_trait]
    impl Transport for Server {
        async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
            assert_eq!(self.at_once.fetch_add(1, Ordering::SeqCst), 0, "one request at a time");
            tokio::task::yield_now().await;
            let body = String::from_utf8(request.body.unwrap_or_default()).unwrap();
            self.seen.lock().unwrap().push((request.target, body));
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            self.answers.lock().unwrap().remove(0)
        }
    }

    #[derive(Default)]
    struct Kept(StdMutex<Vec<String>>);

    #[async_trait]
    impl RefreshTokenKeeper for Kept {
        async fn keep(&self, refresh_token: Secret) -> Result<(), TokenError> {
            self.0.lock().unwrap().push(refresh_token.expose().to_owned());
            Ok(())
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "what a transport answers")]
    fn answer(status: u16, body: &str) -> Result<WireAnswer, Lost> {
        Ok(WireAnswer { status, request_id: None, body: body.as_bytes().to_vec() })
    }

    fn good(access: &str, refresh: &str) -> Result<WireAnswer, Lost> {
        answer(
            200,
            &format!(
                r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":3600,"refresh_token":"{refresh}","scope":"read"}}"#
            ),
        )
    }

    fn client(answers: Vec<Result<WireAnswer, Lost>>) -> (Arc<OAuthClient>, Arc<Server>) {
        let server = Arc::new(Server { answers: StdMutex::new(answers), ..Server::default() });
        let settings = OAuthSettings {
            client_id: "abcd2345".to_owned(),
            redirect_uri: "com.example.app:/callback".to_owned(),
            scope: Some("openid".to_owned()),
            issuer: None,
        };
        let options = ClientOptions::new("https://wallet.example/");
        (OAuthClient::with_transport(&options, settings, server.clone()).unwrap(), server)
    }

    #[tokio::test]
    async fn a_sign_in_from_begin_to_finish() {
        let (client, server) = client(vec![good("a1", "r1")]);
        let request = client.begin().unwrap();
        assert!(
            request
                .authorize_url
                .starts_with("https://wallet.example/auth/authorize?response_type=code&client_id=abcd2345")
        );
        assert!(
            request.authorize_url.contains("scope=read+openid")
                && request.authorize_url.contains("code_challenge_method=S256")
        );
        assert!(!request.authorize_url.contains(request.verifier.expose()), "only its hash is sent ahead");
        let iss = "iss=https%3A%2F%2Fwallet.example";
        let back = format!("com.example.app:/callback?code=c1&state={}&{iss}", request.state);
        let tokens = client.finish(request.clone(), back).await.unwrap();
        assert_eq!((tokens.access_token.expose(), tokens.refresh_token.expose()), ("a1", "r1"));
        let (target, body) = server.seen.lock().unwrap().remove(0);
        assert_eq!(target, "/auth/token");
        assert!(body.contains("code=c1") && body.contains(&format!("code_verifier={}", request.verifier.expose())));
        assert_eq!(request.verifier.expose().len(), 43);
    }

    #[tokio::test]
    async fn only_the_answer_to_this_request_is_taken() {
        let (client, server) = client(vec![]);
        let request = client.begin().unwrap();
        let (state, iss) = (&request.state, "iss=https%3A%2F%2Fwallet.example");
        for foreign in [
            format!("com.example.other:/callback?code=c&state={state}&{iss}"),
            format!("com.example.app:/callbackX?code=c&state={state}&{iss}"),
            format!("com.example.app:/callback?code=c&state=other&{iss}"),
            format!("com.example.app:/callback?code=c&{iss}"),
            format!("com.example.app:/callback?code=c&state={state}"),
            format!("com.example.app:/callback?code=c&state={state}&iss=https%3A%2F%2Fevil.example"),
            format!("com.example.app:/callback?code=c&code=d&state={state}&{iss}"),
            format!("com.example.app:/callback?state={state}&{iss}"),
            "com.example.app:/callback".to_owned(),
        ] {
            let refused = client.finish(request.clone(), foreign.clone()).await.unwrap_err();
            assert!(matches!(refused, FlorinError::InvalidInput { .. }), "{foreign}: {refused}");
        }
        let denied = format!("com.example.app:/callback?error=access_denied&state={state}&{iss}");
        let refused = client.finish(request.clone(), denied).await.unwrap_err();
        assert!(matches!(refused, FlorinError::Unauthorized { .. }));
        assert!(server.seen.lock().unwrap().is_empty(), "nothing was sent");
    }

    #[tokio::test]
    async fn one_refresh_at_a_time_and_each_token_once() {
        let (client, server) = client(vec![good("a1", "r1"), good("a2", "r2")]);
        let kept = Arc::new(Kept::default());
        let source = client.token_source("r0".into(), kept.clone());
        let (one, two) = tokio::join!(source.fresh_token(), source.fresh_token());
        assert_eq!((one.unwrap().expose(), two.unwrap().expose()), ("a1", "a2"));
        assert_eq!(*kept.0.lock().unwrap(), ["r1", "r2"]);
        let seen = server.seen.lock().unwrap();
        assert!(seen[0].1.contains("refresh_token=r0") && seen[1].1.contains("refresh_token=r1"));
    }

    #[tokio::test]
    async fn a_lost_answer_is_asked_for_once_more_and_a_refusal_is_final() {
        let lost = || Err(Lost { outcome: Outcome::NoAnswer, reason: "silence".to_owned() });
        let refused = || answer(400, r#"{"error":"invalid_grant","error_description":"used"}"#);
        let (client, server) = client(vec![lost(), good("a1", "r1"), lost(), answer(503, "{}"), refused()]);
        let source = client.token_source("r0".into(), Arc::new(Kept::default()));
        assert_eq!(source.fresh_token().await.unwrap().expose(), "a1");
        assert!(matches!(source.fresh_token().await.unwrap_err(), TokenError::Unavailable { .. }));
        assert!(matches!(source.fresh_token().await.unwrap_err(), TokenError::Denied { .. }));
        assert!(server.seen.lock().unwrap().iter().skip(2).all(|(_, body)| body.contains("refresh_token=r1")));
    }
}
