//! The loop for what moves money: never twice, and nothing left unknown if asking can tell.
//!
//! Each copy of a request carries the same client reference, under which the server carries it out once. After an
//! outcome that proves nothing the server is asked what became of the reference before another copy is sent.

use super::attempts::Attempts;
use super::call::{Call, fields};
use super::verdict::{Verdict, refused};
use super::{Client, Native, Shared, plain};
use crate::code::Code;
use crate::error::FlorinError;
use crate::json::JsonObject;
use crate::operation::{GetOperationOutcome, MoneyOperation, OperationOutcome, OutcomeKind, Spec, all};
use crate::retry::{NEVER_REPEATED, Next, Outcome};
use reqwest::header::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// Where the client reference stands.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The most characters of a client reference.
const REFERENCE_LIMIT: usize = 255;

/// How often to ask again about a request that is still running, at the pace of [`Outcome::InFlight`]: with its 1 s as
/// long as the longest time-out.
const PENDING_LIMIT: u32 = 15;

/// A call of an operation that moves money, under its client reference.
#[derive(Clone)]
pub struct MoneyCall {
    call: Call,
    reference: String,
    request: JsonObject,
}

impl MoneyCall {
    /// A call under `reference`; without one, under the reference in the request's body; without that, under a new
    /// random one.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for a reference that is not 1 to 255 visible ASCII characters or differs from the
    /// one in the body, and for a request that breaks its own rules.
    pub fn new<O: MoneyOperation>(operation: &O, reference: Option<String>) -> Result<Self, FlorinError> {
        let reference = match (reference, operation.body_reference()) {
            (Some(given), Some(body)) if given != body => {
                return Err(FlorinError::invalid("reference", "differs from the one in the request"));
            }
            (Some(given), _) => given,
            (None, Some(body)) => body.to_owned(),
            (None, None) => random_id()?,
        };
        Self::build(O::spec(), JsonObject(fields(operation)?), reference)
    }

    /// A call that was noted earlier, by the name of its operation.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] if this version knows no such operation that moves money, or the reference cannot
    /// be one.
    pub fn restore(operation: &str, request: JsonObject, reference: String) -> Result<Self, FlorinError> {
        let spec = all()
            .into_iter()
            .find(|spec| spec.money && spec.name == operation)
            .ok_or_else(|| FlorinError::invalid("operation", "moves no money in this version"))?;
        Self::build(spec, request, reference)
    }

    fn build(spec: Spec, request: JsonObject, reference: String) -> Result<Self, FlorinError> {
        let mut call = Call::new(spec, request.0.clone())?;
        call.headers.insert(IDEMPOTENCY_KEY, reference_header(&reference)?);
        Ok(Self { call, reference, request })
    }

    /// The operation's name.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.call.spec.name
    }

    /// The client reference of each copy.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The operation's fields, as they go over the wire.
    #[must_use]
    pub fn request(&self) -> &JsonObject {
        &self.request
    }

    /// Whether another copy may be sent although an earlier one may have run.
    fn may_be_repeated(&self) -> bool {
        !NEVER_REPEATED.contains(&self.operation())
    }

    fn in_doubt(&self, reason: String, request_id: Option<String>) -> FlorinError {
        let hint = "it stands in no transaction list: look at the network itself before you send another";
        let reason = if self.may_be_repeated() { reason } else { format!("{reason}; {hint}") };
        FlorinError::InDoubt {
            operation: self.operation().to_owned(),
            reference: Some(self.reference.clone()),
            reason,
            request_id,
        }
    }
}

/// Does not show the request: it may hold what is never logged.
impl fmt::Debug for MoneyCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MoneyCall")
            .field("operation", &self.operation())
            .field("reference", &self.reference)
            .finish_non_exhaustive()
    }
}

fn reference_header(reference: &str) -> Result<HeaderValue, FlorinError> {
    let valid = (1..=REFERENCE_LIMIT).contains(&reference.len())
        && reference.bytes().all(|b| b.is_ascii_graphic())
        // As a part of a path these would mean another path, and the server could not be asked.
        && !matches!(reference, "." | "..");
    HeaderValue::from_str(reference).ok().filter(|_| valid).ok_or_else(|| {
        FlorinError::invalid("reference", format!("must be 1 to {REFERENCE_LIMIT} visible ASCII characters"))
    })
}

/// 128 random bits as 32 hexadecimal digits: a name that nobody has used before. It is short enough, and of the right
/// characters, for each body that has a place for a reference.
///
/// # Errors
/// [`FlorinError::Unavailable`] if the system has no random bytes to give.
pub fn random_id() -> Result<String, FlorinError> {
    Ok(format!("{:032x}", super::random_bits()?))
}

/// What the server says became of a reference.
#[derive(Debug)]
pub enum Asked<A> {
    /// Carried out, with this answer.
    Done(A),
    /// Refused for good, with [`FlorinError::Refused`].
    Refused(FlorinError),
    /// The server has decided nothing under this reference. Another copy is safe, and its answer is the decision.
    Unknown,
    /// It could not be found out: still running after a while, or the question was not answered.
    Undecided {
        /// Why.
        reason: String,
    },
}

impl Client {
    /// Sends a call that moves money, once however often it takes.
    ///
    /// The future must be driven to its end: run it in a task of its own, with the call's reference noted before.
    ///
    /// # Errors
    /// [`FlorinError`]: any of its variants but `Journal` and `Cancelled`. After `InDoubt` go on with
    /// [`Self::resume_money`].
    pub async fn send_money<A: DeserializeOwned>(&self, call: &MoneyCall) -> Result<A, FlorinError> {
        run(&self.shared, call, false).await
    }

