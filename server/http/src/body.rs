//! The body of a request.

use axum::body::Body;
use florin_domain::Refusal;
use florin_sdk_core::code::Code;
use http_body_util::BodyExt;
use std::time::Duration;

/// The largest body (spec/florin/extensions.md, 20013).
const MAX_BODY: usize = 1024 * 1024;

/// How much more of a too large body is read away, so that its sender gets to see the answer.
const MAX_DRAINED: usize = 16 * MAX_BODY;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Reads a body to its end. After an error it may not be at its end: then the connection must be closed.
pub(crate) async fn read(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let reading = async {
        let mut bytes = Vec::new();
        let mut total = 0_usize;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::field("body", "did not arrive whole"))?;
            let Ok(data) = frame.into_data() else { continue };
            total = total.saturating_add(data.len());
            if total <= MAX_BODY {
                bytes.extend_from_slice(&data);
            } else if total > MAX_DRAINED {
                break;
            }
        }
        if total > MAX_BODY {
            return Err(Refusal::because(Code::PAYLOAD_TOO_LARGE, format!("The body is larger than {MAX_BODY} bytes")));
        }
        Ok(bytes)
    };
    tokio::time::timeout(BODY_TIME, reading)
        .await
        .unwrap_or_else(|_| Err(Refusal::field("body", "took too long to arrive")))
}
