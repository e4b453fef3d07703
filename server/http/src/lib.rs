//! The surfaces of the Florin server: they translate between the wire and the domain, and hold no rule.
//!
//! | module | what |
//! | --- | --- |
//! | [`app`] | what every request shares, and the way to the storage |
//! | `native` | the native surface `/api/v1`: one handler for each operation |
//! | [`bridge`] | what carries out orders to outside networks and looks for deposits, and the sandbox's networks |
//! | [`momo`] | the MoMo surface, and its sandbox |
//! | [`sso`] | single sign-on `/auth`: pages for people, tokens for applications |
//! | `exchange` | what happens around each handler: credential, gate, checks, client reference, envelope |
//! | `credentials` | those that were found to work, so that the store is asked once |
//! | `guard` | components that are locked or under maintenance, and too many requests at once |
//! | `limits` | how often |
//! | `docs` | OpenAPI and the pages for developers and operators |
//! | [`deliver`] | messages on their way out: what is due, and whose turn it is |
//! | [`outbound`] | one message: the addresses that may be told, signatures, push |
//! | `live` | events as they happen |
//! | `confirm`, `outbox` | pages behind mailed links, and the mails of a sandbox |
//! | [`mail`] | mails on their way out |
//! | [`sweep`], `retention` | what is to be done because its time has come; what is deleted |
//! | [`upkeep`] | what is kept in memory of keys and settings |
//! | [`listen`] | sockets, time limits, and the end |

pub mod app;
mod body;
pub mod bridge;
mod confirm;
mod credentials;
pub mod deliver;
mod docs;
mod exchange;
mod fault;
mod fields;
mod gate;
mod guard;
mod limits;
pub mod listen;
pub mod live;
pub mod mail;
mod metrics;
pub mod momo;
mod native;
pub mod outbound;
mod outbox;
mod page;
mod peer;
mod place;
mod qr;
mod reply;
mod retention;
pub mod sso;
pub mod sweep;
mod unlock;
pub mod upkeep;
mod watch;

pub use app::{App, Site};
pub use docs::{momo_openapi, openapi};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;

/// Everything the listener serves.
pub fn router(app: App) -> Router {
    let router = Router::new()
        .merge(native::routes().router())
        .merge(confirm::router())
        .merge(qr::routes().router())
        .merge(docs::router())
        .merge(momo::router(&app))
        .merge(if app.sandbox() { outbound::push::router() } else { Router::new() })
        .merge(bridge::router(&app))
        .merge(sso::router(&app));
    let router = if app.sandbox() { router.merge(outbox::router()) } else { router };
    router.fallback(no_such_route).method_not_allowed_fallback(no_such_method).with_state(app)
}

/// A path that no surface has, told in the words of the one that it looks like.
async fn no_such_route(request: Request) -> Response {
    if momo::owns(request.uri().path()) {
        momo::no_such_route(request).await
    } else {
        reply::no_such_route(request).await
    }
}

/// The same, of a method.
async fn no_such_method(request: Request) -> Response {
    if momo::owns(request.uri().path()) {
        momo::no_such_route(request).await
    } else {
        reply::no_such_method(request).await
    }
}
