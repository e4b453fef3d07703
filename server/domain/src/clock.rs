//! The only place of the server that reads the time, so that a test or a sandbox can set it.

use florin_sdk_core::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since the epoch: 16 digits until the year 2286, which is why they make good ids.
pub type Micros = u64;

/// A clock that can be moved forward.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// Microseconds since the epoch.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn micros(&self) -> Micros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let ahead = self.ahead_ms.load(Ordering::Relaxed).unsigned_abs();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX).saturating_add(ahead.saturating_mul(1000))
    }

    /// The time, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(i64::try_from(self.micros() / 1000).unwrap_or(i64::MAX))
    }

    /// Moves it forward, for everybody who shares it. It never goes back.
    pub fn advance(&self, millis: u32) {
        self.ahead_ms.fetch_add(i64::from(millis), Ordering::Relaxed);
    }
}
