//! The companion file of a System V segment: what stands in it, version 1. `docs/format.md` says the same for readers in
//! other languages.
//!
//! A System V segment has neither a name nor bytes that could be locked. Its companion, a file named by the key, has both:
//! every program of shmrec passes it first. It says which segment it belongs to, and has a copy of its header.

use crate::format::{HEADER_LEN, Header, HeaderFault};
use crate::{Key, format};

/// Bytes of the file: the part about the segment, and the copy of its header.
pub const COMPANION_LEN: usize = ABOUT_LEN + HEADER_LEN;

/// Bytes of the part about the segment: what its creator rewrites, in one piece.
pub const ABOUT_LEN: usize = 512;

const MAGIC: [u8; 8] = *b"shmkey\r\n";
const BYTE_ORDER: u32 = 0x0102_0304;

const AT_FORMAT: usize = 8;
const AT_BYTE_ORDER: usize = 12;
const AT_STATE: usize = 16;
const AT_KEY: usize = 20;
const AT_ID: usize = 24;
const AT_NAMESPACE: usize = 32;
const AT_CHECKSUM: usize = 504;

/// What a companion file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Companion {
    /// How far the segment's creator has come.
    pub state: State,
    /// The key.
    pub key: Key,
    /// The system's id of the segment, as soon as there is one.
    pub id: Option<i32>,
    /// The IPC namespace in which key and id mean something: the inode of `/proc/self/ns/ipc`, 0 where that cannot be seen.
    pub namespace: u64,
    /// The segment's header.
    pub header: Header,
}

/// How far a segment's creator has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The segment is not complete, and will not be if its creator is dead.
    Creating,
    /// It is.
    Ready,
}

impl Companion {
    /// The whole file.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; COMPANION_LEN] {
        let mut bytes = [0; COMPANION_LEN];
        bytes[..ABOUT_LEN].copy_from_slice(&self.about_to_bytes());
        bytes[ABOUT_LEN..].copy_from_slice(&self.header.to_bytes());
        bytes
    }

    /// The part about the segment, at the file's start.
    #[must_use]
    pub fn about_to_bytes(&self) -> [u8; ABOUT_LEN] {
        let mut bytes = [0; ABOUT_LEN];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &MAGIC);
        put(AT_FORMAT, &format::FORMAT.to_le_bytes());
        put(AT_BYTE_ORDER, &BYTE_ORDER.to_le_bytes());
        let state: u32 = match self.state {
            State::Creating => 1,
            State::Ready => 2,
        };
        put(AT_STATE, &state.to_le_bytes());
        put(AT_KEY, &self.key.get().to_le_bytes());
        put(AT_ID, &self.id.unwrap_or(-1).to_le_bytes());
        put(AT_NAMESPACE, &self.namespace.to_le_bytes());
        let checksum = format::checksum(&bytes[..AT_CHECKSUM]);
        bytes[AT_CHECKSUM..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Checks a private copy of the file.
    ///
    /// # Errors
    ///
    /// [`HeaderFault`] saying what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let damaged = |problem: String| HeaderFault::Damaged { problem };
        if bytes.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(HeaderFault::NotASegment);
        }
        if bytes.len() < COMPANION_LEN {
            return Err(damaged(format!(
                "a key's companion file has {COMPANION_LEN} bytes, and it has {}",
                bytes.len()
            )));
        }
        let u32_at = |at: usize| u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        match u32_at(AT_BYTE_ORDER) {
            BYTE_ORDER => {}
            order if order == BYTE_ORDER.swap_bytes() => return Err(HeaderFault::ByteOrder),
            order => return Err(damaged(format!("its byte order mark is {order:#010x}"))),
        }
        match u32_at(AT_FORMAT) {
            format::FORMAT => {}
            found => return Err(HeaderFault::Format { found }),
        }
        let checksum = u64::from_le_bytes(std::array::from_fn(|i| bytes[AT_CHECKSUM + i]));
        if checksum != format::checksum(&bytes[..AT_CHECKSUM]) {
            return Err(damaged("the checksum of the companion file is wrong".to_owned()));
        }
        let state = match u32_at(AT_STATE) {
            1 => State::Creating,
            2 => State::Ready,
            state => return Err(damaged(format!("its state is {state}"))),
        };
        let id = Some(u32_at(AT_ID) as i32).filter(|id| *id >= 0);
        if state == State::Ready && id.is_none() {
            return Err(damaged("it says that a segment is ready, and not which".to_owned()));
        }
        Ok(Self {
            state,
            key: Key::raw(u32_at(AT_KEY) as i32).map_err(|error| damaged(error.to_string()))?,
            id,
            namespace: u64::from_le_bytes(std::array::from_fn(|i| bytes[AT_NAMESPACE + i])),
            // The segment's length is the segment's to say.
            header: match Header::parse(&bytes[ABOUT_LEN..COMPANION_LEN], u64::MAX) {
                // The file itself is a companion.
                Err(HeaderFault::NotASegment) => return Err(damaged("it has no segment's header".to_owned())),
                header => header?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SegmentName;
    use crate::format::{Creator, Plan};

    fn companion() -> Companion {
        let name = SegmentName::new("robot_pose").unwrap();
        let plan = Plan {
            name: &name,
            record_len: 100,
            record_align: 8,
            slots: 4,
            schema_len: 300,
            fingerprint: [7; 16],
            persist: false,
            wake_always: false,
        };
        Companion {
            state: State::Ready,
            key: Key::raw(-77).unwrap(),
            id: Some(32_769),
            namespace: 4_026_531_839,
            header: Header::new(&plan, &Creator { uid: 1000, pid: 42, instance: [9; 16] }),
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        for (state, id) in [(State::Creating, None), (State::Creating, Some(0)), (State::Ready, Some(i32::MAX))] {
            let companion = Companion { state, id, ..companion() };
            assert_eq!(Companion::parse(&companion.to_bytes()), Ok(companion));
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = companion().to_bytes();
        for bit in 0..COMPANION_LEN * 8 {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Companion::parse(&bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_shorter_file_is_refused_at_every_length() {
        let bytes = companion().to_bytes();
        for len in 0..COMPANION_LEN {
            assert!(Companion::parse(&bytes[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn a_segment_that_is_ready_has_an_id() {
        let bytes = Companion { id: None, ..companion() }.to_bytes();
        assert!(matches!(Companion::parse(&bytes), Err(HeaderFault::Damaged { .. })));
    }
}
