//! What every link can say of its segment, whatever the record.

use std::fmt;
use std::time::Duration;

use shmrec_os::{Holder, Key, Memory, Process};

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

    /// How many handles use the segment, in all programs, this one included unless it only
    /// [observes](crate::SegmentOptions::observe). At most 4096 others are counted.
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

    /// Who has the writer lock at this moment. For people: by the time that this returns it may be somebody else.
    ///
    /// ```
    /// use shmrec::{DynReader, Segment, SharedRecord};
    ///
    /// #[derive(SharedRecord)]
    /// struct Count { n: u64 }
    ///
    /// # let name = &format!("lock_state_{}", std::process::id());
    /// let count = Segment::create_with(name, &Count { n: 1 })?;
    /// let reader = DynReader::link(name)?;
    /// assert!(reader.lock_state()?.owner.is_none());
    ///
    /// let guard = count.lock()?;
    /// assert!(reader.lock_state()?.owner.is_some_and(|owner| owner.alive));
    /// # drop(guard);
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the segment cannot be read, or the kernel cannot be asked.
    pub fn lock_state(&self) -> Result<LockState, ReadError> {
        self.core.lock_state()
    }

    /// The version that a writer is at, or was when it died: the one behind [`version`](Self::version) then, and the same
    /// when nobody writes.
    ///
    /// # Errors
    ///
    /// When the segment cannot be read.
    pub fn begun(&self) -> Result<Version, ReadError> {
        self.core.begun()
    }

    /// The processes that use the segment, as far as this user may look into them; root sees all. Looks through all
    /// processes of the machine: some milliseconds.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn processes(&self) -> Result<Vec<Process>, ReadError> {
        Ok(self.core.attachment().processes()?)
    }

    /// Whether the segment's name still stands for this segment: not when it was removed under a link that only
    /// [observes](crate::SegmentOptions::observe), or somebody has deleted its file.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn is_current(&self) -> Result<bool, ReadError> {
        Ok(self.core.attachment().is_current()?)
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

/// Who has the writer lock: see [`Link::lock_state`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockState {
    /// Its owner, if it has one.
    pub owner: Option<LockOwner>,
    /// Whether writers sleep until it is given back, or did a moment ago.
    pub waiters: bool,
}

/// The owner of the writer lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockOwner {
    /// A number that is another for every handle that has the lock, as long as both live.
    pub id: u32,
    /// The writer slot of the handle, by which [`Process::writer_slots`] finds its process. `None` for one that has died so
    /// long ago that its slot has been given again.
    pub writer_slot: Option<u32>,
    /// Whether it lives. The lock of a dead one goes to the next writer.
    pub alive: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("path", &self.path()).finish_non_exhaustive()
    }
}
