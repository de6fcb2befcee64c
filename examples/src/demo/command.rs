//! What a person may type.

use std::time::Duration;

use super::record::Change;

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show the record.
    Read,
    /// Change these fields, or ask for each if there are none, and write the record.
    Write(Vec<Change>),
    /// Write one field.
    Part(Change),
    /// Take the lock and keep it.
    Lock,
    /// Give it back.
    Unlock,
    /// Wait for a newer version.
    Newer(Duration),
    /// Show bytes, from an offset on; all that follow when there is no length.
    Bytes {
        /// Where they begin.
        offset: usize,
        /// How many.
        len: Option<usize>,
    },
    /// Show what is known of the segment.
    Info,
    /// Release the segment.
    Release,
    /// Show [`HELP`].
    Help,
    /// End.
    Quit,
}

/// The commands, one per line.
pub const HELP: &str = "\
r                 read the record
w                 write it: asks for each field, Enter keeps the value
w counter=3 text=two words
                  write it with these fields changed (counter, amount, text, flag)
p flag=true       write a part: this field and the time, no others
k                 keep the lock: until you unlock, no other program can write; all can read
u                 unlock: publish what was written meanwhile, as one version
n [SECONDS]       wait for a version newer than the last one seen here (30 s)
o [OFFSET [LEN]]  show bytes of the record
i                 show the segment: version, users, owner, schema
d                 release the segment; it goes with its last user
h                 this help
q                 release the segment and quit";

const PATIENCE: Duration = Duration::from_secs(30);

/// Reads a line; nothing if it is empty.
///
/// # Errors
///
/// A sentence that says what is wrong.
pub fn parse(line: &str) -> Result<Option<Command>, String> {
    let mut words = line.split_whitespace();
    let Some(key) = words.next() else { return Ok(None) };
    let words: Vec<&str> = words.collect();
    let command = match key {
        "r" => Command::Read,
        "w" => return changes(&words).map(|changes| Some(Command::Write(changes))),
        "p" => match <[Change; 1]>::try_from(changes(&words)?) {
            Ok([change]) => return Ok(Some(Command::Part(change))),
            Err(_) => return Err("p takes one field: p counter=3".to_owned()),
        },
        "k" => Command::Lock,
        "u" => Command::Unlock,
        "n" => match *words.as_slice() {
            [] => return Ok(Some(Command::Newer(PATIENCE))),
            [seconds] => return self::seconds(seconds).map(|time| Some(Command::Newer(time))),
            _ => return Err("n takes a number of seconds, or nothing".to_owned()),
        },
        "o" => return bytes(&words).map(Some),
        "i" => Command::Info,
        "d" => Command::Release,
        "h" | "?" => Command::Help,
        "q" => Command::Quit,
        _ => return Err(format!("there is no command {key:?}: h shows what there is")),
    };
    if words.is_empty() {
        Ok(Some(command))
    } else {
        Err(format!("{key} takes nothing behind it: h shows the commands"))
    }
}

/// `name=value` and so on. A word without `=` belongs to the value before it.
fn changes(words: &[&str]) -> Result<Vec<Change>, String> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for word in words {
        match (word.split_once('='), pairs.last_mut()) {
            (Some((name, value)), _) => pairs.push((name, value.to_owned())),
            (None, Some((_, value))) => value.extend([" ", word]),
            (None, None) => return Err(format!("{word:?} is no change: write field=value, as in counter=3")),
        }
    }
    pairs.into_iter().map(|(name, value)| Change::new(name, &value)).collect()
}

fn bytes(words: &[&str]) -> Result<Command, String> {
    let number = |word: &str| word.parse().map_err(|_| format!("{word:?} is no number of bytes"));
    match *words {
        [] => Ok(Command::Bytes { offset: 0, len: None }),
        [offset] => Ok(Command::Bytes { offset: number(offset)?, len: None }),
        [offset, len] => Ok(Command::Bytes { offset: number(offset)?, len: Some(number(len)?) }),
        _ => Err("o takes an offset and a length: o 8 16".to_owned()),
    }
}

/// A number of seconds, fractions included; also for the command line.
///
/// # Errors
///
/// A sentence.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("{text:?} is no number of seconds"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Command, HELP, parse};
    use crate::demo::record::Change;

    #[test]
    fn every_command_of_the_help_is_one() {
        for line in HELP.lines().filter(|line| !line.starts_with(' ')) {
            let typed = line.split("  ").next().unwrap().replace("[SECONDS]", "1.5").replace("[OFFSET [LEN]]", "8 16");
            assert!(matches!(parse(&typed), Ok(Some(_))), "{typed:?}");
        }
    }

    #[test]
    fn a_value_may_have_blanks() {
        let expected = vec![Change::Text("two words".to_owned()), Change::Counter(3)];
        assert_eq!(parse(" w text=two   words counter=3 "), Ok(Some(Command::Write(expected))));
        assert_eq!(parse("w text="), Ok(Some(Command::Write(vec![Change::Text(String::new())]))));
        assert_eq!(parse("p text=a=b"), Ok(Some(Command::Part(Change::Text("a=b".to_owned())))));
    }

    #[test]
    fn an_empty_line_is_nothing() {
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse(" \t"), Ok(None));
    }

    #[test]
    fn what_is_no_command_is_said_in_words() {
        for line in [
            "x",
            "read",
            "w 3",
            "w counter",
            "p",
            "p counter=1 flag=true",
            "n soon",
            "n -1",
            "n 1e300",
            "n NaN",
            "n 1 2",
            "o -1",
            "o 99999999999999999999",
            "o 1 2 3",
            "r 5",
            "q now",
            "w =",
            "w \u{1b}=1",
        ] {
            let said = parse(line).unwrap_err();
            assert!(!said.is_empty() && !said.contains('\u{1b}'), "{line:?}: {said}");
        }
    }

    #[test]
    fn seconds_may_have_a_fraction() {
        assert_eq!(parse("n 0.25"), Ok(Some(Command::Newer(Duration::from_millis(250)))));
    }
}
