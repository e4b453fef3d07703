//! Our own addition to the contract: an API user can ask for a signed copy of each of its callbacks, which is sent
//! again until it is taken. Signed as in the Standard Webhooks specification.

use super::asked::asked;
use super::reply;
use crate::app::App;
use crate::body;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::put;
use florin_domain::momo::{Denial, user};
use florin_domain::store::Writer;
use florin_sdk_core::Secret;
use florin_sdk_core::momo::{GetApiUser, MomoOperation, Product, ReferenceId};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use url::Url;

/// Where the copies go.
#[derive(Deserialize)]
struct Wanted {
    url: String,
}

/// What they are signed with: shown now and never again.
#[derive(Serialize)]
struct Signed {
    secret: Secret,
}

pub(super) const PATH: &str = "/provisioning/v1_0/apiuser/{apiUser}/webhook";

pub(super) fn router() -> Router<App> {
    Router::new().route(PATH, put(set).delete(unset))
}

async fn set(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    change(app, &id, request, true).await.unwrap_or_else(reply::denied)
}

async fn unset(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    change(app, &id, request, false).await.unwrap_or_else(reply::denied)
}

async fn change(app: App, id: &str, request: Request, wanted: bool) -> Result<Response, Denial> {
    let (parts, body) = request.into_parts();
    let body = body::read(body).await;
    let asked = asked(&app, GetApiUser::spec(), Product::Provisioning, &parts).await?;
    let id: ReferenceId = id.parse().map_err(|_| Denial::invalid("The path holds an id that is none."))?;
    let url = if wanted {
        let wrong = || Denial::invalid("url must be an http or https address.");
        let body: Wanted = serde_json::from_slice(&body?).map_err(|_| wrong())?;
        let url = Url::parse(&body.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        Some(url.ok_or_else(wrong)?.to_string())
    } else {
        None
    };
    let work = move |store: &mut dyn Writer| user::set_twin(store, &asked.key, id, &asked.mode, url.clone());
    Ok(match app.write(work, |_: &Denial| false).await? {
        Some(secret) => reply::json(StatusCode::OK, &Signed { secret }),
        None => reply::empty(StatusCode::NO_CONTENT),
    })
}
