//! What can go wrong with a segment as a whole: one type, from which shmrec makes its errors per operation.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::format::HeaderFault;

/// A failure: what happened, at which file, and the system's own error where there is one.
#[derive(Debug)]
pub struct Failure {
    what: What,
    path: PathBuf,
    source: Option<io::Error>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// No segment has this name.
    NotFound,
    /// A segment of this name lives, or was created to persist.
    AlreadyExists(Holder),
    /// The name stands for something else.
    NotASegment {
        /// What it is.
        found: &'static str,
    },
    /// It is a segment's file, but what stands in it contradicts itself.
    Damaged {
        /// The contradiction.
        problem: String,
    },
    /// A format that this version of shmrec does not know.
    UnsupportedFormat {
        /// The file's format.
        found: u32,
    },
    /// Made on a machine of the other byte order.
    ForeignByteOrder,
    /// Another user's segment, which is not written unless its owner is trusted.
    UntrustedOwner {
        /// The owner's user id.
        uid: u32,
    },
    /// Nobody uses the segment any more, but only its owner can remove it.
    StaleForeign {
        /// The owner's user id.
        uid: u32,
    },
    /// The key has a segment of another name: two names that make the same key.
    KeyCollision {
        /// The key.
        key: i32,
        /// The name of the segment that has it.
        name: String,
    },
    /// A System V segment of shmrec's has the key, and its companion file is gone: those who are linked go on, nobody else
    /// can link.
    NoCompanion {
        /// The key.
        key: i32,
        /// The process that created the segment.
        pid: u32,
    },
    /// The key means a segment in another IPC namespace, which cannot be reached from here.
    OtherNamespace {
        /// The key.
        key: i32,
    },
    /// The system has as many System V segments as it permits.
    NoSegments {
        /// How many (`kernel.shmmni`).
        limit: u64,
    },
    /// The system has, or permits, no memory for a System V segment of this length.
    NoMemory {
        /// What was needed, in bytes.
        bytes: u64,
    },
    /// The system denies access.
    PermissionDenied,
    /// The file system is full.
    NoSpace {
        /// What was needed, in bytes.
        bytes: u64,
    },
    /// The directory for segments does not exist, or is none.
    NoDirectory,
    /// A System V segment is asked for, and this system has none.
    NoKeys,
    /// This system has nothing of the kind.
    NotSupported {
        /// What it does not have.
        what: &'static str,
    },
    /// The name is to be seen in all sessions of Windows, and this user may not make such names.
    NoGlobalPrivilege,
    /// The limit of open files, of this process or of the machine, is reached.
    NoDescriptors,
    /// The memory has another length than the record that is to be in it.
    WrongSize {
        /// What was expected, in bytes.
        expected: u64,
        /// What it has.
        found: u64,
    },
    /// The permission bits are not those asked for.
    WrongMode {
        /// What was asked for.
        asked: u32,
        /// What the file has.
        actual: u32,
    },
    /// The segment was coming and going for as long as was tried.
    Busy,
    /// The segment is in use and is not removed.
    InUse {
        /// By how many handles.
        users: usize,
    },
    /// The segment is whole, and what was asked for is for damaged ones.
    NotDamaged,
    /// Every writer slot is taken (or read-locked by a program that means harm).
    NoWriterSlot,
    /// The handle was made before a `fork` and is used in the child.
    Forked,
    /// The file has become shorter than its header says.
    Truncated,
    /// A call failed in a way that has no name here.
    System {
        /// Which call.
        call: &'static str,
    },
}

/// Who created a segment, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The creator's process id, as it was in the creator's own PID namespace. `None` when the segment cannot be read.
    pub pid: Option<u32>,
    /// The user id of the segment's owner.
    pub uid: u32,
    /// When it was created. `None` when the segment cannot be read.
    pub created: Option<SystemTime>,
    /// Whether it persists.
    pub persist: bool,
}

impl Failure {
    pub(crate) fn new(what: What, path: &Path) -> Self {
        Self { what, path: path.to_owned(), source: None }
    }

    pub(crate) fn with_source(what: What, path: &Path, source: impl Into<io::Error>) -> Self {
        Self { what, path: path.to_owned(), source: Some(source.into()) }
    }

    /// A failed call, under the name that its error deserves.
    pub(crate) fn of_call(call: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        let source = source.into();
        let what = match source.kind() {
            io::ErrorKind::PermissionDenied => What::PermissionDenied,
            _ if crate::backend::means_no_descriptors(&source) => What::NoDescriptors,
            _ => What::System { call },
        };
        Self::with_source(what, path, source)
    }

    /// Bytes that are no segment's header. `else_found` is what they are if they are nothing of shmrec's.
    pub(crate) fn of_header(fault: HeaderFault, else_found: &'static str, path: &Path) -> Self {
        let what = match fault {
            HeaderFault::NotASegment => What::NotASegment { found: else_found },
            HeaderFault::Format { found } => What::UnsupportedFormat { found },
            HeaderFault::ByteOrder => What::ForeignByteOrder,
            HeaderFault::Damaged { problem } => What::Damaged { problem },
        };
        Self::new(what, path)
    }

