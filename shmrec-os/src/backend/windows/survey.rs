//! Looking at segments. Memory under a kernel's name is in no directory, and goes with its last handle: whoever looks is one of
//! its users for that moment, and what is listed are the segments that persist.

use std::path::Path;

use super::attachment::Attachment;
use super::life;
use super::security::{Audience, Kind};
use crate::{Access, Entry, Failure, FileFacts, Key, Place, Process, SegmentName, TrustOwner, Use, What};

/// The persistent segments of a directory, and what else has a segment's name there.
///
/// # Errors
///
/// [`What::NoDirectory`]; [`What::PermissionDenied`].
pub fn entries(directory: Option<&Path>) -> Result<Vec<Entry>, Failure> {
    let directory = Place::directory_of(directory);
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            Failure::with_source(What::NoDirectory, &directory, error)
        }
        _ => Failure::of_call("FindFirstFile", &directory, error),
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(failed)? {
        let file = entry.map_err(failed)?.file_name();
        let Some(stem) = file.to_str().and_then(|name| name.strip_prefix(Place::PREFIX)) else { continue };
        // Behind a name with capital letters stands its hash.
        let name = stem.split('.').next().unwrap_or_default();
        let name = SegmentName::new(name).ok().filter(|name| super::file_stem(name) == stem);
        entries.push(name.map_or_else(|| Entry::Odd(file.clone()), Entry::Named));
    }
    Ok(entries)
}

/// What the directory says of a file; `None` when it is not there.
///
/// # Errors
///
/// When the system refuses.
pub fn file_facts(path: &Path) -> Result<Option<FileFacts>, Failure> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::of_call("GetFileAttributes", path, error)),
    };
    let other = if found.is_symlink() {
        Some("a symbolic link")
    } else if found.is_dir() {
        Some("a directory")
    } else {
        None
    };
    let owner =
        std::fs::File::open(path).and_then(|file| Audience::of(&file, Kind::File)).map_or(0, |audience| audience.uid());
    let mode = if found.permissions().readonly() { 0o444 } else { 0o666 };
    Ok(Some(FileFacts { owner, mode, len: found.len(), other }))
}

/// There are no keys here.
///
/// # Errors
///
/// None.
pub fn companion_name(_key: Key, _path: &Path) -> Result<Option<SegmentName>, Failure> {
    Ok(None)
}

/// Links for reading: there is no other way to look.
///
/// # Errors
///
/// As [`link`](life::link).
pub fn observe(place: &Place) -> Result<Attachment, Failure> {
    life::link(place, Access::Read, TrustOwner::NoOther)
}

impl Attachment {
    /// Whether this handle is not among the segment's users: always it is.
    #[must_use]
    pub fn is_observer(&self) -> bool {
        false
    }

    /// Whether anybody else uses the segment.
    ///
    /// # Errors
    ///
    /// When the kernel cannot be asked.
    pub fn others(&self) -> Result<Use, Failure> {
        Ok(if self.users()? > 1 { Use::Somebody } else { Use::Nobody })
    }

    /// Whether the segment's name still stands for this segment: as long as this handle is open.
    ///
    /// # Errors
    ///
    /// None.
    pub fn is_current(&self) -> Result<bool, Failure> {
        Ok(true)
    }

    /// The processes that use the segment: the system tells only administrators.
    ///
    /// # Errors
    ///
    /// None.
    pub fn processes(&self) -> Result<Vec<Process>, Failure> {
        Ok(Vec::new())
    }
}

/// Removes a damaged segment that nobody uses.
///
/// # Errors
///
/// As [`remove`](life::remove), which refuses what is damaged: files are removed by hand here.
pub fn remove_damaged(place: &Place) -> Result<(), Failure> {
    life::remove(place)
}
