//! Being told to end: Ctrl-C, SIGTERM, a terminal that is closed.

use std::ffi::c_int;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What says that the terminal was closed.
#[cfg(unix)]
const TERMINAL_CLOSED: &[c_int] = &[signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const TERMINAL_CLOSED: &[c_int] = &[];

/// Whether this program was told to end.
#[derive(Clone, Debug)]
pub(crate) struct End(Arc<AtomicBool>);

impl End {
    /// Ends in order from now on: the first signal is noticed by [`is_told`](Self::is_told), the second ends the program
    /// at once.
    pub(crate) fn on_signals() -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let told = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(&told))?;
            signal_hook::flag::register(signal, Arc::clone(&told))?;
        }
        for &signal in TERMINAL_CLOSED {
            signal_hook::flag::register(signal, Arc::clone(&told))?;
        }
        Ok(Self(told))
    }

    pub(crate) fn is_told(&self) -> bool {
        // Nothing else is passed on with it.
        self.0.load(Ordering::Relaxed)
    }

    /// Sleeps until `end`, or until it is told.
    pub(crate) fn sleep_until(&self, end: Instant) {
        const LOOK: Duration = Duration::from_millis(20);
        while !self.is_told() {
            match end.checked_duration_since(Instant::now()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(LOOK)),
                _ => return,
            }
        }
    }
}
