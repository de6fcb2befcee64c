//! A segment that is not mapped, because its owner could shrink it: every access is a `pread`, which fails where a load
//! would be a fatal signal.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::atomic::{Ordering, fence};

use rustix::io::Errno;

use crate::words::ReadWords;

/// A segment behind a descriptor. Costs a system call per access.
#[derive(Debug)]
pub struct Copied {
    file: OwnedFd,
}

impl Copied {
    pub(super) fn new(file: OwnedFd) -> Self {
        Self { file }
    }

    /// Copies the bytes at `at`. When it returns `Ok`, all of `to` is initialised.
    ///
    /// The kernel copies them in an order of its own, as the copy of a mapping does; what must be ordered is in calls of
    /// its own, with fences between.
    ///
    /// # Errors
    ///
    /// The system's error, or `UnexpectedEof` when the file has been cut short.
    pub fn copy_out(&self, at: usize, to: &mut [MaybeUninit<u8>]) -> std::io::Result<()> {
        fill(to.len(), |filled| {
            rustix::io::pread(&self.file, &mut to[filled..], (at + filled) as u64).map(|(more, _)| more.len())
        })
    }

    /// As [`copy_out`](Self::copy_out), to bytes that have been written before.
    ///
    /// # Errors
    ///
    /// As [`copy_out`](Self::copy_out).
    pub fn copy_over(&self, at: usize, to: &mut [u8]) -> std::io::Result<()> {
        fill(to.len(), |filled| rustix::io::pread(&self.file, &mut to[filled..], (at + filled) as u64))
    }

    fn word<const N: usize>(&self, at: usize) -> std::io::Result<[u8; N]> {
        let mut word = [0; N];
        fill(N, |filled| rustix::io::pread(&self.file, &mut word[filled..], (at + filled) as u64))?;
        Ok(word)
    }
}

/// Repeats `read`, which is told how much there is already and gives how much it has added, until there are `len` bytes.
fn fill(len: usize, mut read: impl FnMut(usize) -> rustix::io::Result<usize>) -> std::io::Result<()> {
    let mut filled = 0;
    while filled < len {
        match read(filled) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(more) => filled += more,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

impl ReadWords for Copied {
    type Fault = std::io::Error;

    fn load_u32(&self, at: usize) -> std::io::Result<u32> {
        self.word(at).map(u32::from_le_bytes)
    }

    fn load_u64(&self, at: usize) -> std::io::Result<u64> {
        self.word(at).map(u64::from_le_bytes)
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }
}
