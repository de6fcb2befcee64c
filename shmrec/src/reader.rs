//! The reading side of a segment.

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::time::Duration;

use shmrec_os::Access;

use crate::core::{Core, whole};
use crate::error::{LinkError, Mismatch, OutOfRange, ReadError, ReleaseError, WaitError};
use crate::model::Plain;
use crate::schema::Schema;
use crate::schema::compat::Plan;
use crate::transfer::Run;
use crate::{
    FieldSet, Fingerprint, Follower, Link, Published, SegmentOptions, SharedRecord, Version, bytes, scratch, values,
};

/// A link for reading only: the segment is mapped read-only, and nothing that a reader does is seen by another program.
///
/// No method of a `Reader` writes, and none waits for a writer's lock. Values come out of private memory, into which one
/// whole version was copied; another process's later writes never show in them.
///
/// ```
/// use shmrec::{Reader, Segment, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug, PartialEq)]
/// struct Pose { x: f64, y: f64, seq: u64 }
///
/// // One program:
/// let name = format!("reader_{}", std::process::id());
/// let segment = Segment::create_with(&name, &Pose { x: 0.0, y: 0.0, seq: 0 })?;
///
/// // Any other:
/// let pose = Reader::<Pose>::link(&name)?;
/// assert_eq!(pose.read()?.seq, 0);
///
/// segment.update(|p| p.seq += 1)?;
/// assert_eq!(pose.get(Pose::fields().seq)?, 1);
/// # Ok::<(), shmrec::Error>(())
/// ```
///
/// Writing does not compile:
///
/// ```compile_fail,E0599
/// # use shmrec::{Reader, SharedRecord};
/// # #[derive(SharedRecord, Clone, Debug)]
/// # struct Pose { x: f64 }
/// # let pose = Reader::<Pose>::link("pose").unwrap();
/// pose.write(&Pose { x: 1.0 });
/// ```
pub struct Reader<T> {
    link: Link,
    /// How images are made of those in the segment, which holds another version of the record.
    pub(crate) plan: Option<Box<Plan>>,
    record: PhantomData<fn() -> T>,
}

impl<T: SharedRecord> Reader<T> {
    /// Links to a segment with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::reader`].
    pub fn link(name: &str) -> Result<Self, LinkError> {
        SegmentOptions::new().reader(name)
    }

    /// Links to a segment as soon as there is one, with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::reader_wait`].
    pub fn link_wait(name: &str, timeout: Duration) -> Result<Self, LinkError> {
        SegmentOptions::new().reader_wait(name, timeout)
    }

    pub(crate) fn link_by(options: &SegmentOptions, name: &str) -> Result<Self, LinkError> {
        let core = Core::new(options.attach(name, Access::Read)?, options);
        let plan = check_schema::<T>(&core, options)?;
        Ok(Self::of(core, plan))
    }

    pub(crate) fn of(mut core: Core, plan: Option<Box<Plan>>) -> Self {
        if plan.is_some() {
            core.keep_out_of_reach();
        }
        Self { link: Link::new(core), plan, record: PhantomData }
    }

    /// The last version of the record.
    ///
    /// # Errors
    ///
    /// [`ReadError::NotYetWritten`] before the first write; [`ReadError::Invalid`] when some program wrote bytes that
    /// are no value of the record; [`ReadError::Contended`] when writers overtook the copy for the whole
    /// [`read_timeout`](SegmentOptions::read_timeout).
    #[inline]
    pub fn read(&self) -> Result<T, ReadError> {
        values::read::<T, Plain, _>(|to| self.copy_last(to, &mut Version::default()))
    }

