//! What the examples need of the system, chosen here, once: both have the same functions.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{end_signals, owner, text, units, window};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use self::windows::{end_signals, owner, text, units, window};

/// In what the kernel counts.
#[derive(Clone, Copy, Debug)]
pub struct Units {
    /// Clock ticks in a second of processor time.
    pub ticks_per_second: u64,
    /// Bytes of a page of memory.
    pub page: u64,
}
