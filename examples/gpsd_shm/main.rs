//! Shows what gpsd exports to shared memory, without libgps: time, place, speed.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use shmrec::Key;
use shmrec_examples::demo::options::{self, ByKey};
use shmrec_examples::gpsd;
use shmrec_examples::pace::Pace;

/// Shows the fixes that gpsd exports to its System V segment.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    pace: Pace,

    /// The segment's key, if it is not gpsd's own
    #[arg(long, default_value = "0x47505344", value_parser = key)]
    key: Key,
}

fn key(text: &str) -> Result<Key, String> {
    match options::key(text)? {
        ByKey::Of(key) => Ok(key),
        ByKey::OfName => Err("gpsd's segment has no name".to_owned()),
    }
}

fn main() -> ExitCode {
    match show(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gpsd_shm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn show(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let export = gpsd::export(arguments.key).reader()?;
    println!(
        "{}: {} bytes, mode {:04o} of user {}",
        export.place(),
        export.stat().size,
        export.stat().mode,
        export.stat().owner
    );
    let mut last = None;
    arguments.pace.repeat(|| {
        let fix = export.read()?;
        if last.replace(fix.bookend1) == Some(fix.bookend1) {
            return Ok(false);
        }
        let place = match fix.mode {
            3 => format!("{:.5} {:.5}, {:.1} m, {:.1} m/s", fix.latitude, fix.longitude, fix.alt_msl, fix.speed),
            2 => format!("{:.5} {:.5}, {:.1} m/s", fix.latitude, fix.longitude, fix.speed),
            _ => "no fix".to_owned(),
        };
        println!("tick {}: {}.{:09}: {place}", fix.bookend1, fix.time_sec, fix.time_nsec);
        Ok(true)
    })
}
