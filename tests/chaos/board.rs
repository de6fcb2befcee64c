//! Words that all processes of a run share, in a file of its own: nothing of shmrec has a part in it.
//!
//! # Safety
//!
//! The file keeps its length, the mapping lives as long as the process, and everything in it is reached by atomic accesses.
#![allow(unsafe_code)]

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::MmapRaw;

use crate::names::NAMES;

/// How many processes at a time at most.
pub(crate) const PROCESSES: usize = 64;
/// How many lives at most: processes that were ever started.
pub(crate) const LIVES: usize = 1 << 20;
/// Versions of one segment that are remembered.
pub(crate) const VERSIONS: usize = 1 << 12;

/// What is counted, over all processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Operations,
    Reads,
    Writes,
    Locks,
    Recovered,
    Waits,
    Creates,
    Links,
    Releases,
    Removes,
    Contended,
    Busy,
}

impl Count {
    pub(crate) const ALL: [Self; 12] = [
        Self::Operations,
        Self::Reads,
        Self::Writes,
        Self::Locks,
        Self::Recovered,
        Self::Waits,
        Self::Creates,
        Self::Links,
        Self::Releases,
        Self::Removes,
        Self::Contended,
        Self::Busy,
    ];
}

/// The words.
#[derive(Debug)]
pub(crate) struct Board(MmapRaw);

// Where each table begins, in words.
const COUNTS: usize = 0;
const BEATS: usize = COUNTS + 16;
const LIFE_OF: usize = BEATS + PROCESSES;
const HOLDING: usize = LIFE_OF + PROCESSES;
const ACKNOWLEDGED: usize = HOLDING + PROCESSES * NAMES;
const PERSISTING: usize = ACKNOWLEDGED + NAMES;
const REMOVALS: usize = PERSISTING + NAMES;
const REMOVED: usize = REMOVALS + NAMES;
const REMOVING: usize = REMOVED + NAMES;
const PUBLISHED: usize = REMOVING + PROCESSES;
const ANNOUNCED: usize = PUBLISHED + NAMES * VERSIONS;
const WORDS: usize = ANNOUNCED + LIVES;

impl Board {
    /// A new one.
    pub(crate) fn create(path: &Path) -> Self {
        let file = File::options().read(true).write(true).create_new(true).open(path).expect("the board's file");
        file.set_len(8 * WORDS as u64).expect("room for the board");
        Self::open(path)
    }

    /// That of another process.
    pub(crate) fn open(path: &Path) -> Self {
        let file = File::options().read(true).write(true).open(path).expect("the board's file");
        let map = MmapRaw::map_raw(&file).expect("the board");
        assert_eq!(map.len(), 8 * WORDS);
        Self(map)
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at < WORDS);
        // SAFETY: within the mapping.
        let word = unsafe { self.0.as_mut_ptr().cast::<u64>().add(at) };
        // SAFETY: aligned, mapped as long as `self`, and reached by atomics only.
        unsafe { AtomicU64::from_ptr(word) }
    }

    /// How often something has happened.
    pub(crate) fn count(&self, of: Count) -> &AtomicU64 {
        self.word(COUNTS + of as usize)
    }

    /// Adds to a count.
    pub(crate) fn add(&self, of: Count, n: u64) {
        self.count(of).fetch_add(n, Ordering::Relaxed);
    }

    /// Changes whenever the process in `slot` has finished a call.
    pub(crate) fn beat(&self, slot: usize) -> &AtomicU64 {
        self.word(BEATS + slot)
    }

    /// Which life the process in `slot` is.
    pub(crate) fn life_of(&self, slot: usize) -> &AtomicU64 {
        self.word(LIFE_OF + slot)
    }

    /// Which instance of the segment `name` the process in `slot` uses, and how many it had before: 0 for none.
    pub(crate) fn holding(&self, slot: usize, name: usize) -> &AtomicU64 {
        self.word(HOLDING + slot * NAMES + name)
    }

    /// The newest version of `name` that a writer was told of, with a mark of its instance.
    pub(crate) fn acknowledged(&self, name: usize) -> &AtomicU64 {
        self.word(ACKNOWLEDGED + name)
    }

    /// The instance of the persistent segment `name`, and how many removals had begun when it was found.
    pub(crate) fn persisting(&self, name: usize) -> &AtomicU64 {
        self.word(PERSISTING + name)
    }

    /// How many removals of `name` have begun.
    pub(crate) fn removals(&self, name: usize) -> &AtomicU64 {
        self.word(REMOVALS + name)
    }

    /// How many removals of `name` have ended.
    pub(crate) fn removed(&self, name: usize) -> &AtomicU64 {
        self.word(REMOVED + name)
    }

    /// The name, counted from 1, whose removal the process in `slot` is at; 0 for none.
    pub(crate) fn removing(&self, slot: usize) -> &AtomicU64 {
        self.word(REMOVING + slot)
    }

    /// What version of `name` is which record.
    pub(crate) fn published(&self, name: usize, entry: usize) -> &AtomicU64 {
        self.word(PUBLISHED + name * VERSIONS + entry % VERSIONS)
    }

    /// The highest serial that a life has said it would publish.
    pub(crate) fn announced(&self, life: u64) -> Option<&AtomicU64> {
        let life = usize::try_from(life).ok().filter(|life| *life < LIVES)?;
        Some(self.word(ANNOUNCED + life))
    }
}
