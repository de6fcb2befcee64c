//! The records that tests share.

use shmrec::{FixedStr, SharedRecord};

/// A record of 64 bytes whose fields agree when it is whole.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Counter {
    /// Which.
    pub seq: u64,
    /// The same in words.
    #[record(capacity = 24)]
    pub text: String,
    /// The same inline.
    pub short: FixedStr<12>,
    /// All bits of `seq` inverted.
    pub check: u64,
}

impl Counter {
    /// The record `seq`.
    #[must_use]
    pub fn new(seq: u64) -> Self {
        let text = seq.to_string();
        let short = text[text.len().saturating_sub(12)..].parse().expect("at most 12 digits");
        Self { seq, text, short, check: !seq }
    }

    /// Whether all fields say the same.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        *self == Self::new(self.seq)
    }
}

/// A record of `8 * N` bytes, every word of which says which record it is.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Block<const N: usize> {
    /// The words, by [`block_word`].
    pub words: [u64; N],
}

/// The word `i` of the block `seq`: no two words of one block are equal, nor are those of two blocks.
#[must_use]
pub fn block_word(seq: u64, i: usize) -> u64 {
    (seq ^ (i as u64).rotate_left(40)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl<const N: usize> Block<N> {
    /// The block `seq`.
    #[must_use]
    pub fn new(seq: u64) -> Self {
        Self { words: std::array::from_fn(|i| block_word(seq, i)) }
    }

    /// Makes this the block `seq`.
    pub fn set(&mut self, seq: u64) {
        for (i, word) in self.words.iter_mut().enumerate() {
            *word = block_word(seq, i);
        }
    }

    /// Which block this is, if it is whole.
    #[must_use]
    pub fn seq(&self) -> Option<u64> {
        // The inverse of the factor in `block_word`.
        let seq = self.words[0].wrapping_mul(0xf1de_83e1_9937_733d);
        self.words.iter().enumerate().all(|(i, word)| *word == block_word(seq, i)).then_some(seq)
    }
}
