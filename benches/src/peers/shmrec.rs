//! shmrec itself: records whose memory is their image, and the same through an image.

use std::mem::MaybeUninit;

use shmrec::{Segment, SegmentOptions};

use super::Peer;
use crate::record::{Block, Imaged};

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

/// Of small records alone: the image has a form of its own in the other's place.
pub struct ShmrecImage<const N: usize>(Segment<Imaged<N>>, Box<Imaged<N>>);

impl<const N: usize> ShmrecImage<N> {
    fn with(segment: Segment<Imaged<N>>) -> Self {
        let last = segment.read_boxed().expect("a record");
        Self(segment, last)
    }

    /// Reads into the record that this has.
    pub fn read_in_place(&mut self) -> &Imaged<N> {
        self.0.read_into(&mut self.1).expect("a record");
        &self.1
    }

    /// Publishes the record that this has.
    pub fn write_own(&mut self) {
        self.0.write(&self.1).expect("the lock");
    }
}

impl<const N: usize> Peer<N> for ShmrecImage<N> {
    const NAME: &'static str = "shmrec, image";

    fn create(id: &str) -> Self {
        let first = Imaged { words: [1; N], not_transferred: 0 };
        Self::with(SegmentOptions::new().create_with(id, &first).expect("a segment"))
    }

    fn open(id: &str) -> Self {
        Self::with(SegmentOptions::new().link(id).expect("the segment"))
    }

    #[inline(always)]
    fn read(&mut self, _to: &mut MaybeUninit<Block<N>>) {
        self.read_in_place();
    }

    #[inline(always)]
    fn write(&mut self, _from: &Block<N>) {
        self.write_own();
    }
}
