//! Being told to end.

use std::io;

use crate::system;

/// Calls `tell`, on a thread of its own, whenever somebody asks this program to end: by a signal, by Ctrl-C.
///
/// Without this the process ends at once. Its segments survive no harm from that, but where segments are files the name
/// of one whose last user it was stays until somebody touches it; a program that ends in order takes the name with it.
///
/// # Errors
///
/// When the system gives no handler or no thread.
pub fn on_end(tell: impl Fn() + Send + 'static) -> io::Result<()> {
    system::end_signals(tell)
}
