//! The standard output: a terminal or a pipe, colours or none, tables, JSON.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value as Json;
use unicode_width::UnicodeWidthStr;

use crate::arguments::{Common, When};

/// What a piece of text is, to somebody who looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ink {
    #[default]
    Plain,
    /// Of less importance.
    Dim,
    /// A heading.
    Heading,
    /// The name of something.
    Name,
    /// All is well.
    Good,
    /// Worth a look.
    Odd,
    /// Something is wrong.
    Bad,
}

impl Ink {
    fn style(self) -> Style {
        let color = |color: AnsiColor| Style::new().fg_color(Some(color.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Dim => Style::new().dimmed(),
            Self::Heading => Style::new().bold(),
            Self::Name => color(AnsiColor::Cyan),
            Self::Good => color(AnsiColor::Green),
            Self::Odd => color(AnsiColor::Yellow),
            Self::Bad => color(AnsiColor::Red),
        }
    }
}

/// Where results go.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) terminal: bool,
    pub(crate) json: bool,
    color: bool,
}

impl Output {
    pub(crate) fn new(common: &Common) -> Self {
        let terminal = io::stdout().is_terminal();
        let color = match common.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                terminal
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Self { terminal, json: common.json, color }
    }

    pub(crate) fn ink(&self, ink: Ink, text: &str) -> String {
        let style = ink.style();
        if self.color && style != Style::new() && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn line(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")
    }

    /// JSON in one line, or spread out for a person to read.
    pub(crate) fn json(&self, value: &Json) -> io::Result<()> {
        if self.terminal { self.line(&format!("{value:#}")) } else { self.line(&value.to_string()) }
    }

    /// JSON in one line, of many.
    pub(crate) fn json_line(&self, value: &Json) -> io::Result<()> {
        self.line(&value.to_string())
    }

    pub(crate) fn table(&self, table: &Table) -> io::Result<()> {
        for line in table.lines(self) {
            self.line(&line)?;
        }
        Ok(())
    }

    pub(crate) fn has_color(&self) -> bool {
        self.color
    }
}

/// Something that a person ought to know, beside the results.
pub(crate) fn note(text: &str) {
    // Nobody is there to hear of a failure.
    let _ = writeln!(io::stderr(), "shmrec: {text}");
}

/// Which end of its column a text stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<(Ink, String)>>,
}

impl Table {
    pub(crate) fn new(columns: Vec<(&'static str, Align)>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<(Ink, String)>) {
        self.rows.push(cells);
    }

    fn lines(&self, output: &Output) -> Vec<String> {
        let headings = self.columns.iter().map(|(heading, _)| (Ink::Heading, (*heading).to_owned())).collect();
        let has_headings = self.columns.iter().any(|(heading, _)| !heading.is_empty());
        let rows: Vec<&Vec<(Ink, String)>> = has_headings.then_some(&headings).into_iter().chain(&self.rows).collect();
        let width = |i: usize| rows.iter().map(|row| row[i].1.width()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        rows.iter().map(|row| self.line(row, &widths, output)).collect()
    }

    fn line(&self, row: &[(Ink, String)], widths: &[usize], output: &Output) -> String {
        let mut line = String::new();
        for (i, ((ink, text), width)) in row.iter().zip(widths).enumerate() {
            let blanks = width - text.width();
            let last = i + 1 == row.len();
            if i > 0 {
                line.push_str("  ");
            }
            if self.columns[i].1 == Align::Right {
                // Writing to a `String` does not fail.
                let _ = write!(line, "{:blanks$}{}", "", output.ink(*ink, text));
            } else {
                // Nothing stands behind the last column that could need the blanks.
                let blanks = if last { 0 } else { blanks };
                let _ = write!(line, "{}{:blanks$}", output.ink(*ink, text), "");
            }
        }
        line.truncate(line.trim_end_matches(' ').len());
        line
    }
}
