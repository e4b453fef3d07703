//! What applications and their libraries read about this server: its keys, its addresses, and whose a token is.
//!
//! Source: RFC 7517, RFC 8414, OpenID Connect Discovery and Core.

use super::page;
use super::token::json_answer;
use crate::app::App;
use crate::gate;
use axum::extract::{Request, State};
use axum::response::Response;
use florin_domain::identity::User;
use florin_domain::session::{self, SCOPES, key};
use florin_domain::settings;
use http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

/// The keys that access tokens are checked with. A new one signs for as long as a cache keeps the old list at the least:
/// five minutes.
pub(super) async fn jwks(State(app): State<App>) -> Response {
    match app.read_little(|store| key::published(store)).await {
        Ok(set) => {
            let mut response = json_answer(StatusCode::OK, &json!(set));
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            response
        }
        Err(refusal) => page::refused(&refusal),
    }
}

fn metadata(app: &App) -> Value {
    let issuer = app.public_address();
    let implicit = app.settings().get(settings::IMPLICIT_FLOW);
    let (types, modes) =
        if implicit { (vec!["code", "token"], vec!["query", "fragment"]) } else { (vec!["code"], vec!["query"]) };
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth/authorize"),
        "token_endpoint": format!("{issuer}/auth/token"),
        "revocation_endpoint": format!("{issuer}/auth/revoke"),
        "introspection_endpoint": format!("{issuer}/auth/introspect"),
        "userinfo_endpoint": format!("{issuer}/auth/userinfo"),
        "jwks_uri": format!("{issuer}/auth/jwks.json"),
        "scopes_supported": SCOPES,
        "response_types_supported": types,
        "response_modes_supported": modes,
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "at_hash", "email"],
        "prompt_values_supported": ["none"],
        "service_documentation": format!("{issuer}/docs"),
    })
}

pub(super) async fn document(State(app): State<App>) -> Response {
    json_answer(StatusCode::OK, &metadata(&app))
}

/// Whose an access token is.
pub(super) async fn userinfo(State(app): State<App>, request: Request) -> Response {
    let caller = match gate::caller(&app, request.headers()).await {
        Ok(caller) => caller,
        Err(refusal) if refusal.code.is_about_credential() => return unauthorized("invalid_token"),
        Err(refusal) => return page::refused(&refusal),
    };
    let Some((uuid, session)) = caller.uuid.zip(caller.session) else { return unauthorized("invalid_token") };
    let read = app.read_little(move |store| {
        let scope = store.get::<session::Session>(session)?.map(|session| session.granted()).unwrap_or_default();
        Ok((scope, store.get::<User>(uuid)?.and_then(|user| user.email)))
    });
    match read.await {
        Ok((scope, _)) if !scope.openid => unauthorized("insufficient_scope"),
        Ok((_, email)) => {
            let mut value = json!({ "sub": uuid });
            if let (Some(email), Some(map)) = (email, value.as_object_mut()) {
                map.insert("email".to_owned(), Value::from(email));
            }
            json_answer(StatusCode::OK, &value)
        }
        Err(refusal) => page::refused(&refusal),
    }
}

/// Source: RFC 6750, section 3.
fn unauthorized(error: &str) -> Response {
    let status = if error == "insufficient_scope" { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    let mut response = json_answer(status, &json!({ "error": error }));
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer error=\"{error}\"")) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}
