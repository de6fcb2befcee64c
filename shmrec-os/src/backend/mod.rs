//! Which system's way of doing things this build has: chosen here, once. Every backend has the items that are imported
//! and exported below, with the same signatures.
//!
//! What does not depend on the system stands beside the backends.

mod deadline;
mod foreign;
mod mapping;
mod new;
mod random;

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
    Attachment, Copied, Liveness, Memory, companion_name, create, create_foreign, entries, facts, file_facts, link,
    link_foreign, observe, remove, remove_damaged, remove_foreign,
};
pub use deadline::Deadline;
pub use foreign::Foreign;
pub use mapping::{Mapping, Width};
pub use new::{NewSegment, this_creator};

pub(crate) use chosen::{default_directory, device_and_inode, environment_is_trusted, file_stem, means_no_descriptors};
