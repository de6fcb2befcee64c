//! A record buffer associated with a segment: the ancestor's way of working.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use crate::core::Held;
use crate::error::{CreateError, LinkError, ReadError, ReleaseError, WriteError};
use crate::{Segment, SharedRecord, Version, values};

/// Your record, and a segment that it is transferred to and from when you say so.
///
/// Buffer and segment are never the same memory: nothing that another program writes shows in the buffer before
/// [`pull`](Self::pull), and nothing that you change shows there before [`push`](Self::push).
///
/// ```
/// use shmrec::{Shared, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug, Default)]
/// struct Counter { n: u64 }
///
/// let name = format!("shared_{}", std::process::id());
/// let mut here = Shared::create(&name, Counter { n: 1 })?;
/// let mut there = Shared::link(&name, Counter::default())?;
///
/// there.pull()?;
/// there.n += 1;
/// assert_eq!(here.n, 1);
/// there.push()?;
/// here.pull()?;
/// assert_eq!(here.n, 2);
///
/// // Read, change and write with nobody in between (SHM_KEEP_LOCK):
/// let mut locked = here.pull_locked()?;
/// locked.n *= 10;
/// locked.push()?;
/// # there.pull()?;
/// # assert_eq!(there.n, 20);
/// # Ok::<(), shmrec::Error>(())
/// ```
pub struct Shared<T> {
    segment: Segment<T>,
    record: T,
    version: Version,
}

impl<T: SharedRecord> Shared<T> {
    /// Creates a segment with the default options, and publishes the buffer as its first version.
    ///
    /// # Errors
    ///
    /// As [`Segment::create_with`].
    pub fn create(name: &str, record: T) -> Result<Self, CreateError> {
        let segment = Segment::create_with(name, &record)?;
        Ok(Self { segment, record, version: Version::new(1) })
    }

    /// Links to a segment with the default options. The buffer stays as it is until the first [`pull`](Self::pull).
    ///
    /// # Errors
    ///
    /// As [`Segment::link`].
    pub fn link(name: &str, record: T) -> Result<Self, LinkError> {
        Ok(Self::new(Segment::link(name)?, record))
    }

    /// Associates a buffer with a segment that was created or linked with options of its own.
    #[must_use]
    pub fn new(segment: Segment<T>, record: T) -> Self {
        Self { segment, record, version: Version::NONE }
    }

    /// Segment to buffer. Gives the version that the buffer holds now.
    ///
    /// # Errors
    ///
    /// As [`Reader::read_into`](crate::Reader::read_into); the buffer is then as it was.
    pub fn pull(&mut self) -> Result<Version, ReadError> {
        self.version = self.segment.read_into(&mut self.record)?;
        Ok(self.version)
    }

    /// Buffer to segment. Gives the version that was published.
    ///
    /// # Errors
    ///
    /// As [`Segment::write`].
    pub fn push(&mut self) -> Result<Version, WriteError> {
        self.version = self.segment.write(&self.record)?;
        Ok(self.version)
    }

    /// Takes the writer lock and fills the buffer with the last version, if there is one: until what this gives is
    /// pushed or dropped nobody else writes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Lock`] and [`WriteError::Read`]; the lock is then not held.
    pub fn pull_locked(&mut self) -> Result<Locked<'_, T>, WriteError> {
        let core = &self.segment.core;
        let held = core.lock(Some(core.lock_timeout()), true)?;
        match self.segment.read_into(&mut self.record) {
            Ok(version) => self.version = version,
            Err(ReadError::NotYetWritten(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Locked { held, record: &mut self.record, version: &mut self.version, thread: PhantomData })
    }

    /// The version that was last pulled or pushed.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The segment.
    #[must_use]
    pub fn segment(&self) -> &Segment<T> {
        &self.segment
    }

    /// Ends the association and gives the segment up. The buffer stays.
    ///
    /// # Errors
    ///
    /// As [`Segment::release`]; the buffer is then gone with the error.
    pub fn release(self) -> Result<T, ReleaseError> {
        self.segment.release()?;
        Ok(self.record)
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.record
    }
}

impl<T> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.record
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("segment", &self.segment)
            .field("version", &self.version)
            .field("record", &self.record)
            .finish()
    }
}

/// The buffer of a [`Shared`], with the segment's writer lock held. Dropped, it gives the lock back and publishes
/// nothing.
#[must_use = "the lock is given back at once when this is not kept"]
pub struct Locked<'a, T: SharedRecord> {
    held: Held<'a>,
    record: &'a mut T,
    version: &'a mut Version,
    // As a guard, it stays on its thread.
    thread: PhantomData<*const ()>,
}

impl<T: SharedRecord> Locked<'_, T> {
    /// Publishes the buffer and gives the lock back. Gives the version that was published.
    ///
    /// # Errors
    ///
    /// As [`Segment::write`].
    pub fn push(mut self) -> Result<Version, WriteError> {
        let version = values::with_image(&*self.record, |image| self.held.publish(image))?;
        *self.version = version;
        self.held.unlock()?;
        Ok(version)
    }

    /// Gives the lock back; the buffer stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Guard::unlock`](crate::Guard::unlock).
    pub fn unlock(mut self) -> Result<(), WriteError> {
        self.held.unlock()
    }

    /// Whether the lock was taken over from a program that died with it.
    #[must_use]
    pub fn recovered(&self) -> bool {
        self.held.recovered()
    }
}

impl<T: SharedRecord> Deref for Locked<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.record
    }
}

impl<T: SharedRecord> DerefMut for Locked<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.record
    }
}

impl<T: SharedRecord + fmt::Debug> fmt::Debug for Locked<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locked").field("version", &self.version).field("record", &self.record).finish_non_exhaustive()
    }
}
