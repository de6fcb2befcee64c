//! Memory that other programs lay out: files that are mapped, opened, made and removed, without locks or a life of their own.
//!
//! Nobody can cut a file that others have mapped, so whose it is makes no difference.

use std::fs::File;
use std::io;
use std::path::Path;

use windows_sys::Win32::Foundation::{ERROR_ALREADY_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_SHARING_VIOLATION};

use super::attachment::Memory;
use super::file::{self, Opened, Spot, Unnamed};
use super::security::{Audience, Kind as Of};
use crate::backend::foreign::Foreign;
use crate::foreign::Kind;
use crate::{Access, Failure, ForeignPlace, ForeignStat, Holder, Perms, TrustOwner, What};

/// The file behind a place.
///
/// # Errors
///
/// [`What::NoKeys`] with a key, [`What::NotSupported`] with a POSIX object.
fn path_of(place: &ForeignPlace) -> Result<&Path, Failure> {
    match place.kind() {
        Kind::File(path) => Ok(path),
        Kind::Key(_) => Err(Failure::new(What::NoKeys, &place.shown())),
        Kind::Object(path) => Err(Failure::new(What::NotSupported { what: "POSIX shared memory objects" }, path)),
    }
}

/// Opens the first `len` bytes of memory that is there.
///
/// # Errors
///
/// [`What::NotFound`]; [`What::WrongSize`] when it is not as long, or shorter if it may be `longer`; [`What::NoKeys`] and
/// [`What::NotSupported`] of places that are no files; otherwise what the system refused.
pub fn link_foreign(
    place: &ForeignPlace,
    access: Access,
    _trust: TrustOwner,
    len: usize,
    longer: bool,
) -> Result<Foreign, Failure> {
    let path = path_of(place)?;
    let writable = access == Access::ReadWrite;
    let file = match file::open_path(path, writable)? {
        Opened::File(file) => file,
        Opened::NotFound => return Err(not_found(path)),
        Opened::InTransition => return Err(in_the_way(path)),
        Opened::Denied(error) => return Err(Failure::of_call("CreateFile", path, error)),
    };
    let stat = stat_of(&file, path)?;
    let expected = len as u64;
    if stat.size != expected && !(longer && stat.size > expected) {
        return Err(Failure::new(What::WrongSize { expected, found: stat.size }, path));
    }
    let memory = Memory::Mapped(file::map(&file, writable, path)?);
    Ok(Foreign { memory, stat, place: place.clone() })
}

fn stat_of(file: &File, path: &Path) -> Result<ForeignStat, Failure> {
    let size = file.metadata().map_err(|e| Failure::of_call("GetFileInformationByHandle", path, e))?.len();
    let audience = Audience::of(file, Of::File).map_err(|e| Failure::of_call("GetSecurityInfo", path, e))?;
    Ok(ForeignStat { size, mode: audience.mode(), owner: audience.uid() })
}

/// Makes `len` bytes of zeros, with these permission bits, where there is nothing. The maker's own link can always write.
///
/// # Errors
///
/// [`What::AlreadyExists`] when something is there; [`What::WrongMode`] when the file system gave other bits; otherwise as [`link_foreign`].
pub fn create_foreign(place: &ForeignPlace, perms: Perms, len: usize) -> Result<Foreign, Failure> {
    let path = path_of(place)?;
    let spot = Spot { directory: path.parent().unwrap_or(path), path };
    let mut unnamed = Unnamed::make(spot, perms, len as u64, &[])?;
    let stat = stat_of(unnamed.file(), path)?;
    // The group's bits say nothing here.
    const USER_AND_OTHERS: u32 = 0o606;
    if (stat.mode ^ perms.mode()) & USER_AND_OTHERS != 0 {
        return Err(Failure::new(What::WrongMode { asked: perms.mode(), actual: stat.mode }, path));
    }
    if !unnamed.publish(spot)? {
        let owner = File::open(path).and_then(|file| Audience::of(&file, Of::File));
        let uid = owner.map_or(u32::MAX, |owner| owner.uid());
        let holder = Holder { pid: None, uid, created: None, persist: true };
        let source = io::Error::from_raw_os_error(ERROR_ALREADY_EXISTS as i32);
        return Err(Failure::with_source(What::AlreadyExists(holder), path, source));
    }
    let (_, mapping) = unnamed.into_parts();
    Ok(Foreign { memory: Memory::Mapped(mapping), stat, place: place.clone() })
}

/// Removes it. As long as somebody has it mapped, the system refuses.
///
/// # Errors
///
/// [`What::NotFound`]; otherwise as [`link_foreign`].
pub fn remove_foreign(place: &ForeignPlace) -> Result<(), Failure> {
    let path = path_of(place)?;
    match file::open_to_remove(path)? {
        Opened::File(file) => file::remove(file, path),
        Opened::NotFound => Err(not_found(path)),
        Opened::InTransition => Err(in_the_way(path)),
        Opened::Denied(error) => Err(Failure::of_call("CreateFile", path, error)),
    }
}

/// The failure where another program shares the file with nobody.
fn in_the_way(path: &Path) -> Failure {
    Failure::of_call("CreateFile", path, io::Error::from_raw_os_error(ERROR_SHARING_VIOLATION as i32))
}

fn not_found(path: &Path) -> Failure {
    Failure::with_source(What::NotFound, path, io::Error::from_raw_os_error(ERROR_FILE_NOT_FOUND as i32))
}
