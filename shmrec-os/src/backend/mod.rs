//! Which system's way of doing things this build has: chosen here, once. Every backend has the items that are imported
//! and exported below, with the same signatures.
//!
//! What does not depend on the system stands beside the backends: [`mapping`], [`deadline`].

mod deadline;
mod mapping;

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod unix;
#[cfg(any(target_os = "linux", target_os = "macos"))]
use unix as chosen;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as chosen;

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
compile_error!("shmrec has no backend for this operating system: it runs on Linux, Windows and macOS");

pub use chosen::{
    Attachment, Copied, Foreign, Liveness, Memory, NewSegment, companion_name, create, create_foreign, entries, facts,
    file_facts, link, link_foreign, observe, remove, remove_damaged, remove_foreign, this_creator,
};
pub use deadline::Deadline;
pub use mapping::{Mapping, Width};

pub(crate) use chosen::{default_directory, device_and_inode, environment_is_trusted, file_stem, means_no_descriptors};
