//! The segment's format, version 1: the header, and where the regions are. `docs/format.md` says the same for readers in
//! other languages.
//!
//! A linker copies the header once to private memory, checks it there, and never reads geometry from the segment again.

use std::time::{Duration, SystemTime};

use crate::SegmentName;

/// The format that this version writes and reads.
pub const FORMAT: u32 = 1;

/// Bytes of the header.
pub const HEADER_LEN: usize = 512;

/// Alignment of every region in bytes: two cache lines, because processors fetch lines in pairs.
pub const REGION_ALIGN: u64 = 128;

/// How many handles can write one segment at a time.
pub const WRITER_SLOTS: u32 = 2047;

/// The fewest and the most record slots; a power of two between.
pub const SLOTS: std::ops::RangeInclusive<u32> = 2..=256;

/// The longest schema in bytes: 1 MiB.
pub const MAX_SCHEMA_LEN: u64 = 1 << 20;

/// The largest record in bytes: 1 GiB.
pub const MAX_RECORD_LEN: u64 = 1 << 30;

const MAGIC: [u8; 8] = *b"shmrec\r\n";
const BYTE_ORDER: u32 = 0x0102_0304;

/// Bytes of the transfer region: `begin`, `committed`, and nothing else on their cache lines.
const TRANSFER_LEN: u64 = 128;
/// Bytes of the lock region: the owner's lines, then one generation per writer slot.
const LOCK_LEN: u64 = crate::lock::GENERATIONS as u64 + 4 * WRITER_SLOTS as u64;
/// Bytes of the bell region.
const BELL_LEN: u64 = 128;

const FLAG_PERSIST: u32 = 1;
const FLAG_WAKE_ALWAYS: u32 = 2;

// Where each field of the header stands, in bytes.
const AT_MAGIC: usize = 0;
const AT_FORMAT: usize = 8;
const AT_BYTE_ORDER: usize = 12;
const AT_HEADER_LEN: usize = 16;
const AT_FLAGS: usize = 20;
const AT_TOTAL_LEN: usize = 24;
const AT_RECORD_LEN: usize = 32;
const AT_RECORD_ALIGN: usize = 40;
const AT_SLOTS: usize = 44;
const AT_STRIDE: usize = 48;
const AT_SCHEMA: usize = 56;
const AT_SCHEMA_LEN: usize = 64;
const AT_TRANSFER: usize = 72;
const AT_LOCK: usize = 80;
const AT_BELL: usize = 88;
const AT_RECORDS: usize = 96;
const AT_FINGERPRINT: usize = 104;
const AT_INSTANCE: usize = 120;
const AT_CREATOR_UID: usize = 136;
const AT_CREATOR_PID: usize = 140;
const AT_CREATED: usize = 144;
const AT_WRITER_SLOTS: usize = 152;
const AT_NAME_LEN: usize = 156;
const AT_NAME: usize = 160;
const AT_CHECKSUM: usize = 504;

/// What a creator decides.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The segment's name.
    pub name: &'a SegmentName,
    /// Bytes of one record's image.
    pub record_len: u64,
    /// The image's alignment in bytes, a power of two of at most 64.
    pub record_align: u32,
    /// How many slots; a power of two within [`SLOTS`].
    pub slots: u32,
    /// Bytes of the schema.
    pub schema_len: u64,
    /// The schema's fingerprint.
    pub fingerprint: [u8; 16],
    /// Whether the segment stays when its last user goes.
    pub persist: bool,
    /// Whether every write wakes sleepers, registered or not.
    pub wake_always: bool,
}

/// Who creates a segment.
#[derive(Clone, Copy, Debug)]
pub struct Creator {
    /// Effective user id.
    pub uid: u32,
    /// Process id.
    pub pid: u32,
    /// A random id for the segment.
    pub instance: [u8; 16],
}

/// A header that has been checked: every region lies inside the segment, aligned, and none overlaps another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    flags: u32,
    total_len: u64,
    record_len: u64,
    record_align: u32,
    slots: u32,
    stride: u64,
    schema: u64,
    schema_len: u64,
    transfer: u64,
    lock: u64,
    bell: u64,
    records: u64,
    fingerprint: [u8; 16],
    instance: [u8; 16],
    creator_uid: u32,
    creator_pid: u32,
    created: u64,
    name: SegmentName,
}

