//! Files that are complete before anybody can find them.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{self, AtFlags, CWD, FallocateFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::files::{has_proc, link_unnamed, reopen, write_all_at};
use super::fork::LockDescriptor;
use super::locks::Locks;
use super::system;
use crate::backend::random::random;
use crate::{Failure, Perms, Place, What};

/// What a temporary name begins with, where a file cannot be made without one.
const TEMPORARY: &str = ".shmrec-new.";

/// What is to stand in a file.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    /// Its length in bytes.
    pub(super) len: u64,
    /// Offsets and bytes; the rest is zero.
    pub(super) parts: &'a [(usize, &'a [u8])],
}

/// What a file's maker is to others from the moment that it has its name.
#[derive(Clone, Copy)]
pub(super) enum Holding {
    /// One of its users.
    Member,
    /// Somebody who has it for himself alone.
    All,
}

/// Where a file is to be.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) directory: &'a Path,
    pub(super) path: &'a Path,
}

impl<'a> From<&'a Place> for Spot<'a> {
    fn from(place: &'a Place) -> Self {
        Self { directory: place.directory(), path: place.path() }
    }
}

/// A complete file without a name, and its maker's locks.
pub(super) struct Unnamed {
    pub(super) file: OwnedFd,
    pub(super) locks: Locks,
    /// Where the file system cannot make a file without a name.
    temporary: Option<Temporary>,
}

impl Unnamed {
    pub(super) fn make(spot: Spot<'_>, perms: Perms, content: Content<'_>, holding: Holding) -> Result<Self, Failure> {
        let failed = |call| move |error: Errno| Failure::of_call(call, spot.path, error);
        let (file, temporary) = open_unnamed(spot)?;
        // The umask may have taken the creator's own rights, which the next call needs.
        fs::fchmod(&file, Mode::RUSR | Mode::WUSR).map_err(failed("fchmod"))?;
        // At once: a temporary name without a user is swept away. And before the mode is set, because a mode of 0400
        // would forbid it.
        let named = temporary.as_ref().map(|t| t.0.as_path());
        let locks = Locks::new(
            LockDescriptor::open(|| reopen(file.as_fd(), named, OFlags::RDWR)).map_err(failed("open"))?,
            true,
        );
        let held = match holding {
            Holding::Member => locks.join(random()),
            Holding::All => locks.claim_all(),
        };
        if !held.map_err(failed("fcntl"))? {
            return Err(Failure::new(What::Busy, spot.path));
        }
        allocate(&file, content.len, spot)?;
        for (at, bytes) in content.parts {
            write_all_at(&file, bytes, *at as u64).map_err(failed("pwrite"))?;
        }
        let asked = perms.mode();
        fs::fchmod(&file, system::mode(asked)).map_err(failed("fchmod"))?;
        let actual = system::mode_of(&fs::fstat(&file).map_err(failed("fstat"))?);
        if actual != asked {
            return Err(Failure::new(What::WrongMode { asked, actual }, spot.path));
        }
        Ok(Self { file, locks, temporary })
    }

    /// Gives the file its name, if nothing has it.
    pub(super) fn publish(&self, spot: Spot<'_>) -> Result<(), Errno> {
        match &self.temporary {
            Some(Temporary(path)) => match fs::linkat(CWD, path, CWD, spot.path, AtFlags::empty()) {
                // No hard links here.
                Err(Errno::PERM | Errno::OPNOTSUPP) => {
                    fs::renameat_with(CWD, path, CWD, spot.path, RenameFlags::NOREPLACE)
                }
                outcome => outcome,
            },
            None => link_unnamed(self.file.as_fd(), spot.path),
        }
    }

    /// Whether it was made under a name that somebody could sweep away.
    pub(super) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }
}

/// A temporary name. It goes when the file has its own, or has failed to be made.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::unlink(&self.0);
    }
}

fn open_unnamed(spot: Spot<'_>) -> Result<(OwnedFd, Option<Temporary>), Failure> {
    let Some(flags) = system::WITHOUT_NAME else { return open_temporary(spot) };
    match fs::open(spot.directory, flags | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR) {
        Ok(file) if has_proc() => Ok((file, None)),
        // File systems without O_TMPFILE say so in different ways, and without /proc such a file gets no name.
        Ok(_) | Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOSYS) => open_temporary(spot),
        Err(error) => Err(not_opened(error, spot)),
    }
}

fn not_opened(error: Errno, spot: Spot<'_>) -> Failure {
    match error {
        Errno::NOENT | Errno::NOTDIR => Failure::with_source(What::NoDirectory, spot.directory, error),
        error => Failure::of_call("open", spot.directory, error),
    }
}

fn open_temporary(spot: Spot<'_>) -> Result<(OwnedFd, Option<Temporary>), Failure> {
    sweep_temporaries(spot.directory);
    let path = spot.directory.join(format!("{TEMPORARY}{:016x}", random()));
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = fs::open(&path, flags, Mode::RUSR | Mode::WUSR).map_err(|error| not_opened(error, spot))?;
    Ok((file, Some(Temporary(path))))
}

/// Removes the temporary names of creators that died before they were done. What cannot be removed stays: nobody waits
/// for it.
fn sweep_temporaries(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let temporary = path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(TEMPORARY));
        if !temporary {
            continue;
        }
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(descriptor) = LockDescriptor::open(|| fs::open(&path, flags, Mode::empty())) else { continue };
        if matches!(Locks::new(descriptor, true).claim_all(), Ok(true)) {
            let _ = fs::unlink(&path);
        }
    }
}

/// Reserves all of the file now: a full file system is an error here, and a fatal signal later.
fn allocate(file: &OwnedFd, len: u64, spot: Spot<'_>) -> Result<(), Failure> {
    loop {
        match fs::fallocate(file, FallocateFlags::empty(), 0, len) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG)) => {
                return Err(Failure::with_source(What::NoSpace { bytes: len }, spot.directory, error));
            }
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return allocate_by_writing(file, len, spot),
            Err(error) => return Err(Failure::of_call("fallocate", spot.directory, error)),
        }
    }
}

fn allocate_by_writing(file: &OwnedFd, len: u64, spot: Spot<'_>) -> Result<(), Failure> {
    let zeros = [0; 1 << 16];
    let mut at = 0;
    while at < len {
        let piece = &zeros[..zeros.len().min((len - at) as usize)];
        write_all_at(file, piece, at).map_err(|error| match error {
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => {
                Failure::with_source(What::NoSpace { bytes: len }, spot.directory, error)
            }
            error => Failure::of_call("pwrite", spot.directory, error),
        })?;
        at += piece.len() as u64;
    }
    Ok(())
}
