//! Bytes for a person.

use std::fmt::Write;

/// Sixteen bytes a line: where they stand, in hexadecimal, and the characters among them.
#[must_use]
pub fn dump(offset: usize, bytes: &[u8]) -> String {
    const LINE: usize = 16;
    let mut text = String::new();
    for (n, line) in bytes.chunks(LINE).enumerate() {
        let hex: Vec<String> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = |&byte: &u8| if byte == b' ' || byte.is_ascii_graphic() { char::from(byte) } else { '.' };
        let characters: String = line.iter().map(shown).collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "  {:4}  {:47}  {characters}", offset + n * LINE, hex.join(" "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::dump;

    #[test]
    fn lines_say_where_they_stand() {
        let text = dump(8, b"0123456789abcdef\x00\x1bz");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "     8  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef");
        assert_eq!(lines[1], format!("    24  {:47}  ..z", "00 1b 7a"));
        assert_eq!(dump(0, b""), "");
    }
}
