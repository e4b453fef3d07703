//! `/auth/token`, `/auth/revoke` and `/auth/introspect`: what applications call, without a browser.
//!
//! Source: RFC 6749, 7009, 7662; ambiguities.

use super::page::guarded;
use crate::app::App;
use crate::body;
use crate::exchange::object;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use florin_domain::identity::User;
use florin_domain::session::{LIFETIME_S, Signed};
use florin_domain::sso::{self, Application, Denial, Exchange, Presented};
use florin_domain::store::{Reader, Writer};
use florin_domain::{Refusal, secrets};
use florin_sdk_core::code::Code;
use florin_sdk_core::jwt::Claims;
use florin_sdk_core::{Secret, Uuid};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CONTENT_TYPE, PRAGMA, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

/// The fields of a request, from a form or a JSON object. What nobody knows is ignored, as RFC 6749 wants.
struct Fields(Map<String, Value>);

impl Fields {
    async fn read(headers: &HeaderMap, body: Body) -> Result<Self, Denial> {
        let bytes = body::read(body).await?;
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/json" => {
                let fields = object(&bytes).map_err(|_| Denial::InvalidRequest("the body is no JSON object"))?;
                if fields.values().all(Value::is_string) {
                    Ok(Self(fields))
                } else {
                    Err(Denial::InvalidRequest("all values must be strings"))
                }
            }
            "application/x-www-form-urlencoded" => {
                let mut fields = Map::new();
                for (name, value) in form_urlencoded::parse(&bytes) {
                    if fields.insert(name.into_owned(), Value::String(value.into_owned())).is_some() {
                        return Err(Denial::InvalidRequest("a field stands twice"));
                    }
                }
                Ok(Self(fields))
            }
            _ => Err(Denial::InvalidRequest("the body must be a form or a JSON object")),
        }
    }

    /// A field that says something: an empty one is as good as absent (RFC 6749, section 3.2).
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(Secret::from)
    }
}

/// The application's id and secret: in the header or in the body, not in both.
fn credentials(headers: &HeaderMap, fields: &Fields) -> Result<(String, Option<Secret>), Denial> {
    let in_body = (fields.get("client_id"), fields.secret("client_secret"));
    let Some(header) = headers.get(AUTHORIZATION) else {
        let id = in_body.0.ok_or(Denial::InvalidRequest("client_id is missing"))?;
        return Ok((id.to_owned(), in_body.1));
    };
    let basic = header.to_str().ok().and_then(|text| text.split_once(' '));
    let basic = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).ok_or(Denial::InvalidClient)?;
    let bytes = STANDARD.decode(basic.1.trim()).map_err(|_| Denial::InvalidClient)?;
    let text = String::from_utf8(bytes).map_err(|_| Denial::InvalidClient)?;
    let (id, secret) = text.split_once(':').ok_or(Denial::InvalidClient)?;
    // Both are form-encoded within the header (RFC 6749, section 2.3.1).
    let decode = |text: &str| {
        let pair = form_urlencoded::parse(text.as_bytes()).next();
        pair.map(|(name, _)| name.into_owned()).unwrap_or_default()
    };
    let (id, secret) = (decode(id), decode(secret));
    if in_body.1.is_some() || in_body.0.is_some_and(|body| body != id) {
        return Err(Denial::InvalidRequest("the application authenticates in two ways"));
    }
    Ok((id, Some(Secret::from(secret)).filter(|secret| !secret.expose().is_empty())))
}

async fn application(app: &App, headers: &HeaderMap, fields: &Fields) -> Result<Application, Denial> {
    let (id, secret) = credentials(headers, fields)?;
    let read = move |store: &mut dyn Reader| Ok(sso::authenticate(store, &id, secret.as_ref()));
    app.read_little(read).await?
}

/// What the id token says.
///
/// Source: OpenID Connect Core, section 2.
#[derive(Serialize)]
struct IdClaims {
    iss: String,
    sub: Uuid,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    at_hash: String,
}

struct Tokens {
    signed: Signed,
    id_token: Option<Secret>,
    refresh: Secret,
}

