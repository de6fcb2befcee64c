//! A segment that is not mapped, because its owner could shrink it: every access is a `pread`, which fails where a load
//! would be a fatal signal.

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

    /// Copies the bytes at `at`.
    ///
    /// The kernel copies them in an order of its own, as the copy of a mapping does; what must be ordered is in calls of
    /// its own, with fences between.
    ///
    /// # Errors
    ///
    /// The system's error, or `UnexpectedEof` when the file has been cut short.
    pub fn copy_out(&self, at: usize, mut to: &mut [u8]) -> std::io::Result<()> {
        let mut at = at as u64;
        while !to.is_empty() {
            match rustix::io::pread(&self.file, &mut *to, at) {
                Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    to = &mut to[n..];
                    at += n as u64;
                }
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl ReadWords for Copied {
    type Fault = std::io::Error;

    fn load_u32(&self, at: usize) -> std::io::Result<u32> {
        let mut word = [0; 4];
        self.copy_out(at, &mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn load_u64(&self, at: usize) -> std::io::Result<u64> {
        let mut word = [0; 8];
        self.copy_out(at, &mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn fence(&self, order: Ordering) {
        fence(order);
    }
}
