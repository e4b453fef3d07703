//! Telling whoever made a request what became of it: once, as the contract has it, to the address that came with the
//! request; and, for API users who ask for it, a signed copy that is sent again until it is taken.
//!
//! Both are events, written with what they tell of.

use super::request::MomoRequest;
use super::user::MomoUser;
use super::view;
use crate::notify::message::signing;
use crate::notify::{Event, Target, transport, write};
use crate::refusal::Refusal;
use crate::store::{FromValue, IntoValue, Kind, Reader, Value, Writer};
pub use florin_sdk_core::momo::CallbackMethod as Method;
use florin_sdk_core::momo::ReferenceId;
use florin_sdk_core::{JsonObject, Secret};
use serde_json::json;

/// The kind of the event that carries the callback of the contract.
pub const CALLBACK: &str = "momo.callback";

/// The kind of the event that carries the signed copy.
pub const TWIN: &str = "momo.twin";

impl IntoValue for Method {
    fn value(&self) -> Value {
        self.as_str().value()
    }
}

impl FromValue for Method {
    const KIND: Kind = Kind::Text;

    fn from_value(value: Value) -> Result<Self, String> {
        match String::from_value(value)?.as_str() {
            "PUT" => Ok(Self::Put),
            "POST" => Ok(Self::Post),
            _ => Err("PUT or POST expected".to_owned()),
        }
    }
}

/// What signed copies are signed with, in the form that libraries for standard webhooks take.
pub(super) fn new_secret() -> Secret {
    transport::new_secret()
}

/// Writes the callback of a request that is settled, if it is wanted. The event that carries it.
pub(super) fn queue(store: &mut dyn Writer, request: &MomoRequest) -> Result<Option<i64>, Refusal> {
    let Some(url) = &request.callback_url else { return Ok(None) };
    let body = view::describe(store.reader(), request)?;
    let payload = json!({ "url": url, "method": request.callback_method.as_str(), "body": body });
    enqueue(store, request, CALLBACK, payload).map(Some)
}

/// Writes the signed copy, if the API user wants one.
pub(super) fn queue_twin(store: &mut dyn Writer, request: &MomoRequest) -> Result<(), Refusal> {
    let user = store.get::<MomoUser>(request.api_user)?;
    if user.is_some_and(|user| user.twin_url.is_some()) {
        let body = view::describe(store.reader(), request)?;
        let kind = format!("momo.{}.{}", request.kind.as_str(), request.status.as_str().to_ascii_lowercase());
        let data = json!({ "referenceId": request.reference, "result": body });
        let payload = json!({
            "user": request.api_user,
            "body": { "type": kind, "timestamp": store.now().to_string(), "data": data },
        });
        enqueue(store, request, TWIN, payload)?;
    }
    Ok(())
}

fn enqueue(
    store: &mut dyn Writer,
    request: &MomoRequest,
    kind: &str,
    payload: serde_json::Value,
) -> Result<i64, Refusal> {
    let serde_json::Value::Object(payload) = payload else { return Err(Refusal::not_found()) };
    let due = store.now();
    write(store, request.owner, kind, JsonObject(payload), due)
}

/// Where an event of ours goes, if it is one.
pub(crate) fn target(store: &mut dyn Reader, event: &Event) -> Result<Option<Target>, Refusal> {
    let text = |name: &str| event.payload.0.get(name).and_then(serde_json::Value::as_str);
    let body = event.payload.0.get("body").map(ToString::to_string).unwrap_or_default();
    match event.kind.as_str() {
        CALLBACK => Ok(text("url").map(|url| Target {
            put: text("method") == Some(Method::Put.as_str()),
            once: true,
            ..Target::new(url.to_owned(), body)
        })),
        TWIN => {
            let id: Option<ReferenceId> = text("user").and_then(|id| id.parse().ok());
            let Some(id) = id else { return Ok(None) };
            let user = store.get::<MomoUser>(id)?.filter(|user| user.upid == event.upid);
            Ok(user.and_then(|user| user.twin_url.zip(user.twin_secret)).map(|(url, secret)| Target {
                signing: Some(signing(event.number, Secret::from(secret))),
                ..Target::new(url, body)
            }))
        }
        _ => Ok(None),
    }
}
