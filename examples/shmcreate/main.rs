//! The first of two programs to try in two terminals: it creates a segment. `shmlink` is the other.

use std::process::ExitCode;

use clap::Parser;
use shmrec::Perms;
use shmrec_examples::clock;
use shmrec_examples::demo::command::HELP;
use shmrec_examples::demo::conversation;
use shmrec_examples::demo::link::Link;
use shmrec_examples::demo::options::{self, Common};
use shmrec_examples::demo::record::Demo;

/// Creates a segment and takes commands, one a line. Run shmlink in another terminal.
#[derive(Debug, Parser)]
#[command(after_help = format!("Commands:\n{HELP}\n\nExit code: 0; 1 when the segment was not created; 2 for a wrong command line."))]
struct Arguments {
    #[command(flatten)]
    common: Common,

    /// Who may read and write: r, rrr, rw, rwrwrw, or an octal number as 0640
    #[arg(long, default_value = "rw", value_parser = options::perms)]
    perms: Perms,

    /// Keep the segment when its last user goes
    #[arg(long)]
    persist: bool,

    /// How many versions the segment has room for: 2, 4, 8 … 256
    #[arg(long, value_name = "N", default_value = "4")]
    slots: u32,

    /// Create it without a first record
    #[arg(long)]
    empty: bool,
}

fn main() -> ExitCode {
    let Arguments { common, perms, persist, slots, empty } = Arguments::parse();
    let options = common.options().perms(perms).persist(persist).slots(slots);
    let created = if empty {
        options.create(&common.name)
    } else {
        let first = Demo { text: "created".to_owned(), updated: clock::now(), ..Demo::default() };
        options.create_with(&common.name, &first)
    };
    conversation::run("shmcreate", created.map(Link::Whole).map_err(Into::into))
}
