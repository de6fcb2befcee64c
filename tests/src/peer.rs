//! Other processes: the program `peer`, asked line by line.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use crate::platform;

use crate::directory::Place;

/// A running peer. Killed when it is dropped.
#[derive(Debug)]
pub struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// How a peer is started.
#[derive(Debug)]
pub struct Start {
    program: PathBuf,
    arguments: Vec<OsString>,
    user: Option<u32>,
    umask: Option<u32>,
    environment: Vec<(OsString, OsString)>,
}

impl Start {
    /// The mode of the peer program with its arguments; see `peer/main.rs`. `program` is the test's
    /// `env!("CARGO_BIN_EXE_peer")`.
    #[must_use]
    pub fn new(program: &str, mode: &str) -> Self {
        Self { program: program.into(), arguments: vec![mode.into()], user: None, umask: None, environment: vec![] }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With one more variable in its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// As this user and the group of the same number. Needs root.
    #[must_use]
    pub fn user(mut self, uid: u32) -> Self {
        self.user = Some(uid);
        self
    }

    /// With this umask.
    #[must_use]
    pub fn umask(mut self, mask: u32) -> Self {
        self.umask = Some(mask);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(self) -> Peer {
        self.spawn_in(Path::new("."))
    }

    /// Starts it in a working directory.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn spawn_in(self, working_directory: &Path) -> Peer {
        let mut command = platform::command(self.program.as_os_str(), self.umask);
        command
            .args(&self.arguments)
            .envs(self.environment)
            .current_dir(working_directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(uid) = self.user {
            platform::set_user(&mut command, uid);
        }
        let mut child = command.spawn().expect("the peer program starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Peer { child, input, output }
    }
}

impl Peer {
    /// A peer that takes commands, for segments in `place`.
    #[must_use]
    pub fn repl(program: &str, place: &Place) -> Self {
        Start::new(program, "repl").arg(place.to_argument()).spawn()
    }

    /// Sends a line.
    ///
    /// # Panics
    ///
    /// When the peer does not read any more.
    pub fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("the peer's input is open");
        writeln!(input, "{line}").and_then(|()| input.flush()).expect("the peer reads");
    }

    /// Waits for a line.
    ///
    /// # Panics
    ///
    /// When the peer ends instead.
    #[must_use]
    pub fn hear(&mut self) -> String {
        self.try_hear().expect("the peer answers")
    }

    /// Waits for a line, or the end of the peer.
    #[must_use]
    pub fn try_hear(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }

    /// Whether a line, or its beginning, can be heard without waiting.
    ///
    /// # Panics
    ///
    /// When the system does not say.
    #[must_use]
    pub fn has_said_something(&self) -> bool {
        !self.output.buffer().is_empty() || platform::can_be_read(self.output.get_ref())
    }

    /// Sends a line and waits for the answer.
    ///
    /// # Panics
    ///
    /// When the peer ends instead.
    pub fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.hear()
    }

    /// Sends a line that must be answered by `ok`; gives what follows it.
    ///
    /// # Panics
    ///
    /// When the answer is another.
    #[track_caller]
    pub fn must(&mut self, line: &str) -> String {
        let answer = self.ask(line);
        match answer.strip_prefix("ok") {
            Some(rest) => rest.trim_start().to_owned(),
            None => panic!("{line:?} was answered by {answer:?}"),
        }
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops the process as SIGSTOP does, and waits until it has stopped.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn stop(&self) {
        platform::stop(&self.child);
    }

    /// Lets the stopped process go on.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn resume(&self) {
        platform::resume(&self.child);
    }

    /// Kills the process (SIGKILL, `TerminateProcess`) and waits for the end.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn kill(mut self) {
        self.child.kill().expect("the peer can be killed");
        self.child.wait().expect("the peer's end");
    }

    /// Kills the process and waits for the end, leaving the peer's input open: for a child that reads from it too.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn kill_only(&mut self) {
        self.child.kill().expect("the peer can be killed");
        self.child.wait().expect("the peer's end");
    }

    /// Closes the peer's input and waits for its end.
    ///
    /// # Panics
    ///
    /// When it did not end in order.
    #[track_caller]
    pub fn finish(mut self) {
        drop(self.input.take());
        let status = self.child.wait().expect("the peer's end");
        assert!(status.success(), "the peer ended with {status}");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
