//! The record of the demo.

use std::fmt;
use std::str::FromStr;

use shmrec::SharedRecord;

use crate::clock;

/// Bytes of the text.
pub const TEXT: usize = 64;

/// One field of each usual kind.
#[derive(SharedRecord, Clone, Debug, Default, PartialEq)]
pub struct Demo {
    /// A number.
    pub counter: i64,
    /// A number with a fraction.
    pub amount: f64,
    /// Up to 64 bytes of UTF-8.
    #[record(capacity = TEXT)]
    pub text: String,
    /// Yes or no.
    pub flag: bool,
    /// When it was written: nanoseconds since 1970.
    pub updated: u64,
}

impl fmt::Display for Demo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { counter, amount, text, flag, updated } = self;
        writeln!(f, "  counter  {counter}")?;
        writeln!(f, "  amount   {amount}")?;
        // Another program wrote it: with its control characters escaped.
        writeln!(f, "  text     {text:?}")?;
        writeln!(f, "  flag     {flag}")?;
        match updated {
            0 => write!(f, "  updated  never"),
            then => write!(f, "  updated  {:.1} s ago", clock::age(*then).as_secs_f64()),
        }
    }
}

/// A new value for one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Of [`Demo::counter`].
    Counter(i64),
    /// Of [`Demo::amount`].
    Amount(f64),
    /// Of [`Demo::text`]. Whether it fits is the segment's to say.
    Text(String),
    /// Of [`Demo::flag`].
    Flag(bool),
}

/// A field that a person can change.
pub type Question = (&'static str, fn(&Demo) -> String);

impl Change {
    /// The fields that can be changed, and how each shows its value.
    pub const QUESTIONS: [Question; 4] = [
        ("counter", |demo| demo.counter.to_string()),
        ("amount", |demo| demo.amount.to_string()),
        ("text", |demo| format!("{:?}", demo.text)),
        ("flag", |demo| demo.flag.to_string()),
    ];

    /// The change of the field `name` to `value`.
    ///
    /// # Errors
    ///
    /// A sentence: there is no such field, or this is no value of it.
    pub fn new(name: &str, value: &str) -> Result<Self, String> {
        match name {
            "counter" => parsed(name, value, "a whole number").map(Self::Counter),
            "amount" => parsed(name, value, "a number").map(Self::Amount),
            "text" => Ok(Self::Text(value.to_owned())),
            "flag" => parsed(name, value, "true or false").map(Self::Flag),
            _ => Err(format!("there is no field {name:?}: the fields are counter, amount, text and flag")),
        }
    }

    /// Makes the change.
    pub fn apply(&self, demo: &mut Demo) {
        match self {
            Self::Counter(counter) => demo.counter = *counter,
            Self::Amount(amount) => demo.amount = *amount,
            Self::Text(text) => demo.text.clone_from(text),
            Self::Flag(flag) => demo.flag = *flag,
        }
    }
}

fn parsed<V: FromStr>(name: &str, value: &str, expected: &str) -> Result<V, String> {
    value.parse().map_err(|_| format!("{value:?} is no value of {name}, which is {expected}"))
}

#[cfg(test)]
mod tests {
    use super::{Change, Demo};

    #[test]
    fn every_field_that_is_asked_for_can_be_changed_to_what_it_shows() {
        let demo = Demo { counter: -3, amount: 0.5, text: "x".to_owned(), flag: true, updated: 0 };
        let mut copy = Demo::default();
        for (name, value) in Change::QUESTIONS {
            Change::new(name, value(&demo).trim_matches('"')).unwrap().apply(&mut copy);
        }
        assert_eq!(copy, demo);
    }

    #[test]
    fn what_is_no_value_is_said_in_words() {
        assert_eq!(
            Change::new("counter", "many").unwrap_err(),
            "\"many\" is no value of counter, which is a whole number"
        );
        assert!(Change::new("flag", "yes").is_err());
        assert!(Change::new("updated", "0").unwrap_err().contains("counter, amount, text and flag"));
        assert!(Change::new("", "").is_err());
    }

    #[test]
    fn a_text_of_another_program_cannot_command_the_terminal() {
        let demo = Demo { text: "\x1b[2J\u{202e}".to_owned(), ..Demo::default() };
        assert!(demo.to_string().contains(r#"text     "\u{1b}[2J\u{202e}""#), "{demo}");
    }
}
