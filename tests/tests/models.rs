//! The protocols, in every interleaving and with every value that a load may return: the product's own code over the model
//! checker's memory (loom).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;
use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU32, AtomicU64, fence};
use loom::sync::{Arc, Condvar, Mutex};
use shmrec::__private::{NotRead, Run, Slots, Source, Target};
use shmrec_os::SegmentName;
use shmrec_os::bell;
use shmrec_os::format::{Creator, Header, Plan};
use shmrec_os::lock::{self, Acquired, Kernel};
use shmrec_os::words::{ReadWords, Words};

/// Words of a segment, as the model checker keeps them: only those that a model names.
struct Memory {
    short: BTreeMap<usize, AtomicU32>,
    long: BTreeMap<usize, AtomicU64>,
}

impl Memory {
    fn new(short: &[usize], long: &[(usize, u64)]) -> Self {
        Self {
            short: short.iter().map(|at| (*at, AtomicU32::new(0))).collect(),
            long: long.iter().map(|(at, value)| (*at, AtomicU64::new(*value))).collect(),
        }
    }
}

impl ReadWords for Memory {
    type Fault = Infallible;

    fn load_u32(&self, at: usize) -> Result<u32, Infallible> {
        Ok(self.short[&at].load(Ordering::Relaxed))
    }

    fn load_u64(&self, at: usize) -> Result<u64, Infallible> {
        Ok(self.long[&at].load(Ordering::Relaxed))
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

impl Words for Memory {
    fn store_u32(&self, at: usize, value: u32, order: Ordering) {
        self.short[&at].store(value, order);
    }

    fn store_u64(&self, at: usize, value: u64, order: Ordering) {
        self.long[&at].store(value, order);
    }

    fn fetch_add_u32(&self, at: usize, value: u32, order: Ordering) -> u32 {
        self.short[&at].fetch_add(value, order)
    }

    fn compare_exchange_u32(
        &self,
        at: usize,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.short[&at].compare_exchange(current, new, success, failure)
    }

    fn fence_after_exchange(&self) {
        // On x86-64 the exchange is this fence; the model knows exchanges of other machines too.
        fence(Ordering::SeqCst);
    }
}

// SAFETY: a record of the models is whole words, each of which is written.
#[allow(unsafe_code)]
unsafe impl Source for Memory {
    fn copy_out(&self, at: usize, skipped: usize, to: &mut [MaybeUninit<u8>]) -> Result<(), Infallible> {
        assert!(skipped == 0 && to.len() % 8 == 0, "{} bytes", to.len());
        for (i, word) in to.chunks_exact_mut(8).enumerate() {
            let value = self.long[&(at + 8 * i)].load(Ordering::Relaxed).to_ne_bytes();
            word.copy_from_slice(&value.map(MaybeUninit::new));
        }
        Ok(())
    }
}

impl Target for Memory {
    fn copy_in(&self, from: &[u8], at: usize) {
        for (i, word) in words(from).into_iter().enumerate() {
            self.long[&(at + 8 * i)].store(word, Ordering::Relaxed);
        }
    }
}

/// The words of an image.
fn words(image: &[u8]) -> Vec<u64> {
    image.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap())).collect()
}

/// An image whose every word is `version`.
fn image(version: u64) -> Vec<u8> {
    [version.to_ne_bytes(); WORDS].concat()
}

/// Words per record.
const WORDS: usize = 2;

fn header(slots: u32) -> Header {
    let plan = Plan {
        name: &SegmentName::new("model").unwrap(),
        record_len: 8 * WORDS as u64,
        record_align: 8,
        slots,
        schema_len: 0,
        fingerprint: [0; 16],
        persist: false,
        wake_always: false,
    };
    Header::new(&plan, &Creator { uid: 0, pid: 0, instance: [0; 16] })
}

/// A segment whose version 1 is `[1, 1]`.
fn segment(slots: u32) -> (Slots, Memory) {
    let header = header(slots);
    let mut long = vec![(header.transfer(), 1), (header.transfer() + 8, 1)];
    for slot in 0..slots as usize {
        for word in 0..WORDS {
            long.push((header.records() + slot * header.stride() + 8 * word, u64::from(slot == 1)));
        }
    }
    (Slots::new(&header), Memory::new(&[], &long))
}

