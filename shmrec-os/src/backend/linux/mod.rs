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