/// Why 512 bytes are no header of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFault {
    /// They do not begin as a segment does.
    NotASegment,
    /// A segment of another format.
    Format {
        /// Which.
        found: u32,
    },
    /// Made on a machine of the other byte order.
    ByteOrder,
    /// A segment's header that contradicts itself or its file.
    Damaged {
        /// The contradiction.
        problem: String,
    },
}

/// `len` rounded up to the next region. Plans are small enough for plain arithmetic: [`Header::new`] has checked them.
const fn region(len: u64) -> u64 {
    len.next_multiple_of(REGION_ALIGN)
}

impl Header {
    /// Lays out a new segment.
    ///
    /// # Panics
    ///
    /// When the plan breaks a bound that it states: the caller has checked it.
    #[must_use]
    pub fn new(plan: &Plan<'_>, creator: &Creator) -> Self {
        assert!(plan.record_len > 0 && plan.record_len <= MAX_RECORD_LEN, "a record has 1 byte to 1 GiB");
        assert!(plan.record_align.is_power_of_two() && plan.record_align <= 64, "a record's alignment is 1 to 64");
        assert!(SLOTS.contains(&plan.slots) && plan.slots.is_power_of_two(), "2, 4, 8 … 256 slots");
        assert!(plan.schema_len <= MAX_SCHEMA_LEN, "a schema has at most 1 MiB");
        let schema = HEADER_LEN as u64;
        let transfer = region(schema + plan.schema_len);
        let lock = transfer + TRANSFER_LEN;
        let bell = region(lock + LOCK_LEN);
        let records = bell + BELL_LEN;
        let stride = plan.record_len.next_multiple_of(64);
        let created = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self {
            flags: u32::from(plan.persist) * FLAG_PERSIST + u32::from(plan.wake_always) * FLAG_WAKE_ALWAYS,
            total_len: records + u64::from(plan.slots) * stride,
            record_len: plan.record_len,
            record_align: plan.record_align,
            slots: plan.slots,
            stride,
            schema,
            schema_len: plan.schema_len,
            transfer,
            lock,
            bell,
            records,
            fingerprint: plan.fingerprint,
            instance: creator.instance,
            creator_uid: creator.uid,
            creator_pid: creator.pid,
            created: u64::try_from(created.as_nanos()).unwrap_or(u64::MAX),
            name: plan.name.clone(),
        }
    }

