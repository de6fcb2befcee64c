//! Errors: one type per operation, and [`Error`] that all of them convert into.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use shmrec_os::{Failure, Holder, InvalidName, InvalidPerms, KeyError, What};

use crate::foreign::{ForeignError, ForeignReadError, ForeignWriteError};
use crate::schema::{Difference, PathError, SchemaError};
use crate::{LoadError, StoreError, Version};

/// Makes an error type whose variants for the system's failures are named after [`What`] happened.
macro_rules! failures {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$failure_meta:meta])* $failure:ident,)*
            ---
            $($(#[$other_meta:meta])* $other:ident($payload:ty),)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$failure_meta])* $failure(Failure),)*
            $($(#[$other_meta])* $other($payload),)*
            /// Anything else that the system refused.
            System(Failure),
        }

        impl From<Failure> for $name {
            fn from(failure: Failure) -> Self {
                match failure.what() {
                    $(What::$failure { .. } => Self::$failure(failure),)*
                    _ => Self::System(failure),
                }
            }
        }

        $(impl From<$payload> for $name {
            fn from(other: $payload) -> Self {
                Self::$other(other)
            }
        })*

        impl $name {
            /// The system's failure behind this error, with the segment's file and what happened to it.
            #[must_use]
            pub fn failure(&self) -> Option<&Failure> {
                match self {
                    $(Self::$failure(failure) => Some(failure),)*
                    $(Self::$other(_) => None,)*
                    Self::System(failure) => Some(failure),
                }
            }

            #[allow(dead_code, reason = "not every operation's failures become another's")]
            pub(crate) fn into_failure(self) -> Option<Failure> {
                match self {
                    $(Self::$failure(failure) => Some(failure),)*
                    $(Self::$other(_) => None,)*
                    Self::System(failure) => Some(failure),
                }
            }

            /// The system's error number, where a call failed.
            #[must_use]
            pub fn raw_os_error(&self) -> Option<i32> {
                match self {
                    $(Self::$failure(failure) => failure.raw_os_error(),)*
                    $(Self::$other(other) => {
                        StdError::source(other).and_then(|source| source.downcast_ref::<io::Error>()?.raw_os_error())
                    })*
                    Self::System(failure) => failure.raw_os_error(),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$failure(failure) => fmt::Display::fmt(failure, f),)*
                    $(Self::$other(other) => fmt::Display::fmt(other, f),)*
                    Self::System(failure) => fmt::Display::fmt(failure, f),
                }
            }
        }

        impl StdError for $name {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                match self {
                    $(Self::$failure(failure) => failure.source(),)*
                    $(Self::$other(other) => StdError::source(other),)*
                    Self::System(failure) => failure.source(),
                }
            }
        }
    };
}

pub(crate) use failures;

failures! {
    /// A segment was not created.
    CreateError {
        /// A segment of this name lives or persists: [`CreateError::holder`] says whose.
        AlreadyExists,
        /// The name stands for something that is no segment; it was left alone.
        NotASegment,
        /// What has the name is a damaged segment.
        Damaged,
        /// What has the name is a segment of another format.
        UnsupportedFormat,
        /// Nobody uses what has the name any more, but only its owner can remove it.
        StaleForeign,
        /// The system denies access.
        PermissionDenied,
        /// The key has a segment of another name.
        KeyCollision,
        /// The key has a segment whose companion file is gone.
        NoCompanion,
        /// The key means a segment in another IPC namespace.
        OtherNamespace,
        /// The file system is full.
        NoSpace,
        /// The system has as many System V segments as it permits.
        NoSegments,
        /// The system has no memory for a System V segment of this length.
        NoMemory,
        /// The directory for segments does not exist.
        NoDirectory,
        /// The name is to be seen in all sessions of Windows, which needs a privilege.
        NoGlobalPrivilege,
        /// The limit of open files is reached.
        NoDescriptors,
        /// The file system gave other permission bits than those asked for.
        WrongMode,
        /// Other programs kept creating and removing the segment.
        Busy,
        ---
        /// The name is not a segment's name.
        InvalidName(InvalidName),
        /// There is no such key.
        InvalidKey(KeyError),
        /// The options contradict themselves or the record.
        InvalidOptions(InvalidOptions),
        /// The first record does not fit into its fields.
        Store(StoreError),
    }
}

impl CreateError {
    /// Who has the name, and since when, for [`CreateError::AlreadyExists`].
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        match self.failure().map(Failure::what) {
            Some(What::AlreadyExists(holder)) => Some(holder),
            _ => None,
        }
    }
}