/// Reads once, trying again once; what comes is whole.
fn read(slots: &Slots, memory: &Memory) -> Option<u64> {
    let mut record = [MaybeUninit::new(0); 8 * WORDS];
    let mut attempts = 0;
    let again = || {
        attempts += 1;
        attempts < 2
    };
    match slots.read(memory, &[Run { at: 0, len: 8 * WORDS }], &mut record, again) {
        Ok(version) => {
            // SAFETY: initialised before it was read to.
            #[allow(unsafe_code)]
            let record = record.map(|byte| unsafe { byte.assume_init() });
            assert_eq!(words(&record), [version; WORDS], "a torn record of version {version}");
            Some(version)
        }
        Err(NotRead::Contended) => None,
        Err(_) => panic!("there is a version"),
    }
}

fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

#[test]
fn a_reader_gets_one_whole_version_while_a_writer_goes_round() {
    check(3, || {
        let (slots, memory) = segment(2);
        let memory = Arc::new(memory);
        let writer = {
            let memory = Arc::clone(&memory);
            loom::thread::spawn(move || {
                for version in 2..=4 {
                    assert_eq!(slots.publish(&*memory, &image(version)).unwrap(), version);
                }
            })
        };
        read(&slots, &memory);
        writer.join().unwrap();
        assert_eq!(read(&slots, &memory), Some(4));
    });
}

/// A writer that dies: after so many stores, none of its stores happens any more.
struct Mortal<'a> {
    memory: &'a Memory,
    stores_left: std::cell::Cell<u32>,
}

impl Mortal<'_> {
    fn lives(&self) -> bool {
        let left = self.stores_left.get();
        self.stores_left.set(left.saturating_sub(1));
        left > 0
    }
}

impl ReadWords for Mortal<'_> {
    type Fault = Infallible;

    fn load_u32(&self, at: usize) -> Result<u32, Infallible> {
        self.memory.load_u32(at)
    }

    fn load_u64(&self, at: usize) -> Result<u64, Infallible> {
        self.memory.load_u64(at)
    }

    fn fence(&self, order: Ordering) {
        self.memory.fence(order);
    }
}

impl Words for Mortal<'_> {
    fn store_u32(&self, at: usize, value: u32, order: Ordering) {
        if self.lives() {
            self.memory.store_u32(at, value, order);
        }
    }

    fn store_u64(&self, at: usize, value: u64, order: Ordering) {
        if self.lives() {
            self.memory.store_u64(at, value, order);
        }
    }

    fn fetch_add_u32(&self, _: usize, _: u32, _: Ordering) -> u32 {
        unreachable!("a publication adds nothing")
    }

    fn compare_exchange_u32(&self, _: usize, _: u32, _: u32, _: Ordering, _: Ordering) -> Result<u32, u32> {
        unreachable!("a publication exchanges nothing")
    }

    fn fence_after_exchange(&self) {}
}

// SAFETY: the memory's own implementation.
#[allow(unsafe_code)]
unsafe impl Source for Mortal<'_> {
    fn copy_out(&self, at: usize, skipped: usize, to: &mut [MaybeUninit<u8>]) -> Result<(), Infallible> {
        self.memory.copy_out(at, skipped, to)
    }
}

