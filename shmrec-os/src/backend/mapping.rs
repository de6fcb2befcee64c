//! A segment mapped into this process: the same for every system, whatever keeps it mapped.
//!
//! # Safety
//!
//! Other processes store to this memory at any time, so no reference to its bytes is ever made: words are reached as
//! atomics behind raw pointers, and runs of bytes only through [`Mapping::pointer`], whose users copy them with relaxed
//! word accesses or the assembly that stands for them. Every access is bounded by the length that was mapped. What
//! bounds cannot guard against is memory that somebody takes away under its users; `docs/reliability.md` says who can,
//! and who is exposed to that.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering, fence};

use super::chosen::{self, Backing};
use crate::step;
use crate::words::{self, ReadWords, Words};

/// Bytes of a word.
const WORD: usize = 8;

/// Bytes of a number that is loaded and stored in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Width {
    /// 1.
    W1,
    /// 2.
    W2,
    /// 4.
    W4,
    /// 8.
    W8,
}

impl Width {
    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::W1 => 1,
            Self::W2 => 2,
            Self::W4 => 4,
            Self::W8 => 8,
        }
    }
}

/// A shared mapping of a whole segment.
pub struct Mapping {
    // Address and length for the accesses, which need nothing else.
    start: NonNull<u8>,
    len: usize,
    /// Whole words of the mapping, from its beginning.
    words: usize,
    writable: bool,
    /// What is mapped, for as long as it is.
    #[allow(dead_code, reason = "it is there to be dropped")]
    backing: Option<Backing>,
}

// SAFETY: an address range of the process, not of a thread. It lives as long as the `Mapping`, and is accessed by atomics.
unsafe impl Send for Mapping {}
// SAFETY: as above: accesses through a shared reference are atomic, and only `&mut` ends the range's life.
unsafe impl Sync for Mapping {}

// What `pointer` and the word accesses need: the mapping lives as long as `self`, and accesses are atomic.
impl Mapping {
    /// The first `len` bytes at `start`, which `backing` keeps mapped.
    ///
    /// # Safety
    ///
    /// `start` is at least 8-aligned, and `len` bytes there are mapped, for writing too if `writable`, until `backing` is
    /// dropped.
    pub(super) unsafe fn new(start: NonNull<u8>, len: usize, writable: bool, backing: Backing) -> Self {
        Self { start, len, words: len / WORD, writable, backing: Some(backing) }
    }

    /// Ends the mapping: from here on it has no bytes.
    pub(super) fn unmap(&mut self) {
        self.len = 0;
        self.words = 0;
        self.backing = None;
    }

    /// Maps all pages now instead of at their first touch: by one call where the system has one, else by touching them.
    pub fn populate(&self) {
        const PAGE: usize = 4096;

        if chosen::populate(self.start, self.len, self.writable).is_ok() {
            return;
        }
        for at in (0..self.words * WORD).step_by(PAGE) {
            // Relaxed, and nothing comes of it: an addition of nothing is a store to the page.
            if self.writable {
                self.fetch_add_u32(at, 0, Ordering::Relaxed);
            } else {
                let Ok(_) = self.load_u32(at);
            }
        }
    }

