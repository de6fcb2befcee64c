//! Options for segments of either kind: those of shmrec, and for System V segments a key for each name.

use std::time::Duration;

use shmrec::schema::Schema;
use shmrec::{
    CreateError, DynReader, DynSegment, LinkError, Opened, Perms, Reader, RemoveError, Segment, SegmentOptions,
    SharedRecord, TrustOwner, Value,
};

use crate::directory::Keys;

/// As [`SegmentOptions`], whose methods these are.
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    options: SegmentOptions,
    keys: Option<Keys>,
}

macro_rules! settings {
    ($($name:ident: $ty:ty,)*) => {$(
        #[allow(missing_docs)]
        pub fn $name(mut self, value: $ty) -> Self {
            self.options = self.options.$name(value);
            self
        }
    )*};
}

macro_rules! operations {
    ($($name:ident$(<$t:ident>)?($($argument:ident: $ty:ty),*) -> $outcome:ty;)*) => {$(
        #[allow(missing_docs, clippy::missing_errors_doc)]
        pub fn $name$(<$t: SharedRecord>)?(&self, name: &str, $($argument: $ty),*) -> $outcome {
            self.of(name).$name(name, $($argument),*)
        }
    )*};
}

impl Options {
    pub(crate) fn new(options: SegmentOptions, keys: Option<Keys>) -> Self {
        Self { options, keys }
    }

    /// The options for the segment `name`.
    pub fn of(&self, name: &str) -> SegmentOptions {
        match self.keys {
            None => self.options.clone(),
            Some(keys) => self.options.clone().key(keys.of(name)),
        }
    }

    settings! {
        perms: Perms,
        persist: bool,
        slots: u32,
        wake_always: bool,
        populate: bool,
        compatible: bool,
        global: bool,
        observe: bool,
        trust_owner: TrustOwner,
        read_timeout: Duration,
        lock_timeout: Duration,
    }

    operations! {
        create<T>() -> Result<Segment<T>, CreateError>;
        create_with<T>(initial: &T) -> Result<Segment<T>, CreateError>;
        link<T>() -> Result<Segment<T>, LinkError>;
        reader<T>() -> Result<Reader<T>, LinkError>;
        link_wait<T>(timeout: Duration) -> Result<Segment<T>, LinkError>;
        reader_wait<T>(timeout: Duration) -> Result<Reader<T>, LinkError>;
        create_or_link<T>() -> Result<(Segment<T>, Opened), shmrec::Error>;
        dyn_create(schema: &Schema) -> Result<DynSegment, CreateError>;
        dyn_create_with(schema: &Schema, initial: &Value) -> Result<DynSegment, CreateError>;
        dyn_link() -> Result<DynSegment, LinkError>;
        dyn_reader() -> Result<DynReader, LinkError>;
        dyn_link_wait(timeout: Duration) -> Result<DynSegment, LinkError>;
        dyn_reader_wait(timeout: Duration) -> Result<DynReader, LinkError>;
        remove() -> Result<(), RemoveError>;
        remove_damaged() -> Result<(), RemoveError>;
    }
}
