//! How two schemas differ, in words.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::{Enum, FieldSchema, Record, Type, Variant, element_of, join};

/// One way in which the program's schema and the segment's differ.
///
/// Written as a sentence: `field "balance": here f64 at 16, in the segment i64 at 16`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    subject: Subject,
    path: String,
    here: Option<String>,
    there: Option<String>,
}

/// What it is that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// The declared name of the record, or of a nested record or enum.
    Name,
    /// A field: its type or its place, or whether there is one.
    Field,
    /// A variant of an enum: its value, or whether there is one.
    Variant,
    /// The integer type of an enum's tag.
    Tag,
    /// The size of the record, or of a nested record or enum.
    Size,
    /// The alignment of the record, or of a nested record or enum.
    Alignment,
    /// The order in which fields or variants are declared.
    Order,
}

impl Difference {
    /// What it is that differs.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// Where, as a path from the record: `address.zip`; `axes[].limits` for every element of a sequence. Empty for the
    /// record itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the program has there, in words; none when it has nothing.
    #[must_use]
    pub fn here(&self) -> Option<&str> {
        self.here.as_deref()
    }

    /// What the segment has there, in words; none when it has nothing.
    #[must_use]
    pub fn in_segment(&self) -> Option<&str> {
        self.there.as_deref()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.subject {
            Subject::Field => return self.write(f, format_args!("field {:?}", self.path)),
            Subject::Variant => return self.write(f, format_args!("variant {:?}", self.path)),
            Subject::Name => "name",
            Subject::Tag => "tag",
            Subject::Size => "size",
            Subject::Alignment => "alignment",
            Subject::Order => "order",
        };
        if self.path.is_empty() {
            self.write(f, format_args!("{what} of the record"))
        } else {
            self.write(f, format_args!("{what} of {:?}", self.path))
        }
    }
}

impl Difference {
    fn write(&self, f: &mut fmt::Formatter<'_>, what: fmt::Arguments<'_>) -> fmt::Result {
        match (&self.here, &self.there) {
            (Some(here), Some(there)) => write!(f, "{what}: here {here}, in the segment {there}"),
            (Some(here), None) => write!(f, "{what}: here {here}, not in the segment"),
            (None, Some(there)) => write!(f, "{what}: not here, in the segment {there}"),
            (None, None) => write!(f, "{what}: neither here nor in the segment"),
        }
    }
}

