//! What macOS has otherwise than Linux. Type-checked, and never run: `docs/platforms.md` says so.
//!
//! Files always have a name here, so segments are made under a temporary one; and an open file is opened again by its name
//! only, since `/dev/fd` gives the same description, with its locks.

pub(super) mod futex;
pub(super) mod sysv;

use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::ptr::NonNull;

use rustix::fs::{Mode, OFlags, RawMode, Stat};

/// Opens a file that has no name: there is no such thing here.
pub(super) const WITHOUT_NAME: Option<OFlags> = None;

/// Whether POSIX shared memory objects are files in a directory.
pub(super) const HAS_OBJECT_FILES: bool = false;

/// Opens a file to be looked at. Here the permission bits count all the same: what its own owner may not read is left
/// alone, and said to be.
pub(super) const LOCATED: OFlags = OFlags::RDONLY;

/// Random bits: the caller has another source.
pub(super) fn random() -> Option<u64> {
    None
}

/// The permission bits of a file.
pub(super) fn mode_of(stat: &Stat) -> u32 {
    u32::from(stat.st_mode & 0o7777)
}

/// Permission bits as calls take them.
pub(super) fn mode(bits: u32) -> Mode {
    // Permission bits are twelve.
    Mode::from_raw_mode(bits as RawMode)
}

/// The directory of everyone who names no other: this user's, which the system gives, and does not sweep as it does
/// the one for temporary files.
#[allow(unsafe_code)]
pub(super) fn default_directory() -> PathBuf {
    let mut bytes = vec![0u8; 1024];
    // SAFETY: the call writes no more than the bytes that it is given, a NUL last, and says how many it needs.
    let len = unsafe { libc::confstr(libc::_CS_DARWIN_USER_CACHE_DIR, bytes.as_mut_ptr().cast(), bytes.len()) };
    if len < 2 || len > bytes.len() {
        return std::env::temp_dir();
    }
    bytes.truncate(len - 1);
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// Whether the environment was set by somebody with this program's rights: not when it is setuid or the like.
#[allow(unsafe_code)]
pub(super) fn environment_is_trusted() -> bool {
    // SAFETY: asks a question of the kernel, and has no arguments.
    unsafe { libc::issetugid() == 0 }
}

/// Maps all pages of a mapping now: there is no call for it here.
pub(super) fn populate(_start: NonNull<u8>, _len: usize, _writable: bool) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