    /// The last version of the record, and which it is.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_versioned(&self) -> Result<Published<T>, ReadError> {
        let mut version = Version::NONE;
        let record = values::read::<T, Plain, ReadError>(|to| self.copy_last(to, &mut version))?;
        Ok(Published { version, record })
    }

    /// Replaces `record` by the last version, keeping what it has allocated where that serves. Gives the version.
    ///
    /// The record is made in place: one that is too big for the stack never passes over it.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); `record` is then as it was.
    pub fn read_into(&self, record: &mut T) -> Result<Version, ReadError> {
        let mut version = Version::NONE;
        values::read_into::<T, ReadError>(record, |to| self.copy_last(to, &mut version))?;
        Ok(version)
    }

    /// The last version of the record, made in memory of the caller's: the fastest way for large records, which are then
    /// copied once and moved nowhere.
    ///
    /// What stood in `place` before is not dropped.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); any bytes may then stand in `place`.
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    /// use shmrec::{Segment, SharedRecord};
    ///
    /// #[derive(SharedRecord)]
    /// struct Frame { number: u64, pixels: [[u32; 64]; 64] }
    ///
    /// let name = format!("read_at_{}", std::process::id());
    /// let segment = Segment::create_with(&name, &Frame { number: 7, pixels: [[0; 64]; 64] })?;
    /// let mut place = Box::<Frame>::new_uninit();
    /// for _ in 0..3 {
    ///     let last = segment.read_at(&mut place)?;
    ///     assert_eq!((last.version.get(), last.record.number), (1, 7));
    /// }
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    #[inline]
    pub fn read_at<'p>(&self, place: &'p mut MaybeUninit<T>) -> Result<Published<&'p mut T>, ReadError> {
        let mut version = Version::NONE;
        let record = values::read_at::<T, Plain, ReadError>(place, |to| self.copy_last(to, &mut version))?;
        Ok(Published { version, record })
    }

    /// The last version of the record, made on the heap: for records too big for the stack.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// ```
    /// use shmrec::{Segment, SharedRecord};
    ///
    /// #[derive(SharedRecord)]
    /// struct Frame { number: u64, pixels: [[u32; 256]; 256] }
    ///
    /// let name = format!("boxed_{}", std::process::id());
    /// let segment = Segment::create_with(&name, &Frame { number: 0, pixels: [[0; 256]; 256] })?;
    /// let last: Box<Frame> = segment.read_boxed()?;
    /// assert_eq!(last.number, 0);
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn read_boxed(&self) -> Result<Box<T>, ReadError> {
        values::read_boxed(|to| self.copy_last(to, &mut Version::default()))
    }

    /// Copies the last version into private memory.
    #[inline(always)]
    pub(crate) fn copy_last<'t>(
        &self,
        to: &'t mut [MaybeUninit<u8>],
        version: &mut Version,
    ) -> Result<&'t mut [u8], ReadError> {
        let bytes;
        (*version, bytes) = self.core.read_or(const { &[whole(T::SIZE)] }, to, |to| self.copy_last_patiently(to))?;
        Ok(bytes)
    }

    #[cold]
    #[inline(never)]
    fn copy_last_patiently<'t>(&self, to: &'t mut [MaybeUninit<u8>]) -> Result<(Version, &'t mut [u8]), ReadError> {
        match &self.plan {
            None => self.core.read(&[whole(T::SIZE)], to),
            Some(plan) => bridge(plan, to, |there| self.core.read(&[whole(plan.there())], there)),
        }
    }

    /// One of the last versions. A segment of `N` slots keeps `N - 1`.
    ///
    /// # Errors
    ///
    /// [`ReadError::NoSuchVersion`] when it has been overwritten or is still to come, [`ReadError::NotYetWritten`] for
    /// [`Version::NONE`]; otherwise as [`read`](Self::read).
    pub fn read_version(&self, version: Version) -> Result<T, ReadError> {
        values::read::<T, Plain, _>(|to| match &self.plan {
            None => self.core.read_version(version, const { &[whole(T::SIZE)] }, to),
            Some(plan) => {
                let whole = [whole(plan.there())];
                Ok(bridge(plan, to, |there| Ok(((), self.core.read_version(version, &whole, there)?)))?.1)
            }
        })
    }

    /// The last versions that the segment still has, oldest first.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read). Versions that are overwritten while this looks are left out.
    pub fn history(&self) -> Result<Vec<Published<T>>, ReadError> {
        self.core.history(|version| Ok(Published { version, record: self.read_version(version)? }))
    }

    /// One field, or a tuple of up to eight, of the last version. Only the words that the fields stand in are copied.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read); only the fields asked for are validated.
    ///
    /// ```
    /// # use shmrec::{Segment, SharedRecord};
    /// #[derive(SharedRecord, Clone, Debug)]
    /// struct Pose { x: f64, y: f64, seq: u64 }
    ///
    /// # let name = format!("get_{}", std::process::id());
    /// let pose = Segment::create_with(&name, &Pose { x: 1.0, y: 2.0, seq: 3 })?;
    /// let f = Pose::fields();
    /// assert_eq!(pose.get(f.y)?, 2.0);
    /// assert_eq!(pose.get((f.x, f.seq))?, (1.0, 3));
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    #[inline]
    pub fn get<F: FieldSet<T>>(&self, fields: F) -> Result<F::Values, ReadError> {
        fields.read(|runs, to| {
            for run in runs {
                in_range(run.at, run.len, T::SIZE)?;
            }
            Ok::<_, ReadError>(self.core.read_or(runs, to, |to| self.copy_runs_patiently(runs, to))?.1)
        })
    }

    #[cold]
    #[inline(never)]
    fn copy_runs_patiently<'t>(
        &self,
        runs: &[Run],
        to: &'t mut [MaybeUninit<u8>],
    ) -> Result<(Version, &'t mut [u8]), ReadError> {
        if self.plan.is_none() {
            return self.core.read(runs, to);
        }
        scratch::with(T::SIZE, |whole| {
            let mut version = Version::NONE;
            let image = self.copy_last(whole, &mut version)?;
            let parts = runs.iter().map(|run| &image[run.at..run.at + run.len]);
            Ok((version, bytes::gather(to, parts)))
        })
    }

    /// Copies the record's bytes from `offset` on into `bytes`, all of one version. They are not validated.
    ///
    /// # Errors
    ///
    /// [`ReadError::OutOfRange`] when they are not within the record; otherwise as [`read`](Self::read). `bytes` may then
    /// hold parts of other versions.
    #[inline]
    pub fn read_bytes(&self, offset: usize, bytes: &mut [u8]) -> Result<Version, ReadError> {
        in_range(offset, bytes.len(), T::SIZE)?;
        if self.plan.is_some() {
            return self.read_bridged_bytes(offset, bytes);
        }
        let run = Run { at: offset, len: bytes.len() };
        self.core.read_bytes(run, bytes)
    }

    #[cold]
    #[inline(never)]
    fn read_bridged_bytes(&self, offset: usize, bytes: &mut [u8]) -> Result<Version, ReadError> {
        scratch::with(T::SIZE, |whole| {
            let mut version = Version::NONE;
            let image = self.copy_last(whole, &mut version)?;
            bytes.copy_from_slice(&image[offset..offset + bytes.len()]);
            Ok(version)
        })
    }

    /// The last version as soon as there is one newer than `since`: at once, if there is one already.
    ///
    /// A [`Segment`](crate::Segment) sleeps until a writer wakes it; a [`Reader`] may not write to the segment, so it
    /// looks after pauses of up to 5 ms, unless the segment was created with
    /// [`wake_always`](SegmentOptions::wake_always).
    ///
    /// # Errors
    ///
    /// [`WaitError::Timeout`] when none came in time; otherwise as [`read`](Self::read).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use shmrec::{Reader, Segment, SharedRecord, Version};
    /// #[derive(SharedRecord, Clone, Debug)]
    /// struct Count { n: u64 }
    ///
    /// # let name = format!("wait_{}", std::process::id());
    /// let segment = Segment::<Count>::create(&name)?;
    /// let reader = Reader::<Count>::link(&name)?;
    /// let writer = std::thread::spawn(move || segment.write(&Count { n: 7 }).map(|_| segment));
    ///
    /// let first = reader.wait_newer(Version::NONE, Duration::from_secs(10))?;
    /// assert_eq!((first.n, first.version), (7, Version::new(1)));
    /// # drop(writer.join());
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn wait_newer(&self, since: Version, timeout: Duration) -> Result<Published<T>, WaitError> {
        self.core.wait(since, timeout, || match self.core.version()? > since {
            true => Ok(Some(self.read_versioned()?)),
            false => Ok(None),
        })
    }

    /// Visits every version from the next one on, and counts those that were overwritten before they could be visited.
    #[must_use]
    pub fn follow(&self) -> Follower<'_, Self> {
        Follower::new(self)
    }

    /// The record's schema.
    #[must_use]
    pub fn schema(&self) -> Schema {
        Schema::of::<T>()
    }

    /// Gives the link up, and says if anything stood in the way. Dropping does the same in silence.
    ///
    /// # Errors
    ///
    /// When the system refuses; the link is gone all the same.
    pub fn release(self) -> Result<(), ReleaseError> {
        self.link.release()
    }
}

