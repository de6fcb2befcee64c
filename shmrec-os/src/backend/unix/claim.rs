//! The claim to a file that nobody uses: whoever has it alone may remove what the file stands for.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;

use super::files::{reopen, stands_for};
use super::fork::LockDescriptor;
use super::locks::Locks;
use crate::Failure;

/// The write lock on all members' bytes of a file, which nobody uses.
pub(super) struct Claim<'a> {
    borrowed: &'a Locks,
    /// A description for writing, where the borrowed one is only for reading.
    own: Option<Locks>,
    /// The file's mode, to be put back unless the file goes.
    mode: Option<Mode>,
}

/// Whether a claim was granted.
pub(super) enum Claimed<'a> {
    Granted(Claim<'a>),
    /// Somebody uses the file, or claims it too.
    Busy,
    /// This user may not open the file for writing.
    NotPermitted,
}

impl<'a> Claim<'a> {
    pub(super) fn of(locks: &'a Locks, path: &Path) -> Result<Claimed<'a>, Failure> {
        let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
        let claim = if locks.writable() {
            Self { borrowed: locks, own: None, mode: None }
        } else {
            match reopen_for_writing(locks.as_fd(), path).map_err(failed("open"))? {
                Reopened::Writable(own, mode) => Self { borrowed: locks, own: Some(own), mode },
                Reopened::Changing => return Ok(Claimed::Busy),
                Reopened::NotPermitted => return Ok(Claimed::NotPermitted),
            }
        };
        // Not granted: the claim's drop puts the mode back.
        Ok(if claim.locks().claim_all().map_err(failed("fcntl"))? { Claimed::Granted(claim) } else { Claimed::Busy })
    }

    fn locks(&self) -> &Locks {
        self.own.as_ref().unwrap_or(self.borrowed)
    }

    /// Makes sure that nobody attaches the segment just to look at it, for as long as this is kept; `false` when somebody
    /// does and goes on.
    pub(super) fn keep_observers_out(&self) -> Result<bool, Errno> {
        // A look takes microseconds; one whose program is stopped in it does not end.
        const LOOKS: u32 = 50;
        const PAUSE: Duration = Duration::from_millis(1);
        for _ in 0..LOOKS {
            if self.locks().keep_observers_out()? {
                return Ok(true);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(false)
    }

    /// Whether the name still stands for the file.
    pub(super) fn has_name(&self, path: &Path) -> Result<bool, Errno> {
        Ok(stands_for(path, &fs::fstat(self)?))
    }

    /// Removes the name, which stands for the file.
    pub(super) fn unlink(mut self, path: &Path) -> Result<(), (Self, Errno)> {
        match fs::unlink(path) {
            Ok(()) => {
                self.mode = None;
                Ok(())
            }
            Err(error) => Err((self, error)),
        }
    }
}

impl AsFd for Claim<'_> {
    /// The file, open for reading and writing.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.locks().as_fd()
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(mode) = self.mode {
            // The file's own owner set it a moment ago; were it to fail, the file is more open to its owner, to nobody
            // else.
            let _ = fs::fchmod(self.locks(), mode);
        }
    }
}

/// What came of opening a file again that was open for reading only.
enum Reopened {
    /// It can be locked for writing. The file's mode, if that had to be changed.
    Writable(Locks, Option<Mode>),
    /// The name, or the mode, is just being changed by another program.
    Changing,
    /// This user may not.
    NotPermitted,
}

fn reopen_for_writing(file: BorrowedFd<'_>, path: &Path) -> Result<Reopened, Errno> {
    let open = || LockDescriptor::open(|| reopen(file, Some(path), OFlags::RDWR));
    match open() {
        Ok(descriptor) => return Ok(Reopened::Writable(Locks::new(descriptor, true), None)),
        Err(Errno::STALE | Errno::NOENT) => return Ok(Reopened::Changing),
        // No mode would help.
        Err(Errno::PERM | Errno::ROFS) => return Ok(Reopened::NotPermitted),
        Err(Errno::ACCESS) => {}
        Err(error) => return Err(error),
    }
    // The owner of a file that nobody may write can make it writable; nobody uses it, or the mode is put back.
    let stat = fs::fstat(file)?;
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Ok(Reopened::NotPermitted);
    }
    if mode.contains(Mode::WUSR) {
        // It was not writable a moment ago: another program of this user is at it, and remembers the mode.
        return Ok(Reopened::Changing);
    }
    // Everybody else keeps the rights that they have: somebody may come.
    match fs::fchmod(file, mode | Mode::WUSR) {
        Ok(()) => {}
        Err(Errno::PERM | Errno::ROFS) => return Ok(Reopened::NotPermitted),
        Err(error) => return Err(error),
    }
    match open() {
        Ok(descriptor) => Ok(Reopened::Writable(Locks::new(descriptor, true), Some(mode))),
        Err(error) => {
            fs::fchmod(file, mode)?;
            match error {
                Errno::STALE | Errno::NOENT => Ok(Reopened::Changing),
                Errno::ACCESS | Errno::PERM | Errno::ROFS => Ok(Reopened::NotPermitted),
                error => Err(error),
            }
        }
    }
}
