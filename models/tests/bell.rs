//! No wake-up is lost: a waiter that sleeps while what it waits for is there, and nobody will wake it, is a deadlock here.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use loom::sync::Arc;
use loom::thread;
use shmrec_models::kernel::Futex;
use shmrec_models::memory::Memory;
use shmrec_models::segment::segment;
use shmrec_models::{PREEMPTIONS, check_both};
use shmrec_os::words::{ReadWords, Words};
use shmrec_os::{bell, lock};

const CHANGE: usize = 64;

/// Waits until the word is at least `target`.
fn waits(kernel: &Arc<Futex>, target: u64) -> thread::JoinHandle<u64> {
    let kernel = Arc::clone(kernel);
    thread::spawn(move || {
        let look = || -> Result<Option<u64>, Infallible> {
            let Ok(value) = kernel.memory.load_u64(CHANGE);
            Ok(Some(value).filter(|value| *value >= target))
        };
        bell::wait(&*kernel.memory, 0, &&*kernel, look).unwrap().expect("no time is over")
    })
}

#[test]
fn no_wake_up_is_lost_by_either_of_two_waiters() {
    check_both("two waiters, two changes", Some(3), |loads| {
        let kernel = Arc::new(Futex::new(Memory::new(loads, &[(0, 0)], &[(CHANGE, 0)])));
        let waiters = [1, 2].map(|target| (target, waits(&kernel, target)));
        for value in 1..=2 {
            kernel.memory.store_u64(CHANGE, value, Ordering::Release);
            kernel.memory.fence_after_exchange();
            bell::ring(&*kernel.memory, 0, false, &&*kernel);
        }
        for (target, waiter) in waiters {
            assert!(waiter.join().unwrap() >= target);
        }
    });
}

#[test]
fn no_wake_up_is_lost_in_any_interleaving_without_a_bound() {
    check_both("one waiter, one change", None, |loads| {
        let kernel = Arc::new(Futex::new(Memory::new(loads, &[(0, 0)], &[(CHANGE, 0)])));
        let waiter = waits(&kernel, 1);
        kernel.memory.store_u64(CHANGE, 1, Ordering::Release);
        kernel.memory.fence_after_exchange();
        bell::ring(&*kernel.memory, 0, false, &&*kernel);
        assert_eq!(waiter.join().unwrap(), 1);
    });
}

#[test]
fn no_wake_up_is_lost_between_two_writers() {
    check_both("one waiter, two writers of one change each", Some(PREEMPTIONS), |loads| {
        let kernel = Arc::new(Futex::new(Memory::new(loads, &[(0, 0)], &[(CHANGE, 0), (CHANGE + 8, 0)])));
        let waiter = {
            let kernel = Arc::clone(&kernel);
            thread::spawn(move || {
                let look = || -> Result<Option<()>, Infallible> {
                    let Ok(first) = kernel.memory.load_u64(CHANGE);
                    let Ok(second) = kernel.memory.load_u64(CHANGE + 8);
                    Ok((first + second == 2).then_some(()))
                };
                bell::wait(&*kernel.memory, 0, &&*kernel, look).unwrap().expect("no time is over");
            })
        };
        let writes = |kernel: &Futex, at| {
            kernel.memory.store_u64(at, 1, Ordering::Release);
            kernel.memory.fence_after_exchange();
            bell::ring(&*kernel.memory, 0, false, &kernel);
        };
        let other = {
            let kernel = Arc::clone(&kernel);
            thread::spawn(move || writes(&kernel, CHANGE + 8))
        };
        writes(&kernel, CHANGE);
        other.join().unwrap();
        waiter.join().unwrap();
    });
}

#[test]
fn one_who_may_not_register_loses_no_wake_up_where_writers_always_ring() {
    check_both("one waiter that only loads, two changes", None, |loads| {
        let kernel = Arc::new(Futex::new(Memory::new(loads, &[(0, 0)], &[(CHANGE, 0)])));
        let waiter = {
            let kernel = Arc::clone(&kernel);
            thread::spawn(move || {
                let look = || -> Result<Option<u64>, Infallible> {
                    let Ok(value) = kernel.memory.load_u64(CHANGE);
                    Ok(Some(value).filter(|value| *value >= 2))
                };
                bell::wait_unregistered(&*kernel.memory, 0, &&*kernel, look).unwrap().expect("no time is over")
            })
        };
        for value in 1..=2 {
            kernel.memory.store_u64(CHANGE, value, Ordering::Release);
            kernel.memory.fence_after_exchange();
            bell::ring(&*kernel.memory, 0, true, &&*kernel);
        }
        assert_eq!(waiter.join().unwrap(), 2);
    });
}

/// A whole write as a segment makes it: lock, publication, unlock, fence, ring. Its waiter waits for the version.
#[test]
fn a_write_wakes_the_one_who_waits_for_its_version() {
    check_both("one write, one waiter for its version, 2 slots", Some(PREEMPTIONS), |loads| {
        let (regions, memory) = segment(loads, 2, 1);
        let kernel = Arc::new(Futex::new(memory));
        let waiter = {
            let kernel = Arc::clone(&kernel);
            thread::spawn(move || {
                let look = || -> Result<Option<u64>, Infallible> {
                    let Ok(version) = regions.slots.committed(&*kernel.memory);
                    Ok(Some(version).filter(|version| *version > 1))
                };
                let found = bell::wait(&*kernel.memory, regions.bell, &&*kernel, look);
                assert_eq!(found.unwrap(), Some(2));
                assert_eq!(regions.read(&kernel.memory), Some(2));
            })
        };
        let memory = &*kernel.memory;
        let mine = lock::claim(memory, regions.lock, 0);
        assert!(lock::try_acquire(memory, regions.lock, mine));
        regions.slots.publish(memory, &regions.image(2)).unwrap();
        lock::release(memory, regions.lock, mine, &&*kernel).unwrap();
        memory.fence_after_exchange();
        bell::ring(memory, regions.bell, false, &&*kernel);
        waiter.join().unwrap();
    });
}
