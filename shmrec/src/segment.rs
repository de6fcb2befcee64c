//! The writing side of a segment.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use shmrec_os::Access;

use crate::core::{Core, Held, whole};
use crate::create::{Contents, create};
use crate::error::{CreateError, LinkError, LockError, NotInSegment, ReadError, ReleaseError, WriteError};
use crate::guard::Guard;
use crate::reader::{Reader, check_schema, in_range};
use crate::schema::Schema;
use crate::schema::compat::Plan;
use crate::{FieldSet, SegmentOptions, SharedRecord, Version, model, scratch, values};

/// A link for reading and writing: everything that a [`Reader`] does, to which it derefs, and writing.
///
/// A write publishes one version, whole. Writers take turns by a lock in the segment that a killed program cannot keep;
/// readers never wait for it.
///
/// ```
/// use shmrec::{Segment, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug, PartialEq)]
/// struct Account { balance: i64, #[record(capacity = 32)] owner: String }
///
/// let name = format!("segment_{}", std::process::id());
/// let account = Segment::<Account>::create(&name)?;
///
/// account.write(&Account { balance: 10, owner: "Ada".into() })?;
/// account.update(|a| a.balance += 5)?;
/// account.set(Account::fields().owner, &"Grace".into())?;
///
/// assert_eq!(account.read()?, Account { balance: 15, owner: "Grace".into() });
/// assert_eq!(account.version().get(), 3);
/// # Ok::<(), shmrec::Error>(())
/// ```
pub struct Segment<T> {
    reader: Reader<T>,
}

impl<T: SharedRecord> Segment<T> {
    /// Creates a segment that holds no record yet, with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::create`].
    pub fn create(name: &str) -> Result<Self, CreateError> {
        SegmentOptions::new().create(name)
    }

    /// Creates a segment whose version 1 is `initial`, with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::create_with`].
    pub fn create_with(name: &str, initial: &T) -> Result<Self, CreateError> {
        SegmentOptions::new().create_with(name, initial)
    }

    /// Links to a segment with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::link`].
    pub fn link(name: &str) -> Result<Self, LinkError> {
        SegmentOptions::new().link(name)
    }

    /// Links to a segment as soon as there is one, with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::link_wait`].
    pub fn link_wait(name: &str, timeout: Duration) -> Result<Self, LinkError> {
        SegmentOptions::new().link_wait(name, timeout)
    }

    pub(crate) fn create_by(options: &SegmentOptions, name: &str, initial: Option<&T>) -> Result<Self, CreateError> {
        const {
            assert!(T::SIZE > 0, "a record must have at least one byte");
            assert!(T::SIZE <= model::MAX_RECORD_SIZE, "a record has at most 1 GiB");
            assert!(T::ALIGN <= 64, "a record is aligned to at most 64 bytes");
        }
        let schema = Schema::of::<T>();
        let create = |first: Option<&[u8]>| {
            create(options, name, &Contents { schema: &schema, fingerprint: T::FINGERPRINT, first })
        };
        let attachment = match initial {
            None => create(None)?,
            Some(record) => values::with_image(record, |image| create(Some(image)))?,
        };
        Ok(Self { reader: Reader::of(Core::new(attachment, options), None) })
    }

    pub(crate) fn link_by(options: &SegmentOptions, name: &str) -> Result<Self, LinkError> {
        let core = Core::new(options.attach(name, Access::ReadWrite)?, options);
        let plan = check_schema::<T>(&core, options)?;
        Ok(Self { reader: Reader::of(core, plan) })
    }

    fn core(&self) -> &Core {
        &self.reader.core
    }

    /// Publishes `record` as the next version, which it gives.
    ///
    /// # Errors
    ///
    /// [`WriteError::Store`] when a value does not fit into its field; [`WriteError::Lock`] when a living program kept
    /// the lock for the whole [`lock_timeout`](SegmentOptions::lock_timeout).
    #[inline]
    pub fn write(&self, record: &T) -> Result<Version, WriteError> {
        // The image is made before the lock is taken: others wait for the copy only.
        values::with_image(record, |image| self.core().write_or(image, || self.write_patiently(image)))
    }