    /// What happened.
    #[must_use]
    pub fn what(&self) -> &What {
        &self.what
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The system's error number, where a call failed.
    #[must_use]
    pub fn raw_os_error(&self) -> Option<i32> {
        self.source.as_ref().and_then(io::Error::raw_os_error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.what {
            What::NotFound => {
                write!(f, "{path}: there is no such segment: create it first, or wait for it with link_wait")
            }
            What::AlreadyExists(holder) => write!(f, "{path}: the segment already exists, {holder}: link to it"),
            What::NotASegment { found } => {
                write!(f, "{path}: this is {found}, not a segment; it was left alone: remove it or take another name")
            }
            What::Damaged { problem } => {
                write!(f, "{path}: the segment is damaged ({problem}): delete this file and create it anew")
            }
            What::UnsupportedFormat { found } => write!(
                f,
                "{path}: the segment has format {found}, and this program reads format {}: build both programs with \
                 the same version of shmrec",
                crate::format::FORMAT
            ),
            What::ForeignByteOrder => {
                write!(f, "{path}: the segment was made on a machine of the other byte order: create it anew here")
            }
            What::UntrustedOwner { uid } => write!(
                f,
                "{path}: the segment belongs to user {uid}, who could shrink it under this program: read it with a \
                 Reader, or say trust_owner(TrustOwner::Uid({uid}))"
            ),
            What::StaleForeign { uid } => write!(
                f,
                "{path}: nobody uses this segment any more, but only its owner, user {uid}, can remove the name: let \
                 that user create or link it, or take another name"
            ),
            What::KeyCollision { key, name } => write!(
                f,
                "{path}: the key {key:#010x} has the segment {name:?}, which is not the one asked for: take another name, \
                 or another key"
            ),
            What::NoCompanion { key, pid } => write!(
                f,
                "{path}: the key {key:#010x} has a segment, created by process {pid}, whose companion file is not there: \
                 it was deleted, or the segment's programs use another directory (SHMREC_DIR, or the option dir); name \
                 that directory, or end those programs and remove the segment (shmrec::SegmentOptions::remove, ipcrm)"
            ),
            What::OtherNamespace { key } => write!(
                f,
                "{path}: the key {key:#010x} is of another IPC namespace: share that with the other container \
                 (--ipc=container:NAME), or take another directory"
            ),
            What::NoSegments { limit } => write!(
                f,
                "{path}: the system has {limit} System V segments, and permits no more: remove some (ipcs -m shows them), \
                 or raise kernel.shmmni"
            ),
            What::NoMemory { bytes } => write!(
                f,
                "{path}: the system has no memory for a System V segment of {bytes} bytes: free some, or raise \
                 kernel.shmmax or kernel.shmall"
            ),
            What::PermissionDenied => write!(f, "{path}: permission denied: ask its owner for other permissions"),
            What::NoSpace { bytes } => write!(
                f,
                "{path}: the file system has no room for {bytes} bytes: enlarge it, or choose another directory \
                 (SHMREC_DIR, or the option dir)"
            ),
            What::NoDirectory => write!(
                f,
                "{path}: the directory for segments does not exist: create it, or choose another (SHMREC_DIR, or the \
                 option dir)"
            ),
            What::NoKeys => write!(
                f,
                "{path}: a key means a System V segment, which this system does not have: leave the key out, on all sides"
            ),
            What::NotSupported { what } => write!(f, "{path}: this system has no {what}"),
            What::NoGlobalPrivilege => write!(
                f,
                "{path}: creating a segment for all sessions needs the privilege SeCreateGlobalPrivilege, which \
                 administrators and services have: run as one, or leave the option global out"
            ),
            What::NoDescriptors => {
                write!(f, "{path}: no file descriptor is left: raise the limit (ulimit -n), or drop handles")
            }
            What::WrongSize { expected, found } => write!(
                f,
                "{path}: it has {found} bytes, and the record needs {expected}: the program that made it has another \
                 record, or another version of it"
            ),
            What::WrongMode { asked, actual } => write!(
                f,
                "{path}: the file system gave mode {actual:04o} where {asked:04o} was asked for: choose another \
                 directory"
            ),
            What::Busy => write!(f, "{path}: other programs kept creating and removing the segment: try again"),
            What::InUse { users } => {
                let handles = if *users == 1 { "handle" } else { "handles" };
                write!(f, "{path}: the segment is in use by {users} other {handles}: end those programs first")
            }
            What::NotDamaged => write!(f, "{path}: the segment is not damaged: remove it like any other"),
            What::NoWriterSlot => write!(
                f,
                "{path}: all {} writer slots are taken: drop handles that write, or write through fewer of them",
                crate::format::WRITER_SLOTS
            ),
            What::Forked => {
                write!(f, "{path}: the handle was inherited through fork, which cannot share it: link again here")
            }
            What::Truncated => write!(f, "{path}: the segment has been cut short: its owner must create it anew"),
            What::System { call } => match &self.source {
                Some(source) => write!(f, "{path}: {call} failed: {source}"),
                None => write!(f, "{path}: {call} failed"),
            },
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "created by process {pid} of user {}", self.uid)?,
            None => write!(f, "owned by user {}", self.uid)?,
        }
        if let Some(created) = self.created {
            // Whole seconds are enough for a person; the clock may have been set back since.
            let age = SystemTime::now().duration_since(created).unwrap_or(Duration::ZERO);
            write!(f, " {} seconds ago", age.as_secs())?;
        }
        if self.persist { f.write_str(", and persists") } else { Ok(()) }
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|e| e as _)
    }
}
