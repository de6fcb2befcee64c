//! Which system's way of doing things this build has: chosen here, once. Every backend has the items that are imported
//! and exported below, with the same signatures.
//!
//! What does not depend on the system stands beside the backends: [`mapping`], [`deadline`].

mod deadline;
mod mapping;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as chosen;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as chosen;

#[cfg(not(any(target_os = "linux", windows)))]
compile_error!("shmrec has no backend for this operating system: it runs on Linux and Windows");

pub use chosen::{Attachment, Copied, Liveness, Memory, NewSegment, create, link, remove, this_creator};
pub use deadline::Deadline;
pub use mapping::Mapping;

pub(crate) use chosen::{default_directory, device_and_inode, environment_is_trusted, file_stem, means_no_descriptors};
