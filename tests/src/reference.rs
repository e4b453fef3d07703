//! The reference files in `spec/`: what the code is compared with.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One operation, as a reference file has it.
#[derive(Debug, Deserialize)]
pub struct Documented {
    /// Its name.
    pub name: String,
    /// GET, POST or DELETE.
    pub method: String,
    /// All its paths.
    pub paths: Vec<String>,
    /// Parameters in the path.
    #[serde(default)]
    pub path_params: Vec<PathParam>,
    /// `read` or `write`.
    pub access: String,
    /// `public`, `provider`, `mobile` or `both`: only for Florin's own.
    pub callers: Option<String>,
    /// Whether it must not run twice.
    pub financial: bool,
    /// Agreed, but not built yet: only for Florin's own.
    #[serde(default)]
    pub later: bool,
    /// Whether its calls are counted: only for Omnigate's.
    pub rate_limited: Option<bool>,
    /// Whether it needs a credential: only for Omnigate's.
    pub auth: Option<Auth>,
    /// The rights that open it: only for Omnigate's.
    pub rights_inferred: Option<Rights>,
    /// How long a client waits: only for Omnigate's.
    pub timeout_ms: Option<u64>,
    /// Its fields in query or body.
    pub request_params: Vec<Param>,
    /// What it answers.
    pub response_params: Vec<AnswerParam>,
    /// Requests as printed.
    #[serde(default)]
    pub example_requests: Vec<Example>,
    /// Answers as printed.
    #[serde(default)]
    pub example_responses: Vec<Example>,
}

/// Whether an operation needs a credential.
#[derive(Debug, Deserialize)]
pub struct Auth {
    /// True, false, or `"depends"`.
    pub required: Value,
}

/// See `florin_sdk_core::operation::Rights`.
#[derive(Debug, Deserialize)]
pub struct Rights {
    /// For the caller's own profile.
    pub own: Vec<String>,
    /// For a profile below it.
    pub child: Vec<String>,
    /// For every profile.
    pub any: Vec<String>,
}

/// A parameter in the path.
#[derive(Debug, Deserialize)]
pub struct PathParam {
    /// Its name.
    pub name: String,
    /// What it looks like.
    pub pattern: Option<String>,
    /// Least length, where there is no pattern.
    pub min_len: Option<usize>,
    /// Greatest length, where there is no pattern.
    pub max_len: Option<usize>,
}

/// What a pattern of the reference file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// A prefix and so many digits or capital hexadecimal digits.
    Id(String, usize),
    /// One of these.
    OneOf(Vec<String>),
    /// Digits, so many.
    Digits(usize, usize),
    /// Characters, so many.
    Text(usize, usize),
}

impl PathParam {
    /// What its pattern says.
    #[must_use]
    pub fn pattern(&self) -> Option<Pattern> {
        let inner = self.pattern.as_deref()?.trim_start_matches('^').trim_end_matches('$');
        let range = |text: &str| {
            let (least, most) = text.strip_prefix('{')?.strip_suffix('}')?.split_once(',')?;
            Some((least.parse::<usize>().ok()?, most.parse::<usize>().ok()?))
        };
        let id = inner.strip_suffix("[0-9]{16}").map(|prefix| Pattern::Id(prefix.to_owned(), 16));
        let key = || inner.strip_suffix("[0-9A-F]{32}").map(|prefix| Pattern::Id(prefix.to_owned(), 32));
        let list = || {
            let values = inner.strip_prefix('(')?.strip_suffix(')')?.split('|');
            Some(Pattern::OneOf(values.map(str::to_owned).collect()))
        };
        let digits = || {
            let rest = inner.strip_prefix("[0-9]")?;
            let (least, most) = if rest == "+" { (1, 9) } else { range(rest)? };
            Some(Pattern::Digits(least, most))
        };
        let text = || {
            let (least, most) = range(inner.strip_prefix('.').or_else(|| inner.strip_prefix("[a-z]"))?)?;
            Some(Pattern::Text(least, most))
        };
        let found = id.or_else(key).or_else(list).or_else(digits).or_else(text);
        Some(found.unwrap_or_else(|| panic!("{}: a new kind of pattern, {inner}", self.name)))
    }

    /// Whether a text has its form.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match self.pattern() {
            Some(Pattern::Id(prefix, length)) => text.strip_prefix(&prefix).is_some_and(|rest| rest.len() == length),
            Some(Pattern::OneOf(values)) => values.iter().any(|value| value == text),
            Some(Pattern::Digits(least, most)) => (least..=most).contains(&text.len()) && digits(text),
            Some(Pattern::Text(least, most)) => (least..=most).contains(&text.chars().count()),
            None => true,
        }
    }

    /// A text of its form.
    #[must_use]
    pub fn sample(&self) -> String {
        match self.pattern() {
            Some(Pattern::Id(prefix, length)) => {
                format!("{prefix}{}", "1234567812345678".repeat(2).get(..length).unwrap())
            }
            Some(Pattern::OneOf(values)) => values[0].clone(),
            Some(Pattern::Digits(least, _)) => "1".repeat(least),
            Some(Pattern::Text(least, most)) => "ripple".chars().cycle().take(least.max(6).min(most)).collect(),
            None => "sample".to_owned(),
        }
    }
}

/// A field of a request.
#[derive(Debug, Deserialize)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// True, false, or `"depends"`.
    pub required: Value,
    /// String, Number, Boolean, Array or JSON.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where it stands: `body`, `query`, or an object in the body.
    #[serde(rename = "in")]
    pub within: Option<String>,
    /// Least length as printed.
    pub min_len: Option<usize>,
    /// Greatest length as printed.
    pub max_len: Option<usize>,
    /// Accepted values as printed.
    pub accepted: Option<String>,
    /// Under which condition the row counts.
    pub applies_when: Option<String>,
    /// What counts instead of what is printed.
    #[serde(default)]
    pub resolved: BTreeMap<String, Value>,
}

