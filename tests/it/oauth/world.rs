//! A server in this process with a clock that can be moved, and a person who signs in.

use axum::Router;
use axum::body::{Body, to_bytes};
use florin_domain::clock::Clock;
use florin_domain::session::{self, Signed, Terms};
use florin_domain::store::{Reader, Store, Writer};
use florin_domain::{Refusal, secrets, system};
use florin_http::App;
use florin_sdk_core::operation::Operation;
use florin_sdk_core::{Secret, Upid, Uuid};
use florin_storage::{Mode, open};
use florin_tests::http::{Answer, Target};
use florin_tests::server::Home;
use http::Request;
use std::sync::Arc;
use tower::ServiceExt;

/// The password of the first administrator.
pub(super) const PASSWORD: &str = "Str0ng-pass-1!";

pub(super) struct World {
    pub(super) app: App,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) router: Router,
    /// The key of the platform's own profile.
    pub(super) key: String,
    pub(super) upid: Upid,
    pub(super) uuid: Uuid,
    /// The database goes last.
    pub(super) home: Home,
}

impl World {
    pub(super) async fn new() -> Self {
        let (home, clock) = (Home::new(), Clock::system());
        let (url, its_clock) = (home.url(), clock.clone());
        let store = tokio::task::spawn_blocking(move || open(&url, Mode::Serve, its_clock)).await.unwrap();
        let store = store.expect("a store");
        let app = App::new(store.clone(), clock.clone(), false);
        let hash = secrets::hash_password(&Secret::from(PASSWORD)).expect("a hash");
        let work = move |store: &mut dyn Writer| system::initialise(store, Secret::from(PASSWORD), hash.clone());
        let first = app.write(work, |_: &Refusal| false).await.expect("the first credentials");
        app.open().await.expect("keys and settings");
        assert!(florin_http::sso::keys::ensure(&app).await.expect("a signing key"));
        let key = first.apikey.expose().to_owned();
        let router = florin_http::router(app.clone());
        Self { app, store, clock, router, key, upid: first.upid, uuid: first.uuid, home }
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

    pub(super) fn pass(&self, seconds: u32) {
        self.clock.advance(seconds * 1000);
    }
}
