//! The writer lock keeps writers apart, is taken over from the dead once, and leaves nobody asleep.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use shmrec_models::kernel::Futex;
use shmrec_models::memory::{Loads, Memory, Mortal};
use shmrec_models::{PREEMPTIONS, check_both};
use shmrec_os::lock::{self, Acquired, Kernel};
use shmrec_os::words::{ReadWords, Words};

const REGION: usize = 0;
const FAIR: usize = 4;

/// A lock region with the generations of the first writer slots.
fn region(loads: Loads) -> Memory {
    let short: Vec<_> = [0, 4, 8].into_iter().chain((0..4).map(|slot| 128 + 4 * slot)).map(|at| (at, 0)).collect();
    Memory::new(loads, &short, &[])
}

/// Takes the lock, touches what it guards, gives it back.
fn critical_section(kernel: &Futex, guarded: &UnsafeCell<u32>, slot: u32) -> Acquired {
    let mine = lock::claim(&*kernel.memory, REGION, slot);
    section_of(kernel, guarded, mine)
}

fn section_of(kernel: &Futex, guarded: &UnsafeCell<u32>, mine: u32) -> Acquired {
    let memory = &*kernel.memory;
    let Ok(acquired) = lock::acquire(memory, REGION, mine, &kernel) else { panic!("nobody gives up") };
    touch(guarded);
    lock::release(memory, REGION, mine, &kernel).expect("still ours");
    acquired
}

/// Two threads here at once, or one that does not see what the other did, and the model checker panics.
fn touch(guarded: &UnsafeCell<u32>) {
    #[allow(unsafe_code)]
    guarded.with_mut(|value| {
        // SAFETY: what these models are to show; loom checks it before it gives the pointer.
        unsafe { *value += 1 };
    });
}

/// What the lock has guarded, when all are done.
fn touched(guarded: &UnsafeCell<u32>) -> u32 {
    #[allow(unsafe_code)]
    // SAFETY: the threads are joined.
    guarded.with(|value| unsafe { *value })
}

fn contenders(kernel: &Arc<Futex>, guarded: &Arc<UnsafeCell<u32>>, slots: &[u32]) -> Vec<thread::JoinHandle<Acquired>> {
    slots
        .iter()
        .map(|slot| {
            let (kernel, guarded, slot) = (Arc::clone(kernel), Arc::clone(guarded), *slot);
            thread::spawn(move || critical_section(&kernel, &guarded, slot))
        })
        .collect()
}

#[test]
fn the_lock_keeps_two_writers_apart_and_loses_no_wake_up() {
    check_both("two writers", None, |loads| {
        let kernel = Arc::new(Futex::new(region(loads)));
        let guarded = Arc::new(UnsafeCell::new(0));
        let others = contenders(&kernel, &guarded, &[1]);
        critical_section(&kernel, &guarded, 0);
        assert!(others.into_iter().all(|other| !other.join().unwrap().recovered));
        assert_eq!(touched(&guarded), 2);
        assert_eq!(lock::is_held(&*kernel.memory, REGION), Ok(false));
    });
}

#[test]
fn the_lock_keeps_three_writers_apart_and_loses_no_wake_up() {
    check_both("three writers", Some(PREEMPTIONS), |loads| {
        let kernel = Arc::new(Futex::new(region(loads)));
        let guarded = Arc::new(UnsafeCell::new(0));
        let others = contenders(&kernel, &guarded, &[1, 2]);
        critical_section(&kernel, &guarded, 0);
        assert!(others.into_iter().all(|other| !other.join().unwrap().recovered));
        assert_eq!(touched(&guarded), 3);
    });
}

