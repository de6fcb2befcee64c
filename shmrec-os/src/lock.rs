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
    /// Looks at the word before the kernel is asked anything: fewer where every look is to be thought through.
    const SPINS: u32 = 64;

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

    /// Wakes up to `count` sleepers on the word at `at`; gives how many it woke.
    fn wake(&self, at: usize, count: u32) -> u32;

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
    // Release: pairs with the acquire fence of one who finds an older generation stale. The kernel gave this slot because
    // its last holder is dead, and whoever concludes that from the generation must see what that holder did, too.
    memory.store_u32(at, generation, Ordering::Release);
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
    if try_acquire(memory, region, mine) {
        Ok(Acquired { recovered: false })
    } else {
        contend(memory, region, mine, kernel)
    }
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
    for _ in 0..K::SPINS {
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
        // Pairs with the release in `claim`.
        memory.fence(Ordering::Acquire);
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
    memory.compare_exchange_u32(region + WORD, word, free, Ordering::Release, Ordering::Relaxed).map_err(|_| Lost)?;
    if kernel.wake(region + WORD, 1) == 0 && free == WAITERS {
        // Nobody sleeps: whoever did is gone, or awake and will say so again. Newcomers need not stand behind nobody. If
        // the exchange fails somebody has the lock already. Relaxed: a free word guards nothing that is not released
        // with the exchange above, whose release this one continues.
        let _ = memory.compare_exchange_u32(region + WORD, WAITERS, 0, Ordering::Relaxed, Ordering::Relaxed);
    }
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

/// The lock as it was at one moment, to somebody who does not want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The word without the waiters' bit: 0 when nobody has the lock, else a name that no other owner has.
    pub owner: u32,
    /// The owner's writer slot, if the word is the name of that slot's last holder: whether that one lives the kernel
    /// says. Of a name that is nobody's any more, or never was one, the owner is dead.
    pub slot: Option<u32>,
    /// Whether somebody sleeps until the lock is given back, or did a moment ago.
    pub waiters: bool,
}

/// Looks who has the lock.
///
/// # Errors
///
/// When the memory cannot be read.
pub fn look<M: ReadWords>(memory: &M, region: usize) -> Result<Look, M::Fault> {
    let word = memory.load_u32(region + WORD)?;
    // Pairs with the release of `take`, as in `contend`: the generation is not older than the owner's.
    memory.fence(Ordering::Acquire);
    let owner = word & !WAITERS;
    let slot = match (owner & SLOT_MASK).checked_sub(1) {
        Some(slot) => {
            let generation = memory.load_u32(region + GENERATIONS + 4 * slot as usize)?;
            (generation & GENERATION_MASK == owner >> SLOT_BITS).then_some(slot)
        }
        None => None,
    };
    Ok(Look { owner, slot, waiters: word & WAITERS != 0 })
}

#[cfg(test)]
pub(crate) mod tests {
    //! The lock over memory of this thread's own, with a kernel that plays a script: what others do, they do at the exact
    //! access or call that the test names.

    use std::cell::{Cell, RefCell};
    use std::collections::BTreeSet;
    use std::convert::Infallible;

    use super::*;

