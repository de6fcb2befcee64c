//! Words of a segment, as the model checker keeps them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;

use loom::sync::atomic::{AtomicU32, AtomicU64, fence};
use shmrec::__private::{Source, Target};
use shmrec_os::words::{ReadWords, Words};

/// How loads are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loads {
    /// Relaxed, with fences: as the product reaches a mapping.
    Shipped,
    /// Each acquires, and acquire fences do nothing.
    Acquiring,
}

/// Words of a segment: only those that a model names.
#[derive(Debug)]
pub struct Memory {
    loads: Loads,
    short: BTreeMap<usize, AtomicU32>,
    long: BTreeMap<usize, AtomicU64>,
}

impl Memory {
    /// Words of 4 and of 8 bytes and what stands in them.
    #[must_use]
    pub fn new(loads: Loads, short: &[(usize, u32)], long: &[(usize, u64)]) -> Self {
        Self {
            loads,
            short: short.iter().map(|(at, value)| (*at, AtomicU32::new(*value))).collect(),
            long: long.iter().map(|(at, value)| (*at, AtomicU64::new(*value))).collect(),
        }
    }

    fn order(&self) -> Ordering {
        match self.loads {
            Loads::Shipped => Ordering::Relaxed,
            Loads::Acquiring => Ordering::Acquire,
        }
    }
}

impl ReadWords for Memory {
    type Fault = Infallible;

    fn load_u32(&self, at: usize) -> Result<u32, Infallible> {
        Ok(self.short[&at].load(self.order()))
    }

    fn load_u64(&self, at: usize) -> Result<u64, Infallible> {
        Ok(self.long[&at].load(self.order()))
    }

    fn fence(&self, order: Ordering) {
        if (self.loads, order) != (Loads::Acquiring, Ordering::Acquire) {
            fence(order);
        }
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
            let value = self.long[&(at + 8 * i)].load(self.order()).to_ne_bytes();
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
#[must_use]
pub fn words(image: &[u8]) -> Vec<u64> {
    image.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().expect("eight bytes"))).collect()
}

/// A writer that dies: after so many stores and exchanges, none of its stores happens any more.
#[derive(Debug)]
pub struct Mortal<'a> {
    memory: &'a Memory,
    left: Cell<u32>,
}

impl<'a> Mortal<'a> {
    /// One that dies after so many.
    #[must_use]
    pub fn new(memory: &'a Memory, stores: u32) -> Self {
        Self { memory, left: Cell::new(stores) }
    }

    /// Whether it has not died so far.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.left.get() > 0
    }

    fn lives(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
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

    fn fetch_add_u32(&self, at: usize, value: u32, order: Ordering) -> u32 {
        if self.lives() { self.memory.fetch_add_u32(at, value, order) } else { 0 }
    }

    fn compare_exchange_u32(
        &self,
        at: usize,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        // A dead one takes whatever it tries to take, and goes on without doing anything, so that its code ends.
        if self.lives() { self.memory.compare_exchange_u32(at, current, new, success, failure) } else { Ok(current) }
    }

    fn fence_after_exchange(&self) {
        self.memory.fence_after_exchange();
    }
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