impl<T> Deref for Reader<T> {
    type Target = Link;

    fn deref(&self) -> &Link {
        &self.link
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("path", &self.core.attachment().place().path()).finish_non_exhaustive()
    }
}

/// Makes the program's image of the segment's, which `read` copies.
fn bridge<'t, R>(
    plan: &Plan,
    to: &'t mut [MaybeUninit<u8>],
    read: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<(R, &mut [u8]), ReadError>,
) -> Result<(R, &'t mut [u8]), ReadError> {
    scratch::with(plan.there(), |there| {
        let (read, there) = read(there)?;
        let here = bytes::zeroed(to);
        plan.pull(there, here);
        Ok((read, here))
    })
}

pub(crate) fn in_range(offset: usize, len: usize, size: usize) -> Result<(), OutOfRange> {
    match offset.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(OutOfRange { offset, len, size }),
    }
}

/// Whether the segment holds records of type `T`; the plan to transfer them, where it holds another version of them and
/// the options accept that.
pub(crate) fn check_schema<T: SharedRecord>(
    core: &Core,
    options: &SegmentOptions,
) -> Result<Option<Box<Plan>>, LinkError> {
    let header = core.attachment().header();
    if Fingerprint::from_le_bytes(header.fingerprint()) == T::FINGERPRINT {
        if (header.record_len(), header.record_align()) == (T::SIZE, T::ALIGN) {
            return Ok(None);
        }
        return Err(core
            .attachment()
            .damaged(format!(
                "its fingerprint is that of a record of {} bytes, and its header says {}",
                T::SIZE,
                header.record_len()
            ))
            .into());
    }
    let theirs = core.schema()?;
    if options.compatible {
        let plan = Plan::new(T::RECORD, &theirs);
        return plan
            .map(|plan| Some(Box::new(plan)))
            .map_err(|differences| Mismatch { differences, compatible: true }.into());
    }
    Err(Mismatch { differences: Schema::of::<T>().differences(&theirs), compatible: false }.into())
}
