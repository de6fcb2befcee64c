//! The robust writer lock: one word in the segment, and the kernel's word on whether its owner lives.
//!
//! The word is `waiters:1 | generation:20 | slot+1:11`. A writer holds a *writer slot*: the kernel locks one byte for
//! it, which the kernel gives back when the writer dies, before anything else can be said of the process. The
//! generation tells the slot's present holder from those before. A lock word names its owner, so anybody can ask the
//! kernel whether that owner lives, and take over from a dead one by replacing exactly the word that was asked about.
//!
//! Nothing needs repair after a take-over: the transfer protocol's next write overwrites what the dead one left.
//!
//! # Orderings
//!
//! * Taking the lock is an acquire that pairs with the release in [`release`]: what the last owner wrote is seen. It is
//!   a release too: whoever reads the owner's name from the word also sees the generation that [`claim`] stored before.
//! * The load of the word in the slow path is followed by an acquire fence, which pairs with that release: a
//!   generation read after it is not older than the owner's.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::words::{ReadWords, Words};

/// The owner word, from the start of the lock region.
const WORD: usize = 0;
/// How many more unlocks must leave the lock to those who already wait.
const FAIR: usize = 4;
/// How often the lock was taken over from a dead owner.
const RECOVERIES: usize = 8;
/// The generations of the writer slots begin here: on lines of their own.
pub(crate) const GENERATIONS: usize = 128;

const WAITERS: u32 = 1 << 31;
const SLOT_BITS: u32 = 11;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
const GENERATION_MASK: u32 = (1 << 20) - 1;

/// Looks at the word before the kernel is asked anything.
const SPINS: u32 = 64;
/// The first sleep; each later one is twice as long, up to [`LONGEST_SLEEP`]. The owner is probed after each.
const FIRST_SLEEP: Duration = Duration::from_millis(1);
const LONGEST_SLEEP: Duration = Duration::from_millis(20);
/// A writer that has slept this often without getting the lock calls for fairness.
const PATIENCE: u32 = 4;
/// How many unlocks a call for fairness lasts. It wears off, so that a caller who dies does not slow the others for
/// ever; whoever still starves then calls again.
const FAIR_TURNS: u32 = 64;

/// What the lock needs of the kernel.
pub trait Kernel {
    /// Why the kernel could not be asked.
    type Error;

    /// Whether somebody holds the byte of the writer slot `slot`. Never called for the caller's own slot.
    ///
    /// # Errors
    ///
    /// When the kernel cannot be asked.
    fn holds_slot(&self, slot: u32) -> Result<bool, Self::Error>;

    /// Sleeps while the word at `at` is `expected`, at most for `timeout`; may return at any time before.
    fn sleep(&self, at: usize, expected: u32, timeout: Duration);

    /// Wakes up to `count` sleepers on the word at `at`.
    fn wake(&self, at: usize, count: u32);

    /// How much longer the caller is willing to wait: `None` when the time is over, and at once for one who does not
    /// wait at all.
    fn remaining(&self) -> Option<Duration>;
}

/// The lock was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acquired {
    /// From an owner that died with it.
    pub recovered: bool,
}

/// The lock was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAcquired<E> {
    /// Somebody who lives has it, and the time is over.
    Held {
        /// By another thread through the caller's own handle.
        by_this_handle: bool,
    },
    /// The kernel could not be asked whether the owner lives.
    Kernel(E),
}

/// Somebody else has, or had, taken the lock from its living owner: a peer that writes what it must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost;

/// The word that names the holder of writer slot `slot`, whose kernel lock the caller has just got: a generation that no
/// earlier holder had.
pub fn claim<M: Words>(memory: &M, region: usize, slot: u32) -> u32 {
    let at = region + GENERATIONS + 4 * slot as usize;
    let Ok(last) = memory.load_u32(at);
    let generation = last.wrapping_add(1) & GENERATION_MASK;
    // Relaxed: the release with which `acquire` stores the word publishes it.
    memory.store_u32(at, generation, Ordering::Relaxed);
    (generation << SLOT_BITS) | (slot + 1)
}

/// Takes the lock for the holder named `mine` if it is free and nobody sleeps: what [`acquire`] tries first.
#[inline]
pub fn try_acquire<M: Words>(memory: &M, region: usize, mine: u32) -> bool {
    take(memory, region, 0, mine)
}

/// Takes the lock for the holder named `mine`.
///
/// # Errors
///
/// [`NotAcquired`] when a living owner kept it until the kernel said that the time is over. The owner is probed at
/// least once before.
#[inline]
pub fn acquire<M: Words, K: Kernel>(
    memory: &M,
    region: usize,
    mine: u32,
    kernel: &K,
) -> Result<Acquired, NotAcquired<K::Error>> {
    if try_acquire(memory, region, mine) { Ok(Acquired { recovered: false }) } else { contend(memory, region, mine, kernel) }
}

