//! `shmrec doctor`: what is wrong with segments, what has happened, and what to do.

use std::time::Duration;

use serde_json::{Value as Json, json};
use shmrec::survey::{Found, State};
use shmrec::{DynReader, Key, Process, SegmentName, SegmentOptions};

use crate::arguments::Doctor;
use crate::context::{Context, state};
use crate::failed::{Code, Failed, Outcome};
use crate::output::Ink;
use crate::text;

/// How long a lock is watched before it is said to be kept.
const WATCHED: Duration = Duration::from_millis(500);

/// Something to say of a segment.
#[derive(Debug)]
struct Finding {
    name: String,
    kind: &'static str,
    /// Not everything that is worth a word is wrong.
    problem: bool,
    what: String,
    advice: String,
    remedy: Option<Remedy>,
    key: Option<Key>,
    /// What came of the remedy.
    outcome: Option<Result<(), String>>,
}

/// What `--fix` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    Remove,
    RemoveDamaged,
}

pub(crate) fn run(context: &Context, arguments: &Doctor) -> Outcome {
    let mut survey = context.survey();
    let found = context.found(&mut survey, &arguments.names)?;
    let mut findings = Vec::new();
    for found in &found {
        examine(context, found, &mut findings);
    }
    if arguments.fix {
        for finding in &mut findings {
            finding.outcome = finding.remedy.map(|remedy| mend(context, finding, remedy));
        }
    }
    if context.output.json {
        let all: Json = findings.iter().map(Finding::as_json).collect();
        context.output.json(&json!({ "examined": found.len(), "findings": all }))?;
    } else {
        for finding in &findings {
            finding.print(context)?;
        }
        let problems = findings.iter().filter(|finding| finding.is_left()).count();
        let sum = format!(
            "{} examined, {}",
            text::count(found.len() as u64, "segment"),
            text::count(problems as u64, "problem")
        );
        let fixable = findings.iter().any(|finding| finding.is_left() && finding.remedy.is_some());
        let fix = if fixable && !arguments.fix { "; --fix removes what can be removed" } else { "" };
        context.output.line(&format!("{sum}{fix}"))?;
    }
    if findings.iter().any(Finding::is_left) { Err(Failed::silent(Code::Findings)) } else { Ok(()) }
}

fn mend(context: &Context, finding: &Finding, remedy: Remedy) -> Result<(), String> {
    let options = with_key(context, finding.key);
    let outcome = match remedy {
        Remedy::Remove => options.remove(&finding.name),
        Remedy::RemoveDamaged => options.remove_damaged(&finding.name),
    };
    outcome.or_else(|error| match error {
        // Somebody else has done it.
        shmrec::RemoveError::NotFound(_) => Ok(()),
        error => Err(error.to_string()),
    })
}

fn with_key(context: &Context, key: Option<Key>) -> SegmentOptions {
    match key {
        Some(key) => context.options().key(key),
        None => context.options(),
    }
}

impl Finding {
    fn is_left(&self) -> bool {
        self.problem && !matches!(self.outcome, Some(Ok(())))
    }

    fn as_json(&self) -> Json {
        json!({
            "name": self.name,
            "kind": self.kind,
            "problem": self.problem,
            "what": self.what,
            "advice": self.advice,
            "fixable": self.remedy.is_some(),
            "fixed": self.outcome.as_ref().map(Result::is_ok),
            "error": self.outcome.as_ref().and_then(|outcome| outcome.as_ref().err()),
        })
    }

    fn print(&self, context: &Context) -> Outcome {
        let output = &context.output;
        let ink = if self.problem { Ink::Bad } else { Ink::Odd };
        let label = output.ink(ink, self.kind);
        output.line(&format!(
            "{}: {label}: {}",
            output.ink(Ink::Name, &text::clean(&self.name)),
            text::clean(&self.what)
        ))?;
        let advice = match &self.outcome {
            None => text::clean(&self.advice),
            Some(Ok(())) => output.ink(Ink::Good, "removed"),
            Some(Err(error)) => output.ink(Ink::Bad, &format!("not removed: {}", text::clean(error))),
        };
        Ok(output.line(&format!("  {advice}"))?)
    }
}

