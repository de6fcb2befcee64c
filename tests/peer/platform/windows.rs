//! Windows: no mode of its own.

use std::ffi::OsString;

/// Runs a mode; `false` when there is none of this name.
pub(crate) fn run(_mode: &str, _arguments: &[OsString]) -> bool {
    false
}
