//! System V segments: not used on macOS, whose limits are a handful of segments of 4 MiB. Whoever asks for a key is refused
//! before any of this is called.

use std::ptr::NonNull;

use rustix::io::{self, Errno};

use crate::Key;

/// Whether this system has such segments.
pub(crate) const AVAILABLE: bool = false;

/// The id of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(i32);

impl Id {
    pub(crate) fn new(id: i32) -> Self {
        Self(id)
    }

    pub(crate) fn get(self) -> i32 {
        self.0
    }
}

/// What is known of a segment.
#[derive(Clone, Debug)]
pub(crate) struct Stat {
    pub(crate) size: u64,
    pub(crate) owner: u32,
    pub(crate) creator: u32,
    pub(crate) creator_pid: i32,
    pub(crate) mode: u32,
    pub(crate) attached: u64,
}

impl Stat {
    pub(crate) fn is_under(&self, _key: Key) -> bool {
        false
    }
}

pub(crate) fn is_gone(error: Errno) -> bool {
    error == Errno::NOSYS
}

pub(crate) fn find(_key: Key) -> io::Result<Option<Id>> {
    Ok(None)
}

pub(crate) fn make(_key: Key, _size: usize) -> io::Result<Id> {
    Err(Errno::NOSYS)
}

pub(crate) fn stat(_id: Id) -> io::Result<Stat> {
    Err(Errno::NOSYS)
}

pub(crate) fn set_mode(_id: Id, _mode: u32) -> io::Result<()> {
    Err(Errno::NOSYS)
}

pub(crate) fn remove(_id: Id) -> io::Result<()> {
    Err(Errno::NOSYS)
}

pub(crate) fn exhausted() -> Option<u64> {
    None
}

/// A segment that is attached: never.
#[derive(Debug)]
pub(crate) struct Attached {
    start: NonNull<u8>,
}

impl Attached {
    pub(crate) fn new(_id: Id, _len: usize, _writable: bool) -> io::Result<Self> {
        Err(Errno::NOSYS)
    }

    pub(crate) fn inherited(_id: Id, _writable: bool) -> io::Result<Self> {
        Err(Errno::NOSYS)
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(crate) fn populate(&self, _len: usize) -> io::Result<()> {
        Err(Errno::NOSYS)
    }
}
