//! Memory that other programs lay out: opened, made and removed, without locks or a life of its own.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{self, OFlags};
use rustix::io::Errno;

use super::attachment::Memory;
use super::copied::Copied;
use super::files::open_named;
use super::sysv::Attached;
use super::unnamed::{Content, Holding, Spot, Unnamed};
use super::{system, sysv};
use crate::backend::foreign::Foreign;
use crate::backend::mapping::Mapping;
use crate::foreign::Kind;
use crate::{Access, Failure, ForeignPlace, ForeignStat, Holder, Key, Perms, TrustOwner, What};

/// Opens the first `len` bytes of memory that is there.
///
/// # Errors
///
/// [`What::NotFound`]; [`What::WrongSize`] when it is not as long, or shorter if it may be `longer`; [`What::UntrustedOwner`]
/// when it is to be written and its owner could shrink it; otherwise what the system refused.
pub fn link_foreign(
    place: &ForeignPlace,
    access: Access,
    trust: TrustOwner,
    len: usize,
    longer: bool,
) -> Result<Foreign, Failure> {
    check_available(place)?;
    let (memory, stat) = match place.kind() {
        Kind::Key(key) => attach(*key, access, len, longer, &place.shown())?,
        Kind::Object(path) | Kind::File(path) => open(path, access, trust, len, longer)?,
    };
    Ok(Foreign { memory, stat, place: place.clone() })
}

/// # Errors
///
/// [`What::NoKeys`] with a key, where the system has no such segments; [`What::NotSupported`] with an object, where it has
/// those in no directory.
fn check_available(place: &ForeignPlace) -> Result<(), Failure> {
    match place.kind() {
        Kind::Key(_) if !sysv::AVAILABLE => Err(Failure::new(What::NoKeys, &place.shown())),
        Kind::Object(path) if !system::HAS_OBJECT_FILES => {
            Err(Failure::new(What::NotSupported { what: "shared memory objects that are files" }, path))
        }
        _ => Ok(()),
    }
}

fn attach(key: Key, access: Access, len: usize, longer: bool, shown: &Path) -> Result<(Memory, ForeignStat), Failure> {
    let failed = |call| move |error: Errno| Failure::of_call(call, shown, error);
    let not_found = |error| Failure::with_source(What::NotFound, shown, error);
    let id = sysv::find(key).map_err(failed("shmget"))?.ok_or_else(|| not_found(Errno::NOENT))?;
    let writable = access == Access::ReadWrite;
    let attached = match Attached::inherited(id, writable) {
        Ok(attached) => attached,
        Err(error) if sysv::is_gone(error) => return Err(not_found(error)),
        Err(error) => return Err(failed("shmat")(error)),
    };
    // Attached, it keeps its id, and its length for ever.
    let stat = sysv::stat(id).map_err(failed("shmctl"))?;
    let stat = ForeignStat { size: stat.size, mode: stat.mode, owner: stat.owner };
    check_size(stat.size, len, longer, shown)?;
    Ok((Memory::Mapped(Mapping::of_system_v(attached, len, writable)), stat))
}

fn open(
    path: &Path,
    access: Access,
    trust: TrustOwner,
    len: usize,
    longer: bool,
) -> Result<(Memory, ForeignStat), Failure> {
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let writable = access == Access::ReadWrite;
    let flags = if writable { OFlags::RDWR } else { OFlags::RDONLY };
    // Looked at first: to open a device or a pipe does things.
    match fs::lstat(path) {
        Ok(stat) => super::files::regular(&stat, path)?,
        Err(error @ (Errno::NOENT | Errno::NOTDIR)) => {
            return Err(Failure::with_source(What::NotFound, path, error));
        }
        Err(error) => return Err(failed("lstat")(error)),
    }
    let Some((file, stat)) = open_named(path, flags)? else {
        return Err(Failure::with_source(What::NotFound, path, Errno::NOENT));
    };
    let stat = ForeignStat { size: stat.st_size as u64, mode: system::mode_of(&stat), owner: stat.st_uid };
    check_size(stat.size, len, longer, path)?;
    let trusted = trust.trusts(stat.owner, rustix::process::geteuid().as_raw());
    let memory = match (trusted, access) {
        (true, _) => Memory::Mapped(
            Mapping::of_file(file.as_fd(), len, writable).map_err(|error| Failure::of_call("mmap", path, error))?,
        ),
        (false, Access::Read) => Memory::Copied(Copied::of_file(file)),
        (false, Access::ReadWrite) => return Err(Failure::new(What::UntrustedOwner { uid: stat.owner }, path)),
    };
    Ok((memory, stat))
}

