//! The loop for what moves no money.

use super::attempts::{Attempts, Exchange};
use super::verdict::Verdict;
use crate::error::FlorinError;
use serde::de::DeserializeOwned;

/// `writes`: whether it changes something.
pub(super) async fn run<A: DeserializeOwned>(call: &impl Exchange, writes: bool) -> Result<A, FlorinError> {
    let mut attempts = Attempts::new(call);
    // Whether an attempt may have changed something. From then on only success makes it certain: a repeat that is
    // refused may be refused because of the first copy (the name is taken; the key is gone).
    let mut in_doubt = false;
    let doubt = |reason: String, request_id: Option<String>| FlorinError::InDoubt {
        operation: call.name().to_owned(),
        reference: None,
        reason,
        request_id,
    };
    loop {
        let failure = match attempts.next().await {
            Verdict::Done(answer) => return Ok(answer),
            Verdict::No(no) if in_doubt => {
                let id = no.error.request_id().map(str::to_owned);
                return Err(doubt(format!("the repeat failed: {}", no.error), id));
            }
            Verdict::No(no) => return Err(no.error),
            Verdict::Unclear(failure) => failure,
        };
        let rule = failure.outcome.rule();
        in_doubt |= writes && !failure.outcome.nothing_ran();
        if attempts.may_repeat(rule) {
            attempts.wait(rule).await;
        } else if in_doubt {
            return Err(doubt(failure.reason, failure.request_id));
        } else {
            return Err(failure.unavailable());
        }
    }
}
