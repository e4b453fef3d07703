//! What developers and operators read: OpenAPI, the table of operations, health and counters.

mod momo;
mod openapi;
mod page;

pub use momo::momo_openapi;
pub use openapi::openapi;

use crate::app::App;
use crate::{body, exchange, guard};
use axum::Router;
use axum::extract::{Request, State};
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
        .route("/healthz", get(async || "ok\n").post(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// Alive, for whoever asks with a JSON object. It is read as every request is, and answered in JSON, and nothing is done
/// between the two: what measurements hold all else against.
async fn alive(request: Request) -> Response {
    match body::read(request.into_body()).await.and_then(|body| exchange::object(&body)) {
        Ok(_) => ([(CONTENT_TYPE, "application/json")], r#"{"status":"ok"}"#).into_response(),
        Err(refusal) => (StatusCode::BAD_REQUEST, format!("{refusal}\n")).into_response(),
    }
}

/// Whether requests can be served: reads work, and writes reach the disk. If the last one did not, another is tried,
/// as none may come by itself while the server counts as not ready.
async fn ready(State(app): State<App>) -> Response {
    let mut state = app.read_again(|_| Ok(())).await.map_err(|refusal| refusal.to_string());
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
