//! Single sign-on, `/auth`: pages for people, tokens for applications, keys for whoever checks tokens.
//!
//! | module | what |
//! | --- | --- |
//! | `signin` | signing in on the page, and out |
//! | `authorize` | an application asks, a person decides |
//! | `elsewhere` | signing in with an account of Google, Facebook, LinkedIn |
//! | `token` | tokens for codes and refresh tokens; revocation, introspection |
//! | `discovery` | keys, metadata, whose a token is |
//! | `apps` | the page of applications |
//! | `api` | strategies and unlocking, as JSON |
//! | [`keys`] | the keys that sign |
//! | `browser`, `page` | cookies and forms; pages and their headers |
//!
//! Source: spec/omnigate/concepts.md, section 7; docs/compatibility.md.

mod api;
mod apps;
mod authorize;
mod browser;
mod discovery;
mod elsewhere;
pub mod keys;
mod page;
mod signin;
mod token;

use crate::app::App;
use crate::exchange::allow_public;
use crate::guard::{self, Needs};
use crate::peer::{self, Peer};
use axum::Router;
use axum::extract::{Request, State as Shared};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN};
use http::header::{ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE};
use http::{Method, StatusCode};
use std::net::IpAddr;

/// The surface.
pub(crate) fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/auth/login", get(signin::login_page).post(signin::login))
        .route("/auth/logout", post(signin::logout))
        .route("/auth/authorize", get(authorize::ask).post(authorize::decide))
        .route("/auth/apps", get(apps::apps).post(apps::create))
        .route("/auth/apps/delete", post(apps::delete))
        .route("/auth/apps/secret", post(apps::secret))
        .route("/auth/apps/revoke", post(apps::revoke))
        .route("/auth/p/{strategy}", get(elsewhere::begin))
        .route("/auth/p/{strategy}/callback", get(elsewhere::callback))
        .route("/auth/token", post(token::token).options(preflight))
        .route("/auth/revoke", post(token::revoke).options(preflight))
        .route("/auth/introspect", post(token::introspect))
        .route("/auth/userinfo", get(discovery::userinfo).post(discovery::userinfo).options(preflight))
        .route("/auth/jwks.json", get(discovery::jwks))
        .route("/.well-known/oauth-authorization-server", get(discovery::document))
        .route("/.well-known/openid-configuration", get(discovery::document))
        .route("/auth/api/strategies", get(api::list).post(api::configure))
        .route("/auth/api/session/profile", post(api::switch))
        .route("/auth/api/session/end", post(api::end))
        .route_layer(from_fn_with_state(app.clone(), let_in))
        .route("/auth/unlock", post(api::unlock))
        .route("/auth/style.css", get(style))
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css"), (CACHE_CONTROL, "public, max-age=3600")], include_str!("style.css"))
}

/// A web page may call the endpoints that take no cookies, from anywhere: public clients run in browsers.
async fn preflight() -> impl IntoResponse {
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "POST, GET"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::NO_CONTENT, headers)
}

/// While the component is locked or under maintenance, nothing but unlocking is answered, and nothing to who asks
/// too often: these calls need no credential, so addresses are counted.
async fn let_in(Shared(app): Shared<App>, request: Request, next: Next) -> Response {
    let source = source(&app, &request);
    let counted = request.method() == Method::POST;
    let allowed = || if counted { allow_public(&app, source.map(peer::mark)) } else { Ok(()) };
    let refusal = match guard::enter(&app, Needs::SSO).and_then(|inside| allowed().map(|()| inside)) {
        Ok(_inside) => return next.run(request).await,
        Err(refusal) => refusal,
    };
    let path = request.uri().path();
    let wants_page = matches!(path, "/auth/login" | "/auth/authorize")
        || path.starts_with("/auth/apps")
        || path.starts_with("/auth/p/");
    if wants_page && request.method() == Method::GET { page::refused(&refusal) } else { api::locked(refusal) }
}

/// From where a request comes.
fn source(app: &App, request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Peer>().map(|peer| peer::source(peer.0, request.headers(), app.proxies()))
}
