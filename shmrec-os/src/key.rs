//! Keys of System V segments.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::backend;

/// A System V key: the number by which programs find a segment that has no name of its own.
///
/// Three ways lead to one. Whichever is taken, the segment's full name stands in its header and is compared when it is
/// linked, so a key that two programs use for two things is an error and never somebody else's data.
///
/// ```
/// use shmrec_os::Key;
///
/// assert_eq!(Key::raw(0x4e54_5030)?.to_string(), "0x4e545030");
/// assert_eq!(Key::ftok("/etc", b'A')?.get() >> 24, i32::from(b'A'));
/// assert_eq!(Key::of_name("robot_pose"), Key::of_name("robot_pose"));
/// # Ok::<(), shmrec_os::KeyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(i32);

impl Key {
    /// The key of this number. Keys above `0x7fff_ffff` are written `0xdead_beef_u32 as i32`.
    ///
    /// # Errors
    ///
    /// [`KeyError::Reserved`] for 0, which to the system means "no key", and for -1, which is how `ftok` says that it
    /// failed.
    pub const fn raw(key: i32) -> Result<Self, KeyError> {
        match key {
            0 | -1 => Err(KeyError::Reserved { key }),
            _ => Ok(Self(key)),
        }
    }

    /// The key that the C library's `ftok(path, id)` gives: 8 bits of `id`, 8 of the file's device, 16 of its inode.
    ///
    /// The file must exist, and stay: when it is replaced by another, the key is another. Different files may have the
    /// same key (of the files of one `/usr`, 59 % share theirs with another).
    ///
    /// # Errors
    ///
    /// [`KeyError::File`] when the file cannot be found; [`KeyError::Reserved`] when its numbers make 0 or -1.
    pub fn ftok(path: impl AsRef<Path>, id: u8) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let (device, inode) =
            backend::device_and_inode(path).map_err(|source| KeyError::File { path: path.to_owned(), source })?;
        // The C library takes the low bits of each.
        Self::raw(i32::from_be_bytes([id, device as u8, (inode >> 8) as u8, inode as u8]))
    }

    /// The key of a file and an id in the ancestor's spelling, `SHM_USE_FTOK`: the first character is the id, the rest the
    /// path of an existing, accessible file.
    ///
    /// ```
    /// # use shmrec_os::Key;
    /// assert_eq!(Key::use_ftok("A/etc")?, Key::ftok("/etc", b'A')?);
    /// # Ok::<(), shmrec_os::KeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`KeyError::Spelling`] when it does not begin with an ASCII character, or nothing follows; otherwise as
    /// [`ftok`](Self::ftok).
    pub fn use_ftok(spelling: &str) -> Result<Self, KeyError> {
        match (spelling.as_bytes().first(), spelling.get(1..)) {
            (Some(id), Some(path)) if !path.is_empty() => Self::ftok(path, *id),
            _ => Err(KeyError::Spelling { spelling: spelling.chars().take(200).collect() }),
        }
    }

    /// The key of a name: FNV-1a with 32 bits ([RFC 9923](https://www.rfc-editor.org/rfc/rfc9923)) over its bytes; 1 and -2
    /// where that gives 0 and -1.
    ///
    /// Of 1000 names two share a key with a probability of 1 in 8600.
    #[must_use]
    pub const fn of_name(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash: u32 = 0x811c_9dc5;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
            i += 1;
        }
        match hash {
            0 => Self(1),
            u32::MAX => Self(-2),
            hash => Self(hash as i32),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As `ipcs -m` shows it.
        write!(f, "{:#010x}", self.0)
    }
}

/// There is no such key.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// A number that is no key.
    Reserved {
        /// The number: 0 or -1.
        key: i32,
    },
    /// Not an id and a path.
    Spelling {
        /// What was spelt, cut to 200 characters.
        spelling: String,
    },
    /// The file cannot be found.
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved { key } => {
                write!(f, "{key} is no key: to the system it means that there is none; take another number, or file")
            }
            Self::Spelling { spelling } => write!(
                f,
                "{spelling:?} is no id and path: the first character is the id, an ASCII character, and the rest the path \
                 of an existing file, as in \"A/etc/hostname\""
            ),
            Self::File { path, source } => write!(
                f,
                "{}: the file that the key is made of cannot be found: {source}: every program that shares the segment \
                 must name the same existing file",
                path.display()
            ),
        }
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyError};

    #[test]
    fn numbers_that_mean_something_else_are_refused() {
        for key in [0, -1] {
            assert!(matches!(Key::raw(key), Err(KeyError::Reserved { key: found }) if found == key));
        }
        for key in [1, -2, i32::MIN, i32::MAX] {
            assert_eq!(Key::raw(key).unwrap().get(), key);
        }
    }

    #[test]
    fn the_hash_of_a_name_is_the_one_of_the_standard() {
        // RFC 9923, appendix C, and FNV's own test vectors.
        for (name, hash) in [("", 0x811c_9dc5_u32), ("a", 0xe40c_292c), ("foobar", 0xbf9c_f968)] {
            assert_eq!(Key::of_name(name).get() as u32, hash, "{name:?}");
        }
    }

    #[test]
    fn what_is_no_id_and_path_is_said() {
        for spelling in ["", "A", "é/etc", "\u{1F600}"] {
            assert!(matches!(Key::use_ftok(spelling), Err(KeyError::Spelling { .. })), "{spelling:?}");
        }
        let error = Key::use_ftok("A/no/such/file").unwrap_err();
        assert!(error.to_string().contains("/no/such/file"), "{error}");
    }

    /// Where there are keys.
    #[cfg(unix)]
    #[test]
    fn the_path_is_the_rest_relative_or_not() {
        assert_eq!(Key::use_ftok("A.").unwrap(), Key::ftok(".", b'A').unwrap());
    }
}
