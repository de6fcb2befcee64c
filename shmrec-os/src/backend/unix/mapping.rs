//! What keeps a segment mapped: a file's mapping, or an attachment to a System V segment.
//!
//! # Safety
//!
//! Both stay where they are, with the length that they have, until they are dropped.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::time::Duration;

use memmap2::{MmapOptions, MmapRaw};

use super::futex;
use super::sysv::Attached;
use crate::backend::mapping::Mapping;

/// What keeps memory mapped until it is dropped.
#[derive(Debug)]
pub(crate) enum Backing {
    /// A mapping of a file.
    File { _map: MmapRaw },
    /// An attached segment.
    SystemV { _attached: Attached },
}

impl Mapping {
    /// Maps the first `len` bytes of a file.
    pub(super) fn of_file(file: BorrowedFd<'_>, len: usize, writable: bool) -> std::io::Result<Self> {
        let mut options = MmapOptions::new();
        options.len(len);
        let map =
            if writable { options.map_raw(file.as_raw_fd())? } else { options.map_raw_read_only(file.as_raw_fd())? };
        let start = NonNull::new(map.as_mut_ptr()).ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        // SAFETY: the map has so many bytes, from the beginning of a page, and keeps them until it is dropped.
        Ok(unsafe { Self::new(start, len, writable, Backing::File { _map: map }) })
    }

    /// The first `len` bytes of an attached segment, which has as many.
    pub(super) fn of_system_v(attached: Attached, len: usize, writable: bool) -> Self {
        let start = attached.start();
        // SAFETY: as for files: the caller has compared the lengths, and segments begin at a page.
        unsafe { Self::new(start, len, writable, Backing::SystemV { _attached: attached }) }
    }

    pub(super) fn sleep(&self, at: usize, expected: u32, timeout: Duration) {
        futex::wait(self.word_u32(at), expected, timeout);
    }

    pub(super) fn wake(&self, at: usize, count: u32) -> u32 {
        futex::wake(self.word_u32(at), count)
    }
}
