//! A small segment: counters, slots, lock and bell.

use std::mem::MaybeUninit;

use shmrec::__private::{NotRead, Run, Slots};
use shmrec_os::SegmentName;
use shmrec_os::format::{Creator, Header, Plan};

use crate::kernel::WRITERS;
use crate::memory::{Loads, Memory, words};

/// Where a segment's regions are.
#[derive(Clone, Copy, Debug)]
pub struct Regions {
    /// Counters and slots.
    pub slots: Slots,
    /// The lock region.
    pub lock: usize,
    /// The bell region.
    pub bell: usize,
    /// Words of a record.
    pub words: usize,
}

/// A segment whose version 1 is all ones. Only the words of what is named are there: `lock` and `bell` say whether theirs are.
///
/// # Panics
///
/// When there is no such segment.
#[must_use]
pub fn segment(loads: Loads, slots: u32, record: usize) -> (Regions, Memory) {
    let plan = Plan {
        name: &SegmentName::new("model").expect("a name"),
        record_len: 8 * record as u64,
        record_align: 8,
        slots,
        schema_len: 0,
        fingerprint: [0; 16],
        persist: false,
        wake_always: false,
    };
    let header = Header::new(&plan, &Creator { uid: 0, pid: 0, instance: [0; 16] });
    let mut long = vec![(header.transfer(), 1), (header.transfer() + 8, 1)];
    for slot in 0..slots as usize {
        for word in 0..record {
            long.push((header.records() + slot * header.stride() + 8 * word, u64::from(slot == 1)));
        }
    }
    let mut short: Vec<_> = [0, 4, 8].map(|at| (header.lock() + at, 0)).into();
    short.extend((0..WRITERS as usize).map(|slot| (header.lock() + 128 + 4 * slot, 0)));
    short.push((header.bell(), 0));
    let regions = Regions { slots: Slots::new(&header), lock: header.lock(), bell: header.bell(), words: record };
    (regions, Memory::new(loads, &short, &long))
}

impl Regions {
    /// An image whose every word is `version`.
    #[must_use]
    pub fn image(&self, version: u64) -> Vec<u8> {
        version.to_ne_bytes().repeat(self.words)
    }

    /// Reads, trying again once; what comes is whole, and of the version that it is said to be. `None` when writers were faster
    /// both times.
    ///
    /// # Panics
    ///
    /// When the record is torn.
    pub fn read(&self, memory: &Memory) -> Option<u64> {
        let mut record = vec![MaybeUninit::new(0); 8 * self.words];
        let mut attempts = 0;
        let again = || {
            attempts += 1;
            attempts < 2
        };
        match self.slots.read(memory, &[Run { at: 0, len: 8 * self.words }], &mut record, again) {
            Ok(version) => {
                assert_eq!(self.versions(&record), vec![version; self.words], "a torn record of version {version}");
                Some(version)
            }
            Err(NotRead::Contended) => None,
            Err(_) => panic!("there is a version"),
        }
    }

    /// Reads one of the last versions, if it is there.
    ///
    /// # Panics
    ///
    /// When the record is torn.
    pub fn read_version(&self, memory: &Memory, version: u64) -> bool {
        let mut record = vec![MaybeUninit::new(0); 8 * self.words];
        let run = [Run { at: 0, len: 8 * self.words }];
        let read = self.slots.read_version(memory, version, &run, &mut record).is_ok();
        if read {
            assert_eq!(self.versions(&record), vec![version; self.words], "a torn record of version {version}");
        }
        read
    }

    fn versions(&self, record: &[MaybeUninit<u8>]) -> Vec<u64> {
        // SAFETY: initialised before it was read to.
        #[allow(unsafe_code)]
        let bytes: Vec<u8> = record.iter().map(|byte| unsafe { byte.assume_init() }).collect();
        words(&bytes)
    }
}
