//! Records are published whole and read whole.

use loom::sync::Arc;
use loom::thread;
use shmrec_models::kernel::Futex;
use shmrec_models::memory::{Loads, Memory, Mortal};
use shmrec_models::segment::{Regions, segment};
use shmrec_models::{PREEMPTIONS, check_both};
use shmrec_os::lock;

/// A writer that publishes `versions`, alone.
fn publishes(
    regions: Regions,
    memory: &Arc<Memory>,
    versions: std::ops::RangeInclusive<u64>,
) -> thread::JoinHandle<()> {
    let memory = Arc::clone(memory);
    thread::spawn(move || {
        for version in versions {
            assert_eq!(regions.slots.publish(&*memory, &regions.image(version)).unwrap(), version);
        }
    })
}

#[test]
fn a_reader_gets_one_whole_version_while_a_writer_goes_round_two_slots() {
    check_both("one writer, one reader, 2 slots, 3 versions", Some(4), |loads| {
        let (regions, memory) = segment(loads, 2, 2);
        let memory = Arc::new(memory);
        let writer = publishes(regions, &memory, 2..=4);
        regions.read(&memory);
        writer.join().unwrap();
        assert_eq!(regions.read(&memory), Some(4));
    });
}

#[test]
fn in_every_interleaving_without_a_bound_a_reader_gets_one_whole_version() {
    check_both("one writer, one reader, 2 slots, 1 version begun twice round", None, |loads| {
        let (regions, memory) = segment(loads, 2, 2);
        let memory = Arc::new(memory);
        let writer = publishes(regions, &memory, 2..=3);
        regions.read(&memory);
        writer.join().unwrap();
    });
}

#[test]
fn a_reader_gets_one_whole_version_while_a_writer_goes_round_four_slots() {
    check_both("one writer, one reader, 4 slots, 5 versions", Some(PREEMPTIONS), |loads| {
        let (regions, memory) = segment(loads, 4, 2);
        let memory = Arc::new(memory);
        let writer = publishes(regions, &memory, 2..=6);
        regions.read(&memory);
        writer.join().unwrap();
        assert_eq!(regions.read(&memory), Some(6));
    });
}

#[test]
fn two_readers_each_get_whole_versions_that_never_go_back() {
    check_both("one writer, two readers, 2 slots, 2 versions", Some(2), |loads| {
        let (regions, memory) = segment(loads, 2, 2);
        let memory = Arc::new(memory);
        let writer = publishes(regions, &memory, 2..=3);
        let other = {
            let memory = Arc::clone(&memory);
            thread::spawn(move || regions.read(&memory))
        };
        let (first, second) = (regions.read(&memory), regions.read(&memory));
        if let (Some(first), Some(second)) = (first, second) {
            assert!(first <= second, "version {second} after {first}");
        }
        other.join().unwrap();
        writer.join().unwrap();
    });
}

#[test]
fn a_version_of_the_history_is_whole_or_gone() {
    check_both("one writer, a reader of the last versions, 4 slots", Some(2), |loads| {
        let (regions, memory) = segment(loads, 4, 2);
        for version in 2..=3 {
            regions.slots.publish(&memory, &regions.image(version)).unwrap();
        }
        let memory = Arc::new(memory);
        let writer = publishes(regions, &memory, 4..=6);
        for version in 1..=3 {
            regions.read_version(&memory, version);
        }
        writer.join().unwrap();
        assert!(!regions.read_version(&memory, 2), "the slot of version 2 has been written again");
        assert!([4, 5, 6].into_iter().all(|version| regions.read_version(&memory, version)));
    });
}

/// One more version than there is, under the lock.
fn writes(regions: Regions, kernel: &Futex, slot: u32) -> u64 {
    let memory = &*kernel.memory;
    let mine = lock::claim(memory, regions.lock, slot);
    let Ok(_) = lock::acquire(memory, regions.lock, mine, &kernel) else { panic!("nobody gives up") };
    let Ok(last) = regions.slots.committed(memory);
    let version = regions.slots.publish(memory, &regions.image(last + 1)).unwrap();
    assert_eq!(version, last + 1, "somebody else has published under the lock");
    lock::release(memory, regions.lock, mine, &kernel).expect("still ours");
    version
}

