//! What has a name in a directory: looked at and opened, never made and never followed.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{self, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::fork::LockDescriptor;
use super::locks::Locks;
use crate::{Failure, Place, What};

/// What has the name: `None` for nothing.
///
/// # Errors
///
/// When it is not a regular file, which is not even opened: opening a device or a pipe does things.
pub(super) fn look(place: &Place) -> Result<Option<Stat>, Failure> {
    match fs::lstat(place.path()) {
        Ok(stat) => regular(&stat, place.path()).map(|()| Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error @ Errno::NOTDIR) => Err(Failure::with_source(What::NoDirectory, place.directory(), error)),
        Err(error) => Err(Failure::of_call("lstat", place.path(), error)),
    }
}

/// # Errors
///
/// [`What::NotASegment`] when `stat` is not of a regular file.
pub(super) fn regular(stat: &Stat, path: &Path) -> Result<(), Failure> {
    let found = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Symlink => "a symbolic link",
        FileType::Directory => "a directory",
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "of an unknown kind",
    };
    Err(Failure::new(What::NotASegment { found }, path))
}

/// The directory is looked at only when the name is not there: the difference matters to a person.
pub(super) fn not_found(place: &Place) -> Failure {
    match fs::stat(place.directory()) {
        Err(error @ (Errno::NOENT | Errno::NOTDIR)) => {
            Failure::with_source(What::NoDirectory, place.directory(), error)
        }
        _ => Failure::with_source(What::NotFound, place.path(), Errno::NOENT),
    }
}

/// Opens what has the name, never making anything; `None` when the name has just gone or changed.
pub(super) fn open_named(path: &Path, flags: OFlags) -> Result<Option<(OwnedFd, Stat)>, Failure> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match fs::open(path, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT | Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Ok(None),
        Err(error) => return Err(Failure::of_call("open", path, error)),
    };
    let stat = fs::fstat(&file).map_err(|error| Failure::of_call("fstat", path, error))?;
    regular(&stat, path)?;
    Ok(Some((file, stat)))
}

/// A description for locks of its own, for writing where that is permitted; `None` when the name has just changed.
pub(super) fn open_locks(file: BorrowedFd<'_>, path: &Path) -> Result<Option<Locks>, Failure> {
    for (flags, writable) in [(OFlags::RDWR, true), (OFlags::RDONLY, false)] {
        match LockDescriptor::open(|| reopen(file, Some(path), flags)) {
            Ok(descriptor) => return Ok(Some(Locks::new(descriptor, writable))),
            Err(Errno::ACCESS | Errno::PERM | Errno::ROFS) if writable => {}
            Err(Errno::STALE | Errno::NOENT) => return Ok(None),
            Err(error) => return Err(Failure::of_call("open", path, error)),
        }
    }
    Ok(None)
}

/// A second description of an open file. `named` is where it can be found if there is no /proc.
pub(super) fn reopen(file: BorrowedFd<'_>, named: Option<&Path>, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match fs::open(proc_path(file), flags, Mode::empty()) {
        Err(Errno::NOENT | Errno::NOTDIR) => {
            let again = fs::open(named.ok_or(Errno::NOENT)?, flags | OFlags::NOFOLLOW, Mode::empty())?;
            // Another file may have got the name: the caller finds the name changed and begins again.
            if same_file(&fs::fstat(&again)?, &fs::fstat(file)?) { Ok(again) } else { Err(Errno::STALE) }
        }
        outcome => outcome,
    }
}

/// The first `bytes.len()` bytes of a file, or as many as there are.
pub(super) fn read_start<'b>(file: BorrowedFd<'_>, bytes: &'b mut [u8], path: &Path) -> Result<&'b [u8], Failure> {
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::io::pread(file, &mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(Errno::INTR) => {}
            Err(error) => return Err(Failure::of_call("pread", path, error)),
        }
    }
    Ok(&bytes[..filled])
}

/// Writes all of `bytes` at `at`.
pub(super) fn write_all_at(file: &OwnedFd, mut bytes: &[u8], mut at: u64) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::pwrite(file, bytes, at) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => {
                bytes = &bytes[n..];
                at += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether files can be reached through their descriptors.
pub(super) fn has_proc() -> bool {
    fs::access("/proc/self/fd", fs::Access::EXISTS).is_ok()
}

/// A path that leads to an open file, whatever its name has become.
pub(super) fn proc_path(file: BorrowedFd<'_>) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Gives a file that has no name one, if nothing has it.
pub(super) fn link_unnamed(file: BorrowedFd<'_>, path: &Path) -> Result<(), Errno> {
    fs::linkat(CWD, proc_path(file), CWD, path, fs::AtFlags::SYMLINK_FOLLOW)
}

/// Whether `path` is the file of `stat`.
pub(super) fn stands_for(path: &Path, stat: &Stat) -> bool {
    fs::lstat(path).is_ok_and(|named| same_file(&named, stat))
}

fn same_file(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)
}
