//! What MTN sends when something is final (section 9).

use florin_sdk_core::momo::{Asynchronous, Progress, Reason, ReferenceId, Status};
use florin_sdk_core::{Amount, FlorinError};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt;

/// The largest body that is read: a callback has some hundred bytes.
const BODY_LIMIT: usize = 64 << 10;

/// A callback: how something ended, as far as an unsigned message can say.
///
/// Anyone can send one: there is no signature. Before goods move, ask by the reference (`request_to_pay_status` and
/// its like). It may also come twice, or never.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "uniffi", uniffi(name = "MomoCallback"))]
pub struct Callback {
    /// The reference, from the URL (`{reference}` in the options' `callback_url`) or from the body, where it has one.
    pub reference: Option<ReferenceId>,
    /// The caller's own id: to match by, where the URL has no reference.
    pub external_id: Option<String>,
    /// How it ended.
    pub status: Status,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// The platform's id of what moved.
    pub financial_transaction_id: Option<String>,
    /// How much.
    pub amount: Option<Amount>,
    /// In this currency.
    pub currency: Option<String>,
}

/// Shows what may stand in a log.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("reference", &self.reference)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What all bodies have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    status: Status,
    #[serde(default, alias = "errorReason")]
    reason: Option<Reason>,
    #[serde(default)]
    reference_id: Option<ReferenceId>,
    #[serde(default, alias = "externalTransactionId")]
    external_id: Option<Box<RawValue>>,
    #[serde(default)]
    financial_transaction_id: Option<Box<RawValue>>,
    #[serde(default)]
    amount: Option<Box<RawValue>>,
    #[serde(default)]
    currency: Option<String>,
}

/// Reads a callback. `method`: `PUT` or `POST`, as both are in use (K9). `target`: path and query of the request, in
/// which the reference is looked for. `body`: as it came.
///
/// # Errors
/// [`FlorinError::InvalidInput`] for another method, a body over 64 KB, or one that is no callback. It repeats nothing of
/// the body.
pub fn read_callback(method: &str, target: &str, body: &[u8]) -> Result<Callback, FlorinError> {
    check(method, body)?;
    let body: Body = serde_json::from_slice(body).map_err(|_| not_one())?;
    let text = |raw: Option<Box<RawValue>>| {
        let raw = raw?;
        serde_json::from_str::<String>(raw.get())
            .ok()
            .or_else(|| raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit()).then(|| raw.get().to_owned()))
    };
    Ok(Callback {
        reference: reference_in(target).or(body.reference_id),
        external_id: text(body.external_id),
        status: body.status,
        reason: body.reason,
        financial_transaction_id: text(body.financial_transaction_id),
        amount: text(body.amount).and_then(|amount| amount.parse().ok()),
        currency: body.currency,
    })
}

/// Reads a callback of a known operation: all that asking by the reference would answer.
///
/// # Errors
/// As [`read_callback`]; also for one that is not final.
pub fn typed_callback<O: Asynchronous>(method: &str, body: &[u8]) -> Result<O::Result, FlorinError> {
    check(method, body)?;
    let result: O::Result = serde_json::from_slice(body).map_err(|_| not_one())?;
    if result.status().is_final() { Ok(result) } else { Err(FlorinError::invalid("body", "is not final")) }
}

fn check(method: &str, body: &[u8]) -> Result<(), FlorinError> {
    if !matches!(method, "PUT" | "POST") {
        return Err(FlorinError::invalid("method", "must be PUT or POST"));
    }
    if body.len() > BODY_LIMIT {
        return Err(FlorinError::invalid("body", "is too large for a callback"));
    }
    Ok(())
}

fn not_one() -> FlorinError {
    FlorinError::invalid("body", "is not a callback of MoMo")
}

/// The last UUID that is a segment of the path or a value of the query.
fn reference_in(target: &str) -> Option<ReferenceId> {
    target.rsplit(['/', '?', '&', '=', '#']).find_map(|part| part.parse().ok())
}

/// Reads a callback: see `MomoCallback`.
#[cfg(feature = "uniffi")]
#[uniffi::export]
pub fn read_momo_callback(method: String, target: String, body: Vec<u8>) -> Result<Callback, FlorinError> {
    read_callback(&method, &target, &body)
}
