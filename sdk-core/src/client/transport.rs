//! One exchange: bytes there, bytes back, or why not.

use super::options::ClientOptions;
use crate::error::FlorinError;
use crate::operation::Method;
use crate::retry::Outcome;
use async_trait::async_trait;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// The answer's id of the exchange.
const REQUEST_ID: &str = "x-request-id";

/// The largest answer that is read: a page of 200 transactions has some 100 KB.
const BODY_LIMIT_BYTES: usize = 8 << 20;

/// How long making a connection may take, TLS included. Shorter than the shortest time-out of an operation, so that a
/// host that does not answer is known to have been sent nothing.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long an unused connection is kept. Shorter than what servers and load balancers usually allow, as a request on
/// a connection that the server is about to close has an unknown outcome.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// A request, ready to be sent.
pub struct WireRequest {
    /// The method.
    pub method: Method,
    /// Path and query, below the base URL: begins with a slash.
    pub target: String,
    /// Credential, reference and the like.
    pub headers: HeaderMap,
    /// A JSON text, unless the headers have another content type.
    pub body: Option<Vec<u8>>,
    /// How long to wait for the whole answer.
    pub timeout: Duration,
}

/// Shows neither body nor headers nor the ids in the path.
impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireRequest")
            .field("method", &self.method)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// An answer, whatever it is.
#[derive(Default)]
pub struct WireAnswer {
    /// The HTTP status: only for messages, as the result code decides.
    pub status: u16,
    /// The server's id of the exchange.
    pub request_id: Option<String>,
    /// What came; cut off behind the limit.
    pub body: Vec<u8>,
}

/// Shows no body.
impl fmt::Debug for WireAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireAnswer")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// No answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// [`Outcome::NotSent`] only if it is certain that no byte of the request left, else [`Outcome::NoAnswer`] or
    /// [`Outcome::InvalidAnswer`].
    pub outcome: Outcome,
    /// For people: no URL, no body.
    pub reason: String,
}

/// A way to the server.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and reads the answer, once: it repeats nothing and follows no redirect. Takes
    /// `request.timeout` at most.
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost>;

    /// Sends the request and gives its answer as it comes, once its head is there, which takes `request.timeout` at most.
    /// A transport that cannot says so, and live events are never opened.
    async fn open(&self, request: WireRequest) -> Result<WireStream, Lost> {
        let _ = request;
        Err(Lost { outcome: Outcome::NotSent, reason: "this transport has no streams".to_owned() })
    }
}

/// An answer that goes on.
pub struct WireStream {
    /// The HTTP status.
    pub status: u16,
    /// The server's id of the exchange.
    pub request_id: Option<String>,
    /// Whether it is a stream of server-sent events; if not, it is an answer that says why.
    pub is_events: bool,
    /// What comes.
    pub chunks: Pin<Box<dyn Stream<Item = Result<Vec<u8>, Lost>> + Send>>,
}

impl WireStream {
    /// The next piece; none at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Lost> {
        self.chunks.next().await.transpose()
    }
}

impl fmt::Debug for WireStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireStream").field("status", &self.status).finish_non_exhaustive()
    }
}

/// HTTP/1.1 over TLS: rustls with ring, trusting the well-known roots of `webpki-roots` on every platform alike. Must be
/// used on a tokio runtime.
pub struct HttpTransport(Line);

/// What a request needs to be sent. Cheap to clone.
#[derive(Clone)]
struct Line {
    base: Arc<str>,
    http: reqwest::Client,
}

impl HttpTransport {
    /// A transport to `options.base_url`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for a base URL, certificate or user agent that is not one.
    pub fn new(options: &ClientOptions) -> Result<Self, FlorinError> {
        options.check()?;
        let agent = options.user_agent.as_deref().unwrap_or(concat!("florin-sdk/", env!("CARGO_PKG_VERSION")));
        let agent = HeaderValue::from_str(agent)
            .map_err(|_| FlorinError::invalid("user_agent", "must be visible ASCII characters"))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(options.root_certificates_pem.as_deref())?)
            .user_agent(agent)
            .connect_timeout(options.scaled_timeout(CONNECT_TIMEOUT))
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tcp_nodelay(true)
            .no_proxy()
            .referer(false)
            // An answer that is not the server's own is not an answer.
            .redirect(Policy::none())
            // Whether to repeat is decided in one place, which is not here.
            .retry(reqwest::retry::never())
            .build()
            .map_err(|e| FlorinError::invalid("options", chain(&e)))?;
        Ok(Self(Line { base: options.base()?.into(), http }))
    }
}

