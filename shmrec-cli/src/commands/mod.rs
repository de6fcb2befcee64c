//! One module for each subcommand.

pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod record;
pub(crate) mod remove;
pub(crate) mod replay;
pub(crate) mod schema;
pub(crate) mod set;
pub(crate) mod show;
mod versions;
pub(crate) mod watch;
