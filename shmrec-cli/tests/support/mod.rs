//! The command, run as a person runs it, and a directory for the segments of one test.
#![allow(dead_code, reason = "not every test program uses all of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use shmrec::SegmentOptions;

pub(crate) const SHMREC: &str = env!("CARGO_BIN_EXE_shmrec");

/// The bound of every wait. It is there to end a hanging test; no test is about it.
pub(crate) const BOUND: Duration = Duration::from_secs(120);

#[track_caller]
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < BOUND, "this did not happen within {BOUND:?}: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts a recording of a segment that has a version, and waits until that is in the file.
pub(crate) fn recording_of(dir: &Dir, name: &str, file: &Path, count: &str) -> Running {
    let recording = dir.start(&["record", name, file.to_str().expect("a path in UTF-8"), "--count", count]);
    until_longer(file, 0);
    recording
}

/// Waits until a file is longer than `len` bytes, and gives its length.
pub(crate) fn until_longer(file: &Path, len: u64) -> u64 {
    let now = || std::fs::metadata(file).map_or(0, |facts| facts.len());
    until("the recording grows", || now() > len);
    now()
}

/// A directory of one test, removed with everything in it when the test ends, failed or not.
#[derive(Debug)]
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let base = Path::new("/dev/shm");
        // It begins with no drive, so that on Windows it is none.
        let base = if base.is_absolute() && base.is_dir() { base.to_owned() } else { std::env::temp_dir() };
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("shmrec-cli-{}-{n}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory for the test");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn options(&self) -> SegmentOptions {
        SegmentOptions::new().dir(&self.0)
    }

    /// The file of a segment.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("shmrec.{name}"))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SHMREC);
        command.args(arguments).env("SHMREC_DIR", &self.0).env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.finished(self.command(arguments).output().expect("the command runs"))
    }

    pub(crate) fn finished(&self, output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Run {
            code: output.status.code().expect("no signal"),
            out: self.plain(&text(output.stdout)),
            err: self.plain(&text(output.stderr)),
        }
    }

    /// Without what is another in every run.
    fn plain(&self, text: &str) -> String {
        text.replace(self.0.to_str().expect("a path in UTF-8"), "[DIR]")
    }

    /// What a run that must succeed wrote.
    #[track_caller]
    pub(crate) fn must(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{arguments:?}: {}", run.out);
        run.out
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let out = self.must(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// Starts it in the background.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts"))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.out, self.err)?;
        if self.code == 0 { Ok(()) } else { write!(f, "exit code {}", self.code) }
    }
}

/// A run that has not ended. Killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// The next line of its output.
    pub(crate) fn line(&mut self) -> String {
        let out = self.0.stdout.as_mut().expect("its output is a pipe");
        let bytes = std::io::Read::bytes(out).map(|byte| byte.expect("its output"));
        String::from_utf8(bytes.take_while(|byte| *byte != b'\n').collect()).expect("UTF-8")
    }

    pub(crate) fn finish(mut self, dir: &Dir) -> Run {
        let mut ended = None;
        until("the command ends", || {
            ended = self.0.try_wait().expect("it can be waited for");
            ended.is_some()
        });
        let read = |from: Option<&mut dyn std::io::Read>| {
            let mut bytes = Vec::new();
            if let Some(from) = from {
                from.read_to_end(&mut bytes).expect("its output");
            }
            bytes
        };
        let stdout = read(self.0.stdout.as_mut().map(|out| out as &mut dyn std::io::Read));
        let stderr = read(self.0.stderr.as_mut().map(|err| err as &mut dyn std::io::Read));
        dir.finished(Output { status: ended.expect("it has ended"), stdout, stderr })
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.0.kill().expect("SIGKILL");
        self.0.wait().expect("its end");
    }

    pub(crate) fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.0.id().to_string()]).status().expect("kill");
        assert!(status.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
