//! What the fuzzer calls: one function per target, which panics when a promise is broken.
//!
//! | target | input | what must hold |
//! |---|---|---|
//! | [`header`] | 512 bytes and a file's length | what passes lies inside the file, and is what it says when it is written again |
//! | [`schema`] | a schema's text | what passes is the same when it is written and parsed again, and no larger than its bounds |
//! | [`link`] | a file under a segment's name | a value or a typed error; what is no segment is left alone |
//! | [`image`] | bytes of a record | the type and the schema agree on what is a value; a value written back is the same value |
//! | [`names`] | names of segments and paths of fields | a name makes one file in its directory, or none |
//! | [`operations`] | calls on one segment | what a simple model in private memory says |
#![cfg(unix)]

pub mod header;
pub mod image;
pub mod link;
pub mod names;
pub mod operations;
mod place;
pub mod records;
pub mod schema;

/// A target: takes any bytes, and panics when they break a promise.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 6] = [
    ("header", header::run),
    ("schema", schema::run),
    ("link", link::run),
    ("image", image::run),
    ("names", names::run),
    ("operations", operations::run),
];
