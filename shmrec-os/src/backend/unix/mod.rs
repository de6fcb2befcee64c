//! UNIX: files in a directory, open-file-description locks, sleeping on words, System V segments.
//!
//! What Linux and macOS have each in their own way is in [`system`]. From below: [`fork`] (descriptors of locks) and [`locks`]; [`futex`], [`sysv`], [`mapping`] and [`copied`]
//! (memory); [`files`] and [`unnamed`]; [`claim`]; [`kind`], with [`named`] and [`keyed`], the two kinds of segments;
//! [`leave`], [`attachment`], [`reap`]; [`create`] and [`link`]. Beside them [`foreign`], for memory that other programs lay
//! out.

use std::path::PathBuf;
use std::ptr::NonNull;

use crate::SegmentName;

#[cfg(target_os = "linux")]
#[path = "linux/mod.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos/mod.rs"]
mod system;

mod attachment;
mod claim;
mod copied;
mod create;
mod files;
mod foreign;
mod fork;
mod keyed;
mod kind;
mod leave;
mod link;
mod locks;
mod mapping;
mod named;
mod processes;
mod reap;
mod survey;
mod unnamed;

pub use attachment::{Attachment, Liveness, Memory};
pub use copied::Copied;
pub use create::create;
pub use foreign::{create_foreign, link_foreign, remove_foreign};
pub use link::link;
pub use reap::remove;
pub use survey::{companion_name, entries, facts, file_facts, observe, remove_damaged};

pub(super) use mapping::Backing;

use system::{futex, sysv};

/// The numbers of a file that `ftok` makes a key of.
pub(crate) fn device_and_inode(path: &std::path::Path) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// The directory of everyone who names no other.
pub(crate) fn default_directory() -> PathBuf {
    system::default_directory()
}

/// How a segment's name stands in the name of its file: as it is.
pub(crate) fn file_stem(name: &SegmentName) -> String {
    name.as_str().to_owned()
}

/// Whether an error says that this process, or the machine, has no descriptor left.
pub(crate) fn means_no_descriptors(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

/// Whether the environment was set by somebody with this program's rights: not when it is setuid or the like.
pub(crate) fn environment_is_trusted() -> bool {
    system::environment_is_trusted()
}

/// Random bits, if the kernel has any yet.
pub(super) fn kernel_random() -> Option<u64> {
    system::random()
}

/// The number of this process's user.
pub(super) fn this_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Maps all pages of a mapping now.
///
/// # Errors
///
/// Where the system has no call for it.
pub(crate) fn populate(start: NonNull<u8>, len: usize, writable: bool) -> std::io::Result<()> {
    system::populate(start, len, writable)
}
