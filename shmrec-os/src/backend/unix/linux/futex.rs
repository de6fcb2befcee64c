//! Sleeping on a word of shared memory, across processes.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use rustix::thread::futex;

/// Sleeps while the word is `expected`, at most for `timeout`. May return before, for any reason: the caller looks at the
/// word again.
pub(crate) fn wait(word: &AtomicU32, expected: u32, timeout: Duration) {
    // No `PRIVATE`: the sleepers of one word are in different processes. Every caller's timeout is bounded by
    // milliseconds, so the conversion cannot fail; were it to, the sleep would be unbounded, so none is better.
    if let Ok(timeout) = timeout.try_into() {
        // Awake, another value, a signal, the time over: all the same to a caller that looks again.
        let _ = futex::wait(word, futex::Flags::empty(), expected, Some(&timeout));
    }
}

/// Wakes up to `count` sleepers; gives how many it woke.
pub(crate) fn wake(word: &AtomicU32, count: u32) -> u32 {
    // The kernel counts in signed numbers. A wake cannot fail on a word that is mapped.
    let woken = futex::wake(word, futex::Flags::empty(), count.min(i32::MAX as u32));
    woken.map_or(0, |woken| woken as u32)
}
