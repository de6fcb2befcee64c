//! Where the commands come from: a person or a pipe, and the signals that end the program.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::signals;

/// Lines, until they end or a signal comes.
#[derive(Debug)]
pub struct Input {
    /// `None` wakes whoever waits.
    lines: Receiver<Option<String>>,
    told: Arc<AtomicBool>,
    prompts: bool,
}

impl Input {
    /// The standard input of this process.
    ///
    /// # Errors
    ///
    /// When the system gives no thread or no signal handler.
    pub fn standard() -> io::Result<Self> {
        // Bounded, so that an endless input waits for its answers.
        let (sender, lines) = mpsc::sync_channel(16);
        let told = Arc::new(AtomicBool::new(false));

        let (on_signal, over) = (sender.clone(), Arc::clone(&told));
        signals::on_end(move || {
            over.store(true, Ordering::Relaxed);
            // If it is full, nobody waits; the next look at the flag is soon.
            let _ = on_signal.try_send(None);
        })?;
        // A thread of its own: a signal must be heard while no line comes.
        let read = move || {
            while let Ok(Some(line)) = next_line(&mut io::stdin().lock()) {
                if sender.send(Some(line)).is_err() {
                    return;
                }
            }
            let _ = sender.send(None);
        };
        thread::Builder::new().name("input".to_owned()).spawn(read)?;
        Ok(Self { lines, told, prompts: io::stdin().is_terminal() })
    }

    /// The next line; `None` when there are no more, or a signal has come. A person sees the prompt first.
    ///
    /// # Errors
    ///
    /// When the prompt cannot be written.
    pub fn line(&mut self, prompt: &str, out: &mut impl Write) -> io::Result<Option<String>> {
        if self.prompts {
            out.write_all(prompt.as_bytes())?;
        }
        out.flush()?;
        let line = if self.is_told() { None } else { self.lines.recv().ok().flatten() };
        if line.is_none() && self.prompts {
            // Behind the prompt, or the ^C that the terminal has written.
            out.write_all(b"\n")?;
        }
        Ok(line)
    }

    /// Whether a signal has come.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.told.load(Ordering::Relaxed)
    }
}

/// The longest line, in bytes. What is longer counts as several.
const LONGEST: u64 = 64 << 10;

/// A line without its end. What is not UTF-8 in it becomes U+FFFD.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    if input.take(LONGEST).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).trim_end().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::{self, BufReader};

    use super::{LONGEST, next_line};

    #[test]
    fn lines_may_hold_any_bytes_and_the_last_needs_no_end() {
        let mut input: &[u8] = b"r\r\n\xff\n\nq";
        let mut next = || next_line(&mut input).unwrap();
        assert_eq!(next().as_deref(), Some("r"));
        assert_eq!(next().as_deref(), Some("\u{fffd}"));
        assert_eq!(next().as_deref(), Some(""));
        assert_eq!(next().as_deref(), Some("q"));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut endless = BufReader::new(io::repeat(b'x'));
        assert_eq!(next_line(&mut endless).unwrap().map(|line| line.len() as u64), Some(LONGEST));
    }
}
