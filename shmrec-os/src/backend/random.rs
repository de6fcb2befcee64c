//! Random numbers, and pauses of random length.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use super::chosen;

/// Random bits; from the kernel, or a hasher's seed where the kernel has none yet.
pub(super) fn random() -> u64 {
    chosen::kernel_random().unwrap_or_else(|| RandomState::new().build_hasher().finish())
}

/// How often a name that comes and goes is tried, with a [`pause`] between: a second or so.
pub(super) const ATTEMPTS: u32 = 200;

/// Lets the one who is changing a name finish.
pub(super) fn pause(attempt: u32) {
    if attempt < 10 {
        std::thread::yield_now();
    } else {
        std::thread::sleep(Duration::from_millis(1 + (random() % 10)));
    }
}
