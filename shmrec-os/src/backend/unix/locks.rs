//! Byte-range locks on an open file description: who uses a segment, and who lives.
//!
//! The kernel gives a lock back when the description's last descriptor goes, which at a process's death is before
//! anybody can wait for it. The bytes lie far beyond the end of the file: nothing is stored there.
//!
//! # Safety
//!
//! `fcntl` with `F_OFD_*` reads and writes the one structure that it is given; rustix has no such call.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::io::{self, Errno};

use super::fork::LockDescriptor;
use crate::format::WRITER_SLOTS;

/// The bytes on which every user of a segment holds a read lock, one byte each, chosen at random.
const MEMBERS: Range = Range { start: 1 << 61, len: 1 << 40 };

/// The bytes on which those who attach a System V segment for a moment only, without using it, hold a read lock meanwhile.
const OBSERVERS: Range = Range { start: (1 << 61) + (1 << 41), len: 1 << 40 };

/// The byte of writer slot 0; the others follow.
const FIRST_WRITER: i64 = 1 << 62;

/// What one byte lock is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Its holder uses the segment.
    Member,
    /// Its holder has this writer slot.
    Writer(u32),
}

impl Purpose {
    /// Of a lock that begins at this byte.
    pub(super) fn of(start: i64) -> Option<Self> {
        if (MEMBERS.start..MEMBERS.start + MEMBERS.len).contains(&start) {
            return Some(Self::Member);
        }
        let slot = u32::try_from(start.checked_sub(FIRST_WRITER)?).ok()?;
        (slot < WRITER_SLOTS).then_some(Self::Writer(slot))
    }
}

/// More users than anybody counts: the walk ends here. Each costs two calls, and each call the kernel's look at every lock.
const MOST_USERS: usize = 1 << 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: i64,
    len: i64,
}

