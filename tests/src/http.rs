//! Requests as bytes and JSON, past both SDKs: what a test sends is what it says.

use florin_sdk_core::FieldError;
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{Method, Operation, Spec};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// How long a test waits for an answer before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);

/// A credential, or what stands in for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// None.
    Nobody,
    /// `X-APIKey`.
    Key(String),
    /// `Authorization: Bearer`.
    Bearer(String),
    /// Both headers, which is one too many.
    Both {
        /// `X-APIKey`.
        key: String,
        /// `Authorization: Bearer`.
        token: String,
    },
}

/// Where a request goes and what it carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The method.
    pub method: Method,
    /// The path from the root on, with the query.
    pub path: String,
    /// The body.
    pub body: Option<Value>,
}

/// A value as it stands in a path or a query.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Everything but what RFC 3986 calls unreserved.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
    }
    encoded
}

impl Target {
    /// The request with these fields: the first path whose parameters it has; the rest in the body of a POST, in
    /// the query of anything else.
    #[must_use]
    pub fn of(spec: &Spec, request: &Value) -> Self {
        let mut fields = request.as_object().cloned().unwrap_or_default();
        let template = spec
            .paths
            .iter()
            .find(|path| parameters(path).all(|name| fields.contains_key(name)))
            .unwrap_or_else(|| panic!("{}: no path for {request}", spec.name));
        let mut path = format!("{}{template}", spec.base);
        for name in parameters(template) {
            let value = fields.remove(name).expect("the path was chosen for it");
            path = path.replace(&format!("{{{name}}}"), &encode(&plain(&value)));
        }
        if spec.method == Method::Post {
            return Self { method: spec.method, path, body: Some(Value::Object(fields)) };
        }
        let query: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(&plain(value)))).collect();
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        Self { method: spec.method, path, body: None }
    }
}

fn parameters(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

/// One caller of one server.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    credential: Credential,
    headers: HeaderMap,
}

impl Api {
    /// A caller without a credential. `base` is `http://host:port`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        // Plain HTTP only: a TLS that trusts nobody spares the reading of all the system's certificates.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let builder = reqwest::Client::builder().tls_backend_preconfigured(tls);
        let http =
            builder.no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build().expect("a client");
        Self { http, base: base.to_owned(), credential: Credential::Nobody, headers: HeaderMap::new() }
    }

    /// The same with this credential.
    #[must_use]
    pub fn with(&self, credential: Credential) -> Self {
        Self { credential, ..self.clone() }
    }

    /// The same with this API key.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Credential::Key(key.to_owned()))
    }

    /// The same with this token.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.with(Credential::Bearer(token.to_owned()))
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let mut api = self.clone();
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        api.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).expect("a header value"));
        api
    }

    /// The same with this client reference.
    #[must_use]
    pub fn reference(&self, reference: &str) -> Self {
        self.header("Idempotency-Key", reference)
    }

    /// The same, but to another server.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// Sends an operation.
    pub async fn send<O: Operation>(&self, request: &O) -> Answer {
        self.send_json(&O::spec(), &serde_json::to_value(request).expect("a request")).await
    }

    /// Sends an operation with any fields.
    pub async fn send_json(&self, spec: &Spec, fields: &Value) -> Answer {
        self.send_target(&Target::of(spec, fields)).await
    }

    /// Sends a request.
    pub async fn send_target(&self, target: &Target) -> Answer {
        let body = target.body.as_ref().map(|body| body.to_string().into_bytes());
        self.exchange(target.method.as_str(), &target.path, body).await
    }

    /// Sends any bytes as JSON, and panics if no answer comes.
    pub async fn exchange(&self, method: &str, path: &str, body: Option<Vec<u8>>) -> Answer {
        self.try_exchange(method, path, body).await.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// Sends a form, or nothing, and panics if no answer comes.
    pub async fn form(&self, method: &str, path: &str, form: Option<String>) -> Answer {
        let method = method.parse::<reqwest::Method>().expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.base)).headers(self.headers.clone());
        if let Some(form) = form {
            request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        }
        let answer = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, bytes: answer.bytes().await.expect("a body").to_vec() }
    }

    /// Sends any bytes as JSON.
    pub async fn try_exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, reqwest::Error> {
        let method = method.parse::<reqwest::Method>().expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.base)).headers(self.headers.clone());
        request = match &self.credential {
            Credential::Nobody => request,
            Credential::Key(key) => request.header("X-APIKey", key),
            Credential::Bearer(token) => request.bearer_auth(token),
            Credential::Both { key, token } => request.header("X-APIKey", key).bearer_auth(token),
        };
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await?.to_vec();
        Ok(Answer { status, headers, bytes })
    }

    /// Sends an operation and gives its answer, or panics.
    pub async fn ok<O: Operation>(&self, request: &O) -> O::Answer {
        self.send(request).await.ok::<O>()
    }

    /// Sends an operation and gives its result code.
    pub async fn code<O: Operation>(&self, request: &O) -> u32 {
        self.send(request).await.code()
    }
}

/// An answer, not yet believed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body, if it is a JSON object.
    #[must_use]
    pub fn json(&self) -> Option<Map<String, Value>> {
        serde_json::from_slice(&self.bytes).ok()
    }

    /// The result code; panics if the answer has no envelope.
    #[must_use]
    pub fn code(&self) -> u32 {
        let code = self.json().and_then(|json| json.get("resultcode")?.as_u64());
        let code = code.unwrap_or_else(|| panic!("HTTP {} without a result code: {}", self.status, self.text()));
        u32::try_from(code).expect("a result code")
    }

    /// What the operation answers, if it was carried out; panics if not.
    #[must_use]
    pub fn ok<O: Operation>(&self) -> O::Answer {
        assert_eq!((self.status, self.code()), (200, Code::OK.0), "{}: {}", O::NAME, self.text());
        let mut json = self.json().expect("an object");
        json.remove("resultcode");
        json.remove("resultmessage");
        serde_json::from_value(Value::Object(json))
            .unwrap_or_else(|error| panic!("{} answered {}: {error}", O::NAME, self.text()))
    }

    /// The fields that the server finds fault with.
    #[must_use]
    pub fn faults(&self) -> Vec<FieldError> {
        let faults = self.json().and_then(|json| json.get("errors").cloned());
        faults.map_or_else(Vec::new, |faults| serde_json::from_value(faults).expect("a list of field and reason"))
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it is an answer given before.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.header("Idempotency-Replayed") == Some("true")
    }

    /// Panics unless it is a refusal with this code, in a proper envelope that holds nothing else.
    pub fn refused(&self, code: u32, what: &str) {
        assert_eq!((self.status, self.code()), (200, code), "{what}: {}", self.text());
        let json = self.json().expect("an object");
        let words = json.get("resultmessage").and_then(Value::as_str).unwrap_or_default();
        assert!(!words.is_empty(), "{what}: a refusal says why: {}", self.text());
        for field in json.keys() {
            let known = matches!(field.as_str(), "resultcode" | "resultmessage" | "errors");
            assert!(known, "{what}: a refusal answers nothing but its reason: {}", self.text());
        }
    }
}
