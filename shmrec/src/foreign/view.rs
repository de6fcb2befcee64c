//! A record in memory that other programs write, as a protocol sees it.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::atomic::{Ordering, fence};

use shmrec_os::{Copied, Mapping, Memory, Width};

use super::units::{Run, Units};
use super::word::Word;

/// A record in memory that other programs write while it is looked at.
///
/// Everything is loaded by relaxed atomic accesses; what must be ordered is ordered by [`fence`](Self::fence).
pub struct View<'a> {
    memory: Source<'a>,
    /// Where the record begins in the memory.
    at: usize,
    units: &'a Units,
    /// The units that a writer copies: all but the words of the protocol.
    bulk: &'a Units,
    words: &'a [Word],
}

enum Source<'a> {
    Mapped(&'a Mapping),
    Copied(&'a Copied),
}

impl<'a> View<'a> {
    pub(super) fn new(memory: &'a Memory, at: usize, units: &'a Units, bulk: &'a Units, words: &'a [Word]) -> Self {
        let memory = match memory {
            Memory::Mapped(mapping) => Source::Mapped(mapping),
            Memory::Copied(copied) => Source::Copied(copied),
        };
        Self { memory, at, units, bulk, words }
    }

    /// Loads a word of the protocol, relaxed.
    ///
    /// # Errors
    ///
    /// When the memory is not mapped (its owner is not trusted), and the system cannot read it.
    ///
    /// # Panics
    ///
    /// When the word is not one of the protocol's [`words`](super::Protocol::words).
    pub fn load(&self, word: Word) -> io::Result<u64> {
        self.check(word);
        self.load_unit(word.offset(), word.width())
    }

    pub(super) fn load_unit(&self, at: usize, width: Width) -> io::Result<u64> {
        match self.memory {
            Source::Mapped(mapping) => Ok(mapping.load(self.at + at, width)),
            Source::Copied(copied) => {
                let mut bytes = [0; 8];
                copied.copy_over(self.at + at, &mut bytes[..width.bytes()])?;
                Ok(u64::from_le_bytes(bytes))
            }
        }
    }

    /// A fence between the loads and stores of this view before it and those behind it.
    pub fn fence(&self, order: Ordering) {
        fence(order);
    }

    /// Copies the whole record to `image`, unit by unit, in no particular order. Padding stays as it is in `image`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    ///
    /// # Panics
    ///
    /// When `image` is shorter than the record.
    pub fn copy_out(&self, image: &mut [u8]) -> io::Result<()> {
        match self.memory {
            Source::Mapped(mapping) => {
                for run in self.units.runs() {
                    load_run(mapping, self.at, *run, image);
                }
                Ok(())
            }
            Source::Copied(copied) => {
                for run in self.units.runs() {
                    copied.copy_over(self.at + run.at, &mut image[run.at..run.end()])?;
                }
                Ok(())
            }
        }
    }

    fn check(&self, word: Word) {
        assert!(self.words.contains(&word), "{word:?} is not among the words that the protocol has named");
    }
}

fn load_run(mapping: &Mapping, base: usize, run: Run, image: &mut [u8]) {
    let width = run.width.bytes();
    for (i, unit) in image[run.at..run.end()].chunks_exact_mut(width).enumerate() {
        let value = mapping.load(base + run.at + i * width, run.width);
        unit.copy_from_slice(&value.to_le_bytes()[..width]);
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("at", &self.at).field("words", &self.words).finish_non_exhaustive()
    }
}

/// A record in memory that other programs read and perhaps write, for one who writes it.
#[derive(Debug)]
pub struct ViewMut<'a> {
    view: View<'a>,
    mapping: &'a Mapping,
}

impl<'a> ViewMut<'a> {
    /// `None` when the memory is not mapped.
    pub(super) fn new(
        memory: &'a Memory,
        at: usize,
        units: &'a Units,
        bulk: &'a Units,
        words: &'a [Word],
    ) -> Option<Self> {
        match memory {
            Memory::Mapped(mapping) => Some(Self { view: View::new(memory, at, units, bulk, words), mapping }),
            Memory::Copied(_) => None,
        }
    }

    /// Loads a word of the protocol, relaxed.
    ///
    /// # Panics
    ///
    /// As [`View::load`].
    #[must_use]
    pub fn load(&self, word: Word) -> u64 {
        self.view.check(word);
        self.mapping.load(self.view.at + word.offset(), word.width())
    }

    /// Stores a word of the protocol: its low bits, as many as it has.
    ///
    /// # Panics
    ///
    /// When the word is not one of the protocol's [`words`](super::Protocol::words).
    pub fn store(&self, word: Word, value: u64, order: Ordering) {
        self.view.check(word);
        self.store_unit(word.offset(), word.width(), value, order);
    }

    pub(super) fn store_unit(&self, at: usize, width: Width, value: u64, order: Ordering) {
        self.mapping.store(self.view.at + at, width, value, order);
    }

    /// Copies all of the record but the protocol's words from `image`, unit by unit, in no particular order.
    ///
    /// # Panics
    ///
    /// When `image` is shorter than the record.
    pub fn copy_in(&self, image: &[u8]) {
        for run in self.view.bulk.runs() {
            let width = run.width.bytes();
            for (i, unit) in image[run.at..run.end()].chunks_exact(width).enumerate() {
                let mut value = [0; 8];
                value[..width].copy_from_slice(unit);
                // Relaxed: the protocol's fences order the copy as a whole.
                self.store_unit(run.at + i * width, run.width, u64::from_le_bytes(value), Ordering::Relaxed);
            }
        }
    }
}

impl<'a> Deref for ViewMut<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}
