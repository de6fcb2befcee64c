//! A directory for the segments of one test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use shmrec::SegmentOptions;

/// A directory in memory that nobody else uses, removed with everything in it when the test ends, failed or not.
#[derive(Debug)]
pub struct TestDir(PathBuf);

impl TestDir {
    /// A new directory, which every user may enter and write to, as `/dev/shm` itself.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let base = Path::new("/dev/shm");
        let base = if base.is_dir() { base.to_owned() } else { std::env::temp_dir() };
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("shmrec-tests-{}-{n}", std::process::id()));
        std::fs::create_dir(&path).expect("a directory for the test");
        let this = Self(path);
        this.set_mode(0o1777);
        this
    }

    /// Changes the directory's permission bits.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn set_mode(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&self.0, std::fs::Permissions::from_mode(mode))
            .expect("chmod of the test's directory");
    }

    /// Options for segments in it.
    pub fn options(&self) -> SegmentOptions {
        SegmentOptions::new().dir(&self.0)
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the segment `name`.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(format!("shmrec.{name}"))
    }

    /// The names of all files in it.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the test's directory");
        let mut names: Vec<_> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Default for TestDir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
