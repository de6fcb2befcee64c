//! The transfer protocol: a record is published whole, and read whole, without a lock on the reader's side.
//!
//! Version `v` lives in slot `v % N`. Two counters say what is going on: `begin` is the version that a writer has begun
//! to write, `committed` the last that is whole. A reader copies the slot of `committed` and then looks whether a writer
//! has meanwhile begun the version that reuses this slot; only a writer that completes N-1 versions during one copy
//! makes it try again. `docs/protocol.md` has the proof.
//!
//! # Orderings
//!
//! * The writer's release fence stands between the store of `begin` and the stores to the slot. The reader's second acquire
//!   fence stands between its loads from the slot and its load of `begin`. They pair: a reader that saw one word of
//!   version `c + N` sees `begin >= c + N` and discards the copy.
//! * The writer's release store of `committed` pairs with the reader's first acquire fence, behind its load of
//!   `committed`: the copy sees all of that version, or something later.

use std::convert::Infallible;
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;

use shmrec_os::format::Header;
use shmrec_os::words::{ReadWords, Words};
use shmrec_os::{Copied, Mapping};

use crate::copy::{self, WORD};

/// Memory from which bytes can be copied.
///
/// # Safety
///
/// [`copy_out`](Self::copy_out) has written all of `to` when it returns `Ok`.
#[allow(unsafe_code)]
pub unsafe trait Source: ReadWords {
    /// Copies bytes that other processes may be storing to, from the one on that stands `skipped` bytes, less than 8, behind
    /// the word at `at`.
    ///
    /// # Errors
    ///
    /// When the memory is reached by a system call and that fails.
    fn copy_out(&self, at: usize, skipped: usize, to: &mut [MaybeUninit<u8>]) -> Result<(), Self::Fault>;
}

/// Memory to which bytes can be copied.
pub trait Target: Source + Words {
    /// Copies bytes to where other processes may be loading, from a whole word on; the rest of the last word becomes zero.
    fn copy_in(&self, from: &[u8], at: usize);
}

// SAFETY: `copy::copy_out` gives all of `to`, initialised.
#[allow(unsafe_code)]
unsafe impl Source for Mapping {
    #[inline]
    fn copy_out(&self, at: usize, skipped: usize, to: &mut [MaybeUninit<u8>]) -> Result<(), Infallible> {
        assert!(skipped < WORD, "more than a word is skipped");
        let words = self.words(at, (skipped + to.len()).next_multiple_of(WORD));
        // SAFETY: `words` has checked that the words around the bytes lie in the mapping and are aligned; and all of this
        // program reaches mappings by atomic accesses only.
        unsafe { copy::copy_out(words, skipped, to) };
        Ok(())
    }
}

// SAFETY: `Copied::copy_out` reads until all of `to` is filled.
#[allow(unsafe_code)]
unsafe impl Source for Copied {
    fn copy_out(&self, at: usize, skipped: usize, to: &mut [MaybeUninit<u8>]) -> std::io::Result<()> {
        Copied::copy_out(self, at + skipped, to)
    }
}

/// Where counters and slots are.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    begin: usize,
    committed: usize,
    records: usize,
    stride: usize,
    /// How many slots, a power of two, less one.
    mask: u64,
}

/// A run of bytes of a record: where it begins, from the record's start, and how many they are.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Bytes from the record's start.
    pub at: usize,
    /// Bytes.
    pub len: usize,
}

/// Why nothing was read.
#[derive(Debug)]
pub enum NotRead<F> {
    /// There is no version yet.
    NotYetWritten,
    /// Writers were faster than the copy each time.
    Contended,
    /// The version asked for has been overwritten.
    Gone,
    /// The version asked for is still to come.
    ToCome,
    /// The memory cannot be read.
    Fault(F),
}

impl<F> From<F> for NotRead<F> {
    fn from(fault: F) -> Self {
        Self::Fault(fault)
    }
}

/// All 2^64 - 1 versions are used up, which takes centuries, or a peer that writes what it must not.
#[derive(Debug)]
pub struct Exhausted;

impl Slots {
    /// From a checked header.
    pub fn new(header: &Header) -> Self {
        Self {
            begin: header.transfer(),
            committed: header.transfer() + 8,
            records: header.records(),
            stride: header.stride(),
            mask: u64::from(header.slots()) - 1,
        }
    }

    /// Whether `run` lies in a slot, and with it the words that cover it: a slot is whole words.
    #[inline(always)]
    pub(crate) fn have(&self, run: Run) -> bool {
        run.len <= self.stride && run.at <= self.stride - run.len
    }

    /// How many slots.
    pub fn count(&self) -> u64 {
        self.mask + 1
    }

    /// What stands in a new segment whose creator publishes a first record: the slot's and the counters' places and the
    /// counters.
    pub fn first(&self) -> (usize, usize, [u8; 16]) {
        let one = 1u128;
        (self.slot(1), self.begin, (one << 64 | one).to_le_bytes())
    }

