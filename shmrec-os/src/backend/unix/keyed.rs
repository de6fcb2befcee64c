//! System V segments: the memory is found by a key, and a companion file, named by the key, has the locks.
//!
//! The companion is linked before the segment is made and removed after it, so whoever passes the companion first finds a
//! whole segment or none. The id that stands in it is what counts; by the key the segment is only made, and found by programs
//! that know nothing of shmrec. An id that is no longer there, or belongs to another segment, means that the segment is gone:
//! removed by an administrator, or by a restart of the machine.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use rustix::fs;
use rustix::io::Errno;

use super::attachment::Memory;
use super::claim::Claim;
use super::files::{look, read_start};
use super::kind::{Erased, Found, Judgement, Kept, Origin};
use super::locks::{self, Locks, Observing};
use super::sysv::{self, Attached, Id, Stat};
use crate::backend::mapping::Mapping;
use crate::backend::random::{ATTEMPTS, pause, random};
use crate::companion::{COMPANION_LEN, Companion, State};
use crate::format::{HEADER_LEN, Header, HeaderFault};
use crate::{Access, Failure, Key, Place, SegmentName, What};

/// # Errors
///
/// [`What::NoKeys`] when the place has a key, and this system has no segments for keys.
pub(super) fn check_available(place: &Place) -> Result<(), Failure> {
    match place.key() {
        Some(_) if !sysv::AVAILABLE => Err(Failure::new(What::NoKeys, place.path())),
        _ => Ok(()),
    }
}

/// The IPC namespace of this process; 0 where that cannot be seen.
pub(super) fn namespace() -> u64 {
    fs::stat("/proc/self/ns/ipc").map_or(0, |stat| stat.st_ino)
}

/// What a companion file says; `None` when somebody has emptied it.
///
/// It may be read while its creator, who has claimed it, writes it: what contradicts itself is read again before it is called
/// damaged.
fn read(file: BorrowedFd<'_>, key: Key, path: &Path) -> Result<Option<Companion>, Failure> {
    let failed = |error: Errno| Failure::of_call("fcntl", path, error);
    let mut attempt = 0;
    let companion = loop {
        // Before the look: one that is not claimed now, and contradicts itself, was not written meanwhile.
        let claimed = attempt == 0 || locks::is_claimed(file).map_err(failed)?;
        let mut bytes = [0; COMPANION_LEN];
        let bytes = read_start(file, &mut bytes, path)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        match Companion::parse(bytes) {
            Ok(companion) => break companion,
            Err(HeaderFault::Damaged { .. }) if claimed && attempt < ATTEMPTS => pause(attempt),
            Err(fault) => return Err(Failure::of_header(fault, "no companion file of a key", path)),
        }
        attempt += 1;
    };
    if companion.key != key {
        let problem = format!("it is the companion file of the key {}", companion.key);
        return Err(Failure::new(What::Damaged { problem }, path));
    }
    Ok(Some(companion))
}

/// Whether key and id mean something in another IPC namespace than this process's.
fn is_elsewhere(companion: &Companion) -> bool {
    let here = namespace();
    here != 0 && companion.namespace != 0 && here != companion.namespace
}

/// The segment that a companion names, unless it is gone.
fn named_by(companion: &Companion, place: &Place) -> Result<Option<(Id, Stat)>, Failure> {
    let Some(id) = companion.id.map(Id::new) else { return Ok(None) };
    match sysv::stat(id) {
        // The id may have been given again, to anybody.
        Ok(stat) => Ok(Some((id, stat)).filter(|(_, stat)| is_of(stat, companion))),
        Err(error) if sysv::is_gone(error) => Ok(None),
        Err(error) => Err(Failure::of_call("shmctl", place.path(), error)),
    }
}

fn is_of(stat: &Stat, companion: &Companion) -> bool {
    stat.is_under(companion.key) && stat.size == companion.header.total_len() as u64
}

