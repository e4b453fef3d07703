//! What one exchange says about the call.

use super::transport::{Lost, WireAnswer};
use crate::code::Code;
use crate::error::{FieldError, FlorinError};
use crate::retry::Outcome;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The most characters of a server's message that are passed on.
const REASON_LIMIT: usize = 500;

pub(super) enum Verdict<A> {
    /// It was carried out.
    Done(A),
    /// It was not, and repeating it as it is will not help.
    No(No),
    /// Neither: the table says what next.
    Unclear(Failure),
}

pub(super) struct No {
    pub(super) error: FlorinError,
    /// Whether a fresh credential may help.
    pub(super) credential: bool,
}

pub(super) struct Failure {
    pub(super) outcome: Outcome,
    pub(super) code: Option<u32>,
    pub(super) reason: String,
    pub(super) request_id: Option<String>,
}

impl Failure {
    /// Nothing ran, or it only read.
    pub(super) fn unavailable(self) -> FlorinError {
        FlorinError::Unavailable { code: self.code, reason: self.reason, request_id: self.request_id }
    }
}

/// What every answer has, whatever else is in it.
#[derive(Deserialize)]
struct Envelope {
    resultcode: u32,
    #[serde(default)]
    resultmessage: Value,
    #[serde(default)]
    errors: Value,
}

impl<A: DeserializeOwned> Verdict<A> {
    pub(super) fn of(exchange: Result<WireAnswer, Lost>) -> Self {
        let answer = match exchange {
            Ok(answer) => answer,
            Err(Lost { outcome, reason }) => {
                return Self::Unclear(Failure { outcome, code: None, reason, request_id: None });
            }
        };
        let Ok(envelope) = serde_json::from_slice::<Envelope>(&answer.body) else {
            let reason = format!(
                "HTTP {} with {} bytes that are not an answer of the platform",
                answer.status,
                answer.body.len()
            );
            return Self::invalid(answer, reason);
        };
        let code = Code(envelope.resultcode);
        if code == Code::OK {
            // Not the parser's own words: they repeat what it has read.
            return match serde_json::from_slice(&answer.body) {
                Ok(result) => Self::Done(result),
                Err(e) => {
                    let reason = format!("an Ok without the fields it should have (at byte {})", e.column());
                    Self::invalid(answer, reason)
                }
            };
        }
        let reason = match envelope.resultmessage {
            Value::String(text) => text.chars().take(REASON_LIMIT).collect(),
            _ => code.meaning().to_owned(),
        };
        let request_id = answer.request_id;
        if let Some(outcome) = Outcome::of(code) {
            return Self::Unclear(Failure { outcome, code: Some(code.0), reason, request_id });
        }
        if code.is_about_credential() {
            return Self::No(No {
                error: FlorinError::Unauthorized { code: Some(code.0), reason, request_id },
                credential: true,
            });
        }
        Self::No(No {
            credential: false,
            error: refused(code, reason, serde_json::from_value(envelope.errors).unwrap_or_default(), request_id),
        })
    }

    fn invalid(answer: WireAnswer, reason: String) -> Self {
        Self::Unclear(Failure { outcome: Outcome::InvalidAnswer, code: None, reason, request_id: answer.request_id })
    }
}

pub(super) fn refused(code: Code, reason: String, fields: Vec<FieldError>, request_id: Option<String>) -> FlorinError {
    FlorinError::Refused { code: code.0, name: code.name().to_owned(), reason, fields, request_id }
}
