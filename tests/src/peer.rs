//! Other processes: the program `peer`, asked line by line.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal};

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
        let mut command = match self.umask {
            // The shell's umask is the only way to set one without code between fork and exec.
            Some(mask) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(format!("umask {mask:03o}; exec \"$0\" \"$@\"")).arg(&self.program);
                shell
            }
            None => Command::new(&self.program),
        };
        command
            .args(&self.arguments)
            .envs(self.environment)
            .current_dir(working_directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(uid) = self.user {
            command.uid(uid).gid(uid);
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
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut output = [PollFd::new(self.output.get_ref(), PollFlags::IN)];
        !self.output.buffer().is_empty()
            || poll(&mut output, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).expect("poll") > 0
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

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends SIGSTOP and waits until the process has stopped.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn stop(&self) {
        rustix::process::kill_process(self.pid(), Signal::STOP).expect("the peer lives");
        let stat = format!("/proc/{}/stat", self.id());
        crate::until("the peer stops", || {
            let text = std::fs::read_to_string(&stat).unwrap_or_default();
            // The state is behind the name, which is in parentheses.
            text.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
        });
    }

    /// Sends SIGCONT.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn resume(&self) {
        rustix::process::kill_process(self.pid(), Signal::CONT).expect("the peer lives");
    }

    /// Sends SIGKILL and waits for the end.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("the peer's end");
    }

    /// Sends SIGKILL and waits for the end, leaving the peer's input open: for a child that reads from it too.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn kill_only(&mut self) {
        self.child.kill().expect("SIGKILL");
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