    /// The header as it stands in the segment.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(AT_MAGIC, &MAGIC);
        put(AT_FORMAT, &FORMAT.to_le_bytes());
        put(AT_BYTE_ORDER, &BYTE_ORDER.to_le_bytes());
        put(AT_HEADER_LEN, &(HEADER_LEN as u32).to_le_bytes());
        put(AT_FLAGS, &self.flags.to_le_bytes());
        put(AT_TOTAL_LEN, &self.total_len.to_le_bytes());
        put(AT_RECORD_LEN, &self.record_len.to_le_bytes());
        put(AT_RECORD_ALIGN, &self.record_align.to_le_bytes());
        put(AT_SLOTS, &self.slots.to_le_bytes());
        put(AT_STRIDE, &self.stride.to_le_bytes());
        put(AT_SCHEMA, &self.schema.to_le_bytes());
        put(AT_SCHEMA_LEN, &self.schema_len.to_le_bytes());
        put(AT_TRANSFER, &self.transfer.to_le_bytes());
        put(AT_LOCK, &self.lock.to_le_bytes());
        put(AT_BELL, &self.bell.to_le_bytes());
        put(AT_RECORDS, &self.records.to_le_bytes());
        put(AT_FINGERPRINT, &self.fingerprint);
        put(AT_INSTANCE, &self.instance);
        put(AT_CREATOR_UID, &self.creator_uid.to_le_bytes());
        put(AT_CREATOR_PID, &self.creator_pid.to_le_bytes());
        put(AT_CREATED, &self.created.to_le_bytes());
        put(AT_WRITER_SLOTS, &WRITER_SLOTS.to_le_bytes());
        let name = self.name.as_str().as_bytes();
        put(AT_NAME_LEN, &(name.len() as u32).to_le_bytes());
        put(AT_NAME, name);
        let checksum = checksum(&bytes[..AT_CHECKSUM]);
        bytes[AT_CHECKSUM..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Checks a private copy of the first bytes of a file of `file_len` bytes.
    ///
    /// # Errors
    ///
    /// [`HeaderFault`] saying what is wrong. A header passes only if every number in it can be used without another
    /// check as long as the file keeps its length.
    pub fn parse(bytes: &[u8], file_len: u64) -> Result<Self, HeaderFault> {
        let damaged = |problem: String| HeaderFault::Damaged { problem };
        if bytes.len() < AT_FORMAT || bytes[..AT_FORMAT] != MAGIC {
            return Err(HeaderFault::NotASegment);
        }
        if bytes.len() < HEADER_LEN || file_len < HEADER_LEN as u64 {
            return Err(damaged(format!("the file has {file_len} bytes, and the header alone {HEADER_LEN}")));
        }
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let u64_at = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        let id_at = |at: usize| -> [u8; 16] { std::array::from_fn(|i| bytes[at + i]) };
        match u32_at(AT_BYTE_ORDER) {
            BYTE_ORDER => {}
            order if order == BYTE_ORDER.swap_bytes() => return Err(HeaderFault::ByteOrder),
            order => return Err(damaged(format!("its byte order mark is {order:#010x}"))),
        }
        match u32_at(AT_FORMAT) {
            FORMAT => {}
            found => return Err(HeaderFault::Format { found }),
        }
        if u64_at(AT_CHECKSUM) != checksum(&bytes[..AT_CHECKSUM]) {
            return Err(damaged("the checksum of its header is wrong".to_owned()));
        }
        let name_len = u32_at(AT_NAME_LEN) as usize;
        let name = bytes[AT_NAME..AT_CHECKSUM]
            .get(..name_len)
            .and_then(|name| std::str::from_utf8(name).ok())
            .and_then(|name| SegmentName::new(name).ok())
            .ok_or_else(|| damaged("its header holds no valid name".to_owned()))?;
        let header = Self {
            flags: u32_at(AT_FLAGS),
            total_len: u64_at(AT_TOTAL_LEN),
            record_len: u64_at(AT_RECORD_LEN),
            record_align: u32_at(AT_RECORD_ALIGN),
            slots: u32_at(AT_SLOTS),
            stride: u64_at(AT_STRIDE),
            schema: u64_at(AT_SCHEMA),
            schema_len: u64_at(AT_SCHEMA_LEN),
            transfer: u64_at(AT_TRANSFER),
            lock: u64_at(AT_LOCK),
            bell: u64_at(AT_BELL),
            records: u64_at(AT_RECORDS),
            fingerprint: id_at(AT_FINGERPRINT),
            instance: id_at(AT_INSTANCE),
            creator_uid: u32_at(AT_CREATOR_UID),
            creator_pid: u32_at(AT_CREATOR_PID),
            created: u64_at(AT_CREATED),
            name,
        };
        if u32_at(AT_HEADER_LEN) as usize != HEADER_LEN || u32_at(AT_WRITER_SLOTS) != WRITER_SLOTS {
            return Err(damaged("its header states lengths that format 1 does not have".to_owned()));
        }
        header.check(file_len).map_err(damaged)?;
        Ok(header)
    }

    fn check(&self, file_len: u64) -> Result<(), String> {
        if self.total_len > file_len {
            return Err(format!("the file has {file_len} bytes, and its header says {}", self.total_len));
        }
        if self.record_len == 0 || self.record_len > MAX_RECORD_LEN {
            return Err(format!("its record has {} bytes", self.record_len));
        }
        if !self.record_align.is_power_of_two() || self.record_align > 64 {
            return Err(format!("its record is aligned to {}", self.record_align));
        }
        if !SLOTS.contains(&self.slots) || !self.slots.is_power_of_two() {
            return Err(format!("it has {} slots", self.slots));
        }
        if self.stride < self.record_len || self.stride % 64 != 0 {
            return Err(format!("its slots are {} bytes apart for a record of {}", self.stride, self.record_len));
        }
        if self.schema_len > MAX_SCHEMA_LEN {
            return Err(format!("its schema has {} bytes", self.schema_len));
        }
        if self.flags & !(FLAG_PERSIST | FLAG_WAKE_ALWAYS) != 0 {
            return Err(format!("its flags are {:#x}", self.flags));
        }
        let records_len = self.stride.checked_mul(self.slots.into()).ok_or("its slots overflow")?;
        let mut end = HEADER_LEN as u64;
        for (what, at, len, align) in [
            ("schema", self.schema, self.schema_len, REGION_ALIGN),
            ("transfer region", self.transfer, TRANSFER_LEN, REGION_ALIGN),
            ("lock region", self.lock, LOCK_LEN, REGION_ALIGN),
            ("bell region", self.bell, BELL_LEN, REGION_ALIGN),
            ("slots", self.records, records_len, REGION_ALIGN),
        ] {
            if at < end || at % align != 0 {
                return Err(format!("its {what} would begin at {at}"));
            }
            end = at.checked_add(len).filter(|end| *end <= self.total_len).ok_or_else(|| {
                format!("its {what}, {len} bytes at {at}, would reach beyond its end at {}", self.total_len)
            })?;
        }
        Ok(())
    }

    /// Bytes of the segment.
    #[inline]
    #[must_use]
    pub fn total_len(&self) -> usize {
        // On a 64-bit target every length fits.
        self.total_len as usize
    }

    /// Bytes of one record's image.
    #[inline]
    #[must_use]
    pub fn record_len(&self) -> usize {
        self.record_len as usize
    }

    /// The image's alignment in bytes.
    #[inline]
    #[must_use]
    pub fn record_align(&self) -> usize {
        self.record_align as usize
    }

    /// How many slots: a power of two.
    #[inline]
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slots
    }