    /// Where the slot of `version` begins. Whatever a peer made of the version: one of the slots.
    #[inline]
    fn slot(&self, version: u64) -> usize {
        self.records + (version & self.mask) as usize * self.stride
    }

    /// The last whole version.
    #[inline(always)]
    pub fn committed<M: ReadWords>(&self, memory: &M) -> Result<u64, M::Fault> {
        let version = memory.load_u64(self.committed)?;
        // Pairs with the release store in `publish`.
        memory.fence(Ordering::Acquire);
        Ok(version)
    }

    /// The version that a writer has begun.
    pub fn begun<M: ReadWords>(&self, memory: &M) -> Result<u64, M::Fault> {
        memory.load_u64(self.begin)
    }

    /// Copies `runs` of the last whole version to `to`, one behind the other; gives the version. All of `to` is then
    /// initialised. `again` says whether to try once more when writers were faster.
    ///
    /// # Errors
    ///
    /// [`NotRead`]; any bytes may then stand in `to`.
    ///
    /// # Panics
    ///
    /// When the runs are not exactly as many bytes as `to`.
    #[inline(always)]
    pub fn read<M: Source>(
        &self,
        memory: &M,
        runs: &[Run],
        to: &mut [MaybeUninit<u8>],
        mut again: impl FnMut() -> bool,
    ) -> Result<u64, NotRead<M::Fault>> {
        loop {
            match self.attempt(memory, runs, to)? {
                Some(version) => return Ok(version),
                None if again() => {}
                None => return Err(NotRead::Contended),
            }
        }
    }

    /// One attempt to [`read`](Self::read): `None` when writers were faster.
    ///
    /// # Errors
    ///
    /// As there.
    ///
    /// # Panics
    ///
    /// As there.
    #[inline(always)]
    pub fn attempt<M: Source>(
        &self,
        memory: &M,
        runs: &[Run],
        to: &mut [MaybeUninit<u8>],
    ) -> Result<Option<u64>, NotRead<M::Fault>> {
        let version = self.committed(memory)?;
        if version == 0 {
            return Err(NotRead::NotYetWritten);
        }
        Ok(self.copy_if_whole(memory, version, runs, to)?.then_some(version))
    }

    /// Copies `runs` of one of the last versions to `to`, all of which is then initialised.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// # Panics
    ///
    /// As [`read`](Self::read).
    pub fn read_version<M: Source>(
        &self,
        memory: &M,
        version: u64,
        runs: &[Run],
        to: &mut [MaybeUninit<u8>],
    ) -> Result<(), NotRead<M::Fault>> {
        if version == 0 {
            return Err(NotRead::NotYetWritten);
        }
        if self.committed(memory)? < version {
            return Err(NotRead::ToCome);
        }
        if self.copy_if_whole(memory, version, runs, to)? { Ok(()) } else { Err(NotRead::Gone) }
    }

    /// Copies; `false` when a writer may have stored to the slot meanwhile.
    #[inline(always)]
    fn copy_if_whole<M: Source>(
        &self,
        memory: &M,
        version: u64,
        runs: &[Run],
        to: &mut [MaybeUninit<u8>],
    ) -> Result<bool, M::Fault> {
        let slot = self.slot(version);
        let mut rest = to;
        for run in runs {
            debug_assert!(run.at + run.len <= self.stride, "{run:?} beyond the slot");
            let (part, behind) = rest.split_at_mut(run.len);
            memory.copy_out(slot + run.at / WORD * WORD, run.at % WORD, part)?;
            rest = behind;
        }
        // What is said to be read must have been written.
        assert!(rest.is_empty(), "the runs are fewer bytes than their target");
        // Pairs with the release fence in `publish`.
        memory.fence(Ordering::Acquire);
        let begin = memory.load_u64(self.begin)?;
        // In one comparison that no invented counter passes or overflows: version <= begin < version + N.
        Ok(begin.wrapping_sub(version) <= self.mask)
    }

    /// Publishes `image` as the next version, which it gives. The caller holds the writer lock.
    ///
    /// # Errors
    ///
    /// [`Exhausted`].
    #[inline(always)]
    pub fn publish<M: Target>(&self, memory: &M, image: &[u8]) -> Result<u64, Exhausted> {
        let Ok(committed) = memory.load_u64(self.committed);
        let version = committed.checked_add(1).ok_or(Exhausted)?;
        // A writer that died after this store left the same number here: it is begun again.
        memory.store_u64(self.begin, version, Ordering::Relaxed);
        // Pairs with the reader's acquire fence behind its copy.
        memory.fence(Ordering::Release);
        memory.copy_in(image, self.slot(version));
        // Release: pairs with the reader's acquire fence behind its load of `committed`.
        memory.store_u64(self.committed, version, Ordering::Release);
        Ok(version)
    }
}
