//! What is to happen, and what it must leave in the books.
//!
//! A client plays stories; a story has steps, of which a later one needs the answer to an earlier one: a hold, then its
//! capture. All is made from a seed: whoever has the [`World`] knows each step of each client, so that what the books
//! must hold is known without asking the clients.

use fastrand::Rng;
use florin_sdk_core::code::Code;
use florin_sdk_core::model::TransactionType;
use florin_sdk_core::{Amount, CurrencyCode, FlorinError, Waid};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The client that prepares the world. Those that play have numbers from 1.
pub const PREPARES: u32 = 0;

/// Digits of the currency after the point.
pub(crate) const SCALE: u32 = 2;

/// What is issued first, in the smallest unit: the most that one request can ask for, in whole units.
const SUPPLY: i64 = 99_999_999_999_900;
/// What each user gets first: nobody ever runs out of it.
const ALLOWANCE: i64 = 500_000_000_000;
/// What nobody has.
const TOO_MUCH: i64 = 100_000_000_000_000_000;
/// The most of one step.
const MOST: i64 = 2000;

/// Where it happens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// Everything follows from it.
    pub seed: u64,
    /// The currency.
    pub currency: CurrencyCode,
    /// The wallet that new units come from.
    pub issuance: Waid,
    /// The provider's wallet.
    pub provider: Waid,
    /// The users' wallets, two or more.
    pub users: Vec<Waid>,
}

/// A step's place in the plan. As a text it is the step's client reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Whose.
    pub client: u32,
    /// In which story.
    pub story: u32,
    /// Which step of it.
    pub step: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prove-{}-{}-{}", self.client, self.story, self.step)
    }
}

/// Not a reference of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Foreign;

impl FromStr for Place {
    type Err = Foreign;

    fn from_str(text: &str) -> Result<Self, Foreign> {
        let mut parts = text.strip_prefix("prove-").ok_or(Foreign)?.split('-');
        let mut number = || parts.next().and_then(|part| part.parse().ok()).ok_or(Foreign);
        let place = Self { client: number()?, story: number()?, step: number()? };
        // One place, one spelling: nothing else may count as it.
        if place.to_string() == text { Ok(place) } else { Err(Foreign) }
    }
}

/// What a step asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// New units for the provider.
    Issue,
    /// Takes units of the provider's out of circulation.
    Redeem,
    /// From the provider to a user.
    Credit(Waid),
    /// From a user to the provider.
    Debit(Waid),
    /// From one user to another.
    Transfer(Waid, Waid),
    /// Pays the story's first step back.
    Refund,
    /// Sets money of a user aside.
    PlaceHold(Waid),
    /// Takes what the story's first step set aside.
    Capture,
    /// Gives it back.
    Release,
    /// Asks a user to pay.
    RequestPayment(Waid),
    /// Pays what the story's first step asks for.
    Accept,
    /// Declines it.
    Decline,
}

impl Action {
    /// What it is, for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Redeem => "redeem",
            Self::Credit(_) => "credit",
            Self::Debit(_) => "debit",
            Self::Transfer(..) => "transfer",
            Self::Refund => "refund",
            Self::PlaceHold(_) => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::RequestPayment(_) => "payment request",
            Self::Accept => "payment",
            Self::Decline => "decline",
        }
    }
}

/// A transaction as it must be in the books.
#[derive(Debug, Clone, PartialEq)]
pub struct Booking {
    /// Its kind.
    pub kind: TransactionType,
    /// The wallet that pays.
    pub source: Option<Waid>,
    /// The wallet that receives.
    pub destination: Option<Waid>,
    /// How much, in the smallest unit.
    pub units: i128,
}

/// What a step must leave behind.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// One transaction.
    Booked(Booking),
    /// One payment request, and no transaction.
    Asked {
        /// Who is to pay.
        payer: Waid,
        /// How much.
        units: i128,
    },
    /// Done, but nothing is booked.
    Closed,
    /// Refused with this code; nothing is booked.
    Refused(Code),
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What it asks for.
    pub action: Action,
    /// How much, in the smallest unit.
    pub units: i64,
    /// What must come of it.
    pub expected: Expected,
    /// Its caller stops waiting for the first call at once, and calls again.
    pub impatient: bool,
}

impl Step {
    /// How much, in as few digits as it takes: a request has room for a dozen.
    pub fn amount(&self) -> Result<Amount, FlorinError> {
        let amount = Amount::from_units(self.units.into(), SCALE)?;
        Ok(amount.decimal().normalize().into())
    }
}

impl World {
    /// A story of a client's.
    #[must_use]
    pub fn story(&self, client: u32, story: u32) -> Vec<Step> {
        let mut steps = if client == PREPARES { self.preparation(story) } else { self.played(client, story) };
        let mut rng = self.generator(&[2, u64::from(client), u64::from(story)]);
        for step in &mut steps {
            step.impatient = client != PREPARES && rng.u8(..20) == 0;
        }
        steps
    }

