//! Copies between shared and private memory. Knows no protocol.
//!
//! # Safety
//!
//! The shared side may be stored to by other processes during the copy. It is therefore reached word by word with
//! relaxed atomic accesses: what comes out is some mixture of what stood there, never undefined behaviour. Whether the
//! mixture is one version is the protocol's question. Both directions use aligned words of 8 bytes, so that a word is
//! never half of one store and half of another. The private side has any alignment and any length: of a word that it
//! covers in part, only that part is copied.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::bytes;

/// Bytes of a word.
pub(crate) const WORD: usize = size_of::<u64>();

/// Loads a word that other processes may be storing to.
///
/// # Safety
///
/// `word` is aligned and valid for reads, and no other thread of this program reaches it by anything but atomic
/// accesses.
#[inline(always)]
unsafe fn load(word: *const u64) -> u64 {
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
unsafe fn store(word: *mut u64, value: u64) {
    // SAFETY: valid and aligned, as the caller vouches.
    let word = unsafe { AtomicU64::from_ptr(word) };
    // Relaxed: the protocol's fences order the copy as a whole.
    word.store(value, Ordering::Relaxed);
}

/// Copies `to.len()` bytes out of shared memory; gives them, initialised.
///
/// # Safety
///
/// The aligned words that cover the bytes at `from` are valid for reads, and no other thread of this program reaches them
/// by anything but atomic accesses.
#[inline]
pub unsafe fn copy_out(from: *const u8, to: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    let skipped = from.addr() % WORD;
    let mut from = from.wrapping_sub(skipped).cast::<u64>();
    let mut rest = &mut *to;
    if skipped > 0 && !rest.is_empty() {
        // SAFETY: the word that covers the first byte.
        let word = unsafe { load(from) }.to_ne_bytes();
        let (first, behind) = rest.split_at_mut(rest.len().min(WORD - skipped));
        bytes::fill(first, &word[skipped..skipped + first.len()]);
        from = from.wrapping_add(1);
        rest = behind;
    }
    let mut words = rest.chunks_exact_mut(WORD);
    for whole in &mut words {
        // SAFETY: the word that covers these eight bytes.
        bytes::fill(whole, &unsafe { load(from) }.to_ne_bytes());
        from = from.wrapping_add(1);
    }
    let last = words.into_remainder();
    if !last.is_empty() {
        // SAFETY: the word that covers the last bytes.
        let word = unsafe { load(from) }.to_ne_bytes();
        bytes::fill(last, &word[..last.len()]);
    }
    // SAFETY: the three parts above are all of `to`, and each was filled.
    unsafe { bytes::assume_init(to) }
}

/// Copies bytes into shared memory. The rest of the last word becomes zero.
///
/// # Safety
///
/// `to` is aligned to 8 bytes and valid for writes of the words that cover `from.len()` bytes, which no other thread of
/// this program reaches by anything but atomic accesses.
#[inline]
pub unsafe fn copy_in(from: &[u8], mut to: *mut u64) {
    let mut words = from.chunks_exact(WORD);
    for whole in &mut words {
        let mut word = [0; WORD];
        word.copy_from_slice(whole);
        // SAFETY: the word that these eight bytes go to.
        unsafe { store(to, u64::from_ne_bytes(word)) };
        to = to.wrapping_add(1);
    }
    let last = words.remainder();
    if !last.is_empty() {
        let mut word = [0; WORD];
        word[..last.len()].copy_from_slice(last);
        // SAFETY: the word that the last bytes go to.
        unsafe { store(to, u64::from_ne_bytes(word)) };
    }
}

#[cfg(test)]
mod tests {
    use std::mem::MaybeUninit;

    use super::{WORD, copy_in, copy_out};

    const LONGEST: usize = 1024;
    const FARTHEST: usize = 128;

    #[repr(align(128))]
    struct Memory([u8; FARTHEST + LONGEST + 2 * WORD]);

    fn patterned(seed: u8) -> Memory {
        Memory(std::array::from_fn(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)))
    }

    #[test]
    fn every_byte_comes_out_and_none_beside_it_is_touched() {
        let shared = patterned(7);
        for len in 0..=LONGEST {
            for offset in 0..FARTHEST {
                // The private side at an alignment of its own.
                let at = (offset * 5 + len) % FARTHEST;
                let mut private = patterned(99);
                let expected: Vec<u8> =
                    [&private.0[..at], &shared.0[offset..offset + len], &private.0[at + len..]].concat();
                let bytes: &mut [u8] = &mut private.0[at..at + len];
                // SAFETY: a `MaybeUninit<u8>` is a byte, and what is written to it here is initialised.
                let to = unsafe { &mut *(&raw mut *bytes as *mut [MaybeUninit<u8>]) };
                // SAFETY: the words around `len` bytes at `offset` lie in `shared`, and nobody else is there.
                let copied = unsafe { copy_out(shared.0.as_ptr().wrapping_add(offset), to) };
                assert_eq!(copied.len(), len);
                assert!(private.0 == expected[..], "{len} bytes from {offset} to {at}");
            }
        }
    }

    #[test]
    fn every_byte_goes_in_and_only_the_last_word_is_filled_up() {
        let private = patterned(7);
        for len in 0..=LONGEST {
            for at in 0..FARTHEST {
                let offset = (at * 5 + len) % FARTHEST / WORD * WORD;
                let mut shared = patterned(99);
                let end = (offset + len).next_multiple_of(WORD);
                let mut expected = shared.0;
                expected[offset..end].fill(0);
                expected[offset..offset + len].copy_from_slice(&private.0[at..at + len]);
                let to = shared.0.as_mut_ptr().wrapping_add(offset).cast();
                // SAFETY: aligned, and the words lie in `shared`, which nobody else reaches.
                unsafe { copy_in(&private.0[at..at + len], to) };
                assert!(shared.0 == expected, "{len} bytes from {at} to {offset}");
            }
        }
    }
}
