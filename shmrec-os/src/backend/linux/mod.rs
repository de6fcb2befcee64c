//! Linux: files in a directory (tmpfs as a rule), open-file-description locks, futexes, System V segments.
//!
//! From below: [`random`], [`fork`] (descriptors of locks) and [`locks`]; [`futex`], [`sysv`], [`mapping`] and [`copied`]
//! (memory); [`files`] and [`unnamed`]; [`claim`]; [`kind`], with [`named`] and [`keyed`], the two kinds of segments;
//! [`leave`], [`attachment`], [`reap`]; [`create`] and [`link`].

mod attachment;
mod claim;
mod copied;
mod create;
mod files;
mod fork;
mod futex;
mod keyed;
mod kind;
mod leave;
mod link;
mod locks;
mod mapping;
mod named;
mod random;
mod reap;
mod sysv;
mod unnamed;

pub use attachment::{Attachment, Deadline, Liveness, Memory};
pub use copied::Copied;
pub use create::{NewSegment, create, this_creator};
pub use link::link;
pub use mapping::Mapping;
pub use reap::remove;

/// The numbers of a file that `ftok` makes a key of.
pub(crate) fn device_and_inode(path: &std::path::Path) -> std::io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Whether the environment was set by somebody with this program's rights: not when it is setuid or the like.
#[allow(unsafe_code)]
pub(crate) fn environment_is_trusted() -> bool {
    // SAFETY: looks a number up that the kernel gave this process; 0 if there is none.
    unsafe { libc::getauxval(libc::AT_SECURE) == 0 }
}
