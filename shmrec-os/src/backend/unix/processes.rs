//! Which processes use a segment, as far as `/proc` shows them to this user.
//!
//! Locks belong to descriptions, and the kernel names no process for them; but a process's `fdinfo` lists the locks of each
//! description that it has open.

use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::attachment::Attachment;
use super::locks::Purpose;
use crate::{Failure, Process};

impl Attachment {
    /// The processes that use the segment, by process id. Those that this user may not look into are left out: other
    /// users', as a rule, unless this is root.
    ///
    /// Looks at every descriptor of every process: some milliseconds, or more on a machine with many.
    ///
    /// # Errors
    ///
    /// In the child of a fork.
    pub fn processes(&self) -> Result<Vec<Process>, Failure> {
        self.check_usable()?;
        let own = Path::new("/proc/self/fd").join(self.locks().as_fd().as_raw_fd().to_string());
        // Where there is no `/proc`, nothing is known.
        let (Ok(file), Ok(entries)) = (fs::metadata(own), fs::read_dir("/proc")) else { return Ok(Vec::new()) };
        let mut processes: Vec<Process> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter_map(|pid| process(pid, (file.dev(), file.ino())))
            .collect();
        processes.sort_by_key(|process| process.pid);
        Ok(processes)
    }
}

/// What process `pid` has of the file; `None` when it does not use the segment, or cannot be looked into.
fn process(pid: u32, file: (u64, u64)) -> Option<Process> {
    let of = Path::new("/proc").join(pid.to_string());
    let mut process = Process { pid, handles: 0, writer_slots: Vec::new() };
    for descriptor in fs::read_dir(of.join("fd")).ok()?.flatten() {
        // The link is followed, to a file that may have no name any more.
        if !fs::metadata(descriptor.path()).is_ok_and(|found| (found.dev(), found.ino()) == file) {
            continue;
        }
        let Ok(info) = fs::read_to_string(of.join("fdinfo").join(descriptor.file_name())) else { continue };
        for purpose in info.lines().filter_map(purpose) {
            match purpose {
                Purpose::Member => process.handles += 1,
                Purpose::Writer(slot) => process.writer_slots.push(slot),
            }
        }
    }
    process.writer_slots.sort_unstable();
    (process.handles > 0).then_some(process)
}

/// What a line of `fdinfo` says of a lock: `lock: 1: OFDLCK ADVISORY READ -1 00:1a:77 2305843009213693952 …`.
fn purpose(line: &str) -> Option<Purpose> {
    let mut words = line.strip_prefix("lock:")?.split_ascii_whitespace();
    words.find(|word| *word == "OFDLCK")?;
    // ADVISORY, the kind, no process, the file.
    Purpose::of(words.nth(4)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_locks_that_mean_something_are_taken() {
        let line = |start: i64| format!("lock:\t1: OFDLCK ADVISORY  READ -1 00:1a:77 {start} {start}");
        assert_eq!(purpose(&line((1 << 61) + 5)), Some(Purpose::Member));
        assert_eq!(purpose(&line((1 << 62) + 2046)), Some(Purpose::Writer(2046)));
        assert_eq!(purpose(&line((1 << 62) + 2047)), None);
        assert_eq!(purpose(&line(0)), None);
        assert_eq!(purpose("pos:\t0"), None);
        assert_eq!(purpose("lock:\t1: FLOCK  ADVISORY  WRITE 77 00:1a:77 0 EOF"), None);
        assert_eq!(purpose("lock:\t1: OFDLCK ADVISORY  READ"), None);
    }
}
