//! What shmrec is measured beside, each behind the same interface: a record of `N` words is published and copied out whole.

mod blackboard;
mod locks;
mod mmap_sync;
mod robust;
mod shmrec;

pub use blackboard::Blackboard;
pub use locks::{ParkingLotRwLock, SeqlockCrate, StdRwLock};
pub use mmap_sync::MmapSync;
pub use robust::RobustMutex;
pub use shmrec::{Shmrec, ShmrecImage};

use std::mem::MaybeUninit;

use crate::record::Block;

/// A way to share a record.
pub trait Peer<const N: usize>: Sized {
    /// What stands in the tables.
    const NAME: &'static str;

    /// Whether it works between processes. If not, it is measured between threads.
    const PROCESSES: bool = true;

    /// Makes the shared place of the name `id`, with a first record.
    fn create(id: &str) -> Self;

    /// Another use of what `create` made: in another process, or through `Clone` in another thread.
    fn open(id: &str) -> Self;

    /// For threads: another use of this one.
    fn share(&self) -> Option<Self> {
        None
    }

    /// Copies the last record out, whole.
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>);

    /// Publishes a record.
    fn write(&mut self, from: &Block<N>);
}
