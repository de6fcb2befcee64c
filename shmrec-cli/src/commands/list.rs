//! `shmrec list`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value as Json, json};
use shmrec::survey::{Found, State, Survey};

use crate::arguments::List;
use crate::context::{Context, state};
use crate::failed::Outcome;
use crate::output::{Align, Ink, Table};
use crate::{span, text};

pub(crate) fn run(context: &Context, arguments: &List) -> Outcome {
    let mut survey = context.survey();
    let mut found = context.found(&mut survey, &arguments.names)?;
    let mut pulses = Pulses::default();
    pulses.see(&found, Instant::now());
    if !arguments.interval.is_zero() && found.iter().any(|found| found.content.is_some()) {
        found = watch(context, &mut survey, &mut pulses, arguments)?;
    }
    if context.output.json {
        let all = found.iter().map(|found| as_json(found, pulses.of(found))).collect();
        return Ok(context.output.json(&all)?);
    }
    if found.is_empty() {
        if context.output.terminal {
            context.output.line(&format!("no segments in {}", survey.directory().display()))?;
        }
        return Ok(());
    }
    Ok(context.output.table(&table(&found, &pulses, arguments.long))?)
}

/// Looks again and again for the interval: the ages are as exact as these looks are close.
fn watch(context: &Context, survey: &mut Survey, pulses: &mut Pulses, arguments: &List) -> Outcome<Vec<Found>> {
    const LOOKS: u32 = 20;
    let begun = Instant::now();
    let mut found = Vec::new();
    for look in 1..=LOOKS {
        let at = begun + arguments.interval * look / LOOKS;
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        found = match context.found(survey, &arguments.names) {
            Ok(found) => found,
            // What was there a moment ago, and is named, has gone: then the list is without it.
            Err(_) if look > 1 && !arguments.names.is_empty() => continue,
            Err(failed) => return Err(failed),
        };
        pulses.see(&found, Instant::now());
    }
    Ok(found)
}

/// When the last write of a segment was, as far as somebody knows who has watched it for a while: a segment does not say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Age {
    /// Nothing was ever written.
    Never,
    /// At most so long ago.
    Within(Duration),
    /// Longer ago than it was watched.
    Over(Duration),
}

/// How a segment is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pulse {
    pub(crate) age: Age,
    pub(crate) per_second: f64,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    first: (Instant, u64),
    last: (Instant, u64),
    /// The last look that showed the version before the last.
    before_change: Option<Instant>,
}

/// The versions of segments over time.
#[derive(Debug, Default)]
pub(crate) struct Pulses(HashMap<[u8; 16], Seen>);

impl Pulses {
    /// Takes what was found at `now`.
    pub(crate) fn see(&mut self, found: &[Found], now: Instant) {
        for found in found {
            let (Some(about), Some(content)) = (&found.about, &found.content) else { continue };
            let version = content.version.get();
            let seen = self.0.entry(about.instance).or_insert(Seen {
                first: (now, version),
                last: (now, version),
                before_change: None,
            });
            if version != seen.last.1 {
                seen.before_change = Some(seen.last.0);
            }
            seen.last = (now, version);
        }
    }

    /// Forgets what is not there any more.
    pub(crate) fn forget_others(&mut self, found: &[Found]) {
        let known: Vec<_> = found.iter().filter_map(|found| Some(found.about.as_ref()?.instance)).collect();
        self.0.retain(|instance, _| known.contains(instance));
    }

    /// `None` for what was not seen twice.
    pub(crate) fn of(&self, found: &Found) -> Option<Pulse> {
        let seen = self.0.get(&found.about.as_ref()?.instance)?;
        let watched = seen.last.0.saturating_duration_since(seen.first.0);
        if seen.last.1 == 0 {
            return Some(Pulse { age: Age::Never, per_second: 0.0 });
        }
        if watched.is_zero() {
            return None;
        }
        let age = match seen.before_change {
            Some(before) => Age::Within(seen.last.0.saturating_duration_since(before)),
            None => Age::Over(watched),
        };
        Some(Pulse { age, per_second: seen.last.1.wrapping_sub(seen.first.1) as f64 / watched.as_secs_f64() })
    }
}

impl std::fmt::Display for Age {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Within(span) => write!(f, "<{}", span::short(*span)),
            Self::Over(span) => write!(f, ">{}", span::short(*span)),
        }
    }
}

/// `found` as the table has it, or `-`.
fn or_dash(cell: Option<String>) -> (Ink, String) {
    cell.map_or_else(|| (Ink::Dim, "-".to_owned()), |cell| (Ink::Plain, cell))
}

