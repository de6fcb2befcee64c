//! Private memory for images, aligned to cache lines.

use std::cell::Cell;
use std::mem::MaybeUninit;

use crate::bytes;

/// Images of up to this many lines are made on the stack.
const SMALL: usize = 64;

/// Memory for up to this many lines, 1 MiB, is kept by each thread.
const KEPT: usize = 1 << 14;

/// What the memory begins at a multiple of.
pub(crate) const ALIGN: usize = align_of::<Line>();

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line {
    _bytes: [u8; 64],
}

thread_local! {
    /// The last larger image's memory of this thread, kept for the next.
    static LARGE: Cell<Vec<MaybeUninit<Line>>> = const { Cell::new(Vec::new()) };
}

/// Gives `use_it` memory for `len` bytes. Nothing stands in it.
#[inline]
pub(crate) fn with<R>(len: usize, use_it: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
    // With a constant length only one of the two is compiled.
    if len <= SMALL * size_of::<Line>() {
        let mut place = MaybeUninit::<[Line; SMALL]>::uninit();
        use_it(&mut bytes::of_place(&mut place)[..len])
    } else {
        with_large(len, use_it)
    }
}

fn with_large<R>(len: usize, use_it: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
    // Taken out, so that a nested call finds none and makes its own. While a thread ends there is none either.
    let mut memory = LARGE.try_with(Cell::take).unwrap_or_default();
    let lines = len.div_ceil(size_of::<Line>());
    if memory.len() < lines {
        // Nothing of the old is needed, and nothing of the new is written before its time.
        drop(memory);
        memory = Box::new_uninit_slice(lines).into_vec();
    }
    let outcome = use_it(&mut bytes::of_places(&mut memory)[..len]);
    if memory.len() <= KEPT {
        let _ = LARGE.try_with(|large| large.set(memory));
    }
    outcome
}
