//! The bell: waiters sleep until something has changed, and writers wake them without a system call when nobody sleeps.
//!
//! One word: its lowest bit says that somebody waits, and waiters sleep on the word as it is with that bit. A writer that
//! finds the bit adds one to the word, which clears the bit and changes what sleepers compare, in one step. It is a bit
//! and never a count: a count leaks when a waiter is killed.
//!
//! Bit and word are one because two would lose wake-ups: a waiter that set a flag just before a writer cleared it, and
//! sampled the word just behind that writer's change of it, would sleep while no flag says so.
//!
//! # Orderings
//!
//! Waiter: bit, fence, look, sleep. Writer: change, fence, look at the bit. Both fences are sequentially consistent and pair
//! with each other: either the waiter's look sees the change, or the writer sees the bit. A writer that then adds its one
//! before the waiter sleeps makes the kernel refuse the sleep.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::lock::Kernel;
use crate::words::{ReadWords, Words};

/// The word, from the start of the bell region.
const WORD: usize = 0;
/// Somebody waits.
const WAITING: u32 = 1;

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
    let Ok(word) = memory.load_u32(region + WORD);
    if word & WAITING != 0 || always {
        wake(memory, region, word, kernel);
    }
}

#[cold]
fn wake<M: Words, K: Kernel>(memory: &M, region: usize, word: u32, kernel: &K) {
    // From odd to even: nobody is registered any more. From even, where writers wake always: to another even word. Two
    // writers that both found the bit leave it set, which costs one wake too many.
    let step = if word & WAITING != 0 { 1 } else { 2 };
    // Relaxed: the caller's fence, which is a release too, orders the change before this; it pairs with the acquire fence
    // behind the sample of those who cannot set the bit.
    memory.fetch_add_u32(region + WORD, step, Ordering::Relaxed);
    kernel.wake(region + WORD, u32::MAX);
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
        let Ok(word) = memory.load_u32(region + WORD);
        // Relaxed: the fence below orders the bit before the look. If the exchange fails, some writer has just rung or
        // some waiter has registered: the sleep on a word that is not there any more is refused, and this comes again.
        let _ = word & WAITING != 0
            || memory
                .compare_exchange_u32(region + WORD, word, word | WAITING, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        // Pairs with the writer's fence between its change and its look at the bit.
        memory.fence(Ordering::SeqCst);
        if let Some(outcome) = sleep_unless(region, word | WAITING, kernel, &mut look)? {
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
        let word = memory.load_u32(region + WORD)?;
        // Pairs with the writer's fence before it changes the word: a sample from behind a change of the word sees what was
        // published before it.
        memory.fence(Ordering::Acquire);
        if let Some(outcome) = sleep_unless(region, word, kernel, &mut look)? {
            return Ok(outcome);
        }
    }
}

/// Looks, and sleeps while the word is `expected`. `Some` ends the wait.
fn sleep_unless<K: Kernel, R, E>(
    region: usize,
    expected: u32,
    kernel: &K,
    look: &mut impl FnMut() -> Result<Option<R>, E>,
) -> Result<Option<Option<R>>, E> {
    if let Some(found) = look()? {
        return Ok(Some(Some(found)));
    }
    match kernel.remaining() {
        None => Ok(Some(None)),
        Some(remaining) => {
            kernel.sleep(region + WORD, expected, remaining.min(SLICE));
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

    use super::{LONGEST_PAUSE, SLICE, WORD, poll, ring, wait, wait_unregistered};
    use crate::lock::tests::{Access, Call, Memory, Script};

    /// The bell region does not begin at 0, so that an address that forgets it is noticed.
    const REGION: usize = 64;
    const AT_WORD: usize = REGION + WORD;
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
        memory.set(AT_WORD, u32::MAX);
        ring(&memory, REGION, false, &kernel);
        assert_eq!(memory.get(AT_WORD), 0, "the bit is gone, and the word wraps");
        ring(&memory, REGION, false, &kernel);
        assert_eq!(memory.get(AT_WORD), 0);
        assert_eq!(kernel.calls(), [Call::Wake { at: AT_WORD, count: u32::MAX }]);
    }

    #[test]
    fn a_segment_that_wakes_always_wakes_those_who_cannot_register() {
        let memory = memory();
        let kernel = Script::new(&memory, NOT_AT_ALL);
        ring(&memory, REGION, true, &kernel);
        ring(&memory, REGION, true, &kernel);
        assert_eq!(memory.get(AT_WORD), 4, "another word each time, and nobody registered by it");
        memory.set(AT_WORD, 5);
        ring(&memory, REGION, true, &kernel);
        assert_eq!(memory.get(AT_WORD), 6);
        assert_eq!(kernel.calls(), [Call::Wake { at: AT_WORD, count: u32::MAX }; 3]);
    }

    #[test]
    fn one_exchange_clears_the_bit_and_changes_what_sleepers_compare() {
        // In two steps a waiter that registers between them would be forgotten, or sleep on the new word.
        let order = Cell::new(Vec::new());
        let note = |access| order.set([order.take(), vec![access]].concat());
        let memory = memory();
        memory.set(AT_WORD, 1);
        memory.interrupt(|_, access| note(access));
        let kernel = Script::new(&memory, NOT_AT_ALL);
        ring(&memory, REGION, false, &kernel);
        assert_eq!(order.take(), [Access::Load(AT_WORD), Access::Exchange(AT_WORD)]);
        assert_eq!(kernel.calls().len(), 1);
    }

    #[test]
    fn two_writers_that_find_one_waiter_leave_nobody_asleep() {
        let memory = memory();
        memory.set(AT_WORD, 1);
        // The second rings between the first one's look and its exchange.
        let mut rung = false;
        memory.interrupt(move |memory, access| {
            if access == Access::Exchange(AT_WORD) && !std::mem::replace(&mut rung, true) {
                let other = Script::new(memory, NOT_AT_ALL);
                ring(memory, REGION, false, &other);
                assert_eq!(other.calls().len(), 1);
            }
        });
        let kernel = Script::new(&memory, NOT_AT_ALL);
        ring(&memory, REGION, false, &kernel);
        assert_ne!(memory.get(AT_WORD), 1, "a sleeper's word is not there any more");
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
        // The writer has looked at the bit before it was set: it rings for nobody.
        memory.interrupt(|_, access| {
            if access == Access::Exchange(AT_WORD) {
                yes.set(true);
            }
        });
        let kernel = Script::new(&memory, A_MINUTE);
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), []);
    }

    #[test]
    fn a_waiter_whose_registration_comes_too_late_does_not_sleep_unregistered() {
        let yes = Cell::new(false);
        let memory = memory();
        // Another waiter registers, and a writer rings for him, between this one's load of the word and its exchange. What
        // is written then is no news to this one.
        let mut first = true;
        memory.interrupt(move |memory, access| {
            if access == Access::Exchange(AT_WORD) && std::mem::replace(&mut first, false) {
                memory.set(AT_WORD, 1);
                ring(memory, REGION, false, &Script::new(memory, NOT_AT_ALL));
            }
        });
        let kernel = Script::new(&memory, A_MINUTE);
        let mut looks = 0;
        let outcome = wait(&memory, REGION, &kernel, || {
            looks += 1;
            yes.set(looks == 2);
            changed(&yes)
        });
        assert_eq!(outcome, Ok(Some("changed")));
        assert_eq!(kernel.calls(), [Call::NotSlept { at: AT_WORD }], "the word has changed since it was loaded");
    }

    #[test]
    fn a_second_waiter_sleeps_on_the_word_as_the_first_has_left_it() {
        let yes = Cell::new(false);
        let memory = memory();
        memory.set(AT_WORD, 7);
        let kernel = Script::new(&memory, A_MINUTE).during_sleep(|_| yes.set(true));
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WORD, timeout: SLICE }], "a sleep that is not refused");
        assert_eq!(memory.written(), 0, "the bit was there");
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
            [Call::Wake { at: AT_WORD, count: u32::MAX }, Call::NotSlept { at: AT_WORD }],
            "the changed word makes the kernel refuse the sleep"
        );
    }

    #[test]
    fn a_waiter_registers_before_the_fence_and_looks_behind_it() {
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
        let steps = [Access::Load(AT_WORD), Access::Exchange(AT_WORD), Access::Fence(Ordering::SeqCst)].map(Some);
        assert_eq!(order.take(), [&steps[..], &[None]].concat());
    }

    #[test]
    fn a_waiter_that_is_woken_for_nothing_registers_again() {
        let yes = Cell::new(false);
        let memory = memory();
        let writer = Script::new(&memory, NOT_AT_ALL);
        let kernel = Script::new(&memory, A_MINUTE).during_sleep(|nth| {
            assert_eq!(memory.get(AT_WORD) & 1, 1, "asleep and not registered, in sleep {nth}");
            yes.set(nth == 3);
            ring(&memory, REGION, false, &writer);
        });
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WORD, timeout: SLICE }; 3]);
        assert_eq!(writer.calls().len(), 3);
    }

    #[test]
    fn a_writer_that_dies_before_its_wake_delays_a_waiter_by_one_slice() {
        let yes = Cell::new(false);
        let memory = memory();
        let kernel = Script::new(&memory, A_MINUTE).during_sleep(|_| yes.set(true));
        assert_eq!(wait(&memory, REGION, &kernel, || changed(&yes)), Ok(Some("changed")));
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WORD, timeout: SLICE }]);
    }

    #[test]
    fn sleeps_end_with_the_time_that_is_left() {
        let memory = memory();
        let no = Cell::new(false);
        let sleeps = [50, 50, 20].map(|ms| Call::Slept { at: AT_WORD, timeout: millis(ms) });
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
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WORD, timeout: SLICE }; 2]);
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
