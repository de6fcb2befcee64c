//! A segment, linked for writing or for reading only.

use shmrec::{Reader, ReleaseError, Segment};

use super::record::Demo;
use crate::system;

/// What a program has of the segment.
#[derive(Debug)]
pub enum Link {
    /// It may read and write.
    Whole(Segment<Demo>),
    /// It may read: the segment is mapped read-only.
    ReadOnly(Reader<Demo>),
}

impl Link {
    /// For what both may do.
    #[must_use]
    pub fn reader(&self) -> &Reader<Demo> {
        match self {
            Self::Whole(segment) => segment,
            Self::ReadOnly(reader) => reader,
        }
    }

    /// For writing, if that is possible.
    #[must_use]
    pub fn segment(&self) -> Option<&Segment<Demo>> {
        match self {
            Self::Whole(segment) => Some(segment),
            Self::ReadOnly(_) => None,
        }
    }

    /// Gives it up.
    ///
    /// # Errors
    ///
    /// As [`Segment::release`].
    pub fn release(self) -> Result<(), ReleaseError> {
        match self {
            Self::Whole(segment) => segment.release(),
            Self::ReadOnly(reader) => reader.release(),
        }
    }

    /// What is known of the segment, in several lines.
    #[must_use]
    pub fn describe(&self) -> String {
        let reader = self.reader();
        let file = system::owner(reader.path());
        let or_error = |number: Result<String, shmrec::ReadError>| number.unwrap_or_else(|error| error.to_string());
        let access = match (self, reader.is_mapped()) {
            (Self::Whole(_), _) => "read and write",
            (Self::ReadOnly(_), true) => "read only, mapped read-only",
            (Self::ReadOnly(_), false) => "read only, copied by the kernel: another user owns it",
        };
        let schema = reader.schema();
        let mut text = format!(
            "  segment     {}{} in {}\n  owner       {file}\n  this link   {access}\n  users       {}\n  version     {}, of {} \
             slots\n  take-overs  {} (of the lock, from a program that died with it)\n  persists    {}\n  record      {}, {} \
             bytes, fingerprint {}",
            reader.name(),
            reader.key().map_or_else(String::new, |key| format!(" under the key {key}, with a companion file")),
            reader.path().display(),
            or_error(reader.users().map(|n| n.to_string())),
            reader.version(),
            reader.slots(),
            or_error(reader.recoveries().map(|n| n.to_string())),
            if reader.persists() { "yes, until it is removed" } else { "no, it goes with its last user" },
            schema.record().name,
            schema.record().size,
            schema.fingerprint(),
        );
        for field in &schema.record().fields {
            text.push_str(&format!("\n              {:4}  {:8}  {}", field.offset, field.name, field.ty));
        }
        text
    }
}