impl Range {
    fn writer(slot: u32) -> Self {
        debug_assert!(slot < WRITER_SLOTS);
        Self { start: FIRST_WRITER + i64::from(slot), len: 1 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

impl Kind {
    fn code(self) -> libc::c_short {
        match self {
            Self::Read => libc::F_RDLCK as libc::c_short,
            Self::Write => libc::F_WRLCK as libc::c_short,
        }
    }
}

/// What stands in the way of a lock on the members' bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Members {
    /// Nobody uses the segment.
    None,
    /// Somebody does.
    Some,
    /// Somebody is about to remove it, or was about to and found that he must not.
    InTransition,
}

/// The locks that one handle holds on one segment's file.
#[derive(Debug)]
pub(super) struct Locks {
    descriptor: LockDescriptor,
    writable: bool,
}

impl Locks {
    /// `writable` says whether the description was opened for writing, which a write lock needs.
    pub(super) fn new(descriptor: LockDescriptor, writable: bool) -> Self {
        Self { descriptor, writable }
    }

    pub(super) fn writable(&self) -> bool {
        self.writable
    }

    /// Whether anybody else uses the segment.
    pub(super) fn members(&self) -> io::Result<Members> {
        Ok(match self.conflict(Kind::Write, MEMBERS)? {
            None => Members::None,
            Some((Kind::Read, _)) => Members::Some,
            Some((Kind::Write, _)) => Members::InTransition,
        })
    }

    /// Joins the users of the segment; `false` when somebody is about to remove it. `random` chooses the byte.
    pub(super) fn join(&self, random: u64) -> io::Result<bool> {
        let byte = (random % MEMBERS.len as u64) as i64;
        self.set(Kind::Read, Range { start: MEMBERS.start + byte, len: 1 })
    }

    /// Leaves the users of the segment; also gives up an exclusive claim.
    pub(super) fn leave(&self) -> io::Result<()> {
        self.command(libc::F_OFD_SETLK, libc::F_UNLCK as libc::c_short, MEMBERS).map(drop)
    }

    /// Claims the segment for its removal; `false` when anybody uses it.
    pub(super) fn claim_all(&self) -> io::Result<bool> {
        self.set(Kind::Write, MEMBERS)
    }

    /// Joins the users of a segment that this has claimed: of the claim one byte stays, and is never free in between.
    pub(super) fn keep_one(&self, random: u64) -> io::Result<()> {
        let byte = (random % MEMBERS.len as u64) as i64;
        self.command(libc::F_OFD_SETLK, Kind::Read.code(), Range { start: MEMBERS.start + byte, len: 1 })?;
        for (before, len) in [(0, byte), (byte + 1, MEMBERS.len - byte - 1)] {
            // A length of 0 would be all that follows, the writers' bytes included.
            if len > 0 {
                let range = Range { start: MEMBERS.start + before, len };
                self.command(libc::F_OFD_SETLK, libc::F_UNLCK as libc::c_short, range)?;
            }
        }
        Ok(())
    }

    /// How many other handles use the segment. Halves the bytes around every lock that it finds, because the kernel
    /// names any one lock in a range, not the first.
    pub(super) fn count_others(&self) -> io::Result<usize> {
        let mut count = 0;
        let mut ranges = vec![MEMBERS];
        while let Some(range) = ranges.pop() {
            let Some((_, found)) = self.conflict(Kind::Write, range)? else { continue };
            count += 1;
            if count >= MOST_USERS {
                break;
            }
            let before = found.start - range.start;
            if before > 0 {
                ranges.push(Range { start: range.start, len: before });
            }
            // A length of 0 is a lock up to the largest offset: nothing lies behind it.
            let behind = range.start + range.len - (found.start + found.len);
            if found.len > 0 && behind > 0 {
                ranges.push(Range { start: found.start + found.len, len: behind });
            }
        }
        Ok(count)
    }

    /// Begins to observe the segment; `false` when somebody just makes sure that nobody does. Ends with what it gives.
    pub(super) fn observe(&self, random: u64) -> io::Result<Option<Observing<'_>>> {
        let byte = (random % OBSERVERS.len as u64) as i64;
        let range = Range { start: OBSERVERS.start + byte, len: 1 };
        Ok(self.set(Kind::Read, range)?.then_some(Observing { locks: self, range }))
    }

    /// Makes sure that nobody observes the segment, until this description is closed; `false` when somebody does.
    pub(super) fn keep_observers_out(&self) -> io::Result<bool> {
        self.set(Kind::Write, OBSERVERS)
    }

    /// Takes the byte of a writer slot; `false` when somebody has it.
    pub(super) fn take_writer_slot(&self, slot: u32) -> io::Result<bool> {
        self.set(Kind::Write, Range::writer(slot))
    }

    /// Whether another handle holds the byte of a writer slot.
    ///
    /// Asked with a read lock, which only a holder's write lock stands against: a reader, who may read-lock any byte,
    /// cannot make a dead writer look alive.
    pub(super) fn writer_lives(&self, slot: u32) -> io::Result<bool> {
        Ok(self.conflict(Kind::Read, Range::writer(slot))?.is_some())
    }

    /// Tries to set a lock, without waiting.
    fn set(&self, kind: Kind, range: Range) -> io::Result<bool> {
        match self.command(libc::F_OFD_SETLK, kind.code(), range) {
            Ok(_) => Ok(true),
            Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A lock of another description that stands against `kind` on `range`.
    fn conflict(&self, kind: Kind, range: Range) -> io::Result<Option<(Kind, Range)>> {
        conflict(self.as_fd(), kind, range)
    }

    fn command(&self, command: libc::c_int, kind: libc::c_short, range: Range) -> io::Result<libc::flock> {
        self::command(self.as_fd(), command, kind, range)
    }
}

/// Whether somebody has a claim to the file: only then is it written.
pub(super) fn is_claimed(file: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(matches!(conflict(file, Kind::Write, MEMBERS)?, Some((Kind::Write, _))))
}

fn conflict(file: BorrowedFd<'_>, kind: Kind, range: Range) -> io::Result<Option<(Kind, Range)>> {
    let lock = command(file, libc::F_OFD_GETLK, kind.code(), range)?;
    let found = Range { start: lock.l_start, len: lock.l_len };
    Ok(if lock.l_type == libc::F_UNLCK as libc::c_short {
        None
    } else if lock.l_type == Kind::Write.code() {
        Some((Kind::Write, found))
    } else {
        Some((Kind::Read, found))
    })
}

fn command(file: BorrowedFd<'_>, command: libc::c_int, kind: libc::c_short, range: Range) -> io::Result<libc::flock> {
    let mut lock = libc::flock {
        l_type: kind,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: range.start,
        l_len: range.len,
        // The kernel wants 0 here for locks of a description.
        l_pid: 0,
    };
    loop {
        // SAFETY: the descriptor is open, and `lock` is the structure that these three commands read and write.
        let outcome = unsafe { libc::fcntl(file.as_raw_fd(), command, &raw mut lock) };
        if outcome == 0 {
            return Ok(lock);
        }
        match std::io::Error::last_os_error().raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::INTR) => {}
            Some(error) => return Err(error),
            None => return Err(Errno::IO),
        }
    }
}

/// A look at a segment by somebody who does not use it, for as long as this is kept.
#[derive(Debug)]
pub(super) struct Observing<'l> {
    locks: &'l Locks,
    range: Range,
}

impl Drop for Observing<'_> {
    fn drop(&mut self) {
        // It ends with the description at the latest.
        let _ = self.locks.command(libc::F_OFD_SETLK, libc::F_UNLCK as libc::c_short, self.range);
    }
}

