//! A directory of this process, which goes when the process ends in order.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use shmrec::SegmentOptions;

struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

thread_local! {
    static DIRECTORY: OnceLock<Directory> = const { OnceLock::new() };
}

/// Calls `with` with this thread's directory, which is in memory.
pub(crate) fn with<R>(with: impl FnOnce(&Path) -> R) -> R {
    DIRECTORY.with(|directory| {
        let directory = directory.get_or_init(|| {
            let thread = format!("{:?}", std::thread::current().id());
            let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
            let path = PathBuf::from(format!("/dev/shm/shmrec-fuzz-{}-{thread}", std::process::id()));
            std::fs::create_dir_all(&path).expect("a directory in memory");
            Directory(path)
        });
        with(&directory.0)
    })
}

/// Options for segments there.
pub(crate) fn options(directory: &Path) -> SegmentOptions {
    let patience = std::time::Duration::from_millis(1);
    SegmentOptions::new().dir(directory).read_timeout(patience).lock_timeout(patience)
}
