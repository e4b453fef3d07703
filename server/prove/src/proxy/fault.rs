//! What can happen to an exchange on its way.

use fastrand::Rng;
use serde::Serialize;
use std::time::Duration;

/// The longest delay: somewhat longer than the clients wait.
const MAX_DELAY: Duration = Duration::from_millis(1200);

/// The latest that a second copy comes.
const MAX_LATE: Duration = Duration::from_millis(1500);

/// A misfortune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed; the server sees nothing.
    DropBefore,
    /// The server answers; the connection is closed instead of passing it on.
    DropAfter,
    /// The request waits before it is passed on.
    DelayBefore(Duration),
    /// The answer waits before it is passed on.
    DelayAfter(Duration),
    /// The server gets the request a second time, at the same moment on another connection.
    Duplicate,
    /// The server gets the request a second time, when it was answered long ago.
    LateCopy(Duration),
    /// The answer ends after so many of each 256 bytes, and with it the connection.
    Cut(u8),
    /// Bytes of the answer are not what was sent: the numbers choose which.
    Corrupt([u16; 3]),
    /// An HTML page in place of the answer, which is thrown away; `ran` says whether the server saw the request.
    BadGateway {
        /// Whether the server saw the request.
        ran: bool,
    },
}

/// How often each kind happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Requests that came from clients.
    pub exchanges: u64,
    /// See [`Fault::DropBefore`].
    pub drop_before: u64,
    /// See [`Fault::DropAfter`].
    pub drop_after: u64,
    /// See [`Fault::DelayBefore`] and [`Fault::DelayAfter`].
    pub delay: u64,
    /// See [`Fault::Duplicate`] and [`Fault::LateCopy`].
    pub duplicate: u64,
    /// See [`Fault::Cut`].
    pub cut: u64,
    /// See [`Fault::Corrupt`].
    pub corrupt: u64,
    /// See [`Fault::BadGateway`].
    pub bad_gateway: u64,
}

impl Fault {
    /// Any of them.
    pub(super) fn any(rng: &mut Rng) -> Self {
        let within = |rng: &mut Rng, most: Duration| most * rng.u32(..1000) / 1000;
        match rng.u8(..9) {
            0 => Self::DropBefore,
            1 => Self::DropAfter,
            2 => Self::DelayBefore(within(rng, MAX_DELAY)),
            3 => Self::DelayAfter(within(rng, MAX_DELAY)),
            4 => Self::Duplicate,
            5 => Self::LateCopy(within(rng, MAX_LATE)),
            6 => Self::Cut(rng.u8(..)),
            7 => Self::Corrupt([rng.u16(..), rng.u16(..), rng.u16(..)]),
            _ => Self::BadGateway { ran: rng.bool() },
        }
    }
}

impl Tally {
    pub(super) fn count(&mut self, fault: Option<&Fault>) {
        self.exchanges += 1;
        let Some(fault) = fault else { return };
        *match fault {
            Fault::DropBefore => &mut self.drop_before,
            Fault::DropAfter => &mut self.drop_after,
            Fault::DelayBefore(_) | Fault::DelayAfter(_) => &mut self.delay,
            Fault::Duplicate | Fault::LateCopy(_) => &mut self.duplicate,
            Fault::Cut(_) => &mut self.cut,
            Fault::Corrupt(_) => &mut self.corrupt,
            Fault::BadGateway { .. } => &mut self.bad_gateway,
        } += 1;
    }

    /// The kinds, by name.
    #[must_use]
    pub const fn kinds(&self) -> [(&'static str, u64); 7] {
        [
            ("dropped before", self.drop_before),
            ("dropped after", self.drop_after),
            ("delayed", self.delay),
            ("doubled", self.duplicate),
            ("cut", self.cut),
            ("corrupted", self.corrupt),
            ("HTML 502", self.bad_gateway),
        ]
    }

    /// All faults together.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.kinds().iter().map(|(_, number)| number).sum()
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            exchanges: self.exchanges + other.exchanges,
            drop_before: self.drop_before + other.drop_before,
            drop_after: self.drop_after + other.drop_after,
            delay: self.delay + other.delay,
            duplicate: self.duplicate + other.duplicate,
            cut: self.cut + other.cut,
            corrupt: self.corrupt + other.corrupt,
            bad_gateway: self.bad_gateway + other.bad_gateway,
        }
    }
}
