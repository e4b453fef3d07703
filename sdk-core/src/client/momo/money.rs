//! What is begun under a reference: never twice, and asked about before it is sent again.
//!
//! Each copy of a request carries the same reference, under which MTN takes it once. After an outcome that proves
//! nothing the reference is asked about, and another copy is sent only after a 404 (section 6, rule 5). A 409 is
//! answered by asking, too, and by comparing what is there with what was sent (K19).

use super::request::{Extra, Request};
use super::{MomoCall, MomoClient};
use crate::client::attempts::Attempts;
use crate::client::plain;
use crate::client::verdict::Verdict;
use crate::error::FlorinError;
use crate::momo::{Access, Asynchronous, ByReference, Empty, MomoOperation, NoPath, ReasonCode, ReferenceId};
use crate::retry::Next;

/// Where something that was begun stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun<R> {
    /// The reference to ask by.
    pub reference: ReferenceId,
    /// What the server said, if it had to be asked on the way.
    pub found: Option<R>,
}

/// What the server has under a reference.
enum Asked<R> {
    /// This request.
    Ours(R),
    /// Another request: the field that differs.
    Other(&'static str),
    /// Nothing.
    Missing,
    /// It could not be found out.
    Undecided(String),
}

impl MomoClient {
    /// Begins an operation under `reference`: sent once or as often as it takes, begun once.
    ///
    /// The future must be driven to its end: run it in a task of its own, with the reference noted before.
    ///
    /// # Errors
    /// [`FlorinError`]: any of its variants but `Journal` and `Cancelled`. `Refused` with `RESOURCE_ALREADY_EXIST` if
    /// the reference was used for another request. After `InDoubt` go on with [`Self::resume`].
    pub async fn begin<O: Asynchronous>(
        &self,
        body: &O::Body,
        reference: ReferenceId,
        callback_url: Option<String>,
    ) -> Result<Begun<O::Result>, FlorinError> {
        self.run::<O>(body, reference, callback_url, false).await
    }

    /// Goes on with what was begun and left unknown: asks first, and sends another copy only if there is nothing.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub async fn resume<O: Asynchronous>(
        &self,
        body: &O::Body,
        reference: ReferenceId,
        callback_url: Option<String>,
    ) -> Result<Begun<O::Result>, FlorinError> {
        match self.look_up::<O>(body, reference).await {
            Asked::Missing => self.run::<O>(body, reference, callback_url, true).await,
            asked => settled::<O>(asked, reference),
        }
    }

    /// What became of what was begun under `reference`.
    ///
    /// # Errors
    /// [`FlorinError`]; `Refused` with the code 404 if there is nothing under it.
    pub async fn status<O: MomoOperation<Path = ByReference, Body = Empty>>(
        &self,
        reference: ReferenceId,
    ) -> Result<O::Answer, FlorinError> {
        self.send::<O>(&ByReference { reference_id: reference }, &Empty {}, &Extra::default()).await
    }

