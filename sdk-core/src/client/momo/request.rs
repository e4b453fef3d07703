//! An operation as path, headers and body.

use super::Wire;
use crate::client::call::write_path;
use crate::client::credential::header;
use crate::client::options::ClientOptions;
use crate::client::transport::WireRequest;
use crate::error::FlorinError;
use crate::momo::{Access, Body, BodyKind, Header, MomoOperation, MomoSpec, ReferenceId, SUBSCRIPTION_KEY};
use crate::operation::Problems;
use crate::secret::Secret;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use std::time::Duration;
use url::Url;

/// How long to wait for an answer. On MTN's newer platform a token takes 10 to 20 s.
///
/// Source: spec/momo/contract.md, section 1.
const TIMEOUT: Duration = Duration::from_secs(15);
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// What goes with a call beside its path and body.
#[derive(Debug, Clone, Default)]
pub struct Extra {
    /// The reference in the header.
    pub reference: Option<ReferenceId>,
    /// Where the callback goes.
    pub callback_url: Option<String>,
    /// The consent's own token.
    pub consent: Option<Secret>,
    /// The text of a delivery notification, and its language.
    pub notification: Option<(String, Option<String>)>,
}

/// A request, ready to be sent as often as it takes.
pub(super) struct Request {
    pub(super) spec: MomoSpec,
    pub(super) consent: Option<HeaderValue>,
    target: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
}

impl Request {
    pub(super) fn of<O: MomoOperation>(
        wire: &Wire,
        path: &O::Path,
        body: &O::Body,
        extra: &Extra,
    ) -> Result<Self, FlorinError> {
        if !O::PRODUCTS.contains(&wire.product) {
            return Err(FlorinError::invalid("operation", format!("{} has no {}", wire.product.as_str(), O::ID)));
        }
        let mut problems = Problems::default();
        body.check(&mut problems);
        if let Some(first) = problems.0.into_iter().next() {
            return Err(FlorinError::invalid(first.field, first.reason));
        }
        let mut fields = object(path)?;
        let template = O::PATHS.first().copied().unwrap_or_default().replace("{product}", wire.product.as_str());
        let mut target = String::new();
        write_path(&mut target, &template, &mut fields)?;

        let mut headers = HeaderMap::new();
        headers.insert(name(SUBSCRIPTION_KEY)?, wire.subscription_key.clone());
        for kind in O::HEADERS {
            if let Some(value) = value(*kind, wire, extra)? {
                headers.insert(name(kind.name())?, value);
            }
        }
        let body = match O::BODY {
            BodyKind::Json => Some(serde_json::to_vec(body).map_err(|_| unwritable())?),
            BodyKind::Form => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                for (name, value) in &object(body)? {
                    form.append_pair(name, value.as_str().unwrap_or_default());
                }
                Some(form.finish().into_bytes())
            }
            // The real gateway asks for the length of nothing (section 4).
            BodyKind::None => {
                if O::ACCESS != Access::Read {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                }
                None
            }
        };
        let consent = match &extra.consent {
            None => None,
            Some(token) => Some(
                header("Bearer ", token)
                    .ok_or_else(|| FlorinError::invalid("consent", "must be visible ASCII characters"))?,
            ),
        };
        Ok(Self { spec: O::spec(), consent, target, headers, body })
    }

    pub(super) fn copy(&self, options: &ClientOptions) -> WireRequest {
        let timeout = if self.spec.access == Access::Auth { TOKEN_TIMEOUT } else { TIMEOUT };
        WireRequest {
            method: self.spec.method,
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            timeout: options.scaled_timeout(timeout),
        }
    }
}

fn object(value: &impl serde::Serialize) -> Result<Map<String, Value>, FlorinError> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(unwritable()),
    }
}

fn unwritable() -> FlorinError {
    FlorinError::invalid("request", "cannot be written")
}

fn name(name: &str) -> Result<HeaderName, FlorinError> {
    name.parse().map_err(|_| unwritable())
}

/// The header's value; none if it is optional and not given.
fn value(kind: Header, wire: &Wire, extra: &Extra) -> Result<Option<HeaderValue>, FlorinError> {
    let missing = || FlorinError::invalid(kind.name(), "must be given");
    Ok(match kind {
        Header::TargetEnvironment | Header::OptionalTargetEnvironment => Some(wire.target_environment.clone()),
        Header::ReferenceId => {
            let reference = extra.reference.ok_or_else(missing)?;
            Some(HeaderValue::from_str(&reference.to_string()).map_err(|_| missing())?)
        }
        Header::CallbackUrl => extra.callback_url.as_deref().map(callback).transpose()?,
        Header::NotificationMessage => {
            let (message, _) = extra.notification.as_ref().ok_or_else(missing)?;
            // Not only ASCII: the bytes of UTF-8, as no page says otherwise.
            let value = HeaderValue::from_bytes(message.as_bytes());
            Some(value.map_err(|_| FlorinError::invalid(kind.name(), "must have no control characters"))?)
        }
        Header::Language => match extra.notification.as_ref().and_then(|(_, language)| language.as_deref()) {
            None => None,
            Some(language) if matches!(language.len(), 2 | 3) && language.bytes().all(|b| b.is_ascii_alphabetic()) => {
                HeaderValue::from_str(language).ok()
            }
            Some(_) => return Err(FlorinError::invalid("language", "must be a code of ISO 639 such as en or eng")),
        },
    })
}

/// An empty one would be refused (section 5).
fn callback(url: &str) -> Result<HeaderValue, FlorinError> {
    let wrong = || FlorinError::invalid("callback_url", "must be a URL such as https://shop.example/momo");
    let parsed = Url::parse(url).map_err(|_| wrong())?;
    if parsed.host().is_none() || !matches!(parsed.scheme(), "https" | "http") {
        return Err(wrong());
    }
    HeaderValue::from_str(url).map_err(|_| wrong())
}
