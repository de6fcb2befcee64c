//! What `shmcreate` and `shmlink` share: all but how they come by their segment.
//!
//! They are the two demo programs of the ancestor, shared memory in the Sculptor 4GL: one creates, one links, and a
//! person sees in two terminals what reading, writing, keeping the lock and unlinking do to the other.
//!
//! - [`record`] is what they share.
//! - [`command`] is what a person may type.
//! - [`input`] is where it comes from.
//! - [`link`] is the segment, linked for writing or for reading only.
//! - [`conversation`] does what was typed.
//! - [`dump`] shows bytes.
//! - [`options`] is what both take on their command lines.

pub mod command;
pub mod conversation;
pub mod dump;
pub mod input;
pub mod link;
pub mod options;
pub mod record;
