//! Records that say of which segment they are, which version, who published them; and, when they are torn, that they are.

use shmrec::SharedRecord;
use shmrec_tests::records::block_word;

/// What every record says.
#[derive(SharedRecord, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Which creation of the name; chosen at random by the creator.
    pub(crate) instance: u64,
    /// How many updates there have been: the version.
    pub(crate) count: u64,
    /// The life that published it.
    pub(crate) life: u64,
    /// How many it had published before, of all segments.
    pub(crate) serial: u64,
}

impl Stamp {
    /// A number that depends on all of it.
    pub(crate) fn mixed(&self) -> u64 {
        [self.instance, self.count, self.life, self.serial]
            .iter()
            .enumerate()
            .fold(0, |all, (i, word)| block_word(all.rotate_left(7) ^ word, i + 1))
    }
}

/// A record of the segments.
pub(crate) trait Stamped: SharedRecord + Clone + Send + 'static {
    /// The record of a stamp.
    fn new(stamp: Stamp) -> Self;

    /// Its stamp.
    fn stamp(&self) -> Stamp;

    /// Whether every word of it belongs to its stamp.
    fn is_whole(&self) -> bool;
}

/// A short record.
#[derive(SharedRecord, Clone, Debug)]
pub(crate) struct Short {
    stamp: Stamp,
    #[record(capacity = 20)]
    text: String,
    check: u64,
}

/// A record of 16 KiB.
#[derive(SharedRecord, Clone, Debug)]
pub(crate) struct Long {
    stamp: Stamp,
    words: [u64; 2044],
}

impl Stamped for Short {
    fn new(stamp: Stamp) -> Self {
        Self { stamp, text: stamp.count.to_string(), check: stamp.mixed() }
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn is_whole(&self) -> bool {
        self.check == self.stamp.mixed() && self.text.parse() == Ok(self.stamp.count)
    }
}

impl Stamped for Long {
    fn new(stamp: Stamp) -> Self {
        let mixed = stamp.mixed();
        Self { stamp, words: std::array::from_fn(|i| mixed.wrapping_add(i as u64)) }
    }

    fn stamp(&self) -> Stamp {
        self.stamp
    }

    fn is_whole(&self) -> bool {
        let mixed = self.stamp.mixed();
        self.words.iter().enumerate().all(|(i, word)| *word == mixed.wrapping_add(i as u64))
    }
}
