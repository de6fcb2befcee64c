//! Linking to a segment while it lives.
//!
//! Four rules carry this, with [`create`](super::create) and [`leave`](super::leave); each, left out, lost live segments or
//! leaked names in trials.
//!
//! 1. A segment gets its name only when it is complete and its creator is among its users. (A companion file gets it when
//!    its creator has claimed all of it.)
//! 2. Whoever removes a name holds the write lock on all members' bytes of that very file, and has seen after taking it
//!    that the name still stands for the file.
//! 3. Whoever joins looks *after* joining whether the name still stands for the file he joined.
//! 4. Whoever leaves leaves first, and only then asks whether he was the last.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{self, OFlags};
use rustix::io::Errno;

use super::attachment::{Attachment, Memory};
use super::files::{look, not_found, open_locks, open_named, stands_for};
use super::keyed;
use super::kind::{self, Found, Judgement, Kept, Origin, Reach};
use super::leave::leave;
use super::locks::Members;
use super::reap::reap;
use crate::backend::random::{ATTEMPTS, pause, random};
use crate::format::Header;
use crate::{Access, Failure, Place, TrustOwner, What};

/// Links to a segment that lives or persists.
///
/// # Errors
///
/// [`What::NotFound`] when there is none; a name that nobody uses any more is removed on the way. Otherwise what is wrong
/// with what has the name.
pub fn link(place: &Place, access: Access, trust: TrustOwner) -> Result<Attachment, Failure> {
    keyed::check_available(place)?;
    for attempt in 0..ATTEMPTS {
        match try_link(place, access, trust)? {
            Some(attachment) => return Ok(attachment),
            None => pause(attempt),
        }
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// One attempt; `None` when the name was changing hands.
fn try_link(place: &Place, access: Access, trust: TrustOwner) -> Result<Option<Attachment>, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    let Some(stat) = look(place)? else { return not_there(kind::without_name(place, false)?, place) };
    let reach = kind::reach(&stat, access, trust, place)?;
    let flags = if access == Access::ReadWrite { OFlags::RDWR } else { OFlags::RDONLY };
    let Some((file, stat)) = open_named(path, flags)? else { return Ok(None) };
    if kind::reach(&stat, access, trust, place)? != reach {
        // Another user's file has taken the name meanwhile.
        return Ok(None);
    }
    let Some(locks) = open_locks(file.as_fd(), path)? else { return Ok(None) };
    match locks.members().map_err(failed("fcntl"))? {
        Members::Some => {}
        Members::InTransition => {
            drop(locks);
            return not_there(reap(place)?, place);
        }
        // A persistent segment is joined, what is left of any other is removed.
        Members::None => match kind::judge(file.as_fd(), place)? {
            Judgement::Segment(_, Kept::Persists | Kept::Attached(_)) => {}
            _ => {
                drop(locks);
                return not_there(reap(place)?, place);
            }
        },
    }
    if !locks.join(random()).map_err(failed("fcntl"))? {
        return Ok(None);
    }
    // From here on every way out is through `leave`, or the name would stay when its last user went meanwhile.
    match join(&file, access, reach, place) {
        Ok(Some((header, memory, origin))) => Ok(Some(Attachment::new(header, memory, origin, locks, place.clone()))),
        Ok(None) => leave(&locks, false, None, place).map(|()| None),
        Err(failure) => {
            // What is no segment is not removed, whoever held locks on it.
            let removable = match kind::judge(file.as_fd(), place) {
                Ok(Judgement::Segment(_, kept)) => kept == Kept::No,
                Ok(Judgement::Remains) => true,
                Err(_) => false,
            };
            // The failure that was first is the one to tell.
            let _ = leave(&locks, !removable, None, place);
            Err(failure)
        }
    }
}

/// What a linker makes of a name behind which it found no living segment.
fn not_there(found: Found, place: &Place) -> Result<Option<Attachment>, Failure> {
    match found {
        // One that is being created is not there yet.
        Found::Nothing | Found::InCreation => Err(not_found(place)),
        Found::Used(..) | Found::InTransition => Ok(None),
    }
}

/// What a new member checks and maps; `None` when the name no longer stands for the file, or the memory has gone.
fn join(
    file: &OwnedFd,
    access: Access,
    reach: Reach,
    place: &Place,
) -> Result<Option<(Header, Memory, Origin)>, Failure> {
    let path = place.path();
    let stat = fs::fstat(file).map_err(|error| Failure::of_call("fstat", path, error))?;
    if !stands_for(path, &stat) {
        return Ok(None);
    }
    let Judgement::Segment(header, _) = kind::judge(file.as_fd(), place)? else { return Ok(None) };
    let memory = kind::memory(file, &header, access, reach, place)?;
    Ok(memory.map(|(memory, origin)| (header, memory, origin)))
}