impl Target for Mortal<'_> {
    fn copy_in(&self, from: &[u8], at: usize) {
        for (i, word) in words(from).into_iter().enumerate() {
            self.store_u64(at + 8 * i, word, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_writer_that_dies_after_any_store_leaves_the_last_version_and_the_next_writer_goes_on() {
    // begin, the words, committed: 0 to all of them.
    for stores in 0..=(2 + WORDS as u32) {
        check(3, move || {
            let (slots, memory) = segment(2);
            let memory = Arc::new(memory);
            let writers = {
                let memory = Arc::clone(&memory);
                loom::thread::spawn(move || {
                    let dying = Mortal { memory: &memory, stores_left: stores.into() };
                    let _ = slots.publish(&dying, &image(2));
                    // The one that takes over: the same version again, or the next, if the dead one's was committed.
                    let next = if stores == 2 + WORDS as u32 { 3 } else { 2 };
                    assert_eq!(slots.publish(&*memory, &image(next)).unwrap(), next);
                })
            };
            read(&slots, &memory);
            writers.join().unwrap();
            assert!(read(&slots, &memory) >= Some(2));
        });
    }
}

/// The kernel's side for threads of a model: a futex that never returns by itself, so that a lost wake-up is a deadlock,
/// which the model checker finds.
struct Futex {
    memory: Arc<Memory>,
    /// How many sleep.
    queue: Mutex<u32>,
    sleepers: Condvar,
    /// The writer slot of an owner that is dead.
    dead: Option<u32>,
}

impl Kernel for &Futex {
    const SPINS: u32 = 0;
    type Error = Infallible;

    fn holds_slot(&self, slot: u32) -> Result<bool, Infallible> {
        Ok(self.dead != Some(slot))
    }

    fn sleep(&self, at: usize, expected: u32, _timeout: Duration) {
        let mut queue = self.queue.lock().unwrap();
        let Ok(word) = self.memory.load_u32(at);
        if word == expected {
            *queue += 1;
            drop(self.sleepers.wait(queue).unwrap());
        }
    }

    fn wake(&self, _at: usize, count: u32) -> u32 {
        let mut queue = self.queue.lock().unwrap();
        let woken = count.min(*queue);
        *queue -= woken;
        for _ in 0..woken {
            self.sleepers.notify_one();
        }
        woken
    }

    fn remaining(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

const REGION: usize = 0;

/// A lock region with the generations of the first writer slots.
fn lock_region(dead: Option<u32>) -> Arc<Futex> {
    let generations = (0..3).map(|slot| 128 + 4 * slot);
    let memory = Arc::new(Memory::new(&[0, 4, 8].into_iter().chain(generations).collect::<Vec<_>>(), &[]));
    Arc::new(Futex { memory, queue: Mutex::new(0), sleepers: Condvar::new(), dead })
}

/// Takes the lock, touches what it guards, gives it back.
fn critical_section(kernel: &Futex, guarded: &UnsafeCell<u32>, slot: u32) -> Acquired {
    let memory = &*kernel.memory;
    let mine = lock::claim(memory, REGION, slot);
    let Ok(acquired) = lock::acquire(memory, REGION, mine, &kernel) else { panic!("nobody gives up") };
    // Two threads here at once, or one that does not see what the other did, and the model checker panics.
    #[allow(unsafe_code)]
    guarded.with_mut(|value| {
        // SAFETY: what this model is to show; loom checks it before it gives the pointer.
        unsafe { *value += 1 };
    });
    lock::release(memory, REGION, mine, &kernel).expect("still ours");
    acquired
}

#[test]
fn the_lock_keeps_two_writers_apart_and_loses_no_wake_up() {
    check(3, || {
        let kernel = lock_region(None);
        let guarded = Arc::new(UnsafeCell::new(0));
        let other = {
            let (kernel, guarded) = (Arc::clone(&kernel), Arc::clone(&guarded));
            loom::thread::spawn(move || critical_section(&kernel, &guarded, 1))
        };
        critical_section(&kernel, &guarded, 0);
        other.join().unwrap();
        #[allow(unsafe_code)]
        // SAFETY: both threads are done.
        let count = guarded.with(|value| unsafe { *value });
        assert_eq!(count, 2);
    });
}

#[test]
fn of_two_writers_that_find_a_dead_owner_one_takes_over_and_the_other_follows() {
    check(3, || {
        let kernel = lock_region(Some(2));
        let dead = lock::claim(&*kernel.memory, REGION, 2);
        assert!(lock::try_acquire(&*kernel.memory, REGION, dead));
        let guarded = Arc::new(UnsafeCell::new(0));
        let other = {
            let (kernel, guarded) = (Arc::clone(&kernel), Arc::clone(&guarded));
            loom::thread::spawn(move || critical_section(&kernel, &guarded, 1))
        };
        let here = critical_section(&kernel, &guarded, 0);
        let there = other.join().unwrap();
        assert_ne!(here.recovered, there.recovered, "exactly one is told");
        assert_eq!(lock::recoveries(&*kernel.memory, REGION), Ok(1));
    });
}

/// Waiters for the values 1 and 2 of a word, and writers that set it to 1, then to 2, and ring for each.
#[test]
fn no_wake_up_is_lost_by_either_of_two_waiters() {
    const CHANGE: usize = 64;
    check(3, || {
        let memory = Arc::new(Memory::new(&[0], &[(CHANGE, 0)]));
        let kernel =
            Arc::new(Futex { memory: Arc::clone(&memory), queue: Mutex::new(0), sleepers: Condvar::new(), dead: None });
        let waiters = [1, 2].map(|target| {
            let kernel = Arc::clone(&kernel);
            loom::thread::spawn(move || {
                let look = || -> Result<Option<u64>, Infallible> {
                    let Ok(value) = kernel.memory.load_u64(CHANGE);
                    Ok(Some(value).filter(|value| *value >= target))
                };
                bell::wait(&*kernel.memory, 0, &&*kernel, look)
            })
        });
        for value in 1..=2 {
            memory.store_u64(CHANGE, value, Ordering::Release);
            memory.fence_after_exchange();
            bell::ring(&*memory, 0, false, &&*kernel);
        }
        for (target, waiter) in (1..).zip(waiters) {
            assert!(waiter.join().unwrap().unwrap().is_some_and(|value| value >= target));
        }
    });
}