/// Signs what a good code or refresh token is exchanged for.
async fn sign(app: &App, client_id: String, exchange: Exchange) -> Result<Tokens, Refusal> {
    let Exchange::Good { draft, code, scope, .. } = exchange else { return Err(Refusal::new(Code::SYSTEM_ERROR)) };
    let uuid = draft.claims().sub;
    let email = app.read_little(move |store| Ok(store.get::<User>(uuid)?.and_then(|user| user.email))).await?;
    let (sealer, issuer) = (app.sealer().clone(), app.public_address().to_owned());
    app.slowly(move || {
        let claims: Claims = draft.claims().clone();
        let signed = draft.clone().sign(&sealer)?;
        let id_token = if scope.openid {
            let hash = secrets::fingerprint(signed.token.expose());
            let half = hash.first_chunk::<16>().map(|half| URL_SAFE_NO_PAD.encode(half)).unwrap_or_default();
            let claims = IdClaims {
                iss: issuer,
                sub: claims.sub,
                aud: client_id,
                iat: claims.iat,
                exp: claims.exp,
                auth_time: code.as_ref().map(|code| code.signed_in.millis().div_euclid(1000)),
                nonce: code.and_then(|code| code.nonce),
                email,
                at_hash: half,
            };
            Some(draft.sign_also(&sealer, &claims)?)
        } else {
            None
        };
        Ok(Tokens { signed, id_token, refresh: sso::new_secret() })
    })
    .await
}

/// Exchanges a code or a refresh token.
pub(super) async fn token(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (name, result) = match token_with(&app, &parts, body).await {
        Ok((name, value)) => (name, Ok(value)),
        Err(denial) => ("token", Err(denial)),
    };
    app.metrics().count(name, if result.is_ok() { Code::OK } else { Code::NOT_AUTHENTICATED });
    answer(result)
}

async fn token_with(app: &App, parts: &Parts, body: Body) -> Result<(&'static str, Value), Denial> {
    let fields = Fields::read(&parts.headers, body).await?;
    let kind = fields.get("grant_type").ok_or(Denial::InvalidRequest("grant_type is missing"))?.to_owned();
    if !matches!(&*kind, "authorization_code" | "refresh_token") {
        return Err(Denial::UnsupportedGrantType);
    }
    let application = application(app, &parts.headers, &fields).await?;
    if kind == "authorization_code" {
        Ok(("token_authorization_code", by_code(app, application, &fields).await?))
    } else {
        Ok(("token_refresh_token", by_refresh_token(app, application, &fields).await?))
    }
}

async fn by_code(app: &App, application: Application, fields: &Fields) -> Result<Value, Denial> {
    let presented = Presented {
        code: fields.secret("code").ok_or(Denial::InvalidRequest("code is missing"))?,
        redirect_uri: fields.get("redirect_uri").map(str::to_owned),
        verifier: fields.secret("code_verifier"),
    };
    let client_id = application.client_id.clone();
    let look = move |store: &mut dyn Reader| Ok(sso::look_at_code(store, &application, &presented));
    let found = app.read_little(look).await??;
    let (number, tokens) = match found {
        Exchange::Copied { number } => (number, None),
        Exchange::Good { code: Some(ref code), .. } => {
            let number = code.number;
            (number, Some(sign(app, client_id, found).await?))
        }
        Exchange::Good { code: None, .. } => return Err(Refusal::new(Code::SYSTEM_ERROR).into()),
    };
    let kept = tokens.as_ref().map(|tokens| (tokens.signed.clone(), tokens.refresh.clone()));
    let work = move |store: &mut dyn Writer| {
        sso::exchange_code(store, number, kept.as_ref().map(|(signed, refresh)| (signed, refresh)))
    };
    app.write(work, |_: &Refusal| false).await??;
    tokens.map(shown).ok_or(Denial::InvalidGrant("the code was used before"))
}

async fn by_refresh_token(app: &App, application: Application, fields: &Fields) -> Result<Value, Denial> {
    let token = fields.secret("refresh_token").ok_or(Denial::InvalidRequest("refresh_token is missing"))?;
    let scope = fields.get("scope").map(str::to_owned);
    let client_id = application.client_id.clone();
    let look = move |store: &mut dyn Reader| Ok(sso::look_at_refresh(store, &application, &token, scope.as_deref()));
    let found = app.read_little(look).await??;
    let Exchange::Good { refresh: Some(number), .. } = found else {
        return Err(Refusal::new(Code::SYSTEM_ERROR).into());
    };
    let tokens = sign(app, client_id, found).await?;
    let (signed, refresh) = (tokens.signed.clone(), tokens.refresh.clone());
    let work = move |store: &mut dyn Writer| sso::refresh(store, number, &signed, &refresh);
    app.write(work, |_: &Refusal| false).await??;
    Ok(shown(tokens))
}

