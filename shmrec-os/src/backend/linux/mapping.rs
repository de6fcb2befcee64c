//! A segment mapped into this process.
//!
//! # Safety
//!
//! Other processes store to this memory at any time, so no reference to its bytes is ever made: words are reached as
//! atomics behind raw pointers, and runs of bytes only through [`Mapping::pointer`], whose users copy them with relaxed
//! word accesses or the assembly that stands for them. Every access is bounded by the length that was mapped. What
//! bounds cannot guard against is the file's owner shrinking it; `docs/reliability.md` says who is exposed to that.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::fmt;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
use std::time::Duration;

use memmap2::{MmapOptions, MmapRaw};

use super::futex;
use crate::words::{self, ReadWords, Words};

/// Bytes of a word.
const WORD: usize = 8;

/// A shared mapping of a whole segment.
pub struct Mapping {
    map: MmapRaw,
    /// Whole words of the mapping, from its beginning.
    words: usize,
    writable: bool,
}

// What `pointer` and the word accesses need: the mapping lives as long as `self`, and accesses are atomic.
impl Mapping {
    pub(super) fn new(file: BorrowedFd<'_>, len: usize, writable: bool) -> std::io::Result<Self> {
        let mut options = MmapOptions::new();
        options.len(len);
        let map =
            if writable { options.map_raw(file.as_raw_fd())? } else { options.map_raw_read_only(file.as_raw_fd())? };
        Ok(Self { words: map.len() / WORD, map, writable })
    }

    /// Bytes of the mapping.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none, which is never.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether words can be stored.
    #[inline]
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// The address of `len` bytes at `at`.
    ///
    /// # Panics
    ///
    /// When they do not lie in the mapping.
    #[inline]
    #[must_use]
    pub fn pointer(&self, at: usize, len: usize) -> *mut u8 {
        if at > self.len() || len > self.len() - at {
            outside(at, len, self.len());
        }
        // SAFETY: `at` lies in the mapping, or one behind its end.
        unsafe { self.map.as_mut_ptr().add(at) }
    }

    /// The address of the words at `at`, of which there are `len` bytes.
    ///
    /// # Panics
    ///
    /// When they do not lie in the mapping, or `at` is not a multiple of 8.
    #[inline(always)]
    #[must_use]
    pub fn words(&self, at: usize, len: usize) -> *mut u64 {
        // In one comparison: what is no multiple of a word becomes a number that is larger than any mapping.
        let index = at.rotate_right(WORD.trailing_zeros());
        match self.words.checked_sub(len.div_ceil(WORD)) {
            // SAFETY: `at` lies in the mapping, or at its end.
            Some(last) if index <= last => unsafe { self.map.as_mut_ptr().add(at) }.cast(),
            _ => no_words(at, len, self.len()),
        }
    }

    /// The address of the word at `at`.
    #[inline(always)]
    fn word(&self, at: usize) -> *mut u64 {
        // As in `words`.
        if at.rotate_right(WORD.trailing_zeros()) >= self.words {
            no_words(at, WORD, self.len());
        }
        // SAFETY: the word lies in the mapping.
        unsafe { self.map.as_mut_ptr().add(at) }.cast()
    }

    #[inline(always)]
    fn word_u32(&self, at: usize) -> &AtomicU32 {
        // The half of a word that lies in the mapping lies there itself; as above.
        if at.rotate_right(2) >= 2 * self.words {
            no_words(at, 4, self.len());
        }
        // SAFETY: the bytes lie in the mapping.
        let pointer = unsafe { self.map.as_mut_ptr().add(at) };
        // SAFETY: the word lies in the mapping, which outlives `self`'s borrow, and is aligned, since mappings begin
        // at a page. Every process reaches it by atomic accesses; one that does not can only change the value.
        unsafe { AtomicU32::from_ptr(pointer.cast()) }
    }

    #[inline(always)]
    fn word_u64(&self, at: usize) -> &AtomicU64 {
        // SAFETY: as for `word_u32`.
        unsafe { AtomicU64::from_ptr(self.word(at)) }
    }

    #[inline]
    fn assert_writable(&self) {
        if !self.writable {
            read_only();
        }
    }

    pub(super) fn sleep(&self, at: usize, expected: u32, timeout: Duration) {
        futex::wait(self.word_u32(at), expected, timeout);
    }

    pub(super) fn wake(&self, at: usize, count: u32) -> u32 {
        futex::wake(self.word_u32(at), count)
    }
}

// The panics of a breach of contract, apart from the accesses: those are a few instructions, and inlined.

#[cold]
#[inline(never)]
fn outside(at: usize, len: usize, mapped: usize) -> ! {
    panic!("{len} bytes at {at} of a mapping of {mapped}")
}

#[cold]
#[inline(never)]
fn no_words(at: usize, len: usize, mapped: usize) -> ! {
    panic!("{len} bytes of words at {at} of a mapping of {mapped}")
}

#[cold]
#[inline(never)]
fn read_only() -> ! {
    panic!("a store to a read-only mapping")
}

impl ReadWords for Mapping {
    type Fault = Infallible;

    #[inline]
    fn load_u32(&self, at: usize) -> Result<u32, Infallible> {
        Ok(self.word_u32(at).load(Ordering::Relaxed))
    }

    #[inline]
    fn load_u64(&self, at: usize) -> Result<u64, Infallible> {
        Ok(self.word_u64(at).load(Ordering::Relaxed))
    }

    #[inline]
    fn fence(&self, order: Ordering) {
        fence(order);
    }
}

impl Words for Mapping {
    #[inline]
    fn store_u32(&self, at: usize, value: u32, order: Ordering) {
        self.assert_writable();
        self.word_u32(at).store(value, order);
    }

    #[inline]
    fn store_u64(&self, at: usize, value: u64, order: Ordering) {
        self.assert_writable();
        self.word_u64(at).store(value, order);
    }

    #[inline]
    fn fetch_add_u32(&self, at: usize, value: u32, order: Ordering) -> u32 {
        self.assert_writable();
        self.word_u32(at).fetch_add(value, order)
    }

    #[inline]
    fn compare_exchange_u32(
        &self,
        at: usize,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32> {
        self.assert_writable();
        self.word_u32(at).compare_exchange(current, new, success, failure)
    }

    #[inline]
    fn fence_after_exchange(&self) {
        words::fence_after_exchange();
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping").field("len", &self.len()).field("writable", &self.writable).finish()
    }
}
