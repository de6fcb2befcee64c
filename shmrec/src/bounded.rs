//! A mapping whose accesses were bounded beforehand.
//!
//! # Safety
//!
//! Where a segment's words and slots stand is in its header, which was checked against the length of the mapping when the
//! handle was made, and never changes. To compare each access with that length again would cost a short read as much as its
//! copy. So the accesses here are not compared; who makes a [`Bounded`] vouches for all that it will be asked for.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use shmrec_os::words::{ReadWords, Words};
use shmrec_os::{Mapping, step};

use crate::copy::{self, WORD};
use crate::transfer::{Run, Source, Target};

/// A mapping, for accesses that are known to lie in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounded<'m> {
    first: *mut u8,
    /// For the assertions of debug builds alone.
    len: usize,
    writable: bool,
    mapping: PhantomData<&'m Mapping>,
}

/// The mapping of a handle, and how much of a record can be transferred without a look at anything else of the handle.
#[derive(Debug)]
pub(crate) struct Reach {
    memory: Bounded<'static>,
    bytes: usize,
}

// SAFETY: an address, and what is done with it are accesses that any thread may make.
unsafe impl Send for Reach {}
// SAFETY: as above.
unsafe impl Sync for Reach {}

impl Reach {
    /// Nothing is within reach: each transfer takes the long way.
    pub(crate) const fn none() -> Self {
        let memory = Bounded { first: std::ptr::dangling_mut(), len: 0, writable: false, mapping: PhantomData };
        Self { memory, bytes: 0 }
    }

    /// # Safety
    ///
    /// As for [`Bounded::new`], of what [`memory`](Self::memory) gives. The mapping lives as long as this does.
    pub(crate) unsafe fn new(mapping: &Mapping, bytes: usize) -> Self {
        let (first, len, writable) = (mapping.pointer(0, 0), mapping.len(), mapping.is_writable());
        Self { memory: Bounded { first, len, writable, mapping: PhantomData }, bytes }
    }

    /// The memory, if `run`, which is not empty, is within reach.
    #[inline(always)]
    pub(crate) fn memory(&self, run: Run) -> Option<Bounded<'_>> {
        (run.len <= self.bytes && run.at <= self.bytes - run.len).then_some(self.memory)
    }
}

impl<'m> Bounded<'m> {
    /// # Safety
    ///
    /// Everything that is asked of it lies in the mapping and is aligned: a `u32` to 4 bytes, all else to 8. Words are stored and
    /// copies made to it only if the mapping is writable.
    #[inline(always)]
    pub(crate) unsafe fn new(mapping: &'m Mapping) -> Self {
        let (first, len, writable) = (mapping.pointer(0, 0), mapping.len(), mapping.is_writable());
        Self { first, len, writable, mapping: PhantomData }
    }

    #[inline(always)]
    fn at(&self, at: usize, len: usize, align: usize) -> *mut u8 {
        debug_assert!(at <= self.len && len <= self.len - at, "{len} bytes at {at} of a mapping of {}", self.len);
        debug_assert!(at % align == 0, "a word at {at}");
        self.first.wrapping_add(at)
    }

    #[inline(always)]
    fn u32_at(&self, at: usize) -> &'m AtomicU32 {
        // SAFETY: in the mapping and aligned, as `new` was promised; the mapping outlives `'m`, and all of this program reaches
        // it by atomic accesses.
        unsafe { AtomicU32::from_ptr(self.at(at, 4, 4).cast()) }
    }

    #[inline(always)]
    fn u64_at(&self, at: usize) -> &'m AtomicU64 {
        // SAFETY: as for `u32_at`.
        unsafe { AtomicU64::from_ptr(self.at(at, WORD, WORD).cast()) }
    }
}

impl ReadWords for Bounded<'_> {
    type Fault = Infallible;

    #[inline(always)]
    fn load_u32(&self, at: usize) -> Result<u32, Infallible> {
        Ok(self.u32_at(at).load(Ordering::Relaxed))
    }

    #[inline(always)]
    fn load_u64(&self, at: usize) -> Result<u64, Infallible> {
        Ok(self.u64_at(at).load(Ordering::Relaxed))
    }

    #[inline(always)]
    fn fence(&self, order: Ordering) {
        std::sync::atomic::fence(order);
    }
}

impl Words for Bounded<'_> {
    #[inline(always)]
    fn store_u32(&self, at: usize, value: u32, order: Ordering) {
        debug_assert!(self.writable, "a store to a read-only mapping");
        step::before_store();
        self.u32_at(at).store(value, order);
    }

    #[inline(always)]
    fn store_u64(&self, at: usize, value: u64, order: Ordering) {
        debug_assert!(self.writable, "a store to a read-only mapping");
        step::before_store();
        self.u64_at(at).store(value, order);
    }

    #[inline(always)]
    fn fetch_add_u32(&self, at: usize, value: u32, order: Ordering) -> u32 {
        debug_assert!(self.writable, "a store to a read-only mapping");
        step::before_store();
        self.u32_at(at).fetch_add(value, order)
    }

    #[inline(always)]
    fn compare_exchange_u32(
        &self,
        at: usize,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        debug_assert!(self.writable, "a store to a read-only mapping");
        step::before_store();
        self.u32_at(at).compare_exchange(current, new, success, failure)
    }

    #[inline(always)]
    fn fence_after_exchange(&self) {
        shmrec_os::words::fence_after_exchange();
    }
}

// SAFETY: `copy::copy_out` gives all of `to`, initialised.
unsafe impl Source for Bounded<'_> {
    #[inline(always)]
    fn copy_out(&self, at: usize, skipped: usize, to: &mut [MaybeUninit<u8>]) -> Result<(), Infallible> {
        debug_assert!(skipped < WORD, "more than a word is skipped");
        let words = self.at(at, (skipped + to.len()).next_multiple_of(WORD), WORD);
        // SAFETY: the words lie in the mapping and are aligned, as `new` was promised; all of this program reaches mappings by
        // atomic accesses only.
        unsafe { copy::copy_out(words.cast(), skipped, to) };
        Ok(())
    }
}

impl Target for Bounded<'_> {
    #[inline(always)]
    fn copy_in(&self, from: &[u8], at: usize) {
        debug_assert!(self.writable, "a copy to a read-only mapping");
        let words = self.at(at, from.len().next_multiple_of(WORD), WORD);
        // SAFETY: as in `copy_out`, and the mapping is writable.
        unsafe { copy::copy_in(from, words.cast()) };
    }
}