fn shown(tokens: Tokens) -> Value {
    let mut value = json!({
        "access_token": tokens.signed.token.expose(),
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        "refresh_token": tokens.refresh.expose(),
        "scope": tokens.signed.session.scope,
    });
    if let (Some(id_token), Some(map)) = (tokens.id_token, value.as_object_mut()) {
        map.insert("id_token".to_owned(), Value::from(id_token.expose()));
    }
    value
}

/// Ends what a token stands for.
pub(super) async fn revoke(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let revoked = async {
        let fields = Fields::read(&parts.headers, body).await?;
        let application = application(&app, &parts.headers, &fields).await?;
        let token = fields.secret("token").ok_or(Denial::InvalidRequest("token is missing"))?;
        let work = move |store: &mut dyn Writer| sso::revoke_token(store, &application, token.expose());
        app.write(work, |_: &Refusal| false).await?;
        Ok(json!({}))
    };
    answer(revoked.await)
}

/// What a token is worth now.
pub(super) async fn introspect(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = async {
        let fields = Fields::read(&parts.headers, body).await?;
        let application = application(&app, &parts.headers, &fields).await?;
        if application.public {
            return Err(Denial::UnauthorizedClient("introspection is for applications that keep a secret"));
        }
        let token = fields.secret("token").ok_or(Denial::InvalidRequest("token is missing"))?;
        let client_id = application.client_id.clone();
        let found = app.read_little(move |store| sso::introspect(store, &application, token.expose())).await?;
        let Some(found) = found else { return Ok(json!({ "active": false })) };
        let mut value = json!({
            "active": true,
            "scope": found.scope,
            "client_id": client_id,
            "sub": found.uuid,
            "iat": found.created.millis().div_euclid(1000),
            "context": { "upid": found.upid },
        });
        if let (Some(expires), Some(jti), Some(map)) = (found.expires, found.jti, value.as_object_mut()) {
            map.insert("exp".to_owned(), Value::from(expires.millis().div_euclid(1000)));
            map.insert("jti".to_owned(), Value::from(jti));
            map.insert("token_type".to_owned(), Value::from("Bearer"));
        }
        Ok(value)
    };
    answer(asked.await)
}

fn answer(result: Result<Value, Denial>) -> Response {
    let (status, value) = match result {
        Ok(value) => (StatusCode::OK, value),
        Err(denial) => denied(denial),
    };
    let mut response = json_answer(status, &value);
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"florin\""));
    }
    response
}

/// A JSON answer that any web page may read: there are no cookies in it, only what the caller knows to ask for.
pub(super) fn json_answer(status: StatusCode, value: &Value) -> Response {
    let mut response = guarded(Response::new(Body::from(value.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn denied(denial: Denial) -> (StatusCode, Value) {
    let bad = StatusCode::BAD_REQUEST;
    let (status, error, description) = match denial {
        Denial::InvalidRequest(why) => (bad, "invalid_request", why.to_owned()),
        Denial::InvalidClient => {
            (StatusCode::UNAUTHORIZED, "invalid_client", "the application is unknown or its secret is wrong".to_owned())
        }
        Denial::InvalidGrant(why) => (bad, "invalid_grant", why.to_owned()),
        Denial::UnauthorizedClient(why) => (bad, "unauthorized_client", why.to_owned()),
        Denial::UnsupportedGrantType => {
            (bad, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token".to_owned())
        }
        Denial::InvalidScope => (bad, "invalid_scope", "the scope is unknown, or more than was granted".to_owned()),
        Denial::Refused(refusal) => match refusal.code {
            Code::MAINTENANCE_IN_PROGRESS | Code::TOO_BUSY | Code::TOO_FAST | Code::LOCKED => {
                (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", refusal.message)
            }
            Code::INVALID_REQUEST | Code::PAYLOAD_TOO_LARGE => (bad, "invalid_request", refusal.message),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "something failed on our side".to_owned()),
        },
    };
    (status, json!({ "error": error, "error_description": description }))
}
