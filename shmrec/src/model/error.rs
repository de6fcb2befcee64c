//! What can go wrong between a value and its image, with the path of the field.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::TypeDesc;

/// A value that its field cannot hold: nothing was transferred.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    path: String,
    kind: StoreErrorKind,
}

/// Why a value cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// A string or a sequence is longer than the capacity of its field.
    CapacityExceeded {
        /// The value's length, in bytes of UTF-8 or in elements.
        len: usize,
        /// What the field holds at most, in the same unit.
        capacity: usize,
    },
    /// The value has no representation in the field's type.
    Unrepresentable {
        /// What would have been representable.
        expected: Cow<'static, str>,
    },
}

impl StoreError {
    /// A value of `len` bytes or elements where `capacity` fit.
    #[must_use]
    #[cold]
    pub fn capacity(len: usize, capacity: usize) -> Self {
        Self { path: String::new(), kind: StoreErrorKind::CapacityExceeded { len, capacity } }
    }

    /// A value without a representation; `expected` completes the sentence "expected …".
    #[must_use]
    #[cold]
    pub fn unrepresentable(expected: impl Into<Cow<'static, str>>) -> Self {
        Self { path: String::new(), kind: StoreErrorKind::Unrepresentable { expected: expected.into() } }
    }

    /// The same error, seen from the record that has the field `name`.
    #[must_use]
    #[cold]
    pub fn in_field(mut self, name: &str) -> Self {
        prepend(&mut self.path, name);
        self
    }

    /// The same error, seen from the sequence that has the element `index`.
    #[must_use]
    #[cold]
    pub fn at_index(mut self, index: usize) -> Self {
        prepend(&mut self.path, &format!("[{index}]"));
        self
    }

    /// The same error, seen from the record in which `path` leads to where it happened.
    #[must_use]
    #[cold]
    pub(crate) fn in_path(mut self, path: &str) -> Self {
        prepend(&mut self.path, path);
        self
    }

    /// The field, as a path from the record: `address.lines[2]`. Empty when the value was not in a record.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.path
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> &StoreErrorKind {
        &self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field {:?}: ", self.path)?;
        match &self.kind {
            StoreErrorKind::CapacityExceeded { len, capacity } => write!(
                f,
                "a length of {len} exceeds the capacity of {capacity}: shorten the value, or raise the field's \
                 `capacity` in every program that shares the record"
            ),
            StoreErrorKind::Unrepresentable { expected } => {
                write!(f, "the value cannot be stored: expected {expected}")
            }
        }
    }
}

impl Error for StoreError {}

/// Bytes that are no value of their field's type: what another process wrote was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    path: String,
    found: String,
    expected: Cow<'static, str>,
}

impl LoadError {
    /// `found` where `expected` was expected; both are words for a person.
    #[must_use]
    #[cold]
    pub fn new(found: impl Into<String>, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { path: String::new(), found: found.into(), expected: expected.into() }
    }

    /// The same error, seen from the record that has the field `name`.
    #[must_use]
    #[cold]
    pub fn in_field(mut self, name: &str) -> Self {
        prepend(&mut self.path, name);
        self
    }

    /// The same error, seen from the sequence that has the element `index`.
    #[must_use]
    #[cold]
    pub fn at_index(mut self, index: usize) -> Self {
        prepend(&mut self.path, &format!("[{index}]"));
        self
    }

    /// The same error, seen from the record in which `path` leads to where it happened.
    #[must_use]
    #[cold]
    pub(crate) fn in_path(mut self, path: &str) -> Self {
        prepend(&mut self.path, path);
        self
    }

    /// The field, as a path from the record: `address.lines[2]`. Empty when the value was not in a record.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.path
    }

    /// What the bytes held.
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }

    /// What the field's type admits.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }
}

/// The error for a tag that no variant of the enum `of` has; what derived code calls.
#[doc(hidden)]
#[must_use]
#[cold]
pub fn unknown_tag(found: i128, of: &TypeDesc) -> LoadError {
    let TypeDesc::Enum { desc } = of else {
        return LoadError::new(format!("the number {found}"), "an enum's tag");
    };
    no_such_variant(found, desc.name, desc.variants.iter().map(|variant| (variant.value, variant.name)))
}

/// The error for a tag that none of the variants (value and name) of an enum has.
#[cold]
pub(crate) fn no_such_variant<'n>(
    found: i128,
    name: &str,
    variants: impl ExactSizeIterator<Item = (i128, &'n str)>,
) -> LoadError {
    /// More would hide the message.
    const LISTED: usize = 16;

    let count = variants.len();
    let listed: Vec<String> = variants.take(LISTED).map(|(value, name)| format!("{value} ({name})")).collect();
    let mut expected = format!("a value of `{name}`: {}", listed.join(", "));
    if let Some(more @ 1..) = count.checked_sub(LISTED) {
        expected.push_str(&format!(" and {more} more"));
    }
    LoadError::new(format!("the number {found}"), expected)
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "field {:?}: found {}, expected {}: some program wrote bytes that are no value of the record",
            self.path, self.found, self.expected
        )
    }
}

impl Error for LoadError {}

fn prepend(path: &mut String, step: &str) {
    if !path.is_empty() && !path.starts_with('[') && !step.is_empty() {
        path.insert(0, '.');
    }
    path.insert_str(0, step);
}

#[cfg(test)]
mod tests {
    use super::{LoadError, StoreError};

    #[test]
    fn the_path_reads_from_the_record_inwards() {
        let error = StoreError::capacity(9, 8).in_field("street").at_index(2).in_field("homes").in_field("client");
        assert_eq!(error.field(), "client.homes[2].street");
        let error = LoadError::new("2", "0 or 1").at_index(1).at_index(3).in_field("grid");
        assert_eq!(error.field(), "grid[3][1]");
    }
}
