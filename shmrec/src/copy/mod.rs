//! Copies between shared and private memory. Knows no protocol.
//!
//! | file | copies by | where |
//! |---|---|---|
//! | `words` | relaxed atomic loads and stores, one word each | what is short, and all processors without a file here |
//! | `x86_64` | AVX-512 or AVX where the processor has it, SSE2 where not | x86-64 |
//! | `aarch64` | pairs of NEON registers | aarch64 |
//!
//! # Safety
//!
//! The shared side may be stored to by other processes during the copy, so no reference to it is ever made, and the compiler
//! may not assume that it stays as it is. It is reached by whole, aligned words of 8 bytes, in both directions and by every
//! engine: by relaxed `AtomicU64`s, or by instructions that stand for them.
//!
//! **What stands for them.** `asm!`, each a few moves between memory and registers, or from memory to memory word by word. It does
//! what relaxed atomic accesses to these words do, in any order: it touches no other byte, and each word that it moves is one that
//! was stored where it was loaded. Vector accesses aligned to 8 bytes are carried out in such words or larger pieces: on
//! aarch64 by its architecture (Arm ARM, "Single-copy atomicity"), on x86-64 by every processor that there is, though its
//! manuals promise that for single words alone. Were one to split a word, a mixture of two versions would be one within a word,
//! and no longer one of words. The protocol discards every mixture; nothing else here depends on the difference.
//!
//! What comes out is some mixture of what stood there during the copy; whether it is one version is the protocol's question. A
//! word may be loaded more than once, and stored more than once with the same value.
//!
//! The private side has any alignment and any length: of a word that it covers in part, only that part is copied.
#![allow(unsafe_code)]

#[cfg(all(target_arch = "aarch64", not(shmrec_steps)))]
#[path = "aarch64.rs"]
mod engine;
#[cfg(all(target_arch = "x86_64", not(shmrec_steps)))]
#[path = "x86_64.rs"]
mod engine;
#[cfg(any(shmrec_steps, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod engine {
    //! None: everything is copied by words.
    pub(super) const LEAST: usize = usize::MAX;

    pub(super) unsafe fn copy_short(_: *const u8, _: *mut u8, _: usize) {}
    pub(super) unsafe fn copy(_: *const u8, _: *mut u8, _: usize) {}

    pub(super) fn all() -> Vec<(&'static str, super::Engine)> {
        Vec::new()
    }
}
mod words;

use std::mem::MaybeUninit;

use crate::bytes;

/// Bytes of a word.
pub(crate) const WORD: usize = size_of::<u64>();

/// Up to this many bytes are copied by words, in line: the call of an engine would cost more than it saves.
const SHORT: usize = 64;

/// Copies `to.len()` bytes out of shared memory, from the one on that stands `skipped` bytes behind `from`; gives them,
/// initialised.
///
/// # Safety
///
/// `from` is aligned to 8 bytes, `skipped` is less than 8, the words that cover these bytes are valid for reads, and no other
/// thread of this program reaches them by anything but atomic accesses.
#[inline(always)]
pub unsafe fn copy_out(from: *const u64, skipped: usize, to: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    let len = to.len();
    let first: *mut u8 = to.as_mut_ptr().cast();
    if len > 0 && skipped + len <= WORD {
        // SAFETY: the one word that covers all bytes.
        let word = unsafe { words::load(from) } >> (8 * skipped);
        // SAFETY: `to` has `len` bytes, which are at most a word.
        unsafe { put_part(word, first, len) };
    } else if len > 0 {
        let mut done = 0;
        let mut from = from;
        if skipped > 0 {
            // SAFETY: the word that covers the first byte.
            let word = unsafe { words::load(from) } >> (8 * skipped);
            done = WORD - skipped;
            if len >= WORD {
                // SAFETY: `to` has a word's bytes; those behind `done` are written again below.
                unsafe { first.cast::<u64>().write_unaligned(word) };
            } else {
                // SAFETY: `len` is more than `done`.
                unsafe { put_part(word, first, done) };
            }
            from = from.wrapping_add(1);
        }
        let whole = (len - done) / WORD * WORD;
        let to = first.wrapping_add(done);
        if whole < engine::LEAST {
            // SAFETY: the next words, and as many bytes of `to`.
            unsafe { words::copy_out(from, to, whole) };
        } else if whole <= SHORT {
            // SAFETY: as above.
            unsafe { engine::copy_short(from.cast(), to, whole) };
        } else {
            // SAFETY: as above.
            unsafe { engine::copy(from.cast(), to, whole) };
        }
        let last = len - done - whole;
        if last > 0 {
            // SAFETY: the word that covers the last bytes.
            let word = unsafe { words::load(from.wrapping_byte_add(whole)) };
            // SAFETY: so many bytes are left of `to`.
            unsafe { put_part(word, to.wrapping_add(whole), last) };
        }
    }
    // SAFETY: all `len` bytes were written above.
    unsafe { bytes::assume_init(to) }
}

