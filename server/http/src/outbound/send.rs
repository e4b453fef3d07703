//! One attempt to bring a message to its receiver.

use super::guard::{Checked, NotPublic, Policy};
use super::push::{self, Push};
use super::signing::sign;
use crate::app::App;
use florin_domain::notify::message::{Job, Outcome};
use http::{Method, StatusCode};
use reqwest::redirect::Policy as Redirects;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How long a receiver may take, from the name's resolution to the end of its answer.
const TIME: Duration = Duration::from_secs(10);

/// How much of an answer is read, so that the connection can be used again.
const READ: usize = 16 << 10;

/// Sends messages.
pub(crate) struct Sender {
    http: reqwest::Client,
    policy: Policy,
    push: Option<Box<dyn Push>>,
}

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A client that follows nothing and trusts the well-known roots.
pub(crate) fn builder() -> Result<reqwest::ClientBuilder, Failure> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(Redirects::none())
        .user_agent(concat!("florin/", env!("CARGO_PKG_VERSION"))))
}

impl Sender {
    pub(crate) fn new(app: &App) -> Result<Self, Failure> {
        let options = app.outbound().options();
        let policy = Policy { loopback: app.sandbox() || options.allow_private, private: options.allow_private };
        let http = builder()?.dns_resolver(Arc::new(Checked(policy))).build()?;
        Ok(Self { http, policy, push: push::way(app)? })
    }

    /// Sends a message, and says how that ended.
    pub(crate) async fn send(&self, app: &App, job: &Job) -> Outcome {
        let attempt = async {
            match &job.target.device {
                Some(device) => match &self.push {
                    Some(push) => push.push(&push::Message { id: &job.id, device, event: &job.target.body }).await,
                    None => failed("there is no way to devices"),
                },
                None => self.post(app, job).await,
            }
        };
        let outcome = tokio::time::timeout(TIME, attempt).await.unwrap_or_else(|_| failed("no answer within 10 s"));
        if let Outcome::Failed { reason, .. } = &outcome {
            tracing::info!(message = job.id, reason, "a message was not taken");
        }
        outcome
    }

    async fn post(&self, app: &App, job: &Job) -> Outcome {
        let target = &job.target;
        let Some(url) = Url::parse(&target.url).ok().filter(|url| self.policy.may_send_to(url)) else {
            return failed("the address is not allowed: it must be public, and https");
        };
        let method = if target.put { Method::PUT } else { Method::POST };
        let mut request =
            self.http.request(method, url).header("content-type", "application/json").body(target.body.clone());
        match &target.signing {
            Some(signing) => match sign(signing, app.now(), &target.body) {
                Some(headers) => request = request.headers(headers),
                None => return failed("it could not be signed"),
            },
            None => request = request.header("webhook-id", &job.id),
        }
        if let Some((user, password)) = &target.basic_auth {
            request = request.basic_auth(user, Some(password.expose()));
        }
        match request.send().await {
            Ok(mut response) => {
                let mut read = 0;
                while let Ok(Some(chunk)) = response.chunk().await {
                    read += chunk.len();
                    if read > READ {
                        break;
                    }
                }
                outcome(Ok(response))
            }
            Err(error) => outcome(Err(error)),
        }
    }
}

/// What an answer says.
pub(super) fn outcome(answer: Result<reqwest::Response, reqwest::Error>) -> Outcome {
    match answer {
        Ok(response) => match response.status() {
            status if status.is_success() => Outcome::Taken,
            StatusCode::GONE => Outcome::Failed { reason: "HTTP 410".to_owned(), gone: true },
            status if status.is_redirection() => {
                failed(&format!("HTTP {}: redirects are not followed", status.as_u16()))
            }
            status => failed(&format!("HTTP {}", status.as_u16())),
        },
        Err(error) if is_guarded(&error) => failed("the address is not allowed: its name leads to no public address"),
        Err(error) if error.is_connect() => failed("no connection"),
        Err(error) if error.is_timeout() => failed("no answer in time"),
        Err(_) => failed("the connection broke"),
    }
}

fn failed(reason: &str) -> Outcome {
    Outcome::Failed { reason: reason.to_owned(), gone: false }
}

fn is_guarded(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return true;
        }
        cause = error.source();
    }
    false
}
