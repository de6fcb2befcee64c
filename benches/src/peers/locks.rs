//! Peers of one process: a sequence lock and reader-writer locks, between threads.

use std::mem::MaybeUninit;
use std::sync::{Arc, RwLock};

use super::Peer;
use crate::record::Block;

pub struct SeqlockCrate<const N: usize>(Arc<seqlock::SeqLock<Block<N>>>);

impl<const N: usize> Peer<N> for SeqlockCrate<N> {
    const NAME: &'static str = "crate seqlock";
    const PROCESSES: bool = false;

    fn create(_id: &str) -> Self {
        Self(Arc::new(seqlock::SeqLock::new(*Block::filled(1))))
    }

    fn open(_id: &str) -> Self {
        unreachable!("between threads alone")
    }

    fn share(&self) -> Option<Self> {
        Some(Self(Arc::clone(&self.0)))
    }

    #[inline(always)]
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>) {
        to.write(self.0.read());
    }

    #[inline(always)]
    fn write(&mut self, from: &Block<N>) {
        *self.0.lock_write() = *from;
    }
}

pub struct StdRwLock<const N: usize>(Arc<RwLock<Block<N>>>);

impl<const N: usize> Peer<N> for StdRwLock<N> {
    const NAME: &'static str = "std RwLock";
    const PROCESSES: bool = false;

    fn create(_id: &str) -> Self {
        Self(Arc::new(RwLock::new(*Block::filled(1))))
    }

    fn open(_id: &str) -> Self {
        unreachable!("between threads alone")
    }

    fn share(&self) -> Option<Self> {
        Some(Self(Arc::clone(&self.0)))
    }

    #[inline(always)]
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>) {
        to.write(*self.0.read().expect("nobody panics"));
    }

    #[inline(always)]
    fn write(&mut self, from: &Block<N>) {
        *self.0.write().expect("nobody panics") = *from;
    }
}

pub struct ParkingLotRwLock<const N: usize>(Arc<parking_lot::RwLock<Block<N>>>);

impl<const N: usize> Peer<N> for ParkingLotRwLock<N> {
    const NAME: &'static str = "parking_lot RwLock";
    const PROCESSES: bool = false;

    fn create(_id: &str) -> Self {
        Self(Arc::new(parking_lot::RwLock::new(*Block::filled(1))))
    }

    fn open(_id: &str) -> Self {
        unreachable!("between threads alone")
    }

    fn share(&self) -> Option<Self> {
        Some(Self(Arc::clone(&self.0)))
    }

    #[inline(always)]
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>) {
        to.write(*self.0.read());
    }

    #[inline(always)]
    fn write(&mut self, from: &Block<N>) {
        *self.0.write() = *from;
    }
}
