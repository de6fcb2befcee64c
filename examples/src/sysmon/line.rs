//! A line of a table: text with colours, safe to show.

use std::fmt::Display;

/// How a piece of text stands out on a terminal that shows colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Not at all.
    Plain,
    /// A heading.
    Bold,
    /// Of less interest.
    Dim,
    /// As it should be.
    Green,
    /// Worth a look.
    Yellow,
    /// Worth doing something.
    Red,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Green => "\x1b[32m",
            Self::Yellow => "\x1b[33m",
            Self::Red => "\x1b[31m",
        }
    }
}

/// A line, as pieces. Every character takes one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    pieces: Vec<(Ink, String)>,
    width: usize,
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Columns that it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// With `text` behind what is there.
    #[must_use]
    pub fn with(mut self, ink: Ink, text: impl Display) -> Self {
        let text: String = text.to_string().chars().map(shown).collect();
        self.width += text.chars().count();
        self.pieces.push((ink, text));
        self
    }

    /// With plain `text` behind what is there.
    #[must_use]
    pub fn text(self, text: impl Display) -> Self {
        self.with(Ink::Plain, text)
    }

    /// With blanks up to a column.
    #[must_use]
    pub fn up_to(self, column: usize) -> Self {
        let blanks = column.saturating_sub(self.width);
        self.text(" ".repeat(blanks))
    }

    /// With another line behind it.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self.width += other.width;
        self
    }

    /// With `text` behind what is there, if the line is no longer than `width` then.
    #[must_use]
    pub fn if_fits(self, width: usize, ink: Ink, text: impl Display) -> Self {
        let more = Self::new().with(ink, text);
        if self.width + more.width <= width { self.and(more) } else { self }
    }

    /// With another line behind it that ends at `width`, if that leaves two columns between them.
    #[must_use]
    pub fn and_right(self, other: Self, width: usize) -> Self {
        match width.checked_sub(other.width) {
            Some(column) if column >= self.width + 2 => self.up_to(column).and(other),
            _ => self,
        }
    }

    /// Its first `width` columns without colours, and without blanks at the end.
    #[must_use]
    pub fn plain(&self, width: usize) -> String {
        let text: String = self.pieces.iter().flat_map(|(_, text)| text.chars()).take(width).collect();
        text.trim_end().to_owned()
    }

    /// Its first `width` columns with colours.
    #[must_use]
    pub fn coloured(&self, width: usize) -> String {
        let mut left = width;
        let mut line = String::new();
        for (ink, text) in &self.pieces {
            let piece: String = text.chars().take(left).collect();
            left -= piece.chars().count();
            if *ink == Ink::Plain {
                line.push_str(&piece);
            } else if !piece.is_empty() {
                line.extend([ink.code(), &piece, "\x1b[0m"]);
            }
        }
        line
    }
}

/// A character, or a question mark for one that could move the cursor, change the terminal or take another width than
/// one column. A process may call itself anything.
fn shown(c: char) -> char {
    // Latin, Greek and Cyrillic end there; of the marks below, which combine, this one counts as a letter.
    let letter = c < '\u{590}' && c != '\u{345}' && c.is_alphanumeric();
    if letter || c == ' ' || c.is_ascii_graphic() { c } else { '?' }
}

#[cfg(test)]
mod tests {
    use super::{Ink, Line};

    #[test]
    fn nothing_that_a_process_calls_itself_reaches_the_terminal_as_a_command() {
        let line = Line::new().text("a\x1b[2J\r\n\u{9b}\u{202e}\u{4e2d}\u{301}ö");
        assert_eq!(line.plain(80), "a?[2J??????ö");
        assert_eq!(line.width(), 12);
    }

    #[test]
    fn a_line_is_cut_at_the_width_with_or_without_colours() {
        let line = Line::new().with(Ink::Red, "abc").text("def").with(Ink::Dim, "ghi");
        assert_eq!(line.plain(4), "abcd");
        assert_eq!(line.coloured(4), "\x1b[31mabc\x1b[0md");
        assert_eq!(line.coloured(0), "");
        assert_eq!(line.width(), 9);
    }

    #[test]
    fn the_right_part_ends_at_the_width_or_stays_away() {
        let (left, right) = (Line::new().text("left"), Line::new().text("right"));
        assert_eq!(left.clone().and_right(right.clone(), 12).plain(80), "left   right");
        assert_eq!(left.and_right(right, 10).plain(80), "left");
    }

    #[test]
    fn a_part_that_would_be_cut_is_left_out() {
        let line = Line::new().text("left").if_fits(8, Ink::Plain, " 123").if_fits(8, Ink::Plain, " 4");
        assert_eq!(line.plain(80), "left 123");
    }
}
