//! Sleeping on a word of shared memory, across processes, by named events.
//!
//! The kernel compares no word before a sleep, as a futex does. An event that stays set does the same: whoever has
//! looked at the word, and finds it changed only behind his look, finds the event set.
//!
//! * The lock's event lets one sleeper go each time that it is set, and is set again by the next unlock.
//! * The bell's event lets all go and stays set. Whoever finds it set by an earlier ring than he waits for resets it, and
//!   looks once more: had somebody rung meanwhile, the event is set again. There are two events, and sleepers use them
//!   in turn as the word's generation is odd or even, so that one who resets his does not take the signal from one who
//!   is about to sleep on the word before.
//!
//! A signal that is lost all the same (a process may be killed between a look and a reset, and one that means harm may
//! reset what it can) costs one slice of the caller's: 20 ms at the lock, 50 ms at the bell.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::event::{Event, Use};
use super::names::Beside;
use super::security::{Audience, Descriptor};
use crate::backend::mapping::Mapping;
use crate::format::Header;
use crate::words::ReadWords;

/// Where no event can be had, sleepers look again after so long.
const PAUSE: Duration = Duration::from_millis(2);

/// The events of one handle, opened at the first need.
#[derive(Debug, Default)]
pub(super) struct Sleepers {
    lock: OnceLock<Event>,
    bells: [OnceLock<Event>; 2],
}

/// Whom the events are for, and what they are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) header: &'a Header,
    pub(super) mapping: &'a Mapping,
    pub(super) beside: &'a Beside,
    pub(super) audience: &'a Audience,
}

impl Context<'_> {
    fn event<'s>(&self, kept: &'s OnceLock<Event>, name: String, stays: bool) -> Option<&'s Event> {
        if let Some(event) = kept.get() {
            return Some(event);
        }
        let event = if self.mapping.is_writable() {
            let descriptor = Descriptor::of_a_bell(self.audience).ok()?;
            Event::create(&name, stays, Use::Set, &descriptor)
        } else {
            // Readers make nothing: rights and owner of what they make would be theirs.
            Event::open(&name, Use::Wait)
        };
        let event = event.ok()?.either()?;
        Some(kept.get_or_init(|| event))
    }

    fn word(&self, at: usize) -> u32 {
        let Ok(word) = self.mapping.load_u32(at);
        word
    }
}

impl Sleepers {
    /// Sleeps while the word at `at` is `expected`, at most for `timeout`. May return before.
    pub(super) fn sleep(&self, context: &Context<'_>, at: usize, expected: u32, timeout: Duration) {
        if context.word(at) != expected {
            return;
        }
        if at == context.header.bell() {
            self.sleep_on_the_bell(context, at, expected, timeout);
        } else {
            match context.event(&self.lock, context.beside.lock(), false) {
                // Set by an unlock behind the look above: no sleep.
                Some(event) => drop(event.wait(timeout)),
                None => std::thread::sleep(timeout.min(PAUSE)),
            }
        }
    }

    fn sleep_on_the_bell(&self, context: &Context<'_>, at: usize, expected: u32, timeout: Duration) {
        // Bit 0 says that somebody waits; each ring adds one to what stands above it.
        let turn = (expected >> 1 & 1) as usize;
        let Some(event) = context.event(&self.bells[turn], context.beside.bell(turn), true) else {
            return std::thread::sleep(timeout.min(PAUSE));
        };
        let begun = Instant::now();
        loop {
            let left = timeout.saturating_sub(begun.elapsed());
            if left.is_zero() || !event.wait(left) || context.word(at) != expected {
                return;
            }
            if !context.mapping.is_writable() {
                // One who may not reset it would find it set again at once.
                return std::thread::sleep(left.min(PAUSE));
            }
            event.reset();
            if context.word(at) != expected {
                // Somebody has rung between the two looks, and others may not have heard it yet.
                return event.set();
            }
        }
    }

    /// Wakes sleepers on the word at `at`: one of those at the lock, all at the bell. How many cannot be told: one, lest
    /// the caller think that nobody sleeps.
    pub(super) fn wake(&self, context: &Context<'_>, at: usize) -> u32 {
        if at == context.header.bell() {
            // Both: another ring may have followed this caller's.
            for turn in 0..2 {
                if let Some(event) = context.event(&self.bells[turn], context.beside.bell(turn), true) {
                    event.set();
                }
            }
        } else if let Some(event) = context.event(&self.lock, context.beside.lock(), false) {
            event.set();
        }
        1
    }
}
