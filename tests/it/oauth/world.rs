//! A server in this process with a clock that can be moved, and a person who signs in.

use super::browser::{Fields, REDIRECT, fields, query};
use axum::Router;
use axum::body::{Body, to_bytes};
use florin_domain::clock::Clock;
use florin_domain::session::{self, Signed, Terms};
use florin_domain::store::{Reader, Writer};
use florin_domain::{Refusal, secrets, settings, system};
use florin_http::App as Server;
use florin_sdk_core::operation::{ApplicationType, CreateApplication, Operation};
use florin_sdk_core::{Secret, Upid, Uuid};
use florin_storage::{Mode, open};
use florin_tests::digest::tables;
use florin_tests::http::{Answer, Target};
use florin_tests::server::Home;
use http::Request;
use serde_json::Value;
use std::collections::BTreeMap;
use tower::ServiceExt;

/// Where the server says that it stands.
const ISSUER: &str = "https://wallet.example";

/// The password of the first administrator.
pub(super) const PASSWORD: &str = "Str0ng-pass-1!";

pub(super) struct World {
    pub(super) app: Server,
    pub(super) clock: Clock,
    pub(super) router: Router,
    /// The key of the platform's own profile.
    pub(super) key: String,
    pub(super) upid: Upid,
    pub(super) uuid: Uuid,
    /// The database goes last.
    pub(super) home: Home,
}

/// An answer's JSON.
pub(super) trait Json {
    fn value(&self) -> Value;
}