/// All that there is to say of one segment.
fn examine(context: &Context, found: &Found, findings: &mut Vec<Finding>) {
    let owner = text::user(found.owner);
    let path = found.path.display();
    let mut add = |kind, problem, what: String, advice: String, remedy| {
        findings.push(Finding {
            name: found.name.clone(),
            kind,
            problem,
            what,
            advice,
            remedy,
            key: found.key,
            outcome: None,
        });
    };
    let word = state(&found.state).1;
    match &found.state {
        State::Used { .. } | State::Unused => {}
        State::Changing => return,
        State::Abandoned => {
            let what = format!("its last user ended without releasing it{}", last_words(found));
            // What is left of a System V segment may have lost its name.
            let may = may_remove(found) && SegmentName::new(&found.name).is_ok();
            let advice = if may {
                format!(
                    "nobody needs to do anything: the next program that creates or links the name takes it; `shmrec remove {}` removes it now",
                    found.name
                )
            } else {
                format!("only {owner} can remove it: it goes when a program of {owner} touches the name")
            };
            return add(word, true, what, advice, may.then_some(Remedy::Remove));
        }
        State::Damaged { problem } => {
            let what = format!("{problem}{}", last_words(found));
            // A header that holds together is a segment to everybody who removes.
            let remedy = if found.about.is_some() { Remedy::Remove } else { Remedy::RemoveDamaged };
            let remedy = SegmentName::new(&found.name).is_ok().then_some(remedy);
            let advice = format!(
                "end the programs that use it, and create it anew; what wrote to {path} otherwise than through shmrec?"
            );
            return add(word, true, what, advice, remedy);
        }
        State::Foreign { found: what } => {
            let what = format!("the name is taken by something else: {path} is {what}, of {owner}");
            let advice = "it is left alone: remove it by hand if nobody needs it, or take another name".to_owned();
            return add(word, true, what, advice, None);
        }
        State::OtherFormat { found } => {
            let what = format!("it has format {found}, of another version of shmrec, and is of {owner}");
            let advice = "build the programs that share it with the same version".to_owned();
            return add(word, true, what, advice, None);
        }
        State::OtherByteOrder => {
            let what = format!("it was made on a machine of the other byte order: no program here can use it ({path})");
            return add(word, true, what, "remove the file by hand".to_owned(), None);
        }
        State::Elsewhere => {
            let what = "it is a System V segment of another IPC namespace, such as another container's".to_owned();
            return add(word, false, what, "look at it from there".to_owned(), None);
        }
        State::Unreadable { problem } => {
            let what = format!("{problem}: it belongs to {owner}, with mode {}", text::mode(found.mode));
            let advice = format!("if you ought to read it: {owner} must create it with other permissions");
            return add(word, false, what, advice, None);
        }
        _ => return,
    }
    let Ok(reader) = with_key(context, found.key).observe(true).dyn_reader(&found.name) else { return };
    if let Ok(record) = reader.read()
        && let Err(error) = record.check()
    {
        let field = error.field().to_owned();
        let what = format!("field {field:?}: found {}, expected {}", error.found(), error.expected());
        let advice = format!(
            "some program writes other bytes than shmrec does; `shmrec set {}.{field}=…` or the next whole write mends \
                 the record",
            found.name
        );
        add("invalid", true, what, advice, None);
    }
    lock(found, &reader, &mut add);
    if found.state == State::Unused {
        let what = format!("it was created to stay, and nobody uses it{}", last_words(found));
        add("unused", false, what, format!("nothing is wrong; `shmrec remove {}` ends it", found.name), None);
    }
}

