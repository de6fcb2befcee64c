//! Random numbers, and pauses of random length.

use std::time::Duration;

/// Random bits; from the kernel, or from a hasher's seed should the kernel have none yet.
pub(super) fn random() -> u64 {
    let mut bytes = [0; 8];
    match rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK) {
        Ok(8) => u64::from_le_bytes(bytes),
        _ => {
            use std::hash::{BuildHasher, Hasher};
            std::hash::RandomState::new().build_hasher().finish()
        }
    }
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