    #[cold]
    #[inline(never)]
    fn write_patiently(&self, image: &[u8]) -> Result<Version, WriteError> {
        let mut held = self.core().lock(Some(self.core().lock_timeout()), false)?;
        let version = self.publish(&mut held, image)?;
        held.unlock()?;
        Ok(version)
    }

    /// Changes the last version under the lock and publishes what comes of it, once. Gives what `change` returns.
    ///
    /// A panic in `change` publishes nothing.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), and [`WriteError::Read`] when there is no last version or it cannot be read.
    ///
    /// ```
    /// # use shmrec::{Segment, SharedRecord};
    /// #[derive(SharedRecord, Clone, Debug)]
    /// struct Stock { left: u32 }
    ///
    /// # let name = format!("update_{}", std::process::id());
    /// let stock = Segment::create_with(&name, &Stock { left: 3 })?;
    /// let taken = stock.update(|s| { let n = s.left.min(5); s.left -= n; n })?;
    /// assert_eq!((taken, stock.read()?.left), (3, 0));
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, WriteError> {
        let mut held = self.core().lock(Some(self.core().lock_timeout()), true)?;
        let outcome: Result<R, WriteError> = values::read_and_lend(
            |to| self.reader.copy_last(to, &mut Version::default()),
            |record: &mut T| {
                let outcome = change(record);
                values::with_image(record, |image| self.publish(&mut held, image)).map(|_| outcome)
            },
        );
        outcome.and_then(|outcome| held.unlock().map(|()| outcome))
    }

    /// Publishes the last version with one field changed, or a tuple of up to eight: one version for all of them.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update). Fields that are not set keep the bytes that they have, valid or not.
    ///
    /// ```
    /// # use shmrec::{Segment, SharedRecord};
    /// #[derive(SharedRecord, Clone, Debug, PartialEq)]
    /// struct Pose { x: f64, y: f64, seq: u64 }
    ///
    /// # let name = format!("set_{}", std::process::id());
    /// let pose = Segment::create_with(&name, &Pose { x: 1.0, y: 2.0, seq: 3 })?;
    /// let f = Pose::fields();
    /// pose.set(f.x, &4.0)?;
    /// pose.set((f.y, f.seq), &(5.0, 6))?;
    /// assert_eq!(pose.read()?, Pose { x: 4.0, y: 5.0, seq: 6 });
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn set<F: FieldSet<T>>(&self, fields: F, values: &F::Values) -> Result<Version, WriteError> {
        // A field's own `store` may be the program's code.
        self.patch(true, |record| {
            for run in fields.runs().as_ref() {
                in_range(run.at, run.len, T::SIZE)?;
                self.has(run.at, run.len)?;
            }
            Ok(fields.store(values, record)?)
        })
    }

    /// Publishes the last version with its bytes from `offset` on replaced by `bytes`.
    ///
    /// # Errors
    ///
    /// [`WriteError::OutOfRange`] when they are not within the record, [`WriteError::Invalid`] when the record would not
    /// be valid with them; otherwise as [`update`](Self::update). Nothing is published then.
    pub fn write_bytes(&self, offset: usize, bytes: &[u8]) -> Result<Version, WriteError> {
        in_range(offset, bytes.len(), T::SIZE)?;
        self.patch(true, |record| {
            record[offset..offset + bytes.len()].copy_from_slice(bytes);
            Ok(T::check(record)?)
        })
    }

    /// Publishes the last version as `change` leaves its image.
    fn patch(
        &self,
        guarded: bool,
        change: impl FnOnce(&mut [u8]) -> Result<(), WriteError>,
    ) -> Result<Version, WriteError> {
        scratch::with(T::SIZE, |to| {
            let mut held = self.core().lock(Some(self.core().lock_timeout()), guarded)?;
            let image = self.reader.copy_last(to, &mut Version::default())?;
            change(image)?;
            let version = self.publish(&mut held, image)?;
            held.unlock()?;
            Ok(version)
        })
    }