/// What there is to say of the writer lock.
fn lock(found: &Found, reader: &DynReader, add: &mut impl FnMut(&'static str, bool, String, String, Option<Remedy>)) {
    let Some(content) = &found.content else { return };
    let busy = content.begun > content.version;
    let Some(owner) = content.lock.owner else {
        if busy
            && reader.begun().is_ok_and(|begun| begun > reader.version())
            && reader.lock_state().is_ok_and(|lock| lock.owner.is_none())
        {
            died_writing(content.begun, content.version, add);
        }
        return;
    };
    if !owner.alive {
        if busy {
            died_writing(content.begun, content.version, add);
        }
        add(
            "lock",
            false,
            "the program that had the writer lock has died with it".to_owned(),
            "nobody needs to do anything: the next writer takes it over, and is told".to_owned(),
            None,
        );
        return;
    }
    // Both looks through one link: another segment may take the name meanwhile, and its first owners have the same ids.
    let seen = || Some((reader.lock_state().ok()?.owner?, reader.version()));
    let Some((owner, version)) = seen() else { return };
    std::thread::sleep(WATCHED);
    if seen().is_none_or(|(still, now)| still.id != owner.id || !still.alive || now != version) {
        return;
    }
    let holder = holder(reader, owner.writer_slot);
    let (who, stopped) = match &holder {
        Some(process) => (described(process.pid), is_stopped(process.pid)),
        None => ("a program that this user may not look into".to_owned(), false),
    };
    let kept = format!("{who} keeps the writer lock: other writers wait and give up, readers go on");
    match holder {
        Some(process) if stopped => add(
            "lock",
            true,
            format!("{kept}; it is stopped"),
            format!(
                "let it run (kill -CONT {0}), or end it (kill -KILL {0}): the lock then goes to the next writer",
                process.pid
            ),
            None,
        ),
        Some(process) => add(
            "lock",
            false,
            kept,
            format!("if it should not: end process {}; the lock then goes to the next writer", process.pid),
            None,
        ),
        None => add("lock", false, kept, "root sees which it is".to_owned(), None),
    }
}

fn died_writing(
    begun: shmrec::Version,
    version: shmrec::Version,
    add: &mut impl FnMut(&'static str, bool, String, String, Option<Remedy>),
) {
    add(
        "unfinished",
        false,
        format!("a writer died while it wrote version {begun}: readers have version {version}, which is whole"),
        "nobody needs to do anything: the next write begins the same version again".to_owned(),
        None,
    );
}

fn holder(reader: &DynReader, slot: Option<u32>) -> Option<Process> {
    let slot = slot?;
    reader.processes().ok()?.into_iter().find(|process| process.writer_slots.contains(&slot))
}

/// A process by its number and name.
pub(crate) fn described(pid: u32) -> String {
    match std::fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => format!("process {pid} ({})", text::clean(name.trim_end())),
        Err(_) => format!("process {pid}"),
    }
}

fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state is behind the name, which is in parentheses and may hold some.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}

/// Who created it, when, and how far it came.
fn last_words(found: &Found) -> String {
    let Some(about) = &found.about else { return String::new() };
    let pid = about.creator.pid.unwrap_or_default();
    let created = about.creator.created.map(|created| format!(", {} ago", text::ago(created))).unwrap_or_default();
    let version =
        found.content.as_ref().map(|content| format!("; its last version is {}", content.version)).unwrap_or_default();
    format!(" (created by process {pid} of {}{created}{version})", text::user(about.creator.uid))
}

/// Whether this user, as far as can be said before it is tried, may remove the file.
#[cfg(unix)]
fn may_remove(found: &Found) -> bool {
    use std::os::unix::fs::MetadataExt;
    let user = uzers::get_effective_uid();
    if user == 0 || user == found.owner {
        return true;
    }
    let sticky = |directory: std::fs::Metadata| directory.mode() & 0o1000 != 0 && directory.uid() != user;
    !found.path.parent().and_then(|directory| std::fs::metadata(directory).ok()).is_some_and(sticky)
}

#[cfg(not(unix))]
fn may_remove(_: &Found) -> bool {
    true
}
