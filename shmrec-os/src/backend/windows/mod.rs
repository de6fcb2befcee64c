//! Windows: named sections, files that persist, events as signs of life and to sleep on, security descriptors.
//!
//! From below: [`handle`], [`security`], [`names`]; [`section`], [`event`] and [`file`], what the kernel has;
//! [`sleepers`], [`copied`], [`attachment`], what one handle uses; [`life`], how segments come and go.

mod attachment;
mod copied;
mod event;
mod file;
mod foreign;
mod handle;
mod life;
mod listing;
mod names;
mod section;
mod security;
mod sleepers;
mod survey;

use std::ptr::NonNull;

pub use attachment::{Attachment, Liveness, Memory};
pub use copied::Copied;
pub use foreign::{create_foreign, link_foreign, remove_foreign};
pub use life::{create, link, remove};
pub use survey::{companion_name, entries, facts, file_facts, observe, remove_damaged};

pub(super) use section::View as Backing;

pub(crate) use names::{default_directory, file_stem};

/// The numbers of a file that `ftok` makes a key of: there are no keys here.
pub(crate) fn device_and_inode(_path: &std::path::Path) -> std::io::Result<(u64, u64)> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "this system has no System V segments"))
}

/// Whether the environment was set by somebody with this program's rights: Windows has no programs that run with others
/// than their caller's.
pub(crate) fn environment_is_trusted() -> bool {
    true
}

/// Whether an error says that there are too many open handles.
pub(crate) fn means_no_descriptors(error: &std::io::Error) -> bool {
    handle::is(error, windows_sys::Win32::Foundation::ERROR_TOO_MANY_OPEN_FILES)
}

/// Random bits: those of a hasher, whose keys are the system's, are as good.
pub(super) fn kernel_random() -> Option<u64> {
    None
}

/// The number of this process's user.
pub(super) fn this_uid() -> u32 {
    security::this_uid()
}

/// Maps all pages of a mapping now: there is no call for it here.
pub(crate) fn populate(_start: NonNull<u8>, _len: usize, _writable: bool) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
