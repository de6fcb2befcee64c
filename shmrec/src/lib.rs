//! Typed records shared between the programs of one machine.
//!
//! Three ideas carry a program: *derive* [`SharedRecord`] for a struct, *create* a named segment for it in one program,
//! *link* to it in others. Values are transferred, whole or by field; your record and the segment are never the same memory.
//!
//! ```
//! use shmrec::{Reader, Segment, SharedRecord};
//!
//! #[derive(SharedRecord, Clone, Debug, PartialEq)]
//! struct Thermostat {
//!     target: f32,
//!     heating: bool,
//!     #[record(capacity = 32)]
//!     room: String,
//! }
//!
//! # let name = &format!("thermostat_{}", std::process::id());
//! // One program, which decides how the segment is made:
//! let kitchen = Segment::create_with(name, &Thermostat { target: 20.5, heating: false, room: "kitchen".into() })?;
//!
//! // Any other, which may only read:
//! let display = Reader::<Thermostat>::link(name)?;
//! assert_eq!(display.read()?.room, "kitchen");
//!
//! // Writers publish whole versions. Readers see one or the next, nothing between:
//! kitchen.update(|t| t.heating = t.target > 18.0)?;
//! assert!(display.get(Thermostat::fields().heating)?);
//! # Ok::<(), shmrec::Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | which types can be shared, and how they are laid out | [`SharedRecord`], [`SharedField`], [`FixedStr`] |
//! | making and finding segments: permissions, persistence, directory | [`SegmentOptions`] |
//! | reading, one field or all; waiting; history | [`Reader`] |
//! | writing, changing, locking | [`Segment`], [`Guard`] |
//! | a buffer that is pulled into and pushed from | [`Shared`] |
//! | a segment whose record the program does not know: fields by path | [`DynReader`], [`DynSegment`] |
//! | what segments there are, and how they are | [`survey`], [`SegmentOptions::observe`] |
//! | programs built with different versions of a record | [`SegmentOptions::compatible`] |
//! | the schema that stands in every segment | [`schema`] |
//! | what can go wrong | [`Error`] and one type per operation |
//!
//! Handles are `Send` and `Sync`, and all their methods take `&self`. There is nothing global: no init call, no daemon, no
//! configuration file. What other processes write into a segment is bounded and validated before it is used; nothing that
//! another process, a file or a user can do makes this crate panic.

mod bounded;
mod bytes;
mod copy;
mod core;
mod create;
mod dynamic;
mod error;
mod follow;
pub mod foreign;
mod guard;
mod link;
mod model;
mod options;
mod reader;
pub mod schema;
mod scratch;
mod segment;
mod shared;
pub mod survey;
mod transfer;
mod value;
mod values;
mod version;

pub use dynamic::{Children, DynReader, DynRecord, DynSegment, DynView};
pub use error::{
    AlreadyLocked, Contended, CreateError, Error, InvalidOptions, LinkError, LockError, LockLost, LockTimeout,
    Mismatch, NoSuchVersion, NotInSegment, NotYetWritten, OutOfRange, ReadError, ReleaseError, RemoveError,
    SurveyError, VersionsExhausted, WaitError, WaitTimeout, WriteError,
};
pub use follow::{Follow, Follower};
pub use guard::Guard;
pub use link::{Link, LockOwner, LockState};
pub use model::{
    Direct, EnumDesc, Field, FieldDesc, FieldSet, FieldWith, Fingerprint, FixedStr, FixedVec, LoadError,
    MAX_RECORD_SIZE, RecordDesc, SharedField, SharedRecord, StoreDefault, StoreError, StoreErrorKind, TransferPath,
    TypeDesc, VariantDesc,
};
pub use options::{Opened, SegmentOptions, remove};
pub use reader::Reader;
pub use segment::Segment;
pub use shared::{Locked, Shared};
pub use shmrec_derive::SharedRecord;
pub use shmrec_os::{
    Failure, Holder, InvalidName, InvalidPerms, Key, KeyError, NameProblem, Perms, Process, SegmentName, TrustOwner,
    What,
};
pub use value::Value;
pub use version::{Published, Version};

/// How values become images where their type alone does not say: what the derive writes into the types of handles.
pub mod encoding {
    pub use crate::model::{ArrayEncoding, As, Capacity, Counted, Elements, Encoding, Plain, Tagged, Tuple, With};
}

/// The README's programs are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// And so are those of the page on records.
#[cfg(doctest)]
#[doc = include_str!("../../docs/records.md")]
struct Records;

/// What generated code calls, and what models and benchmarks look into. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::copy::{copy_in, copy_out, engines};
    pub use crate::model::columns::{
        ByDefault, Columns, Visit, Visitable, check_length, debug_handles, load, load_at, load_into, store, store_in,
    };
    pub use crate::model::layout::{check_align, check_capacity, check_size, overlaid};
    pub use crate::model::same::assert_same_layout;
    pub use crate::model::{InRecord, unknown_tag};
    pub use crate::transfer::{Exhausted, NotRead, Run, Slots, Source, Target};
}
