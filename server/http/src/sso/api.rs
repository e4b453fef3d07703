//! The calls of `/auth` that carry JSON and answer a `status`: strategies and unlocking.

use crate::app::App;
use crate::body;
use crate::exchange::object;
use crate::gate;
use crate::reply::retry_after;
use crate::unlock;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use florin_domain::Refusal;
use florin_domain::access::{Caller, admit_by};
use florin_domain::seal::Component;
use florin_domain::session::{self, Terms};
use florin_domain::sso::{self, Configuration, StrategyKind};
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{Access, Callers, Rights};
use florin_sdk_core::sso::{CONFIGURE, LIST, SsoSpec, StrategyConfig};
use florin_sdk_core::{Secret, Upid};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::sync::Arc;
use url::Url;

/// What stands in a secret's place.
const MASK: &str = "********";

fn answer(result: Result<Value, Refusal>) -> Response {
    let wait = result.as_ref().err().and_then(|refusal| retry_after(refusal.code));
    answer_with(result, wait)
}

/// The same with seconds to wait before the next.
fn answer_with(result: Result<Value, Refusal>, wait: Option<u32>) -> Response {
    let (status, mut value) = match result {
        Ok(value) => (StatusCode::OK, value),
        Err(refusal) => {
            let mut value = json!({ "message": refusal.message, "resultcode": refusal.code });
            if let (false, Some(map)) = (refusal.fields.is_empty(), value.as_object_mut()) {
                map.insert("errors".to_owned(), json!(refusal.fields));
            }
            (status_of(refusal.code), value)
        }
    };
    let word = if status == StatusCode::OK { "ok" } else { "error" };
    if let Some(map) = value.as_object_mut() {
        map.insert("status".to_owned(), Value::from(word));
    }
    let mut response = Response::new(Body::from(value.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A failure of the component that is locked.
pub(super) fn locked(refusal: Refusal) -> Response {
    answer(Err(refusal))
}

const fn status_of(code: Code) -> StatusCode {
    match code {
        Code::NOT_AUTHENTICATED | Code::TOKEN_EXPIRED => StatusCode::UNAUTHORIZED,
        Code::FORBIDDEN | Code::MOBILE_READ_ONLY | Code::INACTIVE => StatusCode::FORBIDDEN,
        Code::INVALID_REQUEST => StatusCode::BAD_REQUEST,
        Code::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        Code::TOO_FAST => StatusCode::TOO_MANY_REQUESTS,
        Code::MAINTENANCE_IN_PROGRESS | Code::TOO_BUSY | Code::LOCKED => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The credential gate of the split, for the two operations that need a credential.
async fn admitted(app: &App, headers: &HeaderMap, spec: &SsoSpec) -> Result<Arc<Caller>, Refusal> {
    let caller = gate::caller(app, headers).await?;
    admit_by(&caller, spec.access, spec.callers, spec.rights, false)?;
    Ok(caller)
}

/// The strategies. Their secrets are shown to nobody: whoever configured them has them.
pub(super) async fn list(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let listed = async {
        admitted(&app, &parts.headers, &LIST).await?;
        let sealer = app.sealer().clone();
        let read = move |store: &mut dyn Reader| {
            let mut results = Vec::new();
            for kind in StrategyKind::ALL {
                let mut entry = json!({ "id": kind.id(), "name": kind.name() });
                if let (Some(found), Some(map)) = (sso::configured(store, &sealer, kind)?, entry.as_object_mut()) {
                    let config = StrategyConfig {
                        client_id: found.client_id,
                        client_secret: Secret::from(MASK),
                        callback_url: found.callback_url,
                    };
                    map.insert("config".to_owned(), json!(config));
                }
                results.push(entry);
            }
            Ok(json!({ "results": results }))
        };
        app.read_little(read).await
    };
    answer(listed.await)
}

fn configuration(value: Value) -> Result<Configuration, Refusal> {
    let config: StrategyConfig = serde_path_to_error::deserialize(value)
        .map_err(|error| Refusal::field(&error.path().to_string(), error.inner().to_string()))?;
    for (name, text, most) in [
        ("clientID", config.client_id.as_str(), 128),
        ("clientSecret", config.client_secret.expose(), 256),
        ("callbackURL", config.callback_url.as_str(), 2048),
    ] {
        if !(1..=most).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(Refusal::field(name, format!("must have 1 to {most} characters")));
        }
    }
    if !Url::parse(&config.callback_url).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host()) {
        return Err(Refusal::field("callbackURL", "must be an absolute address"));
    }
    Ok(Configuration {
        client_id: config.client_id,
        client_secret: config.client_secret,
        callback_url: config.callback_url,
    })
}

/// Configures strategies: an object whose names are their ids.
pub(super) async fn configure(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let configured = async {
        let bytes = body::read(body).await;
        admitted(&app, &parts.headers, &CONFIGURE).await?;
        let wanted = object(&bytes?)?;
        if wanted.is_empty() {
            return Err(Refusal::field("body", "must name a strategy: facebook, google or linkedin"));
        }
        let mut all = Vec::new();
        for (id, value) in wanted {
            let kind = StrategyKind::by_id(&id)
                .ok_or_else(|| Refusal::field(&id, "is no strategy: there are facebook, google and linkedin"))?;
            all.push((kind, configuration(value)?));
        }
        let sealer = app.sealer().clone();
        let work = move |store: &mut dyn Writer| {
            all.iter().try_for_each(|(kind, new)| sso::configure(store, &sealer, *kind, new))
        };
        app.write(work, |_: &Refusal| false).await?;
        Ok(json!({}))
    };
    answer(configured.await)
}

/// Another profile of the person who signed in: a token for that one. The token in use goes on.
pub(super) async fn switch(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let switched = async {
        let bytes = body::read(body).await;
        let caller = own_session(&app, &parts.headers).await?;
        let wanted = object(&bytes?)?;
        let upid = wanted.get("upid").and_then(Value::as_str).filter(|_| wanted.len() == 1);
        let upid = upid.ok_or_else(|| Refusal::field("upid", "is required, and nothing else"))?;
        let upid: Upid = upid.parse().map_err(|error| Refusal::value("upid", &error))?;
        let uuid = caller.uuid.ok_or_else(|| Refusal::new(Code::FORBIDDEN))?;
        let draft = app.read_little(move |store| session::begin(store, uuid, upid, Terms::login())).await?;
        let sealer = app.sealer().clone();
        let signed = app.slowly(move || draft.sign(&sealer)).await?;
        let opened = signed.clone();
        app.write(move |store: &mut dyn Writer| session::open(store, &opened), |_: &Refusal| false).await?;
        Ok(json!({
            "token": signed.token.expose(),
            "upid": upid,
            "roles": signed.roles,
            "expires": signed.session.expires,
        }))
    };
    answer(switched.await)
}

/// Ends the session that the request comes with.
pub(super) async fn end(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let ended = async {
        let bytes = body::read(body).await;
        let caller = own_session(&app, &parts.headers).await?;
        if !bytes?.is_empty() {
            return Err(Refusal::field("body", "must be empty"));
        }
        let session = caller.session.ok_or_else(|| Refusal::new(Code::FORBIDDEN))?;
        app.write(move |store: &mut dyn Writer| session::revoke(store, session), |_: &Refusal| false).await?;
        Ok(json!({}))
    };
    answer(ended.await)
}

/// A person's own session, of `Login`: an application that was let in for one profile gets no other by itself.
async fn own_session(app: &App, headers: &HeaderMap) -> Result<Arc<Caller>, Refusal> {
    let caller = gate::caller(app, headers).await?;
    admit_by(&caller, Access::Write, Callers::Provider, Rights::NONE, false)?;
    let why = || Refusal::because(Code::FORBIDDEN, "This is for a person who signed in with Login");
    let session = caller.session.ok_or_else(why)?;
    let own = app.read_little(move |store| {
        Ok(store.get::<session::Session>(session)?.is_some_and(|session| session.client.is_none()))
    });
    if own.await? { Ok(caller) } else { Err(why()) }
}

/// Unlocks single sign-on with the application password.
pub(super) async fn unlock(State(app): State<App>, request: Request) -> Response {
    let source = super::source(&app, &request);
    let unlocked = async {
        let password = body::read(request.into_body()).await.and_then(|body| application_password(&body));
        let password = password.map_err(|refusal| (refusal, None))?;
        unlock::unlock(&app, source, Component::Sso, password).await?;
        Ok(json!({}))
    };
    match unlocked.await {
        Err((refusal, Some(wait))) => answer_with(Err(refusal), Some(wait)),
        other => answer(other.map_err(|(refusal, _)| refusal)),
    }
}

fn application_password(body: &[u8]) -> Result<Secret, Refusal> {
    let wanted = object(body)?;
    let password = wanted.get("password").and_then(Value::as_str).filter(|text| text.chars().count() == 16);
    let password = password.filter(|_| wanted.len() == 1);
    password.map(Secret::from).ok_or_else(|| Refusal::field("password", "must have 16 characters"))
}
