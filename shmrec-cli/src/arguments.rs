//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::{span, target};

/// See and work the shared memory segments of this machine.
///
/// Segments of shmrec carry their schema, so every field of every segment can be read and written by its name, whatever
/// program made it. What only looks changes nothing: it is not among a segment's users, and keeps no segment alive.
#[derive(Debug, Parser)]
#[command(name = "shmrec", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) common: Common,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done; 1 it failed; 2 wrong command line; 3 no such segment, field or version; 4 a value was refused and \
nothing was written; 5 permission denied; 6 the time was over; 7 doctor found something to mend.

Colours are left out when NO_COLOR is set or the output is no terminal.";

#[derive(Args, Debug)]
pub(crate) struct Common {
    /// The directory of the segments, instead of $SHMREC_DIR or /dev/shm.
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<PathBuf>,

    /// On Windows: the segments of all sessions, instead of those of this one.
    #[arg(long, global = true)]
    pub(crate) global: bool,

    /// The System V segment under this key, such as 0x4e545030. Without it segments are found by their names, also those
    /// that have keys.
    #[arg(long, global = true, value_name = "KEY", value_parser = target::key)]
    pub(crate) key: Option<shmrec::Key>,

    /// Write JSON: one value, or one line each where there is no end to them.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// When to use colours.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List all segments: what is in them, who uses them, how often they are written.
    #[command(visible_alias = "ls")]
    List(List),
    /// Show a segment's record, or some of its fields.
    Show(Show),
    /// Print the value of a field: NAME.path.to[3].field.
    Get(Get),
    /// Write fields: NAME.field=value; all of them become one version.
    Set(Set),
    /// Print what a segment's record is made of, or the declaration of it in another language.
    Schema(Schema),
    /// Print the last versions that a segment still has.
    History(History),
    /// Print every version as it is published.
    Watch(Watch),
    /// Show all segments on the full screen, and look into them.
    Top(Top),
    /// Write the versions of a segment to a file as they are published.
    Record(Record),
    /// Publish the versions of a file that `record` wrote, at their times.
    Replay(Replay),
    /// Remove a segment that nobody uses.
    #[command(visible_alias = "rm")]
    Remove(Remove),
    /// Find segments with which something is wrong, say what to do, and do it.
    Doctor(Doctor),
    /// Print the completions of a shell: `shmrec completions bash > ~/.local/share/bash-completion/completions/shmrec`.
    Completions(Completions),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only these; all, if none is named.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// How long to watch before the list is printed, for the rates and ages; 0 leaves them out.
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = span::parse)]
    pub(crate) interval: Duration,

    /// Print the creator, the time of creation, slots and path, too.
    #[arg(long, short)]
    pub(crate) long: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The segment.
    pub(crate) name: String,

    /// Only these fields: pose.x, axes[1].limits.
    #[arg(value_name = "FIELD")]
    pub(crate) fields: Vec<String>,

    /// All elements of long lists.
    #[arg(long, short)]
    pub(crate) all: bool,

    /// Another version than the last; `history` says which there are.
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct Get {
    /// Segment and field: robot.axes[1].position.
    #[arg(required = true, value_name = "NAME.FIELD", value_parser = target::Target::parse)]
    pub(crate) targets: Vec<target::Target>,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Values are written as `get` and `show` print them, or as JSON: 300, -0.5, 0xff, true, 'x', kitchen, \
    \"two words\", [1, 2], [0; 16], Some(3), none, Circle { radius: 2 }, {\"x\": 1}, 1.5s, 1h30m, 2026-01-31T12:00:00Z, \
    now, 127.0.0.1. A value that is none of the field's type is refused, and nothing is written."
)]
pub(crate) struct Set {
    /// Segment, field and value: robot.axes[1].position=0.5. The whole record, without a field.
    #[arg(required = true, value_name = "NAME.FIELD=VALUE", value_parser = target::Assignment::parse)]
    pub(crate) assignments: Vec<target::Assignment>,

    /// How long to wait for a program that has the segment's lock.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = span::parse)]
    pub(crate) timeout: Duration,

    /// Write to segments of other users, too: whoever owns one can end this command while it writes, by cutting the
    /// segment short.
    #[arg(long)]
    pub(crate) trust_owner: bool,
}

#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("language").multiple(false))]
pub(crate) struct Schema {
    /// The segment.
    pub(crate) name: String,

    /// A C header.
    #[arg(long, group = "language")]
    pub(crate) c: bool,

    /// A Rust module that derives the same record.
    #[arg(long, group = "language")]
    pub(crate) rust: bool,

    /// A Python module: the numpy dtype, and a function that reads the segment.
    #[arg(long, group = "language")]
    pub(crate) python: bool,
}

#[derive(Args, Debug)]
pub(crate) struct History {
    /// The segment.
    pub(crate) name: String,

    /// Only these fields.
    #[arg(value_name = "FIELD")]
    pub(crate) fields: Vec<String>,

    /// Behind the first version, only what has changed.
    #[arg(long)]
    pub(crate) changes: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Watch {
    /// The segment.
    pub(crate) name: String,

    /// Only these fields.
    #[arg(value_name = "FIELD")]
    pub(crate) fields: Vec<String>,

    /// At most one line in this time; the versions between count as missed.
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    pub(crate) interval: Option<Duration>,

    /// End after so many lines.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Only what has changed; versions in which nothing has are left out.
    #[arg(long)]
    pub(crate) changes: bool,

    /// End with exit code 6 when no version comes for so long.
    #[arg(long, value_name = "TIME", value_parser = span::parse)]
    pub(crate) timeout: Option<Duration>,

    /// Wait for the segment when it is not there, and again when it goes.
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Top {
    /// Open this segment at once.
    pub(crate) name: Option<String>,

    /// How often to look.
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = span::parse)]
    pub(crate) interval: Duration,
}

#[derive(Args, Debug)]
pub(crate) struct Record {
    /// The segment.
    pub(crate) name: String,

    /// The file to be written.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// End after so many versions.
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// End after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = span::parse)]
    pub(crate) time: Option<Duration>,

    /// Write over a file that exists.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// The file that `record` wrote.
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// The segment: one with the same record, or none, which is then created for as long as this runs.
    pub(crate) name: String,

    /// So many times as fast as it was recorded.
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = target::factor)]
    pub(crate) speed: f64,

    /// Without the pauses.
    #[arg(long, conflicts_with = "speed")]
    pub(crate) fast: bool,

    /// Create the segment so that it stays.
    #[arg(long)]
    pub(crate) persist: bool,

    /// The permission bits of a segment that is created.
    #[arg(long, value_name = "MODE", default_value = "0600", value_parser = target::perms)]
    pub(crate) mode: shmrec::Perms,
}

#[derive(Args, Debug)]
pub(crate) struct Remove {
    /// The segments.
    #[arg(required = true, value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Only these; all, if none is named.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    /// Do what can be done: remove what nobody uses and nobody can use.
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}