fn table(found: &[Found], pulses: &Pulses, long: bool) -> Table {
    use Align::{Left, Right};
    let mut columns = vec![
        ("NAME", Left),
        ("RECORD", Left),
        ("SIZE", Right),
        ("VERSION", Right),
        ("WRITES/S", Right),
        ("AGE", Right),
        ("USERS", Right),
        ("OWNER", Left),
        ("MODE", Left),
        ("PERSIST", Left),
        ("STATE", Left),
    ];
    if long {
        columns.extend([("KEY", Left), ("SLOTS", Right), ("CREATOR", Right), ("CREATED", Left), ("FILE", Left)]);
    }
    let mut table = Table::new(columns);
    for found in found {
        let (content, about, pulse) = (found.content.as_ref(), found.about.as_ref(), pulses.of(found));
        let (ink, word) = state(&found.state);
        let mut row = vec![
            (Ink::Name, text::clean(&found.name)),
            or_dash(content.map(|content| text::clean(&content.schema.record().name))),
            or_dash(about.map(|about| text::bytes(about.record_size as u64))),
            or_dash(content.map(|content| content.version.to_string())),
            or_dash(pulse.map(|pulse| text::rate(pulse.per_second))),
            or_dash(pulse.map(|pulse| pulse.age.to_string())),
            or_dash(users(&found.state).map(|users| users.to_string())),
            (Ink::Plain, text::user(found.owner)),
            (Ink::Plain, text::mode(found.mode)),
            or_dash(about.map(|about| if about.creator.persist { "yes" } else { "no" }.to_owned())),
            (ink, word.to_owned()),
        ];
        if long {
            row.extend([
                or_dash(found.key.map(|key| key.to_string())),
                or_dash(about.map(|about| about.slots.to_string())),
                or_dash(about.and_then(|about| about.creator.pid).map(|pid| pid.to_string())),
                or_dash(about.and_then(|about| about.creator.created).map(text::time_to_millis)),
                (Ink::Plain, text::clean(&found.path.display().to_string())),
            ]);
        }
        table.row(row);
    }
    table
}

pub(crate) fn users(state: &State) -> Option<usize> {
    match state {
        State::Used { users } => Some(*users),
        State::Unused | State::Abandoned => Some(0),
        _ => None,
    }
}

/// One segment as JSON.
pub(crate) fn as_json(found: &Found, pulse: Option<Pulse>) -> Json {
    let (content, about) = (found.content.as_ref(), found.about.as_ref());
    let mut all = Map::new();
    let mut put = |key: &str, value: Json| {
        all.insert(key.to_owned(), value);
    };
    put("name", found.name.as_str().into());
    put("state", state(&found.state).1.into());
    put("problem", problem(&found.state).map_or(Json::Null, Json::from));
    put("file", found.path.to_string_lossy().into());
    put("key", found.key.map_or(Json::Null, |key| key.to_string().into()));
    put("owner", json!({ "uid": found.owner, "name": text::user(found.owner) }));
    put("mode", text::mode(found.mode).into());
    put("length", found.len.into());
    put("users", users(&found.state).map_or(Json::Null, Json::from));
    put("persist", about.map_or(Json::Null, |about| about.creator.persist.into()));
    put("record", content.map_or(Json::Null, |content| content.schema.record().name.as_str().into()));
    put("record_size", about.map_or(Json::Null, |about| about.record_size.into()));
    put("slots", about.map_or(Json::Null, |about| about.slots.into()));
    put("fingerprint", about.map_or(Json::Null, |about| about.fingerprint.to_string().into()));
    let creator = about.map(|about| {
        json!({
            "pid": about.creator.pid,
            "uid": about.creator.uid,
            "created": about.creator.created.map(text::time),
        })
    });
    put("creator", creator.unwrap_or(Json::Null));
    put("version", content.map_or(Json::Null, |content| content.version.get().into()));
    put("writes_per_second", pulse.map_or(Json::Null, |pulse| pulse.per_second.into()));
    let age = pulse.map(|pulse| match pulse.age {
        Age::Never => json!({ "never_written": true }),
        Age::Within(span) => json!({ "at_most_seconds": span.as_secs_f64() }),
        Age::Over(span) => json!({ "more_than_seconds": span.as_secs_f64() }),
    });
    put("age", age.unwrap_or(Json::Null));
    let lock = content.map(|content| {
        json!({
            "owner": content.lock.owner.map(|owner| json!({ "alive": owner.alive, "writer_slot": owner.writer_slot })),
            "waiters": content.lock.waiters,
            "recoveries": content.recoveries,
        })
    });
    put("lock", lock.unwrap_or(Json::Null));
    all.into()
}

/// What is wrong, in words, where the state alone does not say it.
pub(crate) fn problem(state: &State) -> Option<String> {
    match state {
        State::Damaged { problem } | State::Unreadable { problem } => Some(problem.clone()),
        State::Foreign { found } => Some(format!("it is {found}")),
        State::OtherFormat { found } => Some(format!("it has format {found}")),
        _ => None,
    }
}
