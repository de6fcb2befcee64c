//! The record model: what a value looks like as an *image*, the fixed run of bytes that is transferred.
//!
//! The model knows no memory. It turns values into images and images into values, always in private memory: an image
//! that came from a segment has been copied out before the model sees its first byte.

pub(crate) mod columns;
mod containers;
pub(crate) mod desc;
mod direct;
mod encoding;
mod error;
mod field;
mod fingerprint;
mod fixed;
mod fixed_vec;
mod handle;
pub(crate) mod layout;
mod mapping;
mod message;
pub(crate) mod same;
pub(crate) mod standard;

pub use containers::{ArrayEncoding, Counted, Elements, Tagged, Tuple};
pub(crate) use containers::{TUPLE, length, make, make_and_lend, make_boxed, store_length, store_text, tag, text};
pub use desc::{EnumDesc, FieldDesc, RecordDesc, StoreDefault, TypeDesc, VariantDesc};
pub use direct::{Direct, InRecord, TransferPath};
pub(crate) use direct::{image, overwrite, read_at};
pub use encoding::{Capacity, Encoding, Plain};
pub(crate) use error::no_such_variant;
pub use error::{LoadError, StoreError, StoreErrorKind, unknown_tag};
pub use field::{SharedField, SharedRecord};
pub use fingerprint::Fingerprint;
pub use fixed::FixedStr;
pub use fixed_vec::FixedVec;
pub use handle::{Field, FieldSet};
pub use layout::MAX_RECORD_SIZE;
pub use mapping::{As, FieldWith, With};
