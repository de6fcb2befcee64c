//! The publisher.

use std::io::Write;
use std::time::{Duration, Instant};

use shmrec::{CreateError, LinkError, Segment, SharedField, SharedRecord, WaitError};
use shmrec_examples::proc::files::Files;
use shmrec_examples::sysmon::record::{Machine, Publisher};
use shmrec_examples::sysmon::sample::Sampler;

use crate::failed::Failed;
use crate::{SILENCE, Work};

/// The time between two versions.
const PERIOD: Duration = Duration::from_millis(100);

/// Publishes until the work is over.
pub(crate) fn publish(work: &Work, say_so: bool) -> Result<(), Failed> {
    let mut sampler = Sampler::new(Files::of_this_machine()).map_err(Failed::Figures)?;
    // Figures are differences: a first one takes two readings.
    if work.stop.is_told_within(PERIOD) {
        return Ok(());
    }
    let segment = take_place(work, &sampler.sample().map_err(Failed::Figures)?)?;
    if say_so {
        let pid = std::process::id();
        // Whoever does not want to read this may close the pipe.
        let _ = writeln!(
            std::io::stdout(),
            "process {pid} publishes this machine's figures as {:?}, {} bytes ten times a second, until Ctrl-C",
            segment.name(),
            Machine::SIZE
        );
    }

    let mut next = Instant::now() + PERIOD;
    while !work.is_over() && !work.stop.is_told_within(work.at_most(next.saturating_duration_since(Instant::now()))) {
        let machine = sampler.sample().map_err(Failed::Figures)?;
        write(&segment, sampler.publisher(), &machine)?;
        // After a pause (the machine slept, or this process was stopped) there is nothing to catch up.
        next = (next + PERIOD).max(Instant::now());
    }
    Ok(segment.release()?)
}

/// Makes this process the publisher: of a new segment, or of one that viewers have kept after its publisher went.
fn take_place(work: &Work, first: &Machine) -> Result<Segment<Machine>, Failed> {
    // In each round another program has come or gone in between.
    for _ in 0..10 {
        match work.options.create_with(&work.name, first) {
            Ok(segment) => return Ok(segment),
            Err(CreateError::AlreadyExists(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let segment = match work.options.link::<Machine>(&work.name) {
            Ok(segment) => segment,
            Err(LinkError::NotFound(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let last = segment.version();
        match segment.wait_newer(last, SILENCE) {
            Ok(newer) => return Err(Failed::Taken { pid: newer.publisher.pid }),
            Err(WaitError::Timeout(_)) => {}
            Err(error) => return Err(error.into()),
        }
        // Of several that have waited, the lock lets one see that version still.
        let mut guard = segment.lock()?;
        if segment.version() == last {
            guard.write(first)?;
            guard.unlock()?;
            return Ok(segment);
        }
    }
    Err(Failed::Busy)
}

/// Publishes, unless another process has taken this one's place because it was silent for too long.
fn write(segment: &Segment<Machine>, me: Publisher, machine: &Machine) -> Result<(), Failed> {
    let mut guard = segment.lock()?;
    let publisher = guard.get(Machine::fields().publisher)?;
    if publisher != me {
        return Err(Failed::Taken { pid: publisher.pid });
    }
    guard.write(machine)?;
    guard.unlock()?;
    Ok(())
}
