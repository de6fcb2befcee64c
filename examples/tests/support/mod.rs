//! Programs under test, and directories for their segments.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// The bound of every wait. It is there to end a hanging test; no test is about it.
const BOUND: Duration = Duration::from_secs(60);

/// Waits until `done` says so.
#[track_caller]
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < BOUND, "this did not happen within {BOUND:?}: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Whether the process `pid` runs. One that is dead and not yet waited for does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state is behind the name, which is in parentheses.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// A directory of one test, removed with everything in it when the test ends, failed or not.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let base = Path::new("/dev/shm");
        let base = if base.is_dir() { base.to_owned() } else { std::env::temp_dir() };
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("shmrec-examples-{}-{n}", std::process::id()));
        fs::create_dir(&path).expect("a directory for the test");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the test's directory");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn until_empty(&self) {
        until("the directory is empty", || self.files().is_empty());
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running example, in a process group of its own. Killed when it is dropped.
pub(crate) struct Program {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Option<JoinHandle<String>>,
    /// All that was heard, for the message of a test that fails.
    heard: String,
}

impl Program {
    /// Starts the example `name` on segments in `dir`.
    pub(crate) fn start(name: &str, dir: &Dir, arguments: &[&str]) -> Self {
        let mut command = Command::new(example(name));
        command.args(arguments).arg("--dir").arg(&dir.0).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the example starts");

        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut errors = child.stderr.take().expect("piped");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            let _ = errors.read_to_string(&mut text);
            text
        });
        Self { input: child.stdin.take(), child, lines, errors: Some(errors), heard: String::new() }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that contains `text`, and gives it.
    #[track_caller]
    pub(crate) fn hear(&mut self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            match self.lines.recv_timeout(BOUND.saturating_sub(begun.elapsed())) {
                Ok(line) => {
                    self.heard.push_str(&format!("-> {line}\n"));
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("{text:?} was not said within {BOUND:?}:\n{}", self.heard),
                Err(RecvTimeoutError::Disconnected) => panic!("{text:?} was not said until the end:\n{}", self.heard),
            }
        }
    }

    /// Sends a signal to the example and to those that it has started, as a terminal does.
    pub(crate) fn signal_group(&self, signal: Signal) {
        rustix::process::kill_process_group(self.pid(), signal).expect("the example lives");
    }

    /// Sends a signal to the example alone.
    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).expect("the example lives");
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits for the end: how it ended, what it printed since it was last heard, what it said of errors.
    #[track_caller]
    pub(crate) fn finish(mut self) -> (ExitStatus, String, String) {
        // The example sees the end of its input, unless it does not look there.
        drop(self.input.take());
        let mut status = None;
        until("the example ends", || {
            status = self.child.try_wait().expect("the example can be waited for");
            status.is_some()
        });
        let printed: Vec<String> = self.lines.iter().collect();
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        (status.expect("it has ended"), printed.join("\n"), errors)
    }
}

/// The conversation with an example that takes commands.
#[allow(dead_code, reason = "not every example takes any")]
impl Program {
    /// Types a line.
    pub(crate) fn say(&mut self, line: &str) {
        self.heard.push_str(&format!("<- {line}\n"));
        let input = self.input.as_mut().expect("the input is open");
        writeln!(input, "{line}").expect("the example reads");
    }

    /// Types a line and waits for an answer that contains `text`.
    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str, text: &str) -> String {
        self.say(line);
        self.hear(text)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The built example: `target/<profile>/examples/<name>`, beside `target/<profile>/deps/<this test>`.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the test's own file");
    let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps/<test>");
    let path = profile.join("examples").join(name);
    assert!(
        path.is_file(),
        "{} is not there: the tests run the built examples, so build them first (`cargo build -p shmrec-examples \
         --examples`, with --release if the tests are; a plain `cargo test -p shmrec-examples` does it by itself)",
        path.display()
    );
    path
}
