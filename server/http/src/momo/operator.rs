//! What MTN has a partner portal for, in the style of the native surface: making API users of a profile, and deciding
//! about what a provider's users were asked to agree to in advance. Requests to pay need nothing of this: they stand in
//! the payer's list of payment requests.

use super::asked::callback_host;
use crate::app::App;
use crate::reply::Reply;
use crate::{body, gate};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use florin_domain::Refusal;
use florin_domain::access::{self, Caller};
use florin_domain::currency::need_currency;
use florin_domain::momo::{Mode, MomoUser, NewUser, Verdict, agreements, user, view};
use florin_domain::store::{Reader, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::{ReasonCode, ReferenceId};
use florin_sdk_core::operation::{AcceptPayment, BASE_PATH, CreateAPIKey, Operation};
use florin_sdk_core::{CurrencyCode, Upid, Uuid};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The most agreements that a list shows.
const LISTED: usize = 200;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route(&format!("{BASE_PATH}/momo/user"), post(create_user))
        .route(&format!("{BASE_PATH}/momo/agreement/{{uuid}}"), get(list))
        .route(&format!("{BASE_PATH}/momo/agreement/{{uuid}}/{{reference}}/{{verdict}}"), post(decide))
}

/// Who calls, if they may call `O`, and the body.
async fn admitted<O: Operation>(app: &App, request: Request) -> Result<(Arc<Caller>, Vec<u8>), Refusal> {
    let (parts, body) = request.into_parts();
    let body = body::read(body).await;
    let caller = gate::caller(app, &parts.headers).await?;
    access::admit::<O>(&caller)?;
    Ok((caller, body?))
}

fn answer(result: Result<Value, Refusal>) -> Response {
    Reply::from(result.map(|value| value.to_string())).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApiUser {
    #[serde(rename = "callbackhost")]
    callback_host: String,
    #[serde(rename = "targetenvironment")]
    target_environment: String,
    currency: CurrencyCode,
    upid: Option<Upid>,
}

async fn create_user(State(app): State<App>, request: Request) -> Response {
    answer(make_user(app, request).await)
}

async fn make_user(app: App, request: Request) -> Result<Value, Refusal> {
    let (caller, body) = admitted::<CreateAPIKey>(&app, request).await?;
    let new: NewApiUser = serde_json::from_slice(&body)
        .map_err(|error| Refusal::field("body", format!("is not as it must be: {error}")))?;
    let host = callback_host(&new.callback_host).map_err(|_| Refusal::field("callbackhost", "must be a host name"))?;
    let environment = new.target_environment;
    if environment.is_empty() || environment.len() > 64 || !environment.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Refusal::field("targetenvironment", "must be 1 to 64 letters and digits"));
    }
    if environment == user::SANDBOX {
        return Err(Refusal::field("targetenvironment", "must not be sandbox: there API users make themselves"));
    }
    let upid = new.upid.unwrap_or(caller.upid);
    let work = move |store: &mut dyn Writer| -> Result<Value, Refusal> {
        access::reach::<CreateAPIKey>(store.reader(), &caller, upid)?;
        let currency = need_currency(store.reader(), "currency", &new.currency)?.code;
        let new = NewUser { upid, environment: environment.clone(), currency, host: host.clone() };
        let (user, key, subscription): (MomoUser, _, _) = user::create(store, new)?;
        Ok(json!({ "apiuser": user.id, "apikey": key.expose(), "subscriptionkey": subscription.expose() }))
    };
    app.write(work, |_: &Refusal| false).await
}

/// The user named by the path, whose payments the caller may decide about.
fn reached(store: &mut dyn Reader, caller: &Caller, uuid: Uuid) -> Result<florin_domain::identity::User, Refusal> {
    let user = store.get::<florin_domain::identity::User>(uuid)?.ok_or_else(Refusal::not_found)?;
    access::reach::<AcceptPayment>(store, caller, user.upid)?;
    Ok(user)
}

fn named(uuid: &str) -> Result<Uuid, Refusal> {
    uuid.parse().map_err(|error| Refusal::value("uuid", &error))
}

async fn list(State(app): State<App>, Path(uuid): Path<String>, request: Request) -> Response {
    let work = async {
        let (caller, _) = admitted::<AcceptPayment>(&app, request).await?;
        let uuid = named(&uuid)?;
        app.read(move |store| {
            let user = reached(store, &caller, uuid)?;
            let mut shown = Vec::new();
            for request in agreements::asked_of(store, user.uuid, LISTED)? {
                shown.push(json!({
                    "reference": request.reference,
                    "kind": request.kind.as_str(),
                    "upid": request.owner,
                    "request": view::describe(store, &request)?,
                    "expires": request.due,
                }));
            }
            Ok(json!({ "agreements": shown }))
        })
        .await
    };
    answer(work.await)
}

async fn decide(
    State(app): State<App>,
    Path((uuid, reference, verdict)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let work = async {
        let (caller, _) = admitted::<AcceptPayment>(&app, request).await?;
        let uuid = named(&uuid)?;
        let reference: ReferenceId = reference.parse().map_err(|error| Refusal::value("reference", &error))?;
        let verdict = match verdict.as_str() {
            "approve" => Verdict::Approve,
            "reject" => Verdict::Fail(Some(ReasonCode::ApprovalRejected)),
            _ => return Err(Refusal::not_found()),
        };
        let mode: Mode = app.momo().mode(app.sandbox());
        let job = move |store: &mut dyn Writer| -> Result<bool, Refusal> {
            let user = reached(store.reader(), &caller, uuid)?;
            agreements::decide(store, user.uuid, reference, &verdict, &mode)
        };
        let decided = app.write(job, |_: &Refusal| false).await?;
        if decided { Ok(json!({})) } else { Err(Refusal::because(Code::NOT_PAYABLE, "It is decided already")) }
    };
    answer(work.await)
}
