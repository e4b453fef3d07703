//! What a caller may do after each outcome of an exchange: the published error table, as data.

use crate::code::Code;
use std::time::Duration;

/// How one exchange with the server ended, if not with a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 10001: under maintenance; it did not run.
    Maintenance,
    /// 10002: over capacity; it did not run.
    TooBusy,
    /// 10003: nobody knows whether it ran.
    SystemError,
    /// 10004: called too often; it did not run.
    TooFast,
    /// 20008: an earlier copy of this very request is still running.
    InFlight,
    /// The connection was refused or never made: no byte of the request left.
    NotSent,
    /// Sent, then silence or a broken connection: nobody knows whether it ran.
    NoAnswer,
    /// An answer that is empty, not JSON, or has no result code: counts as a system error.
    InvalidAnswer,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send the same again after the delay.
    Again,
    /// After the delay ask what became of it, and send again only if it did not run.
    AskFirst,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// After which outcome.
    pub outcome: Outcome,
    /// What an operation that moves no money does.
    pub plain: Next,
    /// What a money operation does.
    pub money: Next,
    /// The least time to wait, in seconds.
    pub delay_s: u64,
    /// How often at most, over one call and whatever mix of outcomes it meets: two repeats are three attempts.
    pub max_retries: u32,
}

impl Rule {
    /// The least time to wait.
    #[must_use]
    pub const fn delay(&self) -> Duration {
        Duration::from_secs(self.delay_s)
    }
}

const fn rule(outcome: Outcome, plain: Next, money: Next, delay_s: u64, max_retries: u32) -> Rule {
    Rule { outcome, plain, money, delay_s, max_retries }
}

use Next::{Again, AskFirst};

/// Source: spec/omnigate/errors.json and ambiguities; 20008 from spec/florin/extensions.md; a
/// connection that was never made is a communication error of which it is known that nothing ran.
#[rustfmt::skip]
pub const RULES: [Rule; 8] = [
    //   outcome                 plain  money     delay most
    rule(Outcome::Maintenance,   Again, Again,    10,   2),
    rule(Outcome::TooBusy,       Again, Again,    10,   2),
    rule(Outcome::SystemError,   Again, AskFirst, 10,   2),
    rule(Outcome::TooFast,       Again, Again,    5,    2),
    rule(Outcome::InFlight,      Again, AskFirst, 1,    2),
    rule(Outcome::NotSent,       Again, Again,    10,   2),
    rule(Outcome::NoAnswer,      Again, AskFirst, 10,   2),
    rule(Outcome::InvalidAnswer, Again, AskFirst, 10,   2),
];

/// Money operations that are never sent again by themselves once a copy may have run: where they go nobody can be asked
/// afterwards, and a server of another make may not know a copy for one.
///
/// Source: ambiguities A-001.
pub const NEVER_REPEATED: &[&str] = &["IssueIOU"];

impl Outcome {
    /// The outcome that a result code stands for; none for success and for refusals.
    #[must_use]
    pub const fn of(code: Code) -> Option<Self> {
        match code {
            Code::MAINTENANCE_IN_PROGRESS => Some(Self::Maintenance),
            Code::TOO_BUSY => Some(Self::TooBusy),
            Code::SYSTEM_ERROR => Some(Self::SystemError),
            Code::TOO_FAST => Some(Self::TooFast),
            Code::REFERENCE_IN_FLIGHT => Some(Self::InFlight),
            _ => None,
        }
    }

    /// Its row of the table.
    #[must_use]
    pub const fn rule(self) -> &'static Rule {
        match self {
            Self::Maintenance => &RULES[0],
            Self::TooBusy => &RULES[1],
            Self::SystemError => &RULES[2],
            Self::TooFast => &RULES[3],
            Self::InFlight => &RULES[4],
            Self::NotSent => &RULES[5],
            Self::NoAnswer => &RULES[6],
            Self::InvalidAnswer => &RULES[7],
        }
    }

    /// Whether it proves that the request did not run.
    #[must_use]
    pub const fn nothing_ran(self) -> bool {
        matches!(self, Self::Maintenance | Self::TooBusy | Self::TooFast | Self::NotSent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_finds_its_own_row() {
        for row in &RULES {
            assert_eq!(row.outcome.rule(), row);
            assert_eq!(row.money == Again, row.outcome.nothing_ran(), "{:?}", row.outcome);
        }
    }
}
