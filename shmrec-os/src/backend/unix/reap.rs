//! Looking at a name, and removing what nobody uses any more.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::claim::{Claim, Claimed};
use super::files::{look, not_found, open_locks, open_named, proc_path, regular};
use super::keyed;
use super::kind::{self, Erased, Found, Judgement, Kept};
use super::locks::Members;
use super::system;
use crate::backend::random::{ATTEMPTS, pause};
use crate::format::Header;
use crate::{Failure, Holder, Place, What};

/// Looks at a name and removes what nobody uses any more.
///
/// # Errors
///
/// When the name stands for something else, or for a segment that only its owner can remove.
pub(super) fn reap(place: &Place) -> Result<Found, Failure> {
    reap_as(place, false)
}

/// As [`reap`]; `persistent` segments that nobody uses go as well if asked for.
fn reap_as(place: &Place, persistent: bool) -> Result<Found, Failure> {
    let Some(stat) = look(place)? else { return kind::without_name(place, persistent) };
    let (file, stat) = match open_named(place.path(), OFlags::RDONLY) {
        Ok(Some(opened)) => opened,
        Ok(None) => return Ok(Found::InTransition),
        Err(failure) if *failure.what() == What::PermissionDenied => {
            if stat.st_uid == rustix::process::geteuid().as_raw() {
                return reap_unreadable(place, persistent);
            }
            // Somebody else's, not for our eyes: taken for a living one.
            return Ok(Found::Used(Holder { pid: None, uid: stat.st_uid, created: None, persist: false }, 0));
        }
        Err(failure) => return Err(failure),
    };
    reap_opened(place, &file, &stat, persistent)
}

/// As [`reap`], for a file that not even its owner, this user, may read: its mode is changed for as long as this looks, and
/// put back unless the file goes.
fn reap_unreadable(place: &Place, persistent: bool) -> Result<Found, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let flags = system::LOCATED | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let located = match fs::open(path, flags, Mode::empty()) {
        Ok(located) => located,
        Err(Errno::NOENT) => return Ok(Found::InTransition),
        Err(error) => return Err(Failure::of_call("open", path, error)),
    };
    let stat = fs::fstat(&located).map_err(failed("fstat"))?;
    regular(&stat, path)?;
    let mode = Mode::from_raw_mode(stat.st_mode & 0o7777);
    if stat.st_uid != rustix::process::geteuid().as_raw() || mode.contains(Mode::RUSR) {
        // Another file by now, or another program of this user is looking too.
        return Ok(Found::InTransition);
    }
    let reach = proc_path(located.as_fd());
    // Everybody else keeps the rights that they have: somebody may be using the segment.
    fs::chmod(&reach, mode | Mode::RUSR | Mode::WUSR).map_err(failed("chmod"))?;
    let found = fs::open(&reach, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(failed("open"))
        .and_then(|file| reap_opened(place, &file, &stat, persistent));
    // Of a file that has gone nobody sees the mode.
    fs::chmod(&reach, mode).map_err(failed("chmod"))?;
    found
}

