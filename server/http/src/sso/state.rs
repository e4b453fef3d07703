//! What single sign-on keeps in memory: where it stands in the world, and where other providers do.

use florin_domain::sso::StrategyKind;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Where single sign-on stands in the world.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Scheme, host and port by which people and applications reach it, without a slash at the end: the issuer.
    pub issuer: String,
    /// Issuers that stand in for those of Google, Facebook and LinkedIn: for tests.
    pub issuers: HashMap<String, String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct State(OnceLock<Place>);

impl State {
    /// Says where it stands. What was said first counts.
    pub(crate) fn set(&self, place: Place) {
        if self.0.set(place).is_err() {
            tracing::warn!("where single sign-on stands was said twice");
        }
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &str {
        self.0.get().map_or("http://127.0.0.1:8040", |place| &place.issuer)
    }

    /// Who signs the id tokens of a strategy.
    pub(crate) fn issuer_of(&self, kind: StrategyKind) -> &str {
        self.0.get().and_then(|place| place.issuers.get(kind.id())).map_or(kind.issuer(), String::as_str)
    }
}

/// A client for other sites: it follows no redirect, and has patience for `timeout`.
pub(super) fn http_client(timeout: Duration) -> Result<reqwest::Client, Box<dyn std::error::Error + Send + Sync>> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect::<rustls::RootCertStore>();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(timeout)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    Ok(builder.build()?)
}
