//! Which system's way of doing things this build has: chosen here, once. Every backend has the items that are exported
//! below, with the same signatures.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as chosen;

#[cfg(not(target_os = "linux"))]
compile_error!("shmrec has no backend for this operating system yet: it runs on Linux");

pub use chosen::{
    Attachment, Copied, Deadline, Liveness, Mapping, Memory, NewSegment, create, link, remove, this_creator,
};

pub(crate) use chosen::{device_and_inode, environment_is_trusted};
