//! Visiting every version.

use std::ops::Deref;
use std::time::Duration;

use crate::error::{ReadError, WaitError};
use crate::{DynReader, DynRecord, Link, Published, Reader, SharedRecord, Version};

/// Visits the versions of a record one after the other, and counts those that it missed.
///
/// A segment of `N` slots keeps `N - 1` versions, so a follower misses none as long as it is not further behind.
///
/// ```
/// # use std::time::Duration;
/// # use shmrec::{SegmentOptions, SharedRecord};
/// #[derive(SharedRecord, Clone, Debug)]
/// struct Tick { n: u64 }
///
/// # let name = format!("follow_{}", std::process::id());
/// let segment = SegmentOptions::new().slots(8).create::<Tick>(&name)?;
/// let mut ticks = segment.follow();
/// for n in 1..=10 {
///     segment.write(&Tick { n })?;
/// }
/// assert_eq!(ticks.next(Duration::from_secs(1))?.n, 4);
/// assert_eq!(ticks.missed(), 3);
/// assert_eq!(ticks.next(Duration::from_secs(1))?.n, 5);
/// # Ok::<(), shmrec::Error>(())
/// ```
#[derive(Debug)]
pub struct Follower<'a, R> {
    reader: &'a R,
    last: Version,
    missed: u64,
}

/// A link whose versions can be followed: [`Reader`] and [`DynReader`]. Not meant to be implemented elsewhere.
pub trait Follow: Deref<Target = Link> {
    /// A version of the record.
    type Record;

    /// One of the last versions.
    #[doc(hidden)]
    fn visit(&self, version: Version) -> Result<Self::Record, ReadError>;
}

impl<T: SharedRecord> Follow for Reader<T> {
    type Record = Published<T>;

    fn visit(&self, version: Version) -> Result<Published<T>, ReadError> {
        Ok(Published { version, record: self.read_version(version)? })
    }
}

impl Follow for DynReader {
    type Record = DynRecord;

    fn visit(&self, version: Version) -> Result<DynRecord, ReadError> {
        self.read_version(version)
    }
}

impl<'a, R: Follow> Follower<'a, R> {
    pub(crate) fn new(reader: &'a R) -> Self {
        Self { reader, last: reader.version(), missed: 0 }
    }

    /// The next version, waiting for it if need be.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] when none came in time. After any other error the version that could not be read counts as
    /// visited, so that one bad record does not end the following.
    pub fn next(&mut self, timeout: Duration) -> Result<R::Record, WaitError> {
        let (reader, last) = (self.reader, self.last);
        let core = &reader.core;
        let kept = core.kept_versions();
        let (version, record) = core.wait(last, timeout, || {
            // A version that is overwritten between the two looks is looked for again, at most so often at a time.
            for _ in 0..100 {
                let newest = core.version()?.get();
                if newest <= last.get() {
                    break;
                }
                let version = Version::new((last.get() + 1).max(newest.saturating_sub(kept - 1)));
                match reader.visit(version) {
                    Err(ReadError::NoSuchVersion(_)) => {}
                    outcome => return Ok(Some((version, outcome))),
                }
            }
            Ok(None)
        })?;
        self.missed += version.get() - last.get() - 1;
        self.last = version;
        Ok(record?)
    }

    /// How many versions were overwritten before they could be visited.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The version that was last visited.
    #[must_use]
    pub fn last(&self) -> Version {
        self.last
    }
}
