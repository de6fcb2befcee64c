//! A reference clock in NTP's shared memory: feeds one to chronyd or ntpd, or watches what another program feeds.
//!
//! With `refclock SHM 2:perm=0666 refid DEMO` in chronyd's configuration, `ntp_shm feed --unit 2` is its clock.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Parser, Subcommand};
use shmrec::Opened;
use shmrec::foreign::{ForeignError, ForeignReadError};
use shmrec_examples::ntp::{self, ShmTime};
use shmrec_examples::pace::Pace;

/// Feeds or watches a reference clock in NTP's shared memory (System V key 0x4e545030 + unit).
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,

    /// The unit
    #[arg(long, default_value = "2", global = true)]
    unit: u8,

    #[command(flatten)]
    pace: Pace,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write measurements: a clock that is ahead of this machine's by so much
    Feed {
        /// How far ahead, in seconds
        #[arg(long, default_value = "0", allow_negative_numbers = true)]
        ahead: f64,
    },
    /// Show the measurements that somebody writes
    Watch,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.what {
        What::Feed { ahead } => feed(&arguments, ahead),
        What::Watch => watch(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ntp_shm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn feed(arguments: &Arguments, ahead: f64) -> Result<(), Box<dyn Error>> {
    let options = ntp::feeding(arguments.unit)?;
    let (clock, opened) = options.create_or_link()?;
    println!(
        "unit {}: {}, {}",
        arguments.unit,
        clock.place(),
        if opened == Opened::Created { "created" } else { "linked" }
    );
    let ended = arguments.pace.repeat(|| {
        let now = SystemTime::now();
        let ahead_of = Duration::try_from_secs_f64(ahead.abs()).unwrap_or_default();
        let reference = if ahead < 0.0 { now.checked_sub(ahead_of) } else { now.checked_add(ahead_of) };
        // The counter and the valid flag are the rule's: they are not stored from here.
        clock.write(&ShmTime::new(reference.unwrap_or(now), now))?;
        Ok(true)
    });
    if opened == Opened::Created {
        // Who reads it keeps it for as long as it likes.
        match options.remove() {
            Err(ForeignError::NotFound(_)) => {}
            outcome => outcome?,
        }
    }
    ended
}

fn watch(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let clock = ntp::watching(arguments.unit)?.reader()?;
    println!(
        "unit {}: {}, mode {:04o} of user {}",
        arguments.unit,
        clock.place(),
        clock.stat().mode,
        clock.stat().owner
    );
    let mut last = None;
    arguments.pace.repeat(|| {
        let sample = match clock.read() {
            Ok(sample) => sample,
            // Just being written: at the next look.
            Err(ForeignReadError::NotWhole(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        // In mode 0 there is no counter. Whether a used one was whole nobody knows; a valid one is.
        if Some(sample.count) == last || (sample.count == 0 && sample.valid == 0) {
            return Ok(false);
        }
        last = Some(sample.count);
        let state = if sample.valid == 1 { "valid" } else { "used" };
        println!(
            "count {}: {}.{:06} is {:+.9} s ahead, leap {}, precision 2^{}, {state}",
            sample.count,
            sample.clock_sec,
            sample.clock_usec,
            sample.offset(),
            sample.leap,
            sample.precision
        );
        Ok(true)
    })
}
