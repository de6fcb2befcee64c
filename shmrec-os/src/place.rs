//! Where a segment is.

use std::path::{Path, PathBuf};

use crate::{Key, SegmentName};

/// A segment's name, and the file that has it: the segment itself in a directory, or the companion of a System V segment.
#[derive(Clone, Debug)]
pub struct Place {
    name: SegmentName,
    key: Option<Key>,
    directory: PathBuf,
    path: PathBuf,
    global: bool,
}

impl Place {
    /// What stands before every segment's name in its directory.
    pub const PREFIX: &'static str = "shmrec.";

    /// What stands before the key, in eight hexadecimal digits, in the name of a System V segment's companion file.
    pub const KEY_PREFIX: &'static str = "shmrec-key.";

    /// The environment variable that names another directory.
    pub const DIRECTORY_VARIABLE: &'static str = "SHMREC_DIR";

    /// The directory of everyone who says nothing else: `/dev/shm`, or `%ProgramData%\shmrec` on Windows.
    #[must_use]
    pub fn default_directory() -> PathBuf {
        crate::backend::default_directory()
    }

    /// The segment `name` in `directory`; without one in `$SHMREC_DIR`, and without that in
    /// [`default_directory`](Self::default_directory).
    #[must_use]
    pub fn new(name: SegmentName, directory: Option<&Path>) -> Self {
        let file = format!("{}{}", Self::PREFIX, crate::backend::file_stem(&name));
        Self::of(name, None, file, directory)
    }

    /// The System V segment under `key`, whose companion file is in that directory.
    #[must_use]
    pub fn keyed(name: SegmentName, key: Key, directory: Option<&Path>) -> Self {
        Self::of(name, Some(key), Self::companion(key), directory)
    }

    /// The name of the companion file of `key`.
    #[must_use]
    pub fn companion(key: Key) -> String {
        format!("{}{:08x}", Self::KEY_PREFIX, key.get())
    }

    fn of(name: SegmentName, key: Option<Key>, file: String, directory: Option<&Path>) -> Self {
        let directory = Self::directory_of(directory);
        let path = directory.join(file);
        Self { name, key, directory, path, global: false }
    }

    /// The directory that is meant by a program that names `directory`, or none, as an absolute path.
    #[must_use]
    pub fn directory_of(directory: Option<&Path>) -> PathBuf {
        let directory = directory
            .map(Path::to_path_buf)
            .or_else(directory_of_the_environment)
            .unwrap_or_else(Self::default_directory);
        // The name must mean the same file when the handle goes, even if the working directory has changed.
        std::path::absolute(&directory).unwrap_or(directory)
    }

    /// Whether programs of all sessions see the segment. On Windows only: elsewhere they do, whatever is said here.
    #[must_use]
    pub fn global(self, global: bool) -> Self {
        Self { global, ..self }
    }

    /// Whether programs of all sessions are to see the segment.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.global
    }

    /// The segment's name.
    #[must_use]
    pub fn name(&self) -> &SegmentName {
        &self.name
    }

    /// The key of a System V segment.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.key
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What the environment names, unless this program runs with rights that its caller has not.
fn directory_of_the_environment() -> Option<PathBuf> {
    let named = std::env::var_os(Place::DIRECTORY_VARIABLE).filter(|directory| !directory.is_empty())?;
    crate::backend::environment_is_trusted().then(|| PathBuf::from(named))
}

/// Whose segments may be mapped, beside this user's own and root's.
///
/// Whoever owns a segment's file can shrink it under those who map it, and a load behind the new end is a fatal
/// signal. Segments of other users are therefore copied through the kernel when they are read, and refused when they
/// are to be written, unless the program trusts their owner. System V segments cannot be shrunk: whoever may read one
/// maps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustOwner {
    /// Nobody else. The default.
    #[default]
    NoOther,
    /// The user of this id.
    Uid(u32),
    /// Every user.
    Anyone,
}

impl TrustOwner {
    /// Whether a segment of `owner` may be mapped by `user`.
    #[must_use]
    pub fn trusts(self, owner: u32, user: u32) -> bool {
        owner == user
            || owner == 0
            || match self {
                Self::NoOther => false,
                Self::Uid(uid) => uid == owner,
                Self::Anyone => true,
            }
    }
}
