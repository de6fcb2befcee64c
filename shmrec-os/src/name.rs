//! Names of segments.

use std::error::Error;
use std::fmt;

/// A segment's name: 1 to 200 of the characters `A-Z a-z 0-9 _`, unique on the machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SegmentName(String);

impl SegmentName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 200;

    /// Checks a name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] when it is empty, too long, or has another character.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let refuse = |problem| Err(InvalidName::new(name, problem, Of::Segment));
        if name.is_empty() {
            return refuse(NameProblem::Empty);
        }
        if let Some((at, character)) = name.char_indices().find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '_') {
            return refuse(NameProblem::Character { character, at });
        }
        if name.len() > Self::MAX_LEN {
            return refuse(NameProblem::TooLong { len: name.len() });
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that no segment can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName {
    name: String,
    problem: NameProblem,
    /// What the name was to be of.
    of: Of,
}

/// What has names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Segment,
    PosixObject,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameProblem {
    /// There is none.
    Empty,
    /// It has more than [`SegmentName::MAX_LEN`] bytes.
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// It has a character that is not one of `A-Z a-z 0-9 _`.
    Character {
        /// The first such character.
        character: char,
        /// Where it stands, in bytes.
        at: usize,
    },
}

impl InvalidName {
    fn new(name: &str, problem: NameProblem, of: Of) -> Self {
        Self { name: name.chars().take(SegmentName::MAX_LEN).collect(), problem, of }
    }

    /// A name that no POSIX shared memory object can have.
    pub(crate) fn of_object(name: &str, problem: NameProblem) -> Self {
        Self::new(name, problem, Of::PosixObject)
    }

    /// The name, cut to the longest length that a name may have.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> NameProblem {
        self.problem
    }
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.of {
            Of::Segment => "segment",
            Of::PosixObject => "object",
        };
        match self.problem {
            NameProblem::Empty => write!(f, "the {of} name is empty")?,
            NameProblem::TooLong { len } => {
                write!(f, "the {of} name {:?}… has {len} bytes", self.name.chars().take(20).collect::<String>())?;
            }
            NameProblem::Character { character, at } => {
                write!(f, "the {of} name {:?} has the character {character:?} at byte {at}", self.name)?;
            }
        }
        match self.of {
            Of::Segment => write!(f, ": a name is 1 to {} of the characters A-Z a-z 0-9 _", SegmentName::MAX_LEN),
            Of::PosixObject => {
                f.write_str(": a name is a slash and 1 to 254 bytes without another, and neither . nor ..")
            }
        }
    }
}

impl Error for InvalidName {}

#[cfg(test)]
mod tests {
    use super::{NameProblem, SegmentName};

    fn problem(name: &str) -> NameProblem {
        SegmentName::new(name).unwrap_err().problem()
    }

    #[test]
    fn what_could_leave_the_directory_is_refused_with_its_place() {
        assert_eq!(problem("../x"), NameProblem::Character { character: '.', at: 0 });
        assert_eq!(problem("a/b"), NameProblem::Character { character: '/', at: 1 });
        assert_eq!(problem("ab\0"), NameProblem::Character { character: '\0', at: 2 });
        assert_eq!(problem("größe"), NameProblem::Character { character: 'ö', at: 2 });
        assert_eq!(problem("a b"), NameProblem::Character { character: ' ', at: 1 });
    }

    #[test]
    fn a_refusal_says_the_name_and_what_is_wrong_with_it() {
        let rule = ": a name is 1 to 200 of the characters A-Z a-z 0-9 _";
        let long = "x".repeat(300);
        for (name, cut, words) in [
            ("", "", "the segment name is empty".to_owned()),
            ("a/b", "a/b", "the segment name \"a/b\" has the character '/' at byte 1".to_owned()),
            (&long, &long[..200], format!("the segment name \"{}\"… has 300 bytes", &long[..20])),
        ] {
            let error = SegmentName::new(name).unwrap_err();
            assert_eq!((error.name(), error.to_string()), (cut, words + rule));
        }
        assert_eq!(SegmentName::new("motor_7").unwrap().to_string(), "motor_7");
    }

    #[test]
    fn the_length_is_1_to_200_bytes() {
        assert_eq!(problem(""), NameProblem::Empty);
        assert_eq!(problem(&"x".repeat(201)), NameProblem::TooLong { len: 201 });
        assert!(SegmentName::new(&"x".repeat(200)).is_ok());
        assert!(SegmentName::new("_").is_ok());
    }
}