impl Json for Answer {
    fn value(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

/// An application.
#[derive(Clone)]
pub(super) struct App {
    pub(super) id: String,
    pub(super) secret: Option<String>,
    pub(super) redirect: String,
}

impl App {
    /// Fields, and who sends them.
    pub(super) fn with(&self, more: &[(&str, &str)]) -> Fields {
        let mut fields = fields(more);
        fields.insert("client_id".to_owned(), self.id.clone());
        fields.extend(self.secret.as_ref().map(|secret| ("client_secret".to_owned(), secret.clone())));
        fields
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let (home, clock) = (Home::new(), Clock::system());
        let (url, its_clock) = (home.url(), clock.clone());
        let store = tokio::task::spawn_blocking(move || open(&url, Mode::Serve, its_clock)).await.unwrap();
        let store = store.expect("a store");
        let app = Server::new(store.clone(), clock.clone(), false);
        let hash = secrets::hash_password(&Secret::from(PASSWORD)).expect("a hash");
        let work = move |store: &mut dyn Writer| system::initialise(store, Secret::from(PASSWORD), hash.clone());
        let first = app.write(work, |_: &Refusal| false).await.expect("the first credentials");
        app.open().await.expect("keys and settings");
        assert!(florin_http::sso::keys::ensure(&app).await.expect("a signing key"));
        app.stand_at(florin_http::Site::at(ISSUER.parse().expect("an address")));
        let key = first.apikey.expose().to_owned();
        let router = florin_http::router(app.clone());
        Self { app, clock, router, key, upid: first.upid, uuid: first.uuid, home }
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Answer { status: head.status.as_u16(), headers: head.headers, bytes }
    }

    /// Sends an operation with a header for its credential.
    pub(super) async fn call<O: Operation>(&self, header: (&str, &str), operation: &O) -> Answer {
        let request = serde_json::to_value(operation).expect("a request");
        self.target(header, &Target::of(&O::spec(), &request)).await
    }

    pub(super) async fn target(&self, header: (&str, &str), target: &Target) -> Answer {
        let mut request = Request::builder().method(target.method.as_str()).uri(&target.path);
        if !header.0.is_empty() {
            request = request.header(header.0, header.1);
        }
        let body = target.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header("Content-Type", "application/json").body(body).expect("a request")).await
    }

    /// The result code of an operation with a bearer token.
    pub(super) async fn code<O: Operation>(&self, token: &str, operation: &O) -> u32 {
        self.call(("Authorization", &format!("Bearer {token}")), operation).await.code()
    }

    /// An operation of the administrator's key, which must succeed.
    pub(super) async fn ok<O: Operation>(&self, operation: &O) -> O::Answer {
        self.call(("X-APIKey", &self.key), operation).await.ok::<O>()
    }

    /// Opens a session of the administrator.
    pub(super) async fn session(&self, terms: Terms) -> Signed {
        let (uuid, upid) = (self.uuid, self.upid);
        let draft = self.read(move |store| session::begin(store, uuid, upid, terms)).await;
        let signed = draft.sign(self.app.sealer()).expect("a token");
        let opened = signed.clone();
        self.write(move |store| session::open(store, &opened)).await;
        signed
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Reader) -> Result<T, Refusal> + Send + 'static,
    ) -> T {
        self.app.read(work).await.expect("it is read")
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Writer) -> Result<T, Refusal> + Send + 'static,
    ) -> T {
        self.app.write(work, |_: &Refusal| false).await.expect("it is written")
    }

    #[expect(clippy::unused_self, reason = "asked of a world, as everything is")]
    pub(super) fn issuer(&self) -> &'static str {
        ISSUER
    }

    async fn application(&self, kind: ApplicationType, redirect: &str) -> App {
        let made = self.ok(&CreateApplication::new("Shop & Co".to_owned(), kind, redirect.to_owned())).await;
        let secret = made.client_secret.map(|secret| secret.expose().to_owned());
        App { id: made.client_id, secret, redirect: redirect.to_owned() }
    }

    pub(super) async fn confidential(&self) -> App {
        self.application(ApplicationType::Confidential, REDIRECT).await
    }

    pub(super) async fn public(&self) -> App {
        self.application(ApplicationType::Public, "com.example.app:/callback").await
    }

    /// What an operator sets.
    pub(super) async fn set(&self, name: &str, value: &str) {
        let attribute = settings::CATALOGUE.iter().find(|attribute| attribute.name == name).expect("an attribute");
        let (component, name, value) = (attribute.component, name.to_owned(), value.to_owned());
        self.write(move |store| settings::set(store, component, &name, &value)).await;
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn bearer(&self, path: &str, token: &str) -> Answer {
        let request = Request::get(path).header("Authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub(super) async fn api(&self, header: (&str, &str), method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("Content-Type", "application/json");
        if !header.0.is_empty() {
            request = request.header(header.0, header.1);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).expect("a request")).await
    }

    pub(super) async fn form(&self, path: &str, fields: &Fields) -> Answer {
        self.form_text(path, &query(fields), &[]).await
    }

    async fn form_text(&self, path: &str, text: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path).header("Content-Type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(text.to_owned())).expect("a request")).await
    }

    pub(super) async fn token(&self, fields: &Fields) -> Answer {
        self.form("/auth/token", fields).await
    }

    pub(super) async fn token_text(&self, text: &str) -> Answer {
        self.form_text("/auth/token", text, &[]).await
    }

    pub(super) async fn token_with(&self, fields: &Fields, headers: &[(&str, &str)]) -> Answer {
        self.form_text("/auth/token", &query(fields), headers).await
    }

    pub(super) async fn token_json(&self, body: &Value) -> Answer {
        self.api(("", ""), "POST", "/auth/token", Some(body)).await
    }

    pub(super) async fn token_ok(&self, fields: &Fields) -> Value {
        let answer = self.token(fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()
    }

    pub(super) async fn token_refused(&self, fields: &Fields, status: u16, error: &str, what: &str) {
        let answer = self.token(fields).await;
        let body = answer.value();
        assert_eq!((answer.status, body["error"].as_str()), (status, Some(error)), "{what}: {body}");
    }

    /// All tables.
    pub(super) fn tables(&self) -> BTreeMap<String, String> {
        tables(&self.home.open_read_only())
    }

    pub(super) fn pass(&self, seconds: u32) {
        self.clock.advance(seconds * 1000);
    }
}