impl Param {
    /// Whether the field must always be there. What depends on another field counts as optional.
    #[must_use]
    pub fn is_required(&self) -> bool {
        let required = self.resolved.get("required").unwrap_or(&self.required);
        *required == Value::Bool(true) && self.applies_when.is_none()
    }

    fn length(&self, name: &str, printed: Option<usize>) -> Option<usize> {
        match self.resolved.get(name) {
            Some(value) => value.as_u64().and_then(|length| usize::try_from(length).ok()),
            None => printed,
        }
    }

    /// Least and greatest length that count; of a number, its range.
    #[must_use]
    pub fn bounds(&self) -> Option<(usize, usize)> {
        if self.kind.as_deref() == Some("Number") {
            let (least, greatest) = self.accepted.as_deref()?.split_once(" to ")?;
            return Some((least.parse().ok()?, greatest.parse().ok()?));
        }
        Some((self.length("min_len", self.min_len)?, self.length("max_len", self.max_len)?))
    }
}

/// A field of an answer.
#[derive(Debug, Deserialize)]
pub struct AnswerParam {
    /// Its name.
    pub name: String,
    /// The object that it is in: empty for the top, then names with points between them and `[]` after lists.
    #[serde(rename = "in")]
    pub within: String,
    /// String, Number, Boolean, Array or JSON: only for Omnigate's.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Whether it may be absent.
    pub optional: bool,
    /// Under which condition the row counts.
    pub applies_when: Option<String>,
}

/// An example.
#[derive(Debug, Deserialize)]
pub struct Example {
    /// `json` or `url`.
    pub kind: String,
    /// The example.
    pub json: Option<Value>,
    /// The example, less what the page elides.
    pub json_elided: Option<Value>,
    /// The text as printed, where it is not JSON.
    pub raw: Option<String>,
}

/// Florin's own operations, and what Florin adds to Omnigate's.
#[derive(Debug, Deserialize)]
pub struct Own {
    /// The operations.
    pub operations: Vec<Documented>,
    /// The additions.
    pub additions: Vec<Addition>,
    /// The result codes.
    pub result_codes: Vec<OwnCode>,
}

/// What Florin adds to an Omnigate operation.
#[derive(Debug, Deserialize)]
pub struct Addition {
    /// Which.
    pub operation: String,
    /// Fields of its request.
    pub request_params: Vec<Param>,
    /// Fields of its answer.
    pub response_params: Vec<AnswerParam>,
}

/// A result code of Florin's.
#[derive(Debug, Deserialize)]
pub struct OwnCode {
    /// The code.
    pub code: u32,
    /// Its name.
    pub name: String,
}

/// `omnigate/errors.json`.
#[derive(Debug, Deserialize)]
pub struct Errors {
    /// The result codes.
    pub result_codes: Vec<Condition>,
    /// What can happen without a result code.
    pub non_code_conditions: Vec<Condition>,
    /// How long to wait.
    pub timeouts: Vec<Timeout>,
    /// Where a payment request can stand.
    pub payment_status_codes: Vec<PaymentStatusCode>,
}

/// A result code, or what happened instead of one.
#[derive(Debug, Deserialize)]
pub struct Condition {
    /// The code.
    pub code: Option<u32>,
    /// Its name.
    pub name: String,
    /// Whether an operation that moves no money may simply be sent again.
    pub retry_non_financial: bool,
    /// Whether a money operation may simply be sent again.
    pub retry_financial: bool,
    /// The least time to wait before.
    pub retry_delay_s: Option<u64>,
    /// How often.
    pub max_retries: u32,
}

/// A kind of operation and how long to wait for it.
#[derive(Debug, Deserialize)]
pub struct Timeout {
    /// The kind.
    pub category: String,
    /// How long.
    pub timeout_ms: u64,
}

/// Where a payment request can stand.
#[derive(Debug, Deserialize)]
pub struct PaymentStatusCode {
    /// The number.
    pub code: u32,
    /// In words.
    pub name: String,
    /// Whether it stays so.
    #[serde(rename = "final")]
    pub is_final: bool,
}

/// `omnigate/roles.json`.
#[derive(Debug, Deserialize)]
pub struct Roles {
    /// The roles.
    pub roles: Vec<Role>,
    /// The rights.
    pub rights: Vec<Right>,
}

/// A role.
#[derive(Debug, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its rights.
    pub rights: Vec<String>,
}

/// A right.
#[derive(Debug, Deserialize)]
pub struct Right {
    /// Its name.
    pub name: String,
    /// What it opens.
    pub description: String,
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("spec/{file}: {error}"))
}

/// The operations of `omnigate/operations.json`.
#[must_use]
pub fn omnigate() -> Vec<Documented> {
    parse("omnigate/operations.json", include_str!("../spec/omnigate/operations.json"))
}

/// The same rows as they are.
#[must_use]
pub fn omnigate_raw() -> Vec<Value> {
    parse("omnigate/operations.json", include_str!("../spec/omnigate/operations.json"))
}

/// `florin/operations.json`.
#[must_use]
pub fn florin() -> Own {
    parse("florin/operations.json", include_str!("../spec/florin/operations.json"))
}

/// `omnigate/errors.json`.
#[must_use]
pub fn errors() -> Errors {
    parse("omnigate/errors.json", include_str!("../spec/omnigate/errors.json"))
}

/// `omnigate/roles.json`.
#[must_use]
pub fn roles() -> Roles {
    parse("omnigate/roles.json", include_str!("../spec/omnigate/roles.json"))
}