/// Writes the first `len` bytes of a word.
///
/// # Safety
///
/// `to` is valid for writes of `len` bytes, which are at most 8.
#[inline(always)]
unsafe fn put_part(word: u64, to: *mut u8, len: usize) {
    if len == WORD {
        // SAFETY: the caller vouches for so many bytes, here and below.
        return unsafe { to.cast::<u64>().write_unaligned(word) };
    }
    let mut done = 0;
    if len & 4 != 0 {
        // SAFETY: as above.
        unsafe { to.cast::<u32>().write_unaligned(word as u32) };
        done = 4;
    }
    if len & 2 != 0 {
        // SAFETY: as above.
        unsafe { to.wrapping_add(done).cast::<u16>().write_unaligned((word >> (8 * done)) as u16) };
        done += 2;
    }
    if len & 1 != 0 {
        // SAFETY: as above.
        unsafe { to.wrapping_add(done).write((word >> (8 * done)) as u8) };
    }
}

/// Copies bytes into shared memory. The rest of the last word becomes zero.
///
/// # Safety
///
/// `to` is aligned to 8 bytes and valid for writes of the words that cover `from.len()` bytes, which no other thread of
/// this program reaches by anything but atomic accesses.
#[inline(always)]
pub unsafe fn copy_in(from: &[u8], to: *mut u64) {
    let (whole, last) = from.split_at(from.len() / WORD * WORD);
    if whole.len() < engine::LEAST {
        // SAFETY: the words that these bytes go to, and as many bytes of this program's own.
        unsafe { words::copy_in(whole.as_ptr(), to, whole.len()) };
    } else if whole.len() <= SHORT {
        // SAFETY: as above.
        unsafe { engine::copy_short(whole.as_ptr(), to.cast(), whole.len()) };
    } else {
        // SAFETY: as above.
        unsafe { engine::copy(whole.as_ptr(), to.cast(), whole.len()) };
    }
    if !last.is_empty() {
        let mut word = [0; WORD];
        word[..last.len()].copy_from_slice(last);
        // SAFETY: the word that the last bytes go to.
        unsafe { words::store(to.wrapping_byte_add(whole.len()), u64::from_ne_bytes(word)) };
    }
}

/// From so many bytes on, private memory is copied by the engine, too: `memcpy` is called, and is slower for some kilobytes.
const LONG: usize = 1024;

/// Copies private bytes to private memory.
///
/// # Panics
///
/// When the two have different lengths.
#[inline(always)]
pub(crate) fn copy_private(from: &[u8], to: &mut [MaybeUninit<u8>]) {
    assert_eq!(from.len(), to.len(), "bytes are copied to a place for as many");
    let whole = if from.len() < LONG.max(engine::LEAST) { 0 } else { from.len() / WORD * WORD };
    if whole > 0 {
        // SAFETY: both have so many bytes, a multiple of 8 and at least 64, and do not overlap: one is borrowed mutably. Neither is
        // shared.
        unsafe { engine::copy(from.as_ptr(), to.as_mut_ptr().cast(), whole) };
    }
    // SAFETY: a `MaybeUninit<u8>` may hold whatever a `u8` does.
    let rest = unsafe { &*(&raw const from[whole..] as *const [MaybeUninit<u8>]) };
    to[whole..].copy_from_slice(rest);
}

/// A copy of as many bytes as it is told from one address to another, as `engines` gives it.
type Engine = unsafe fn(*const u8, *mut u8, usize);

