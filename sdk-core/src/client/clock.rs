//! The wall clock: the one place that reads it.

use crate::timestamp::Timestamp;
use std::time::SystemTime;

/// What time it is. A clock before 1970 counts as 1970.
#[must_use]
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "the clock module")]
    let now = SystemTime::now();
    let millis = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