impl AsFd for Locks {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags};

    fn locks(path: &std::path::Path, flags: OFlags) -> Locks {
        let descriptor = LockDescriptor::open(|| rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::empty()));
        Locks::new(descriptor.unwrap(), flags.contains(OFlags::RDWR))
    }

    struct TestFile(std::path::PathBuf);

    impl TestFile {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("shmrec-locks-{name}-{}", std::process::id()));
            std::fs::write(&path, b"").unwrap();
            Self(path)
        }
    }

    impl Drop for TestFile {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn users_are_counted_wherever_their_bytes_lie() {
        let file = TestFile::new("count");
        let all: Vec<_> = (0..40).map(|_| locks(&file.0, OFlags::RDONLY)).collect();
        for (i, l) in all.iter().enumerate() {
            // Neighbours, both ends, and bytes in between.
            let byte = [0, 1, 2, (1 << 40) - 1, 77][i % 5] + 1000 * (i as u64 / 5) * u64::from(i % 5 == 4);
            assert!(l.join(byte).unwrap());
        }
        let outside = locks(&file.0, OFlags::RDWR);
        // Two users on one byte look like two locks as well.
        assert_eq!(outside.count_others().unwrap(), distinct_bytes());
        assert_eq!(outside.members().unwrap(), Members::Some);
        assert!(!outside.claim_all().unwrap());
        drop(all);
        assert_eq!(outside.members().unwrap(), Members::None);
        assert!(outside.claim_all().unwrap());
    }

    /// Of the bytes that the test above takes: two users on one byte count once.
    fn distinct_bytes() -> usize {
        let bytes: std::collections::HashSet<u64> = (0..40)
            .map(|i: usize| [0, 1, 2, (1 << 40) - 1, 77][i % 5] + 1000 * (i as u64 / 5) * u64::from(i % 5 == 4))
            .collect();
        bytes.len()
    }

    #[test]
    fn a_reader_cannot_make_a_writer_look_alive() {
        let file = TestFile::new("reader");
        let (reader, prober) = (locks(&file.0, OFlags::RDONLY), locks(&file.0, OFlags::RDWR));
        assert!(reader.set(Kind::Read, Range::writer(5)).unwrap());
        assert!(!prober.writer_lives(5).unwrap());
        let writer = locks(&file.0, OFlags::RDWR);
        assert!(writer.take_writer_slot(6).unwrap());
        assert!(prober.writer_lives(6).unwrap());
        drop(writer);
        assert!(!prober.writer_lives(6).unwrap());
    }

    #[test]
    fn one_who_gives_a_claim_up_for_a_membership_is_a_user_and_no_more() {
        let file = TestFile::new("keep");
        let other = locks(&file.0, OFlags::RDWR);
        for byte in [0, 5, (1 << 40) - 1] {
            let creator = locks(&file.0, OFlags::RDWR);
            assert!(creator.claim_all().unwrap());
            assert!(creator.take_writer_slot(0).unwrap() && creator.take_writer_slot(2046).unwrap());
            creator.keep_one(byte).unwrap();
            assert_eq!((other.members().unwrap(), other.count_others().unwrap()), (Members::Some, 1));
            assert!(other.writer_lives(0).unwrap() && other.writer_lives(2046).unwrap());
            assert!(other.join(7).unwrap());
            assert!(!other.claim_all().unwrap());
            other.leave().unwrap();
        }
    }

    #[test]
    fn observers_are_no_users_and_are_kept_out_by_who_removes() {
        let file = TestFile::new("observers");
        let (remover, reader) = (locks(&file.0, OFlags::RDWR), locks(&file.0, OFlags::RDONLY));
        let (first, second) = (reader.observe(3).unwrap().unwrap(), reader.observe(4).unwrap().unwrap());
        assert_eq!(remover.members().unwrap(), Members::None);
        assert!(remover.claim_all().unwrap());
        drop(first);
        assert!(!remover.keep_observers_out().unwrap(), "one of the two still looks");
        drop(second);
        assert!(remover.keep_observers_out().unwrap());
        assert!(reader.observe(3).unwrap().is_none());
        drop(remover);
        assert!(reader.observe(3).unwrap().is_some());
    }

    #[test]
    fn one_who_is_about_to_remove_is_not_taken_for_a_user() {
        let file = TestFile::new("transition");
        let (remover, other) = (locks(&file.0, OFlags::RDWR), locks(&file.0, OFlags::RDWR));
        assert!(remover.claim_all().unwrap());
        assert_eq!(other.members().unwrap(), Members::InTransition);
        assert!(!other.join(3).unwrap());
    }
}
