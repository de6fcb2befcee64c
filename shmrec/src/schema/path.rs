//! Paths: `axes[2].limits[1]` as a place in a record.
//!
//! The steps are those that errors write: a field's name, the index of an element in brackets, a variant's name before its
//! fields. An option is stepped through without a word of its own.

use std::error::Error;
use std::fmt;

use super::{Enum, FieldSchema, Record, Type, Variant};
use crate::model::layout::LEN;

/// Where a path leads: a type, an offset, and what has to hold for there to be a value.
#[derive(Clone, Debug)]
pub(crate) struct Place<'s> {
    pub(crate) offset: usize,
    pub(crate) size: usize,
    pub(crate) to: Target<'s>,
    pub(crate) conditions: Vec<Condition>,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'s> {
    /// The record itself.
    Record(&'s Record),
    /// A value of a type.
    Type(&'s Type),
    /// A variant, from the start of its enum on.
    Variant(&'s Enum, &'s Variant),
}

impl<'s> Target<'s> {
    /// The fields, where there are some.
    fn fields(self) -> Option<&'s [FieldSchema]> {
        match self {
            Self::Record(record) | Self::Type(Type::Record(record)) => Some(&record.fields),
            Self::Variant(_, variant) => Some(&variant.fields),
            Self::Type(_) => None,
        }
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(record) => f.write_str(&record.name),
            Self::Type(ty) => fmt::Display::fmt(ty, f),
            Self::Variant(of, variant) => write!(f, "{}::{}", of.name, variant.name),
        }
    }
}

/// What has to hold for a place to have a value.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// Where the bytes stand that decide it, and how many they are: at most 8.
    pub(crate) offset: usize,
    pub(crate) size: usize,
    kind: Needed,
    /// The path so far.
    path: String,
}

#[derive(Clone, Debug)]
enum Needed {
    /// An option that is some.
    Some,
    /// A sequence longer than this.
    Longer { index: usize, capacity: usize },
    /// This tag.
    Tag { bytes: [u8; 8], variant: String },
}

impl Condition {
    /// Whether the bytes at the condition's offset fulfil it.
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<(), PathError> {
        let problem = match &self.kind {
            Needed::Some if bytes[0] == 1 => return Ok(()),
            Needed::Some => PathProblem::None,
            Needed::Longer { index, capacity } => {
                let len = bytes.try_into().map_or(0, u32::from_le_bytes) as usize;
                if *index < len && len <= *capacity {
                    return Ok(());
                }
                PathProblem::Index { index: *index, len: len.min(*capacity) }
            }
            Needed::Tag { bytes: tag, .. } if tag[..self.size] == *bytes => return Ok(()),
            Needed::Tag { variant, .. } => PathProblem::OtherVariant { asked: variant.clone() },
        };
        Err(PathError { path: self.path.clone(), problem })
    }
}

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError {
    path: String,
    problem: PathProblem,
}

/// Why a path leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathProblem {
    /// It is not written as a path is.
    Syntax {
        /// Where, in bytes.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// There is no such field, or no such variant.
    NoSuchName {
        /// The name.
        name: String,
        /// The name that is most like it, among those that are there.
        nearest: Option<String>,
    },
    /// What is there has neither fields nor variants.
    NoFields {
        /// The name that was asked for.
        name: String,
        /// The type that is there.
        ty: String,
    },
    /// What is there has no elements.
    NoElements {
        /// The type that is there.
        ty: String,
    },
    /// There are fewer elements.
    Index {
        /// The index.
        index: usize,
        /// How many elements there are.
        len: usize,
    },
    /// The option is none at the moment.
    None,
    /// The enum is another variant at the moment.
    OtherVariant {
        /// The variant that was asked for.
        asked: String,
    },
}

impl PathError {
    /// The path as far as it leads; the whole path for [`PathProblem::Syntax`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Why it leads no further.
    #[must_use]
    pub fn problem(&self) -> &PathProblem {
        &self.problem
    }
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        let here = if path.is_empty() { "the record".to_owned() } else { format!("field {path:?}") };
        match &self.problem {
            PathProblem::Syntax { at, expected } => write!(
                f,
                "the path {path:?} is wrong at byte {at}: expected {expected}; a path is written like \
                 `address.lines[2]`"
            ),
            PathProblem::NoSuchName { name, nearest } => {
                write!(f, "{here} has no field {name:?}")?;
                nearest.as_ref().map_or(Ok(()), |nearest| write!(f, ": did you mean {nearest:?}?"))
            }
            PathProblem::NoFields { name, ty } => write!(f, "{here} is a {ty}, which has no field {name:?}"),
            PathProblem::NoElements { ty } => write!(f, "{here} is a {ty}, which has no elements"),
            PathProblem::Index { index, len } => write!(f, "{here} has {len} elements and none with the index {index}"),
            PathProblem::None => write!(f, "{here} is none, so there is nothing in it"),
            PathProblem::OtherVariant { asked } => write!(f, "{here} is not {asked:?} at the moment"),
        }
    }
}

impl Error for PathError {}

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'p> {
    Name(&'p str),
    Index(usize),
}