    /// Bytes from one slot to the next.
    #[inline]
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride as usize
    }

    /// Where the schema begins.
    #[inline]
    #[must_use]
    pub fn schema(&self) -> usize {
        self.schema as usize
    }

    /// Bytes of the schema.
    #[inline]
    #[must_use]
    pub fn schema_len(&self) -> usize {
        self.schema_len as usize
    }

    /// Where the transfer region begins.
    #[inline]
    #[must_use]
    pub fn transfer(&self) -> usize {
        self.transfer as usize
    }

    /// Where the lock region begins.
    #[inline]
    #[must_use]
    pub fn lock(&self) -> usize {
        self.lock as usize
    }

    /// Where the bell region begins.
    #[inline]
    #[must_use]
    pub fn bell(&self) -> usize {
        self.bell as usize
    }

    /// Where the first slot begins.
    #[inline]
    #[must_use]
    pub fn records(&self) -> usize {
        self.records as usize
    }

    /// The schema's fingerprint.
    #[inline]
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 16] {
        self.fingerprint
    }

    /// The random id of this segment, of all that ever have its name.
    #[inline]
    #[must_use]
    pub fn instance(&self) -> [u8; 16] {
        self.instance
    }

    /// Whether the segment stays when its last user goes.
    #[inline]
    #[must_use]
    pub fn persist(&self) -> bool {
        self.flags & FLAG_PERSIST != 0
    }

    /// Whether every write wakes sleepers, registered or not.
    #[inline]
    #[must_use]
    pub fn wake_always(&self) -> bool {
        self.flags & FLAG_WAKE_ALWAYS != 0
    }

    /// The creator's process id, in its own PID namespace.
    #[inline]
    #[must_use]
    pub fn creator_pid(&self) -> u32 {
        self.creator_pid
    }

    /// The creator's effective user id.
    #[inline]
    #[must_use]
    pub fn creator_uid(&self) -> u32 {
        self.creator_uid
    }

    /// When the segment was created.
    #[inline]
    #[must_use]
    pub fn created(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.created)
    }

    /// The name that the segment was created under.
    #[inline]
    #[must_use]
    pub fn name(&self) -> &SegmentName {
        &self.name
    }
}

