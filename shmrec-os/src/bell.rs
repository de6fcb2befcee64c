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
pub fn poll<K: Kernel, R, E>(kernel: &K, mut look: impl FnMut() -> Result<Option<R>, E>) -> Result<Option<R>, E> {
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use super::{FLAG, LONGEST_PAUSE, SLICE, WAKE, poll, ring, wait, wait_unregistered};
    use crate::lock::tests::{Access, Call, Memory, Script};

    /// The bell region does not begin at 0, so that an address that forgets it is noticed.
    const REGION: usize = 64;
    const AT_FLAG: usize = REGION + FLAG;
    const AT_WAKE: usize = REGION + WAKE;
    const A_MINUTE: Duration = Duration::from_secs(60);
    const NOT_AT_ALL: Duration = Duration::ZERO;

    fn memory<'s>() -> Memory<'s> {
        Memory::new(REGION + 128)
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// What a look gives whose subject has changed.
    fn changed(changed: &Cell<bool>) -> Result<Option<&'static str>, Infallible> {
        Ok(changed.get().then_some("changed"))
    }

    #[test]
    fn a_ring_without_waiters_is_one_load() {
        let memory = memory();
        let kernel = Script::new(&memory, NOT_AT_ALL);
        ring(&memory, REGION, false, &kernel);
        assert_eq!((memory.written(), kernel.calls()), (0, vec![]));
    }

    #[test]
    fn a_ring_wakes_everybody_once_for_one_registration() {
        let memory = memory();
        let kernel = Script::new(&memory, NOT_AT_ALL);
        memory.set(AT_FLAG, 1);
        memory.set(AT_WAKE, u32::MAX);
        ring(&memory, REGION, false, &kernel);
        assert_eq!((memory.get(AT_FLAG), memory.get(AT_WAKE)), (0, 0), "the word wraps");
        ring(&memory, REGION, false, &kernel);
        assert_eq!(memory.get(AT_WAKE), 0);
        assert_eq!(kernel.calls(), [Call::Wake { at: AT_WAKE, count: u32::MAX }]);
    }

    #[test]
    fn a_segment_that_wakes_always_wakes_those_who_cannot_register() {
        let memory = memory();
        let kernel = Script::new(&memory, NOT_AT_ALL);
        ring(&memory, REGION, true, &kernel);
        ring(&memory, REGION, true, &kernel);
        assert_eq!(memory.get(AT_WAKE), 2);
        assert_eq!(kernel.calls(), [Call::Wake { at: AT_WAKE, count: u32::MAX }; 2]);
    }

    #[test]
    fn the_flag_is_cleared_and_the_word_raised_before_anybody_is_woken() {
        // In the other order a waiter that registers in between is forgotten, or sleeps on the new word.
        let order = Cell::new(Vec::new());
        let note = |access| order.set([order.take(), vec![access]].concat());
        let memory = memory();
        memory.set(AT_FLAG, 1);
        memory.interrupt(|_, access| note(access));
        let kernel = Script::new(&memory, NOT_AT_ALL);
        ring(&memory, REGION, false, &kernel);
        assert_eq!(order.take(), [Access::Load(AT_FLAG), Access::Store(AT_FLAG), Access::Exchange(AT_WAKE)]);
        assert_eq!(kernel.calls().len(), 1);
    }

    #[test]
    fn a_waiter_looks_before_it_sleeps_even_without_time() {
        let memory = memory();
        let kernel = Script::new(&memory, NOT_AT_ALL);
        let yes = Cell::new(true);
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(wait_unregistered(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(poll(&kernel, || changed(&yes)), Ok(Some("changed")));
        yes.set(false);
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(None));
        assert_eq!(wait_unregistered(&memory, REGION, &kernel, || changed(&yes)), Ok(None));
        assert_eq!(poll(&kernel, || changed(&yes)), Ok(None));
        assert_eq!(kernel.calls(), []);
    }

    #[test]
    fn a_change_before_the_waiter_is_registered_is_seen_without_a_ring() {
        let yes = Cell::new(false);
        let memory = memory();
        // The writer has looked at the flag before it was set: it rings for nobody.
        memory.interrupt(|_, access| {
            if access == Access::Store(AT_FLAG) {
                yes.set(true);
            }
        });
        let kernel = Script::new(&memory, A_MINUTE);
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), []);
    }

    #[test]
    fn a_ring_between_registration_and_sample_is_seen_by_the_look() {
        let yes = Cell::new(false);
        let memory = memory();
        memory.interrupt(|memory, access| {
            if access == Access::Load(AT_WAKE) && !yes.replace(true) {
                ring(memory, REGION, false, &Script::new(memory, NOT_AT_ALL));
            }
        });
        let kernel = Script::new(&memory, A_MINUTE);
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!((kernel.calls(), memory.get(AT_WAKE)), (vec![], 1));
    }

    #[test]
    fn a_ring_between_the_look_and_the_sleep_is_not_lost() {
        let yes = Cell::new(false);
        let memory = memory();
        let mut looks = 0;
        let kernel = Script::new(&memory, A_MINUTE);
        let outcome = wait(&memory, REGION, &kernel, || {
            looks += 1;
            let seen = changed(&yes);
            // Behind the look, the writer changes and rings.
            if !yes.replace(true) {
                ring(&memory, REGION, false, &kernel);
            }
            seen
        });
        assert_eq!((outcome, looks), (Ok(Some("changed")), 2));
        assert_eq!(
            kernel.calls(),
            [Call::Wake { at: AT_WAKE, count: u32::MAX }, Call::NotSlept { at: AT_WAKE }],
            "the raised word makes the kernel refuse the sleep"
        );
    }

    #[test]
    fn the_word_is_sampled_before_the_look_and_the_fences_stand_between() {
        let order = Cell::new(Vec::new());
        let note = |access| order.set([order.take(), vec![access]].concat());
        let memory = memory();
        memory.interrupt(|_, access| note(Some(access)));
        let kernel = Script::new(&memory, NOT_AT_ALL);
        let outcome = wait(&memory, REGION, &kernel, || {
            note(None);
            Ok::<_, Infallible>(Some(()))
        });
        assert_eq!(outcome, Ok(Some(())));
        let [registered, full, sample, acquire, look] = order.take()[..] else { panic!("five steps") };
        assert_eq!((registered, full), (Some(Access::Store(AT_FLAG)), Some(Access::Fence(Ordering::SeqCst))));
        assert_eq!((sample, acquire), (Some(Access::Load(AT_WAKE)), Some(Access::Fence(Ordering::Acquire))));
        assert_eq!(look, None);
    }

    #[test]
    fn a_waiter_that_is_woken_for_nothing_registers_again() {
        let yes = Cell::new(false);
        let memory = memory();
        let writer = Script::new(&memory, NOT_AT_ALL);
        let kernel = Script::new(&memory, A_MINUTE).during_sleep(|nth| {
            assert_eq!(memory.get(AT_FLAG), 1, "asleep and not registered, in sleep {nth}");
            yes.set(nth == 3);
            ring(&memory, REGION, false, &writer);
        });
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WAKE, timeout: SLICE }; 3]);
        assert_eq!(writer.calls().len(), 3);
    }

    #[test]
    fn a_writer_that_dies_before_its_wake_delays_a_waiter_by_one_slice() {
        let yes = Cell::new(false);
        let memory = memory();
        let kernel = Script::new(&memory, A_MINUTE).during_sleep(|_| yes.set(true));
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WAKE, timeout: SLICE }]);
    }

    #[test]
    fn sleeps_end_with_the_time_that_is_left() {
        let memory = memory();
        let no = Cell::new(false);
        let sleeps = [50, 50, 20].map(|ms| Call::Slept { at: AT_WAKE, timeout: millis(ms) });
        let kernel = Script::new(&memory, millis(120));
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&no)), Ok(None));
        assert_eq!(kernel.calls(), sleeps);
        let kernel = Script::new(&memory, millis(120));
        assert_eq!(wait_unregistered(&memory, REGION, &kernel, || changed(&no)), Ok(None));
        assert_eq!(kernel.calls(), sleeps);
    }

    #[test]
    fn one_who_may_not_register_writes_nothing() {
        let yes = Cell::new(false);
        let memory = memory();
        let writer = Script::new(&memory, NOT_AT_ALL);
        let rung = Cell::new(0);
        let kernel = Script::new(&memory, A_MINUTE).during_sleep(|nth| {
            let before = memory.written();
            ring(&memory, REGION, true, &writer);
            rung.set(rung.get() + memory.written() - before);
            yes.set(nth == 2);
        });
        assert_eq!(wait_unregistered(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WAKE, timeout: SLICE }; 2]);
        assert_eq!(memory.written(), rung.get(), "only the writer has written");
    }

    #[test]
    fn what_a_look_returns_as_an_error_ends_the_wait() {
        struct Failed;
        impl From<Infallible> for Failed {
            fn from(never: Infallible) -> Self {
                match never {}
            }
        }
        let memory = memory();
        let kernel = Script::new(&memory, A_MINUTE);
        let look = || Err::<Option<()>, _>(Failed);
        assert!(wait(&memory, REGION, &kernel, look).is_err());
        assert!(wait_unregistered(&memory, REGION, &kernel, look).is_err());
        assert!(poll(&kernel, look).is_err());
        assert_eq!(kernel.calls(), []);
    }

    #[test]
    fn one_who_polls_looks_again_until_there_is_something() {
        let memory = memory();
        let kernel = Script::new(&memory, LONGEST_PAUSE);
        let mut looks = 0;
        let outcome = poll(&kernel, || {
            looks += 1;
            Ok::<_, Infallible>((looks == 5).then_some(looks))
        });
        assert_eq!((outcome, kernel.calls(), memory.written()), (Ok(Some(5)), vec![], 0));
    }
}
