//! A system monitor of two programs: one publishes this machine's figures, any number show them.
//!
//! The publisher writes one record of some KiB ten times a second. A viewer links to it read-only: it costs the
//! publisher nothing, however many there are, and it never sees half of a record. What it shows beside the figures is
//! what the segment tells about itself: the version, how many versions a second, how many this viewer missed.
//!
//! - `publish` takes the publisher's place, under the segment's lock, and keeps it.
//! - `view` links, visits every version, and starts a publisher when there is none.
//! - `child` is that publisher, as seen by the viewer that started it.
//! - `screen` shows a table in place, or on paper.
//! - `stop` is how all of them learn that it is over.

mod child;
mod failed;
mod publish;
mod screen;
mod stop;
mod view;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use shmrec::{Perms, SegmentOptions};
use shmrec_examples::signals;

use crate::failed::Failed;
use crate::stop::Stop;

/// How long a publisher may be silent before another takes its place: fifteen versions.
const SILENCE: Duration = Duration::from_millis(1500);

/// This user publishes, everybody may look.
const PERMS: Perms = match Perms::from_mode(0o644) {
    Ok(perms) => perms,
    Err(_) => panic!("read and write bits only"),
};

/// Shows this machine's figures: processors, memory, network, disks, processes.
///
/// One process publishes the figures ten times a second as one record in shared memory; others link to it read-only and
/// show them. Without a command: shows them, and starts a publisher if there is none, which ends with this program.
#[derive(Debug, Parser)]
#[command(
    after_help = "On a terminal the table is redrawn in place until Ctrl-C. Elsewhere it is printed once a second, \
                        for 3 seconds.\nColours are left out when NO_COLOR is set.\n\nExit code: 0, also after Ctrl-C \
                        and SIGTERM; 1 when something failed; 2 for a wrong command line; 3 when another process \
                        publishes already."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    /// End after so many seconds.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: Option<u32>,

    /// The segment's name.
    #[arg(long, global = true, default_value = "sysmon")]
    name: String,

    /// The segment's directory, instead of $SHMREC_DIR or /dev/shm.
    #[arg(long, global = true)]
    dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Publish the figures, and show nothing.
    Publish {
        /// End when the standard input does, as it does when the program dies that holds its other end.
        #[arg(long, hide = true)]
        until_eof: bool,
    },
    /// Show what another process publishes; wait for one, never start one.
    View,
}

/// The segment, and how long this program works with it.
#[derive(Debug)]
struct Work {
    name: String,
    dir: Option<PathBuf>,
    options: SegmentOptions,
    stop: Stop,
    end: Option<Instant>,
}

impl Work {
    fn is_over(&self) -> bool {
        self.stop.is_told() || self.left().is_some_and(|left| left.is_zero())
    }

    /// The time that is left, if there is an end to it.
    fn left(&self) -> Option<Duration> {
        self.end.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// `time`, or what is left.
    fn at_most(&self, time: Duration) -> Duration {
        self.left().map_or(time, |left| left.min(time))
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => {
            eprintln!("sysmon: {failed}");
            ExitCode::from(failed.exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failed> {
    let Arguments { command, seconds, name, dir } = arguments;

    // Versions come so seldom that readers, who cannot register as waiting, are always woken; and of eight slots seven
    // are history, so that a reader that is late by half a second misses nothing.
    let mut options = SegmentOptions::new().perms(PERMS).wake_always(true).slots(8);
    if let Some(dir) = &dir {
        options = options.dir(dir);
    }

    let stop = Stop::new();
    let told = stop.clone();
    signals::on_end(move || told.tell()).map_err(Failed::Signals)?;

    let watched = matches!(command, Some(Command::Publish { .. })) || screen::is_terminal();
    let seconds = seconds.or(if watched { None } else { Some(3) });
    let end = seconds.and_then(|n| Instant::now().checked_add(Duration::from_secs(n.into())));
    let work = Work { name, dir, options, stop, end };
    match command {
        Some(Command::Publish { until_eof }) => {
            if until_eof {
                work.stop.tell_at_eof().map_err(Failed::Signals)?;
            }
            publish::publish(&work, !until_eof)
        }
        Some(Command::View) => view::view(&work, false),
        None => view::view(&work, true),
    }
}
