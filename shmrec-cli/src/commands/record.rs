//! `shmrec record`.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use shmrec::{DynRecord, ReadError, WaitError};

use crate::arguments::Record;
use crate::context::{self, Context};
use crate::failed::{Code, Failed, Outcome};
use crate::recording::{Writer, not_written};
use crate::signals::End;
use crate::text;

/// How long one look may take, so that a signal, or the end of the segment, is noticed soon.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) fn run(context: &Context, arguments: &Record) -> Outcome {
    let name = arguments.name.as_str();
    let reader = context.observe(name)?;
    let end = End::on_signals()?;
    let begun = Instant::now();
    let mut writer = Writer::create(&arguments.file, arguments.force, reader.schema(), SystemTime::now())?;
    let mut follower = reader.follow();
    let mut progress = Progress::new();
    let mut count = 0;
    let mut missed = 0;
    let mut last = 0;
    // The version that is there when the recording begins is its first.
    let mut next: Option<DynRecord> = reader.read().ok();
    while !is_enough(arguments, begun, count) && !end.is_told() {
        let mut found = next.take().map_or_else(|| follower.next(Duration::ZERO), Ok);
        if matches!(found, Err(WaitError::Timeout(_))) {
            // Before the next one is waited for, what was seen is in the file, whatever becomes of this program.
            writer.flush().map_err(|error| not_written(&arguments.file, &error))?;
            found = follower.next(LOOK);
        }
        let record = match found {
            Ok(record) => record,
            Err(WaitError::Timeout(_)) if context::is_over(&reader) => break,
            Err(WaitError::Read(ReadError::Truncated(_))) => break,
            Err(WaitError::Timeout(_) | WaitError::Read(ReadError::Contended(_))) => continue,
            Err(error) => return Err(Failed::from(error).at(name)),
        };
        let version = record.version().get();
        if version <= last {
            continue;
        }
        if last > 0 {
            missed += version - last - 1;
        }
        last = version;
        writer.write(version, begun.elapsed(), record.bytes()).map_err(|error| not_written(&arguments.file, &error))?;
        count += 1;
        progress.show(|| {
            let bytes = text::bytes(writer.bytes);
            format!(
                "{}, {bytes}, {missed} missed, {}",
                text::count(count, "version"),
                crate::span::short(begun.elapsed())
            )
        });
    }
    progress.clear();
    let bytes = writer.finish().map_err(|error| not_written(&arguments.file, &error))?;
    if context.output.json {
        context.output.json(
            &json!({ "versions": count, "missed": missed, "bytes": bytes, "seconds": begun.elapsed().as_secs_f64() }),
        )?;
    } else {
        context.output.line(&format!("{}, {missed} missed, {}", text::count(count, "version"), text::bytes(bytes)))?;
    }
    if count == 0 {
        return Err(Failed::new(Code::NotFound, format!("{name}: no version came")));
    }
    Ok(())
}

fn is_enough(arguments: &Record, begun: Instant, count: u64) -> bool {
    arguments.count.is_some_and(|most| count >= most) || arguments.time.is_some_and(|time| begun.elapsed() >= time)
}

/// A line of the terminal's that says how far it has come.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: bool,
    shown: Option<Instant>,
}

impl Progress {
    const PAUSE: Duration = Duration::from_millis(200);

    pub(crate) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), shown: None }
    }

    pub(crate) fn show(&mut self, words: impl FnOnce() -> String) {
        if self.terminal && self.shown.is_none_or(|shown| shown.elapsed() >= Self::PAUSE) {
            self.shown = Some(Instant::now());
            // What cannot be shown is not missed.
            let _ = write!(std::io::stderr(), "\r\x1b[K{}", words());
        }
    }

    pub(crate) fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
