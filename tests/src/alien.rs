//! A record as another program might lay it out, and the rules by which it is kept whole.

use shmrec::foreign::{Bookends, Consistency, ForeignPlace, Sequence};
use shmrec::{Key, SharedRecord};

/// A record of 2 KiB whose words agree when it is whole, between the words of every rule.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
pub struct Alien {
    /// A tick in front.
    pub first: u32,
    /// Counted up around writes.
    pub count: u32,
    /// 7 when the record is whole.
    pub valid: u8,
    /// Which record this is.
    pub seq: u64,
    /// The same, mixed.
    pub words: [u64; 250],
    /// A tick behind.
    pub last: u32,
}

impl Alien {
    /// The record `seq`.
    #[must_use]
    pub fn new(seq: u64) -> Self {
        let words = std::array::from_fn(|i| crate::records::block_word(seq, i));
        Self { first: 0, count: 0, valid: 7, seq, words, last: 0 }
    }

    /// Whether all words are of one record.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.words == Self::new(self.seq).words
    }
}

/// The names of all rules that keep it whole.
pub const RULES: [&str; 4] = ["even", "valid", "both", "bookends"];

/// A rule by its name; of another name: none.
#[must_use]
pub fn rule(name: &str) -> Consistency<Alien> {
    let f = Alien::fields();
    let sequence = Sequence::new(f.count);
    match name {
        "even" => Consistency::Sequence(sequence.even()),
        "valid" => Consistency::Sequence(sequence.valid_while(f.valid, 7)),
        "both" => Consistency::Sequence(sequence.even().valid_while(f.valid, 7)),
        "bookends" => Consistency::Bookends(Bookends::new(f.first, f.last)),
        _ => Consistency::None,
    }
}

/// A place by its kind and its name.
///
/// # Panics
///
/// When there is no such place.
#[must_use]
pub fn place(kind: &str, name: &str) -> ForeignPlace {
    match kind {
        "key" => ForeignPlace::key(Key::raw(name.parse().expect("a number")).expect("a key")),
        "posix" => ForeignPlace::posix(name).expect("a name"),
        "file" => ForeignPlace::file(name),
        other => panic!("no such kind of place: {other}"),
    }
}
