//! mmap-sync: rkyv archives in two mapped files, one writer, readers that count themselves in shared memory.

use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::time::Duration;

use mmap_sync::synchronizer::Synchronizer;

use super::Peer;
use crate::record::Block;

pub struct MmapSync<const N: usize> {
    synchronizer: Synchronizer,
    path: Option<String>,
}

/// How long a writer waits for readers of the memory that it needs.
const GRACE: Duration = Duration::from_millis(10);

fn path(id: &str) -> String {
    format!("/dev/shm/mmap_sync_{id}")
}

impl<const N: usize> Peer<N> for MmapSync<N> {
    const NAME: &'static str = "mmap-sync";

    fn create(id: &str) -> Self {
        let path = path(id);
        let mut synchronizer = Synchronizer::new(OsStr::new(&path));
        synchronizer.write(&*Block::<N>::filled(1), GRACE).expect("a write");
        Self { synchronizer, path: Some(path) }
    }

    fn open(id: &str) -> Self {
        Self { synchronizer: Synchronizer::new(OsStr::new(&path(id))), path: None }
    }

    #[inline(always)]
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>) {
        // SAFETY: what stands there was written by this very type.
        #[allow(unsafe_code)]
        let record = unsafe { self.synchronizer.read::<Block<N>>(false) }.expect("a record");
        // The archive of words is words.
        to.write(Block { words: record.words });
    }

    #[inline(always)]
    fn write(&mut self, from: &Block<N>) {
        self.synchronizer.write(from, GRACE).expect("a write");
    }
}

impl<const N: usize> Drop for MmapSync<N> {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            for part in ["state", "data_0", "data_1"] {
                let _ = std::fs::remove_file(format!("{path}_{part}"));
            }
        }
    }
}