    /// `in_doubt`: whether an earlier copy may have arrived.
    async fn run<O: Asynchronous>(
        &self,
        body: &O::Body,
        reference: ReferenceId,
        callback_url: Option<String>,
        mut in_doubt: bool,
    ) -> Result<Begun<O::Result>, FlorinError> {
        let extra = Extra { reference: Some(reference), callback_url, ..Extra::default() };
        let request = Request::of::<O>(&self.wire, &NoPath {}, body, &extra)?;
        let call = MomoCall { wire: &self.wire, tokens: self.tokens.as_ref(), request: &request };
        let mut attempts = Attempts::new(&call);
        loop {
            let failure = match attempts.next::<Empty>().await {
                Verdict::Done(Empty {}) => return Ok(Begun { reference, found: None }),
                // Ours, if it is the same; also if the caller makes the same call again under its own reference.
                Verdict::No(no) if is_used(&no.error) => {
                    return match self.look_up::<O>(body, reference).await {
                        // Of another kind, or of another user.
                        Asked::Missing => Err(conflict(reference, "operation")),
                        asked => settled::<O>(asked, reference),
                    };
                }
                Verdict::No(no) if !in_doubt => return Err(no.error),
                // This copy began nothing, but an earlier one may have.
                Verdict::No(no) => {
                    return match self.look_up::<O>(body, reference).await {
                        Asked::Missing => Err(no.error),
                        Asked::Undecided(reason) => Err(doubt::<O>(reference, format!("{}; {reason}", no.error))),
                        asked => settled::<O>(asked, reference),
                    };
                }
                Verdict::Unclear(failure) => failure,
            };
            let rule = failure.outcome.rule();
            in_doubt |= rule.money == Next::AskFirst;
            let may_repeat = attempts.may_repeat(rule);
            if !may_repeat && !in_doubt {
                return Err(failure.unavailable());
            }
            attempts.wait(rule).await;
            if may_repeat && rule.money == Next::Again {
                continue;
            }
            match self.look_up::<O>(body, reference).await {
                Asked::Missing if may_repeat => {}
                Asked::Missing => return Err(doubt::<O>(reference, failure.reason)),
                Asked::Undecided(reason) => {
                    return Err(doubt::<O>(reference, format!("{}; {reason}", failure.reason)));
                }
                asked => return settled::<O>(asked, reference),
            }
        }
    }

    async fn look_up<O: Asynchronous>(&self, body: &O::Body, reference: ReferenceId) -> Asked<O::Result> {
        let path = ByReference { reference_id: reference };
        let request = match Request::of::<O::Ask>(&self.wire, &path, &Empty {}, &Extra::default()) {
            Ok(request) => request,
            Err(e) => return Asked::Undecided(e.to_string()),
        };
        let call = MomoCall { wire: &self.wire, tokens: self.tokens.as_ref(), request: &request };
        let asked = Box::pin(plain::run::<O::Result>(&call, O::Ask::ACCESS == Access::Write)).await;
        tracing::info!(operation = O::ID, found = asked.is_ok(), "asked what became of it");
        match asked {
            Ok(found) => match O::difference(body, &found) {
                None => Asked::Ours(found),
                Some(field) => Asked::Other(field),
            },
            Err(error) if is_missing(&error) => Asked::Missing,
            Err(error) => Asked::Undecided(format!("asking what became of it failed: {error}")),
        }
    }
}

fn settled<O: Asynchronous>(asked: Asked<O::Result>, reference: ReferenceId) -> Result<Begun<O::Result>, FlorinError> {
    match asked {
        Asked::Ours(found) => Ok(Begun { reference, found: Some(found) }),
        Asked::Other(field) => Err(conflict(reference, field)),
        Asked::Missing => Err(doubt::<O>(reference, "there is nothing under the reference".to_owned())),
        Asked::Undecided(reason) => Err(doubt::<O>(reference, reason)),
    }
}

/// The reference stands for something else: nothing of this request was begun.
fn conflict(reference: ReferenceId, field: &str) -> FlorinError {
    FlorinError::Refused {
        code: 409,
        name: ReasonCode::ResourceAlreadyExist.to_string(),
        reason: format!("the reference {reference} was used for another request: {field} differs"),
        fields: Vec::new(),
        request_id: None,
    }
}

fn doubt<O: Asynchronous>(reference: ReferenceId, reason: String) -> FlorinError {
    FlorinError::InDoubt {
        operation: O::ID.to_owned(),
        reference: Some(reference.to_string()),
        reason,
        request_id: None,
    }
}

fn is_used(error: &FlorinError) -> bool {
    matches!(error, FlorinError::Refused { name, .. } if *name == ReasonCode::ResourceAlreadyExist.as_str())
}

/// Whether the wallet platform itself says so: the gateway's 404 is named `HTTP_404`.
pub(super) fn is_missing(error: &FlorinError) -> bool {
    let said = [ReasonCode::ResourceNotFound, ReasonCode::NotFound];
    matches!(error, FlorinError::Refused { name, .. } if said.iter().any(|code| *name == code.as_str()))
}
