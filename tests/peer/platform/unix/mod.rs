//! UNIX: `fork`, file systems of one's own, limits of descriptors.

mod descriptors;
mod fork;
mod nosegments;
mod nospace;

use std::ffi::OsString;

/// Runs a mode; `false` when there is none of this name.
pub(crate) fn run(mode: &str, arguments: &[OsString]) -> bool {
    match mode {
        "fork" => fork::run(arguments),
        "nosegments" => nosegments::run(arguments),
        "nospace" => nospace::run(arguments),
        "descriptors" => descriptors::run(arguments),
        _ => return false,
    }
    true
}