fn reap_opened(place: &Place, file: &OwnedFd, stat: &Stat, persistent: bool) -> Result<Found, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let Some(locks) = open_locks(file.as_fd(), path)? else { return Ok(Found::InTransition) };
    let stays = |kept| match kept {
        Kept::No => false,
        Kept::Persists => !persistent,
        Kept::Attached(_) => true,
    };
    match locks.members().map_err(failed("fcntl"))? {
        Members::Some => {
            return match kind::judge(file.as_fd(), place)? {
                Judgement::Segment(header, _) => used(&header, 0, stat, place),
                // A user of a file that somebody has emptied: there is nothing to say of its creator.
                Judgement::Remains => {
                    Ok(Found::Used(Holder { pid: None, uid: stat.st_uid, created: None, persist: false }, 0))
                }
            };
        }
        Members::InTransition => {
            let creating = place.key().is_some() && keyed::is_creating(file.as_fd(), place);
            return Ok(if creating { Found::InCreation } else { Found::InTransition });
        }
        Members::None => {}
    }
    // Judged before anything is touched: what is no segment is left as it is, its mode included.
    let first = kind::judge(file.as_fd(), place)?;
    if let Judgement::Segment(header, kept) = &first {
        if *kept != Kept::No {
            whose(header, place)?;
        }
        // Who is attached may only be looking.
        if stays(*kept) && attached(*kept) == 0 {
            return used(header, 0, stat, place);
        }
    }
    let claim = match (Claim::of(&locks, path)?, &first) {
        (Claimed::Granted(claim), _) => claim,
        (Claimed::Busy, _) => return Ok(Found::InTransition),
        (Claimed::NotPermitted, Judgement::Segment(header, kept)) if stays(*kept) => {
            return used(header, attached(*kept), stat, place);
        }
        (Claimed::NotPermitted, _) => return Err(Failure::new(What::StaleForeign { uid: stat.st_uid }, path)),
    };
    // Nobody observes a file by attaching it.
    let alone = place.key().is_none() || claim.keep_observers_out().map_err(failed("fcntl"))?;
    // Again, now that nobody can join: a user may have come, written and gone.
    let persists = match kind::judge(claim.as_fd(), place)? {
        Judgement::Segment(_, Kept::Attached(_)) if !alone => return Ok(Found::InTransition),
        Judgement::Segment(header, kept) if stays(kept) => return used(&header, attached(kept), stat, place),
        Judgement::Segment(_, kept) => kept == Kept::Persists,
        Judgement::Remains => false,
    };
    match kind::erase(claim, persists, None, place)? {
        Erased::Gone => Ok(Found::Nothing),
        Erased::NameChanged | Erased::Attached => Ok(Found::InTransition),
        Erased::NotPermitted => Err(Failure::new(What::StaleForeign { uid: stat.st_uid }, path)),
    }
}

fn attached(kept: Kept) -> u64 {
    match kept {
        Kept::Attached(n) => n,
        _ => 0,
    }
}

fn used(header: &Header, attached: u64, stat: &Stat, place: &Place) -> Result<Found, Failure> {
    whose(header, place)?;
    let holder = Holder {
        pid: Some(header.creator_pid()),
        uid: stat.st_uid,
        created: Some(header.created()),
        persist: header.persist(),
    };
    Ok(Found::Used(holder, attached))
}

/// # Errors
///
/// [`What::KeyCollision`] when the key has a segment of another name, which is none of this program's business.
fn whose(header: &Header, place: &Place) -> Result<(), Failure> {
    match place.key() {
        Some(key) => keyed::whose(header, key, place),
        None => Ok(()),
    }
}

/// Removes a segment that nobody uses, persistent or not.
///
/// # Errors
///
/// [`What::InUse`] when somebody uses it, [`What::NotFound`] when there is none.
pub fn remove(place: &Place) -> Result<(), Failure> {
    keyed::check_available(place)?;
    let orphan = || place.key().is_some_and(keyed::exists);
    if look(place)?.is_none() && !orphan() {
        return Err(not_found(place));
    }
    for attempt in 0..ATTEMPTS {
        match reap_as(place, true)? {
            Found::Nothing => return Ok(()),
            Found::InTransition | Found::InCreation => pause(attempt),
            Found::Used(_, attached) => {
                let users = match open_named(place.path(), OFlags::RDONLY)? {
                    Some((file, _)) => match open_locks(file.as_fd(), place.path())? {
                        Some(locks) => locks.count_others().unwrap_or(1),
                        None => 1,
                    },
                    None => 1,
                };
                if users == 0 && attached == 0 {
                    // They have just gone.
                    pause(attempt);
                    continue;
                }
                return Err(Failure::new(What::InUse { users: users.max(attached as usize) }, place.path()));
            }
        }
    }
    Err(Failure::new(What::Busy, place.path()))
}
