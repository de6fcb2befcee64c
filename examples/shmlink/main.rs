//! The second of two programs to try in two terminals: it links to a segment. `shmcreate` is the other.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use shmrec_examples::demo::command::{self, HELP};
use shmrec_examples::demo::conversation;
use shmrec_examples::demo::link::Link;
use shmrec_examples::demo::options::Common;

/// Links to a segment that shmcreate has created, and takes commands, one a line.
#[derive(Debug, Parser)]
#[command(after_help = format!("Commands:\n{HELP}\n\nExit code: 0; 1 when the segment was not linked; 2 for a wrong command line."))]
struct Arguments {
    #[command(flatten)]
    common: Common,

    /// Link for reading only
    #[arg(long)]
    read_only: bool,

    /// Wait up to so long for the segment to be created
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = command::seconds)]
    wait: Duration,
}

fn main() -> ExitCode {
    let Arguments { common, read_only, wait } = Arguments::parse();
    let options = common.options();
    let linked = if read_only {
        options.reader_wait(&common.name, wait).map(Link::ReadOnly)
    } else {
        options.link_wait(&common.name, wait).map(Link::Whole)
    };
    conversation::run("shmlink", linked.map_err(Into::into))
}
