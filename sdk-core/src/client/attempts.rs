//! The attempts of one call: credential, count, delay.

use super::Shared;
use super::call::Call;
use super::transport::WireAnswer;
use super::verdict::{No, Verdict};
use crate::code::Code;
use crate::retry::Rule;
use serde::de::DeserializeOwned;
use tracing::{Instrument, Span, field};

pub(super) struct Attempts<'c> {
    shared: &'c Shared,
    call: &'c Call,
    made: u32,
    repeats: u32,
    had_fresh_token: bool,
}

impl<'c> Attempts<'c> {
    pub(super) fn new(shared: &'c Shared, call: &'c Call) -> Self {
        Self { shared, call, made: 0, repeats: 0, had_fresh_token: false }
    }

    /// One attempt. The first in a call that meets a token whose time is over is made again with a fresh one.
    pub(super) async fn next<A: DeserializeOwned>(&mut self) -> Verdict<A> {
        self.made += 1;
        let span = tracing::debug_span!(
            "attempt",
            operation = self.call.spec.name,
            attempt = self.made,
            outcome = field::Empty,
            code = field::Empty,
            request_id = field::Empty,
        );
        let verdict = self.exchange(&span).instrument(span.clone()).await;
        note(&span, &verdict);
        verdict
    }

    async fn exchange<A: DeserializeOwned>(&mut self, span: &Span) -> Verdict<A> {
        let mut expired = None;
        loop {
            let stamp = match self.shared.pass.stamp(expired.as_ref()).await {
                Ok(stamp) => stamp,
                Err(error) => {
                    return Verdict::No(No { error, credential: false });
                }
            };
            let timeout = self.shared.options.timeout(self.call.spec.timeout);
            let mut request = self.call.request(timeout);
            request.headers.insert(stamp.name.clone(), stamp.value.clone());
            let answer = self.shared.transport.exchange(request).await;
            if let Ok(WireAnswer { request_id: Some(id), .. }) = &answer {
                span.record("request_id", id.as_str());
            }
            let verdict = Verdict::of(answer);
            let renewable = stamp.generation.is_some() && !self.had_fresh_token;
            match verdict {
                Verdict::No(No { credential: true, .. }) if renewable => {
                    self.had_fresh_token = true;
                    expired = Some(stamp);
                }
                verdict => return verdict,
            }
        }
    }

    /// Whether there is a repeat left after an outcome with this rule. If so it is taken.
    pub(super) fn may_repeat(&mut self, rule: &Rule) -> bool {
        let left = self.repeats < self.shared.options.max_retries(rule);
        self.repeats += u32::from(left);
        left
    }

    /// Waits as long as the rule says.
    pub(super) async fn wait(&self, rule: &Rule) {
        let delay = self.shared.options.delay(rule);
        tracing::info!(
            operation = self.call.spec.name,
            outcome = ?rule.outcome,
            attempt = self.made,
            delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            "no clear answer, waiting",
        );
        tokio::time::sleep(delay).await;
    }
}

/// Into the span of the attempt: what became of it, never what was in it.
fn note<A>(span: &Span, verdict: &Verdict<A>) {
    let code = match verdict {
        Verdict::Done(_) => {
            span.record("outcome", "done");
            Some(Code::OK.0)
        }
        Verdict::No(no) => {
            span.record("outcome", "refused");
            no.error.code().map(|code| code.0)
        }
        Verdict::Unclear(failure) => {
            span.record("outcome", field::debug(failure.outcome));
            failure.code
        }
    };
    if let Some(code) = code {
        span.record("code", code);
    }
}
