//! How long somebody waits.

use std::time::{Duration, Instant};

/// How long somebody waits.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Not at all.
    pub const NONE: Self = Self(None);

    /// For `timeout` from now; a time beyond what the clock can say is 100 years.
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        const LONG: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let now = Instant::now();
        Self(Some(now.checked_add(timeout).unwrap_or(now + LONG)))
    }

    /// What is left; `None` when nothing is.
    #[must_use]
    pub fn remaining(self) -> Option<Duration> {
        self.0.and_then(|end| end.checked_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}