pub(super) fn judge(file: BorrowedFd<'_>, key: Key, place: &Place) -> Result<Judgement, Failure> {
    let Some(companion) = read(file, key, place.path())? else { return Ok(Judgement::Remains) };
    if companion.state == State::Creating {
        return Ok(Judgement::Remains);
    }
    let persists = if companion.header.persist() { Kept::Persists } else { Kept::No };
    if is_elsewhere(&companion) {
        // What cannot be seen from here is taken at its word.
        return Ok(Judgement::Segment(companion.header, persists));
    }
    Ok(match named_by(&companion, place)? {
        None => Judgement::Remains,
        Some((_, stat)) if persists == Kept::No && stat.attached > 0 => {
            Judgement::Segment(companion.header, Kept::Attached(stat.attached))
        }
        Some(_) => Judgement::Segment(companion.header, persists),
    })
}

/// Whether somebody who has claimed the file is creating its segment.
pub(super) fn is_creating(file: BorrowedFd<'_>, place: &Place) -> bool {
    // Read without a lock: what is just being rewritten is looked at again.
    let companion = place.key().and_then(|key| read(file, key, place.path()).ok().flatten());
    companion.is_some_and(|companion| companion.state == State::Creating)
}

/// # Errors
///
/// [`What::KeyCollision`] when `header` is not of the segment that `place` names.
pub(super) fn whose(header: &Header, key: Key, place: &Place) -> Result<(), Failure> {
    if header.name() == place.name() {
        return Ok(());
    }
    let name = header.name().as_str().to_owned();
    Err(Failure::new(What::KeyCollision { key: key.get(), name }, place.path()))
}

/// Attaches the segment; `None` when it is gone.
pub(super) fn memory(
    file: &OwnedFd,
    header: &Header,
    access: Access,
    key: Key,
    place: &Place,
) -> Result<Option<(Memory, Origin)>, Failure> {
    let path = place.path();
    let Some(companion) = read(file.as_fd(), key, path)? else { return Ok(None) };
    if is_elsewhere(&companion) {
        return Err(Failure::new(What::OtherNamespace { key: key.get() }, path));
    }
    whose(header, key, place)?;
    let Some(id) = companion.id.map(Id::new) else { return Ok(None) };
    let attached = match Attached::new(id, header.total_len(), access == Access::ReadWrite) {
        Ok(attached) => attached,
        Err(error) if sysv::is_gone(error) => return Ok(None),
        Err(error) => return Err(Failure::of_call("shmat", path, error)),
    };
    // Attached, it keeps its id: what is learnt now stays true.
    let stat = sysv::stat(id).map_err(|error| Failure::of_call("shmctl", path, error))?;
    if !is_of(&stat, &companion) {
        return Ok(None);
    }
    let mapping = Mapping::of_system_v(attached, header.total_len(), access == Access::ReadWrite);
    is_whole(&mapping, header, stat.size, path)?;
    Ok(Some((Memory::Mapped(mapping), Origin::SystemV(id))))
}

/// The name that a companion file says, if it is whole.
pub(super) fn name_in(file: BorrowedFd<'_>, key: Key, path: &Path) -> Result<Option<SegmentName>, Failure> {
    Ok(read(file, key, path)?.map(|companion| companion.header.name().clone()))
}

/// A segment that is attached for a moment, again and again, by somebody who does not want to keep it.
#[derive(Debug)]
pub(super) struct Glimpse {
    id: Id,
    companion: Companion,
    /// On the companion, to say that whoever is attached only looks.
    locks: Locks,
}

/// A segment that is attached for a moment.
#[derive(Debug)]
pub(super) struct Glimpsed<'g> {
    // Detached first: whoever finds nobody observing finds nobody attached who is.
    pub(super) mapping: Mapping,
    _observing: Observing<'g>,
}