failures! {
    /// A segment was not linked.
    LinkError {
        /// No segment has this name.
        NotFound,
        /// The name stands for something that is no segment.
        NotASegment,
        /// The segment is damaged.
        Damaged,
        /// The segment has another format.
        UnsupportedFormat,
        /// The segment was made on a machine of the other byte order.
        ForeignByteOrder,
        /// Another user's segment, which is not written unless its owner is trusted.
        UntrustedOwner,
        /// The key has a segment of another name.
        KeyCollision,
        /// The key has a segment whose companion file is gone.
        NoCompanion,
        /// The key means a segment in another IPC namespace.
        OtherNamespace,
        /// Nobody uses the segment any more, but only its owner can remove it.
        StaleForeign,
        /// The system denies access.
        PermissionDenied,
        /// The directory for segments does not exist.
        NoDirectory,
        /// The limit of open files is reached.
        NoDescriptors,
        /// Other programs kept creating and removing the segment.
        Busy,
        ---
        /// The name is not a segment's name.
        InvalidName(InvalidName),
        /// There is no such key.
        InvalidKey(KeyError),
        /// The segment holds another record.
        Mismatch(Mismatch),
    }
}

failures! {
    /// A segment was not removed.
    RemoveError {
        /// No segment has this name.
        NotFound,
        /// The segment is in use.
        InUse,
        /// The name stands for something that is no segment.
        NotASegment,
        /// The segment is damaged.
        Damaged,
        /// The segment has another format.
        UnsupportedFormat,
        /// Only the segment's owner can remove it.
        StaleForeign,
        /// The key has a segment of another name.
        KeyCollision,
        /// The key has a segment whose companion file is gone, and which is in use.
        NoCompanion,
        /// The key means a segment in another IPC namespace.
        OtherNamespace,
        /// The system denies access.
        PermissionDenied,
        /// The directory for segments does not exist.
        NoDirectory,
        /// Other programs kept creating and removing the segment.
        Busy,
        ---
        /// The name is not a segment's name.
        InvalidName(InvalidName),
        /// There is no such key.
        InvalidKey(KeyError),
    }
}

failures! {
    /// The segments of a directory were not looked at.
    SurveyError {
        /// The directory for segments does not exist.
        NoDirectory,
        /// The system denies access to the directory.
        PermissionDenied,
        /// The limit of open files is reached.
        NoDescriptors,
        ---
        /// The name is not a segment's name.
        InvalidName(InvalidName),
    }
}

failures! {
    /// A segment was not released in order. The handle is gone all the same.
    ReleaseError {
        /// The handle was inherited through `fork`.
        Forked,
        ---
    }
}

failures! {
    /// Nothing was read.
    ReadError {
        /// The handle was inherited through `fork`: link again in the child.
        Forked,
        /// The segment's file has been cut short.
        Truncated,
        ---
        /// Nothing has been written yet.
        NotYetWritten(NotYetWritten),
        /// Writers published faster than this reader could copy, for as long as was tried.
        Contended(Contended),
        /// Bytes that are no value of the record: what some program wrote was refused.
        Invalid(LoadError),
        /// The version asked for is not in the segment.
        NoSuchVersion(NoSuchVersion),
        /// Bytes outside the record.
        OutOfRange(OutOfRange),
        /// The path of a field leads nowhere.
        Path(PathError),
    }
}

failures! {
    /// The lock was not taken.
    LockError {
        /// The handle was inherited through `fork`: link again in the child.
        Forked,
        /// Every writer slot is taken.
        NoWriterSlot,
        ---
        /// A living program kept the lock until the time was over.
        Timeout(LockTimeout),
        /// This thread has the lock already, through this very handle.
        AlreadyLocked(AlreadyLocked),
    }
}

failures! {
    /// Nothing was published.
    WriteError {
        ---
        /// The lock was not taken.
        Lock(LockError),
        /// A value does not fit into its field.
        Store(StoreError),
        /// The last version, which this write was to change, could not be read.
        Read(ReadError),
        /// The bytes to be written would make the record invalid.
        Invalid(LoadError),
        /// Bytes outside the record.
        OutOfRange(OutOfRange),
        /// The path of a field leads nowhere.
        Path(PathError),
        /// The segment, which holds another version of the record, has no such field.
        NotInSegment(NotInSegment),
        /// Some program has broken this one's lock. The record was published, but another may have been too.
        LockLost(LockLost),
        /// The segment's version counter is used up, or has been written over.
        VersionsExhausted(VersionsExhausted),
    }
}

