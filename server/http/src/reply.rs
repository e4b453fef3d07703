//! Answers of the native surface: an envelope with a result code, always with HTTP status 200.
//!
//! Source: spec/omnigate/errors.json, `envelope`; ambiguities A-010.

use crate::body;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use florin_domain::Refusal;
use florin_sdk_core::FieldError;
use florin_sdk_core::code::Code;
use florin_sdk_core::retry::Outcome;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// Marks an answer that was given before, to a request with the same client reference.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The server's id of an exchange.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What comes out of an exchange: an answer's JSON object or a refusal, and whether it was given before.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) result: Result<String, Refusal>,
    pub(crate) replayed: bool,
    /// Seconds to wait before the next, where there is more to say than the retry table does.
    pub(crate) wait: Option<u32>,
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self { result: Err(refusal), replayed: false, wait: None }
    }
}

impl Reply {
    pub(crate) fn code(&self) -> Code {
        self.result.as_ref().map_or_else(|refusal| refusal.code, |_| Code::OK)
    }

    pub(crate) fn into_response(self) -> Response {
        let wait = self.wait.or_else(|| retry_after(self.code()));
        let mut response = match self.result {
            Ok(answer) => json(StatusCode::OK, enclose(Code::OK, "Ok", &answer)),
            Err(refusal) => failure(StatusCode::OK, &refusal),
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// How many seconds to wait after a code that means "nothing was done, try again later": what the retry table says.
pub(crate) fn retry_after(code: Code) -> Option<u32> {
    let soon = matches!(code, Code::MAINTENANCE_IN_PROGRESS | Code::TOO_BUSY | Code::TOO_FAST);
    Outcome::of(code).filter(|_| soon).and_then(|outcome| u32::try_from(outcome.rule().delay_s).ok())
}

/// The envelope around an answer's own fields.
fn enclose(code: Code, message: &str, answer: &str) -> String {
    let message = serde_json::Value::from(message);
    let fields = answer.trim_start_matches('{');
    let comma = if fields == "}" { "" } else { "," };
    format!("{{\"resultcode\":{},\"resultmessage\":{message}{comma}{fields}", code.0)
}

#[derive(Serialize)]
struct Faults<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

/// A refusal in its envelope.
pub(crate) fn failure(status: StatusCode, refusal: &Refusal) -> Response {
    let faults = serde_json::to_string(&Faults { errors: &refusal.fields }).unwrap_or_else(|_| "{}".to_owned());
    json(status, enclose(refusal.code, &refusal.message, &faults))
}

fn json(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A path that no surface has.
pub(crate) async fn no_such_route(request: Request) -> Response {
    let refusal = Refusal::because(Code::NOT_FOUND, "There is nothing at this address; see /docs");
    turn_away(request, StatusCode::NOT_FOUND, &refusal).await
}

/// A path that is there, with another method.
pub(crate) async fn no_such_method(request: Request) -> Response {
    let refusal = Refusal::because(Code::INVALID_REQUEST, "This address does not take this method; see /docs");
    turn_away(request, StatusCode::METHOD_NOT_ALLOWED, &refusal).await
}

async fn turn_away(request: Request, status: StatusCode, refusal: &Refusal) -> Response {
    let read = body::read(request.into_body()).await;
    let mut response = failure(status, refusal);
    if read.is_err() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_stays_json() {
        let parse = |text: String| serde_json::from_str::<serde_json::Value>(&text).unwrap();
        assert_eq!(
            parse(enclose(Code::OK, "Ok", "{}")),
            serde_json::json!({"resultcode": 10000, "resultmessage": "Ok"})
        );
        let nested = enclose(Code::OK, "\"", r#"{"a":{}}"#);
        assert_eq!(parse(nested), serde_json::json!({"resultcode": 10000, "resultmessage": "\"", "a": {}}));
    }
}
