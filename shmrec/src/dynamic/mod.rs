//! Segments without a type at hand: fields by their paths, from the schema that stands in the segment.

mod reader;
mod record;
mod segment;

pub use reader::DynReader;
pub use record::{Children, DynRecord, DynView};
pub use segment::DynSegment;
