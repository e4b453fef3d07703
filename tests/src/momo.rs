//! The MoMo surface from outside, as bytes and JSON: past the SDK's own client.

use crate::server::Server;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// The contract for machines: a copy, see `spec/PROVENANCE.md`.
#[must_use]
pub fn contract() -> Value {
    serde_json::from_str(include_str!("../spec/momo/endpoints.json")).expect("spec/momo/endpoints.json")
}

/// The sandbox's subscription key of a product.
#[must_use]
pub fn subscription(product: &str) -> String {
    match product {
        "disbursement" => "d15b0125",
        "remittance" => "4e0177a2",
        _ => "c0111ec7",
    }
    .repeat(4)
}

/// A new UUID of version 4.
#[must_use]
pub fn uuid() -> String {
    florin_sdk_core::momo::ReferenceId::from_random(fastrand::u128(..)).to_string()
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if it is empty.
    pub body: Value,
}

impl Answer {
    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// Panics unless it has this status.
    #[must_use]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

/// Sends a request and reads the answer.
///
/// # Errors
/// If none came, or none that is JSON.
pub async fn send(request: RequestBuilder) -> Result<Answer, String> {
    let response = request.send().await.map_err(|error| error.to_string())?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.map_err(|error| error.to_string())?;
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).map_err(|e| e.to_string())? };
    Ok(Answer { status: status.as_u16(), headers, body })
}

/// An API user with a token of each product.
#[derive(Debug, Clone)]
pub struct Momo {
    http: Client,
    /// `http://host:port`.
    pub base: String,
    /// The API user.
    pub user: String,
    /// Its key.
    pub key: String,
    /// A token for each product.
    pub tokens: BTreeMap<&'static str, String>,
    /// The target environment.
    pub environment: String,
    /// Subscription keys, where they are not the sandbox's.
    pub subscription: Option<String>,
}

/// The products that have tokens.
pub const PRODUCTS: [&str; 3] = ["collection", "disbursement", "remittance"];

impl Momo {
    /// A new API user of a sandbox, whose callbacks may go to this machine.
    pub async fn provision(server: &Server) -> Self {
        Self::provision_at(&server.base(), "127.0.0.1").await
    }

    /// The same, whose callbacks may go to `host`.
    pub async fn provision_at(base: &str, host: &str) -> Self {
        let http = plain();
        let (user, product) = (uuid(), subscription("collection"));
        let request = http.post(format!("{base}/v1_0/apiuser")).header("X-Reference-Id", &user);
        let request = request.header("Ocp-Apim-Subscription-Key", &product);
        let made = send(request.json(&json!({ "providerCallbackHost": host }))).await.expect("an answer");
        assert_eq!((made.status, &made.body), (201, &Value::Null));
        let request = http.post(format!("{base}/v1_0/apiuser/{user}/apikey"));
        let made = send(request.header("Ocp-Apim-Subscription-Key", &product)).await.expect("an answer").expect(201);
        let key = made.body["apiKey"].as_str().expect("a key").to_owned();
        let (base, environment, tokens) = (base.to_owned(), "sandbox".to_owned(), BTreeMap::new());
        let mut momo = Self { http, base, user, key, tokens, environment, subscription: None };
        momo.renew().await;
        momo
    }

    /// An API user that was made otherwise.
    pub async fn of(base: &str, user: &str, key: &str, subscription: &str, environment: &str) -> Self {
        let (base, environment, tokens) = (base.to_owned(), environment.to_owned(), BTreeMap::new());
        let subscription = Some(subscription.to_owned());
        let (user, key) = (user.to_owned(), key.to_owned());
        let mut momo = Self { http: plain(), base, user, key, tokens, environment, subscription };
        momo.renew().await;
        momo
    }

    /// Gets a new token for each product.
    pub async fn renew(&mut self) {
        for product in PRODUCTS {
            let answer = self.token(product).await.expect(200);
            assert_eq!(answer.body["expires_in"], 3600);
            let token = answer.body["access_token"].as_str().expect("a token").to_owned();
            self.tokens.insert(product, token);
        }
    }

    /// Asks for a token.
    pub async fn token(&self, product: &str) -> Answer {
        let request = self.http.post(format!("{}/{product}/token/", self.base));
        let request = request.header("Ocp-Apim-Subscription-Key", self.subscription_of(product));
        send(request.basic_auth(&self.user, Some(&self.key))).await.expect("an answer")
    }

    /// The subscription key for a product.
    #[must_use]
    pub fn subscription_of(&self, product: &str) -> String {
        self.subscription.clone().unwrap_or_else(|| subscription(product))
    }

    /// A request without secrets.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// A request with all that its product asks for; `path` begins with the product.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let product = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        self.bare(method, path)
            .header("Ocp-Apim-Subscription-Key", self.subscription_of(product))
            .header("X-Target-Environment", &self.environment)
            .bearer_auth(&self.tokens[product])
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await.expect("an answer")
    }

    /// Writes under a reference.
    pub async fn post(&self, path: &str, reference: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("X-Reference-Id", reference).json(body);
        send(request).await.expect("an answer")
    }

    /// Asks a payer for euros, under a new reference.
    pub async fn request_to_pay(&self, payer: &str, amount: &str) -> String {
        let reference = uuid();
        let body = order(amount, "payer", payer);
        let _ = self.post("/collection/v1_0/requesttopay", &reference, &body).await.expect(202);
        reference
    }

    /// What became of it, once it is settled.
    pub async fn settled(&self, path: &str) -> Value {
        /// Far more than it takes.
        const TRIES: usize = 600;
        for _ in 0..TRIES {
            let answer = self.get(path).await.expect(200);
            if !matches!(answer.body["status"].as_str(), Some("PENDING" | "CREATED")) {
                return answer.body;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} is never settled");
    }

    /// The balance in a currency.
    pub async fn balance(&self, currency: &str) -> String {
        let answer = self.get(&format!("/collection/v1_0/account/balance/{currency}")).await.expect(200);
        assert_eq!(answer.body["currency"], currency);
        answer.body["availableBalance"].as_str().expect("a text").to_owned()
    }

    /// Tells the sandbox something.
    pub async fn sandbox(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.bare(method, &format!("/sandbox/momo/{path}")).json(body);
        send(request).await.expect("an answer").expect(StatusCode::OK.as_u16()).body
    }

    /// Moves the clock.
    pub async fn advance(&self, seconds: u32) {
        self.sandbox(Method::POST, "clock", &json!({ "advanceSeconds": seconds })).await;
    }
}

/// A request about euros of a party.
#[must_use]
pub fn order(amount: &str, role: &str, msisdn: &str) -> Value {
    json!({
        "amount": amount, "currency": "EUR", "externalId": "order-1", "payerMessage": "Please", "payeeNote": "Thanks",
        role: { "partyIdType": "MSISDN", "partyId": msisdn },
    })
}

/// A client without anything that belongs to a surface.
#[must_use]
pub fn plain() -> Client {
    // Plain HTTP only: see `http`.
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let builder = Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(Duration::from_secs(60));
    builder.build().expect("a client")
}
