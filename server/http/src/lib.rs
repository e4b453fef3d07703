//! The surfaces of the Florin server: they translate between the wire and the domain, and hold no rule.
//!
//! | module | what |
//! | --- | --- |
//! | [`app`] | what every request shares, and the way to the storage |
//! | `native` | the native surface `/api/v1`: one handler for each operation |
//! | `exchange` | what happens around each handler: credential, gate, checks, client reference, envelope |
//! | `credentials` | those that were found to work, so that the store is asked once |
//! | `docs` | OpenAPI and the pages for developers and operators |
//! | [`deliver`] | events on their way out |
//! | [`sweep`] | what is to be done because its time has come |
//! | [`listen`] | sockets, time limits, and the end |

pub mod app;
mod body;
mod credentials;
pub mod deliver;
mod docs;
mod exchange;
mod fault;
mod fields;
mod gate;
pub mod listen;
mod metrics;
mod native;
mod qr;
mod reply;
pub mod sweep;
mod watch;

pub use app::App;
pub use docs::openapi;

use axum::Router;

/// Everything the listener serves.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(native::routes().router())
        .merge(qr::router())
        .merge(docs::router())
        .fallback(reply::no_such_route)
        .method_not_allowed_fallback(reply::no_such_method)
        .with_state(app)
}
