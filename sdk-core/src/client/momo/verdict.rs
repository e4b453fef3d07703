//! What one answer says: by its code, not by its status, as a caller's mistake also comes as 500 (section 8).

use crate::client::transport::{Lost, WireAnswer};
use crate::client::verdict::{Failure, No, Verdict};
use crate::error::FlorinError;
use crate::momo::{Access, MomoSpec, ReasonCode};
use crate::retry::Outcome;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// The most characters of a server's message that are passed on.
const REASON_LIMIT: usize = 200;

/// The bodies of all refusals at once: the wallet platform's, the gateway's and the token service's.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Refusal {
    code: Option<String>,
    status_code: Option<serde_json::Value>,
    error: Option<String>,
    message: Option<String>,
}

pub(super) fn of<A: DeserializeOwned>(spec: &MomoSpec, exchange: Result<WireAnswer, Lost>) -> Verdict<A> {
    let answer = match exchange {
        Ok(answer) => answer,
        Err(Lost { outcome, reason }) => return unclear(outcome, None, reason, None),
    };
    // Any 2xx counts (K3). What answers with nothing is done, but for a page of some proxy in place of the answer.
    if (200..300).contains(&answer.status) {
        let said_nothing = answer.status == spec.success
            || answer.body.trim_ascii().is_empty()
            || serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok();
        let body: &[u8] = if spec.answers_nothing && said_nothing { b"{}" } else { &answer.body };
        // Not the parser's own words: they repeat what it has read.
        let Ok(value) = serde_json::from_slice(body) else {
            let reason = format!("HTTP {} without the fields it should have", answer.status);
            return unclear(Outcome::InvalidAnswer, Some(answer.status), reason, answer.request_id);
        };
        return Verdict::Done(value);
    }
    let ours = serde_json::from_slice::<Refusal>(&answer.body);
    let readable = ours.is_ok();
    let refusal = ours.unwrap_or_default();
    let code = refusal.code.as_deref().map(ReasonCode::read);
    let from_gateway = refusal.status_code.is_some();
    let status = answer.status;
    let reason = match (&refusal.message, &refusal.error) {
        (Some(message), _) => redacted(message),
        (None, Some(error)) => redacted(error),
        (None, None) if answer.body.is_empty() => format!("HTTP {status} with an empty body"),
        (None, None) => format!("HTTP {status} with {} bytes that say nothing", answer.body.len()),
    };
    let no = |name: String, credential: bool| {
        let id = answer.request_id.clone();
        let reason = reason.clone();
        let error = if credential {
            FlorinError::Unauthorized { code: Some(status.into()), reason, request_id: id }
        } else {
            FlorinError::Refused { code: status.into(), name, reason, fields: Vec::new(), request_id: id }
        };
        Verdict::No(No { error, credential })
    };
    let named = |fallback: &ReasonCode| code.as_ref().unwrap_or(fallback).to_string();
    let bare = || code.as_ref().map_or_else(|| format!("HTTP_{status}"), ToString::to_string);
    let wrong_pair = spec.access == Access::Auth && refusal.error.as_deref() == Some("login_failed");
    match (status, &code) {
        // Older sandboxes answered a wrong pair with 500 (K7).
        _ if wrong_pair => no(String::new(), true),
        (401, _) => no(String::new(), true),
        (_, Some(ReasonCode::ResourceAlreadyExist)) => no(named(&ReasonCode::ResourceAlreadyExist), false),
        (_, Some(ReasonCode::ResourceNotFound)) => no(named(&ReasonCode::ResourceNotFound), false),
        (_, Some(code)) if code.is_callers_mistake() => no(code.to_string(), false),
        // Without a code, and not a page of some proxy or the gateway's word for a path that it does not know.
        (404, None) if !from_gateway && (readable || answer.body.is_empty()) => {
            no(named(&ReasonCode::ResourceNotFound), false)
        }
        // Too many requests. Of an operation that has a 429 of its own it is a decision.
        (429, _) if !spec.refusals.iter().any(|refusal| refusal.status == 429) => {
            unclear(Outcome::TooFast, Some(status), reason, answer.request_id)
        }
        (409, None) if spec.success == 202 => no(named(&ReasonCode::ResourceAlreadyExist), false),
        (408 | 425, _) => unclear(Outcome::NoAnswer, Some(status), reason, answer.request_id),
        (400..500, _) => no(bare(), false),
        (500.., _) => unclear(Outcome::SystemError, Some(status), reason, answer.request_id),
        // A redirect, or what is no answer at all.
        _ => unclear(Outcome::InvalidAnswer, Some(status), reason, answer.request_id),
    }
}

fn unclear<A>(outcome: Outcome, status: Option<u16>, reason: String, request_id: Option<String>) -> Verdict<A> {
    Verdict::Unclear(Failure { outcome, code: status.map(u32::from), reason, request_id })
}

/// A server's words without what could be a number, an address or a key.
fn redacted(message: &str) -> String {
    let hidden = |word: &str| word.contains('@') || word.bytes().filter(u8::is_ascii_digit).count() > 5;
    let words: Vec<_> = message.split_whitespace().map(|word| if hidden(word) { "***" } else { word }).collect();
    words.join(" ").chars().take(REASON_LIMIT).collect()
}
