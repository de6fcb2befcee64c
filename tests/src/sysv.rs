//! System V segments as `ipcs -m` and a program without shmrec see them.
//!
//! # Safety
//!
//! `shmctl(IPC_RMID)` looks at no memory. `shmat` makes a mapping at an address that the kernel chooses; it lives as long as
//! [`Attached`], which alone has the address, and everything in it is reached by atomic accesses to single bytes.
#![allow(unsafe_code)]

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

use shmrec::Key;

/// A segment, as the kernel lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The key.
    pub key: i32,
    /// The id.
    pub id: i32,
    /// The permission bits.
    pub mode: u32,
    /// Bytes.
    pub size: usize,
    /// How often it is attached.
    pub attached: u64,
    /// The owner.
    pub uid: u32,
}

/// All segments of the system.
///
/// # Panics
///
/// When the kernel's list cannot be read.
#[must_use]
pub fn segments() -> Vec<Segment> {
    let list = std::fs::read_to_string("/proc/sysvipc/shm").expect("the kernel's list of segments");
    let segment = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        Some(Segment {
            key: fields[0].parse().ok()?,
            id: fields[1].parse().ok()?,
            mode: u32::from_str_radix(fields[2], 8).ok()? & 0o777,
            size: fields[3].parse().ok()?,
            attached: fields[6].parse().ok()?,
            uid: fields[7].parse().ok()?,
        })
    };
    list.lines().skip(1).map(|line| segment(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// The segment under a key.
#[must_use]
pub fn under(key: Key) -> Option<Segment> {
    segments().into_iter().find(|segment| segment.key == key.get())
}

/// Makes a segment of `bytes` under a key, as a program without shmrec does.
///
/// # Panics
///
/// When that fails.
#[must_use]
pub fn make(key: Key, bytes: &[u8], mode: i32) -> Segment {
    // SAFETY: takes three numbers.
    let id = unsafe { libc::shmget(key.get(), bytes.len(), libc::IPC_CREAT | libc::IPC_EXCL | mode) };
    assert!(id >= 0, "shmget: {}", std::io::Error::last_os_error());
    let segment = under(key).expect("the segment that was just made");
    segment.attach().put(0, bytes);
    segment
}

/// Gives a segment of this user's other permission bits, as an administrator does.
///
/// # Panics
///
/// When that fails.
pub fn set_mode(segment: &Segment, mode: u32) {
    // SAFETY: the structure is numbers only, for which zeros are values.
    let mut about: libc::shmid_ds = unsafe { std::mem::zeroed() };
    about.shm_perm.uid = segment.uid;
    about.shm_perm.gid = rustix::process::getegid().as_raw();
    about.shm_perm.mode = mode as _;
    // SAFETY: `about` is the structure that the command reads.
    let outcome = unsafe { libc::shmctl(segment.id, libc::IPC_SET, &raw mut about) };
    assert_eq!(outcome, 0, "shmctl: {}", std::io::Error::last_os_error());
}

impl Segment {
    /// Removes it, if it is there.
    pub fn remove(&self) {
        // SAFETY: the command looks at no structure.
        unsafe { libc::shmctl(self.id, libc::IPC_RMID, std::ptr::null_mut()) };
    }

    /// Attaches it, for writing where that is permitted.
    ///
    /// # Panics
    ///
    /// When that fails.
    #[must_use]
    pub fn attach(&self) -> Attached {
        for flags in [0, libc::SHM_RDONLY] {
            // SAFETY: without an address the kernel finds one where nothing is mapped.
            let start = unsafe { libc::shmat(self.id, std::ptr::null(), flags) };
            if start.addr() != usize::MAX {
                return Attached { start: start.cast(), len: self.size };
            }
        }
        panic!("shmat: {}", std::io::Error::last_os_error());
    }
}

/// A segment, attached.
#[derive(Debug)]
pub struct Attached {
    start: *mut u8,
    len: usize,
}

impl Attached {
    fn byte(&self, at: usize) -> &AtomicU8 {
        assert!(at < self.len, "the byte {at} of {}", self.len);
        // SAFETY: within the segment, which is attached as long as `self` is borrowed.
        let byte = unsafe { self.start.add(at) };
        // SAFETY: as above; this program reaches it by atomics only.
        unsafe { AtomicU8::from_ptr(byte) }
    }

    /// Copies bytes out.
    ///
    /// # Panics
    ///
    /// When they are not within the segment.
    pub fn get(&self, at: usize, to: &mut [u8]) {
        for (i, to) in to.iter_mut().enumerate() {
            *to = self.byte(at + i).load(Ordering::Acquire);
        }
    }

    /// Copies bytes in.
    ///
    /// # Panics
    ///
    /// When they are not within the segment.
    pub fn put(&self, at: usize, from: &[u8]) {
        for (i, from) in from.iter().enumerate() {
            self.byte(at + i).store(*from, Ordering::Release);
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // SAFETY: attached by `attach`, and nothing is borrowed from it any more.
        unsafe { libc::shmdt(self.start.cast()) };
    }
}

/// What stands in a companion file, read as `docs/format.md` has it.
#[derive(Clone, Debug)]
pub struct Companion {
    /// 1 creating, 2 ready.
    pub state: u32,
    /// The key.
    pub key: i32,
    /// The segment's id.
    pub id: i32,
    /// The name in the copy of the segment's header.
    pub name: String,
}

impl Companion {
    /// Reads one, if the file is one.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        let bytes = std::fs::read(path).ok().filter(|bytes| bytes.starts_with(b"shmkey\r\n") && bytes.len() >= 1024)?;
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
        let name = &bytes[512 + 160..][..number(512 + 156) as usize];
        Some(Self {
            state: number(16),
            key: number(20) as i32,
            id: number(24) as i32,
            name: String::from_utf8_lossy(name).into_owned(),
        })
    }
}
