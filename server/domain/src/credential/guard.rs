//! Counts failed attempts to sign in, and locks out for longer and longer.
//!
//! A user has a row of their own. An address that nobody has is counted just the same, as otherwise the lock would tell
//! who is registered; but anybody can make up addresses without end, so all of them share a fixed number of rows: each
//! has four that it may stand in, and takes the one that was not used for longest. Nothing locks those who have no such
//! address anyway; whoever drives others out has paid for it with a password hash each time.

use crate::refusal::Refusal;
use crate::secrets::fingerprint;
use crate::store::{Writer, record};
use florin_sdk_core::{Timestamp, Uuid};

record! {
    /// The failures of one user, or of an address that nobody has.
    LoginGuard in "login_guard" key {
        /// The number of the user's id; below `SLOTS` for addresses that nobody has.
        number: i64,
    } {
        /// SHA-256 of the address.
        name: [u8; 32],
        /// Failures in a row.
        failures: u32,
        /// Locked until then.
        locked: Option<Timestamp>,
        /// All attempts.
        tries: u32,
        /// The last attempt.
        tried: Timestamp,
        /// Mails that were asked for since `asked_since`.
        asked: u32,
        /// When the count of mails began.
        asked_since: Timestamp,
    }
}

/// How many addresses that nobody has are counted at once.
const SLOTS: i64 = 1 << 16;

/// In how many of these each may stand.
const WAYS: i64 = 4;

/// Failures in a row until the first lock.
const FREE_FAILURES: u32 = 5;

/// Seconds of the first lock. Each failure after it doubles them.
const FIRST_LOCK_S: i64 = 30;

/// Seconds of the longest lock.
const LONGEST_LOCK_S: i64 = 3600;

/// After so many seconds without an attempt all is forgotten.
const MEMORY_S: i64 = 86_400;

/// At most so many mails in [`MAIL_WINDOW_S`] to one address, so that nobody's mailbox is filled.
const MAILS: u32 = 5;

/// See [`MAILS`].
const MAIL_WINDOW_S: i64 = 3600;

impl LoginGuard {
    fn new(number: i64, name: [u8; 32], now: Timestamp) -> Self {
        Self { number, name, failures: 0, locked: None, tries: 0, tried: now, asked: 0, asked_since: now }
    }

    /// Whether nobody gets in, not even with the right password.
    pub(super) fn is_locked(&self, now: Timestamp) -> bool {
        self.locked.is_some_and(|until| now < until)
    }

    /// An attempt that decides nothing.
    pub(super) fn noted(&mut self, now: Timestamp) {
        self.tries = self.tries.saturating_add(1);
        self.tried = now;
    }

    /// A failure. While it is locked nothing more is counted: the lock is long enough as it is.
    pub(super) fn failed(&mut self, now: Timestamp) {
        if !self.is_locked(now) {
            let forgotten = self.tried.plus_seconds(MEMORY_S) < now;
            self.failures = if forgotten { 1 } else { self.failures.saturating_add(1) };
            self.locked = lock_seconds(self.failures).map(|seconds| now.plus_seconds(seconds));
        }
        self.noted(now);
    }

    /// A success: all is forgotten.
    pub(super) fn succeeded(&mut self, now: Timestamp) {
        (self.failures, self.locked) = (0, None);
        self.noted(now);
    }

    /// Whether another mail may be sent to this address. It is counted.
    pub(super) fn may_mail(&mut self, now: Timestamp) -> bool {
        if self.asked_since.plus_seconds(MAIL_WINDOW_S) <= now {
            (self.asked, self.asked_since) = (0, now);
        }
        self.asked = self.asked.saturating_add(1);
        self.noted(now);
        self.asked <= MAILS
    }

    /// Writes it down.
    pub(super) fn keep(self, store: &mut dyn Writer, is_new: bool) -> Result<(), Refusal> {
        if is_new {
            store.insert(&self)?;
        } else {
            store.update(&self)?;
        }
        Ok(())
    }
}

/// How long to lock after so many failures in a row.
fn lock_seconds(failures: u32) -> Option<i64> {
    let doublings = failures.checked_sub(FREE_FAILURES)?;
    Some(FIRST_LOCK_S.checked_shl(doublings.min(30)).unwrap_or(LONGEST_LOCK_S).min(LONGEST_LOCK_S))
}

/// The row of a user, or of an address that nobody has; and whether it is new.
pub(super) fn claim(store: &mut dyn Writer, email: &str, uuid: Option<Uuid>) -> Result<(LoginGuard, bool), Refusal> {
    let (name, now) = (fingerprint(email), store.now());
    if let Some(uuid) = uuid {
        let number = uuid.number().cast_signed();
        let found = store.claim::<LoginGuard>(number)?;
        let is_new = found.is_none();
        return Ok((found.unwrap_or_else(|| LoginGuard::new(number, name, now)), is_new));
    }
    let [a, b, ..] = name;
    let first = i64::from(u16::from_be_bytes([a, b])) % (SLOTS / WAYS) * WAYS;
    let mut rows = Vec::new();
    for number in first..first + WAYS {
        rows.push((number, store.claim::<LoginGuard>(number)?));
    }
    if let Some(place) = rows.iter().position(|(_, row)| row.as_ref().is_some_and(|row| row.name == name))
        && let (_, Some(row)) = rows.swap_remove(place)
    {
        return Ok((row, false));
    }
    // None before all others: an empty place.
    let oldest = rows.into_iter().min_by_key(|(_, row)| row.as_ref().map(|row| row.tried));
    let (number, is_new) = oldest.map_or((first, true), |(number, row)| (number, row.is_none()));
    Ok((LoginGuard::new(number, name, now), is_new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_grow_and_end() {
        let mut now = Timestamp::from_millis(1_700_000_000_000);
        let mut guard = LoginGuard::new(1, [0; 32], now);
        for _ in 0..4 {
            guard.failed(now);
            assert!(!guard.is_locked(now));
        }
        let mut locks = Vec::new();
        for _ in 0..12 {
            guard.failed(now);
            let until = guard.locked.expect("locked");
            locks.push((until.millis() - now.millis()) / 1000);
            guard.failed(now); // while locked: nothing more
            assert_eq!(guard.locked, Some(until));
            now = until;
            assert!(!guard.is_locked(now));
        }
        assert_eq!(locks, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600, 3600]);
        guard.succeeded(now);
        guard.failed(now);
        assert!(!guard.is_locked(now));
    }

    #[test]
    fn a_day_of_silence_is_forgiven() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let mut guard = LoginGuard::new(1, [0; 32], now);
        for _ in 0..4 {
            guard.failed(now);
        }
        let later = now.plus_seconds(MEMORY_S + 1);
        guard.failed(later);
        assert!(guard.failures == 1 && !guard.is_locked(later));
    }

    #[test]
    fn a_mailbox_is_not_filled() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let mut guard = LoginGuard::new(1, [0; 32], now);
        let sent = (0..20).filter(|_| guard.may_mail(now)).count();
        assert_eq!(sent, 5);
        assert!(guard.may_mail(now.plus_seconds(MAIL_WINDOW_S)));
    }
}
