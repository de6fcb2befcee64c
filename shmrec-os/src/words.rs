//! Word access to shared memory.
//!
//! The protocols (transfer, lock, bell) are written over these two traits. Real memory implements them with atomics
//! behind raw pointers; a model checker implements them with its own atomics and so runs the very code that ships.
//!
//! Addresses are bytes from the start of the segment. A word's address is a multiple of its size.
//!
//! Every load is relaxed, and what must be ordered is ordered by a fence: on a read-only mapping Rust promises nothing
//! else (`core::sync::atomic`, "Atomic accesses to read-only memory").

use std::convert::Infallible;
use std::sync::atomic::{Ordering, compiler_fence, fence};

/// Memory whose words can be loaded.
pub trait ReadWords {
    /// Why a load can fail: never on a mapping, with the system's error where each load is a system call.
    type Fault;

    /// Loads a word, relaxed.
    ///
    /// # Errors
    ///
    /// When the memory is reached by a system call and that fails.
    fn load_u32(&self, at: usize) -> Result<u32, Self::Fault>;

    /// Loads a word, relaxed.
    ///
    /// # Errors
    ///
    /// When the memory is reached by a system call and that fails.
    fn load_u64(&self, at: usize) -> Result<u64, Self::Fault>;

    /// A fence of this memory's accesses.
    fn fence(&self, order: Ordering);
}

/// Memory whose words can also be stored. Loading them cannot fail.
pub trait Words: ReadWords<Fault = Infallible> {
    /// Stores a word.
    fn store_u32(&self, at: usize, value: u32, order: Ordering);

    /// Stores a word.
    fn store_u64(&self, at: usize, value: u64, order: Ordering);

    /// Adds to a word, wrapping; gives what was there.
    fn fetch_add_u32(&self, at: usize, value: u32, order: Ordering) -> u32;

    /// Replaces a word if it is `current`.
    ///
    /// # Errors
    ///
    /// What was there instead.
    fn compare_exchange_u32(
        &self,
        at: usize,
        current: u32,
        new: u32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u32, u32>;

    /// A sequentially consistent fence by a thread whose last access was a successful
    /// [`compare_exchange_u32`](Self::compare_exchange_u32): free where that is a full barrier already.
    fn fence_after_exchange(&self);
}

/// Whether an exchange is a full barrier: `lock cmpxchg` is.
const EXCHANGE_IS_A_BARRIER: bool = cfg!(target_arch = "x86_64");

/// [`Words::fence_after_exchange`] of memory that is real.
#[inline(always)]
pub fn fence_after_exchange() {
    if EXCHANGE_IS_A_BARRIER {
        // Only the compiler must be kept in order.
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}