    /// How many stories it takes until the world is prepared.
    #[must_use]
    pub fn preparations(&self) -> u32 {
        u32::try_from(self.users.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// How many stories of a client's make up at least so many operations.
    #[must_use]
    pub fn stories_of(&self, client: u32, operations: u64) -> u32 {
        let (mut stories, mut steps) = (0, 0);
        while steps < operations {
            steps += self.story(client, stories).len() as u64;
            stories += 1;
        }
        stories
    }

    /// A generator of its own for each purpose.
    fn generator(&self, purpose: &[u64]) -> Rng {
        let mut rng = Rng::with_seed(self.seed);
        for number in purpose {
            rng = Rng::with_seed(rng.u64(..).wrapping_add(*number));
        }
        rng
    }

    fn preparation(&self, story: u32) -> Vec<Step> {
        match usize::try_from(story).ok().and_then(|story| self.users.get(story.checked_sub(1)?)) {
            Some(user) => vec![self.booked(Action::Credit(*user), ALLOWANCE)],
            None => vec![self.booked(Action::Issue, SUPPLY)],
        }
    }

    fn played(&self, client: u32, story: u32) -> Vec<Step> {
        let mut rng = self.generator(&[1, u64::from(client), u64::from(story)]);
        let user = self.user(&mut rng, None);
        let other = self.user(&mut rng, Some(user));
        let units = rng.i64(2..=MOST);
        // Of what was moved first, for refunds and captures.
        let part = rng.i64(1..units);
        let transfer = self.booked(Action::Transfer(user, other), units);
        let hold = self.booked(Action::PlaceHold(user), units);
        let request = step(Action::RequestPayment(user), units, Expected::Asked { payer: user, units: units.into() });
        match rng.u8(..12) {
            0 | 1 => vec![transfer],
            2 => vec![self.booked(Action::Credit(user), units)],
            3 => vec![self.booked(Action::Debit(user), units)],
            4 => vec![self.booked(Action::Issue, units)],
            5 => vec![self.booked(Action::Redeem, units)],
            6 => {
                let refund = booked(Action::Refund, TransactionType::Refund, Some(other), Some(user), part);
                vec![transfer, refund, refused(Action::Refund, units, Code::LIMIT_EXCEEDED)]
            }
            7 | 8 => {
                let capture = booked(Action::Capture, TransactionType::Capture, Some(user), Some(self.provider), part);
                vec![hold, refused(Action::Capture, units + 1, Code::LIMIT_EXCEEDED), capture]
            }
            9 => {
                let release = booked(Action::Release, TransactionType::Release, None, Some(user), units);
                vec![hold, release, refused(Action::Capture, part, Code::HOLD_CLOSED)]
            }
            10 if rng.bool() => vec![request, step(Action::Decline, units, Expected::Closed)],
            10 => {
                let pay = booked(Action::Accept, TransactionType::Payment, Some(user), Some(self.provider), units);
                vec![request, pay]
            }
            _ => vec![refused(Action::Transfer(user, other), TOO_MUCH, Code::INSUFFICIENT_FUNDS)],
        }
    }

    fn user(&self, rng: &mut Rng, not: Option<Waid>) -> Waid {
        let others: Vec<_> = self.users.iter().copied().filter(|user| Some(*user) != not).collect();
        rng.choice(others).unwrap_or(self.provider)
    }

    /// A step that names all its wallets itself.
    fn booked(&self, action: Action, units: i64) -> Step {
        let provider = Some(self.provider);
        let (kind, source, destination) = match action {
            Action::Issue => (TransactionType::Issue, Some(self.issuance), provider),
            Action::Redeem => (TransactionType::Redeem, provider, Some(self.issuance)),
            Action::Credit(user) => (TransactionType::Credit, provider, Some(user)),
            Action::Debit(user) => (TransactionType::Debit, Some(user), provider),
            Action::PlaceHold(user) => (TransactionType::Hold, Some(user), None),
            Action::Transfer(from, to) => (TransactionType::Transfer, Some(from), Some(to)),
            _ => (TransactionType::Transfer, None, None),
        };
        booked(action, kind, source, destination, units)
    }
}

fn booked(action: Action, kind: TransactionType, source: Option<Waid>, destination: Option<Waid>, units: i64) -> Step {
    step(action, units, Expected::Booked(Booking { kind, source, destination, units: units.into() }))
}

fn refused(action: Action, units: i64, code: Code) -> Step {
    step(action, units, Expected::Refused(code))
}

fn step(action: Action, units: i64, expected: Expected) -> Step {
    Step { action, units, expected, impatient: false }
}
