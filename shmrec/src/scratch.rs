//! Private memory for images, aligned to words.

use std::cell::Cell;

use zerocopy::IntoBytes;

/// Images of up to this many words are made on the stack: zeroing so much costs a nanosecond or a few.
const TINY: usize = 8;
const SMALL: usize = 32;

/// Memory for up to this many words, 1 MiB, is kept by each thread.
const KEPT: usize = 1 << 17;

thread_local! {
    /// The last larger image's memory of this thread, kept for the next.
    static LARGE: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
}

/// Gives `use_it` memory for `words` words. What stands in it is anything that stood there before.
#[inline]
pub(crate) fn with<R>(words: usize, use_it: impl FnOnce(&mut [u64]) -> R) -> R {
    // With a constant number of words only one of the three is compiled.
    if words <= TINY {
        use_it(&mut [0; TINY][..words])
    } else if words <= SMALL {
        use_it(&mut [0; SMALL][..words])
    } else {
        with_large(words, use_it)
    }
}

fn with_large<R>(words: usize, use_it: impl FnOnce(&mut [u64]) -> R) -> R {
    // Taken out, so that a nested call finds none and makes its own. While a thread ends there is none either.
    let mut memory = LARGE.try_with(Cell::take).unwrap_or_default();
    if memory.len() < words {
        // Zeroed by the system where it is fresh; nothing of the old is needed.
        memory = vec![0; words];
    }
    let outcome = use_it(&mut memory[..words]);
    if memory.len() <= KEPT {
        let _ = LARGE.try_with(|large| large.set(memory));
    }
    outcome
}

/// The bytes of some words.
#[inline]
pub(crate) fn bytes(words: &[u64]) -> &[u8] {
    words.as_bytes()
}

/// The bytes of some words.
#[inline]
pub(crate) fn bytes_mut(words: &mut [u64]) -> &mut [u8] {
    words.as_mut_bytes()
}

/// A zeroed image of `len` bytes at the front of `words`, as the model wants it; what is behind it is zero too.
#[inline]
pub(crate) fn zeroed(words: &mut [u64], len: usize) -> &mut [u8] {
    words.fill(0);
    &mut bytes_mut(words)[..len]
}
