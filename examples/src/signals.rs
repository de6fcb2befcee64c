//! Being told to end.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `tell`, on a thread of its own, whenever a signal asks this program to end.
///
/// Without this a signal ends the process at once. Its segments survive no harm from that, but the name of one whose
/// last user it was stays until somebody touches it; a program that ends in order takes the name with it.
///
/// A signal that the program was started to ignore stays ignored: SIGHUP under `nohup`, SIGINT behind a shell's `&`.
///
/// # Errors
///
/// When the system gives no handler or no thread.
pub fn on_end(tell: impl Fn() + Send + 'static) -> io::Result<()> {
    let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_in(*signal, ignored)))?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            tell();
        }
    })?;
    Ok(())
}

/// The mask of ignored signals in the text of `/proc/self/status`; empty when it is not there.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Whether the mask has the signal. Signals count from 1, the bits from 0.
fn is_in(signal: i32, mask: u64) -> bool {
    u32::try_from(signal - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|rest| rest & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::{ignored, is_in};

    #[test]
    fn an_ignored_signal_is_found_in_the_status() {
        let mask = ignored("Name:\tcat\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\nSigCgt:\t0\n");
        assert!(is_in(1, mask));
        assert!(!is_in(2, mask));
        assert!(!is_in(15, mask));
    }

    #[test]
    fn no_status_means_that_nothing_is_ignored() {
        assert_eq!(ignored(""), 0);
        assert_eq!(ignored("SigIgn:\tzebra\n"), 0);
        assert!(!is_in(0, u64::MAX));
        assert!(!is_in(65, u64::MAX));
    }
}
