//! What only a sandbox has: a page and an API to decide pending requests by hand, to move the clock, to change what
//! test values lead to, and to start again from nothing. Whoever reaches the sandbox may use them.

use super::reply;
use crate::app::App;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{Html, Response};
use axum::routing::{get, post};
use florin_domain::Refusal;
use florin_domain::currency;
use florin_domain::momo::{Denial, MomoRequest, Sandbox, Verdict, sandbox, settle, view};
use florin_domain::notify::Event;
use florin_domain::store::{Reader, Record, Writer};
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::{ReasonCode, ReferenceId};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many requests the list shows.
const LISTED: usize = 200;

/// The farthest that the clock moves at once.
const MAX_SECONDS: u32 = 30 * 86_400;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/sandbox/momo", get(async || Html(include_str!("sandbox.html"))))
        .route("/sandbox/momo/requests", get(list))
        .route("/sandbox/momo/requests/{reference}", get(show))
        .route("/sandbox/momo/requests/{reference}/{verdict}", post(decide))
        .route("/sandbox/momo/clock", get(clock).post(advance))
        .route("/sandbox/momo/settings", get(settings).put(set))
        .route("/sandbox/momo/reset", post(reset))
}

/// Puts the sandbox in place.
pub async fn open(app: &App) -> Result<(), Refusal> {
    app.write(sandbox::open, |_: &Refusal| false).await
}

fn answer(result: Result<Value, Denial>) -> Response {
    result.map_or_else(reply::denied, |value| reply::json(StatusCode::OK, &value))
}

/// A request as the page shows it.
fn shown(store: &mut dyn Reader, request: &MomoRequest) -> Result<Value, Denial> {
    let currency = match request.currency {
        Some(number) => Some(currency::by_number(store, number)?),
        None => None,
    };
    let amount = match &currency {
        Some(currency) if request.units > 0 => Some(view::plain(currency.amount(request.units)?)),
        _ => None,
    };
    let callback = match request.callback {
        Some(number) => store.get::<Event>(number)?,
        None => None,
    };
    Ok(json!({
        "reference": request.reference,
        "apiUser": request.api_user,
        "kind": request.kind.as_str(),
        "product": request.product.as_str(),
        "party": request.party(),
        "amount": amount,
        "currency": currency.map(|currency| currency.code),
        "status": request.status,
        "reason": request.reason,
        "due": request.due,
        "created": request.created,
        "closed": request.closed,
        "callback": callback.map(|event| json!({ "attempts": event.attempts, "delivered": event.delivered })),
    }))
}

async fn list(State(app): State<App>) -> Response {
    let read = |store: &mut dyn Reader| {
        let query = MomoRequest::query().descending(MomoRequest::number).limit(LISTED);
        let rows = store.list::<MomoRequest>(query)?;
        Ok(rows.iter().map(|row| shown(store, row)).collect::<Result<Vec<_>, _>>())
    };
    answer(app.read(read).await.map_err(Denial::from).and_then(|rows| rows).map(|rows| json!({ "requests": rows })))
}

/// The newest request with this reference, of whichever API user.
fn newest(store: &mut dyn Reader, reference: &str) -> Result<MomoRequest, Denial> {
    let reference: ReferenceId = reference.parse().map_err(|_| Denial::invalid("The reference must be a UUID."))?;
    let query = MomoRequest::query().eq(MomoRequest::reference, reference).descending(MomoRequest::number);
    store.first::<MomoRequest>(query)?.ok_or_else(Denial::not_found)
}

async fn show(State(app): State<App>, Path(reference): Path<String>) -> Response {
    let read = move |store: &mut dyn Reader| {
        let found = newest(store, &reference).and_then(|request| shown(store, &request));
        Ok(found)
    };
    answer(app.read(read).await.map_err(Denial::from).and_then(|found| found))
}

async fn decide(State(app): State<App>, Path((reference, verdict)): Path<(String, String)>) -> Response {
    let verdict = match verdict.as_str() {
        "approve" => Verdict::Approve,
        "reject" => Verdict::Fail(Some(ReasonCode::ApprovalRejected)),
        "timeout" => Verdict::Fail(Some(ReasonCode::Expired)),
        _ => return answer(Err(Denial::not_found())),
    };
    let mode = app.momo().mode(true);
    let work = move |store: &mut dyn Writer| -> Result<Value, Denial> {
        let request = newest(store.reader(), &reference)?;
        if !settle::settle(store, request.owner, request.reference, &verdict, &mode)? {
            let message = "The request is settled already.";
            return Err(Denial::because(ReasonCode::NotSuccessfullyCompleted, message));
        }
        let request = newest(store.reader(), &reference)?;
        shown(store.reader(), &request)
    };
    answer(app.write(work, |_: &Denial| false).await)
}

async fn clock(State(app): State<App>) -> Response {
    answer(Ok(json!({ "now": app.now() })))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

/// Moves the clock forward, for everything in this process. It never goes back.
async fn advance(State(app): State<App>, body: Bytes) -> Response {
    let wrong = || Denial::invalid(format!("advanceSeconds must be a number up to {MAX_SECONDS}."));
    let wanted = serde_json::from_slice::<Advance>(&body).ok().map(|wanted| wanted.advance_seconds);
    let Some(seconds) = wanted.filter(|seconds| *seconds <= MAX_SECONDS) else { return answer(Err(wrong())) };
    app.clock().advance(seconds.saturating_mul(1000));
    app.momo().news().notify_one();
    app.outbound().messages.notify_one();
    clock(State(app)).await
}

async fn settings(State(app): State<App>) -> Response {
    let settings = serde_json::to_value(app.momo().settings().as_ref());
    answer(settings.map_err(|_| Refusal::new(Code::SYSTEM_ERROR).into()))
}

/// Replaces the settings: what is not named is as it is by default.
async fn set(State(app): State<App>, body: Bytes) -> Response {
    match serde_json::from_slice::<Sandbox>(&body) {
        Ok(wanted) => app.momo().set(wanted),
        Err(error) => return answer(Err(Denial::invalid(error.to_string()))),
    }
    settings(State(app)).await
}

async fn reset(State(app): State<App>) -> Response {
    let done = app.write(sandbox::reset, |_: &Refusal| false).await;
    if done.is_ok() {
        app.momo().set(Sandbox::default());
    }
    answer(done.map(|()| json!({})).map_err(Denial::from))
}
