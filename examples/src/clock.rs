//! Points in time that two processes understand.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970 by this machine's clock; 0 when it stands before that, the last number after the year 2554.
#[must_use]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// The time from `then` to now. Zero when the clock has been set back in between.
#[must_use]
pub fn age(then: u64) -> Duration {
    Duration::from_nanos(now().saturating_sub(then))
}
