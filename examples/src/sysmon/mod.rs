//! A machine's figures: the record, how it is made from two readings, and how it is shown.
//!
//! Nothing here opens a segment or writes to a terminal.

pub mod line;
pub mod record;
pub mod sample;
pub mod table;
