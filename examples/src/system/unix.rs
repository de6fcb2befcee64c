//! UNIX: signals, terminals, and the figures under `/proc`.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Units;

/// Calls `tell`, on a thread of its own, whenever a signal asks this program to end.
///
/// A signal that the program was started to ignore stays ignored: SIGHUP under `nohup`, SIGINT behind a shell's `&`.
///
/// # Errors
///
/// When the system gives no handler or no thread.
pub fn end_signals(tell: impl Fn() + Send + 'static) -> io::Result<()> {
    let ignored = ignored(&fs::read_to_string("/proc/self/status").unwrap_or_default());
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

/// Whose a segment's file is, and what it is like, in words.
#[must_use]
pub fn owner(path: &Path) -> String {
    match fs::metadata(path) {
        Ok(file) => format!("user {}, mode {:04o}, {} bytes", file.uid(), file.mode() & 0o7777, file.len()),
        Err(error) => error.to_string(),
    }
}

/// Columns and lines of the terminal that is written to, as far as it knows them.
#[must_use]
pub fn window() -> (Option<u16>, Option<u16>) {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    (size.as_ref().map(|s| s.ws_col), size.as_ref().map(|s| s.ws_row))
}

/// In what the kernel counts.
#[must_use]
pub fn units() -> Units {
    Units { ticks_per_second: rustix::param::clock_ticks_per_second().max(1), page: rustix::param::page_size() as u64 }
}

/// The bytes of the file `name` under `/proc`.
///
/// # Errors
///
/// When it cannot be read.
pub fn text(name: &str) -> io::Result<Vec<u8>> {
    fs::read(Path::new("/proc").join(name))
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
