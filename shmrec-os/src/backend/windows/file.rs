//! Persistent segments: files in a directory, complete from the moment that they have their name.
//!
//! Every user keeps the file open. Whoever wants to remove it opens it such that nobody else may have it open: the
//! kernel refuses while there is a user, and lets nobody in afterwards.
//!
//! # Safety
//!
//! Calls on handles that are open, with names that end with a NUL and structures that outlive them.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_DISK_FULL, ERROR_FILE_EXISTS, ERROR_HANDLE_DISK_FULL,
    ERROR_SHARING_VIOLATION, GENERIC_READ, GENERIC_WRITE,
};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateFileW, DELETE, FILE_ATTRIBUTE_NORMAL, FILE_DISPOSITION_INFO, FILE_FLAG_OPEN_REPARSE_POINT,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, FileDispositionInfo, GetVolumeInformationByHandleW,
    MoveFileExW, SetFileInformationByHandle,
};
use windows_sys::Win32::System::SystemServices::FILE_PERSISTENT_ACLS;

use super::handle::{check, is, owned};
use super::names::default_directory;
use super::section::Section;
use super::security::{Descriptor, Kind};
use crate::backend::mapping::Mapping;
use crate::backend::random::random;
use crate::format::{HEADER_LEN, Header};
use crate::{Failure, Perms, Place, SegmentName, What};

/// What a file is called until it is complete.
const TEMPORARY: &str = ".shmrec-new.";

/// What others may do with a file that is open: everything that its rights permit.
const SHARED: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// What came of opening the file that has a segment's name.
pub(super) enum Opened {
    /// A regular file.
    File(File),
    /// There is none.
    NotFound,
    /// Somebody has it for himself, or it is just going.
    InTransition,
    /// This user may not, or it is just going.
    Denied(io::Error),
}

/// Opens the file that has the segment's name, as a user.
///
/// # Errors
///
/// When it is no regular file, or the system refuses for another reason.
pub(super) fn open(place: &Place, writable: bool) -> Result<Opened, Failure> {
    open_path(place.path(), writable)
}

/// Opens it for removal: only if nobody else has it open, and until it is closed nobody can.
pub(super) fn open_alone(place: &Place) -> Result<Opened, Failure> {
    open_with(place.path(), GENERIC_READ | DELETE, 0)
}

/// Opens a file that another program may have made.
///
/// # Errors
///
/// As [`open`].
pub(super) fn open_path(path: &Path, writable: bool) -> Result<Opened, Failure> {
    open_with(path, GENERIC_READ | if writable { GENERIC_WRITE } else { 0 }, SHARED)
}

fn open_with(path: &Path, access: u32, share: u32) -> Result<Opened, Failure> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return Err(not_a_segment(path, "a symbolic link")),
        Ok(found) if found.is_dir() => return Err(not_a_segment(path, "a directory")),
        // What else is wrong the next call says.
        _ => {}
    }
    // Whatever may have become of it meanwhile: a link is not followed.
    let mut options = File::options();
    options.access_mode(access).share_mode(share).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    match options.open(path) {
        Ok(file) => Ok(Opened::File(file)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Opened::NotFound)
        }
        Err(error) if is(&error, ERROR_SHARING_VIOLATION) => Ok(Opened::InTransition),
        Err(error) if is(&error, ERROR_ACCESS_DENIED) => Ok(Opened::Denied(error)),
        Err(error) => Err(Failure::of_call("CreateFile", path, error)),
    }
}

/// The failure of a file that is none of shmrec's.
pub(super) fn not_a_segment(path: &Path, found: &'static str) -> Failure {
    Failure::new(What::NotASegment { found }, path)
}

/// The header of an open file.
///
/// # Errors
///
/// When it is no segment, or none that this version can read.
pub(super) fn header(file: &File, path: &Path) -> Result<Header, Failure> {
    let failed = |call| move |error| Failure::of_call(call, path, error);
    let len = file.metadata().map_err(failed("GetFileInformationByHandle"))?.len();
    let mut bytes = [0; HEADER_LEN];
    let mut filled = 0;
    while filled < HEADER_LEN {
        match file.seek_read(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) => return Err(Failure::of_call("ReadFile", path, error)),
        }
    }
    Header::parse(&bytes[..filled], len).map_err(|fault| Failure::of_header(fault, "another program's file", path))
}

/// The name of the segment in a file, if it is one.
pub(super) fn name_in(path: &Path) -> Option<SegmentName> {
    let Opened::File(file) = open_path(path, false).ok()? else { return None };
    header(&file, path).ok().map(|header| header.name().clone())
}

/// Maps an open file.
pub(super) fn map(file: &File, writable: bool, path: &Path) -> Result<Mapping, Failure> {
    let section = Section::of_file(file, writable).map_err(|e| Failure::of_call("CreateFileMapping", path, e))?;
    // The view keeps the memory; nobody needs the section any more.
    section.map(writable).map_err(|error| Failure::of_call("MapViewOfFile", path, error))
}

/// Where a file is to be.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    /// The directory, where it also is until it is complete.
    pub(super) directory: &'a Path,
    /// Its path.
    pub(super) path: &'a Path,
}

impl<'a> Spot<'a> {
    /// That of a persistent segment.
    pub(super) fn of(place: &'a Place) -> Self {
        Self { directory: place.directory(), path: place.path() }
    }
}