impl Glimpse {
    /// Attaches the segment, for as long as what this gives is kept.
    pub(super) fn attach(&self) -> std::io::Result<Glimpsed<'_>> {
        let observing = self.observe()?;
        // As of a file that has been cut short: nothing can be read any more.
        let gone = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        let len = self.companion.header.total_len();
        let attached = match Attached::new(self.id, len, false) {
            Ok(attached) => attached,
            Err(error) if sysv::is_gone(error) => return Err(gone()),
            Err(error) => return Err(error.into()),
        };
        // Attached, it keeps its id: what is learnt now stays true.
        if !is_of(&sysv::stat(self.id)?, &self.companion) {
            return Err(gone());
        }
        Ok(Glimpsed { mapping: Mapping::of_system_v(attached, len, false), _observing: observing })
    }

    fn observe(&self) -> std::io::Result<Observing<'_>> {
        // Whoever keeps observers out removes the segment, or finds that he must not, in milliseconds.
        for attempt in 0..ATTEMPTS {
            if let Some(observing) = self.locks.observe(random())? {
                return Ok(observing);
            }
            pause(attempt);
        }
        Err(std::io::ErrorKind::WouldBlock.into())
    }
}

/// Looks at the segment of a companion, right now if it `is_used`; `None` when it is gone.
///
/// # Errors
///
/// As [`memory`].
pub(super) fn glimpse(
    file: &OwnedFd,
    locks: Locks,
    header: &Header,
    is_used: bool,
    key: Key,
    place: &Place,
) -> Result<Option<Glimpse>, Failure> {
    let path = place.path();
    let Some(companion) = read(file.as_fd(), key, path)? else { return Ok(None) };
    if is_elsewhere(&companion) {
        return Err(Failure::new(What::OtherNamespace { key: key.get() }, path));
    }
    whose(header, key, place)?;
    let Some(id) = companion.id.map(Id::new) else { return Ok(None) };
    let glimpse = Glimpse { id, companion, locks };
    if !is_used {
        return Ok(Some(glimpse));
    }
    let whole = match glimpse.attach() {
        Ok(glimpsed) => is_whole(&glimpsed.mapping, header, header.total_len() as u64, path),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(Failure::of_call("shmat", path, error)),
    };
    whole.map(|()| Some(glimpse))
}

/// # Errors
///
/// When what is attached is not the segment that the companion has the header of.
fn is_whole(mapping: &Mapping, header: &Header, size: u64, path: &Path) -> Result<(), Failure> {
    let mut bytes = [0; HEADER_LEN];
    mapping.load_bytes(0, &mut bytes);
    match Header::parse(&bytes, size) {
        Ok(found) if found == *header => Ok(()),
        Ok(_) => {
            let problem = "its header is not the one that its companion file has a copy of".to_owned();
            Err(Failure::new(What::Damaged { problem }, path))
        }
        Err(fault) => Err(Failure::of_header(fault, "another program's System V segment", path)),
    }
}

/// What came of removing a segment.
enum Removed {
    /// It is gone, or was.
    Gone,
    /// Somebody is attached.
    Attached,
    /// Only its owner may.
    NotPermitted,
}

fn remove(id: Id, place: &Place) -> Result<Removed, Failure> {
    match sysv::remove(id) {
        Ok(()) => Ok(Removed::Gone),
        Err(error) if sysv::is_gone(error) => Ok(Removed::Gone),
        Err(Errno::PERM | Errno::ACCESS) => Ok(Removed::NotPermitted),
        Err(error) => Err(Failure::of_call("shmctl", place.path(), error)),
    }
}

/// Removes the segment that the caller was the last user of, and the companion; the caller's own attachment is gone
/// already.
///
/// Also when the companion's name stands for another file: the segment is this file's alone, whatever became of the name.
pub(super) fn erase_own(claim: Claim<'_>, id: Id, place: &Place) -> Result<Erased, Failure> {
    // The memory of a process that has died, or of a child on its way to another program, may be a moment behind its locks.
    const LOOKS: u32 = 10;
    const PAUSE: Duration = Duration::from_millis(1);
    claim.keep_observers_out().map_err(|error| Failure::of_call("fcntl", place.path(), error))?;
    for look in 1..=LOOKS {
        match sysv::stat(id) {
            Ok(stat) if stat.attached > 0 && look == LOOKS => return Ok(Erased::Attached),
            Ok(stat) if stat.attached > 0 => std::thread::sleep(PAUSE),
            // Nobody is attached, or nobody can tell.
            _ => break,
        }
    }
    finish(remove(id, place)?, claim, place)
}

