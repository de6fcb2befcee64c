//! Looking at segments. Memory goes with its last handle, so whoever looks keeps it that long; an event beside it says that
//! it is only a look, and those who count its users leave him out.

use std::path::Path;

use super::attachment::Attachment;
use super::names::{self, Scope, Stem};
use super::section::{Named, Section};
use super::security::{Audience, Kind};
use super::{file, life, listing};
use crate::{Access, Entry, Failure, FileFacts, Key, Place, Process, SegmentName, Use, What};

/// The segments of a directory: those in memory, whose names are in the kernel's list of this session or of all; those that
/// persist; and what else has a segment's file name there.
///
/// # Errors
///
/// [`What::NoDirectory`]; [`What::PermissionDenied`].
pub fn entries(directory: Option<&Path>, global: bool) -> Result<Vec<Entry>, Failure> {
    let directory = Place::directory_of(directory);
    let mut entries = in_memory(&directory, if global { Scope::Global } else { Scope::Local })?;
    let failed = |error| Failure::of_call("FindFirstFile", &directory, error);
    let files = match std::fs::read_dir(&directory) {
        Ok(files) => files,
        // The default directory is made by the first segment that persists.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && directory == names::default_directory() => {
            return Ok(entries);
        }
        Err(error) => return Err(failed(error)),
    };
    for found in files {
        let found = found.map_err(failed)?;
        let file = found.file_name();
        let Some(stem) = file.to_str().and_then(|name| name.strip_prefix(Place::PREFIX)) else { continue };
        let name = match Stem::of(stem) {
            Stem::Name(name) => Some(name),
            Stem::Hashed => file::name_in(&found.path()).filter(|name| names::file_stem(name) == stem),
            Stem::Odd => None,
        };
        let entry = name.map_or_else(|| Entry::Odd(file.clone()), Entry::Named);
        // It is in both lists while it is made.
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// The segments in memory. What has a name like theirs and is none of them is some other program's.
fn in_memory(directory: &Path, scope: Scope) -> Result<Vec<Entry>, Failure> {
    let suffix = names::suffix(directory)?;
    let sections = listing::sections(scope).map_err(|e| Failure::of_call("NtOpenDirectoryObject", directory, e))?;
    let entries = sections.iter().filter_map(|section| {
        let stem = section.strip_prefix(Place::PREFIX)?.strip_suffix(&suffix)?;
        match Stem::of(stem) {
            Stem::Name(name) => Some(Entry::Named(name)),
            Stem::Hashed => {
                let name = life::name_in(&format!("{}{section}", scope.prefix()))?;
                (names::file_stem(&name) == stem).then_some(Entry::Named(name))
            }
            Stem::Odd => None,
        }
    });
    Ok(entries.collect())
}

/// What the system says of what has a segment's name; `None` when nothing has.
///
/// # Errors
///
/// When the system refuses.
pub fn facts(place: &Place) -> Result<Option<FileFacts>, Failure> {
    let name = match names::section(place) {
        Ok(name) => name,
        Err(failure) if *failure.what() == What::NoDirectory => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let failed = |call| move |error| Failure::of_call(call, place.path(), error);
    let unknown = FileFacts { owner: u32::MAX, mode: 0, len: 0, other: None };
    match Section::open(&name, false).map_err(failed("OpenFileMapping"))? {
        Named::Found(section) | Named::Fresh(section) => {
            let len = section.map(false).map_err(failed("MapViewOfFile"))?.len() as u64;
            // Another program's may have no owner.
            let audience = Audience::of(&section, Kind::Section);
            let (owner, mode) = audience.map_or((u32::MAX, 0), |audience| (audience.uid(), audience.mode()));
            Ok(Some(FileFacts { owner, mode, len, other: None }))
        }
        Named::Denied(_) => Ok(Some(unknown)),
        Named::OtherKind => Ok(Some(FileFacts { other: Some("an object of another kind"), ..unknown })),
        Named::NotFound => file_facts(place.path()),
    }
}

/// What the directory says of a file; `None` when it is not there.
///
/// # Errors
///
/// When the system refuses.
pub fn file_facts(path: &Path) -> Result<Option<FileFacts>, Failure> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(Failure::of_call("GetFileAttributes", path, error)),
    };
    let other = if found.is_symlink() {
        Some("a symbolic link")
    } else if found.is_dir() {
        Some("a directory")
    } else {
        None
    };
    // What this user may not open he may not look at either.
    let audience = std::fs::File::open(path).and_then(|file| Audience::of(&file, Kind::File));
    let (owner, mode) = audience.map_or((u32::MAX, 0), |audience| (audience.uid(), audience.mode()));
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

/// Looks into a segment without counting as one of its users. Memory stays as long as somebody looks.
///
/// # Errors
///
/// As [`link`](life::link).
pub fn observe(place: &Place) -> Result<Attachment, Failure> {
    life::open(place, Access::Read, true)
}

impl Attachment {
    /// Whether anybody uses the segment, beside this handle and those that only look.
    ///
    /// # Errors
    ///
    /// When the kernel cannot be asked.
    pub fn others(&self) -> Result<Use, Failure> {
        let own = usize::from(!self.is_observer());
        Ok(match self.users()?.saturating_sub(own) {
            0 if self.header().persist() => Use::Nobody,
            // It goes with the look.
            0 => Use::Changing,
            _ => Use::Somebody,
        })
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
