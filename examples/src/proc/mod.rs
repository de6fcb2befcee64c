//! The figures that Linux keeps under `/proc`.
//!
//! Each file has a module with a parser: a function from the file's text to figures, which takes whatever it is given.
//! A line that cannot be understood is left out, a number that is not there is left out or zero as the parser says;
//! nothing panics. [`files`] is the only module that opens anything.
//!
//! Counters are given as the kernel counts them, since boot. What happened between two readings is the difference,
//! which is the business of [`sysmon`](crate::sysmon).

pub mod cpu;
pub mod disk;
pub mod files;
pub mod host;
pub mod memory;
pub mod network;
pub mod process;