#[inline]
fn take<M: Words>(memory: &M, region: usize, from: u32, to: u32) -> bool {
    // The module's docs say what acquire and release pair with. A failure is looked at again.
    memory.compare_exchange_u32(region + WORD, from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

#[cold]
fn contend<M: Words, K: Kernel>(
    memory: &M,
    region: usize,
    mine: u32,
    kernel: &K,
) -> Result<Acquired, NotAcquired<K::Error>> {
    for _ in 0..SPINS {
        std::hint::spin_loop();
        let Ok(word) = memory.load_u32(region + WORD);
        if word == 0 && take(memory, region, 0, mine) {
            return Ok(Acquired { recovered: false });
        }
    }
    let mut slept = 0;
    let mut sleep = FIRST_SLEEP;
    loop {
        let Ok(word) = memory.load_u32(region + WORD);
        memory.fence(Ordering::Acquire);
        let remaining = kernel.remaining();
        // A word with nothing but the waiters' bit is free for those who have waited, and for those who never wait:
        // were it not, a bit left by waiters that are gone would keep them out for ever.
        let free = word == 0 || (word == WAITERS && (slept > 0 || remaining.is_none()));
        let dead = !free && word != WAITERS && is_dead(memory, region, word, mine, kernel)?;
        if free || dead {
            // One who has slept, or follows a dead owner, cannot know who else sleeps: the bit stays for them.
            let waiters = if slept > 0 || word != 0 { WAITERS } else { 0 };
            if take(memory, region, word, mine | waiters) {
                if slept > PATIENCE {
                    // Relaxed, as everything about fairness: a lost update costs a turn.
                    memory.store_u32(region + FAIR, 0, Ordering::Relaxed);
                }
                if dead {
                    memory.fetch_add_u32(region + RECOVERIES, 1, Ordering::Relaxed);
                }
                return Ok(Acquired { recovered: dead });
            }
        }
        let Some(remaining) = remaining else {
            return Err(NotAcquired::Held { by_this_handle: word & !WAITERS == mine });
        };
        if free || dead {
            continue;
        }
        // Relaxed: the bit says that somebody sleeps, and the kernel compares the word again before the sleep.
        let announced = word & WAITERS != 0
            || memory
                .compare_exchange_u32(region + WORD, word, word | WAITERS, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if announced {
            if slept >= PATIENCE {
                memory.store_u32(region + FAIR, FAIR_TURNS, Ordering::Relaxed);
            }
            kernel.sleep(region + WORD, word | WAITERS, remaining.min(sleep));
            slept += 1;
            sleep = (sleep * 2).min(LONGEST_SLEEP);
        }
    }
}

/// Whether the owner named by `word` is dead. Reads the generation after the word (the caller's acquire fence stands
/// between), and asks the kernel last.
fn is_dead<M: Words, K: Kernel>(
    memory: &M,
    region: usize,
    word: u32,
    mine: u32,
    kernel: &K,
) -> Result<bool, NotAcquired<K::Error>> {
    let owner = word & !WAITERS;
    if owner == mine {
        // Another thread of this handle: alive by definition, and the kernel does not show us our own locks.
        return Ok(false);
    }
    let Some(slot) = (owner & SLOT_MASK).checked_sub(1) else {
        // No holder is named so: some peer scribbled.
        return Ok(true);
    };
    let Ok(generation) = memory.load_u32(region + GENERATIONS + 4 * slot as usize);
    if generation & GENERATION_MASK != owner >> SLOT_BITS {
        return Ok(true);
    }
    if owner & SLOT_MASK == mine & SLOT_MASK {
        // Our own slot under a generation that is not ours, which only a scribble can bring about.
        return Ok(true);
    }
    kernel.holds_slot(slot).map(|held| !held).map_err(NotAcquired::Kernel)
}

/// Gives the lock back.
///
/// # Errors
///
/// [`Lost`] when the word names somebody else: it is left alone.
#[inline]
pub fn release<M: Words, K: Kernel>(memory: &M, region: usize, mine: u32, kernel: &K) -> Result<(), Lost> {
    // Release: what this owner wrote is seen by the next, whose `take` is the acquire.
    match memory.compare_exchange_u32(region + WORD, mine, 0, Ordering::Release, Ordering::Relaxed) {
        Ok(_) => Ok(()),
        Err(word) => release_to_waiters(memory, region, mine, word, kernel),
    }
}

#[cold]
fn release_to_waiters<M: Words, K: Kernel>(
    memory: &M,
    region: usize,
    mine: u32,
    word: u32,
    kernel: &K,
) -> Result<(), Lost> {
    if word != mine | WAITERS {
        return Err(Lost);
    }
    let Ok(fair) = memory.load_u32(region + FAIR);
    let free = if fair == 0 {
        0
    } else {
        memory.store_u32(region + FAIR, fair.min(FAIR_TURNS) - 1, Ordering::Relaxed);
        // Newcomers take the lock from 0 only: they queue behind those who sleep.
        WAITERS
    };
    memory
        .compare_exchange_u32(region + WORD, word, free, Ordering::Release, Ordering::Relaxed)
        .map_err(|_| Lost)?;
    kernel.wake(region + WORD, 1);
    Ok(())
}

/// How often the lock was taken over from a dead owner, as far as the peers tell the truth.
///
/// # Errors
///
/// When the memory cannot be read.
pub fn recoveries<M: ReadWords>(memory: &M, region: usize) -> Result<u32, M::Fault> {
    memory.load_u32(region + RECOVERIES)
}

/// Whether somebody has the lock, dead or alive.
///
/// # Errors
///
/// When the memory cannot be read.
pub fn is_held<M: ReadWords>(memory: &M, region: usize) -> Result<bool, M::Fault> {
    Ok(memory.load_u32(region + WORD)? & !WAITERS != 0)
}