    /// Bytes of the mapping.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none, which is when it has ended.
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
        unsafe { self.start.as_ptr().add(at) }
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
            Some(last) if index <= last => unsafe { self.start.as_ptr().add(at) }.cast(),
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
        unsafe { self.start.as_ptr().add(at) }.cast()
    }

    #[inline(always)]
    pub(super) fn word_u32(&self, at: usize) -> &AtomicU32 {
        // The half of a word that lies in the mapping lies there itself; as above.
        if at.rotate_right(2) >= 2 * self.words {
            no_words(at, 4, self.len());
        }
        // SAFETY: the bytes lie in the mapping.
        let pointer = unsafe { self.start.as_ptr().add(at) };
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

    #[inline]
    fn byte(&self, at: usize) -> &AtomicU8 {
        // SAFETY: the byte lies in the mapping, which outlives `self`'s borrow; every access is atomic, as for `word_u32`.
        unsafe { AtomicU8::from_ptr(self.pointer(at, 1)) }
    }

    fn word_u16(&self, at: usize) -> &AtomicU16 {
        let pointer = self.pointer(at, 2);
        if at % 2 != 0 {
            no_words(at, 2, self.len());
        }
        // SAFETY: as for `word_u32`.
        unsafe { AtomicU16::from_ptr(pointer.cast()) }
    }

    fn half(&self, at: usize) -> &AtomicU32 {
        let pointer = self.pointer(at, 4);
        if at % 4 != 0 {
            no_words(at, 4, self.len());
        }
        // SAFETY: as for `word_u32`, also where the mapping ends in the middle of a word.
        unsafe { AtomicU32::from_ptr(pointer.cast()) }
    }

    /// Loads a number of this width, relaxed.
    ///
    /// # Panics
    ///
    /// When it does not lie in the mapping, or not at a multiple of its width.
    #[inline]
    #[must_use]
    pub fn load(&self, at: usize, width: Width) -> u64 {
        match width {
            Width::W1 => self.byte(at).load(Ordering::Relaxed).into(),
            Width::W2 => self.word_u16(at).load(Ordering::Relaxed).into(),
            Width::W4 => self.half(at).load(Ordering::Relaxed).into(),
            Width::W8 => self.word_u64(at).load(Ordering::Relaxed),
        }
    }

    /// Stores the low bits of `value` as a number of this width.
    ///
    /// # Panics
    ///
    /// When it does not lie in the mapping, or not at a multiple of its width, or the mapping is read-only.
    #[inline]
    pub fn store(&self, at: usize, width: Width, value: u64, order: Ordering) {
        self.assert_writable();
        step::before_store();
        match width {
            Width::W1 => self.byte(at).store(value as u8, order),
            Width::W2 => self.word_u16(at).store(value as u16, order),
            Width::W4 => self.half(at).store(value as u32, order),
            Width::W8 => self.word_u64(at).store(value, order),
        }
    }

    /// Copies bytes out, one by one: for the few that are looked at when a segment is linked.
    pub(super) fn load_bytes(&self, at: usize, to: &mut [u8]) {
        for (i, byte) in to.iter_mut().enumerate() {
            // Relaxed: what comes out is checked as a whole.
            *byte = self.byte(at + i).load(Ordering::Relaxed);
        }
    }

    /// Copies bytes out, in no order: whole words where they lie on whole words. All of `to` is then initialised.
    #[cfg_attr(windows, allow(dead_code, reason = "there everything is mapped for as long as it is linked"))]
    pub(super) fn load_out(&self, at: usize, to: &mut [MaybeUninit<u8>]) {
        let front = (at.next_multiple_of(8) - at).min(to.len());
        let (front_bytes, rest) = to.split_at_mut(front);
        let mut words = rest.chunks_exact_mut(8);
        let mut word_at = at + front;
        for word in &mut words {
            // Relaxed, as everything that is copied: the transfer protocol's fences order it.
            let bytes = self.word_u64(word_at).load(Ordering::Relaxed).to_le_bytes();
            word.iter_mut().zip(bytes).for_each(|(to, byte)| *to = MaybeUninit::new(byte));
            word_at += 8;
        }
        let single = |at: usize, to: &mut [MaybeUninit<u8>]| {
            for (at, to) in (at..).zip(to) {
                *to = MaybeUninit::new(self.byte(at).load(Ordering::Relaxed));
            }
        };
        single(at, front_bytes);
        single(word_at, words.into_remainder());
    }

    /// Stores what a new segment has in it. Its first eight bytes, by which a segment is known, come last: whoever sees
    /// them sees all.
    pub(super) fn store_contents(&self, parts: &[(usize, &[u8])]) {
        self.assert_writable();
        let mut magic = [0; 8];
        for &(at, bytes) in parts {
            let head = magic.len().saturating_sub(at).min(bytes.len());
            if head > 0 {
                magic[at..at + head].copy_from_slice(&bytes[..head]);
            }
            self.store_bytes(at + head, &bytes[head..]);
        }
        // Release: pairs with the acquire of a program that has found the segment by its key, without its companion.
        self.store_u64(0, u64::from_le_bytes(magic), Ordering::Release);
    }

    /// Copies bytes in, in no order: whole words where they lie on whole words.
    fn store_bytes(&self, at: usize, bytes: &[u8]) {
        let front = (at.next_multiple_of(8) - at).min(bytes.len());
        let (front, rest) = bytes.split_at(front);
        let store = |at: usize, bytes: &[u8]| {
            for (at, byte) in (at..).zip(bytes) {
                step::before_store();
                self.byte(at).store(*byte, Ordering::Relaxed);
            }
        };
        store(at, front);
        let mut words = rest.chunks_exact(8);
        let mut at = at + front.len();
        for word in &mut words {
            self.store_u64(at, u64::from_le_bytes(std::array::from_fn(|i| word[i])), Ordering::Relaxed);
            at += 8;
        }
        store(at, words.remainder());
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
        step::before_store();
        self.word_u32(at).store(value, order);
    }

    #[inline]
    fn store_u64(&self, at: usize, value: u64, order: Ordering) {
        self.assert_writable();
        step::before_store();
        self.word_u64(at).store(value, order);
    }

    #[inline]
    fn fetch_add_u32(&self, at: usize, value: u32, order: Ordering) -> u32 {
        self.assert_writable();
        step::before_store();
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
        step::before_store();
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
