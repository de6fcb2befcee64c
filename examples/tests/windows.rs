//! The examples on Windows: two programs talk, one of them is killed, the other goes on.
#![cfg(windows)]

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The built example: `target/<profile>/examples/<name>.exe`, beside `target/<profile>/deps/<this test>`.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own file");
    test.parent().and_then(|deps| deps.parent()).expect("target/<profile>").join("examples").join(name)
}

struct Program {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Program {
    fn start(name: &str, segment: &str) -> Self {
        let mut command = Command::new(example(name));
        let mut child = command.arg(segment).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(name);
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { child, input, output: BufReader::new(output) }
    }

    /// Waits for a line with these words.
    fn hear(&mut self, words: &str) {
        let mut heard = String::new();
        while !heard.lines().last().is_some_and(|line| line.contains(words)) {
            assert_ne!(self.output.read_line(&mut heard).expect("a line"), 0, "{words:?} was not said:\n{heard}");
        }
    }

    fn ask(&mut self, line: &str, words: &str) {
        writeln!(self.input, "{line}").expect("the example reads");
        self.hear(words);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn two_programs_talk_and_one_goes_on_when_the_other_is_killed() {
    let name = format!("demo_{}", std::process::id());
    let mut creator = Program::start("shmcreate", &name);
    creator.hear("segment");
    let mut linker = Program::start("shmlink", &name);
    linker.hear("segment");
    linker.ask("w counter=-42", "published version 2");
    creator.ask("r", "version 2");
    creator.hear("-42");
    drop(creator);
    linker.ask("w counter=7", "published version 3");
    linker.ask("r", "version 3");
}

#[test]
fn a_monitor_shows_this_machine() {
    let name = format!("sysmon_{}", std::process::id());
    let shown = Command::new(example("sysmon")).args(["--name", &name, "--seconds", "2"]).output().expect("sysmon");
    let text = String::from_utf8_lossy(&shown.stdout);
    assert!(shown.status.success() && text.contains("mem"), "{}: {text}", shown.status);
}

#[test]
fn what_daemons_share_under_keys_is_refused_in_words() {
    for (name, arguments) in [("ntp_shm", &["watch"][..]), ("ntp_shm", &["feed"]), ("gpsd_shm", &[])] {
        let run = Command::new(example(name)).args(arguments).output().expect(name);
        let text = String::from_utf8_lossy(&run.stderr);
        assert!(!run.status.success() && text.contains("System V"), "{name}: {}: {text}", run.status);
    }
}