/// The engines of this machine by name, for comparison. Each copies a multiple of 8 bytes, at least 64.
pub fn engines() -> Vec<(&'static str, Engine)> {
    /// # Safety
    ///
    /// As `words::copy_out`.
    unsafe fn by_words(from: *const u8, to: *mut u8, len: usize) {
        // SAFETY: as the caller vouches.
        unsafe { words::copy_out(from.cast(), to, len) };
    }
    let mut engines: Vec<(&'static str, Engine)> = vec![("words", by_words)];
    engines.extend(engine::all());
    engines
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: usize = 1024;
    const FARTHEST: usize = 128;

    #[repr(align(128))]
    struct Memory([u8; FARTHEST + LONGEST + 2 * WORD]);

    /// Bytes that begin at a cache line.
    struct Lines(Vec<u8>, usize);

    impl Lines {
        fn of(len: usize) -> Self {
            let bytes = vec![0; len + 64];
            let skipped = bytes.as_ptr().align_offset(64);
            Self(bytes, skipped)
        }

        fn bytes(&mut self) -> &mut [u8] {
            let end = self.0.len() - 64;
            &mut self.0[self.1..end + self.1]
        }
    }

    fn patterned(seed: u8) -> Memory {
        Memory(std::array::from_fn(|i| (i as u8).wrapping_mul(31).wrapping_add(seed)))
    }

    /// Tries one way of copying out with every length from `least` on, at every offset of both sides.
    fn copies_out(least: usize, step: usize, skips: usize, copy: impl Fn(*const u64, usize, &mut [MaybeUninit<u8>])) {
        let shared = patterned(7);
        for len in (least..=LONGEST).step_by(step) {
            for offset in (0..FARTHEST).step_by(skips) {
                // The private side at an alignment of its own.
                let at = (offset * 5 + len) % FARTHEST;
                let mut private = patterned(99);
                let expected: Vec<u8> =
                    [&private.0[..at], &shared.0[offset..offset + len], &private.0[at + len..]].concat();
                let bytes: &mut [u8] = &mut private.0[at..at + len];
                // SAFETY: a `MaybeUninit<u8>` is a byte, and what is written to it here is initialised.
                let to = unsafe { &mut *(&raw mut *bytes as *mut [MaybeUninit<u8>]) };
                copy(shared.0[offset / WORD * WORD..].as_ptr().cast(), offset % WORD, to);
                assert!(private.0 == expected[..], "{len} bytes from {offset} to {at}");
            }
        }
    }

    /// Tries one way of copying in.
    fn copies_in(least: usize, step: usize, copy: impl Fn(&[u8], *mut u64)) {
        let private = patterned(7);
        for len in (least..=LONGEST).step_by(step) {
            for at in 0..FARTHEST {
                let offset = (at * 5 + len) % FARTHEST / WORD * WORD;
                let mut shared = patterned(99);
                let end = (offset + len).next_multiple_of(WORD);
                let mut expected = shared.0;
                expected[offset..end].fill(0);
                expected[offset..offset + len].copy_from_slice(&private.0[at..at + len]);
                copy(&private.0[at..at + len], shared.0[offset..].as_mut_ptr().cast());
                assert!(shared.0 == expected, "{len} bytes from {at} to {offset}");
            }
        }
    }

    #[test]
    fn every_byte_comes_out_and_none_beside_it_is_touched() {
        copies_out(0, 1, 1, |from, skipped, to| {
            let len = to.len();
            // SAFETY: the words around the bytes lie in the test's memory, and nobody else is there; so below.
            assert_eq!(unsafe { copy_out(from, skipped, to) }.len(), len);
        });
    }

    #[test]
    fn every_byte_goes_in_and_only_the_last_word_is_filled_up() {
        // SAFETY: as above.
        copies_in(0, 1, |from, to| unsafe { copy_in(from, to) });
    }

    /// Tries an engine with the lengths that are its own, both ways.
    fn is_an_engine(least: usize, copy: impl Fn(*const u8, *mut u8, usize)) {
        copies_out(least, WORD, WORD, |from, _, to| copy(from.cast(), to.as_mut_ptr().cast(), to.len()));
        copies_in(least, WORD, |from, to| copy(from.as_ptr(), to.cast(), from.len()));
    }

    #[test]
    fn private_bytes_are_copied_at_every_length() {
        for len in 0..LONG + 9 {
            for (from, to) in [(0, 0), (1, 3), (8, 5), (3, 0)] {
                let (mut source, mut private) = (Lines::of(len + from), Lines::of(len + to + 1));
                let (source, private) = (source.bytes(), private.bytes());
                (0..).zip(&mut *source).for_each(|(i, byte)| *byte = (i % 251) as u8);
                private.fill(0xff);
                // SAFETY: only initialised bytes are written.
                copy_private(&source[from..], unsafe { bytes::of_bytes(&mut private[to..to + len]) });
                assert!(private[to..to + len] == source[from..], "{len} bytes from {from} to {to}");
                assert!(
                    private[..to].iter().chain(&private[to + len..]).all(|byte| *byte == 0xff),
                    "beside {len} bytes"
                );
            }
        }
    }

    #[test]
    fn words_alone_copy_every_byte() {
        // SAFETY: as above.
        copies_out(0, WORD, WORD, |from, _, to| unsafe { words::copy_out(from, to.as_mut_ptr().cast(), to.len()) });
        // SAFETY: as above.
        copies_in(0, WORD, |from, to| unsafe { words::copy_in(from.as_ptr(), to, from.len()) });
    }

    #[test]
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(shmrec_steps)))]
    fn the_engine_copies_every_byte() {
        // SAFETY: as above.
        is_an_engine(engine::LEAST, |from, to, len| unsafe { engine::copy_short(from, to, len) });
        // SAFETY: as above.
        is_an_engine(SHORT, |from, to, len| unsafe { engine::copy(from, to, len) });
    }

    #[test]
    fn every_engine_copies_what_is_larger_than_a_cache() {
        // Another way may be taken then, and another where both sides begin at a cache line.
        const ODD: usize = 5 * WORD;
        for (name, copy) in engines() {
            for len in [(32 << 10) - WORD, 32 << 10, (32 << 10) + ODD, (1 << 20) - WORD, 1 << 20] {
                for (from, to) in [(0, 0), (0, WORD), (WORD, 0), (64, 4096), (0, 3), (8, 67)] {
                    let (mut shared, mut private) = (Lines::of(len + 128), Lines::of(len + 8192));
                    let (shared, private) = (shared.bytes(), private.bytes());
                    (0..).zip(&mut *shared).for_each(|(i, byte)| *byte = (i % 251) as u8);
                    private.fill(0xff);
                    // SAFETY: both sides have room for `len` bytes behind where the copy begins, and nobody else is there.
                    unsafe { copy(shared[from..].as_ptr(), private[to..].as_mut_ptr(), len) };
                    assert!(
                        private[to..to + len] == shared[from..from + len],
                        "{name}: {len} bytes from {from} to {to}"
                    );
                    let beside = private[..to].iter().chain(&private[to + len..]);
                    assert!(beside.copied().all(|byte| byte == 0xff), "{name}: beside {len} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn every_engine_copies_every_byte() {
        // Those too that are for older processors than this one.
        for (name, copy) in engine::all() {
            println!("{name}");
            // SAFETY: as above.
            is_an_engine(SHORT, |from, to, len| unsafe { copy(from, to, len) });
        }
    }

    /// Sums in as many registers as there are, kept across a copy that stands in line; were one not named as changed, a sum would
    /// be wrong.
    macro_rules! keeps_vector_registers {
        ($copy:path) => {{
            let numbers = |seed: f64| -> [f64; 24] { std::array::from_fn(|i| std::hint::black_box(seed + i as f64)) };
            let (shared, mut private) = (patterned(7), patterned(99));
            let mut sums = numbers(0.5);
            for round in 0..100 {
                let more = numbers(f64::from(round));
                // SAFETY: as above.
                unsafe { $copy(shared.0.as_ptr(), private.0.as_mut_ptr(), LONGEST) };
                for (sum, more) in sums.iter_mut().zip(more) {
                    *sum += more;
                }
            }
            for (i, sum) in (0..).zip(sums) {
                assert_eq!(sum, 0.5 + f64::from(i) + 4950.0 + 100.0 * f64::from(i));
            }
            assert!(private.0[..LONGEST] == shared.0[..LONGEST]);
        }};
    }

    #[test]
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(shmrec_steps)))]
    fn what_the_caller_has_in_vector_registers_stays() {
        keeps_vector_registers!(engine::copy);
    }

    #[test]
    #[cfg(all(target_arch = "x86_64", not(shmrec_steps)))]
    fn what_the_caller_has_in_vector_registers_stays_by_each_engine_that_is_in_line() {
        if std::arch::is_x86_feature_detected!("avx") {
            keeps_vector_registers!(engine::copy_by_avx);
        }
        if std::arch::is_x86_feature_detected!("avx512f") {
            keeps_vector_registers!(engine::copy_by_avx512);
        }
    }
}