/// The unlock that leaves the lock to those who sleep. A newcomer may sleep where nobody wakes it, once: that is the delay that it
/// is asked for, so sleeps end here.
#[test]
fn a_call_for_fairness_keeps_nobody_out_and_leaves_the_lock_free() {
    check_both("three writers, of whom newcomers queue", Some(1), |loads| {
        let memory = region(loads);
        memory.store_u32(REGION + FAIR, 2, std::sync::atomic::Ordering::Relaxed);
        let kernel = Arc::new(Futex::with_ending_sleeps(memory));
        let guarded = Arc::new(UnsafeCell::new(0));
        let others = contenders(&kernel, &guarded, &[1, 2]);
        critical_section(&kernel, &guarded, 0);
        assert!(others.into_iter().all(|other| !other.join().unwrap().recovered));
        assert_eq!(touched(&guarded), 3);
        // Nobody sleeps: the next one need not stand behind anybody.
        assert_eq!(kernel.memory.load_u32(REGION), Ok(0));
    });
}

/// One who was woken takes the lock that was left to those who sleep, and nobody else would.
#[test]
fn a_lock_that_is_left_to_a_sleeper_is_taken_by_it() {
    check_both("an owner that leaves the lock to one who sleeps", None, |loads| {
        let memory = region(loads);
        memory.store_u32(REGION + FAIR, 2, std::sync::atomic::Ordering::Relaxed);
        let kernel = Arc::new(Futex::new(memory));
        let guarded = Arc::new(UnsafeCell::new(0));
        let mine = lock::claim(&*kernel.memory, REGION, 0);
        assert!(lock::try_acquire(&*kernel.memory, REGION, mine));
        let others = contenders(&kernel, &guarded, &[1]);
        touch(&guarded);
        lock::release(&*kernel.memory, REGION, mine, &&*kernel).unwrap();
        assert!(others.into_iter().all(|other| !other.join().unwrap().recovered));
        assert_eq!((touched(&guarded), kernel.memory.load_u32(REGION)), (2, Ok(0)));
    });
}

#[test]
fn two_threads_of_one_handle_do_not_take_each_other_for_dead() {
    check_both("two threads of one handle", None, |loads| {
        let kernel = Arc::new(Futex::new(region(loads)));
        // Were the kernel asked for the own slot, it would say that nobody holds it.
        kernel.set_alive(0, false);
        let guarded = Arc::new(UnsafeCell::new(0));
        let mine = lock::claim(&*kernel.memory, REGION, 0);
        let other = {
            let (kernel, guarded) = (Arc::clone(&kernel), Arc::clone(&guarded));
            thread::spawn(move || section_of(&kernel, &guarded, mine))
        };
        let here = section_of(&kernel, &guarded, mine);
        let there = other.join().unwrap();
        assert!(!here.recovered && !there.recovered);
        assert_eq!(touched(&guarded), 2);
    });
}

#[test]
fn of_two_writers_that_find_a_dead_owner_one_takes_over_and_the_other_follows() {
    check_both("a dead owner, two writers", None, |loads| {
        let kernel = Arc::new(Futex::new(region(loads)));
        let dead = lock::claim(&*kernel.memory, REGION, 2);
        assert!(lock::try_acquire(&*kernel.memory, REGION, dead));
        kernel.set_alive(2, false);
        let guarded = Arc::new(UnsafeCell::new(0));
        let others = contenders(&kernel, &guarded, &[1]);
        let here = critical_section(&kernel, &guarded, 0);
        let there: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).collect();
        assert_ne!(here.recovered, there[0].recovered, "exactly one is told");
        assert_eq!(lock::recoveries(&*kernel.memory, REGION), Ok(1));
    });
}

/// The slot of a dead owner has a new holder: the owner must not look alive for it.
#[test]
fn a_dead_owner_whose_slot_has_a_new_holder_is_dead() {
    check_both("a dead owner, its slot's new holder, another writer", Some(4), |loads| {
        let kernel = Arc::new(Futex::new(region(loads)));
        let dead = lock::claim(&*kernel.memory, REGION, 2);
        assert!(lock::try_acquire(&*kernel.memory, REGION, dead));
        kernel.set_alive(2, false);
        let guarded = Arc::new(UnsafeCell::new(0));
        let heir = {
            let (kernel, guarded) = (Arc::clone(&kernel), Arc::clone(&guarded));
            thread::spawn(move || {
                kernel.set_alive(2, true);
                critical_section(&kernel, &guarded, 2)
            })
        };
        let here = critical_section(&kernel, &guarded, 0);
        assert_ne!(here.recovered, heir.join().unwrap().recovered, "exactly one is told");
        assert_eq!((touched(&guarded), lock::recoveries(&*kernel.memory, REGION)), (2, Ok(1)));
    });
}

