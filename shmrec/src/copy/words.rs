//! The engine that every processor has: one word after the other.
//!
//! # Safety
//!
//! Relaxed atomic accesses to memory that the caller vouches for.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use super::WORD;

/// Loads a word that other processes may be storing to.
///
/// # Safety
///
/// `word` is aligned and valid for reads, and no other thread of this program reaches it by anything but atomic
/// accesses.
#[inline(always)]
pub(super) unsafe fn load(word: *const u64) -> u64 {
    // SAFETY: valid and aligned, as the caller vouches. A relaxed load of 8 bytes stores nothing, on a read-only mapping
    // too (`core::sync::atomic`, "Atomic accesses to read-only memory").
    let word = unsafe { AtomicU64::from_ptr(word.cast_mut()) };
    // Relaxed: the protocol's fences order the copy as a whole.
    word.load(Ordering::Relaxed)
}

/// Stores a word that other processes may be loading.
///
/// # Safety
///
/// `word` is aligned and valid for writes, and no other thread of this program reaches it by anything but atomic
/// accesses.
#[inline(always)]
pub(super) unsafe fn store(word: *mut u64, value: u64) {
    shmrec_os::step::before_store();
    // SAFETY: valid and aligned, as the caller vouches.
    let word = unsafe { AtomicU64::from_ptr(word) };
    // Relaxed: the protocol's fences order the copy as a whole.
    word.store(value, Ordering::Relaxed);
}

/// Copies `len` bytes out of shared memory, a multiple of 8.
///
/// # Safety
///
/// `from` is aligned to words. Both are valid for `len` bytes, and no other thread of this program reaches those at `from`
/// by anything but atomic accesses.
#[inline(always)]
pub(super) unsafe fn copy_out(from: *const u64, to: *mut u8, len: usize) {
    for at in (0..len).step_by(WORD) {
        // SAFETY: at < len, both multiples of a word.
        let word = unsafe { load(from.wrapping_byte_add(at)) };
        // SAFETY: as above; the private side has any alignment.
        unsafe { to.wrapping_add(at).cast::<u64>().write_unaligned(word) };
    }
}

/// Copies `len` bytes into shared memory, a multiple of 8.
///
/// # Safety
///
/// `to` is aligned to words. Both are valid for `len` bytes, and no other thread of this program reaches those at `to` by
/// anything but atomic accesses.
#[inline(always)]
pub(super) unsafe fn copy_in(from: *const u8, to: *mut u64, len: usize) {
    for at in (0..len).step_by(WORD) {
        // SAFETY: at < len, both multiples of a word; the private side has any alignment.
        let word = unsafe { from.wrapping_add(at).cast::<u64>().read_unaligned() };
        // SAFETY: as above.
        unsafe { store(to.wrapping_byte_add(at), word) };
    }
}
