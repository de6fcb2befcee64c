//! What is seen by those who look at segments without using them.

use std::ffi::OsString;

use crate::{Key, SegmentName};

/// What a file in a directory of segments is, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A segment, by its name.
    Named(SegmentName),
    /// The companion of a System V segment, by its key.
    Keyed(Key),
    /// Something that begins like either, and cannot be one.
    Odd(OsString),
}

/// What has a segment's name, as the system knows it: a file, or memory.
#[derive(Clone, Debug)]
pub struct FileFacts {
    /// The owner's user id.
    pub owner: u32,
    /// The permission bits.
    pub mode: u32,
    /// Bytes.
    pub len: u64,
    /// What it is, if not a file.
    pub other: Option<&'static str>,
}

/// Who uses a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Nobody.
    Nobody,
    /// Somebody.
    Somebody,
    /// It is just being created or removed.
    Changing,
}

/// A process that uses a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its process id, in this process's PID namespace.
    pub pid: u32,
    /// How many handles of its use the segment.
    pub handles: usize,
    /// The writer slots of those that have written.
    pub writer_slots: Vec<u32>,
}
