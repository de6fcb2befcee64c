//! A segment as somebody sees it who has only `docs/format.md`: numbers at offsets of a file, or of a System V segment.

use std::fs::File;
use std::path::Path;

use crate::platform::Bytes;
use crate::sysv;

/// A segment's file, without any of shmrec's code; or a companion file, and its segment, which is attached for the moment of
/// each access only.
#[derive(Debug)]
pub struct RawSegment {
    bytes: Bytes,
    segment: Option<sysv::Segment>,
}

impl RawSegment {
    /// Bytes of the header.
    pub const HEADER_LEN: usize = 512;
    /// Where the flags stand.
    pub const FLAGS: u64 = 20;
    /// Where the segment's length stands.
    pub const TOTAL_LEN: u64 = 24;
    /// Where the checksum of the header stands.
    pub const CHECKSUM: usize = 504;

    /// Opens a segment's file, or the memory of one that has none, for reading and, if permitted, writing.
    ///
    /// # Panics
    ///
    /// When that fails.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let bytes = Bytes::open(path).expect("the segment's bytes");
        let segment = sysv::Companion::read(path).map(|companion| {
            let mut segments = sysv::segments().into_iter();
            segments.find(|segment| segment.id == companion.id).expect("the companion's segment")
        });
        Self { bytes, segment }
    }

    /// Reads bytes.
    ///
    /// # Panics
    ///
    /// When the segment ends before.
    pub fn get(&self, at: u64, bytes: &mut [u8]) {
        match &self.segment {
            None => self.bytes.read(at, bytes).expect("bytes of the segment"),
            Some(segment) => segment.attach().get(at as usize, bytes),
        }
    }

    /// All bytes of the segment.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.u64(Self::TOTAL_LEN) as usize];
        self.get(0, &mut bytes);
        bytes
    }

    /// The file; of a System V segment, its companion.
    ///
    /// # Panics
    ///
    /// When the segment has none.
    #[must_use]
    pub fn file(&self) -> &File {
        self.bytes.file()
    }

    /// A number of the file.
    ///
    /// # Panics
    ///
    /// When the file ends before.
    #[must_use]
    pub fn u32(&self, at: u64) -> u32 {
        let mut bytes = [0; 4];
        self.get(at, &mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// A number of the file.
    ///
    /// # Panics
    ///
    /// When the file ends before.
    #[must_use]
    pub fn u64(&self, at: u64) -> u64 {
        let mut bytes = [0; 8];
        self.get(at, &mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Writes bytes.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn put(&self, at: u64, bytes: &[u8]) {
        match &self.segment {
            None => self.bytes.write(at, bytes).expect("a write to the segment"),
            Some(segment) => segment.attach().put(at as usize, bytes),
        }
    }

    /// Where the schema begins.
    #[must_use]
    pub fn schema(&self) -> u64 {
        self.u64(56)
    }

    /// Where the transfer region begins.
    #[must_use]
    pub fn transfer(&self) -> u64 {
        self.u64(72)
    }

    /// Where the lock region begins.
    #[must_use]
    pub fn lock(&self) -> u64 {
        self.u64(80)
    }

    /// Where the first slot begins.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.u64(96)
    }

    /// Bytes from one slot to the next.
    #[must_use]
    pub fn stride(&self) -> u64 {
        self.u64(48)
    }

    /// How many slots.
    #[must_use]
    pub fn slots(&self) -> u64 {
        self.u32(44).into()
    }

    /// Whether somebody waits for the bell.
    #[must_use]
    pub fn has_waiter(&self) -> bool {
        self.u32(self.u64(88)) & 1 == 1
    }

    /// The version that a writer has begun.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.u64(self.transfer())
    }

    /// The last whole version.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.u64(self.transfer() + 8)
    }

    /// The bytes of a version's slot.
    ///
    /// # Panics
    ///
    /// When the file ends before.
    #[must_use]
    pub fn slot(&self, version: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.stride() as usize];
        let at = self.records() + (version % self.slots()) * self.stride();
        self.get(at, &mut bytes);
        bytes
    }

    /// Changes a byte run of the header and makes its checksum good again: what a forger does.
    ///
    /// # Panics
    ///
    /// When the file cannot be read or written.
    pub fn forge_header(&self, at: u64, bytes: &[u8]) {
        self.put(at, bytes);
        let mut header = [0; Self::CHECKSUM];
        self.get(0, &mut header);
        // FNV-1a, 64 bits.
        let sum = header
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3));
        self.put(Self::CHECKSUM as u64, &sum.to_le_bytes());
    }
}