/// The steps of a path.
fn steps(path: &str) -> Result<Vec<Step<'_>>, PathError> {
    let wrong = |at, expected| Err(PathError { path: path.to_owned(), problem: PathProblem::Syntax { at, expected } });
    let mut steps = Vec::new();
    let mut at = 0;
    while at < path.len() {
        let rest = &path[at..];
        if let Some(inside) = rest.strip_prefix('[') {
            let Some(end) = inside.find(']') else { return wrong(path.len(), "`]`") };
            match inside[..end].parse() {
                // `+1` is a number to the parser.
                Ok(index) if inside.starts_with(|c: char| c.is_ascii_digit()) => steps.push(Step::Index(index)),
                _ => return wrong(at + 1, "the index of an element"),
            }
            at += end + 2;
        } else {
            let name_at = at + usize::from(!steps.is_empty());
            if !steps.is_empty() && !rest.starts_with('.') {
                return wrong(at, "`.` or `[`");
            }
            let name = path[name_at..].split(['.', '[']).next().unwrap_or_default();
            if name.is_empty() {
                return wrong(name_at, "a name");
            }
            steps.push(Step::Name(name));
            at = name_at + name.len();
        }
    }
    Ok(steps)
}

/// Where `path` leads in `record`; the empty path is the record itself.
pub(crate) fn resolve<'s>(record: &'s Record, path: &str) -> Result<Place<'s>, PathError> {
    let mut place = Place { offset: 0, size: record.size, to: Target::Record(record), conditions: Vec::new() };
    let mut walked = String::new();
    for step in steps(path)? {
        place.follow(step, &walked)?;
        match step {
            Step::Name(name) => walked = super::join(&walked, name),
            Step::Index(index) => walked.push_str(&format!("[{index}]")),
        }
    }
    Ok(place)
}

impl<'s> Place<'s> {
    fn condition(&mut self, size: usize, kind: Needed, path: &str) {
        self.conditions.push(Condition { offset: self.offset, size, kind, path: path.to_owned() });
    }

    /// Steps through options.
    fn unwrapped(&mut self, path: &str) {
        while let Target::Type(Type::Option { element }) = self.to {
            self.condition(1, Needed::Some, path);
            self.offset += element.align();
            self.at(element);
        }
    }

    fn at(&mut self, ty: &'s Type) {
        self.size = ty.size();
        self.to = Target::Type(ty);
    }

    fn follow(&mut self, step: Step<'_>, path: &str) -> Result<(), PathError> {
        let error = |problem| Err(PathError { path: path.to_owned(), problem });
        self.unwrapped(path);
        if let (Step::Name(name), Some(fields)) = (step, self.to.fields()) {
            let Some(field) = fields.iter().find(|field| field.name == name) else {
                return error(no_such(name, fields.iter().map(|field| field.name.as_str())));
            };
            self.offset += field.offset;
            self.at(&field.ty);
            return Ok(());
        }
        match (step, self.to) {
            (Step::Name(name), Target::Type(Type::Enum(of))) => {
                match of.variants.iter().find(|variant| variant.name == name) {
                    Some(variant) => {
                        let tag = Needed::Tag { bytes: (variant.value as i64).to_le_bytes(), variant: name.to_owned() };
                        self.condition(of.tag.size(), tag, path);
                        self.to = Target::Variant(of, variant);
                        Ok(())
                    }
                    None => error(no_such(name, of.variants.iter().map(|variant| variant.name.as_str()))),
                }
            }
            (Step::Name(name), to) => error(PathProblem::NoFields { name: name.to_owned(), ty: to.to_string() }),
            (Step::Index(index), Target::Type(Type::Array { element, len })) => {
                if index >= *len {
                    return error(PathProblem::Index { index, len: *len });
                }
                self.offset += index * element.size();
                self.at(element);
                Ok(())
            }
            (Step::Index(index), Target::Type(ty @ Type::Vec { element, capacity })) => {
                if index >= *capacity {
                    return error(PathProblem::Index { index, len: *capacity });
                }
                self.condition(LEN, Needed::Longer { index, capacity: *capacity }, path);
                self.offset += ty.value_offset() + index * element.size();
                self.at(element);
                Ok(())
            }
            (Step::Index(_), to) => error(PathProblem::NoElements { ty: to.to_string() }),
        }
    }
}

fn no_such<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> PathProblem {
    PathProblem::NoSuchName { name: name.to_owned(), nearest: nearest(name, known).map(str::to_owned) }
}

/// The one of the `known` names that `name` was probably meant to be, if any is like it.
///
/// ```
/// use shmrec::schema::nearest;
///
/// assert_eq!(nearest("balanec", ["id", "balance", "owner"]), Some("balance"));
/// assert_eq!(nearest("colour", ["id", "balance", "owner"]), None);
/// ```
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let len = name.chars().count();
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::osa_distance(&lower, &known.to_lowercase()), known))
        // Half of the letters right is a slip of the finger; less is another word.
        .filter(|(distance, known)| 2 * distance <= known.chars().count().max(len))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}
