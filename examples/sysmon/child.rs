//! The publisher that a viewer starts.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Work;
use crate::failed::Failed;

/// A publisher of this viewer's own. It ends with the viewer, however that one ends: the pipe to its standard input
/// closes.
#[derive(Debug)]
pub(crate) struct Started(Child);

/// How such a publisher ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Another one publishes, or it was killed: it may be started again when that is needed.
    Gone,
    /// Something went wrong; its words.
    Failed(String),
}

impl Started {
    pub(crate) fn start(work: &Work) -> Result<Self, Failed> {
        let program = std::env::current_exe().map_err(Failed::Spawn)?;
        let mut command = Command::new(program);
        command.args(["publish", "--until-eof", "--name", &work.name]);
        if let Some(dir) = &work.dir {
            command.arg("--dir").arg(dir);
        }
        // What it has to say would stand in the middle of the table.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().map(Self).map_err(Failed::Spawn)
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        let status = self.0.try_wait().ok().flatten()?;
        if status.code().is_none_or(|code| code == i32::from(Failed::TAKEN)) {
            return Some(Ended::Gone);
        }
        let mut words = String::new();
        if let Some(mut said) = self.0.stderr.take() {
            // Without words the status has to do.
            let _ = said.read_to_string(&mut words);
        }
        let words = words.trim().trim_start_matches("sysmon: ");
        Some(Ended::Failed(if words.is_empty() { status.to_string() } else { words.to_owned() }))
    }
}

impl Drop for Started {
    /// Ends it and waits, so that nothing is left when the viewer's prompt is back.
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        drop(self.0.stdin.take());
        let asked = Instant::now();
        while let Ok(None) = self.0.try_wait() {
            if asked.elapsed() > PATIENCE {
                let _ = self.0.kill();
                let _ = self.0.wait();
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}
