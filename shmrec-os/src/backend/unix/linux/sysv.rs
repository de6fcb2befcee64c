//! System V shared memory: the system calls, and an attachment that goes when it is dropped.
//!
//! # Safety
//!
//! `shmctl` reads and writes the one structure that it is given. `shmat` makes a mapping of its own, at an address that the
//! kernel chooses, and [`Attached`] alone takes it away again; nobody but root can make the memory behind it shorter.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use rustix::io::{self, Errno};
use rustix::mm::{Advice, madvise};

use crate::Key;
use crate::backend::unix::fork;

/// Whether this system has such segments.
pub(crate) const AVAILABLE: bool = true;

/// The system's id of a segment: of one segment, as long as that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(i32);

impl Id {
    pub(crate) fn new(id: i32) -> Self {
        Self(id)
    }

    pub(crate) fn get(self) -> i32 {
        self.0
    }
}

/// What the kernel says of a segment.
#[derive(Clone, Debug)]
pub(crate) struct Stat {
    /// 0 when the segment has been removed and lives for those who are attached.
    key: i32,
    /// Bytes, as its creator asked for.
    pub(crate) size: u64,
    pub(crate) owner: u32,
    pub(crate) creator: u32,
    pub(crate) creator_pid: i32,
    pub(crate) mode: u32,
    /// How often it is attached, in all processes.
    pub(crate) attached: u64,
}

impl Stat {
    /// Whether this is, or was before it was removed, the segment under `key`.
    pub(crate) fn is_under(&self, key: Key) -> bool {
        self.key == key.get() || self.key == libc::IPC_PRIVATE
    }
}

/// Whether an error says that there is no such segment any more.
pub(crate) fn is_gone(error: Errno) -> bool {
    matches!(error, Errno::INVAL | Errno::IDRM)
}

fn outcome(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned >= 0 { Ok(returned) } else { Err(last_error()) }
}

fn last_error() -> Errno {
    std::io::Error::last_os_error().raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)
}