/// Removes the segment that a companion names, and the companion.
pub(super) fn erase(claim: Claim<'_>, key: Key, place: &Place) -> Result<Erased, Failure> {
    if !claim.has_name(place.path()).map_err(|error| Failure::of_call("fstat", place.path(), error))? {
        return Ok(Erased::NameChanged);
    }
    let removed = match read(claim.as_fd(), key, place.path())? {
        // Somebody has emptied the file: all that is left is the key.
        None => match under(key, place)? {
            Some(id) => remove_nameless(id, key, place, false)?,
            None => Removed::Gone,
        },
        Some(companion) => remove_named(&companion, place)?,
    };
    finish(removed, claim, place)
}

fn finish(removed: Removed, claim: Claim<'_>, place: &Place) -> Result<Erased, Failure> {
    let failed = |call| move |error: Errno| Failure::of_call(call, place.path(), error);
    match removed {
        Removed::Attached => return Ok(Erased::Attached),
        Removed::NotPermitted => return Ok(Erased::NotPermitted),
        Removed::Gone => {}
    }
    if !claim.has_name(place.path()).map_err(failed("fstat"))? {
        return Ok(Erased::NameChanged);
    }
    match claim.unlink(place.path()) {
        Ok(()) => Ok(Erased::Gone),
        Err((_, Errno::PERM | Errno::ACCESS)) => Ok(Erased::NotPermitted),
        Err((_, error)) => Err(failed("unlink")(error)),
    }
}

/// Removes the segment that belongs to a companion which nobody uses.
fn remove_named(companion: &Companion, place: &Place) -> Result<Removed, Failure> {
    let creating = companion.state == State::Creating;
    if is_elsewhere(companion) {
        // A segment that was not completed would be nobody's there. Any other is found by its header.
        return if creating {
            Err(Failure::new(What::OtherNamespace { key: companion.key.get() }, place.path()))
        } else {
            Ok(Removed::Gone)
        };
    }
    let (id, stat) = match named_by(companion, place)? {
        Some(found) => found,
        None if creating && companion.id.is_none() => match begun_by(companion, place)? {
            Some(found) => found,
            None => return Ok(Removed::Gone),
        },
        None => return Ok(Removed::Gone),
    };
    if stat.attached > 0 {
        return Ok(Removed::Attached);
    }
    // Number, key and length agree. Where the header can be read, it has the last word.
    match peek(id, place)? {
        Peeked::Segment(header) if header.instance() != companion.header.instance() => Ok(Removed::Gone),
        Peeked::NoSegment if !creating => Ok(Removed::Gone),
        _ => remove(id, place),
    }
}

/// The segment that a creator made just before it died, if it is that creator's beyond doubt.
fn begun_by(companion: &Companion, place: &Place) -> Result<Option<(Id, Stat)>, Failure> {
    let failed = |call| move |error: Errno| Failure::of_call(call, place.path(), error);
    let Some(id) = sysv::find(companion.key).map_err(failed("shmget"))? else { return Ok(None) };
    let stat = match sysv::stat(id) {
        Ok(stat) => stat,
        Err(error) if sysv::is_gone(error) => return Ok(None),
        Err(error) => return Err(failed("shmctl")(error)),
    };
    let header = &companion.header;
    let same = is_of(&stat, companion)
        && stat.creator == header.creator_uid()
        && u32::try_from(stat.creator_pid).is_ok_and(|pid| pid == header.creator_pid());
    Ok(same.then_some((id, stat)))
}

