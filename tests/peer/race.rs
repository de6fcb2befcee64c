//! One of many that create one name at the same moment, round after round.
//!
//! Arguments: directory, name, gate. Each line of input is a step: `create` tries to create the segment and says what came
//! of it, `peek` links before anybody can know whether there is one, both after waiting at the gate, a file that the test
//! has locked; `link` links to it and says what was read, `release` lets go of everything.

use std::ffi::OsString;
use std::fs::File;
use std::io::BufRead;

use shmrec_tests::directory::Place;
use shmrec_tests::platform;
use shmrec_tests::records::Counter;

use crate::{refusal, say, text};

pub(crate) fn run(arguments: &[OsString]) {
    let options = Place::of_argument(&arguments[0]).options();
    let name = text(arguments, 1);
    let gate = File::open(&arguments[2]).expect("the gate");
    let wait_at_the_gate = || {
        say("waiting");
        platform::pass_gate(&gate);
    };
    let (mut created, mut linked) = (None, None);
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        if matches!(line.as_str(), "create" | "peek") {
            wait_at_the_gate();
        }
        match line.as_str() {
            "create" => match options.create_with(name, &Counter::new(u64::from(std::process::id()))) {
                Ok(segment) => {
                    created = Some(segment);
                    say("won");
                }
                Err(error) => say(&refusal(&error)),
            },
            "peek" => match options.reader::<Counter>(name).map(|reader| reader.read()) {
                Ok(Ok(record)) if record.is_whole() => say("whole"),
                Ok(other) => say(&format!("half-made {other:?}")),
                Err(error) => say(&refusal(&error)),
            },
            "link" => {
                match options.link::<Counter>(name) {
                    Ok(segment) => {
                        say(&format!("read {}", segment.read().map_or_else(|e| refusal(&e), |r| r.seq.to_string())));
                        linked = Some(segment);
                    }
                    Err(error) => say(&refusal(&error)),
                };
            }
            "release" => {
                created = None;
                linked = None;
                say("released");
            }
            other => panic!("no such step: {other}"),
        }
    }
    drop((created, linked));
}
