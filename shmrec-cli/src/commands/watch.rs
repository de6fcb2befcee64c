//! `shmrec watch`.

use std::time::{Duration, Instant, SystemTime};

use shmrec::{DynReader, Follower, ReadError, Version, WaitError};

use super::versions::Lines;
use crate::arguments::Watch;
use crate::context::{Context, is_over, not_read};
use crate::failed::{Code, Failed, Outcome};
use crate::output::note;
use crate::signals::End;
use crate::text;

/// How long one look may take, so that a signal, or the end of the segment, is noticed soon.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn run(context: &Context, arguments: &Watch) -> Outcome {
    let end = End::on_signals()?;
    let mut watching = Watching { context, arguments, end, written: 0, missed: 0, quiet_since: Instant::now() };
    loop {
        let Some(reader) = watching.link()? else { break };
        if watching.watch(&reader)? == Why::Done {
            break;
        }
        if !arguments.wait {
            watching.say_sum();
            return Err(Failed::new(Code::NotFound, format!("{}: the segment has gone", arguments.name))
                .hint("--wait waits for the next of that name"));
        }
        note(&format!("{}: the segment has gone; waiting for the next", arguments.name));
    }
    watching.say_sum();
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    Done,
    Gone,
}

struct Watching<'c> {
    context: &'c Context,
    arguments: &'c Watch,
    end: End,
    written: u64,
    missed: u64,
    /// When the last version came, or the watching began.
    quiet_since: Instant,
}

impl Watching<'_> {
    /// The segment, waiting for it if so asked; `None` when told to end.
    fn link(&self) -> Outcome<Option<DynReader>> {
        let mut said = false;
        while !self.end.is_told() {
            match self.context.observe(&self.arguments.name) {
                Ok(reader) if self.arguments.wait && is_over(&reader) => {}
                Err(failed) if self.arguments.wait && failed.code == Code::NotFound => {
                    if !said {
                        note(&failed.message);
                        said = true;
                    }
                }
                linked => return linked.map(Some),
            }
            self.check_quiet()?;
            self.end.sleep_until(Instant::now() + LOOK);
        }
        Ok(None)
    }

    fn watch(&mut self, reader: &DynReader) -> Outcome<Why> {
        let name = self.arguments.name.as_str();
        let mut lines = Lines::new(self.context, name, &self.arguments.fields, self.arguments.changes);
        let mut follower = reader.follow();
        // The last version first: a watcher wants to see something.
        let mut shown = Version::NONE;
        match reader.read() {
            Ok(record) => {
                shown = record.version();
                self.show(&mut lines, &record, 0)?;
            }
            Err(ReadError::NotYetWritten(_)) => {}
            Err(error) => return Err(not_read(name, error)),
        }
        loop {
            if self.is_done() {
                return Ok(Why::Done);
            }
            let next = match self.arguments.interval {
                None => next(&mut follower),
                Some(interval) => {
                    self.end.sleep_until(Instant::now() + interval);
                    newest(reader, shown)
                }
            };
            match next {
                Ok(record) if record.version() <= shown => {}
                Ok(record) => {
                    let missed = record.version().get() - shown.get() - 1;
                    shown = record.version();
                    self.missed += missed;
                    self.show(&mut lines, &record, missed)?;
                }
                Err(WaitError::Timeout(_)) => {
                    self.check_quiet()?;
                    if is_over(reader) {
                        return Ok(Why::Gone);
                    }
                }
                // Emptied by its last user.
                Err(WaitError::Read(ReadError::Truncated(_))) => return Ok(Why::Gone),
                // Writers may be slower another time.
                Err(WaitError::Read(ReadError::Contended(_))) => {}
                Err(error) => return Err(Failed::from(error).at(name)),
            }
        }
    }

    fn show(&mut self, lines: &mut Lines<'_>, record: &shmrec::DynRecord, missed: u64) -> Outcome {
        self.quiet_since = Instant::now();
        if lines.write(record, Some(SystemTime::now()), missed)? {
            self.written += 1;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.end.is_told() || self.arguments.count.is_some_and(|count| self.written >= count)
    }

    fn check_quiet(&self) -> Outcome {
        match self.arguments.timeout {
            Some(timeout) if self.quiet_since.elapsed() >= timeout => {
                let message = format!("{}: no version came within {timeout:?}", self.arguments.name);
                Err(Failed::new(Code::Timeout, message))
            }
            _ => Ok(()),
        }
    }

    fn say_sum(&self) {
        if self.context.output.terminal {
            let sum = format!("{}, {} missed", text::count(self.written, "line"), self.missed);
            note(&sum);
        }
    }
}

fn next(follower: &mut Follower<'_, DynReader>) -> Result<shmrec::DynRecord, WaitError> {
    follower.next(LOOK)
}

fn newest(reader: &DynReader, shown: Version) -> Result<shmrec::DynRecord, WaitError> {
    reader.wait_newer(shown, Duration::from_millis(1))
}
