//! Typed records shared between the programs of one machine.

mod copy;
mod core;
mod error;
mod follow;
mod guard;
mod model;
mod options;
mod reader;
pub mod schema;
mod scratch;
mod segment;
mod shared;
mod transfer;
mod version;

pub use error::{
    AlreadyLocked, Contended, CreateError, Error, InvalidOptions, LinkError, LockError, LockLost, LockTimeout, Mismatch,
    NoSuchVersion, NotYetWritten, OutOfRange, ReadError, ReleaseError, RemoveError, VersionsExhausted, WaitError,
    WaitTimeout, WriteError,
};
pub use follow::Follower;
pub use guard::Guard;
pub use model::{
    Capacity, Encoding, EnumDesc, Field, FieldDesc, FieldSet, Fingerprint, FixedStr, LoadError, MAX_RECORD_SIZE, Plain,
    RecordDesc, SharedField, SharedRecord, StoreError, StoreErrorKind, TypeDesc, VariantDesc,
};
pub use options::{Opened, SegmentOptions, remove};
pub use reader::Reader;
pub use segment::Segment;
pub use shared::{Locked, Shared};
pub use shmrec_derive::SharedRecord;
pub use shmrec_os::{Failure, Holder, InvalidName, InvalidPerms, NameProblem, Perms, SegmentName, TrustOwner, What};
pub use version::{Published, Version};

/// What generated code calls. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::model::layout::{Layout, check_align, check_offset, check_size, layout};
    pub use crate::model::{load_behind, unknown_tag};
}
