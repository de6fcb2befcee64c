//! A segment that is not mapped, because its owner could shrink it: every access is a `pread`, which fails where a load
//! would be a fatal signal. Or a System V segment that is not attached, because that would keep it: every access attaches it
//! for a moment.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::atomic::{Ordering, fence};

use rustix::io::Errno;

use super::keyed::Glimpse;
use crate::words::ReadWords;

/// A segment that is reached by system calls. Costs one or more per access.
#[derive(Debug)]
pub struct Copied {
    from: From,
}

#[derive(Debug)]
enum From {
    File(OwnedFd),
    SystemV(Glimpse),
}

impl Copied {
    pub(super) fn of_file(file: OwnedFd) -> Self {
        Self { from: From::File(file) }
    }

    pub(super) fn of_system_v(glimpse: Glimpse) -> Self {
        Self { from: From::SystemV(glimpse) }
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
        match &self.from {
            From::File(file) => fill(to.len(), |filled| {
                rustix::io::pread(file, &mut to[filled..], (at + filled) as u64).map(|(more, _)| more.len())
            }),
            From::SystemV(glimpse) => glimpse.attach().map(|glimpsed| glimpsed.mapping.load_out(at, to)),
        }
    }

    /// As [`copy_out`](Self::copy_out), to bytes that have been written before.
    ///
    /// # Errors
    ///
    /// As [`copy_out`](Self::copy_out).
    pub fn copy_over(&self, at: usize, to: &mut [u8]) -> std::io::Result<()> {
        match &self.from {
            From::File(file) => {
                fill(to.len(), |filled| rustix::io::pread(file, &mut to[filled..], (at + filled) as u64))
            }
            From::SystemV(glimpse) => glimpse.attach().map(|glimpsed| glimpsed.mapping.load_bytes(at, to)),
        }
    }
}

fn word<const N: usize>(file: &OwnedFd, at: usize) -> std::io::Result<[u8; N]> {
    let mut word = [0; N];
    fill(N, |filled| rustix::io::pread(file, &mut word[filled..], (at + filled) as u64))?;
    Ok(word)
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
        match &self.from {
            From::File(file) => word(file, at).map(u32::from_le_bytes),
            // In one piece, as others store it.
            From::SystemV(glimpse) => glimpse.attach()?.mapping.load_u32(at).map_err(|never| match never {}),
        }
    }

    fn load_u64(&self, at: usize) -> std::io::Result<u64> {
        match &self.from {
            From::File(file) => word(file, at).map(u64::from_le_bytes),
            From::SystemV(glimpse) => glimpse.attach()?.mapping.load_u64(at).map_err(|never| match never {}),
        }
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }
}
