//! A server in this process, on a clock that can be moved: everything but the socket.

use axum::Router;
use axum::body::{Body, to_bytes};
use florin_domain::clock::Clock;
use florin_domain::ledger::{self, Report};
use florin_domain::store::{Reader, Store, Writer};
use florin_domain::{Refusal, system};
use florin_http::App;
use florin_sdk_core::Secret;
use florin_sdk_core::operation::Operation;
use florin_storage::{Mode, open};
use florin_tests::http::{Answer, Target};
use florin_tests::server::Home;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tower::ServiceExt;

pub(super) struct Wire {
    app: App,
    store: Arc<dyn Store>,
    router: Router,
    pub(super) clock: Clock,
    runtime: Runtime,
    /// The key of the platform's own profile.
    pub(super) key: String,
    /// The database goes last.
    _home: Home,
}

impl Wire {
    pub(super) fn new() -> Self {
        let (home, clock) = (Home::new(), Clock::system());
        let store = open(&home.url(), Mode::Serve, clock.clone()).expect("a store");
        let app = App::new(store.clone(), clock.clone(), false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let first = app.write(
            |store| system::initialise(store, Secret::from("x"), "no hash of anything".to_owned()),
            |_: &Refusal| false,
        );
        let first = runtime.block_on(first).expect("the first credentials");
        runtime.block_on(app.open()).expect("keys and settings");
        let key = first.apikey.expose().to_owned();
        Self { router: florin_http::router(app.clone()), app, store, clock, runtime, key, _home: home }
    }

    /// Sends a request with an API key, and perhaps under a client reference.
    pub(super) fn send(&self, key: &str, reference: Option<&str>, target: &Target) -> Answer {
        let mut request = http::Request::builder()
            .method(target.method.as_str())
            .uri(&target.path)
            .header("X-APIKey", key)
            .header("Content-Type", "application/json");
        if let Some(reference) = reference {
            request = request.header("Idempotency-Key", reference);
        }
        let body = target.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).expect("a request");
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await.expect("an answer");
            let (head, body) = answer.into_parts();
            let bytes = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
            Answer { status: head.status.as_u16(), headers: head.headers, bytes }
        })
    }

    /// Sends an operation that must succeed.
    pub(super) fn ok<O: Operation>(&self, key: &str, request: &O) -> O::Answer {
        let request = serde_json::to_value(request).expect("a request");
        self.send(key, None, &Target::of(&O::spec(), &request)).ok::<O>()
    }

    /// What stands in the books themselves.
    pub(super) fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Reader) -> Result<T, Refusal> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.app.read(work)).expect("the books can be read")
    }

    /// What the sweeper does.
    pub(super) fn sweep(&self) {
        self.runtime.block_on(async {
            let expired = self.app.read(|store| ledger::expired_holds(store, 1000)).await.expect("the holds");
            for hoid in expired {
                let work = move |store: &mut dyn Writer| ledger::expire_hold(store, hoid);
                assert!(self.app.write(work, |_: &Refusal| false).await.expect("it is released"));
            }
        });
    }

    /// What `florin verify` finds.
    pub(super) fn verify(&self) -> Report {
        ledger::verify(&*self.store, &mut |_| ()).expect("a report")
    }
}
