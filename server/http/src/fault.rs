//! Faults on request: in a sandbox a client can ask for the misfortunes that it must survive.
//!
//! `X-Florin-Fault: error=CODE | drop-before | drop-after | garbage | delay-ms=N`. "Before" means that nothing ran;
//! "after", and garbage, that it ran but the answer is lost. Without `--sandbox` the header is not looked at.
//!
//! Source: DESIGN section 6.

use axum::body::Body;
use axum::response::Response;
use florin_domain::Refusal;
use florin_sdk_core::code::Code;
use http::HeaderMap;
use std::time::Duration;

/// The longest delay that can be asked for.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answer with this code; nothing runs.
    Error(Code),
    /// Close the connection; nothing runs.
    DropBefore,
    /// Run, then close the connection.
    DropAfter,
    /// Run, then answer what is no answer.
    Garbage,
    /// Wait, then go on.
    Delay(Duration),
}

/// The fault that a request asks for.
pub(crate) fn asked(headers: &HeaderMap) -> Result<Option<Fault>, Refusal> {
    let Some(value) = headers.get("x-florin-fault") else {
        return Ok(None);
    };
    let wrong =
        || Refusal::field("X-Florin-Fault", "must be error=CODE, drop-before, drop-after, garbage or delay-ms=N");
    let text = value.to_str().map_err(|_| wrong())?;
    let fault = match text.split_once('=').unwrap_or((text, "")) {
        ("drop-before", "") => Fault::DropBefore,
        ("drop-after", "") => Fault::DropAfter,
        ("garbage", "") => Fault::Garbage,
        ("error", code) => {
            let code = Code(code.parse().map_err(|_| wrong())?);
            Fault::Error(code.info().filter(|row| row.code != Code::OK).ok_or_else(wrong)?.code)
        }
        ("delay-ms", millis) => {
            Fault::Delay(Duration::from_millis(millis.parse().map_err(|_| wrong())?).min(MAX_DELAY))
        }
        _ => return Err(wrong()),
    };
    Ok(Some(fault))
}

/// Tells the listener to close the connection instead of answering.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropped;

/// An answer that is none.
pub(crate) fn dropped() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Dropped);
    response
}

/// What a broken proxy answers.
pub(crate) fn garbage() -> Response {
    Response::new(Body::from("<html><body><h1>502 Bad Gateway</h1></body></html>"))
}
