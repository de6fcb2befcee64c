//! System V segments where there are none.

use std::path::Path;

use shmrec::Key;

/// A segment: there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The key.
    pub key: i32,
    /// The id.
    pub id: i32,
}

/// All segments of the system.
#[must_use]
pub fn segments() -> Vec<Segment> {
    vec![]
}

/// The segment under a key.
#[must_use]
pub fn under(_key: Key) -> Option<Segment> {
    None
}

impl Segment {
    /// Removes it, if it is there.
    pub fn remove(&self) {}

    /// Attaches it.
    ///
    /// # Panics
    ///
    /// Always.
    #[must_use]
    pub fn attach(&self) -> Attached {
        unreachable!("there are no segments")
    }
}

/// A segment, attached: never.
#[derive(Debug)]
pub struct Attached(());

impl Attached {
    /// Copies bytes out.
    pub fn get(&self, _at: usize, _to: &mut [u8]) {}

    /// Copies bytes in.
    pub fn put(&self, _at: usize, _from: &[u8]) {}
}

/// What stands in a companion file.
#[derive(Clone, Debug)]
pub struct Companion {
    /// The key.
    pub key: i32,
    /// The segment's id.
    pub id: i32,
    /// The name in the copy of the segment's header.
    pub name: String,
}

impl Companion {
    /// Reads one, if the file is one: it is none.
    #[must_use]
    pub fn read(_path: &Path) -> Option<Self> {
        None
    }
}