/// The same, while the owner dies: one who finds it dead by its generation sees what it did, as one does who asks the kernel.
#[test]
fn who_takes_over_from_a_generation_that_is_over_sees_what_the_dead_owner_did() {
    check_both("an owner that dies, its slot's new holder, another writer", Some(2), |loads| {
        let kernel = Arc::new(Futex::with_ending_sleeps(region(loads)));
        let guarded = Arc::new(UnsafeCell::new(0));
        let dead = lock::claim(&*kernel.memory, REGION, 2);
        let dying = {
            let (kernel, guarded) = (Arc::clone(&kernel), Arc::clone(&guarded));
            thread::spawn(move || {
                if lock::try_acquire(&*kernel.memory, REGION, dead) {
                    touch(&guarded);
                }
                kernel.set_alive(2, false);
            })
        };
        let heir = {
            let kernel = Arc::clone(&kernel);
            thread::spawn(move || {
                while (&*kernel).holds_slot(2) == Ok(true) {
                    thread::yield_now();
                }
                kernel.set_alive(2, true);
                lock::claim(&*kernel.memory, REGION, 2)
            })
        };
        critical_section(&kernel, &guarded, 0);
        dying.join().unwrap();
        assert_ne!(heir.join().unwrap(), dead);
    });
}

/// What a dead owner has written before its death is there for the one who takes over, however that one learnt of the death.
#[test]
fn who_takes_over_sees_what_the_dead_owner_did() {
    check_both("an owner that dies, two that take over", Some(PREEMPTIONS), |loads| {
        let kernel = Arc::new(Futex::with_ending_sleeps(region(loads)));
        let guarded = Arc::new(UnsafeCell::new(0));
        let dying = {
            let (kernel, guarded) = (Arc::clone(&kernel), Arc::clone(&guarded));
            thread::spawn(move || {
                let mine = lock::claim(&*kernel.memory, REGION, 1);
                if lock::try_acquire(&*kernel.memory, REGION, mine) {
                    touch(&guarded);
                }
                kernel.set_alive(1, false);
            })
        };
        critical_section(&kernel, &guarded, 0);
        dying.join().unwrap();
        critical_section(&kernel, &guarded, 2);
        assert!([2, 3].contains(&touched(&guarded)));
    });
}

/// One who dies at any store of taking or giving back the lock.
#[test]
fn a_death_at_any_store_of_lock_and_unlock_keeps_nobody_out() {
    // The generation, the lock, the waiters' bit or the unlock, what follows it.
    for stores in 0..=5 {
        let name = format!("one that dies after {stores} stores of lock and unlock, two that want it");
        check_both(&name, Some(PREEMPTIONS), move |loads| {
            let kernel = Arc::new(Futex::with_ending_sleeps(region(loads)));
            let guarded = Arc::new(UnsafeCell::new(0));
            let dying = {
                let kernel = Arc::clone(&kernel);
                thread::spawn(move || {
                    let mortal = Mortal::new(&kernel.memory, stores);
                    let mine = lock::claim(&mortal, REGION, 1);
                    // Whatever comes of it: a dead one's code goes on to its end, and does nothing.
                    let _ = lock::acquire(&mortal, REGION, mine, &&*kernel);
                    let _ = lock::release(&mortal, REGION, mine, &&*kernel);
                    kernel.set_alive(1, false);
                })
            };
            critical_section(&kernel, &guarded, 0);
            dying.join().unwrap();
            let Ok(word) = kernel.memory.load_u32(REGION);
            let last = critical_section(&kernel, &guarded, 2);
            assert_eq!(last.recovered, word & 0x7ff == 2, "the lock word was {word:x}");
            assert_eq!(touched(&guarded), 2);
        });
    }
}
