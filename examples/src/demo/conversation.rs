//! Doing what was typed.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use shmrec::{Error, Guard, ReadError, Reader, Segment, SharedField, SharedRecord, Version, WaitError, WriteError};

use super::command::{self, Command};
use super::dump::dump;
use super::input::Input;
use super::link::Link;
use super::record::{Change, Demo};
use crate::clock;

/// Takes commands until the end, and releases the segment. `program` is the name that messages begin with.
pub fn run(program: &str, linked: Result<Link, Error>) -> ExitCode {
    let failed = |error: &dyn Display| {
        eprintln!("{program}: {error}");
        ExitCode::FAILURE
    };
    let link = match linked {
        Ok(link) => link,
        Err(error) => return failed(&error),
    };
    let input = match Input::standard() {
        Ok(input) => input,
        Err(error) => return failed(&error),
    };
    let mut conversation = Conversation { input, out: io::stdout(), seen: Version::NONE };
    match conversation.hold(link) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody listens any more, which ends a conversation as well as `q`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// How a part of the conversation ended.
enum End {
    /// There is nothing more to do.
    Over,
    /// The segment is to be released, and the program stays.
    Release,
}

/// How the time with the lock ended.
enum Kept {
    /// The person has said so.
    ToUnlock,
    /// There is nothing more to do.
    ToTheEnd,
}

/// What is written where.
struct Conversation<W> {
    input: Input,
    out: W,
    /// The last version that the person knows.
    seen: Version,
}

impl<W: Write> Conversation<W> {
    fn hold(&mut self, link: Link) -> io::Result<()> {
        let reader = link.reader();
        writeln!(self.out, "segment {:?} is at version {}; h shows the commands", reader.name(), reader.version())?;
        let end = self.unlocked(&link)?;
        let path = link.reader().path().to_owned();
        let said = match link.release() {
            Ok(()) if path.exists() => "released; the segment stays: others use it, or it persists".to_owned(),
            Ok(()) => "released; the segment is gone".to_owned(),
            Err(error) => error.to_string(),
        };
        writeln!(self.out, "{said}")?;
        match end {
            End::Over => Ok(()),
            End::Release => self.released(),
        }
    }

    /// The next command; `None` at the end. What is no command is answered here.
    fn command(&mut self, prompt: &str) -> io::Result<Option<Command>> {
        loop {
            let Some(line) = self.input.line(prompt, &mut self.out)? else { return Ok(None) };
            match command::parse(&line) {
                Ok(Some(Command::Help)) => writeln!(self.out, "{}", command::HELP)?,
                Ok(Some(Command::Quit)) => return Ok(None),
                Ok(Some(command)) => return Ok(Some(command)),
                Ok(None) => {}
                Err(wrong) => writeln!(self.out, "{wrong}")?,
            }
        }
    }

    /// Without the lock.
    fn unlocked(&mut self, link: &Link) -> io::Result<End> {
        while let Some(command) = self.command("> ")? {
            if let Some(answered) = self.look(link, &command) {
                answered?;
                continue;
            }
            if let Command::Release = command {
                return Ok(End::Release);
            }
            let Some(segment) = link.segment() else {
                writeln!(self.out, "this program has linked read-only: it cannot write, nor keep others from writing")?;
                continue;
            };
            match command {
                Command::Write(changes) => {
                    // The person is asked first, and the lock is taken for a moment only.
                    let known = segment.read().unwrap_or_default();
                    let Some(changes) = self.ask(changes, &known)? else { return Ok(End::Over) };
                    let written = edit(segment, |guard| write(guard, &changes));
                    self.tell(written)?;
                }
                Command::Part(change) => {
                    let written = edit(segment, |guard| set(guard, &change));
                    self.tell(written)?;
                }
                Command::Lock => match segment.lock() {
                    Ok(guard) => {
                        self.tell_if(guard.recovered())?;
                        if let Some(end) = self.locked(link, guard)? {
                            return Ok(end);
                        }
                    }
                    Err(error) => writeln!(self.out, "{error}")?,
                },
                _ => writeln!(self.out, "this program does not hold the lock: k takes it")?,
            }
        }
        Ok(End::Over)
    }

    /// With the lock, until it is given back; then `None`.
    fn locked(&mut self, link: &Link, mut guard: Guard<'_, Demo>) -> io::Result<Option<End>> {
        writeln!(self.out, "LOCKED: no other program can write until you unlock (u); all can read")?;
        match self.keep(link, &mut guard) {
            Ok(Kept::ToUnlock) => {
                match guard.unlock() {
                    Ok(Some(version)) => {
                        self.seen = version;
                        writeln!(self.out, "unlocked; published version {version}")?;
                    }
                    Ok(None) => writeln!(self.out, "unlocked; nothing was written")?,
                    Err(error) => writeln!(self.out, "{error}")?,
                }
                Ok(None)
            }
            // Dropped, the guard would publish what nobody has said to be ready.
            over => {
                let discarded = guard.discard();
                over?;
                match discarded {
                    Ok(()) => writeln!(self.out, "unlocked; what was not published is gone")?,
                    Err(error) => writeln!(self.out, "{error}")?,
                }
                Ok(Some(End::Over))
            }
        }
    }

    /// Does what is typed while the lock is held.
    fn keep(&mut self, link: &Link, guard: &mut Guard<'_, Demo>) -> io::Result<Kept> {
        while let Some(command) = self.command("LOCKED> ")? {
            match command {
                Command::Unlock => return Ok(Kept::ToUnlock),
                Command::Read => match guard.read() {
                    Ok(demo) => {
                        let version = link.reader().version();
                        writeln!(self.out, "as it will be published (others see version {version} still):\n{demo}")?;
                    }
                    Err(error) => writeln!(self.out, "{error}")?,
                },
                Command::Write(changes) => {
                    let known = guard.read().unwrap_or_default();
                    let Some(changes) = self.ask(changes, &known)? else { break };
                    let written = write(guard, &changes);
                    self.tell_noted(written)?;
                }
                Command::Part(change) => {
                    let written = set(guard, &change);
                    self.tell_noted(written)?;
                }
                Command::Lock => writeln!(self.out, "this program holds the lock already: u gives it back")?,
                Command::Newer(_) => writeln!(self.out, "nobody can publish a newer version: unlock first (u)")?,
                Command::Release => writeln!(self.out, "unlock first (u)")?,
                other => self.look(link, &other).unwrap_or(Ok(()))?,
            }
        }
        Ok(Kept::ToTheEnd)
    }

    /// After the release.
    fn released(&mut self) -> io::Result<()> {
        while self.command("released> ")?.is_some() {
            writeln!(self.out, "the segment is released: q quits")?;
        }
        Ok(())
    }

    /// Does what changes nothing; `None` for other commands.
    fn look(&mut self, link: &Link, command: &Command) -> Option<io::Result<()>> {
        let reader = link.reader();
        Some(match command {
            Command::Read => self.show(reader.read_versioned()),
            Command::Newer(time) => self.wait(reader, *time),
            Command::Bytes { offset, len } => self.bytes(reader, *offset, *len),
            Command::Info => writeln!(self.out, "{}", link.describe()),
            _ => return None,
        })
    }

    fn show<E: Display>(&mut self, read: Result<shmrec::Published<Demo>, E>) -> io::Result<()> {
        match read {
            Ok(published) => {
                self.seen = published.version;
                writeln!(self.out, "version {}\n{}", published.version, published.record)
            }
            Err(error) => writeln!(self.out, "{error}"),
        }
    }

    fn wait(&mut self, reader: &Reader<Demo>, time: Duration) -> io::Result<()> {
        // A signal is heard between the slices.
        const SLICE: Duration = Duration::from_millis(200);
        writeln!(self.out, "waiting for a version after {}", self.seen)?;
        self.out.flush()?;
        let begun = Instant::now();
        loop {
            let left = time.saturating_sub(begun.elapsed());
            match reader.wait_newer(self.seen, left.min(SLICE)) {
                Err(WaitError::Timeout(_)) if left > SLICE && !self.input.is_told() => {}
                Err(WaitError::Timeout(_)) => return writeln!(self.out, "no version after {} has come", self.seen),
                outcome => return self.show(outcome),
            }
        }
    }

    fn bytes(&mut self, reader: &Reader<Demo>, offset: usize, len: Option<usize>) -> io::Result<()> {
        let len = len.unwrap_or(Demo::SIZE.saturating_sub(offset));
        // Before there is memory for as many as a person may type.
        if offset.checked_add(len).is_none_or(|end| end > Demo::SIZE) {
            return writeln!(self.out, "{len} bytes at offset {offset} are not within the record's {}", Demo::SIZE);
        }
        let mut bytes = vec![0; len];
        match reader.read_bytes(offset, &mut bytes) {
            Ok(version) => write!(self.out, "version {version}\n{}", dump(offset, &bytes)),
            Err(error) => writeln!(self.out, "{error}"),
        }
    }

    /// The changes, asked for if there are none yet; `None` when the input has ended meanwhile.
    fn ask(&mut self, changes: Vec<Change>, known: &Demo) -> io::Result<Option<Vec<Change>>> {
        if !changes.is_empty() {
            return Ok(Some(changes));
        }
        let mut changes = Vec::new();
        for (name, value) in Change::QUESTIONS {
            loop {
                let Some(line) = self.input.line(&format!("{name} [{}]: ", value(known)), &mut self.out)? else {
                    return Ok(None);
                };
                match line.as_str() {
                    "" => break,
                    line => match Change::new(name, line) {
                        Ok(change) => {
                            changes.push(change);
                            break;
                        }
                        Err(wrong) => writeln!(self.out, "{wrong}")?,
                    },
                }
            }
        }
        Ok(Some(changes))
    }

    /// Says what came of a write.
    fn tell(&mut self, written: Result<Written, WriteError>) -> io::Result<()> {
        match written {
            Ok(Written { version, recovered }) => {
                self.tell_if(recovered)?;
                self.seen = version;
                writeln!(self.out, "published version {version}")
            }
            Err(error) => writeln!(self.out, "{error}"),
        }
    }

    fn tell_if(&mut self, recovered: bool) -> io::Result<()> {
        if recovered {
            writeln!(self.out, "recovered: the lock was taken over from a program that died with it")?;
        }
        Ok(())
    }

    fn tell_noted(&mut self, written: Result<(), WriteError>) -> io::Result<()> {
        match written {
            Ok(()) => writeln!(self.out, "noted; published when you unlock (u)"),
            Err(error) => writeln!(self.out, "{error}"),
        }
    }
}

/// What came of a write.
struct Written {
    version: Version,
    recovered: bool,
}

/// Takes the lock for one edit, which is published if it succeeds. The record is never half edited: a guard edits a
/// copy of it.
fn edit(
    segment: &Segment<Demo>,
    change: impl FnOnce(&mut Guard<'_, Demo>) -> Result<(), WriteError>,
) -> Result<Written, WriteError> {
    let mut guard = segment.lock()?;
    let recovered = guard.recovered();
    change(&mut guard)?;
    let version = guard.unlock()?.unwrap_or_else(|| segment.version());
    Ok(Written { version, recovered })
}

/// Writes the whole record, as it was but for the changes.
fn write(guard: &mut Guard<'_, Demo>, changes: &[Change]) -> Result<(), WriteError> {
    let mut demo = match guard.read() {
        Ok(demo) => demo,
        Err(ReadError::NotYetWritten(_)) => Demo::default(),
        Err(error) => return Err(error.into()),
    };
    for change in changes {
        change.apply(&mut demo);
    }
    demo.updated = clock::now();
    guard.write(&demo)
}

/// Writes one field, and the time: both in the same version, and no other bytes.
fn set(guard: &mut Guard<'_, Demo>, change: &Change) -> Result<(), WriteError> {
    let fields = Demo::fields();
    let now = clock::now();
    match change.clone() {
        Change::Counter(counter) => guard.set((fields.counter, fields.updated), &(counter, now)),
        Change::Amount(amount) => guard.set((fields.amount, fields.updated), &(amount, now)),
        Change::Text(text) => guard.set((fields.text, fields.updated), &(text, now)),
        Change::Flag(flag) => guard.set((fields.flag, fields.updated), &(flag, now)),
    }
}