/// A complete file under a temporary name, and mapped. The name is the last to go: what is open or mapped cannot be
/// removed.
pub(super) struct Unnamed {
    file: File,
    mapping: Mapping,
    temporary: Temporary,
}

/// A temporary name. What has it goes, unless it was given another.
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Unnamed {
    /// Makes a file of `len` bytes, all of it reserved, with these contents and zeros around them.
    pub(super) fn make(spot: Spot<'_>, perms: Perms, len: u64, contents: &[(usize, &[u8])]) -> Result<Self, Failure> {
        let directory = spot.directory;
        if directory == default_directory() {
            // Made by whoever comes first. What goes wrong the next call says.
            let _ = std::fs::create_dir_all(directory);
        }
        sweep(directory);
        let path = directory.join(format!("{TEMPORARY}{:016x}", random()));
        let file = create_new(&path, perms).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::with_source(What::NoDirectory, directory, error),
            _ => Failure::of_call("CreateFile", directory, error),
        })?;
        let temporary = Temporary(Some(path));
        // On a volume without lists of rights everybody may do everything.
        if !keeps_rights(&file).map_err(|e| Failure::of_call("GetVolumeInformationByHandle", directory, e))? {
            return Err(Failure::new(What::WrongMode { asked: perms.mode(), actual: 0o666 }, spot.path));
        }
        let mapping = fill(&file, len, contents, spot)?;
        Ok(Self { file, mapping, temporary })
    }

    /// Gives the file its name; `false` when something has it.
    pub(super) fn publish(&mut self, spot: Spot<'_>) -> Result<bool, Failure> {
        let Some(temporary) = &self.temporary.0 else { return Ok(true) };
        let (from, to) = (wide_path(temporary), wide_path(spot.path));
        // SAFETY: both names end with a NUL. Nothing is replaced.
        match check(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), 0) }) {
            Ok(()) => {
                self.temporary.0 = None;
                Ok(true)
            }
            Err(error) if is(&error, ERROR_ALREADY_EXISTS) || is(&error, ERROR_FILE_EXISTS) => Ok(false),
            // Where the name is just going, or is a directory's: looked at again.
            Err(error) if is(&error, ERROR_ACCESS_DENIED) => Ok(false),
            Err(error) => Err(Failure::of_call("MoveFileEx", spot.path, error)),
        }
    }

    /// The file, as long as it has no other name.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn into_parts(self) -> (File, Mapping) {
        (self.file, self.mapping)
    }
}

fn fill(file: &File, len: u64, contents: &[(usize, &[u8])], spot: Spot<'_>) -> Result<Mapping, Failure> {
    file.set_len(len).map_err(|error| match is(&error, ERROR_DISK_FULL) || is(&error, ERROR_HANDLE_DISK_FULL) {
        true => Failure::with_source(What::NoSpace { bytes: len }, spot.directory, error),
        false => Failure::of_call("SetEndOfFile", spot.directory, error),
    })?;
    let mapping = map(file, true, spot.path)?;
    if !contents.is_empty() {
        mapping.store_contents(contents);
    }
    Ok(mapping)
}

fn create_new(path: &Path, perms: Perms) -> io::Result<File> {
    let descriptor = Descriptor::of_perms(perms, Kind::File)?;
    let (name, attributes) = (wide_path(path), descriptor.attributes());
    // SAFETY: name and attributes outlive the call. The creator's own handle may write, whatever the rights are.
    let handle: OwnedHandle = owned(unsafe {
        CreateFileW(
            name.as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            SHARED,
            &raw const attributes,
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            null_mut(),
        )
    })?;
    Ok(handle.into())
}

/// Whether the volume of a file keeps lists of rights.
fn keeps_rights(file: &File) -> io::Result<bool> {
    let mut flags = 0;
    // SAFETY: the handle is open; the call stores a number, and nothing where it is given no place.
    check(unsafe {
        GetVolumeInformationByHandleW(
            file.as_raw_handle(),
            null_mut(),
            0,
            null_mut(),
            null_mut(),
            &raw mut flags,
            null_mut(),
            0,
        )
    })?;
    Ok(flags & FILE_PERSISTENT_ACLS != 0)
}

/// Opens a file that another program may have made, to remove it.
pub(super) fn open_to_remove(path: &Path) -> Result<Opened, Failure> {
    open_with(path, DELETE, SHARED)
}

/// Removes a file that was opened for that.
pub(super) fn remove(file: File, path: &Path) -> Result<(), Failure> {
    let disposition = FILE_DISPOSITION_INFO { DeleteFile: true };
    // SAFETY: the handle is open, and the structure is the one of this class.
    check(unsafe {
        SetFileInformationByHandle(
            file.as_raw_handle(),
            FileDispositionInfo,
            (&raw const disposition).cast(),
            size_of::<FILE_DISPOSITION_INFO>() as u32,
        )
    })
    .map_err(|error| Failure::of_call("SetFileInformationByHandle", path, error))
}

/// Removes what creators left under temporary names that died before they were done. A living one has its file open.
fn sweep(directory: &Path) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let temporary = path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(TEMPORARY));
        if temporary {
            let alone = File::options().access_mode(GENERIC_READ | DELETE).share_mode(0).open(&path);
            let _ = alone.map(|file| remove(file, &path));
        }
    }
}

fn wide_path(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}
