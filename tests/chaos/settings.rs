//! What was asked for, and by that who this process is.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use shmrec_tests::directory::{Kind, Place};

use crate::{driver, worker};

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    /// At least this long.
    pub(crate) time: Duration,
    /// And until so many processes have been killed.
    pub(crate) kills: u64,
    /// And until so many calls have been made.
    pub(crate) operations: u64,
    pub(crate) processes: usize,
    /// Named segments, or System V segments.
    pub(crate) kind: Kind,
    /// Pause between two blows, on average.
    pub(crate) pace: Duration,
}

const USAGE: &str =
    "chaos [--minutes N] [--seconds N] [--kills N] [--operations N] [--processes N] [--pace-us N] [--seed N] [--keys]";

/// Runs what the arguments say.
pub(crate) fn run() {
    let mut arguments = std::env::args().skip(1);
    let mut settings = Settings {
        seed: 1,
        time: Duration::ZERO,
        kills: 0,
        operations: 0,
        processes: 24,
        kind: Kind::Named,
        pace: Duration::from_millis(8),
    };
    while let Some(flag) = arguments.next() {
        if flag == "worker" {
            let mut next = || arguments.next().expect("an argument of a worker");
            let place = Place::of_argument(&OsString::from(next()));
            let board = PathBuf::from(next());
            let mut number = || next().parse().expect("a number");
            let (slot, life, seed) = (number(), number(), number());
            return worker::run(&place, &board, slot as usize, life, seed);
        }
        if flag == "--keys" {
            settings.kind = Kind::Keyed;
            continue;
        }
        let value: u64 = arguments.next().and_then(|v| v.parse().ok()).unwrap_or_else(|| panic!("usage: {USAGE}"));
        match flag.as_str() {
            "--minutes" => settings.time = Duration::from_secs(60 * value),
            "--seconds" => settings.time = Duration::from_secs(value),
            "--kills" => settings.kills = value,
            "--operations" => settings.operations = value,
            "--processes" => settings.processes = value as usize,
            "--pace-us" => settings.pace = Duration::from_micros(value),
            "--seed" => settings.seed = value,
            _ => panic!("usage: {USAGE}"),
        }
    }
    if !driver::run(&settings) {
        std::process::exit(1);
    }
}
