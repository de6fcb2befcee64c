//! A directory for the segments of one test, and the kind of segments that are in it.

use std::ffi::{OsStr, OsString};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use shmrec::Key;

use crate::options::Options;
use crate::random::Random;
use crate::{platform, sysv};

/// The two kinds of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Files.
    Named,
    /// System V segments, each with a companion file.
    Keyed,
}

/// Runs tests that take a [`Kind`] over both kinds, on systems that have both: `over_both_kinds!(first_test, second_test);`.
#[macro_export]
macro_rules! over_both_kinds {
    ($($test:ident),* $(,)?) => {
        mod named {
            $(#[test] fn $test() { super::$test($crate::directory::Kind::Named) })*
        }
        #[cfg(target_os = "linux")]
        mod keyed {
            $(#[test] fn $test() { super::$test($crate::directory::Kind::Keyed) })*
        }
    };
}

/// Where segments are: a directory, and for System V segments the keys that are theirs.
#[derive(Clone, Debug)]
pub struct Place {
    path: PathBuf,
    keys: Option<Keys>,
}

/// 2^14 keys, from which each name has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys(u32);

impl Keys {
    const BITS: u32 = 14;

    /// Keys that nobody else has.
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let seed = u64::from(COUNT.fetch_add(1, Ordering::Relaxed)) << 32 | u64::from(std::process::id());
        let mut random = Random::new(seed);
        loop {
            // Neither 0 nor -1 can come of it.
            let keys = Self(1 + random.below((1 << (32 - Self::BITS)) - 2) as u32);
            if !sysv::segments().iter().any(|segment| keys.have(segment.key)) {
                return keys;
            }
        }
    }

    fn have(self, key: i32) -> bool {
        key as u32 >> Self::BITS == self.0
    }

    /// The key of a name.
    ///
    /// # Panics
    ///
    /// Never: no such key is 0 or -1.
    #[must_use]
    pub fn of(self, name: &str) -> Key {
        let low = Key::of_name(name).get() as u32 & ((1 << Self::BITS) - 1);
        Key::raw((self.0 << Self::BITS | low) as i32).expect("a key")
    }
}

impl Place {
    /// Files in a directory.
    #[must_use]
    pub fn named(path: &Path) -> Self {
        Self { path: path.to_owned(), keys: None }
    }

    /// The place that [`to_argument`](Self::to_argument) described.
    ///
    /// # Panics
    ///
    /// When it did not.
    #[must_use]
    pub fn of_argument(argument: &OsStr) -> Self {
        match argument.to_str().and_then(|argument| argument.strip_prefix("keys:")) {
            None => Self::named(Path::new(argument)),
            Some(rest) => {
                let (keys, path) = rest.split_once(':').expect("keys:NUMBER:DIRECTORY");
                Self { path: path.into(), keys: Some(Keys(keys.parse().expect("a number"))) }
            }
        }
    }

    /// This place as an argument of the peer program.
    #[must_use]
    pub fn to_argument(&self) -> OsString {
        match self.keys {
            None => self.path.clone().into(),
            Some(Keys(keys)) => {
                let mut argument = OsString::from(format!("keys:{keys}:"));
                argument.push(&self.path);
                argument
            }
        }
    }

    /// The same names and keys in the directory `path`, as another program calls it; if that is empty, in that of its
    /// environment.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self { path: path.into(), keys: self.keys }
    }

    /// The kind of segments.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.keys.is_some() { Kind::Keyed } else { Kind::Named }
    }

    /// Options for segments in it.
    pub fn options(&self) -> Options {
        let options = if self.path.as_os_str().is_empty() {
            // The one of the environment.
            shmrec::SegmentOptions::new()
        } else {
            shmrec::SegmentOptions::new().dir(&self.path)
        };
        Options::new(options, self.keys)
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key of a name.
    ///
    /// # Panics
    ///
    /// When the segments here have none.
    #[must_use]
    pub fn key(&self, name: &str) -> Key {
        self.keys.expect("a place of System V segments").of(name)
    }

    /// The file of the segment `name`, or its companion file. Where segments are not files: the one that it would have if
    /// it persisted.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        match self.keys {
            None => self.path.join(format!("shmrec.{name}")),
            Some(keys) => self.path.join(format!("shmrec-key.{:08x}", keys.of(name).get())),
        }
    }

    /// The segment behind the key of a name.
    #[must_use]
    pub fn segment(&self, name: &str) -> Option<sysv::Segment> {
        sysv::under(self.key(name))
    }

    /// The names of all files in it, and of all segments that have none. A companion file and its segment together count as what the file of a named segment would
    /// be, `shmrec.NAME`; one without the other is shown as what it is.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.path).expect("the test's directory");
        let mut names: Vec<_> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        if let Some(keys) = self.keys {
            let mut alone: Vec<_> = sysv::segments().into_iter().filter(|segment| keys.have(segment.key)).collect();
            for name in &mut names {
                let about = sysv::Companion::read(&self.path.join(&*name));
                if let Some(found) = about.and_then(|about| {
                    let i = alone.iter().position(|segment| (segment.id, segment.key) == (about.id, about.key))?;
                    alone.remove(i);
                    Some(about.name)
                }) {
                    *name = format!("shmrec.{found}");
                }
            }
            names.extend(alone.iter().map(|segment| format!("a segment under {:#010x}", segment.key)));
        }
        names.extend(platform::names_without_files(&self.path));
        names.sort();
        names
    }
}

/// A directory in memory that nobody else uses, removed with everything in it when the test ends, failed or not.
#[derive(Debug)]
pub struct TestDir(Place);

impl TestDir {
    /// A new directory for named segments, which every user may enter and write to, as `/dev/shm` itself.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        Self::of(Kind::Named)
    }

    /// As [`new`](Self::new), for segments of either kind.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let path = loop {
            let n = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = platform::base_directory().join(format!("shmrec-tests-{}-{n}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => break path,
                // What a process of the same number left, which was killed.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => panic!("a directory for the test: {error}"),
            }
        };
        let this = Self(Place { path, keys: (kind == Kind::Keyed).then(Keys::new) });
        this.set_mode(0o1777);
        this
    }

    /// Changes the directory's permission bits, on systems where it has any.
    ///
    /// # Panics
    ///
    /// When that fails.
    pub fn set_mode(&self, mode: u32) {
        platform::set_mode(&self.0.path, mode);
    }
}

impl Deref for TestDir {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.0
    }
}

impl Default for TestDir {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for TestDir {
    fn drop(&mut self) {
        if let Some(keys) = self.0.keys {
            sysv::segments().iter().filter(|segment| keys.have(segment.key)).for_each(sysv::Segment::remove);
        }
        let _ = std::fs::remove_dir_all(&self.0.path);
    }
}
