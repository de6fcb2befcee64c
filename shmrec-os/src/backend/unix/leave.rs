//! Leaving the users of a file: whoever was the last removes what it stands for.

use rustix::io::Errno;

use super::claim::{Claim, Claimed};
use super::kind::{self, Origin};
use super::locks::{Locks, Members};
use crate::{Failure, Place};

/// Leaves the users of the file that `locks` is on; whoever was the last removes it, unless it `stays`.
///
/// `origin` is for a member whose memory is no longer mapped: only then is nobody attached when the last one has left.
pub(super) fn leave(locks: &Locks, stays: bool, origin: Option<Origin>, place: &Place) -> Result<(), Failure> {
    let failed = |error: Errno| Failure::of_call("fcntl", place.path(), error);
    locks.leave().map_err(failed)?;
    if stays || locks.members().map_err(failed)? != Members::None {
        return Ok(());
    }
    let Claimed::Granted(claim) = Claim::of(locks, place.path())? else {
        // A new user, or somebody else removes it. Or this user may not: the name waits for one who may.
        return Ok(());
    };
    // Removed or not: what stays waits for the next touch, by the owner if only the owner may.
    kind::erase(claim, false, origin, place).map(drop)
}
