//! Segments that are not mapped: there are none here. Nobody can take memory away that others have mapped: a section has
//! its length for life, and the kernel refuses to cut a file that is mapped.

use std::mem::MaybeUninit;
use std::sync::atomic::Ordering;

use crate::words::ReadWords;

/// A segment that is not mapped: never.
#[derive(Debug)]
pub enum Copied {}

impl Copied {
    /// Copies the bytes at `at`.
    ///
    /// # Errors
    ///
    /// None: there is no such segment.
    pub fn copy_out(&self, _at: usize, _to: &mut [MaybeUninit<u8>]) -> std::io::Result<()> {
        match *self {}
    }

    /// As [`copy_out`](Self::copy_out), to bytes that have been written before.
    ///
    /// # Errors
    ///
    /// None: there is no such segment.
    pub fn copy_over(&self, _at: usize, _to: &mut [u8]) -> std::io::Result<()> {
        match *self {}
    }
}

impl ReadWords for Copied {
    type Fault = std::io::Error;

    fn load_u32(&self, _at: usize) -> std::io::Result<u32> {
        match *self {}
    }

    fn load_u64(&self, _at: usize) -> std::io::Result<u64> {
        match *self {}
    }

    fn fence(&self, _order: Ordering) {
        match *self {}
    }
}