#[test]
fn two_writers_under_the_lock_publish_one_version_each_and_a_reader_sees_whole_ones() {
    check_both("two writers with the lock, one reader, 2 slots", Some(PREEMPTIONS), |loads| {
        let (regions, memory) = segment(loads, 2, 1);
        let kernel = Arc::new(Futex::new(memory));
        let writers: Vec<_> = (0..2)
            .map(|slot| {
                let kernel = Arc::clone(&kernel);
                thread::spawn(move || writes(regions, &kernel, slot))
            })
            .collect();
        regions.read(&kernel.memory);
        let mut versions: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        versions.sort_unstable();
        assert_eq!(versions, [2, 3]);
        assert_eq!(regions.read(&kernel.memory), Some(3));
    });
}

#[test]
fn a_writer_that_dies_after_any_store_leaves_the_last_version_and_the_next_writer_goes_on() {
    const WORDS: usize = 2;
    // begin, the words, committed: 0 to all of them.
    for stores in 0..=(2 + WORDS as u32) {
        let name = format!("a writer that dies after {stores} stores, the next writer, one reader");
        check_both(&name, None, move |loads| {
            let (regions, memory) = segment(loads, 2, WORDS);
            let memory = Arc::new(memory);
            let writers = {
                let memory = Arc::clone(&memory);
                thread::spawn(move || {
                    let _ = regions.slots.publish(&Mortal::new(&memory, stores), &regions.image(2));
                    // The one that takes over: the same version again, or the next, if the dead one's was committed.
                    let next = if stores == 2 + WORDS as u32 { 3 } else { 2 };
                    assert_eq!(regions.slots.publish(&*memory, &regions.image(next)).unwrap(), next);
                })
            };
            regions.read(&memory);
            writers.join().unwrap();
            assert!(regions.read(&memory) >= Some(2));
        });
    }
}

/// A writer with the lock dies after any store of a whole write, its lock's included, while another one wants it and a third
/// process reads.
#[test]
fn a_writer_that_dies_with_the_lock_is_followed_by_one_who_waits_for_it() {
    // The generation, the lock, begin, the word, committed, the unlock: 0 to all of them.
    for stores in 0..=6 {
        let name = format!("a writer that dies with the lock after {stores} stores, one that waits, one reader");
        check_both(&name, Some(PREEMPTIONS), move |loads| {
            let (regions, memory) = segment(loads, 2, 1);
            let kernel = Arc::new(Futex::with_ending_sleeps(memory));
            let dying = {
                let kernel = Arc::clone(&kernel);
                thread::spawn(move || {
                    let mortal = Mortal::new(&kernel.memory, stores);
                    let mine = lock::claim(&mortal, regions.lock, 1);
                    // One who finds the lock taken has nothing to die of here.
                    if lock::try_acquire(&mortal, regions.lock, mine) {
                        let Ok(last) = regions.slots.committed(&mortal);
                        let _ = regions.slots.publish(&mortal, &regions.image(last + 1));
                        let _ = lock::release(&mortal, regions.lock, mine, &&*kernel);
                    }
                    kernel.set_alive(1, false);
                })
            };
            let reader = {
                let kernel = Arc::clone(&kernel);
                thread::spawn(move || regions.read(&kernel.memory))
            };
            let version = writes(regions, &kernel, 0);
            dying.join().unwrap();
            reader.join().unwrap();
            let Ok(last) = regions.slots.committed(&*kernel.memory);
            assert!((version..=version + 1).contains(&last));
            assert_eq!(regions.read(&kernel.memory), Some(last));
        });
    }
}

#[test]
fn a_torn_record_is_noticed_by_these_models() {
    // A reader that does not look at the counters again: were the models blind, this would pass.
    let blind = std::panic::catch_unwind(|| {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(PREEMPTIONS);
        builder.check(|| {
            let (regions, memory) = segment(Loads::Shipped, 2, 2);
            let memory = Arc::new(memory);
            let writer = publishes(regions, &memory, 2..=3);
            let Ok(version) = regions.slots.committed(&*memory);
            let mut record = vec![std::mem::MaybeUninit::new(0); 16];
            let from = regions.slots.first().0 - 64 + 64 * (version % 2) as usize;
            let Ok(()) = shmrec::__private::Source::copy_out(&*memory, from, 0, &mut record);
            #[allow(unsafe_code)]
            // SAFETY: initialised when it was made.
            let bytes: Vec<u8> = record.iter().map(|byte| unsafe { byte.assume_init() }).collect();
            assert_eq!(bytes[..8], bytes[8..], "torn");
            writer.join().unwrap();
        });
    });
    assert!(blind.is_err(), "no interleaving tears an unchecked record");
}
