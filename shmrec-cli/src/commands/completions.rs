//! `shmrec completions`.

use std::io::Write;

use clap::CommandFactory;

use crate::arguments::{Arguments, Completions};
use crate::failed::Outcome;

pub(crate) fn run(arguments: &Completions) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "shmrec", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}
