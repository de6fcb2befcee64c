//! What the tests share: directories that go, peers that are other processes, and records that show when they are torn.

pub mod alien;
pub mod directory;
pub mod options;
pub mod peer;
pub mod platform;
pub mod random;
pub mod raw;
pub mod records;
pub mod shapes;
#[cfg(target_os = "linux")]
pub mod stepper;
pub mod stored;
#[cfg(unix)]
pub mod sysv;
#[cfg(windows)]
#[path = "platform/no_sysv.rs"]
pub mod sysv;

/// Waits until `done` says so, looking every millisecond.
///
/// # Panics
///
/// After a minute, naming what did not happen: the bound is there to end a hanging test, no test is about it.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(begun.elapsed().as_secs() < 60, "this did not happen within a minute: {what}");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Whether this process is root, which some tests need; if not, says that `test` is skipped.
#[must_use]
pub fn is_root_or_skipped(test: &str) -> bool {
    let root = platform::is_root();
    if !root {
        eprintln!("skipped: {test} needs root, to become other users");
    }
    root
}
