//! Client references: under one of them, one request runs once.
//!
//! The identity of a request is the owner of its credential, its operation, the object that its path names, and the
//! reference; with it goes a fingerprint of the whole request. The same again gets the first answer; another request
//! under the same identity is a conflict, which tells nothing of the first. Only decisions are kept: success and
//! business refusals. They are kept for ever, in the same database transaction as what they did.
//!
//! Source: DESIGN section 4; spec/florin/extensions.md, "Credentials".

use crate::refusal::Refusal;
use crate::store::{Query, Reader, Record, StoreError, Writer, record};
use florin_sdk_core::code::Code;
use florin_sdk_core::operation::{OperationOutcome, OutcomeKind};
use florin_sdk_core::{JsonObject, Prid, Timestamp, Txid, Upid};
use serde_json::Value;
use sha2::{Digest, Sha256};

record! {
    /// What became of a request under a client reference.
    ClientReference in "client_reference" found by 2 key {
        /// The profile whose credential it was.
        owner: Upid,
        /// The reference.
        reference: String,
        /// The operation.
        operation: String,
        /// The object that its path names; empty if none.
        target: String,
    } {
        /// Later ones are greater.
        number: i64,
        /// SHA-256 of the request.
        fingerprint: [u8; 32],
        /// The result code it got.
        code: u32,
        /// The message of a refusal.
        message: Option<String>,
        /// The answer of a success, without the envelope.
        answer: Option<JsonObject>,
        /// The transaction that it made.
        txid: Option<Txid>,
        /// The payment request that it made or settled.
        prid: Option<Prid>,
        /// When it was decided.
        decided: Timestamp,
    }
}

impl ClientReference {
    /// All rows of an owner with this reference, whatever the operation.
    #[must_use]
    pub fn of(owner: Upid, reference: &str) -> Query {
        Self::query().eq(Self::owner, owner).eq(Self::reference, reference)
    }

    /// Whether it is a success with its answer, or a refusal with its message.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        if self.code == Code::OK.0 {
            self.answer.is_some()
        } else {
            self.message.is_some() && Code(self.code).is_decided()
        }
    }
}

/// What identifies a request under a client reference.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The profile whose credential it is.
    pub owner: Upid,
    /// The operation.
    pub operation: &'static str,
    /// The object that its path names; empty if none.
    pub target: String,
    /// The reference.
    pub reference: String,
    /// SHA-256 of the request.
    pub fingerprint: [u8; 32],
}

/// The fingerprint of a request: of its operation and its fields, whatever their order.
///
/// `request` must come from a typed request, so that two texts of one value give one fingerprint.
#[must_use]
pub fn fingerprint(operation: &str, request: &Value) -> [u8; 32] {
    let mut hasher = Sha256::new();
    feed(&mut hasher, &Value::from(operation));
    feed(&mut hasher, request);
    hasher.finalize().into()
}

/// Each part with its kind and length before it, names in order: the same bytes for the same value, for ever.
fn feed(hasher: &mut Sha256, value: &Value) {
    let mut part = |kind: u8, len: usize, bytes: &[u8]| {
        hasher.update([kind]);
        hasher.update((len as u64).to_be_bytes());
        hasher.update(bytes);
    };
    match value {
        Value::Null => part(b'0', 0, &[]),
        Value::Bool(flag) => part(b'b', 1, &[u8::from(*flag)]),
        Value::Number(number) => part(b'n', number.to_string().len(), number.to_string().as_bytes()),
        Value::String(text) => part(b's', text.len(), text.as_bytes()),
        Value::Array(list) => {
            part(b'a', list.len(), &[]);
            for item in list {
                feed(hasher, item);
            }
        }
        Value::Object(map) => {
            part(b'o', map.len(), &[]);
            for (name, value) in map.iter().collect::<std::collections::BTreeMap<_, _>>() {
                feed(hasher, &Value::from(name.as_str()));
                feed(hasher, value);
            }
        }
    }
}

/// What a request made or settled, beside its answer.
#[derive(Debug, Default, Clone, Copy)]
pub struct Made {
    /// The transaction that it made.
    pub txid: Option<Txid>,
    /// The payment request that it made or settled.
    pub prid: Option<Prid>,
}

/// An answer, and whether it is the first one given again.
#[derive(Debug)]
pub struct Decided {
    /// The answer's fields, without the envelope.
    pub answer: JsonObject,
    /// Whether the request had run before.
    pub replayed: bool,
}

/// A refusal, and whether it is the first one given again.
#[derive(Debug)]
pub struct Refused {
    /// The refusal.
    pub refusal: Refusal,
    /// Whether the request had been refused before.
    pub replayed: bool,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, replayed: false }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