/// What stands in a segment that was found by its key.
enum Peeked {
    /// A segment of shmrec's.
    Segment(Header),
    /// Something else, or one that is not complete.
    NoSegment,
    /// It is not for this user's eyes.
    Closed,
    /// It is not there any more.
    Gone,
}

fn peek(id: Id, place: &Place) -> Result<Peeked, Failure> {
    let failed = |call| move |error: Errno| Failure::of_call(call, place.path(), error);
    let attached = match Attached::new(id, HEADER_LEN, false) {
        Ok(attached) => attached,
        Err(Errno::ACCESS | Errno::PERM) => return Ok(Peeked::Closed),
        Err(error) if sysv::is_gone(error) => return Ok(Peeked::Gone),
        Err(error) => return Err(failed("shmat")(error)),
    };
    let size = sysv::stat(id).map_err(failed("shmctl"))?.size;
    if size < HEADER_LEN as u64 {
        return Ok(Peeked::NoSegment);
    }
    let mapping = Mapping::of_system_v(attached, HEADER_LEN, false);
    let mut bytes = [0; HEADER_LEN];
    mapping.load_bytes(0, &mut bytes);
    Ok(Header::parse(&bytes, size).map_or(Peeked::NoSegment, Peeked::Segment))
}

/// Whether some segment has the key.
pub(super) fn exists(key: Key) -> bool {
    matches!(sysv::find(key), Ok(Some(_)))
}

/// Removes a segment that has a key and no companion, if it is one of shmrec's and nobody uses it.
///
/// # Errors
///
/// [`What::NotASegment`] when it is another program's; [`What::NoCompanion`] when it is in use, or persists and
/// `persistent` ones are not to go.
fn remove_nameless(id: Id, key: Key, place: &Place, persistent: bool) -> Result<Removed, Failure> {
    let stat = match sysv::stat(id) {
        Ok(stat) => stat,
        Err(error) if sysv::is_gone(error) => return Ok(Removed::Gone),
        Err(error) => return Err(Failure::of_call("shmctl", place.path(), error)),
    };
    let header = match peek(id, place)? {
        Peeked::Segment(header) => header,
        Peeked::Gone => return Ok(Removed::Gone),
        Peeked::NoSegment | Peeked::Closed => {
            return Err(Failure::new(What::NotASegment { found: "another program's System V segment" }, place.path()));
        }
    };
    whose(&header, key, place)?;
    if stat.attached > 0 || (header.persist() && !persistent) {
        return Err(Failure::new(What::NoCompanion { key: key.get(), pid: header.creator_pid() }, place.path()));
    }
    match remove(id, place)? {
        Removed::NotPermitted => Err(Failure::new(What::StaleForeign { uid: stat.owner }, place.path())),
        removed => Ok(removed),
    }
}

fn under(key: Key, place: &Place) -> Result<Option<Id>, Failure> {
    sysv::find(key).map_err(|error| Failure::of_call("shmget", place.path(), error))
}

/// What there is when the key has no companion file.
pub(super) fn without_companion(key: Key, place: &Place, persistent: bool) -> Result<Found, Failure> {
    let Some(id) = under(key, place)? else { return Ok(Found::Nothing) };
    let outcome = remove_nameless(id, key, place, persistent);
    // A creator may have come meanwhile, and what was found may have been its segment, half-made. Then there is a companion;
    // or it has gone again, and it goes after its segment.
    if look(place)?.is_some() || (outcome.is_err() && under(key, place)? != Some(id)) {
        return Ok(Found::InTransition);
    }
    outcome.map(|_| Found::Nothing)
}

/// Makes room for the segment of a creator whose companion has its name already.
///
/// # Errors
///
/// What is in the way.
pub(super) fn make_room(key: Key, place: &Place) -> Result<(), Failure> {
    match under(key, place)? {
        Some(id) => remove_nameless(id, key, place, false).map(drop),
        None => Ok(()),
    }
}
