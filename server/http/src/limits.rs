//! How often: for each credential and class of operation, and for each address without one.
//!
//! The counting is [`governor`]'s (GCRA), in memory, each process for itself. The numbers are attributes; a changed one
//! counts from the next request on. The tables do not grow without end: keys that are not at their limit are forgotten
//! when there are many, and should a flood of others remain, all are.

use florin_domain::access::{Caller, Side};
use florin_domain::settings::{self, Setting, Settings};
use florin_sdk_core::operation::{Access, RateClass, Spec, TimeoutClass};
use governor::clock::{Clock, MonotonicClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// The most keys of a class that are counted at once.
const MAX_KEYS: usize = 100_000;

/// How many requests pass between two looks at how many keys there are.
const LOOK_EVERY: u32 = 1024;

/// A class of operations, with its own allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Reads of a provider.
    Read,
    /// Writes that move no money.
    Write,
    /// Money operations.
    Money,
    /// What goes through a bridge.
    Bridge,
    /// Reads of an app.
    Mobile,
    /// What comes without a credential, or with one that does not work.
    Public,
}

impl Class {
    const ALL: [Self; 6] = [Self::Read, Self::Write, Self::Money, Self::Bridge, Self::Mobile, Self::Public];

    const fn setting(self) -> Setting<u32> {
        match self {
            Self::Read => settings::RATE_READ,
            Self::Write => settings::RATE_WRITE,
            Self::Money => settings::RATE_MONEY,
            Self::Bridge => settings::RATE_BRIDGE,
            Self::Mobile => settings::RATE_MOBILE,
            Self::Public => settings::RATE_PUBLIC,
        }
    }

    /// The class of an operation that a known caller asks for; none if it is not limited.
    pub(crate) fn of(spec: &Spec, caller: &Caller) -> Option<Self> {
        Some(match (spec.rate, caller.side, spec.timeout, spec.access) {
            (RateClass::Unlimited, ..) => return None,
            (_, Side::Mobile, ..) => Self::Mobile,
            (_, _, TimeoutClass::Bridge, _) => Self::Bridge,
            (_, _, _, Access::Read) => Self::Read,
            (_, _, _, Access::Write) if spec.money => Self::Money,
            (_, _, _, Access::Write) => Self::Write,
        })
    }
}

/// Whom a caller's requests are counted for: the key, the token, or the person.
pub(crate) fn mark(caller: &Caller) -> u64 {
    // Ids are at most 16 decimal digits, 54 bits: the kind fits above them.
    let (kind, number) = match (caller.akid, caller.mtid, caller.uuid) {
        (Some(akid), ..) => (1, akid.number()),
        (_, Some(mtid), _) => (2, mtid.number()),
        (_, _, Some(uuid)) => (3, uuid.number()),
        _ => (4, caller.upid.number()),
    };
    kind << 56 | number
}

type Table = RateLimiter<u64, DashMapStateStore<u64>, MonotonicClock>;

/// The allowances of one class.
struct Counted {
    numbers: (u32, u32),
    table: Table,
    passed: AtomicU32,
}

impl Counted {
    /// `rate` a second, and so many seconds' worth at once; nothing to count if there is no limit.
    fn new(numbers: (u32, u32)) -> Option<Arc<Self>> {
        let (rate, seconds) = numbers;
        let burst = NonZeroU32::new(rate.saturating_mul(seconds))?;
        let quota = Quota::per_second(NonZeroU32::new(rate)?).allow_burst(burst);
        let table = RateLimiter::dashmap_with_clock(quota, MonotonicClock);
        Some(Arc::new(Self { numbers, table, passed: AtomicU32::new(0) }))
    }

    /// Whether the table is too large even without those who are not at their limit.
    fn overflows(&self) -> bool {
        if !self.passed.fetch_add(1, Ordering::Relaxed).is_multiple_of(LOOK_EVERY) || self.table.len() <= MAX_KEYS {
            return false;
        }
        self.table.retain_recent();
        self.table.shrink_to_fit();
        self.table.len() > MAX_KEYS
    }
}