    /// Publishes an image of the program's record as the next version.
    #[inline(always)]
    pub(crate) fn publish(&self, held: &mut Held<'_>, image: &[u8]) -> Result<Version, WriteError> {
        match &self.reader.plan {
            None => held.publish(image),
            Some(plan) => self.publish_bridged(held, plan, image),
        }
    }

    /// As [`publish`](Self::publish), for a segment that holds another version of the record: what the program does not know
    /// stays as it is.
    #[cold]
    fn publish_bridged(&self, held: &mut Held<'_>, plan: &Plan, image: &[u8]) -> Result<Version, WriteError> {
        let mut there = match self.core().read_to_vec(&[whole(plan.there())]) {
            Ok((_, there)) => there,
            // Only who knows all fields can write the first record: the others have no value yet.
            Err(ReadError::NotYetWritten(_)) if plan.knows_all() => vec![0; plan.there()],
            Err(error) => return Err(error.into()),
        };
        plan.push(image, &mut there);
        held.publish(&there)
    }

    /// Whether the segment has the field at `offset`.
    pub(crate) fn has(&self, offset: usize, len: usize) -> Result<(), WriteError> {
        match &self.reader.plan {
            Some(plan) if !plan.has(offset, len) => Err(NotInSegment { offset, len }.into()),
            _ => Ok(()),
        }
    }

    /// Takes the writer lock: until the guard goes nobody else writes, and everybody still reads (the ancestor's
    /// `SHM_KEEP_LOCK`). To be held briefly; never while waiting for a person.
    ///
    /// # Errors
    ///
    /// [`LockError::Timeout`] when a living program kept it for the whole
    /// [`lock_timeout`](SegmentOptions::lock_timeout); [`LockError::AlreadyLocked`] when this thread has it through this
    /// handle.
    ///
    /// ```
    /// # use shmrec::{Segment, SharedRecord};
    /// #[derive(SharedRecord, Clone, Debug, PartialEq)]
    /// struct Job { id: u32, done: bool }
    ///
    /// # let name = format!("lock_{}", std::process::id());
    /// let job = Segment::create_with(&name, &Job { id: 1, done: false })?;
    /// let mut guard = job.lock()?;
    /// if !guard.read()?.done {
    ///     guard.set(Job::fields().done, &true)?;
    /// }
    /// // Readers see nothing of it yet:
    /// assert!(!job.read()?.done);
    /// guard.unlock()?;
    /// assert!(job.read()?.done);
    /// # Ok::<(), shmrec::Error>(())
    /// ```
    pub fn lock(&self) -> Result<Guard<'_, T>, LockError> {
        self.lock_timeout(self.core().lock_timeout())
    }

    /// As [`lock`](Self::lock), without waiting. A dead owner is noticed all the same.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub fn try_lock(&self) -> Result<Guard<'_, T>, LockError> {
        Ok(Guard::new(self, self.core().lock(None, true)?))
    }

    /// As [`lock`](Self::lock), waiting at most for `timeout`.
    ///
    /// # Errors
    ///
    /// As [`lock`](Self::lock).
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Guard<'_, T>, LockError> {
        Ok(Guard::new(self, self.core().lock(Some(timeout), true)?))
    }

    /// Gives the link up, and says if anything stood in the way. Dropping does the same in silence.
    ///
    /// # Errors
    ///
    /// When the system refuses; the link is gone all the same.
    pub fn release(self) -> Result<(), ReleaseError> {
        self.reader.release()
    }
}

impl<T> Deref for Segment<T> {
    type Target = Reader<T>;

    fn deref(&self) -> &Reader<T> {
        &self.reader
    }
}

impl<T> fmt::Debug for Segment<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment").field("path", &self.reader.core.attachment().place().path()).finish_non_exhaustive()
    }
}
