//! What can go wrong with another program's record.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use shmrec_os::{Failure, InvalidName, KeyError, What};

use crate::error::{InvalidOptions, causes, failures};
use crate::{LoadError, StoreError};

failures! {
    /// Another program's record was not opened, made or removed.
    ForeignError {
        /// There is none.
        NotFound,
        /// There is one already.
        AlreadyExists,
        /// What is there is no memory: a directory, a symbolic link, a device.
        NotASegment,
        /// The memory has another length than the record.
        WrongSize,
        /// The memory has other permission bits than those asked for.
        WrongMode,
        /// Another user's file, which is not written unless its owner is trusted.
        UntrustedOwner,
        /// The system denies access.
        PermissionDenied,
        /// A System V segment is asked for, and this system has none.
        NoKeys,
        /// This system has nothing of the kind: POSIX shared memory objects are Linux' here.
        NotSupported,
        /// The directory does not exist.
        NoDirectory,
        /// The file system is full.
        NoSpace,
        /// The system has as many System V segments as it permits.
        NoSegments,
        /// The system has no memory for a System V segment of this length.
        NoMemory,
        /// The limit of open files is reached.
        NoDescriptors,
        ---
        /// The name is not that of a POSIX shared memory object.
        InvalidName(InvalidName),
        /// There is no such key.
        InvalidKey(KeyError),
        /// The options contradict themselves or the record.
        InvalidOptions(InvalidOptions),
    }
}

failures! {
    /// Nothing was read.
    ForeignReadError {
        /// The file has been cut short.
        Truncated,
        ---
        /// No attempt gave a whole record.
        NotWhole(NotWhole),
        /// Bytes that are no value of the record: what some program wrote was refused.
        Invalid(LoadError),
        /// The field is not loaded in one piece.
        NoWord(NoWord),
    }
}

failures! {
    /// Nothing was written.
    ForeignWriteError {
        ---
        /// A value does not fit into its field.
        Store(StoreError),
        /// The field is not stored in one piece.
        NoWord(NoWord),
    }
}

causes! {
    /// No attempt gave a whole record.
    NotWhole {
        /// How often it was tried.
        attempts: u32,
        /// How long.
        waited: Duration,
    }
    "the record was not whole in {attempts} attempts within {waited:?}: nobody has written it yet, its writer has died in \
     the middle, or writers are faster than this reader";

    /// A field that is not loaded and stored in one piece.
    NoWord {
        /// The field.
        field: String,
    }
    "the field {field} is not loaded and stored in one piece: only integers that are fields of their own are, not elements \
     of an array";
}
