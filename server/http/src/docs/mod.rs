//! What developers and operators read: OpenAPI, the table of operations, health and counters.

mod momo;
mod openapi;
mod page;

pub use momo::momo_openapi;
pub use openapi::openapi;

use crate::app::App;
use crate::guard;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use florin_domain::{Refusal, system};
use http::StatusCode;
use http::header::CONTENT_TYPE;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/", get(async || Redirect::to("/docs")))
        .route("/docs", get(async || Html(page::html())))
        .route("/openapi/native.json", get(async || ([(CONTENT_TYPE, "application/json")], openapi().to_string())))
        .route("/openapi/momo.json", get(async || ([(CONTENT_TYPE, "application/json")], momo_openapi().to_string())))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Whether requests can be served: reads work, and writes reach the disk. If the last one did not, another is tried,
/// as none may come by itself while the server counts as not ready.
async fn ready(State(app): State<App>) -> Response {
    let mut state = app.read(|_| Ok(())).await.map_err(|refusal| refusal.to_string());
    if state.is_ok() && app.health().is_err() {
        // How it ended is in the health that is asked for next.
        let _ = app.write(system::touch, |_: &Refusal| false).await;
        state = app.health().map_err(|error| error.to_string());
    }
    if let Some(reason) = guard::stopped(&app) {
        state = Err(reason);
    }
    match state {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
    }
}

async fn metrics(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics().text(app.crowd().count())).into_response()
}
