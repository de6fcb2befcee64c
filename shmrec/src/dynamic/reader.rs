//! The reading side of a segment without its type.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use shmrec_os::Access;

use super::record::{DynRecord, value_at};
use crate::core::Core;
use crate::error::{LinkError, ReadError, ReleaseError, WaitError};
use crate::schema::{Schema, path};
use crate::transfer::Run;
use crate::{Follower, Link, SegmentOptions, Value, Version};

/// A link for reading a segment whose record the program does not know: fields by their paths.
///
/// The schema that stands in the segment says what there is. Everything is checked as a typed [`Reader`](crate::Reader) checks
/// it, and the promises are the same.
///
/// ```
/// use shmrec::{DynReader, Segment, SharedRecord, Value};
///
/// #[derive(SharedRecord)]
/// struct Room { #[record(capacity = 16)] name: String, target: f32, windows: [bool; 2] }
///
/// # let name = &format!("dyn_reader_{}", std::process::id());
/// let room = Room { name: "kitchen".into(), target: 20.5, windows: [false, true] };
/// let segment = Segment::create_with(name, &room)?;
///
/// // A program that has never heard of rooms:
/// let reader = DynReader::link(name)?;
/// assert_eq!(reader.get("windows[1]")?, Value::Bool(true));
/// for field in &reader.schema().record().fields {
///     println!("{}: {} = {}", field.name, field.ty, reader.get(&field.name)?);
/// }
/// assert_eq!(reader.read()?.value()?.to_string(), r#"Room { name: "kitchen", target: 20.5, windows: [false, true] }"#);
/// # Ok::<(), shmrec::Error>(())
/// ```
pub struct DynReader {
    link: Link,
    schema: Arc<Schema>,
}

impl DynReader {
    /// Links to a segment with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::dyn_reader`].
    pub fn link(name: &str) -> Result<Self, LinkError> {
        SegmentOptions::new().dyn_reader(name)
    }

    pub(crate) fn link_by(options: &SegmentOptions, name: &str) -> Result<Self, LinkError> {
        Self::of(Core::new(options.attach(name, Access::Read)?, options))
    }

    pub(super) fn of(core: Core) -> Result<Self, LinkError> {
        let schema = Arc::new(core.schema()?);
        Ok(Self::with_schema(core, schema))
    }

    pub(super) fn with_schema(core: Core, schema: Arc<Schema>) -> Self {
        Self { link: Link::new(core), schema }
    }

    /// What stands in the segment.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The last version of the record.
    ///
    /// # Errors
    ///
    /// [`ReadError::NotYetWritten`] before the first write, [`ReadError::Contended`] when writers overtook the copy for the
    /// whole [`read_timeout`](SegmentOptions::read_timeout). What the bytes mean is checked when they are looked at.
    pub fn read(&self) -> Result<DynRecord, ReadError> {
        let (version, image) = self.core.read_to_vec(&[self.whole()])?;
        Ok(DynRecord::of(&self.schema, version, image))
    }

    /// The value at `path` of the last version: `axes[1].limits[0]`, `shape.Circle.radius`. Only the bytes that it stands in
    /// are copied, and those that say whether it is there.
    ///
    /// # Errors
    ///
    /// [`ReadError::Path`] when the path leads nowhere, [`ReadError::Invalid`] when the bytes there are no value; otherwise
    /// as [`read`](Self::read).
    pub fn get(&self, path: &str) -> Result<Value, ReadError> {
        let place = path::resolve(self.schema.record(), path)?;
        let conditions = place.conditions.iter().map(|condition| (condition.offset, condition.size));
        let spans: Vec<(usize, usize)> = conditions.chain([(place.offset, place.size)]).collect();
        let runs: Vec<Run> = spans.iter().map(|(offset, size)| Run { at: *offset, len: *size }).collect();
        let (_, bytes) = self.core.read_to_vec(&runs)?;
        value_at(&place, path, |offset, size| {
            // The spans were asked for in this order, and stand one behind the other.
            let before = spans.iter().take_while(|span| **span != (offset, size)).map(|(_, size)| size).sum::<usize>();
            &bytes[before..before + size]
        })
    }

    /// One of the last versions. A segment of `N` slots keeps `N - 1`.
    ///
    /// # Errors
    ///
    /// [`ReadError::NoSuchVersion`] when it has been overwritten or is still to come; otherwise as [`read`](Self::read).
    pub fn read_version(&self, version: Version) -> Result<DynRecord, ReadError> {
        let image = self.core.read_version_to_vec(version, &[self.whole()])?;
        Ok(DynRecord::of(&self.schema, version, image))
    }

    /// The last versions that the segment still has, oldest first.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read). Versions that are overwritten while this looks are left out.
    pub fn history(&self) -> Result<Vec<DynRecord>, ReadError> {
        self.core.history(|version| self.read_version(version))
    }

    /// The last version as soon as there is one newer than `since`: at once, if there is one already.
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] when none came in time; otherwise as [`read`](Self::read).
    pub fn wait_newer(&self, since: Version, timeout: Duration) -> Result<DynRecord, WaitError> {
        self.core.wait(since, timeout, || match self.core.version()? > since {
            true => Ok(Some(self.read()?)),
            false => Ok(None),
        })
    }

    /// Visits every version from the next one on, and counts those that were overwritten before they could be visited.
    #[must_use]
    pub fn follow(&self) -> Follower<'_, Self> {
        Follower::new(self)
    }

    /// Gives the link up, and says if anything stood in the way. Dropping does the same in silence.
    ///
    /// # Errors
    ///
    /// When the system refuses; the link is gone all the same.
    pub fn release(self) -> Result<(), ReleaseError> {
        self.link.release()
    }

    pub(super) fn whole(&self) -> Run {
        Run { at: 0, len: self.schema.record().size }
    }
}

impl Deref for DynReader {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

impl fmt::Debug for DynReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynReader").field("path", &self.path()).finish_non_exhaustive()
    }
}
