//! Typed records shared between the programs of one machine.

mod model;

pub use model::{
    Capacity, Encoding, EnumDesc, Field, FieldDesc, FieldSet, Fingerprint, FixedStr, LoadError, MAX_RECORD_SIZE, Plain,
    RecordDesc, SharedField, SharedRecord, StoreError, StoreErrorKind, TypeDesc, VariantDesc,
};
pub use shmrec_derive::SharedRecord;

/// What generated code calls. Not part of the public interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::model::layout::{Layout, layout};
    pub use crate::model::load_behind;
}