/// FNV-1a with 64 bits (RFC 9923). Against accidents; a peer with write permission can forge it.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan_of(name: &SegmentName) -> Plan<'_> {
        Plan {
            name,
            record_len: 100,
            record_align: 8,
            slots: 4,
            schema_len: 300,
            fingerprint: [7; 16],
            persist: true,
            wake_always: false,
        }
    }

    fn header() -> Header {
        let name = SegmentName::new("robot_pose").unwrap();
        Header::new(&plan_of(&name), &Creator { uid: 1000, pid: 42, instance: [9; 16] })
    }

    /// The header's bytes with one field replaced and the checksum made good again: what a forger writes.
    fn forged(at: usize, field: &[u8]) -> [u8; HEADER_LEN] {
        let mut bytes = header().to_bytes();
        bytes[at..at + field.len()].copy_from_slice(field);
        let sum = checksum(&bytes[..AT_CHECKSUM]);
        bytes[AT_CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    #[test]
    fn a_planned_header_is_read_back_as_it_was() {
        let header = header();
        assert_eq!(Header::parse(&header.to_bytes(), header.total_len), Ok(header.clone()));
        assert_eq!(header.stride(), 128);
        assert_eq!(header.records() % 128, 0);
    }

    #[test]
    fn a_header_says_what_was_planned_and_where_all_stands() {
        let parsed = Header::parse(&header().to_bytes(), header().total_len).unwrap();
        // Schema behind the header; regions at multiples of 128 behind each other; 2047 writer slots' generations of 4 bytes
        // behind the 128 bytes of the lock; slots 64 bytes apart or a multiple of it.
        assert_eq!((parsed.schema(), parsed.schema_len()), (512, 300));
        assert_eq!((parsed.transfer(), parsed.lock(), parsed.bell(), parsed.records()), (896, 1024, 9344, 9472));
        assert_eq!((parsed.total_len(), parsed.slots(), parsed.stride()), (9472 + 4 * 128, 4, 128));
        assert_eq!((parsed.record_len(), parsed.record_align()), (100, 8));
        assert_eq!((parsed.fingerprint(), parsed.instance()), ([7; 16], [9; 16]));
        assert_eq!((parsed.creator_uid(), parsed.creator_pid(), parsed.name().as_str()), (1000, 42, "robot_pose"));
        let age = SystemTime::now().duration_since(parsed.created()).unwrap();
        assert!(age < Duration::from_secs(3600), "created {age:?} ago");
    }

    #[test]
    fn each_flag_is_its_own() {
        for (flags, persist, wake_always) in
            [(0, false, false), (FLAG_PERSIST, true, false), (FLAG_WAKE_ALWAYS, false, true), (3, true, true)]
        {
            let parsed = Header::parse(&forged(AT_FLAGS, &flags.to_le_bytes()), header().total_len).unwrap();
            assert_eq!((parsed.persist(), parsed.wake_always()), (persist, wake_always), "{flags}");
            let name = SegmentName::new("robot_pose").unwrap();
            let plan = Plan { persist, wake_always, ..plan_of(&name) };
            let planned = Header::new(&plan, &Creator { uid: 0, pid: 0, instance: [0; 16] });
            assert_eq!((planned.persist(), planned.wake_always()), (persist, wake_always), "{flags}");
        }
    }

    #[test]
    fn what_is_at_a_bound_passes_and_what_is_beyond_it_does_not() {
        // Of a file so large that no other bound is in the way.
        let huge = 1_u64 << 40;
        let parse = |fields: &[(usize, u64, usize)]| {
            let mut bytes = forged(AT_TOTAL_LEN, &huge.to_le_bytes());
            for (at, value, width) in fields {
                bytes[*at..at + width].copy_from_slice(&value.to_le_bytes()[..*width]);
            }
            let sum = checksum(&bytes[..AT_CHECKSUM]);
            bytes[AT_CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
            Header::parse(&bytes, huge)
        };
        let far = MAX_SCHEMA_LEN + 1024;
        let moved =
            [(AT_TRANSFER, far, 8), (AT_LOCK, far + 128, 8), (AT_BELL, far + 16384, 8), (AT_RECORDS, far + 32768, 8)];
        for (at, width, most, beyond) in [
            (AT_RECORD_ALIGN, 4, 64, 128),
            (AT_SCHEMA_LEN, 8, MAX_SCHEMA_LEN, MAX_SCHEMA_LEN + 1),
            (AT_SLOTS, 4, 256, 512),
        ] {
            let with = |value| [&moved[..], &[(at, value, width)]].concat();
            assert!(parse(&with(most)).is_ok(), "{most} at {at}: {:?}", parse(&with(most)));
            assert!(parse(&with(beyond)).is_err(), "{beyond} at {at}");
        }
        let record = |len: u64, stride: u64| parse(&[(AT_RECORD_LEN, len, 8), (AT_STRIDE, stride, 8)]);
        assert!(record(MAX_RECORD_LEN, MAX_RECORD_LEN).is_ok(), "a record as long as its slot, and the longest");
        assert!(record(MAX_RECORD_LEN + 1, MAX_RECORD_LEN + 64).is_err());
        assert!(record(65, 64).is_err());
        assert!(record(0, 64).is_err());
        // A region may begin where the last one ends, and the last may end where the segment does.
        assert!(parse(&[(AT_SCHEMA_LEN, 384, 8)]).is_ok());
        assert!(parse(&[(AT_SCHEMA_LEN, 385, 8)]).is_err());
        let len = header().total_len;
        assert!(Header::parse(&forged(AT_SLOTS, &8_u32.to_le_bytes()), len).is_err());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let header = header();
        for bit in 0..HEADER_LEN * 8 {
            let mut bytes = header.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::parse(&bytes, header.total_len).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_shorter_file_is_refused_at_every_length() {
        let header = header();
        let bytes = header.to_bytes();
        for len in 0..HEADER_LEN {
            // A file that has grown since it was looked at, and one that has not.
            for file_len in [len as u64, header.total_len] {
                match Header::parse(&bytes[..len], file_len) {
                    Err(HeaderFault::NotASegment) => assert!(len < MAGIC.len(), "{len}"),
                    Err(HeaderFault::Damaged { problem }) => {
                        assert!(len >= MAGIC.len(), "{len}");
                        assert!(problem.contains("the header alone 512"), "{len}: {problem}");
                    }
                    other => panic!("{len}: {other:?}"),
                }
            }
        }
        // One that has shrunk, and one that is all header.
        for (file_len, problem) in [(511, "the header alone 512"), (512, "its header says 9984")] {
            let fault = Header::parse(&bytes, file_len);
            assert!(matches!(&fault, Err(HeaderFault::Damaged { problem: is }) if is.contains(problem)), "{fault:?}");
        }
        assert!(matches!(Header::parse(&bytes, header.total_len - 1), Err(HeaderFault::Damaged { .. })));
    }

    #[test]
    fn forged_numbers_do_not_pass_although_the_checksum_is_right() {
        let len = header().total_len;
        for (at, width) in [
            (AT_HEADER_LEN, 4),
            (AT_FLAGS, 4),
            (AT_TOTAL_LEN, 8),
            (AT_RECORD_LEN, 8),
            (AT_RECORD_ALIGN, 4),
            (AT_SLOTS, 4),
            (AT_STRIDE, 8),
            (AT_SCHEMA, 8),
            (AT_SCHEMA_LEN, 8),
            (AT_TRANSFER, 8),
            (AT_LOCK, 8),
            (AT_BELL, 8),
            (AT_RECORDS, 8),
            (AT_WRITER_SLOTS, 4),
            (AT_NAME_LEN, 4),
        ] {
            let values = [u64::MAX, u64::MAX - 127, 1 << 63, 1 << 40, 0xffff_ff80];
            // Of the shorter numbers' values, all but one would be 0 in their low half.
            for value in values.map(|value| if width == 4 { value | 1 << 31 } else { value }) {
                let bytes = forged(at, &value.to_le_bytes()[..width]);
                let fault = Header::parse(&bytes, len);
                assert!(matches!(fault, Err(HeaderFault::Damaged { .. })), "{value:#x} at {at}: {fault:?}");
            }
        }
        for (at, value) in [(AT_SLOTS, 1), (AT_SLOTS, 3), (AT_SLOTS, 512), (AT_STRIDE, 64), (AT_RECORD_ALIGN, 3)] {
            let bytes = forged(at, &u32::to_le_bytes(value));
            assert!(Header::parse(&bytes, len).is_err(), "{value} at {at}");
        }
    }

    #[test]
    fn regions_that_overlap_are_refused() {
        let header = header();
        for at in [AT_LOCK, AT_BELL, AT_RECORDS] {
            let bytes = forged(at, &header.transfer.to_le_bytes());
            assert!(Header::parse(&bytes, header.total_len).is_err(), "{at}");
        }
        let bytes = forged(AT_SCHEMA, &0u64.to_le_bytes());
        assert!(Header::parse(&bytes, header.total_len).is_err());
    }

    #[test]
    fn another_format_and_byte_order_are_told_apart_from_damage() {
        let len = header().total_len;
        assert_eq!(Header::parse(&forged(AT_FORMAT, &2u32.to_le_bytes()), len), Err(HeaderFault::Format { found: 2 }));
        let order = BYTE_ORDER.to_be_bytes();
        assert_eq!(Header::parse(&forged(AT_BYTE_ORDER, &order), len), Err(HeaderFault::ByteOrder));
        let fault = Header::parse(&forged(AT_BYTE_ORDER, &[1, 2, 3, 5]), len);
        assert!(matches!(fault, Err(HeaderFault::Damaged { .. })), "{fault:?}");
        assert_eq!(Header::parse(&[0; 4096], 4096), Err(HeaderFault::NotASegment));
    }
}
