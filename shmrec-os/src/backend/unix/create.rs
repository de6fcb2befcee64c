//! Creating a segment: complete, or not there.

use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs;
use rustix::io::Errno;

use super::attachment::{Attachment, Memory};
use super::files::{stands_for, write_all_at};
use super::keyed;
use super::kind::{Found, Origin};
use super::reap::reap;
use super::sysv::{self, Attached, Id};
use super::unnamed::{Content, Holding, Unnamed};
use crate::backend::mapping::Mapping;
use crate::backend::new::NewSegment;
use crate::backend::random::{ATTEMPTS, pause, random};
use crate::companion::{Companion, State};
use crate::{Failure, Key, Place, What};

/// How long a creator waits for another that is at it, which takes a second or so for a segment of gigabytes.
const CREATION: Duration = Duration::from_secs(10);

/// Creates a segment, complete from the moment that its name can be found.
///
/// # Errors
///
/// [`What::AlreadyExists`] when a segment of this name lives or persists; a name that nobody uses any more is replaced.
/// Otherwise what the system refused.
pub fn create(place: &Place, new: &NewSegment<'_>) -> Result<Attachment, Failure> {
    keyed::check_available(place)?;
    match place.key() {
        None => create_file(place, new),
        Some(key) => create_system_v(place, key, new),
    }
}

fn create_file(place: &Place, new: &NewSegment<'_>) -> Result<Attachment, Failure> {
    let content = Content { len: new.header.total_len() as u64, parts: new.contents };
    let (unnamed, mapping) = publish(place, || {
        let unnamed = Unnamed::make(place.into(), new.perms, content, Holding::Member)?;
        let mapping = Mapping::of_file(unnamed.file.as_fd(), new.header.total_len(), true)
            .map_err(|error| Failure::of_call("mmap", place.path(), error))?;
        Ok((unnamed, mapping))
    })?;
    Ok(Attachment::new(new.header.clone(), Memory::Mapped(mapping), Origin::File, unnamed.locks, place.clone()))
}

/// The companion first, claimed by its creator until the segment is complete: whoever passes it finds a whole segment or
/// none, and what a creator leaves that dies before belongs to nobody.
fn create_system_v(place: &Place, key: Key, new: &NewSegment<'_>) -> Result<Attachment, Failure> {
    let mut companion =
        Companion { state: State::Creating, key, id: None, namespace: keyed::namespace(), header: new.header.clone() };
    let bytes = companion.to_bytes();
    let content = Content { len: bytes.len() as u64, parts: &[(0, &bytes)] };
    let (file, ()) = publish(place, || Ok((Unnamed::make(place.into(), new.perms, content, Holding::All)?, ())))?;
    match complete(&file, &mut companion, place, new) {
        Ok((id, mapping)) => {
            let (memory, origin) = (Memory::Mapped(mapping), Origin::SystemV(id));
            Ok(Attachment::new(new.header.clone(), memory, origin, file.locks, place.clone()))
        }
        Err(failure) => {
            // Claimed still: nobody has come. The failure that was first is the one to tell.
            if let Some(id) = companion.id.map(Id::new) {
                let _ = sysv::remove(id);
            }
            if fs::fstat(&file.file).is_ok_and(|stat| stands_for(place.path(), &stat)) {
                let _ = fs::unlink(place.path());
            }
            Err(failure)
        }
    }
}

/// Makes the segment that a companion is for.
fn complete(
    file: &Unnamed,
    companion: &mut Companion,
    place: &Place,
    new: &NewSegment<'_>,
) -> Result<(Id, Mapping), Failure> {
    let failed = |call| move |error: Errno| Failure::of_call(call, place.path(), error);
    let len = new.header.total_len();
    let id = make_under_key(companion.key, len, place)?;
    // At once: if this process dies, the next one knows whose it is.
    companion.id = Some(id.get());
    let about = companion.about_to_bytes();
    write_all_at(&file.file, &about, 0).map_err(failed("pwrite"))?;
    // A mode of 0400 would forbid its own creator to write to it: it is set when that has been done.
    let attached = Attached::new(id, len, true).map_err(failed("shmat"))?;
    attached.populate(len).map_err(|error| no_memory(len, error, place.path()))?;
    let mapping = Mapping::of_system_v(attached, len, true);
    mapping.store_contents(new.contents);
    let asked = new.perms.mode();
    sysv::set_mode(id, asked).map_err(failed("shmctl"))?;
    let actual = sysv::stat(id).map_err(failed("shmctl"))?.mode;
    if actual != asked {
        return Err(Failure::new(What::WrongMode { asked, actual }, place.path()));
    }
    companion.state = State::Ready;
    write_all_at(&file.file, &companion.about_to_bytes(), 0).map_err(failed("pwrite"))?;
    file.locks.keep_one(random()).map_err(failed("fcntl"))?;
    Ok((id, mapping))
}

fn make_under_key(key: Key, len: usize, place: &Place) -> Result<Id, Failure> {
    for attempt in 0..ATTEMPTS {
        match sysv::make(key, len) {
            Ok(id) => return Ok(id),
            // What has the key has no companion: it is another program's, or nobody's.
            Err(Errno::EXIST) => {
                keyed::make_room(key, place)?;
                pause(attempt);
            }
            Err(error) => return Err(no_segment(error, len, place.path())),
        }
    }
    Err(Failure::new(What::Busy, place.path()))
}

/// Why the system did not make a segment.
pub(super) fn no_segment(error: Errno, len: usize, path: &Path) -> Failure {
    match error {
        Errno::NOSPC => match sysv::exhausted() {
            Some(limit) => Failure::with_source(What::NoSegments { limit }, path, error),
            None => no_memory(len, error, path),
        },
        // Beyond the longest segment that the system permits.
        Errno::NOMEM | Errno::INVAL => no_memory(len, error, path),
        _ => Failure::of_call("shmget", path, error),
    }
}

fn no_memory(len: usize, error: Errno, path: &Path) -> Failure {
    Failure::with_source(What::NoMemory { bytes: len as u64 }, path, error)
}

/// Gives what `make` makes its name, as soon as nothing has it that lives or persists.
fn publish<M>(place: &Place, make: impl Fn() -> Result<(Unnamed, M), Failure>) -> Result<(Unnamed, M), Failure> {
    let mut made = None;
    let mut attempt = 0;
    let begun = Instant::now();
    while attempt < ATTEMPTS {
        // Looked at before anything is allocated, so that creating what exists costs no memory.
        match reap(place)? {
            Found::Nothing => {}
            found @ (Found::InTransition | Found::InCreation) => {
                pause(attempt);
                // One who creates is waited for by the clock.
                if !matches!(found, Found::InCreation) || begun.elapsed() > CREATION {
                    attempt += 1;
                }
                continue;
            }
            Found::Used(holder, _) => {
                return Err(Failure::with_source(What::AlreadyExists(holder), place.path(), Errno::EXIST));
            }
        }
        attempt += 1;
        let new = match made.take() {
            Some(new) => new,
            None => make()?,
        };
        match new.0.publish(place.into()) {
            Ok(()) => return Ok(new),
            // Somebody was faster: look at what he made.
            Err(Errno::EXIST) => made = Some(new),
            // The temporary name was swept away before it had a user: begin again.
            Err(Errno::NOENT) if new.0.is_temporary() => {}
            Err(error) => return Err(Failure::of_call("linkat", place.path(), error)),
        }
    }
    Err(Failure::new(What::Busy, place.path()))
}
