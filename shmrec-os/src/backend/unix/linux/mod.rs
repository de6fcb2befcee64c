//! What Linux has and other systems have otherwise: files without a name, paths to open files, futexes, System V segments.

pub(super) mod futex;
pub(super) mod sysv;

use std::path::PathBuf;
use std::ptr::NonNull;

use rustix::fs::{Mode, OFlags, RawMode, Stat};
use rustix::mm::{Advice, madvise};

/// Opens a file in a directory that has no name there, where the file system can.
pub(super) const WITHOUT_NAME: Option<OFlags> = Some(OFlags::TMPFILE);

/// Whether POSIX shared memory objects are files in a directory.
pub(super) const HAS_OBJECT_FILES: bool = true;

/// Opens a file, whatever its permission bits, to be looked at and reached by the path to its descriptor.
pub(super) const LOCATED: OFlags = OFlags::PATH;

/// Random bits, if the kernel has any yet.
pub(super) fn random() -> Option<u64> {
    let mut bytes = [0; 8];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::NONBLOCK);
    (filled == Ok(8)).then(|| u64::from_le_bytes(bytes))
}

/// The permission bits of a file.
pub(super) fn mode_of(stat: &Stat) -> u32 {
    stat.st_mode & 0o7777
}

/// Permission bits as calls take them.
pub(super) fn mode(bits: u32) -> Mode {
    Mode::from_raw_mode(bits as RawMode)
}

/// The directory of everyone who names no other.
pub(super) fn default_directory() -> PathBuf {
    PathBuf::from("/dev/shm")
}

/// Whether the environment was set by somebody with this program's rights: not when it is setuid or the like.
#[allow(unsafe_code)]
pub(super) fn environment_is_trusted() -> bool {
    // SAFETY: looks a number up that the kernel gave this process; 0 if there is none.
    unsafe { libc::getauxval(libc::AT_SECURE) == 0 }
}

/// Maps all pages of a mapping now.
///
/// # Errors
///
/// Where the kernel has no such call, which came with Linux 5.14.
#[allow(unsafe_code)]
pub(super) fn populate(start: NonNull<u8>, len: usize, writable: bool) -> std::io::Result<()> {
    let advice = if writable { Advice::LinuxPopulateWrite } else { Advice::LinuxPopulateRead };
    // SAFETY: the advice changes no byte, and what is not mapped there is an error.
    Ok(unsafe { madvise(start.as_ptr().cast(), len, advice) }?)
}
