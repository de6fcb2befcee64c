//! The bell: waiters sleep until something has changed, and writers wake them without a system call when nobody sleeps.
//!
//! A *flag* says that somebody waits, a *wake word* is what they sleep on. It is a flag and never a count: a count leaks
//! when a waiter is killed.
//!
//! # Orderings
//!
//! * Waiter: flag, fence, wake word, second look. Writer: change, fence, flag. Both fences are sequentially consistent
//!   and pair with each other: either the waiter's second look sees the change, or the writer sees the flag.
//! * The wake word is sampled (with acquire) *before* the second look and bumped (with release) before the wake: a
//!   bump after the sample makes the kernel refuse the sleep; a bump before it makes the second look see the change.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::lock::Kernel;
use crate::words::{ReadWords, Words};

/// Somebody waits, from the start of the bell region.
const FLAG: usize = 0;
/// What waiters sleep on.
const WAKE: usize = 4;

/// The longest sleep before another look: a writer killed between its change and its wake delays waiters by no more.
const SLICE: Duration = Duration::from_millis(50);
/// The pauses of a waiter that may not register: from the first, twice as long each time, to the longest.
const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

/// Wakes whoever waits. The caller has made the change visible and then executed a sequentially consistent fence
/// ([`Words::fence_after_exchange`] after its unlock).
#[inline]
pub fn ring<M: Words, K: Kernel>(memory: &M, region: usize, always: bool, kernel: &K) {
    // Relaxed: the caller's fence orders this load after the change.
    let Ok(flag) = memory.load_u32(region + FLAG);
    if flag != 0 || always {
        wake(memory, region, kernel);
    }
}

#[cold]
fn wake<M: Words, K: Kernel>(memory: &M, region: usize, kernel: &K) {
    // Cleared first: a waiter that registers now either finds the change or stays registered for the next ring.
    memory.store_u32(region + FLAG, 0, Ordering::Relaxed);
    // Release: pairs with the acquire fence behind the waiter's sample.
    memory.fetch_add_u32(region + WAKE, 1, Ordering::Release);
    kernel.wake(region + WAKE, u32::MAX);
}

/// Sleeps until `look` gives something, or the kernel says that the time is over: then `None`.
///
/// # Errors
///
/// What `look` returns.
pub fn wait<M: Words, K: Kernel, R, E: From<Infallible>>(
    memory: &M,
    region: usize,
    kernel: &K,
    mut look: impl FnMut() -> Result<Option<R>, E>,
) -> Result<Option<R>, E> {
    loop {
        memory.store_u32(region + FLAG, 1, Ordering::Relaxed);
        // Pairs with the writer's fence between its change and its look at the flag.
        memory.fence(Ordering::SeqCst);
        if let Some(outcome) = sleep_unless(memory, region, kernel, &mut look)? {
            return Ok(outcome);
        }
    }
}

/// As [`wait`], for a waiter whose mapping is read-only, in a segment whose writers wake always.
///
/// # Errors
///
/// What `look` returns.
pub fn wait_unregistered<M: ReadWords, K: Kernel, R, E: From<M::Fault>>(
    memory: &M,
    region: usize,
    kernel: &K,
    mut look: impl FnMut() -> Result<Option<R>, E>,
) -> Result<Option<R>, E> {
    loop {
        if let Some(outcome) = sleep_unless(memory, region, kernel, &mut look)? {
            return Ok(outcome);
        }
    }
}

/// One round: sample, look, sleep. `Some` ends the wait.
fn sleep_unless<M: ReadWords, K: Kernel, R, E: From<M::Fault>>(
    memory: &M,
    region: usize,
    kernel: &K,
    look: &mut impl FnMut() -> Result<Option<R>, E>,
) -> Result<Option<Option<R>>, E> {
    let sample = memory.load_u32(region + WAKE)?;
    // Pairs with the release that bumps the word: a sample from after the bump sees the change before it.
    memory.fence(Ordering::Acquire);
    if let Some(found) = look()? {
        return Ok(Some(Some(found)));
    }
    match kernel.remaining() {
        None => Ok(Some(None)),
        Some(remaining) => {
            kernel.sleep(region + WAKE, sample, remaining.min(SLICE));
            Ok(None)
        }
    }
}

/// As [`wait`], for a waiter that can neither register nor sleep on the word: looks again after growing pauses.
///
/// # Errors
///
/// What `look` returns.
pub fn poll<K: Kernel, R, E>(
    kernel: &K,
    mut look: impl FnMut() -> Result<Option<R>, E>,
) -> Result<Option<R>, E> {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(found) = look()? {
            return Ok(Some(found));
        }
        let Some(remaining) = kernel.remaining() else { return Ok(None) };
        std::thread::sleep(remaining.min(pause));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
