//! The two kinds of segments: files that are the segment, and System V segments with a companion file. They differ in where
//! the memory is and how it goes; names, locks, members and claims are one for both.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::Stat;

use super::attachment::Memory;
use super::claim::Claim;
use super::sysv::Id;
use super::{keyed, named};
use crate::format::Header;
use crate::{Access, Failure, Holder, Place, TrustOwner};

/// What stands behind a file under a segment's name.
pub(super) enum Judgement {
    /// A whole segment, and why it stays when no handle uses it.
    Segment(Header, Kept),
    /// What is left of one, or of one that was not completed.
    Remains,
}

/// Why a segment stays when no handle uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It does not.
    No,
    /// It was created to.
    Persists,
    /// Programs that know nothing of shmrec are attached to it, so often.
    Attached(u64),
}

/// How a link reaches the memory of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// By mapping it.
    Mapped,
    /// Through the kernel, since its owner could shrink it.
    Copied,
}

/// What came of removing what is claimed.
pub(super) enum Erased {
    /// It is gone.
    Gone,
    /// The name stands for something else.
    NameChanged,
    /// Programs that know nothing of shmrec are attached: it stays.
    Attached,
    /// This user may not: it is left to one who may.
    NotPermitted,
}

/// What a handle knows of its segment's memory when it goes, and nobody could tell from the file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// The file has the memory.
    File,
    /// The System V segment of this id has it.
    SystemV(Id),
}

/// What has a name.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing, or nothing any more.
    Nothing,
    /// It was changing hands.
    InTransition,
    /// Somebody is creating it, and others see that it is not complete.
    InCreation,
    /// A segment that lives or stays, and how many programs that know nothing of shmrec are attached.
    Used(Holder, u64),
}

/// Judges an open file under a segment's name.
///
/// # Errors
///
/// When it is no segment's, or of none that this version can read.
pub(super) fn judge(file: BorrowedFd<'_>, place: &Place) -> Result<Judgement, Failure> {
    match place.key() {
        None => named::judge(file, place),
        Some(key) => keyed::judge(file, key, place),
    }
}

/// How somebody may reach the memory of a segment whose file has this owner.
///
/// # Errors
///
/// [`What::UntrustedOwner`](crate::What::UntrustedOwner).
pub(super) fn reach(stat: &Stat, access: Access, trust: TrustOwner, place: &Place) -> Result<Reach, Failure> {
    match place.key() {
        None => named::reach(stat, access, trust, place),
        // Nobody but root can shrink a System V segment.
        Some(_) => Ok(Reach::Mapped),
    }
}

/// The memory of a segment, for a new member of the file's.
///
/// `None` when it has gone meanwhile.
pub(super) fn memory(
    file: &OwnedFd,
    header: &Header,
    access: Access,
    reach: Reach,
    place: &Place,
) -> Result<Option<(Memory, Origin)>, Failure> {
    match place.key() {
        None => named::memory(file, header, access, reach, place).map(Some),
        Some(key) => keyed::memory(file, header, access, key, place),
    }
}

/// Removes what a file stands for, and its name; not what `persists` from those who may not remove the name. A member that
/// leaves says where its memory was.
pub(super) fn erase(
    claim: Claim<'_>,
    persists: bool,
    origin: Option<Origin>,
    place: &Place,
) -> Result<Erased, Failure> {
    match (place.key(), origin) {
        (None, _) => named::erase(claim, persists, place),
        (Some(_), Some(Origin::SystemV(id))) => keyed::erase_own(claim, id, place),
        (Some(key), _) => keyed::erase(claim, key, place),
    }
}

/// What there is when nothing has the name.
pub(super) fn without_name(place: &Place, persistent: bool) -> Result<Found, Failure> {
    match place.key() {
        None => Ok(Found::Nothing),
        Some(key) => keyed::without_companion(key, place, persistent),
    }
}
