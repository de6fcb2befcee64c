//! A segment that is to be created, and who creates it.

use super::chosen;
use super::random::random;
use crate::Perms;
use crate::format::{Creator, Header};

/// A segment that is to be created.
#[derive(Debug)]
pub struct NewSegment<'a> {
    /// Its header.
    pub header: &'a Header,
    /// Its permission bits.
    pub perms: Perms,
    /// What stands in it before anybody can see it: offsets and bytes. The rest is zero.
    pub contents: &'a [(usize, &'a [u8])],
}

/// This process, about to create a segment.
#[must_use]
pub fn this_creator() -> Creator {
    let mut instance = [0; 16];
    instance[..8].copy_from_slice(&random().to_le_bytes());
    instance[8..].copy_from_slice(&random().to_le_bytes());
    Creator { uid: chosen::this_uid(), pid: std::process::id(), instance }
}
