//! The attempts of one call: credential, count, delay.

use super::credential::Stamp;
use super::options::ClientOptions;
use super::transport::{Lost, Transport, WireAnswer, WireRequest};
use super::verdict::{No, Verdict};
use crate::code::Code;
use crate::error::FlorinError;
use crate::retry::Rule;
use serde::de::DeserializeOwned;
use tracing::{Instrument, Span, field};

/// What is tried: a call, as one surface writes it and reads its answers.
pub(super) trait Exchange: Sync {
    /// The operation's name.
    fn name(&self) -> &'static str;
    fn options(&self) -> &ClientOptions;
    fn transport(&self) -> &dyn Transport;
    /// The credential, if one is needed. `expired`: the one that the server did not take.
    fn stamp(&self, expired: Option<&Stamp>) -> impl Future<Output = Result<Option<Stamp>, FlorinError>> + Send;
    /// One copy of the request, without the credential.
    fn request(&self) -> WireRequest;
    /// What an answer says.
    fn verdict<A: DeserializeOwned>(&self, answer: Result<WireAnswer, Lost>) -> Verdict<A>;
}

pub(super) struct Attempts<'c, E> {
    exchange: &'c E,
    made: u32,
    repeats: u32,
    had_fresh_token: bool,
}

impl<'c, E: Exchange> Attempts<'c, E> {
    pub(super) fn new(exchange: &'c E) -> Self {
        Self { exchange, made: 0, repeats: 0, had_fresh_token: false }
    }

    /// One attempt. The first in a call that meets a token whose time is over is made again with a fresh one.
    pub(super) async fn next<A: DeserializeOwned>(&mut self) -> Verdict<A> {
        self.made += 1;
        let span = tracing::debug_span!(
            "attempt",
            operation = self.exchange.name(),
            attempt = self.made,
            outcome = field::Empty,
            code = field::Empty,
            request_id = field::Empty,
        );
        let verdict = self.once(&span).instrument(span.clone()).await;
        note(&span, &verdict);
        verdict
    }

    async fn once<A: DeserializeOwned>(&mut self, span: &Span) -> Verdict<A> {
        let mut expired = None;
        loop {
            let stamp = match self.exchange.stamp(expired.as_ref()).await {
                Ok(stamp) => stamp,
                Err(error) => {
                    return Verdict::No(No { error, credential: false });
                }
            };
            let mut request = self.exchange.request();
            if let Some(stamp) = &stamp {
                request.headers.insert(stamp.name.clone(), stamp.value.clone());
            }
            let answer = self.exchange.transport().exchange(request).await;
            if let Ok(WireAnswer { request_id: Some(id), .. }) = &answer {
                span.record("request_id", id.as_str());
            }
            let verdict = self.exchange.verdict(answer);
            match (verdict, stamp.filter(|stamp| stamp.generation.is_some())) {
                (Verdict::No(No { credential: true, .. }), Some(stamp)) if !self.had_fresh_token => {
                    self.had_fresh_token = true;
                    expired = Some(stamp);
                }
                (verdict, _) => return verdict,
            }
        }
    }

    /// Whether there is a repeat left after an outcome with this rule. If so it is taken.
    pub(super) fn may_repeat(&mut self, rule: &Rule) -> bool {
        let left = self.repeats < self.exchange.options().max_retries(rule);
        self.repeats += u32::from(left);
        left
    }

    /// Waits as long as the rule says.
    pub(super) async fn wait(&self, rule: &Rule) {
        let delay = self.exchange.options().delay(rule);
        tracing::info!(
            operation = self.exchange.name(),
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