    /// Goes on with a call whose outcome was left unknown: asks first, and sends another copy only if the server has
    /// decided nothing.
    ///
    /// # Errors
    /// As [`Self::send_money`].
    pub async fn resume_money<A: DeserializeOwned>(&self, call: &MoneyCall) -> Result<A, FlorinError> {
        match ask(&self.shared, call.operation(), &call.reference).await {
            Asked::Done(answer) => Ok(answer),
            Asked::Refused(error) => Err(error),
            Asked::Undecided { reason } => Err(call.in_doubt(reason, None)),
            Asked::Unknown if call.may_be_repeated() => run(&self.shared, call, true).await,
            Asked::Unknown => Err(call.in_doubt("the server does not know it".to_owned(), None)),
        }
    }

    /// Asks what became of a reference, and sends nothing else. A request that is still running is waited for a while.
    ///
    /// # Errors
    /// [`FlorinError::InvalidInput`] for a text that cannot be a reference.
    pub async fn ask<A: DeserializeOwned>(&self, operation: &str, reference: &str) -> Result<Asked<A>, FlorinError> {
        reference_header(reference)?;
        Ok(ask(&self.shared, operation, reference).await)
    }
}

/// `in_doubt`: whether an earlier copy may have run.
async fn run<A: DeserializeOwned>(shared: &Shared, money: &MoneyCall, mut in_doubt: bool) -> Result<A, FlorinError> {
    let native = Native { shared, call: &money.call };
    let mut attempts = Attempts::new(&native);
    loop {
        let failure = match attempts.next().await {
            Verdict::Done(answer) => return Ok(answer),
            Verdict::No(no) if !in_doubt || decides(&no.error) => return Err(no.error),
            // This copy did not run, but an earlier one may have. If the server, having seen the reference again,
            // still knows nothing of it, the refusal is all there is.
            Verdict::No(no) => {
                return match ask(shared, money.operation(), &money.reference).await {
                    Asked::Done(answer) => Ok(answer),
                    Asked::Refused(error) => Err(error),
                    Asked::Unknown => Err(no.error),
                    Asked::Undecided { reason } => {
                        let id = no.error.request_id().map(str::to_owned);
                        Err(money.in_doubt(format!("{}; {reason}", no.error), id))
                    }
                };
            }
            Verdict::Unclear(failure) => failure,
        };
        let rule = failure.outcome.rule();
        in_doubt |= rule.money == Next::AskFirst;
        let may_repeat = attempts.may_repeat(rule) && (!in_doubt || money.may_be_repeated());
        if !may_repeat && !in_doubt {
            return Err(failure.unavailable());
        }
        attempts.wait(rule).await;
        if may_repeat && rule.money == Next::Again {
            continue;
        }
        // After an outcome that proves nothing; and before giving up, if there ever was one.
        match ask(shared, money.operation(), &money.reference).await {
            Asked::Done(answer) => return Ok(answer),
            Asked::Refused(error) => return Err(error),
            Asked::Unknown if may_repeat => {}
            Asked::Unknown => return Err(money.in_doubt(failure.reason, failure.request_id)),
            Asked::Undecided { reason } => {
                let reason = format!("{}; {reason}", failure.reason);
                return Err(money.in_doubt(reason, failure.request_id));
            }
        }
    }
}

/// Whether a refusal decides about the reference: no other copy of the request has run, or will.
fn decides(refusal: &FlorinError) -> bool {
    refusal.code().is_some_and(|code| code.is_decided() || code == Code::REFERENCE_CONFLICT)
}

async fn ask<A: DeserializeOwned>(shared: &Shared, operation: &str, reference: &str) -> Asked<A> {
    let undecided = |reason: String| Asked::Undecided { reason };
    let question = GetOperationOutcome { reference: reference.to_owned(), operation: Some(operation.to_owned()) };
    let question = match Call::of(&question) {
        Ok(call) => call,
        Err(e) => return undecided(e.to_string()),
    };
    for again in 0..=PENDING_LIMIT {
        if again > 0 {
            tokio::time::sleep(shared.options.delay(Outcome::InFlight.rule())).await;
        }
        let found: OperationOutcome = match Box::pin(plain::run(&Native { shared, call: &question }, false)).await {
            Ok(found) => found,
            Err(e) => return undecided(format!("asking for the outcome failed: {e}")),
        };
        tracing::info!(operation, outcome = %found.outcome, "asked what became of it");
        match found.outcome {
            // Without its answer, or with one that does not fit, another copy gets it: the first answer is repeated.
            OutcomeKind::Done => {
                let answer = found.answer.map(|answer| serde_json::from_value(Value::Object(answer.0)));
                return match answer {
                    Some(Ok(answer)) => Asked::Done(answer),
                    _ => Asked::Unknown,
                };
            }
            OutcomeKind::Refused => {
                let code = Code(found.refusal_code.unwrap_or_default());
                let reason = found.refusal_message.unwrap_or_else(|| code.meaning().to_owned());
                return Asked::Refused(refused(code, reason, Vec::new(), None));
            }
            OutcomeKind::Unknown => return Asked::Unknown,
            OutcomeKind::Pending => {}
            OutcomeKind::Other { raw } => return undecided(format!("its outcome is {raw:?}")),
        }
    }
    undecided("it is still running".to_owned())
}
