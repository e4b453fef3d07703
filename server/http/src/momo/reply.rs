//! Answers of the MoMo surface: HTTP statuses, and three shapes of error (contract, section 8).

use crate::body;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use florin_domain::Refusal;
use florin_domain::momo::Denial;
use florin_sdk_core::code::Code;
use florin_sdk_core::momo::{ErrorReason, GatewayError, ReasonCode, TokenError};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An answer with one.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(text) = serde_json::to_string(body) else {
        tracing::error!("an answer could not be written as JSON");
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn gateway(status: StatusCode, message: &str) -> Response {
    json(status, &GatewayError { status_code: status.as_u16(), message: message.to_owned() })
}

fn reason(status: StatusCode, code: ReasonCode, message: String) -> Response {
    json(status, &ErrorReason { code, message: Some(message) })
}

/// How the contract says no.
pub(super) fn denied(denial: Denial) -> Response {
    match denial {
        Denial::Subscription => gateway(
            StatusCode::UNAUTHORIZED,
            "Access denied due to invalid subscription key. Send a key of this product as Ocp-Apim-Subscription-Key.",
        ),
        Denial::Token => {
            gateway(StatusCode::UNAUTHORIZED, "Unauthorized. Access token is missing, invalid or expired.")
        }
        Denial::Login => json(StatusCode::UNAUTHORIZED, &TokenError { error: "login_failed".to_owned() }),
        Denial::Grant(error) => json(StatusCode::BAD_REQUEST, &TokenError { error: error.to_owned() }),
        Denial::Because(code, message) => reason(status_of(&code), code, message),
        Denial::TooLate => {
            reason(StatusCode::GONE, ReasonCode::Expired, "It is too late for a notification.".to_owned())
        }
        Denial::SentBefore => gateway(StatusCode::TOO_MANY_REQUESTS, "A notification was sent before."),
        Denial::Refused(refusal) => refused(refusal),
    }
}

/// The HTTP status of a code that refuses a request.
fn status_of(code: &ReasonCode) -> StatusCode {
    match code {
        ReasonCode::ResourceNotFound | ReasonCode::NotFound | ReasonCode::PayerNotFound => StatusCode::NOT_FOUND,
        ReasonCode::ResourceAlreadyExist | ReasonCode::NotSuccessfullyCompleted => StatusCode::CONFLICT,
        ReasonCode::ValidationError => StatusCode::BAD_REQUEST,
        ReasonCode::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The platform's own result codes in the contract's words.
fn refused(refusal: Refusal) -> Response {
    match refusal.code {
        Code::SYSTEM_ERROR => {
            reason(StatusCode::INTERNAL_SERVER_ERROR, ReasonCode::InternalProcessingError, refusal.message)
        }
        Code::TOO_BUSY | Code::MAINTENANCE_IN_PROGRESS => {
            reason(StatusCode::SERVICE_UNAVAILABLE, ReasonCode::ServiceUnavailable, refusal.message)
        }
        Code::TOO_FAST => gateway(StatusCode::TOO_MANY_REQUESTS, &refusal.message),
        Code::PAYLOAD_TOO_LARGE => reason(StatusCode::PAYLOAD_TOO_LARGE, ReasonCode::ValidationError, refusal.message),
        Code::INACTIVE | Code::FORBIDDEN => {
            reason(StatusCode::INTERNAL_SERVER_ERROR, ReasonCode::NotAllowed, refusal.message)
        }
        _ => reason(StatusCode::BAD_REQUEST, ReasonCode::ValidationError, refusal.message),
    }
}

/// A path, or a method on a path, that the contract has not.
pub(crate) async fn no_such_route(request: Request) -> Response {
    let read = body::read(request.into_body()).await;
    let mut response = gateway(StatusCode::NOT_FOUND, "Resource not found");
    if read.is_err() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