/// The segment under a key.
pub(crate) fn find(key: Key) -> io::Result<Option<Id>> {
    // SAFETY: takes three numbers. Without flags it makes nothing and asks for no permissions.
    match outcome(unsafe { libc::shmget(key.get(), 0, 0) }) {
        Ok(id) => Ok(Some(Id(id))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a segment of zeros, which only this user may attach, under a key that has none.
pub(crate) fn make(key: Key, size: usize) -> io::Result<Id> {
    let flags = libc::IPC_CREAT | libc::IPC_EXCL | 0o600;
    // SAFETY: takes three numbers.
    outcome(unsafe { libc::shmget(key.get(), size, flags) }).map(Id)
}

fn control(id: i32, command: libc::c_int) -> io::Result<(i32, libc::shmid_ds)> {
    // SAFETY: the structure is numbers only, for which zeros are values.
    let mut about: libc::shmid_ds = unsafe { std::mem::zeroed() };
    // SAFETY: `about` is the structure that the commands of this module read and write.
    let returned = unsafe { libc::shmctl(id, command, &raw mut about) };
    Ok((outcome(returned)?, about))
}

/// What is known of a segment, to whomever: also to those who may not read it, where the kernel is of 2018 or later.
pub(crate) fn stat(id: Id) -> io::Result<Stat> {
    /// `linux/shm.h`: as `IPC_STAT`, by the index in the kernel's table, without a look at permissions.
    const SHM_STAT_ANY: libc::c_int = 15;
    let about = match control(id.0, libc::IPC_STAT) {
        Ok((_, about)) => about,
        Err(Errno::ACCESS) => {
            // The index is the lower bits of the id: 15, or 24 where the kernel was told to have more (ipcmni_extend).
            let found = [15, 24].into_iter().find_map(|bits| {
                let index = id.0 & ((1 << bits) - 1);
                control(index, SHM_STAT_ANY).ok().filter(|(found, _)| *found == id.0)
            });
            found.ok_or(Errno::ACCESS)?.1
        }
        Err(error) => return Err(error),
    };
    Ok(Stat {
        key: about.shm_perm.__key,
        size: about.shm_segsz as u64,
        owner: about.shm_perm.uid,
        creator: about.shm_perm.cuid,
        creator_pid: about.shm_cpid,
        mode: u32::from(about.shm_perm.mode) & 0o777,
        attached: about.shm_nattch,
    })
}

/// Sets the permission bits of a segment of this user's.
pub(crate) fn set_mode(id: Id, mode: u32) -> io::Result<()> {
    let (_, mut about) = control(id.0, libc::IPC_STAT)?;
    about.shm_perm.mode = mode as _;
    // SAFETY: `about` is the structure that the command reads.
    outcome(unsafe { libc::shmctl(id.0, libc::IPC_SET, &raw mut about) }).map(drop)
}

/// Removes a segment: its key at once, its memory when nobody is attached.
pub(crate) fn remove(id: Id) -> io::Result<()> {
    // SAFETY: the command looks at no structure.
    outcome(unsafe { libc::shmctl(id.0, libc::IPC_RMID, std::ptr::null_mut()) }).map(drop)
}

/// The most segments that the system has, if it has so many now.
pub(crate) fn exhausted() -> Option<u64> {
    const IPC_INFO: libc::c_int = 3;
    const SHM_INFO: libc::c_int = 14;
    /// `struct shminfo` of `linux/shm.h`.
    #[repr(C)]
    #[derive(Default)]
    struct Limits {
        shmmax: libc::c_ulong,
        shmmin: libc::c_ulong,
        shmmni: libc::c_ulong,
        others: [libc::c_ulong; 6],
    }
    /// `struct shm_info` of `linux/shm.h`.
    #[repr(C)]
    #[derive(Default)]
    struct Usage {
        used_ids: libc::c_int,
        others: [libc::c_ulong; 5],
    }
    let (mut limits, mut usage) = (Limits::default(), Usage::default());
    // SAFETY: the command writes a `struct shminfo`, which `limits` is.
    outcome(unsafe { libc::shmctl(0, IPC_INFO, (&raw mut limits).cast()) }).ok()?;
    // SAFETY: the command writes a `struct shm_info`, which `usage` is.
    outcome(unsafe { libc::shmctl(0, SHM_INFO, (&raw mut usage).cast()) }).ok()?;
    (usage.used_ids as libc::c_ulong >= limits.shmmni).then_some(limits.shmmni)
}

/// A segment attached to this process.
#[derive(Debug)]
pub(crate) struct Attached {
    start: NonNull<u8>,
    /// Of the process that has it, if its children do not.
    generation: Option<u32>,
}

// SAFETY: an address range of the process, not of a thread; who accesses it is the business of the `Mapping` that has it.
unsafe impl Send for Attached {}
// SAFETY: as above; the only thing done through a shared reference is to read the address.
unsafe impl Sync for Attached {}

impl Attached {
    /// Attaches a segment of at least `len` bytes; the child of a fork does not have it.
    pub(crate) fn new(id: Id, len: usize, writable: bool) -> io::Result<Self> {
        let mut this = Self::inherited(id, writable)?;
        // A child of a fork must not keep the segment attached: whoever was its last user would be taken for one of
        // several. (Handles that a child inherits touch no memory.) A system that does not know the advice keeps the
        // segment until the child ends.
        // SAFETY: the range was mapped just now, and nothing in this process relies on its survival in a child.
        let _ = unsafe { madvise(this.start.as_ptr().cast(), len, Advice::LinuxDontFork) };
        this.generation = Some(fork::generation());
        Ok(this)
    }

    /// Attaches a segment; the child of a fork has it as well.
    pub(crate) fn inherited(id: Id, writable: bool) -> io::Result<Self> {
        let flags = if writable { 0 } else { libc::SHM_RDONLY };
        // SAFETY: without an address the kernel finds one where nothing is mapped.
        let address = unsafe { libc::shmat(id.0, std::ptr::null(), flags) };
        if address.addr() == usize::MAX {
            return Err(last_error());
        }
        Ok(Self { start: NonNull::new(address.cast()).ok_or(Errno::FAULT)?, generation: None })
    }

    pub(crate) fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Reserves all of the first `len` bytes now, where the system can do that: short memory is an error here, and the end
    /// of some process later.
    pub(crate) fn populate(&self, len: usize) -> io::Result<()> {
        // SAFETY: the advice changes no byte of the range, which is attached.
        match unsafe { madvise(self.start.as_ptr().cast(), len, Advice::LinuxPopulateWrite) } {
            // Systems before 2021.
            Err(Errno::INVAL) => Ok(()),
            outcome => outcome,
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // In the child of a fork nothing is there, or something else.
        if !self.generation.is_some_and(fork::process_forked) {
            // SAFETY: attached by `inherited`, and not touched any more: whoever has the address has it from `self`.
            unsafe { libc::shmdt(self.start.as_ptr().cast()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that no other test of any process has now.
    fn key() -> Key {
        Key::raw(0x7e00_0000 | (std::process::id() & 0xff_ffff) as i32).unwrap()
    }

    #[test]
    fn a_segment_s_owner_learns_of_it_whatever_its_mode_is() {
        let id = make(key(), 5000).unwrap();
        let attached = Attached::new(id, 5000, true).unwrap();
        for mode in [0, 0o200, 0o400, 0o666] {
            set_mode_of_own(id, mode);
            let stat = stat(id).unwrap();
            assert_eq!((stat.size, stat.attached, stat.mode), (5000, 1, mode));
            assert!(stat.is_under(key()) && !stat.is_under(Key::raw(1).unwrap()));
        }
        attached.populate(5000).unwrap();
        assert_eq!(find(key()).unwrap(), Some(id));
        assert_eq!(make(key(), 1).unwrap_err(), Errno::EXIST);
        remove(id).unwrap();
        assert!(stat(id).unwrap().is_under(key()), "removed, and attached still");
        assert_eq!(find(key()).unwrap(), None);
        drop(attached);
        assert!(is_gone(stat(id).unwrap_err()));
        assert!(is_gone(remove(id).unwrap_err()));
    }

    /// As [`set_mode`], whatever it was before.
    fn set_mode_of_own(id: Id, mode: u32) {
        // SAFETY: the structure is numbers only.
        let mut about: libc::shmid_ds = unsafe { std::mem::zeroed() };
        about.shm_perm.uid = rustix::process::geteuid().as_raw();
        about.shm_perm.gid = rustix::process::getegid().as_raw();
        about.shm_perm.mode = mode as _;
        // SAFETY: `about` is the structure that the command reads.
        outcome(unsafe { libc::shmctl(id.0, libc::IPC_SET, &raw mut about) }).unwrap();
    }
}
