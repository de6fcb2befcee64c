//! What the kernel's objects of a segment are called.
//!
//! Memory, mutexes and events of one session share one list of names, and the list makes no difference between capital
//! and small letters on some systems, and does on others; nor do most file systems. So names are told apart here: one
//! that has capitals is written in small letters, and a hash of the exact name follows it. A directory other than the
//! default one is in the name by the number that the file system knows it by, however it was spelt.
//!
//! # Safety
//!
//! One call on a handle that is open.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES, GetFileInformationByHandle,
};

use super::handle::check;
use crate::format::checksum;
use crate::{Failure, Place, SegmentName, What};

/// Who sees an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The programs of this session.
    Local,
    /// The programs of all sessions.
    Global,
}

impl Scope {
    pub(super) fn of(place: &Place) -> Self {
        if place.is_global() { Self::Global } else { Self::Local }
    }

    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Local => r"Local\",
            Self::Global => r"Global\",
        }
    }
}

/// A segment's name, such that no two names differ only in capital and small letters.
pub(crate) fn file_stem(name: &SegmentName) -> String {
    let name = name.as_str();
    if name.bytes().any(|b| b.is_ascii_uppercase()) {
        format!("{}.{:016x}", name.to_ascii_lowercase(), checksum(name.as_bytes()))
    } else {
        name.to_owned()
    }
}

/// The directory of everyone who names no other.
pub(crate) fn default_directory() -> PathBuf {
    let data = std::env::var_os("ProgramData").filter(|data| !data.is_empty());
    data.map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from).join("shmrec")
}

/// What the memory of the segment at `place` is called.
///
/// # Errors
///
/// [`What::NoDirectory`] when the directory that somebody asked for is not there; [`What::NoKeys`] with a key.
pub(super) fn section(place: &Place) -> Result<String, Failure> {
    if place.key().is_some() {
        return Err(Failure::new(What::NoKeys, place.path()));
    }
    let (scope, suffix) = (Scope::of(place).prefix(), suffix(place.directory())?);
    Ok(format!("{scope}{}{}{suffix}", Place::PREFIX, file_stem(place.name())))
}

/// What stands behind the names of all sections of a directory's segments.
///
/// # Errors
///
/// [`What::NoDirectory`] when it is not there, and not the default one.
pub(super) fn suffix(directory: &Path) -> Result<String, Failure> {
    if directory == default_directory() {
        return Ok(String::new());
    }
    let (volume, index) = identity(directory).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Failure::with_source(What::NoDirectory, directory, error)
        }
        _ => Failure::of_call("CreateFile", directory, error),
    })?;
    Ok(format!(".{volume:x}-{index:x}"))
}

/// What a stem says of the name that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stem {
    /// The name.
    Name(SegmentName),
    /// A name with capitals, of which there is the hash alone: it stands in the segment.
    Hashed,
    /// It is no name's.
    Odd,
}

impl Stem {
    pub(super) fn of(stem: &str) -> Self {
        match (SegmentName::new(stem), stem.split_once('.')) {
            (Ok(name), _) if file_stem(&name) == stem => Self::Name(name),
            (_, Some((name, hash))) => {
                let digits = hash.len() == 16 && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
                if digits && SegmentName::new(name).is_ok() { Self::Hashed } else { Self::Odd }
            }
            _ => Self::Odd,
        }
    }
}

/// What the file system knows a directory by.
fn identity(directory: &Path) -> io::Result<(u32, u64)> {
    let directory =
        File::options().access_mode(FILE_READ_ATTRIBUTES).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(directory)?;
    if !directory.metadata()?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the call writes the structure that it is given.
    check(unsafe { GetFileInformationByHandle(directory.as_raw_handle(), &raw mut information) })?;
    let index = u64::from(information.nFileIndexHigh) << 32 | u64::from(information.nFileIndexLow);
    Ok((information.dwVolumeSerialNumber, index))
}

/// The objects beside a segment's memory, by the random id that this segment alone has.
#[derive(Clone, Debug)]
pub(super) struct Beside(String);

impl Beside {
    /// Files have one list for all sessions: programs of several may use one. Events need no privilege there.
    pub(super) fn new(scope: Scope, instance: [u8; 16]) -> Self {
        Self(format!("{}shmrec-{:032x}", scope.prefix(), u128::from_le_bytes(instance)))
    }

    /// What everybody holds who only looks at memory.
    pub(super) fn observers(&self) -> String {
        format!("{}.observers", self.0)
    }

    /// What every user of a file holds.
    pub(super) fn users(&self) -> String {
        format!("{}.users", self.0)
    }

    /// What the holder of a writer slot holds.
    pub(super) fn writer(&self, slot: u32) -> String {
        format!("{}.writer.{slot}", self.0)
    }

    /// What those wait on who sleep on the lock.
    pub(super) fn lock(&self) -> String {
        format!("{}.lock", self.0)
    }

    /// What those wait on who sleep on the bell; there are two in turn.
    pub(super) fn bell(&self, turn: usize) -> String {
        format!("{}.bell.{turn}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Stem, file_stem};
    use crate::SegmentName;

    #[test]
    fn names_that_differ_in_capitals_differ_without_them() {
        let stem = |name: &str| file_stem(&SegmentName::new(name).unwrap());
        assert_eq!(stem("robot_pose"), "robot_pose");
        let (capital, other) = (stem("Robot_pose"), stem("robot_Pose"));
        assert!(capital.starts_with("robot_pose.") && other.starts_with("robot_pose.") && capital != other);
        assert_eq!(Stem::of("robot_pose"), Stem::Name(SegmentName::new("robot_pose").unwrap()));
        assert_eq!((Stem::of(&capital), Stem::of(&other)), (Stem::Hashed, Stem::Hashed));
        for odd in ["Robot_pose", "robot-pose", "robot_pose.", "robot_pose.1a-2b", "robot_pose.0123456789ABCDEF", ""] {
            assert_eq!(Stem::of(odd), Stem::Odd, "{odd}");
        }
        // The longest name, in the longest object's name, within what the system allows.
        let longest = format!(r"Global\shmrec.{}.{:x}-{:x}", stem(&"X".repeat(200)), u32::MAX, u64::MAX);
        assert!(longest.len() < 260, "{}", longest.len());
    }
}
