//! Copies between shared and private memory. Knows no protocol.
//!
//! # Safety
//!
//! The shared side may be stored to by other processes during the copy. It is therefore reached word by word with
//! relaxed atomic accesses: what comes out is some mixture of what stood there, never undefined behaviour. Whether the
//! mixture is one version is the protocol's question. Both directions use words of 8 bytes, so that a word is never
//! half of one store and half of another.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

/// Copies `to.len()` words out of shared memory.
///
/// # Safety
///
/// `from` is aligned to 8 bytes and valid for reads of `to.len()` words, which no other thread of this program reaches
/// by anything but atomic accesses.
#[inline]
pub unsafe fn copy_out(from: *const u64, to: &mut [u64]) {
    for (i, word) in to.iter_mut().enumerate() {
        // SAFETY: i < to.len(), so the word lies in what the caller vouches for.
        let shared = unsafe { from.add(i) };
        // SAFETY: valid and aligned, as the caller vouches. A relaxed load of 8 bytes stores nothing, on a read-only
        // mapping too (`core::sync::atomic`, "Atomic accesses to read-only memory").
        let shared = unsafe { AtomicU64::from_ptr(shared.cast_mut()) };
        // Relaxed: the protocol's fences order the copy as a whole.
        *word = shared.load(Ordering::Relaxed);
    }
}

/// Copies `from.len()` words into shared memory.
///
/// # Safety
///
/// `to` is aligned to 8 bytes and valid for writes of `from.len()` words, which no other thread of this program reaches
/// by anything but atomic accesses.
#[inline]
pub(crate) unsafe fn copy_in(from: &[u64], to: *mut u64) {
    for (i, word) in from.iter().enumerate() {
        // SAFETY: i < from.len(), so the word lies in what the caller vouches for.
        let shared = unsafe { to.add(i) };
        // SAFETY: valid and aligned, as the caller vouches.
        let shared = unsafe { AtomicU64::from_ptr(shared) };
        // Relaxed: the protocol's fences order the copy as a whole.
        shared.store(*word, Ordering::Relaxed);
    }
}