/// What differs between `here` and `there`; nothing exactly when their canonical forms are equal.
pub(super) fn differences(here: &Record, there: &Record) -> Vec<Difference> {
    let mut found = Found::default();
    found.records(here, there, "");
    found.into_differences()
}

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<Difference>);

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_differences(self) -> Vec<Difference> {
        self.0
    }

    pub(super) fn add(&mut self, subject: Subject, path: &str, here: Option<String>, there: Option<String>) {
        self.0.push(Difference { subject, path: path.to_owned(), here, there });
    }

    pub(super) fn compare<T: PartialEq>(
        &mut self,
        subject: Subject,
        path: &str,
        here: T,
        there: T,
        words: impl Fn(T) -> String,
    ) {
        if here != there {
            self.add(subject, path, Some(words(here)), Some(words(there)));
        }
    }

    fn records(&mut self, here: &Record, there: &Record, path: &str) {
        self.compare(Subject::Name, path, &here.name, &there.name, |name| format!("{name:?}"));
        self.fields(&here.fields, &there.fields, path);
        self.extents((here.size, here.align), (there.size, there.align), path);
    }

    fn extents(&mut self, here: (usize, usize), there: (usize, usize), path: &str) {
        self.compare(Subject::Size, path, here.0, there.0, |size| format!("{size} bytes"));
        self.compare(Subject::Alignment, path, here.1, there.1, |align| align.to_string());
    }

    fn fields(&mut self, here: &[FieldSchema], there: &[FieldSchema], path: &str) {
        let place = |field: &FieldSchema| Some(format!("{} at {}", field.ty, field.offset));
        let pairs = pairs(here, there, |field| &field.name);
        for (here, there) in &pairs {
            let either = here.or(*there);
            let path = either.map_or_else(String::new, |field| join(path, &field.name));
            match (here, there) {
                (Some(here), Some(there)) => match nested(&here.ty, &there.ty, &path) {
                    Nested::Records(ours, theirs, inner) => {
                        self.compare(Subject::Field, &path, here.offset, there.offset, |o| {
                            format!("{} at {o}", here.ty)
                        });
                        self.records(ours, theirs, &inner);
                    }
                    Nested::Enums(ours, theirs, inner) => {
                        self.compare(Subject::Field, &path, here.offset, there.offset, |o| {
                            format!("{} at {o}", here.ty)
                        });
                        self.enums(ours, theirs, &inner);
                    }
                    Nested::Neither if here.ty == there.ty && here.offset == there.offset => {}
                    Nested::Neither => self.add(Subject::Field, &path, place(here), place(there)),
                },
                (here, there) => self.add(Subject::Field, &path, here.and_then(place), there.and_then(place)),
            }
        }
        self.order(path, here, there, |field| &field.name);
    }

    fn enums(&mut self, here: &Enum, there: &Enum, path: &str) {
        self.compare(Subject::Name, path, &here.name, &there.name, |name| format!("{name:?}"));
        self.compare(Subject::Tag, path, &here.tag, &there.tag, |tag| tag.to_string());
        for (ours, theirs) in pairs(&here.variants, &there.variants, |variant| &variant.name) {
            let either = ours.or(theirs);
            let path = either.map_or_else(String::new, |variant| join(path, &variant.name));
            let value = |variant: &Variant| variant.value.to_string();
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                self.compare(Subject::Variant, &path, ours.value, theirs.value, |value| value.to_string());
                self.fields(&ours.fields, &theirs.fields, &path);
            } else {
                self.add(Subject::Variant, &path, ours.map(value), theirs.map(value));
            }
        }
        self.order(path, &here.variants, &there.variants, |variant| &variant.name);
        self.extents((here.size, here.align), (there.size, there.align), path);
    }

    /// The order of the same names. Where names differ, the order is not worth a word.
    fn order<T>(&mut self, path: &str, here: &[T], there: &[T], name: impl Fn(&T) -> &String) {
        let set = |items: &[T]| items.iter().map(|item| name(item).clone()).collect::<BTreeSet<_>>();
        let differ = |(_, (ours, theirs)): &(usize, (&T, &T))| name(ours) != name(theirs);
        if let Some((i, (ours, theirs))) = here.iter().zip(there).enumerate().find(differ) {
            if set(here) == set(there) {
                let words = |item: &T| Some(format!("{:?} in place {i}", name(item)));
                self.add(Subject::Order, path, words(ours), words(theirs));
            }
        }
    }
}

/// The items of both sides by name: those of `here` in their order, then those of `there` alone.
fn pairs<'s, T>(here: &'s [T], there: &'s [T], name: impl Fn(&T) -> &String) -> Vec<(Option<&'s T>, Option<&'s T>)> {
    let mut theirs: HashMap<&String, &T> = there.iter().map(|item| (name(item), item)).collect();
    let mut pairs: Vec<_> = here.iter().map(|item| (Some(item), theirs.remove(name(item)))).collect();
    pairs.extend(there.iter().filter(|item| theirs.contains_key(name(item))).map(|item| (None, Some(item))));
    pairs
}

/// What two types hold under the same wrappings.
enum Nested<'s> {
    Records(&'s Record, &'s Record, String),
    Enums(&'s Enum, &'s Enum, String),
    Neither,
}

fn nested<'s>(here: &'s Type, there: &'s Type, path: &str) -> Nested<'s> {
    match (here, there) {
        (Type::Record(here), Type::Record(there)) => Nested::Records(here, there, path.to_owned()),
        (Type::Enum(here), Type::Enum(there)) => Nested::Enums(here, there, path.to_owned()),
        (Type::Option { element: here }, Type::Option { element: there }) => nested(here, there, path),
        (Type::Array { element: here, len: ours }, Type::Array { element: there, len: theirs })
        | (Type::Vec { element: here, capacity: ours }, Type::Vec { element: there, capacity: theirs })
            if ours == theirs =>
        {
            nested(here, there, &element_of(path))
        }
        _ => Nested::Neither,
    }
}