failures! {
    /// No newer version came.
    WaitError {
        ---
        /// The time was over.
        Timeout(WaitTimeout),
        /// The segment could not be read.
        Read(ReadError),
    }
}

impl From<Infallible> for ReadError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<Infallible> for WaitError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Makes a small error type with a sentence.
macro_rules! causes {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty,)* } $message:literal $(, $arg:expr)*;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                #[allow(unused_variables)]
                let Self { $($field),* } = self;
                write!(f, $message $(, $arg)*)
            }
        }

        impl StdError for $name {}
    )*};
}

pub(crate) use causes;

causes! {
    /// Nothing has been written yet.
    NotYetWritten {}
    "nothing has been written to the segment yet: wait for the first version with wait_newer(Version::NONE, ..), or \
     create the segment with create_with";

    /// Writers published faster than a reader could copy.
    Contended {
        /// How often the reader tried.
        attempts: u32,
    }
    "writers overtook this reader {attempts} times in a row: give the segment more slots, or the reader a longer \
     read_timeout";

    /// A version that is not in the segment.
    NoSuchVersion {
        /// The version asked for.
        asked: Version,
        /// The last version.
        newest: Version,
    }
    "version {asked} is not in the segment: the last version is {newest}, and only the last few are kept (the option \
     slots says how many)";

    /// Bytes outside the record.
    OutOfRange {
        /// Where they begin.
        offset: usize,
        /// How many.
        len: usize,
        /// Bytes of the record.
        size: usize,
    }
    "{len} bytes at offset {offset} are not within the record, which has {size} bytes";

    /// Bytes that a segment does not have, because it holds another version of the record.
    NotInSegment {
        /// Where they begin in the program's record.
        offset: usize,
        /// How many.
        len: usize,
    }
    "the segment holds another version of the record, without the {len} bytes that begin at offset {offset} here: they \
     cannot be written until its creator has the field";

    /// A living program kept the lock.
    LockTimeout {
        /// How long it was tried.
        waited: Duration,
        /// Whether another thread has it through the same handle.
        by_this_handle: bool,
    }
    "the lock is held by {}, and was not given back within {waited:?}: try again, or wait longer with lock_timeout",
    if *by_this_handle { "another thread of this program, through this handle" } else { "another handle, whose program lives" };

    /// This thread has the lock already.
    AlreadyLocked {}
    "this thread holds the lock already, through this very handle: write through the guard, or drop it first";

    /// Some program has broken this one's lock.
    LockLost {}
    "another program has overwritten the lock while this one held it: some program with write permission does not keep \
     to the protocol";

    /// The version counter is used up.
    VersionsExhausted {}
    "the segment's version counter stands at its end, where only a program that does not keep to the protocol can have \
     put it: remove the segment and create it anew";

    /// No newer version came.
    WaitTimeout {
        /// Newer than this was waited for.
        since: Version,
        /// How long.
        waited: Duration,
    }
    "no version after {since} was published within {waited:?}";
}

/// Options that contradict themselves or the record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidOptions {
    /// A number of slots that is not 2, 4, 8 … 256.
    Slots {
        /// The number.
        slots: u32,
    },
    /// A schema that does not fit into a segment, because it is too long or too deeply nested.
    Schema(SchemaError),
    /// A place in another program's memory where no record can begin.
    ForeignOffset {
        /// The place, in bytes.
        at: usize,
        /// What it must be a multiple of.
        align: usize,
    },
    /// A protocol's word that is no scalar field of the record.
    ForeignWord {
        /// Where it was to stand.
        offset: usize,
    },
}

impl fmt::Display for InvalidOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slots { slots: 1 } => f.write_str(
                "1 slot would make every reader wait for every writer, and lose the record when a writer dies: take 2, \
                 4, 8 … 256",
            ),
            Self::Slots { slots } => write!(f, "{slots} slots: a segment has 2, 4, 8 … 256"),
            Self::ForeignOffset { at, align } => {
                write!(f, "a record cannot begin at byte {at} of another program's memory: take a multiple of {align}")
            }
            Self::ForeignWord { offset } => write!(
                f,
                "the protocol's word at byte {offset} is no integer field of the record by itself: name a field that is one"
            ),
            Self::Schema(error) => {
                write!(
                    f,
                    "the record's schema could not be read again: {error}: use arrays, or fewer levels of records"
                )
            }
        }
    }
}

impl StdError for InvalidOptions {}