impl Line {
    async fn begin(&self, request: WireRequest) -> Result<reqwest::Response, reqwest::Error> {
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let json = !request.headers.contains_key(CONTENT_TYPE);
        let mut sending =
            self.http.request(method, format!("{}{}", self.base, request.target)).headers(request.headers);
        if let Some(body) = request.body {
            if json {
                sending = sending.header(CONTENT_TYPE, "application/json");
            }
            sending = sending.body(body);
        }
        sending.send().await
    }

    async fn exchange(self, request: WireRequest) -> Result<WireAnswer, Lost> {
        let timeout = request.timeout;
        let lost = |outcome, reason| Lost { outcome, reason };
        match tokio::time::timeout(timeout, self.send(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(e)) if e.is_connect() => Err(lost(Outcome::NotSent, chain(&e.without_url()))),
            Ok(Err(e)) => Err(lost(Outcome::NoAnswer, chain(&e.without_url()))),
            Err(_) => Err(lost(Outcome::NoAnswer, format!("no answer within {} ms", timeout.as_millis()))),
        }
    }

    async fn send(&self, request: WireRequest) -> Result<WireAnswer, reqwest::Error> {
        let mut response = self.begin(request).await?;
        let mut answer =
            WireAnswer { status: response.status().as_u16(), request_id: request_id(&response), body: Vec::new() };
        while let Some(chunk) = response.chunk().await? {
            answer.body.extend_from_slice(&chunk);
            if answer.body.len() > BODY_LIMIT_BYTES {
                // Cut off it is no JSON, and that is what the caller will find.
                answer.body.truncate(BODY_LIMIT_BYTES);
                break;
            }
        }
        Ok(answer)
    }
}

fn request_id(response: &reqwest::Response) -> Option<String> {
    let id = response.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok());
    id.map(|id| id.chars().take(64).collect())
}

#[async_trait]
impl Transport for HttpTransport {
    async fn exchange(&self, request: WireRequest) -> Result<WireAnswer, Lost> {
        // On the runtime's own threads: whoever waits is woken once, when all of the answer is there. To be woken in
        // another language takes longer than all the rest. Dropped, the set ends what is in it.
        let mut sending = JoinSet::new();
        sending.spawn(self.0.clone().exchange(request));
        sending.join_next().await.and_then(Result::ok).unwrap_or_else(|| {
            Err(Lost { outcome: Outcome::NoAnswer, reason: "the runtime ended before the answer came".to_owned() })
        })
    }

    async fn open(&self, request: WireRequest) -> Result<WireStream, Lost> {
        let timeout = request.timeout;
        let broken = |e: reqwest::Error| Lost { outcome: Outcome::NoAnswer, reason: chain(&e.without_url()) };
        let Ok(begun) = tokio::time::timeout(timeout, self.0.begin(request)).await else {
            let reason = format!("no answer within {} ms", timeout.as_millis());
            return Err(Lost { outcome: Outcome::NoAnswer, reason });
        };
        let response = begun.map_err(broken)?;
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        Ok(WireStream {
            status: response.status().as_u16(),
            request_id: request_id(&response),
            is_events: kind.starts_with("text/event-stream"),
            chunks: Box::pin(stream::try_unfold(response, move |mut response| async move {
                let chunk = response.chunk().await.map_err(broken)?;
                Ok(chunk.map(|chunk| (chunk.to_vec(), response)))
            })),
        })
    }
}

/// The error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

fn tls(extra_pem: Option<&str>) -> Result<rustls::ClientConfig, FlorinError> {
    let wrong = |reason: String| FlorinError::invalid("root_certificates_pem", reason);
    let mut roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    if let Some(pem) = extra_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
            roots.add(certificate).map_err(|e| wrong(e.to_string()))?;
        }
        if roots.len() == before {
            return Err(wrong("holds no certificate".to_owned()));
        }
    }
    // The provider is given here and not installed for the whole process: two Rust libraries in one app would race.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| FlorinError::invalid("tls", e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
