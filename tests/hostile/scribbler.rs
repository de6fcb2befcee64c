//! Writes anything anywhere into a live segment, at random and with aim.
//!
//! # Safety
//!
//! The file keeps its length as long as the mapping lives, which is as long as the scribbler; it is reached by atomics only.
#![allow(unsafe_code)]

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use memmap2::MmapRaw;
use shmrec_tests::random::Random;
use shmrec_tests::raw::RawSegment;

/// One who may write.
pub(crate) struct Scribbler {
    map: MmapRaw,
    before: Vec<u8>,
    header: Regions,
}

#[derive(Clone, Copy)]
struct Regions {
    schema: u64,
    schema_len: u64,
    transfer: u64,
    lock: u64,
    bell: u64,
    records: u64,
}

impl Scribbler {
    pub(crate) fn new(path: &Path) -> Self {
        let raw = RawSegment::open(path);
        let header = Regions {
            schema: raw.schema(),
            schema_len: raw.u64(64),
            transfer: raw.transfer(),
            lock: raw.lock(),
            bell: raw.u64(88),
            records: raw.records(),
        };
        let before = std::fs::read(path).expect("the segment");
        let file = File::options().read(true).write(true).open(path).expect("the segment");
        Self { map: MmapRaw::map_raw(&file).expect("the segment"), before, header }
    }

    fn put(&self, at: u64, bytes: &[u8]) {
        for (i, byte) in bytes.iter().enumerate() {
            let at = at as usize + i;
            if at < self.map.len() {
                // SAFETY: within the mapping.
                let to = unsafe { self.map.as_mut_ptr().add(at) };
                // SAFETY: mapped as long as `self`, and reached by atomics only.
                unsafe { AtomicU8::from_ptr(to) }.store(*byte, Ordering::Relaxed);
            }
        }
    }

    fn put_u64(&self, at: u64, value: u64) {
        assert!(at % 8 == 0 && at as usize + 8 <= self.map.len());
        // SAFETY: within the mapping.
        let to = unsafe { self.map.as_mut_ptr().add(at as usize) };
        // SAFETY: mapped as long as `self`, aligned, and reached by atomics only.
        unsafe { AtomicU64::from_ptr(to.cast()) }.store(value, Ordering::Relaxed);
    }

    /// One write.
    pub(crate) fn scribble(&mut self, random: &mut Random) {
        let Regions { schema, schema_len, transfer, lock, bell, records } = self.header;
        match random.below(14) {
            // Counters: anything, what is nearly right, both at once.
            0 => self.put_u64(transfer + 8 * random.below(2), random.next()),
            1 => self.put_u64(transfer + 8 * random.below(2), random.below(20).wrapping_sub(5)),
            2 => {
                let version = [u64::MAX, u64::MAX - 1, 0, 1 << 63, 9][random.below(5) as usize];
                self.put_u64(transfer, version);
                self.put_u64(transfer + 8, version.wrapping_sub(random.below(3)));
            }
            // The lock: anything, somebody who may live, nobody, only waiters.
            3 => self.put(lock, &(random.next() as u32).to_le_bytes()),
            4 => {
                let slot = random.below(2048) as u32;
                let word = (random.below(4) as u32) << 11 | slot | (random.below(2) as u32) << 31;
                self.put(lock, &word.to_le_bytes());
            }
            5 => self.put(lock + 4 * random.below(3), &[0, 1 << 31, u32::MAX][random.below(3) as usize].to_le_bytes()),
            6 => self.put(lock + 128 + 4 * random.below(2047), &(random.next() as u32).to_le_bytes()),
            7 => self.put(bell, &(random.next() as u32).to_le_bytes()),
            // The slots: noise, and what a field cannot be.
            8 | 9 => {
                let len = 1 + random.below(64) as usize;
                let room = self.map.len() as u64 - records;
                self.put(records + random.below(room), &random.bytes(len));
            }
            // The header, one number of it wrong and the sum right.
            10 => {
                let at = [8, 16, 20, 24, 32, 40, 44, 48, 56, 64, 72, 80, 88, 96, 104, 152, 156, 160]
                    [random.below(18) as usize];
                let value = [random.next(), u64::MAX, 0, random.below(1 << 16)][random.below(4) as usize];
                let width = if random.below(2) == 0 { 4 } else { 8 };
                self.put(at, &value.to_le_bytes()[..width]);
                self.make_sum_right();
            }
            11 => self.put(random.below(512), &random.bytes(8)),
            // The schema, as text that is nearly one.
            12 => {
                let letter = b"{}[]\",:0123456789u8xyz\\\xff\0"[random.below(24) as usize];
                self.put(schema + random.below(schema_len.max(1)), &[letter]);
            }
            // Anywhere.
            _ => {
                let len = 1 + random.below(300) as usize;
                self.put(random.below(self.map.len() as u64), &random.bytes(len));
            }
        }
    }

    fn make_sum_right(&self) {
        // FNV-1a over what stands there now, others' loads between or not.
        let mut sum = 0xcbf2_9ce4_8422_2325_u64;
        for at in 0..RawSegment::CHECKSUM {
            // SAFETY: within the mapping.
            let from = unsafe { self.map.as_mut_ptr().add(at) };
            // SAFETY: mapped as long as `self`, and reached by atomics only.
            let byte = unsafe { AtomicU8::from_ptr(from) }.load(Ordering::Relaxed);
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.put_u64(RawSegment::CHECKSUM as u64, sum);
    }

    /// Puts everything back as it was.
    pub(crate) fn heal(&mut self) {
        self.put(0, &self.before);
    }
}
