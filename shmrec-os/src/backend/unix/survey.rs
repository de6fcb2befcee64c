//! Looking at segments without being among their users: nothing is changed, joined or removed, and a segment goes when its
//! users go, whoever looks at it.
//!
//! Memory that its last user may empty at any moment is not mapped: what is looked at is copied by the kernel. A System V
//! segment is attached for each look only, since whoever is attached keeps it; a lock on the companion says meanwhile that it
//! is only a look.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{self, OFlags, Stat};
use rustix::io::Errno;

use super::attachment::{Attachment, Memory};
use super::claim::{Claim, Claimed};
use super::copied::Copied;
use super::files::{look, not_found, open_named, regular, reopen, stands_for};
use super::fork::LockDescriptor;
use super::keyed;
use super::kind::{self, Judgement, Origin};
use super::locks::{Locks, Members};
use super::system::mode_of;
use crate::backend::random::{ATTEMPTS, pause};
use crate::format::Header;
use crate::{Entry, Failure, FileFacts, Key, Place, SegmentName, Use, What};

/// How often what is being created or removed is looked at again: those who look are in no hurry to know.
const AGAIN: u32 = 30;

/// What there is in a directory that is, or looks like, segments'. There is one list of names for all sessions.
///
/// # Errors
///
/// [`What::NoDirectory`]; [`What::PermissionDenied`].
pub fn entries(directory: Option<&Path>, _global: bool) -> Result<Vec<Entry>, Failure> {
    let directory = Place::directory_of(directory);
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            Failure::with_source(What::NoDirectory, &directory, error)
        }
        _ => Failure::of_call("opendir", &directory, error),
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(failed)? {
        entries.extend(classified(entry.map_err(failed)?.file_name()));
    }
    Ok(entries)
}

/// What a file of this name is; `None` for what is none of shmrec's business.
fn classified(file: OsString) -> Option<Entry> {
    let bytes = file.as_bytes();
    let known = if let Some(name) = bytes.strip_prefix(Place::PREFIX.as_bytes()) {
        std::str::from_utf8(name).ok().and_then(|name| SegmentName::new(name).ok()).map(Entry::Named)
    } else if let Some(key) = bytes.strip_prefix(Place::KEY_PREFIX.as_bytes()) {
        let digits = key.len() == 8 && key.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let key = std::str::from_utf8(key).ok().filter(|_| digits).and_then(|key| u32::from_str_radix(key, 16).ok());
        key.and_then(|key| Key::raw(key as i32).ok()).map(Entry::Keyed)
    } else {
        return None;
    };
    Some(known.unwrap_or(Entry::Odd(file)))
}

/// What the system says of what has a segment's name: its file. `None` when nothing has.
///
/// # Errors
///
/// When the system refuses.
pub fn facts(place: &Place) -> Result<Option<FileFacts>, Failure> {
    file_facts(place.path())
}

/// What the directory says of a file; `None` when it is not there.
///
/// # Errors
///
/// When the system refuses.
pub fn file_facts(path: &Path) -> Result<Option<FileFacts>, Failure> {
    let stat = match fs::lstat(path) {
        Ok(stat) => stat,
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(Failure::of_call("lstat", path, error)),
    };
    let other = match regular(&stat, path).map_err(|failure| failure.what().clone()) {
        Err(What::NotASegment { found }) => Some(found),
        _ => None,
    };
    Ok(Some(FileFacts { owner: stat.st_uid, mode: mode_of(&stat), len: stat.st_size as u64, other }))
}

/// The name of the segment under `key`, as its companion has it; `None` when nothing can be read there.
///
/// # Errors
///
/// What is wrong with the companion.
pub fn companion_name(key: Key, path: &Path) -> Result<Option<SegmentName>, Failure> {
    match open_named(path, OFlags::RDONLY)? {
        Some((file, _)) => keyed::name_in(file.as_fd(), key, path),
        None => Ok(None),
    }
}