/// See the module.
pub(crate) struct Limits {
    settings: Settings,
    tables: RwLock<(u64, [Option<Arc<Counted>>; Class::ALL.len()])>,
}

impl Limits {
    pub(crate) fn new(settings: Settings) -> Self {
        let limits = Self { settings, tables: RwLock::new((u64::MAX, Default::default())) };
        limits.renew();
        limits
    }

    /// Takes over the numbers as they are set. A class whose numbers stay keeps what it has counted.
    fn renew(&self) {
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        // Before the numbers are read: a change meanwhile is seen next time.
        tables.0 = self.settings.generation();
        let seconds = self.settings.get(settings::RATE_BURST_SECONDS);
        for (class, table) in Class::ALL.into_iter().zip(&mut tables.1) {
            let numbers = (self.settings.get(class.setting()), seconds);
            if table.as_ref().is_none_or(|counted| counted.numbers != numbers) {
                *table = Counted::new(numbers);
            }
        }
    }

    fn table(&self, class: Class) -> Option<Arc<Counted>> {
        let of = |tables: &[Option<Arc<Counted>>]| tables.get(class as usize).cloned().flatten();
        {
            let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
            if tables.0 == self.settings.generation() {
                return of(&tables.1);
            }
        }
        self.renew();
        of(&self.tables.read().unwrap_or_else(PoisonError::into_inner).1)
    }

    /// Counts a request.
    ///
    /// # Errors
    /// That it is one too many, and after how many seconds the next is not.
    pub(crate) fn check(&self, class: Class, mark: u64) -> Result<(), u32> {
        let Some(counted) = self.table(class) else { return Ok(()) };
        if counted.overflows() {
            tracing::warn!(?class, "too many callers to count; the counting begins anew");
            let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(table) = tables.1.get_mut(class as usize) {
                *table = Counted::new(counted.numbers);
            }
        }
        counted.table.check_key(&mark).map_err(|late| whole_seconds(late.wait_time_from(MonotonicClock.now())))
    }
}

fn whole_seconds(wait: Duration) -> u32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use florin_domain::settings::SettingRow;
    use florin_sdk_core::Timestamp;

    fn set(settings: &Settings, rows: &[(&str, &str)]) {
        let row = |(name, value): &(&str, &str)| SettingRow {
            name: format!("omnipass.{name}"),
            value: (*value).to_owned(),
            changed: Timestamp::from_millis(0),
        };
        settings.load(&rows.iter().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn each_key_and_class_has_an_allowance_of_its_own_and_a_change_counts() {
        let settings = Settings::default();
        let limits = Limits::new(settings.clone());
        let allowed = |class, mark| (0..100).filter(|_| limits.check(class, mark).is_ok()).count();
        set(&settings, &[("ratelimitread", "1"), ("ratelimitburstseconds", "3")]);
        assert!((3..=4).contains(&allowed(Class::Read, 1)), "three seconds' worth");
        assert!((1..=3).contains(&limits.check(Class::Read, 1).unwrap_err()));
        assert!((3..=4).contains(&allowed(Class::Read, 2)), "another key");
        assert_eq!(allowed(Class::Money, 1), 100, "another class");
        set(&settings, &[("ratelimitread", "1"), ("ratelimitburstseconds", "3"), ("ratelimitmoney", "7")]);
        assert!(allowed(Class::Read, 1) <= 1, "a change of another class takes nothing back");
        set(&settings, &[("ratelimitread", "0")]);
        assert_eq!(allowed(Class::Read, 1), 100, "no limit");
    }

    #[test]
    fn the_tables_have_an_end() {
        let settings = Settings::default();
        let limits = Limits::new(settings.clone());
        // Each is at its limit after one request, so that none can be forgotten by itself.
        set(&settings, &[("ratelimitpublic", "1"), ("ratelimitburstseconds", "1")]);
        for mark in 0..(MAX_KEYS as u64 * 2) {
            let _ = limits.check(Class::Public, mark);
        }
        let len = limits.table(Class::Public).unwrap().table.len();
        assert!(len <= MAX_KEYS + LOOK_EVERY as usize, "{len} keys");
    }
}
