//! The `shmrec` command: see and work every segment on the machine.
//!
//! It stands on shmrec's public face only. What looks at segments observes them: it is not among their users, holds none
//! of their locks, and a segment goes when its users go, whoever looks at it.
//!
//! - `arguments`, `target`, `span`, `typed` read what a person types: options, paths, times, values.
//! - `text`, `json`, `tree`, `output` say what there is, to people, programs, and terminals that other users' text must not
//!   command.
//! - `code` writes the declaration of a record in other languages.
//! - `recording` is the file of `record` and `replay`.
//! - `commands` has one module for each subcommand, `top` the full-screen view.

mod arguments;
mod code;
mod commands;
mod context;
mod failed;
mod json;
mod output;
mod recording;
mod signals;
mod span;
mod target;
mod text;
mod top;
mod tree;
mod typed;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::context::Context;
use crate::failed::Outcome;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let context = Context::new(&arguments.common);
    match run(&context, arguments.command).and_then(|()| Ok(std::io::stdout().flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            if !failed.message.is_empty() {
                // Names and texts in it may be others'.
                output::note(&failed.to_string().lines().map(text::clean).collect::<Vec<_>>().join("\n"));
            }
            failed.exit_code()
        }
    }
}

fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::List(list) => commands::list::run(context, &list),
        Command::Show(show) => commands::show::run(context, &show),
        Command::Get(get) => commands::get::run(context, &get),
        Command::Set(set) => commands::set::run(context, &set),
        Command::Schema(schema) => commands::schema::run(context, &schema),
        Command::History(history) => commands::history::run(context, &history),
        Command::Watch(watch) => commands::watch::run(context, &watch),
        Command::Top(top) => top::run(context, &top),
        Command::Record(record) => commands::record::run(context, &record),
        Command::Replay(replay) => commands::replay::run(context, &replay),
        Command::Remove(remove) => commands::remove::run(context, &remove),
        Command::Doctor(doctor) => commands::doctor::run(context, &doctor),
        Command::Completions(completions) => commands::completions::run(&completions),
    }
}