/// Looks into a segment without becoming one of its users.
///
/// # Errors
///
/// [`What::NotFound`] when there is none; otherwise what is wrong with what has the name. [`What::StaleForeign`] for what is
/// left of a segment, whoever its owner is.
pub fn observe(place: &Place) -> Result<Attachment, Failure> {
    for attempt in 0..ATTEMPTS {
        let Some((file, locks, stat)) = open(place)? else {
            pause(attempt);
            continue;
        };
        let judgement = kind::judge(file.as_fd(), place)?;
        let members = locks.members().map_err(|error| Failure::of_call("fcntl", place.path(), error))?;
        let header = match (judgement, members) {
            (Judgement::Segment(header, _), _) => header,
            // Users of remains may have come just now: then they are remains no more.
            (Judgement::Remains, Members::InTransition | Members::Some) if attempt < AGAIN => {
                pause(attempt);
                continue;
            }
            (Judgement::Remains, Members::InTransition) => return Err(Failure::new(What::Busy, place.path())),
            (Judgement::Remains, Members::Some) => {
                let problem = "its memory has been taken away, and programs still use it".to_owned();
                return Err(Failure::new(What::Damaged { problem }, place.path()));
            }
            (Judgement::Remains, Members::None) => {
                return Err(Failure::new(What::StaleForeign { uid: stat.st_uid }, place.path()));
            }
        };
        let copied = match place.key() {
            None => {
                named(&header, place)?;
                Copied::of_file(file)
            }
            // What nobody uses is not even attached before somebody wants to read it: its next creator, who may come at any
            // moment, would take us for a user.
            Some(key) => {
                let Some(own) = locks_of(&file, place.path())? else {
                    pause(attempt);
                    continue;
                };
                match keyed::glimpse(&file, own, &header, members == Members::Some, key, place)? {
                    Some(glimpse) => Copied::of_system_v(glimpse),
                    None => {
                        pause(attempt);
                        continue;
                    }
                }
            }
        };
        return Ok(Attachment::observer(header, Memory::Copied(copied), Origin::File, locks, place.clone()));
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// # Errors
///
/// When a file was created under another name than it has.
fn named(header: &Header, place: &Place) -> Result<(), Failure> {
    if header.name() == place.name() {
        return Ok(());
    }
    let problem = format!("it was created under the name {:?}", header.name().as_str());
    Err(Failure::new(What::Damaged { problem }, place.path()))
}

/// The file of a name, and a description to ask for locks by; `None` when the name was changing hands.
fn open(place: &Place) -> Result<Option<(OwnedFd, Locks, Stat)>, Failure> {
    if look(place)?.is_none() {
        return Err(not_found(place));
    }
    let path = place.path();
    let Some((file, stat)) = open_named(path, OFlags::RDONLY)? else { return Ok(None) };
    Ok(locks_of(&file, path)?.map(|locks| (file, locks, stat)))
}

/// A description for locks of its own, for reading; `None` when the name has changed hands.
fn locks_of(file: &OwnedFd, path: &Path) -> Result<Option<Locks>, Failure> {
    match LockDescriptor::open(|| reopen(file.as_fd(), Some(path), OFlags::RDONLY)) {
        Ok(descriptor) => Ok(Some(Locks::new(descriptor, false))),
        Err(Errno::STALE | Errno::NOENT) => Ok(None),
        Err(error) => Err(Failure::of_call("open", path, error)),
    }
}

impl Attachment {
    /// Whether anybody else uses the segment.
    ///
    /// # Errors
    ///
    /// When the kernel cannot be asked, and in the child of a fork.
    pub fn others(&self) -> Result<Use, Failure> {
        self.check_usable()?;
        match self.locks().members() {
            Ok(Members::None) => Ok(Use::Nobody),
            Ok(Members::Some) => Ok(Use::Somebody),
            Ok(Members::InTransition) => Ok(Use::Changing),
            Err(error) => Err(Failure::of_call("fcntl", self.place().path(), error)),
        }
    }

    /// Whether the segment's name still stands for this segment.
    ///
    /// # Errors
    ///
    /// When the system refuses, and in the child of a fork.
    pub fn is_current(&self) -> Result<bool, Failure> {
        self.check_usable()?;
        let failed = |error: Errno| Failure::of_call("fstat", self.place().path(), error);
        let stat = fs::fstat(self.locks()).map_err(failed)?;
        Ok(stands_for(self.place().path(), &stat))
    }
}

/// Removes a damaged segment that nobody uses; of a System V segment the companion, so that the next creator of the key
/// makes room for its own.
///
/// # Errors
///
/// [`What::InUse`] when somebody uses it, [`What::NotDamaged`] when it is none, otherwise as
/// [`remove`](super::reap::remove).
pub fn remove_damaged(place: &Place) -> Result<(), Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    for attempt in 0..ATTEMPTS {
        let Some((file, locks, stat)) = open(place)? else {
            pause(attempt);
            continue;
        };
        match locks.members().map_err(failed("fcntl"))? {
            Members::None => {}
            Members::InTransition => {
                pause(attempt);
                continue;
            }
            Members::Some => {
                let users = locks.count_others().map_err(failed("fcntl"))?.max(1);
                return Err(Failure::new(What::InUse { users }, path));
            }
        }
        is_damaged(&file, place)?;
        let claim = match Claim::of(&locks, path)? {
            Claimed::Granted(claim) => claim,
            Claimed::Busy => {
                pause(attempt);
                continue;
            }
            Claimed::NotPermitted => return Err(Failure::new(What::StaleForeign { uid: stat.st_uid }, path)),
        };
        // Again, now that nobody can join.
        is_damaged(&file, place)?;
        if !claim.has_name(path).map_err(failed("fstat"))? {
            pause(attempt);
            continue;
        }
        // Kept whole where the name may not be removed: somebody may want to look into it.
        return match claim.unlink(path) {
            Ok(()) => Ok(()),
            Err((_, Errno::PERM | Errno::ACCESS)) => Err(Failure::new(What::StaleForeign { uid: stat.st_uid }, path)),
            Err((_, error)) => Err(Failure::of_call("unlink", path, error)),
        };
    }
    Err(Failure::new(What::Busy, path))
}

/// # Errors
///
/// Unless what stands in the file begins like a segment and contradicts itself.
fn is_damaged(file: &OwnedFd, place: &Place) -> Result<(), Failure> {
    match kind::judge(file.as_fd(), place) {
        Ok(Judgement::Segment(header, _)) if place.key().is_none() && named(&header, place).is_err() => Ok(()),
        Ok(_) => Err(Failure::new(What::NotDamaged, place.path())),
        Err(failure) if matches!(failure.what(), What::Damaged { .. }) => Ok(()),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_segment_s_file_is_taken_for_one() {
        let of = |name: &str| classified(name.into());
        assert_eq!(of("shmrec.pose"), Some(Entry::Named(SegmentName::new("pose").unwrap())));
        assert_eq!(of("shmrec-key.fffffff0"), Some(Entry::Keyed(Key::raw(-16).unwrap())));
        for odd in
            ["shmrec.", "shmrec.a b", "shmrec-key.", "shmrec-key.0", "shmrec-key.00000000", "shmrec-key.FFFFFFF0"]
        {
            assert_eq!(of(odd), Some(Entry::Odd(odd.into())), "{odd}");
        }
        for other in ["", "shmrec", ".shmrec-new.0011223344556677", "sem.x"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
