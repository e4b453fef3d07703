//! An operation as a request line, headers and body.

use super::transport::WireRequest;
use crate::error::FlorinError;
use crate::operation::{Method, Operation, Problems, Spec};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::time::Duration;

/// What stays as it is in a path: RFC 3986's unreserved characters.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A call of one operation, ready to be sent as often as it takes.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) spec: Spec,
    target: String,
    body: Option<Vec<u8>>,
    pub(super) headers: HeaderMap,
}

impl Call {
    pub(super) fn of<O: Operation>(operation: &O) -> Result<Self, FlorinError> {
        Self::new(O::spec(), fields(operation)?)
    }

    /// The first of the operation's paths whose parameters are all there takes them; the other fields go into the
    /// query or the body.
    pub(super) fn new(spec: Spec, mut fields: Map<String, Value>) -> Result<Self, FlorinError> {
        let path = spec
            .paths
            .iter()
            .find(|path| parameters(path).all(|name| fields.contains_key(name)))
            .ok_or_else(|| FlorinError::invalid("request", "lacks a field of its path"))?;
        let mut target = spec.base.to_owned();
        write_path(&mut target, path, &mut fields)?;
        let body = match spec.method {
            Method::Post => Some(Value::Object(fields).to_string().into_bytes()),
            Method::Get | Method::Delete => {
                if !fields.is_empty() {
                    let mut query = url::form_urlencoded::Serializer::new(String::new());
                    for (name, value) in &fields {
                        query.append_pair(name, &text(value));
                    }
                    target.push('?');
                    target.push_str(&query.finish());
                }
                None
            }
        };
        Ok(Self { spec, target, body, headers: HeaderMap::new() })
    }

    pub(super) fn request(&self, timeout: Duration) -> WireRequest {
        WireRequest {
            method: self.spec.method,
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            timeout,
        }
    }
}

/// Writes a path whose parameters are among the fields, and takes them out.
pub(super) fn write_path(target: &mut String, path: &str, fields: &mut Map<String, Value>) -> Result<(), FlorinError> {
    for (place, part) in path.split('{').enumerate() {
        let parameter = if place == 0 { None } else { part.split_once('}') };
        match parameter.and_then(|(name, rest)| Some((name, rest, fields.remove(name)?))) {
            Some((name, rest, value)) => {
                target.extend(utf8_percent_encode(&segment_text(name, &value)?, KEPT));
                target.push_str(rest);
            }
            None => target.push_str(part),
        }
    }
    Ok(())
}

/// The operation's fields as JSON, once its own rules over several fields hold.
pub(super) fn fields<O: Operation>(operation: &O) -> Result<Map<String, Value>, FlorinError> {
    let mut problems = Problems::default();
    operation.check(&mut problems);
    if let Some(first) = problems.0.into_iter().next() {
        return Err(FlorinError::invalid(first.field, first.reason));
    }
    match serde_json::to_value(operation) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(FlorinError::invalid("request", "cannot be written as JSON")),
    }
}

fn parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0))
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// These would make another path of it, percent-encoded or not.
fn segment_text<'v>(name: &str, value: &'v Value) -> Result<Cow<'v, str>, FlorinError> {
    let text = text(value);
    match text.as_ref() {
        "" | "." | ".." => Err(FlorinError::invalid(name, "must be a text that can stand in a path")),
        _ => Ok(text),
    }
}
