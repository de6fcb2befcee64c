//! A table in place, or on paper.

use std::env;
use std::io::{self, IsTerminal, Write, stdout};
use std::time::Duration;

use shmrec_examples::sysmon::line::Line;
use shmrec_examples::sysmon::table::Room;
use shmrec_examples::system;

/// Where the table is shown.
#[derive(Debug)]
pub(crate) struct Screen {
    kind: Kind,
    colours: bool,
}

#[derive(Debug)]
enum Kind {
    /// A terminal, whose cursor stands below the `lines` that were drawn, in this room.
    Terminal { lines: usize, room: Option<Room> },
    /// A file, a pipe, or a terminal that cannot go back. How many tables stand there already.
    Paper { tables: usize },
}

/// Whether a person looks on.
pub(crate) fn is_terminal() -> bool {
    stdout().is_terminal()
}

impl Screen {
    pub(crate) fn new() -> Self {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let kind = if is_terminal() && env::var_os("TERM").is_some_and(|term| term != "dumb") {
            Kind::Terminal { lines: 0, room: None }
        } else {
            Kind::Paper { tables: 0 }
        };
        Self { colours: matches!(kind, Kind::Terminal { .. }) && !is_set("NO_COLOR"), kind }
    }

    /// The time between two tables.
    pub(crate) fn period(&self) -> Duration {
        match self.kind {
            Kind::Terminal { .. } => Duration::from_millis(250),
            Kind::Paper { .. } => Duration::from_secs(1),
        }
    }

    /// Shows a table, made for the room that there is.
    pub(crate) fn draw(&mut self, table: impl FnOnce(Room) -> Vec<Line>) -> io::Result<()> {
        let mut text = String::new();
        match &mut self.kind {
            Kind::Terminal { lines, room } => {
                let now = room_of_terminal();
                match room {
                    // The terminal has wrapped the old lines anew: nobody knows where they stand now.
                    Some(before) if *before != now => text.push_str("\x1b[2J\x1b[H"),
                    Some(_) if *lines > 0 => text.push_str(&format!("\x1b[{lines}A")),
                    Some(_) => {}
                    None => text.push_str(HIDE_CURSOR),
                }
                let table = table(now);
                for line in &table {
                    // Cleared first: behind a line of full width the cursor still stands on its last character.
                    text.push_str("\r\x1b[2K");
                    text.push_str(&if self.colours { line.coloured(now.width) } else { line.plain(now.width) });
                    text.push('\n');
                }
                text.push_str("\x1b[J");
                (*lines, *room) = (table.len(), Some(now));
            }
            Kind::Paper { tables } => {
                let room = Room { width: 80, height: None };
                if *tables > 0 {
                    text.push('\n');
                }
                for line in table(room) {
                    text.push_str(&line.plain(room.width));
                    text.push('\n');
                }
                *tables += 1;
            }
        }
        // All at once, so that nobody sees half of it.
        let mut stdout = stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }
}

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

impl Drop for Screen {
    fn drop(&mut self) {
        if let Kind::Terminal { room: Some(_), .. } = self.kind {
            // The terminal has written ^C there. If the terminal is gone, so is the cursor.
            let _ = stdout().write_all(format!("\r\x1b[2K{SHOW_CURSOR}").as_bytes());
            let _ = stdout().flush();
        }
    }
}

/// Columns and lines, but for the one that the cursor stands on. A terminal that does not know has 80 by 24.
fn room_of_terminal() -> Room {
    let (columns, rows) = system::window();
    let or = |n: Option<u16>, usual| n.filter(|n| *n > 0).map_or(usual, usize::from);
    let (columns, rows) = (or(columns, 80), or(rows, 24));
    Room { width: columns, height: Some(rows - 1) }
}
