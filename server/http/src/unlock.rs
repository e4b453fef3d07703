//! Unlocking a component with the application password. Whoever guesses wrong waits, longer each time.

use crate::app::App;
use crate::peer;
use florin_domain::clock::Clock;
use florin_domain::seal::{self, Component, SealKey};
use florin_domain::{Refusal, store::Reader};
use florin_sdk_core::Secret;
use florin_sdk_core::code::Code;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// So many wrong passwords cost no wait.
const FREE: u32 = 3;

/// The longest wait, in seconds.
const MAX_WAIT_S: u64 = 300;

/// After so many seconds without another guess, guesses are forgotten.
const FORGET_S: u64 = 3600;

/// The most addresses whose guesses are remembered.
const MAX_KNOWN: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Guesses {
    wrong: u32,
    /// Until then no other is looked at; microseconds.
    until: u64,
}

/// Wrong passwords, by address.
pub(crate) struct Attempts {
    clock: Clock,
    known: Mutex<HashMap<u64, Guesses>>,
}

impl Attempts {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, known: Mutex::default() }
    }

    /// Counts a guess as wrong, before it is looked at: so that many at once count as many.
    ///
    /// # Errors
    /// How many seconds to wait before the next.
    fn begin(&self, mark: u64) -> Result<(), u32> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock: a time from before another's guess would have this one wait longer than there is.
        let now = self.clock.micros();
        if known.len() >= MAX_KNOWN {
            known.retain(|_, guesses| guesses.until + FORGET_S * 1_000_000 > now);
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
        }
        let guesses = known.entry(mark).or_insert(Guesses { wrong: 0, until: 0 });
        if guesses.until + FORGET_S * 1_000_000 <= now {
            guesses.wrong = 0;
        }
        if guesses.until > now {
            let seconds = (guesses.until - now).div_ceil(1_000_000);
            return Err(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        guesses.wrong = guesses.wrong.saturating_add(1);
        let wait_s = match guesses.wrong.checked_sub(FREE) {
            None => 0,
            Some(beyond) => 1_u64.checked_shl(beyond).unwrap_or(MAX_WAIT_S).min(MAX_WAIT_S),
        };
        guesses.until = now + wait_s * 1_000_000;
        Ok(())
    }

    /// The guess was right.
    fn right(&self, mark: u64) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&mark);
    }
}

/// Unlocks a component; if it is unlocked already, only looks whether the password is right. The error comes with the
/// seconds to wait, if it is about those.
pub(crate) async fn unlock(
    app: &App,
    source: Option<IpAddr>,
    component: Component,
    password: Secret,
) -> Result<(), (Refusal, Option<u32>)> {
    let mark = source.map_or(0, peer::mark);
    app.attempts().begin(mark).map_err(|seconds| {
        let words = format!("Too many wrong passwords came from this address. Try again in {seconds} s");
        (Refusal::because(Code::TOO_FAST, words), Some(seconds))
    })?;
    let unlocked = open(app, component, password).await;
    match &unlocked {
        Ok(()) => app.attempts().right(mark),
        Err(refusal) if refusal.code == Code::FORBIDDEN => {
            tracing::warn!(%component, ?source, "wrong application password");
        }
        Err(_) => {}
    }
    unlocked.map_err(|refusal| (refusal, None))
}

async fn open(app: &App, component: Component, password: Secret) -> Result<(), Refusal> {
    let row = app.read(move |store: &mut dyn Reader| Ok(store.get::<SealKey>(component)?)).await?;
    let row = row.ok_or_else(Refusal::not_found)?;
    let key = app.slowly(move || seal::unlock(&row, &password)).await?;
    if app.sealer().is_locked(component) {
        app.sealer().install(component, key);
        tracing::info!(%component, "unlocked");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_guesses_wrong_waits_longer_each_time() {
        let clock = Clock::system();
        let attempts = Attempts::new(clock.clone());
        let mut waits = Vec::new();
        for _ in 0..14 {
            attempts.begin(1).unwrap();
            let wait = attempts.known.lock().unwrap()[&1].until.saturating_sub(clock.micros()).div_ceil(1_000_000);
            if wait > 0 {
                assert_eq!(attempts.begin(1), Err(u32::try_from(wait).unwrap()));
                assert_eq!(attempts.begin(2), Ok(()), "another address does not wait");
                attempts.right(2);
            }
            waits.push(wait);
            clock.advance(u32::try_from(wait * 1000).unwrap());
        }
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
        attempts.right(1);
        assert_eq!(attempts.begin(1), Ok(()));
        assert_eq!(attempts.known.lock().unwrap()[&1].wrong, 1, "a right one makes good");
    }
}