/// Runs `decide`; what it wrote stays only if it succeeds.
pub fn apart<T>(
    store: &mut dyn Writer,
    decide: impl FnOnce(&mut dyn Writer) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    store.begin_part()?;
    let decision = decide(store);
    store.end_part(decision.is_ok())?;
    decision
}

/// Runs a request once: decides it and keeps the decision, or gives the decision kept.
///
/// What `decide` wrote before it refused is undone; the refusal, if it is a decision, stays.
pub fn once(
    store: &mut dyn Writer,
    identity: &Identity,
    decide: impl FnOnce(&mut dyn Writer) -> Result<(JsonObject, Made), Refusal>,
) -> Result<Decided, Refused> {
    let key = (identity.owner, identity.reference.as_str(), identity.operation, identity.target.as_str());
    match store.get::<ClientReference>(key) {
        Ok(Some(kept)) => return replay(kept, identity),
        Ok(None) => {}
        Err(StoreError::NotLoaded) => {
            // It will run again. What it asks for by then is fetched together with this.
            let _ = apart(store, decide);
            return Err(StoreError::NotLoaded.into());
        }
        Err(error) => return Err(error.into()),
    }
    let decision = apart(store, decide);
    let number = store.next_id().cast_signed();
    let blank = ClientReference {
        number,
        owner: identity.owner,
        operation: identity.operation.to_owned(),
        target: identity.target.clone(),
        reference: identity.reference.clone(),
        fingerprint: identity.fingerprint,
        code: Code::OK.0,
        message: None,
        answer: None,
        txid: None,
        prid: None,
        decided: store.now(),
    };
    match decision {
        Ok((answer, made)) => {
            store.insert(&ClientReference {
                answer: Some(answer.clone()),
                txid: made.txid,
                prid: made.prid,
                ..blank
            })?;
            Ok(Decided { answer, replayed: false })
        }
        Err(refusal) => {
            if refusal.code.is_decided() {
                let message = Some(refusal.message.clone());
                store.insert(&ClientReference { code: refusal.code.0, message, ..blank })?;
            }
            Err(refusal.into())
        }
    }
}

fn replay(kept: ClientReference, identity: &Identity) -> Result<Decided, Refused> {
    if kept.fingerprint != identity.fingerprint {
        return Err(Refusal::new(Code::REFERENCE_CONFLICT).into());
    }
    match kept.answer {
        Some(answer) if kept.code == Code::OK.0 => Ok(Decided { answer, replayed: true }),
        _ => {
            let refusal = Refusal::because(Code(kept.code), kept.message.unwrap_or_default());
            Err(Refused { refusal, replayed: true })
        }
    }
}

/// What became of the newest request of `owner` under a reference, of any operation or of the given one.
pub fn outcome(
    store: &mut dyn Reader,
    owner: Upid,
    reference: &str,
    operation: Option<&str>,
) -> Result<OperationOutcome, Refusal> {
    let rows = store.list::<ClientReference>(ClientReference::of(owner, reference))?;
    let newest =
        rows.into_iter().filter(|row| operation.is_none_or(|name| row.operation == name)).max_by_key(|row| row.number);
    let blank = OperationOutcome {
        outcome: OutcomeKind::Unknown,
        operation: None,
        txid: None,
        prid: None,
        completed: None,
        refusal_code: None,
        refusal_message: None,
        answer: None,
    };
    Ok(match newest {
        None => blank,
        Some(row) if row.code == Code::OK.0 => OperationOutcome {
            outcome: OutcomeKind::Done,
            operation: Some(row.operation),
            txid: row.txid,
            prid: row.prid,
            completed: Some(row.decided),
            answer: row.answer,
            ..blank
        },
        Some(row) => OperationOutcome {
            outcome: OutcomeKind::Refused,
            operation: Some(row.operation),
            completed: Some(row.decided),
            refusal_code: Some(row.code),
            refusal_message: row.message,
            ..blank
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fingerprint_sees_values_not_their_order() {
        let one = fingerprint("Pay", &json!({"a": "1", "b": {"x": 1, "y": [true, null]}}));
        let mut other = serde_json::Map::new();
        other.insert("b".into(), json!({"y": [true, null], "x": 1}));
        other.insert("a".into(), json!("1"));
        assert_eq!(one, fingerprint("Pay", &Value::Object(other)));
        for different in [json!({"a": 1, "b": {"x": 1, "y": [true, null]}}), json!({"a": "1"}), json!({"a": "1b"})] {
            assert_ne!(one, fingerprint("Pay", &different));
        }
        assert_ne!(fingerprint("Pay", &json!({})), fingerprint("Refund", &json!({})));
    }
}