/// The segment holds another record than the program's.
#[derive(Clone, Debug)]
pub struct Mismatch {
    pub(crate) differences: Vec<Difference>,
    /// Whether the link would have accepted what a plan bridges.
    pub(crate) compatible: bool,
}

impl Mismatch {
    /// All differences, in the order of the program's fields; at least one.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instead = if self.compatible {
            "not even a compatible link can bridge this: give fields that the segment lacks a `#[record(default)]`, or \
             build both programs with the same definition of the record"
        } else {
            "build both programs with the same definition of the record, or link with the option `compatible`"
        };
        match &self.differences[..] {
            [only] => write!(f, "the segment holds another record: {only}: {instead}"),
            all => {
                write!(f, "the segment holds another record, with {} differences: {instead}", all.len())?;
                all.iter().try_for_each(|difference| write!(f, "\n  {difference}"))
            }
        }
    }
}

impl StdError for Mismatch {}

/// Any error of this crate: what every operation's error converts into.
///
/// ```
/// use shmrec::{Reader, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug)]
/// struct Pose { x: f64, y: f64 }
///
/// fn x(name: &str) -> Result<f64, shmrec::Error> {
///     Ok(Reader::<Pose>::link(name)?.read()?.x)
/// }
///
/// let error = x("no_such_segment_here").unwrap_err();
/// assert!(matches!(error, shmrec::Error::Link(shmrec::LinkError::NotFound(_))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A segment was not created.
    Create(CreateError),
    /// A segment was not linked.
    Link(LinkError),
    /// Nothing was read.
    Read(ReadError),
    /// Nothing was published.
    Write(WriteError),
    /// The lock was not taken.
    Lock(LockError),
    /// No newer version came.
    Wait(WaitError),
    /// A segment was not released in order.
    Release(ReleaseError),
    /// A segment was not removed.
    Remove(RemoveError),
    /// The segments of a directory were not looked at.
    Survey(SurveyError),
    /// A value does not fit into its field.
    Store(StoreError),
    /// Bytes are no value of their field.
    Load(LoadError),
    /// Permission bits that a segment cannot have.
    Perms(InvalidPerms),
    /// There is no such key.
    Key(KeyError),
    /// Another program's record was not opened, made or removed.
    Foreign(ForeignError),
    /// Nothing was read of another program's record.
    ForeignRead(ForeignReadError),
    /// Nothing was written to another program's record.
    ForeignWrite(ForeignWriteError),
}

macro_rules! error_of {
    ($($variant:ident($ty:ty) $raw:expr,)*) => {
        $(impl From<$ty> for Error {
            fn from(error: $ty) -> Self {
                Self::$variant(error)
            }
        })*

        impl fmt::Display for Error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant(error) => fmt::Display::fmt(error, f),)*
                }
            }
        }

        impl StdError for Error {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                match self {
                    $(Self::$variant(error) => error.source(),)*
                }
            }
        }

        impl Error {
            /// The system's error number, where a call failed.
            #[must_use]
            pub fn raw_os_error(&self) -> Option<i32> {
                match self {
                    $(Self::$variant(error) => {
                        let raw: fn(&$ty) -> Option<i32> = $raw;
                        raw(error)
                    })*
                }
            }
        }
    };
}

error_of! {
    Create(CreateError) CreateError::raw_os_error,
    Link(LinkError) LinkError::raw_os_error,
    Read(ReadError) ReadError::raw_os_error,
    Write(WriteError) |error| match error {
        WriteError::Lock(error) => error.raw_os_error(),
        WriteError::Read(error) => error.raw_os_error(),
        error => error.raw_os_error(),
    },
    Lock(LockError) LockError::raw_os_error,
    Wait(WaitError) |error| match error {
        WaitError::Read(error) => error.raw_os_error(),
        error => error.raw_os_error(),
    },
    Release(ReleaseError) ReleaseError::raw_os_error,
    Remove(RemoveError) RemoveError::raw_os_error,
    Survey(SurveyError) SurveyError::raw_os_error,
    Store(StoreError) |_| None,
    Load(LoadError) |_| None,
    Perms(InvalidPerms) |_| None,
    Key(KeyError) |error| match error {
        KeyError::File { source, .. } => source.raw_os_error(),
        _ => None,
    },
    Foreign(ForeignError) ForeignError::raw_os_error,
    ForeignRead(ForeignReadError) ForeignReadError::raw_os_error,
    ForeignWrite(ForeignWriteError) ForeignWriteError::raw_os_error,
}