    /// What is about to be done to a [`Memory`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Access {
        Load(usize),
        Store(usize),
        Exchange(usize),
        Fence(Ordering),
    }

    type Interruption<'s> = Box<dyn FnMut(&Memory<'s>, Access) + 's>;

    /// Words of one thread. The interruption is called before each access, and not for its own.
    pub(crate) struct Memory<'s> {
        words: Vec<Cell<u32>>,
        interruption: RefCell<Option<Interruption<'s>>>,
        written: Cell<usize>,
    }

    impl<'s> Memory<'s> {
        pub(crate) fn new(bytes: usize) -> Self {
            Self {
                words: vec![Cell::new(0); bytes.div_ceil(4)],
                interruption: RefCell::default(),
                written: Cell::new(0),
            }
        }

        pub(crate) fn interrupt(&self, by: impl FnMut(&Memory<'s>, Access) + 's) {
            *self.interruption.borrow_mut() = Some(Box::new(by));
        }

        pub(crate) fn get(&self, at: usize) -> u32 {
            self.word(at).get()
        }

        pub(crate) fn set(&self, at: usize, value: u32) {
            self.word(at).set(value);
        }

        /// How many accesses could have changed a word, so far.
        pub(crate) fn written(&self) -> usize {
            self.written.get()
        }

        fn word(&self, at: usize) -> &Cell<u32> {
            assert!(at % 4 == 0, "a word at {at}");
            &self.words[at / 4]
        }

        fn before(&self, access: Access) {
            let taken = self.interruption.borrow_mut().take();
            if let Some(mut interruption) = taken {
                interruption(self, access);
                self.interruption.borrow_mut().get_or_insert(interruption);
            }
            if matches!(access, Access::Store(_) | Access::Exchange(_)) {
                self.written.set(self.written.get() + 1);
            }
        }
    }

    impl ReadWords for Memory<'_> {
        type Fault = Infallible;

        fn load_u32(&self, at: usize) -> Result<u32, Infallible> {
            self.before(Access::Load(at));
            Ok(self.get(at))
        }

        fn load_u64(&self, at: usize) -> Result<u64, Infallible> {
            unreachable!("neither lock nor bell has a word of 8 bytes, nor one at {at}")
        }

        fn fence(&self, order: Ordering) {
            self.before(Access::Fence(order));
        }
    }

    impl Words for Memory<'_> {
        fn store_u32(&self, at: usize, value: u32, _order: Ordering) {
            self.before(Access::Store(at));
            self.set(at, value);
        }

        fn store_u64(&self, at: usize, _value: u64, _order: Ordering) {
            unreachable!("neither lock nor bell has a word of 8 bytes, nor one at {at}")
        }

        fn fetch_add_u32(&self, at: usize, value: u32, _order: Ordering) -> u32 {
            self.before(Access::Exchange(at));
            self.word(at).replace(self.get(at).wrapping_add(value))
        }

        fn compare_exchange_u32(
            &self,
            at: usize,
            current: u32,
            new: u32,
            _success: Ordering,
            _failure: Ordering,
        ) -> Result<u32, u32> {
            self.before(Access::Exchange(at));
            match self.get(at) {
                found if found == current => Ok(self.word(at).replace(new)),
                found => Err(found),
            }
        }

        fn fence_after_exchange(&self) {
            self.fence(Ordering::SeqCst);
        }
    }

    /// What the kernel was asked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Call {
        Probe {
            slot: u32,
        },
        Slept {
            at: usize,
            timeout: Duration,
        },
        /// The word was not what the sleeper expected.
        NotSlept {
            at: usize,
        },
        Wake {
            at: usize,
            count: u32,
        },
    }

    type Event<'e, A> = RefCell<Box<dyn FnMut(A) + 'e>>;

    /// A kernel whose time passes in sleeps only.
    pub(crate) struct Script<'e> {
        word: Box<dyn Fn(usize) -> u32 + 'e>,
        alive: RefCell<BTreeSet<u32>>,
        /// In this sleep everybody dies.
        death: usize,
        left: Cell<Duration>,
        calls: RefCell<Vec<Call>>,
        during_sleep: Event<'e, usize>,
        during_probe: Event<'e, u32>,
        broken: bool,
        /// Whether a wake finds nobody.
        nobody_sleeps: bool,
    }

    /// The scripted kernel does not answer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Broken;

    impl<'e> Script<'e> {
        /// For a caller that waits for `patience`.
        pub(crate) fn new(memory: &'e Memory<'_>, patience: Duration) -> Self {
            Self {
                word: Box::new(|at| memory.get(at)),
                alive: RefCell::default(),
                death: 0,
                left: Cell::new(patience),
                calls: RefCell::default(),
                during_sleep: RefCell::new(Box::new(|_| {})),
                during_probe: RefCell::new(Box::new(|_| {})),
                broken: false,
                nobody_sleeps: false,
            }
        }

        /// What happens while the caller sleeps for the n-th time, counted from 1.
        pub(crate) fn during_sleep(self, event: impl FnMut(usize) + 'e) -> Self {
            Self { during_sleep: RefCell::new(Box::new(event)), ..self }
        }

        /// What happens between the question for a slot and the answer.
        fn during_probe(self, event: impl FnMut(u32) + 'e) -> Self {
            Self { during_probe: RefCell::new(Box::new(event)), ..self }
        }

        fn alive(self, slot: u32) -> Self {
            self.alive.borrow_mut().insert(slot);
            self
        }

        pub(crate) fn calls(&self) -> Vec<Call> {
            self.calls.borrow().clone()
        }

        fn sleeps(&self) -> Vec<Duration> {
            let slept = |call: &Call| if let Call::Slept { timeout, .. } = call { Some(*timeout) } else { None };
            self.calls.borrow().iter().filter_map(slept).collect()
        }
    }

    impl Kernel for Script<'_> {
        type Error = Broken;

        fn holds_slot(&self, slot: u32) -> Result<bool, Broken> {
            self.calls.borrow_mut().push(Call::Probe { slot });
            let answer = self.alive.borrow().contains(&slot);
            (self.during_probe.borrow_mut())(slot);
            if self.broken { Err(Broken) } else { Ok(answer) }
        }

        fn sleep(&self, at: usize, expected: u32, timeout: Duration) {
            if (self.word)(at) != expected {
                self.calls.borrow_mut().push(Call::NotSlept { at });
                return;
            }
            self.calls.borrow_mut().push(Call::Slept { at, timeout });
            self.left.set(self.left.get().saturating_sub(timeout));
            let nth = self.sleeps().len();
            if nth == self.death {
                self.alive.borrow_mut().clear();
            }
            (self.during_sleep.borrow_mut())(nth);
        }

        fn wake(&self, at: usize, count: u32) -> u32 {
            self.calls.borrow_mut().push(Call::Wake { at, count });
            if self.nobody_sleeps { 0 } else { count }
        }

        fn remaining(&self) -> Option<Duration> {
            Some(self.left.get()).filter(|left| !left.is_zero())
        }
    }

    /// The lock region does not begin at 0, so that an address that forgets it is noticed.
    const REGION: usize = 256;
    const AT_WORD: usize = REGION + WORD;
    const AT_FAIR: usize = REGION + FAIR;
    const A_MINUTE: Duration = Duration::from_secs(60);
    const NOT_AT_ALL: Duration = Duration::ZERO;

    fn memory<'s>() -> Memory<'s> {
        Memory::new(REGION + GENERATIONS + 4 * 2047)
    }

    fn at_generation(slot: u32) -> usize {
        REGION + GENERATIONS + 4 * slot as usize
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    const HELD_BY_ANOTHER: NotAcquired<Broken> = NotAcquired::Held { by_this_handle: false };
    const HELD_BY_THIS_HANDLE: NotAcquired<Broken> = NotAcquired::Held { by_this_handle: true };
    const TAKEN: Acquired = Acquired { recovered: false };
    const RECOVERED: Acquired = Acquired { recovered: true };

    #[test]
    fn a_claim_names_its_slot_with_a_generation_that_no_earlier_holder_had() {
        let memory = memory();
        let names: BTreeSet<u32> = (0..1000).map(|_| claim(&memory, REGION, 2046)).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name & SLOT_MASK == 2047 && name & WAITERS == 0));
        assert_eq!(memory.get(at_generation(2046)), 1000);
        assert_eq!(memory.get(at_generation(2045)), 0);

        memory.set(at_generation(0), GENERATION_MASK);
        assert_eq!(claim(&memory, REGION, 0), 1, "the generation begins again behind its 20 bits");
        memory.set(at_generation(0), u32::MAX);
        assert_eq!(claim(&memory, REGION, 0), 1, "bits that some peer scribbled above it do not reach the word");
    }

    #[test]
    fn a_free_lock_is_taken_and_given_back_without_the_kernel() {
        let memory = memory();
        let mine = claim(&memory, REGION, 3);
        let kernel = Script::new(&memory, NOT_AT_ALL);
        for _ in 0..3 {
            assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
            assert_eq!(memory.get(AT_WORD), mine);
            assert_eq!(is_held(&memory, REGION), Ok(true));
            assert_eq!(release(&memory, REGION, mine, &kernel), Ok(()));
            assert_eq!(is_held(&memory, REGION), Ok(false));
        }
        assert_eq!((kernel.calls(), recoveries(&memory, REGION)), (vec![], Ok(0)));
    }

    #[test]
    fn an_owner_that_is_quick_costs_the_next_no_call() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        let kernel = Script::new(&memory, A_MINUTE).alive(1);
        memory.set(AT_WORD, owner);
        let mut loads = 0;
        memory.interrupt(move |memory, access| {
            loads += u32::from(access == Access::Load(AT_WORD));
            match loads {
                10 => memory.set(AT_WORD, 0),
                // Whoever does not look in between comes too late.
                20 if memory.get(AT_WORD) == 0 => memory.set(AT_WORD, owner),
                _ => {}
            }
        });
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
        assert_eq!((memory.get(AT_WORD), kernel.calls()), (mine, vec![]));
    }

    #[test]
    fn a_living_owner_keeps_the_lock_and_is_asked_for_after_every_sleep() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner);
        let kernel = Script::new(&memory, millis(100)).alive(1);
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Err(HELD_BY_ANOTHER));
        // Doubling, up to the longest, and never beyond the end.
        assert_eq!(kernel.sleeps(), [1, 2, 4, 8, 16, 20, 20, 20, 9].map(millis));
        let calls = kernel.calls();
        for pair in calls.chunks(2) {
            assert_eq!(pair[0], Call::Probe { slot: 1 }, "{calls:?}");
            assert!(pair.len() == 1 || matches!(pair[1], Call::Slept { at: AT_WORD, .. }), "{calls:?}");
        }
        assert_eq!(memory.get(AT_WORD), owner | WAITERS, "the owner's name stays, with the waiters' bit");
    }

    #[test]
    fn one_who_does_not_wait_asks_once_and_does_not_sleep() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner);
        let kernel = Script::new(&memory, NOT_AT_ALL).alive(1);
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Err(HELD_BY_ANOTHER));
        assert_eq!(kernel.calls(), [Call::Probe { slot: 1 }]);
        assert_eq!(memory.get(AT_WORD), owner, "it does not say that it waits");
    }

    #[test]
    fn one_who_does_not_wait_takes_the_lock_of_a_dead_owner() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner);
        let kernel = Script::new(&memory, NOT_AT_ALL);
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(RECOVERED));
        assert_eq!(kernel.calls(), [Call::Probe { slot: 1 }]);
        // Nobody had set the bit, and still it is there: he cannot know who sleeps.
        assert_eq!(memory.get(AT_WORD), mine | WAITERS);
        assert_eq!(recoveries(&memory, REGION), Ok(1));
    }

    #[test]
    fn a_word_with_only_the_waiters_bit_is_free_for_one_who_does_not_wait() {
        let memory = memory();
        let mine = claim(&memory, REGION, 2);
        memory.set(AT_WORD, WAITERS);
        let kernel = Script::new(&memory, NOT_AT_ALL);
        assert!(!try_acquire(&memory, REGION, mine), "the fast path takes a free lock only from 0");
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
        assert_eq!((memory.get(AT_WORD), kernel.calls()), (mine | WAITERS, vec![]));
    }

    #[test]
    fn a_word_with_only_the_waiters_bit_costs_one_who_waits_the_first_sleep_and_no_more() {
        let memory = memory();
        let mine = claim(&memory, REGION, 2);
        memory.set(AT_WORD, WAITERS);
        let kernel = Script::new(&memory, A_MINUTE);
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
        assert_eq!(kernel.calls(), [Call::Slept { at: AT_WORD, timeout: FIRST_SLEEP }]);
        assert_eq!(memory.get(AT_WORD), mine | WAITERS);
    }

    #[test]
    fn the_waiters_bit_stays_when_the_lock_is_taken_after_a_sleep() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner);
        // The owner gives it back whole: nobody seems to wait any more.
        let kernel = Script::new(&memory, A_MINUTE).alive(1).during_sleep(|_| memory.set(AT_WORD, 0));
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
        assert_eq!(memory.get(AT_WORD), mine | WAITERS, "another may sleep that was not woken");
        // So the unlock wakes that one.
        assert_eq!(release(&memory, REGION, mine, &kernel), Ok(()));
        assert_eq!(kernel.calls().last(), Some(&Call::Wake { at: AT_WORD, count: 1 }));
        assert_eq!(memory.get(AT_WORD), 0);
    }

    #[test]
    fn who_finds_the_lock_free_before_any_sleep_announces_no_sleeper() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner);
        // The owner gives it back while the kernel is asked for it.
        let kernel = Script::new(&memory, A_MINUTE).alive(1).during_probe(|_| memory.set(AT_WORD, 0));
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
        assert_eq!((memory.get(AT_WORD), kernel.calls()), (mine, vec![Call::Probe { slot: 1 }]));
    }

    #[test]
    fn an_owner_that_dies_while_it_is_waited_for_is_noticed_after_one_sleep() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner | WAITERS);
        let kernel = Script { death: 3, ..Script::new(&memory, A_MINUTE).alive(1) };
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(RECOVERED));
        assert_eq!(kernel.sleeps(), [1, 2, 4].map(millis));
        assert_eq!(memory.get(AT_WORD), mine | WAITERS);
    }

    #[test]
    fn a_word_that_changed_since_the_owner_was_asked_for_is_not_taken_over() {
        let memory = memory();
        let (dead, other, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 5), claim(&memory, REGION, 2));
        memory.set(AT_WORD, dead);
        // Another waiter takes over first, and lives.
        let kernel = Script::new(&memory, NOT_AT_ALL).alive(5).during_probe(|_| memory.set(AT_WORD, other | WAITERS));
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Err(HELD_BY_ANOTHER));
        assert_eq!((memory.get(AT_WORD), recoveries(&memory, REGION)), (other | WAITERS, Ok(0)));

        // The same slot again, under its next generation: the answer was about the one before.
        memory.set(AT_WORD, dead);
        let again = claim(&memory, REGION, 1);
        memory.set(at_generation(1), dead >> SLOT_BITS);
        let kernel = Script::new(&memory, NOT_AT_ALL).during_probe(|_| {
            memory.set(at_generation(1), again >> SLOT_BITS);
            memory.set(AT_WORD, again);
        });
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Err(HELD_BY_ANOTHER));
        assert_eq!(memory.get(AT_WORD), again);

        // Only the waiters' bit came: one who waits looks again, and then takes exactly that word.
        memory.set(AT_WORD, again);
        let mut first = true;
        let kernel = Script::new(&memory, A_MINUTE).during_probe(|_| {
            if std::mem::take(&mut first) {
                memory.set(AT_WORD, again | WAITERS);
            }
        });
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(RECOVERED));
        assert_eq!(kernel.calls(), [Call::Probe { slot: 1 }; 2]);
    }

    #[test]
    fn a_generation_that_is_not_its_slots_is_dead_without_a_question() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        // The slot has a new, living holder, who does not have the lock.
        claim(&memory, REGION, 1);
        memory.set(AT_WORD, owner);
        let kernel = Script::new(&memory, NOT_AT_ALL).alive(1);
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(RECOVERED));
        assert_eq!((memory.get(AT_WORD), kernel.calls()), (mine | WAITERS, vec![]));
    }

    #[test]
    fn a_word_that_names_nobody_is_taken_over() {
        let memory = memory();
        let mine = claim(&memory, REGION, 2);
        // A slot field of 0; the own slot under a generation that is not the own, whatever stands in its generation.
        for scribble in [1 << SLOT_BITS, GENERATION_MASK << SLOT_BITS, WAITERS | (7 << SLOT_BITS)] {
            let kernel = Script::new(&memory, NOT_AT_ALL);
            memory.set(AT_WORD, scribble);
            assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(RECOVERED), "{scribble:#x}");
            assert_eq!((memory.get(AT_WORD), kernel.calls()), (mine | WAITERS, vec![]), "{scribble:#x}");
        }
        let scribble = (9 << SLOT_BITS) | (mine & SLOT_MASK);
        memory.set(AT_WORD, scribble);
        memory.set(at_generation(2), 9);
        let kernel = Script::new(&memory, NOT_AT_ALL).alive(2);
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(RECOVERED));
        assert_eq!(kernel.calls(), [], "the kernel does not show a handle its own locks");
    }

    #[test]
    fn every_word_that_a_peer_can_scribble_is_bounded() {
        let memory = memory();
        let mine = claim(&memory, REGION, 2);
        for bits in 0..=u32::from(u16::MAX) {
            // All slot fields, and generations and waiters' bits of either kind.
            let word = (bits & SLOT_MASK) | (bits << 16);
            memory.set(AT_WORD, word);
            let kernel = Script::new(&memory, NOT_AT_ALL).alive(bits % 2047);
            match acquire(&memory, REGION, mine, &kernel) {
                Ok(_) => assert_eq!(memory.get(AT_WORD) & !WAITERS, mine, "{word:#x}"),
                Err(error) => {
                    assert_eq!(error, HELD_BY_ANOTHER, "{word:#x}");
                    assert_eq!(memory.get(AT_WORD), word, "{word:#x}");
                }
            }
        }
    }

    #[test]
    fn another_thread_of_this_handle_is_alive_by_definition() {
        let memory = memory();
        let mine = claim(&memory, REGION, 2);
        for word in [mine, mine | WAITERS] {
            memory.set(AT_WORD, word);
            let kernel = Script::new(&memory, millis(10));
            assert_eq!(acquire(&memory, REGION, mine, &kernel), Err(HELD_BY_THIS_HANDLE));
            assert_eq!(kernel.sleeps(), [1, 2, 4, 3].map(millis));
            assert!(kernel.calls().iter().all(|call| matches!(call, Call::Slept { .. })), "{:?}", kernel.calls());
            assert_eq!(memory.get(AT_WORD), mine | WAITERS);
        }
    }

    #[test]
    fn a_kernel_that_cannot_be_asked_is_an_error_and_nothing_is_taken() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner);
        let kernel = Script { broken: true, ..Script::new(&memory, A_MINUTE) };
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Err(NotAcquired::Kernel(Broken)));
        assert_eq!(memory.get(AT_WORD), owner);
    }

    #[test]
    fn a_sleep_is_refused_when_the_lock_was_given_back_before_it() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner | WAITERS);
        // Between the look at the word and the sleep: the owner is found alive, and gives the lock back.
        let kernel = Script::new(&memory, A_MINUTE).alive(1).during_probe(|_| memory.set(AT_WORD, 0));
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
        assert_eq!(kernel.calls(), [Call::Probe { slot: 1 }, Call::NotSlept { at: AT_WORD }]);
    }

    #[test]
    fn a_look_tells_who_has_the_lock_and_changes_nothing() {
        let memory = memory();
        let (first, second) = (claim(&memory, REGION, 7), claim(&memory, REGION, 7));
        // A free lock; a holder, without and with sleepers; the last holder of the same slot; slot 2047 - 1, never claimed,
        // under a generation that it might have; no slot at all.
        for (word, owner, slot, waiters) in [
            (0, 0, None, false),
            (WAITERS, 0, None, true),
            (second, second, Some(7), false),
            (second | WAITERS, second, Some(7), true),
            (first, first, None, false),
            (2047, 2047, Some(2046), false),
            ((1 << SLOT_BITS) | 2047, (1 << SLOT_BITS) | 2047, None, false),
            (5 << SLOT_BITS, 5 << SLOT_BITS, None, false),
        ] {
            memory.set(AT_WORD, word);
            let written = memory.written();
            assert_eq!(look(&memory, REGION), Ok(Look { owner, slot, waiters }), "{word:#x}");
            assert_eq!((memory.get(AT_WORD), memory.written()), (word, written));
        }
        // What a peer scribbled above a generation's bits is not part of it.
        memory.set(AT_WORD, second);
        memory.set(at_generation(7), !GENERATION_MASK | memory.get(at_generation(7)));
        assert_eq!(look(&memory, REGION), Ok(Look { owner: second, slot: Some(7), waiters: false }));
    }

    #[test]
    fn the_lock_of_somebody_else_is_not_given_back() {
        let memory = memory();
        let (other, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        for word in [0, WAITERS, other, other | WAITERS, mine + (1 << SLOT_BITS), mine ^ SLOT_MASK, u32::MAX] {
            for fair in [0, 5] {
                memory.set(AT_WORD, word);
                memory.set(AT_FAIR, fair);
                let kernel = Script::new(&memory, NOT_AT_ALL);
                assert_eq!(release(&memory, REGION, mine, &kernel), Err(Lost), "{word:#x}");
                assert_eq!((memory.get(AT_WORD), memory.get(AT_FAIR)), (word, fair), "{word:#x}");
                assert_eq!(kernel.calls(), [], "{word:#x}");
            }
        }
    }

    #[test]
    fn an_unlock_that_is_overtaken_by_a_scribble_leaves_the_scribble() {
        let memory = memory();
        let mine = claim(&memory, REGION, 2);
        memory.set(AT_WORD, mine | WAITERS);
        // Behind the look at the word, before the exchange.
        memory.interrupt(|memory, access| {
            if access == Access::Load(AT_FAIR) {
                memory.set(AT_WORD, 77);
            }
        });
        let kernel = Script::new(&memory, NOT_AT_ALL);
        assert_eq!(release(&memory, REGION, mine, &kernel), Err(Lost));
        assert_eq!((memory.get(AT_WORD), kernel.calls()), (77, vec![]));
    }

    /// An owner that unlocks and locks again whenever the waiter sleeps: a running writer against a woken one. Gives
    /// in which sleeps it got the lock again.
    fn barge(memory: &Memory<'_>, owner: u32, mine: u32, patience: Duration) -> (Vec<usize>, bool) {
        let barged = RefCell::new(Vec::new());
        memory.set(AT_WORD, owner);
        let kernel = Script::new(memory, patience).alive(1).during_sleep(|nth| {
            let others = Script::new(memory, NOT_AT_ALL);
            if release(memory, REGION, owner, &others).is_ok() && try_acquire(memory, REGION, owner) {
                barged.borrow_mut().push(nth);
            }
        });
        let taken = acquire(memory, REGION, mine, &kernel).is_ok();
        drop(kernel);
        (barged.into_inner(), taken)
    }

    #[test]
    fn who_has_slept_four_times_in_vain_is_next() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        let (barged, taken) = barge(&memory, owner, mine, A_MINUTE);
        // Overtaken in each of the first rounds; in the next the unlock leaves only the waiters' bit, from which the
        // owner's fast path cannot take the lock.
        assert_eq!((barged, taken), ((1..=PATIENCE as usize).collect(), true));
        assert_eq!(memory.get(AT_WORD), mine | WAITERS);
        assert_eq!(memory.get(AT_FAIR), 0, "the one who called for fairness has had its turn");
    }

    #[test]
    fn who_gets_the_lock_in_time_does_not_call_for_fairness() {
        let memory = memory();
        let (owner, mine) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2));
        memory.set(AT_WORD, owner);
        let kernel = Script::new(&memory, A_MINUTE).alive(1).during_sleep(|nth| {
            assert_eq!(memory.get(AT_FAIR), 0);
            if nth == PATIENCE as usize {
                memory.set(AT_WORD, 0);
                // Somebody else does, who still waits.
                memory.set(AT_FAIR, 5);
            }
        });
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Ok(TAKEN));
        assert_eq!(memory.get(AT_FAIR), 5);
    }

    #[test]
    fn a_call_for_fairness_wears_off_when_its_caller_is_gone() {
        let memory = memory();
        let (owner, mine, other) = (claim(&memory, REGION, 1), claim(&memory, REGION, 2), claim(&memory, REGION, 3));
        // The caller's time is over, or it is killed, in its fifth sleep; the owner still has the lock.
        let kernel = Script::new(&memory, millis(1 + 2 + 4 + 8 + 16)).alive(1);
        memory.set(AT_WORD, owner);
        assert_eq!(acquire(&memory, REGION, mine, &kernel), Err(HELD_BY_ANOTHER));
        assert_eq!((memory.get(AT_WORD), memory.get(AT_FAIR)), (owner | WAITERS, FAIR_TURNS));

        let mut turns = 0;
        let kernel = Script::new(&memory, A_MINUTE);
        let mut holder = owner;
        loop {
            release(&memory, REGION, holder, &kernel).unwrap();
            if memory.get(AT_WORD) == 0 {
                break;
            }
            assert_eq!(memory.get(AT_WORD), WAITERS);
            turns += 1;
            // Whoever comes next, the last owner included: not at once.
            holder = [owner, other][turns as usize % 2];
            assert!(!try_acquire(&memory, REGION, holder));
            assert_eq!(acquire(&memory, REGION, holder, &kernel), Ok(TAKEN));
        }
        assert_eq!(turns, FAIR_TURNS);
        assert!(try_acquire(&memory, REGION, owner), "newcomers take the lock at once again");
        release(&memory, REGION, owner, &kernel).unwrap();
        assert_eq!(memory.get(AT_WORD), 0);
    }

    #[test]
    fn a_scribbled_call_for_fairness_wears_off_as_fast() {
        let memory = memory();
        let mine = claim(&memory, REGION, 2);
        memory.set(AT_FAIR, u32::MAX);
        let kernel = Script::new(&memory, A_MINUTE);
        let mut turns = 0;
        memory.set(AT_WORD, mine | WAITERS);
        while {
            release(&memory, REGION, mine, &kernel).unwrap();
            memory.get(AT_WORD) != 0
        } {
            turns += 1;
            assert!(turns <= FAIR_TURNS);
            memory.set(AT_WORD, mine | WAITERS);
        }
        assert_eq!(turns, FAIR_TURNS);
    }

    #[test]
    fn an_unlock_that_finds_nobody_asleep_lets_newcomers_in_although_fairness_was_called_for() {
        let memory = memory();
        let kernel = Script { nobody_sleeps: true, ..Script::new(&memory, NOT_AT_ALL) };
        let mine = claim(&memory, REGION, 7);
        memory.set(AT_WORD, mine | WAITERS);
        memory.set(AT_FAIR, FAIR_TURNS);
        assert_eq!(release(&memory, REGION, mine, &kernel), Ok(()));
        assert_eq!(memory.get(AT_WORD), 0);
        let newcomer = claim(&memory, REGION, 8);
        assert!(try_acquire(&memory, REGION, newcomer));
    }
}
