//! The operating system's side of shmrec: bytes, names, permissions, life cycle, liveness, locks and wake-ups.
//!
//! Knows nothing of records. A program uses the `shmrec` crate, which stands on this one; the interface here serves
//! shmrec and may change with it.
//!
//! | module | subject |
//! |---|---|
//! | [`name`](SegmentName), [`key`](Key), [`perms`](Perms) | what a segment is called and who may use it |
//! | [`mod@format`] | header and regions of a segment, version 1 |
//! | [`companion`] | the file that stands beside a System V segment |
//! | [`words`] | word access to shared memory: the trait that real memory and a model checker implement |
//! | [`lock`], [`bell`] | the robust writer lock and the wake-up, written over `words` |
//! | [`Entry`], [`FileFacts`], [`Use`], [`Process`] | what is seen by those who only look |
//! | `backend` | the one place where a system's own way of doing all this is chosen |

#[cfg(not(all(target_pointer_width = "64", target_endian = "little")))]
compile_error!(
    "shmrec needs a 64-bit little-endian target: a segment is a fixed sequence of little-endian 64-bit words that \
     every program on the machine maps"
);

mod backend;
pub mod bell;
pub mod companion;
mod failure;
mod foreign;
pub mod format;
mod key;
pub mod lock;
mod name;
mod perms;
mod place;
mod sight;
#[doc(hidden)]
pub mod step;
pub mod words;

pub use backend::{
    Attachment, Copied, Deadline, Foreign, Liveness, Mapping, Memory, NewSegment, Width, companion_name, create,
    create_foreign, entries, facts, file_facts, link, link_foreign, observe, remove, remove_damaged, remove_foreign,
    this_creator,
};
pub use failure::{Failure, Holder, What};
pub use foreign::{ForeignPlace, ForeignStat};
pub use key::{Key, KeyError};
pub use name::{InvalidName, NameProblem, SegmentName};
pub use perms::{InvalidPerms, Perms};
pub use place::{Place, TrustOwner};
pub use sight::{Entry, FileFacts, Process, Use};

/// What a link may do with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only load: the mapping itself is read-only.
    Read,
    /// Load, store and lock.
    ReadWrite,
}
