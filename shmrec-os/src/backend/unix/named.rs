//! Segments that are files: the file has the name, the locks and the memory.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{self, Stat};
use rustix::io::Errno;

use super::attachment::Memory;
use super::claim::Claim;
use super::copied::Copied;
use super::files::read_start;
use super::kind::{Erased, Judgement, Kept, Origin, Reach};
use crate::backend::mapping::Mapping;
use crate::format::{HEADER_LEN, Header};
use crate::{Access, Failure, Place, TrustOwner, What};

/// What stands in a file: a segment, or nothing after a user who could not remove the name has emptied it.
pub(super) fn judge(file: BorrowedFd<'_>, place: &Place) -> Result<Judgement, Failure> {
    let path = place.path();
    let len = fs::fstat(file).map_err(|error| Failure::of_call("fstat", path, error))?.st_size as u64;
    if len == 0 {
        return Ok(Judgement::Remains);
    }
    let mut bytes = [0; HEADER_LEN];
    let header = Header::parse(read_start(file, &mut bytes, path)?, len)
        .map_err(|fault| Failure::of_header(fault, "another program's file", path))?;
    let kept = if header.persist() { Kept::Persists } else { Kept::No };
    Ok(Judgement::Segment(header, kept))
}

pub(super) fn reach(stat: &Stat, access: Access, trust: TrustOwner, place: &Place) -> Result<Reach, Failure> {
    if trust.trusts(stat.st_uid, rustix::process::geteuid().as_raw()) {
        Ok(Reach::Mapped)
    } else if access == Access::Read {
        Ok(Reach::Copied)
    } else {
        Err(Failure::new(What::UntrustedOwner { uid: stat.st_uid }, place.path()))
    }
}

pub(super) fn memory(
    file: &OwnedFd,
    header: &Header,
    access: Access,
    reach: Reach,
    place: &Place,
) -> Result<(Memory, Origin), Failure> {
    let path = place.path();
    if header.name() != place.name() {
        let problem = format!("it was created under the name {:?}", header.name().as_str());
        return Err(Failure::new(What::Damaged { problem }, path));
    }
    let memory = match reach {
        Reach::Mapped => {
            let mapping = Mapping::of_file(file.as_fd(), header.total_len(), access == Access::ReadWrite);
            Memory::Mapped(mapping.map_err(|error| Failure::of_call("mmap", path, error))?)
        }
        Reach::Copied => {
            Memory::Copied(Copied::of_file(file.try_clone().map_err(|error| Failure::of_call("dup", path, error))?))
        }
    };
    Ok((memory, Origin::File))
}

/// Removes the name, and with it the file.
///
/// Where only the owner may remove it, the file is emptied, which tells the owner that it may go; not if it `persists`.
pub(super) fn erase(claim: Claim<'_>, persists: bool, place: &Place) -> Result<Erased, Failure> {
    let path = place.path();
    let failed = |call| move |error: Errno| Failure::of_call(call, path, error);
    if !claim.has_name(path).map_err(failed("fstat"))? {
        return Ok(Erased::NameChanged);
    }
    match claim.unlink(path) {
        Ok(()) => Ok(Erased::Gone),
        Err((claim, Errno::PERM | Errno::ACCESS)) => {
            if !persists {
                fs::ftruncate(&claim, 0).map_err(failed("ftruncate"))?;
            }
            Ok(Erased::NotPermitted)
        }
        Err((_, error)) => Err(Failure::of_call("unlink", path, error)),
    }
}
