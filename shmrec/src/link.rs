//! What every link can say of its segment, whatever the record.

use std::fmt;
use std::time::Duration;

use shmrec_os::{Holder, Key, Memory};

use crate::Version;
use crate::core::Core;
use crate::error::{ReadError, ReleaseError, WaitError};

/// A link to a segment, without its record: what [`Reader`](crate::Reader), [`Segment`](crate::Segment),
/// [`DynReader`](crate::DynReader) and [`DynSegment`](crate::DynSegment) have in common, and deref to.
///
/// ```
/// use shmrec::{Segment, SharedRecord};
///
/// #[derive(SharedRecord)]
/// struct Count { n: u64 }
///
/// # let name = &format!("link_{}", std::process::id());
/// let count = Segment::create_with(name, &Count { n: 1 })?;
/// assert_eq!((count.name(), count.version().get(), count.slots()), (name.as_str(), 1, 4));
/// assert_eq!(count.users()?, 1);
/// assert_eq!(count.creator().pid, Some(std::process::id()));
/// # Ok::<(), shmrec::Error>(())
/// ```
pub struct Link {
    pub(crate) core: Core,
}

impl Link {
    pub(crate) fn new(core: Core) -> Self {
        Self { core }
    }

    pub(crate) fn release(self) -> Result<(), ReleaseError> {
        self.core.release()
    }

    /// The number of the last version; [`Version::NONE`] before the first write, and when the segment cannot be read,
    /// which the next read then says in full.
    #[must_use]
    pub fn version(&self) -> Version {
        self.core.version().unwrap_or(Version::NONE)
    }

    /// Waits until there is a version newer than `since`, and gives its number: for records that are then read into what the
    /// program has, or made on the heap.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] when none came in time, [`WaitError::Read`] when the segment cannot be read.
    pub fn wait_version(&self, since: Version, timeout: Duration) -> Result<Version, WaitError> {
        self.core.wait(since, timeout, || Ok(Some(self.core.version()?).filter(|version| *version > since)))
    }

    /// How many handles use the segment, in all programs, this one included. At most 4096 others are counted.
    ///
    /// # Errors
    ///
    /// When the kernel cannot be asked.
    pub fn users(&self) -> Result<usize, ReadError> {
        Ok(self.core.attachment().users()?)
    }

    /// How often a writer took the lock over from one that had died with it.
    ///
    /// # Errors
    ///
    /// When the segment cannot be read.
    pub fn recoveries(&self) -> Result<u32, ReadError> {
        self.core.recoveries()
    }

    /// The segment's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.core.attachment().place().name().as_str()
    }

    /// The key of a System V segment.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.core.attachment().place().key()
    }

    /// The segment's file; of a System V segment, its companion file.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        self.core.attachment().place().path()
    }

    /// How many slots the segment has: it keeps one version fewer.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.core.attachment().header().slots()
    }

    /// Whether the segment stays when its last user goes.
    #[must_use]
    pub fn persists(&self) -> bool {
        self.core.attachment().header().persist()
    }

    /// Who created the segment, and when.
    #[must_use]
    pub fn creator(&self) -> Holder {
        let header = self.core.attachment().header();
        Holder {
            pid: Some(header.creator_pid()),
            uid: header.creator_uid(),
            created: Some(header.created()),
            persist: header.persist(),
        }
    }

    /// Whether this link loads from the segment itself. If not, its owner is not trusted, and every access is a system
    /// call (see [`SegmentOptions::trust_owner`](crate::SegmentOptions::trust_owner)).
    #[must_use]
    pub fn is_mapped(&self) -> bool {
        matches!(self.core.attachment().memory(), Memory::Mapped(_))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("path", &self.path()).finish_non_exhaustive()
    }
}
