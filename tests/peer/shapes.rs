//! Placeholder.
use std::ffi::OsString;
pub(crate) fn run(_arguments: &[OsString]) {}
