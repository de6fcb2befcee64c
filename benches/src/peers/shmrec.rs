//! shmrec itself: records whose memory is their image, and the same through an image.

use std::mem::MaybeUninit;

use shmrec::{Segment, SegmentOptions};

use super::Peer;
use crate::record::{Block, Imaged};
use crate::sections::Aligned;

pub struct Shmrec<const N: usize>(Segment<Block<N>>);

impl<const N: usize> Peer<N> for Shmrec<N> {
    const NAME: &'static str = "shmrec";

    fn create(id: &str) -> Self {
        Self(SegmentOptions::new().create_with(id, &*Block::filled(1)).expect("a segment"))
    }

    fn open(id: &str) -> Self {
        Self(SegmentOptions::new().link(id).expect("the segment"))
    }

    #[inline(always)]
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>) {
        self.0.read_at(to).expect("a record");
    }

    #[inline(always)]
    fn write(&mut self, from: &Block<N>) {
        self.0.write(from).expect("the lock");
    }
}

/// The same through an image, with a record of its own that begins at a cache line. Of small records alone: the image has a form
/// of its own in the other's place.
pub struct ShmrecImage<const N: usize>(Segment<Imaged<N>>, Box<Aligned<Imaged<N>>>);

impl<const N: usize> ShmrecImage<N> {
    pub fn create(id: &str) -> Self {
        let first = Imaged { words: [1; N], not_transferred: 0 };
        let segment = SegmentOptions::new().create_with(id, &first).expect("a segment");
        Self(segment, Box::new(Aligned(first)))
    }

    /// Reads into the record that this has.
    #[inline(always)]
    pub fn read_in_place(&mut self) -> &Imaged<N> {
        self.0.read_into(&mut self.1.0).expect("a record");
        &self.1.0
    }

    /// Publishes the record that this has.
    #[inline(always)]
    pub fn write_own(&mut self) {
        self.0.write(&self.1.0).expect("the lock");
    }
}
