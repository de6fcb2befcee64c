//! `shmrec replay`.

use std::time::Instant;

use serde_json::json;
use shmrec::{CreateError, DynSegment, LinkError};

use super::record::Progress;
use crate::arguments::Replay;
use crate::context::Context;
use crate::failed::{Code, Failed, Outcome};
use crate::output::note;
use crate::recording::Reader;
use crate::signals::End;
use crate::{span, text};

pub(crate) fn run(context: &Context, arguments: &Replay) -> Outcome {
    let name = arguments.name.as_str();
    let mut recording = Reader::open(&arguments.file)?;
    let end = End::on_signals()?;
    let segment = open(context, arguments, &recording)?;
    let begun = Instant::now();
    let mut progress = Progress::new();
    let mut count = 0;
    let mut first = None;
    let cut_off = loop {
        let frame = match recording.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => break None,
            Err(why) => break Some(why),
        };
        // The first is published at once, whenever it was seen.
        let first = *first.get_or_insert(frame.after);
        if !arguments.fast {
            let after = frame.after.saturating_sub(first).as_secs_f64() / arguments.speed;
            if let Ok(at) = std::time::Duration::try_from_secs_f64(after) {
                end.sleep_until(begun.checked_add(at).unwrap_or(begun));
            }
        }
        if end.is_told() {
            break None;
        }
        segment.write_image(&frame.image).map_err(|error| Failed::from(error).at(name))?;
        count += 1;
        progress.show(|| {
            let done = 100 * recording.read / recording.len.max(1);
            format!("{}, {done} %, {}", text::count(count, "version"), span::short(begun.elapsed()))
        });
    };
    progress.clear();
    segment.release().map_err(|error| Failed::new(Code::Failed, error.to_string()))?;
    if let Some(why) = cut_off {
        note(&format!("{}: {why}", arguments.file.display()));
    }
    if context.output.json {
        context.output.json(&json!({ "versions": count, "seconds": begun.elapsed().as_secs_f64() }))?;
    } else {
        context.output.line(&format!("{} published", text::count(count, "version")))?;
    }
    Ok(())
}

/// The segment that is replayed to: the one that there is, if it holds this record, or a new one.
fn open(context: &Context, arguments: &Replay, recording: &Reader) -> Outcome<DynSegment> {
    let name = arguments.name.as_str();
    let options = context.options_of(name).persist(arguments.persist).perms(arguments.mode);
    loop {
        match options.dyn_link(name) {
            Ok(segment) => {
                let differences = recording.schema.differences(segment.schema());
                return match differences.first() {
                    None => Ok(segment),
                    Some(first) => {
                        let message = format!("{name} holds another record than the recording: {first}");
                        Err(Failed::new(Code::Refused, message).hint("replay it to a name that is not taken"))
                    }
                };
            }
            Err(LinkError::NotFound(_)) => {}
            Err(error) => return Err(context.not_linked(name, error)),
        }
        match options.dyn_create(name, &recording.schema) {
            Ok(segment) => return Ok(segment),
            // Somebody was faster.
            Err(CreateError::AlreadyExists(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