fn check_size(found: u64, len: usize, longer: bool, shown: &Path) -> Result<(), Failure> {
    let expected = len as u64;
    if found == expected || (longer && found > expected) {
        return Ok(());
    }
    Err(Failure::new(What::WrongSize { expected, found }, shown))
}

/// Makes `len` bytes of zeros, with exactly these permission bits, where there is nothing. The maker's own link can always
/// write.
///
/// # Errors
///
/// [`What::AlreadyExists`] when something is there; otherwise what the system refused.
pub fn create_foreign(place: &ForeignPlace, perms: Perms, len: usize) -> Result<Foreign, Failure> {
    check_available(place)?;
    let (mapping, owner) = match place.kind() {
        Kind::Key(key) => make_segment(*key, perms, len, &place.shown())?,
        Kind::Object(path) | Kind::File(path) => make_file(path, perms, len)?,
    };
    let stat = ForeignStat { size: len as u64, mode: perms.mode(), owner };
    Ok(Foreign { memory: Memory::Mapped(mapping), stat, place: place.clone() })
}

fn taken(uid: Option<u32>, shown: &Path, source: Errno) -> Failure {
    let holder = Holder { pid: None, uid: uid.unwrap_or(u32::MAX), created: None, persist: true };
    Failure::with_source(What::AlreadyExists(holder), shown, source)
}

fn make_segment(key: Key, perms: Perms, len: usize, shown: &Path) -> Result<(Mapping, u32), Failure> {
    let id = match sysv::make(key, len) {
        Ok(id) => id,
        Err(error @ Errno::EXIST) => {
            let stat = sysv::find(key).ok().flatten().and_then(|id| sysv::stat(id).ok());
            return Err(taken(stat.map(|stat| stat.owner), shown, error));
        }
        Err(error) => return Err(super::create::no_segment(error, len, shown)),
    };
    let made = (|| {
        let failed = |call| move |error: Errno| Failure::of_call(call, shown, error);
        let attached = Attached::inherited(id, true).map_err(failed("shmat"))?;
        let owner = sysv::stat(id).map_err(failed("shmctl"))?.owner;
        // A mode of 0400 would forbid its own maker to attach it for writing.
        sysv::set_mode(id, perms.mode()).map_err(failed("shmctl"))?;
        Ok((Mapping::of_system_v(attached, len, true), owner))
    })();
    if made.is_err() {
        // The failure that was first is the one to tell.
        let _ = sysv::remove(id);
    }
    made
}

fn make_file(path: &Path, perms: Perms, len: usize) -> Result<(Mapping, u32), Failure> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let spot = Spot { directory, path };
    let unnamed = Unnamed::make(spot, perms, Content { len: len as u64, parts: &[] }, Holding::Member)?;
    let mapping = Mapping::of_file(unnamed.file.as_fd(), len, true);
    let mapping = mapping.map_err(|error| Failure::of_call("mmap", path, error))?;
    let owner = fs::fstat(&unnamed.file).map_err(|error| Failure::of_call("fstat", path, error))?.st_uid;
    match unnamed.publish(spot) {
        Ok(()) => Ok((mapping, owner)),
        Err(error @ Errno::EXIST) => Err(taken(fs::lstat(path).ok().map(|stat| stat.st_uid), path, error)),
        Err(error) => Err(Failure::of_call("linkat", path, error)),
    }
}

/// Removes it, whoever uses it: those who have it mapped keep the memory.
///
/// # Errors
///
/// [`What::NotFound`]; otherwise what the system refused.
pub fn remove_foreign(place: &ForeignPlace) -> Result<(), Failure> {
    check_available(place)?;
    let shown = place.shown();
    let not_found = |error| Err(Failure::with_source(What::NotFound, &shown, error));
    match place.kind() {
        Kind::Key(key) => match sysv::find(*key) {
            Ok(None) => not_found(Errno::NOENT),
            Ok(Some(id)) => match sysv::remove(id) {
                Err(error) if sysv::is_gone(error) => not_found(error),
                outcome => outcome.map_err(|error| Failure::of_call("shmctl", &shown, error)),
            },
            Err(error) => Err(Failure::of_call("shmget", &shown, error)),
        },
        Kind::Object(path) | Kind::File(path) => match fs::unlink(path) {
            Err(error @ (Errno::NOENT | Errno::NOTDIR)) => not_found(error),
            outcome => outcome.map_err(|error| Failure::of_call("unlink", path, error)),
        },
    }
}
