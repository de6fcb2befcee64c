//! Takes commands for one segment of [`Counter`]s, one per line, and answers each with one line: `ok …` or `err …`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::BufRead;
use std::time::{Duration, Instant};

use shmrec::survey::Survey;
use shmrec::{Guard, Perms, Reader, Segment, TrustOwner, Version};
use shmrec_tests::directory::Place;
use shmrec_tests::options::Options;
use shmrec_tests::records::Counter;

use crate::{refusal, say};

type Answer = Result<String, String>;

pub(crate) fn run(arguments: &[OsString]) {
    let options = Place::of_argument(&arguments[0]).options();
    let lines = &mut std::io::stdin().lock().lines();
    let mut state = State { options, segment: None, reader: None };
    while let Some(Ok(line)) = lines.next() {
        let answer = state.obey(&line, lines);
        say(&answer.map_or_else(|error| error, |words| format!("ok {words}")));
    }
}

struct State {
    options: Options,
    segment: Option<Segment<Counter>>,
    reader: Option<Reader<Counter>>,
}

impl State {
    fn segment(&self) -> &Segment<Counter> {
        self.segment.as_ref().expect("a segment")
    }

    /// Whoever reads: the segment if there is one.
    fn reader(&self) -> &Reader<Counter> {
        self.segment.as_deref().or(self.reader.as_ref()).expect("a segment or a reader")
    }

    fn obey(&mut self, line: &str, more: &mut impl Iterator<Item = std::io::Result<String>>) -> Answer {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let operand = words.next().unwrap_or_default().to_owned();
        // What follows as key=value.
        let settings: HashMap<&str, &str> = words.filter_map(|w| w.split_once('=')).collect();
        let millis =
            |key: &str| Duration::from_millis(settings.get(key).and_then(|v| v.parse().ok()).unwrap_or(60_000));
        match command {
            "create" => {
                let mut options = self.options.clone();
                for (key, value) in &settings {
                    options = match *key {
                        "mode" => {
                            let mode = u32::from_str_radix(value, 8).expect("an octal mode");
                            options.perms(Perms::from_mode(mode).map_err(|e| refusal(&e))?)
                        }
                        "persist" => options.persist(*value == "yes"),
                        "slots" => options.slots(value.parse().expect("a number")),
                        "wake_always" => options.wake_always(*value == "yes"),
                        _ => continue,
                    };
                }
                let created = match settings.get("seq") {
                    Some(seq) => options.create_with(&operand, &Counter::new(seq.parse().expect("a number"))),
                    None => options.create(&operand),
                };
                self.segment = Some(created.map_err(|e| refusal(&e))?);
                Ok(String::new())
            }
            "link" => {
                let trust = if settings.contains_key("trust") { TrustOwner::Anyone } else { TrustOwner::NoOther };
                let options = self.options.clone().trust_owner(trust);
                self.segment = Some(options.link(&operand).map_err(|e| refusal(&e))?);
                Ok(String::new())
            }
            "reader" => {
                let trust = if settings.contains_key("trust") { TrustOwner::Anyone } else { TrustOwner::NoOther };
                let options = self.options.clone().trust_owner(trust);
                self.reader = Some(options.reader(&operand).map_err(|e| refusal(&e))?);
                Ok(String::new())
            }
            "reader_wait" => {
                self.reader = Some(self.options.reader_wait(&operand, millis("ms")).map_err(|e| refusal(&e))?);
                Ok(String::new())
            }
            "chdir" => std::env::set_current_dir(&operand).map(|()| String::new()).map_err(|e| e.to_string()),
            "mapped" => Ok(self.reader().is_mapped().to_string()),
            "remove" => self.options.remove(&operand).map(|()| String::new()).map_err(|e| refusal(&e)),
            "write" => {
                let seq = operand.parse().expect("a number");
                self.segment().write(&Counter::new(seq)).map(|v| v.to_string()).map_err(|e| refusal(&e))
            }
            "add" => {
                let times: u64 = operand.parse().expect("a number");
                for _ in 0..times {
                    self.segment().update(|c| *c = Counter::new(c.seq + 1)).map_err(|e| refusal(&e))?;
                }
                Ok(String::new())
            }
            "read" => {
                let record = self.reader().read().map_err(|e| refusal(&e))?;
                if record.is_whole() { Ok(record.seq.to_string()) } else { Err(format!("torn {record:?}")) }
            }
            "wait" => {
                let since = Version::new(operand.parse().expect("a number"));
                let newer = self.reader().wait_newer(since, millis("ms")).map_err(|e| refusal(&e))?;
                Ok(format!("{} {}", newer.version, newer.seq))
            }
            "version" => Ok(self.reader().version().to_string()),
            "state" => match Survey::new(&self.options.of(&operand)).look_at(&operand).map_err(|e| refusal(&e))? {
                Some(found) => Ok(format!("{:?} {} {:04o}", found.state, found.owner, found.mode)),
                None => Ok("nothing".to_owned()),
            },
            "users" => self.reader().users().map(|n| n.to_string()).map_err(|e| refusal(&e)),
            "recoveries" => self.reader().recoveries().map(|n| n.to_string()).map_err(|e| refusal(&e)),
            "release" => {
                let outcome = match (self.segment.take(), self.reader.take()) {
                    (Some(segment), _) => segment.release(),
                    (None, Some(reader)) => reader.release(),
                    (None, None) => Ok(()),
                };
                outcome.map(|()| String::new()).map_err(|e| refusal(&e))
            }
            // While the lock is held, the commands are those of `guarded`.
            "lock" => {
                let segment = self.segment();
                let begun = Instant::now();
                let guard = match operand.as_str() {
                    "" => segment.lock(),
                    "try" => segment.try_lock(),
                    ms => segment.lock_timeout(Duration::from_millis(ms.parse().expect("milliseconds"))),
                };
                let guard = guard.map_err(|e| refusal(&e))?;
                say(&format!("ok recovered={} us={}", guard.recovered(), begun.elapsed().as_micros()));
                guarded(guard, segment, more)
            }
            other => panic!("no such command: {other}"),
        }
    }
}

/// Obeys with the lock held, until it is given back.
fn guarded(
    mut guard: Guard<'_, Counter>,
    segment: &Segment<Counter>,
    more: &mut impl Iterator<Item = std::io::Result<String>>,
) -> Answer {
    while let Some(Ok(line)) = more.next() {
        let (command, operand) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match command {
            "unlock" => {
                return guard.unlock().map(|v| v.map_or("none".to_owned(), |v| v.to_string())).map_err(|e| refusal(&e));
            }
            "leak" => {
                std::mem::forget(guard);
                return Ok(String::new());
            }
            "set" => {
                let record = Counter::new(operand.parse().expect("a number"));
                guard.write(&record).map(|()| String::new()).map_err(|e| refusal(&e))
            }
            "read" => guard.read().map(|c| c.seq.to_string()).map_err(|e| refusal(&e)),
            // Locking again in this thread.
            "again" => match segment.lock() {
                Ok(_) => Ok(String::new()),
                Err(error) => Err(refusal(&error)),
            },
            other => panic!("no such command while locked: {other}"),
        };
        say(&answer.map_or_else(|error| error, |words| format!("ok {words}")));
    }
    Err("end of input".to_owned())
}
