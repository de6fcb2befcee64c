//! Linux: files in a directory (tmpfs as a rule), open-file-description locks, futexes.

mod attachment;
mod copied;
mod fork;
mod futex;
mod locks;
mod mapping;
mod named;

pub use attachment::{Attachment, Deadline, Liveness, Memory};
pub use copied::Copied;
pub use mapping::Mapping;
pub use named::{NewSegment, create, link, remove, this_creator};

/// Whether the environment was set by somebody with this program's rights: not when it is setuid or the like.
#[allow(unsafe_code)]
pub(crate) fn environment_is_trusted() -> bool {
    // SAFETY: looks a number up that the kernel gave this process; 0 if there is none.
    unsafe { libc::getauxval(libc::AT_SECURE) == 0 }
}
