//! Memory that other programs lay out: where it is.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{InvalidName, Key, NameProblem};

/// Where another program keeps its record: under a System V key, under the name of a POSIX shared memory object, or in a file.
///
/// ```
/// use shmrec_os::{ForeignPlace, Key};
///
/// let clock = ForeignPlace::key(Key::raw(0x4e54_5030)?);
/// let object = ForeignPlace::posix("/weather")?;
/// assert_eq!((clock.to_string(), object.to_string()), ("key 0x4e545030".into(), "/dev/shm/weather".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignPlace(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Key(Key),
    /// The file that stands for a POSIX shared memory object.
    Object(PathBuf),
    File(PathBuf),
}

impl ForeignPlace {
    /// Where the C library's `shm_open` has its objects.
    pub const POSIX_DIRECTORY: &'static str = "/dev/shm";

    /// The longest name of an object in bytes.
    pub const MAX_POSIX_LEN: usize = 254;

    /// The System V segment under a key.
    #[must_use]
    pub fn key(key: Key) -> Self {
        Self(Kind::Key(key))
    }

    /// The shared memory object that `shm_open(name)` opens. The slash at the front may be left out.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] when it is empty or too long, has another slash or a NUL in it, or is `.` or `..`.
    pub fn posix(name: &str) -> Result<Self, InvalidName> {
        let bare = name.strip_prefix('/').unwrap_or(name);
        let at_bare = name.len() - bare.len();
        let problem = if bare.is_empty() {
            Some(NameProblem::Empty)
        } else if let Some((at, character)) = bare.char_indices().find(|(_, c)| matches!(c, '/' | '\0')) {
            Some(NameProblem::Character { character, at: at_bare + at })
        } else if matches!(bare, "." | "..") {
            Some(NameProblem::Character { character: '.', at: at_bare })
        } else if bare.len() > Self::MAX_POSIX_LEN {
            Some(NameProblem::TooLong { len: bare.len() })
        } else {
            None
        };
        match problem {
            None => Ok(Self(Kind::Object(Path::new(Self::POSIX_DIRECTORY).join(bare)))),
            Some(problem) => Err(InvalidName::of_object(name, problem)),
        }
    }

    /// A file, which is mapped shared. It is not followed if it is a symbolic link.
    #[must_use]
    pub fn file(path: impl AsRef<OsStr>) -> Self {
        let path = PathBuf::from(path.as_ref());
        // The name must mean the same file when the working directory has changed.
        Self(Kind::File(std::path::absolute(&path).unwrap_or(path)))
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }

    /// The place as failures name it.
    pub(crate) fn shown(&self) -> PathBuf {
        match &self.0 {
            Kind::Key(key) => PathBuf::from(format!("key {key}")),
            Kind::Object(path) | Kind::File(path) => path.clone(),
        }
    }
}

impl fmt::Display for ForeignPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.shown().display())
    }
}

/// What the system says of memory that another program lays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignStat {
    /// Bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// The owner's user id.
    pub owner: u32,
}

#[cfg(test)]
mod tests {
    use super::ForeignPlace;
    use crate::NameProblem;

    #[test]
    fn an_object_s_name_does_not_leave_its_directory() {
        for (name, at) in [("/a/b", 2), ("a/b", 1), ("//a", 1), ("../x", 2), ("a\0", 1), ("/..", 1), (".", 0)] {
            let error = ForeignPlace::posix(name).unwrap_err();
            assert!(
                matches!(error.problem(), NameProblem::Character { at: found, .. } if found == at),
                "{name}: {error}"
            );
            assert!(!error.to_string().contains("A-Z"), "{error}");
        }
        for name in ["", "/"] {
            assert_eq!(ForeignPlace::posix(name).unwrap_err().problem(), NameProblem::Empty);
        }
        assert!(ForeignPlace::posix(&"x".repeat(255)).is_err());
        assert_eq!(ForeignPlace::posix("/a.b-c"), ForeignPlace::posix("a.b-c"));
        assert!(ForeignPlace::posix("...").is_ok());
    }
}
