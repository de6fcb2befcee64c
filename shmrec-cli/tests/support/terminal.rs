//! A pseudo-terminal with a program in it: keys go in, and what its screen shows is read.
#![allow(dead_code, reason = "not every test program uses all of it")]

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// The bound of every wait. It is there to end a hanging program; nothing is about it.
const BOUND: Duration = Duration::from_secs(120);

pub(crate) struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    /// All that was written, escapes included.
    written: Arc<Mutex<Vec<u8>>>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
}

impl Terminal {
    /// Starts a program, for segments in `dir`, on a screen of so many rows and columns.
    pub(crate) fn start(program: impl AsRef<OsStr>, dir: &Path, arguments: &[&str], size: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("SHMREC_DIR", dir);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(some(size.0), some(size.1), 0)));
        let written = Arc::new(Mutex::new(Vec::new()));
        let mut output = pair.master.try_clone_reader().expect("the terminal's output");
        let (to, all) = (Arc::clone(&screen), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = output.read(&mut bytes) {
                all.lock().unwrap().extend(&bytes[..n]);
                to.lock().unwrap().process(&bytes[..n]);
            }
        });
        let keys = pair.master.take_writer().expect("the terminal's input");
        Self { screen, written, keys, master: pair.master, child }
    }

    /// What the screen shows.
    pub(crate) fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// The screen itself.
    pub(crate) fn with_screen<R>(&self, look: impl FnOnce(&vt100::Screen) -> R) -> R {
        look(self.screen.lock().unwrap().screen())
    }

    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// Waits until the screen is as `done` says.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, done: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        loop {
            let text = self.text();
            if done(&text) {
                return;
            }
            assert!(begun.elapsed() < BOUND, "this was not seen within {BOUND:?}: {what}\n{text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[track_caller]
    pub(crate) fn until_shown(&self, words: &str) {
        self.until(words, |text| text.contains(words));
    }

    /// The line of the screen that contains `words`.
    #[track_caller]
    pub(crate) fn line(&self, words: &str) -> String {
        self.until_shown(words);
        self.text().lines().find(|line| line.contains(words)).unwrap_or_default().to_owned()
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("the terminal takes keys");
    }

    pub(crate) fn resize(&mut self, size: (u16, u16)) {
        self.screen.lock().unwrap().screen_mut().set_size(some(size.0), some(size.1));
        self.master.resize(pty_size(size)).expect("the terminal changes its size");
    }

    /// Waits for the program's end, and gives its exit code.
    #[track_caller]
    pub(crate) fn end(&mut self) -> u32 {
        self.end_by("")
    }

    /// As [`end`](Self::end), pressing keys until it ends.
    #[track_caller]
    pub(crate) fn end_by(&mut self, keys: &str) -> u32 {
        let begun = Instant::now();
        loop {
            // One that has ended takes no keys.
            let _ = self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush());
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status.exit_code();
            }
            assert!(begun.elapsed() < BOUND, "the program did not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn some(size: u16) -> NonZero<u16> {
    NonZero::new(size).expect("a row and a column")
}

/// All cells of a screen.
pub(crate) fn cells(screen: &vt100::Screen) -> impl Iterator<Item = (u16, u16, &vt100::Cell)> {
    let (rows, columns) = screen.size();
    let places = (0..rows.get()).flat_map(move |row| (0..columns.get()).map(move |column| (row, column)));
    places.filter_map(|(row, column)| Some((row, column, screen.cell(row, column)?)))
}

fn pty_size((rows, cols): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

pub(crate) const UP: &str = "\u{1b}[A";
pub(crate) const DOWN: &str = "\u{1b}[B";
pub(crate) const RIGHT: &str = "\u{1b}[C";
pub(crate) const LEFT: &str = "\u{1b}[D";
pub(crate) const END: &str = "\u{1b}[F";
pub(crate) const ESCAPE: &str = "\u{1b}";
