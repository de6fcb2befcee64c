//! Versions of a record.

use std::fmt;

/// Which version of the record: 0 before the first write, then one more with every write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// Before the first write.
    pub const NONE: Self = Self(0);

    /// The version of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A record and the version that it is. Derefs to the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published<T> {
    /// Which version.
    pub version: Version,
    /// The record as it was in that version.
    pub record: T,
}

impl<T> std::ops::Deref for Published<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}
