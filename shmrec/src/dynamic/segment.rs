//! The writing side of a segment without its type.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use shmrec_os::Access;

use super::reader::DynReader;
use super::record::{DynRecord, set_at};
use crate::core::Core;
use crate::create::{Contents, create};
use crate::error::{CreateError, LinkError, OutOfRange, ReleaseError, WriteError};
use crate::schema::{Schema, image};
use crate::{SegmentOptions, Value, Version};

/// A link for reading and writing a segment whose record the program does not know: everything that a [`DynReader`] does, to
/// which it derefs, and writing.
///
/// Values are checked against the schema before anything is published: a number out of range, a text beyond its capacity,
/// an unknown variant are errors that name the field.
///
/// ```
/// use shmrec::{DynSegment, Segment, SharedRecord};
///
/// #[derive(SharedRecord, Debug, PartialEq)]
/// struct Room { #[record(capacity = 16)] name: String, target: f32, level: u8 }
///
/// # let name = &format!("dyn_segment_{}", std::process::id());
/// let typed = Segment::create_with(name, &Room { name: "kitchen".into(), target: 20.5, level: 1 })?;
///
/// // A program that has never heard of rooms:
/// let room = DynSegment::link(name)?;
/// room.set("target", 18.0)?;
/// room.set_all(&[("name", "cellar".into()), ("level", 2.into())])?;
/// assert_eq!(typed.read()?, Room { name: "cellar".into(), target: 18.0, level: 2 });
/// assert_eq!(typed.version().get(), 3);
///
/// let error = room.set("level", 300).unwrap_err();
/// assert_eq!(error.to_string(), r#"field "level": the value cannot be stored: expected a number within the range of `u8`"#);
/// # Ok::<(), shmrec::Error>(())
/// ```
pub struct DynSegment {
    reader: DynReader,
}

impl DynSegment {
    /// Creates a segment for the record of a schema, holding none yet, with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::dyn_create`].
    pub fn create(name: &str, schema: &Schema) -> Result<Self, CreateError> {
        SegmentOptions::new().dyn_create(name, schema)
    }

    /// Links to a segment with the default options.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::dyn_link`].
    pub fn link(name: &str) -> Result<Self, LinkError> {
        SegmentOptions::new().dyn_link(name)
    }

    pub(crate) fn create_by(
        options: &SegmentOptions,
        name: &str,
        schema: &Schema,
        initial: Option<&Value>,
    ) -> Result<Self, CreateError> {
        let first = initial.map(|value| DynRecord::new(&Arc::new(schema.clone()), value)).transpose()?;
        let first = first.as_ref().map(DynRecord::bytes);
        let contents = Contents { schema, fingerprint: schema.fingerprint(), first };
        let attachment = create(options, name, &contents)?;
        let reader = DynReader::with_schema(Core::new(attachment, options), Arc::new(schema.clone()));
        Ok(Self { reader })
    }

    pub(crate) fn link_by(options: &SegmentOptions, name: &str) -> Result<Self, LinkError> {
        Ok(Self { reader: DynReader::of(Core::new(options.attach(name, Access::ReadWrite)?, options))? })
    }

    /// Publishes the last version with the value at `path` replaced.
    ///
    /// # Errors
    ///
    /// [`WriteError::Path`] when the path leads nowhere, [`WriteError::Store`] when `value` is no value of the type there,
    /// [`WriteError::Read`] when nothing has been written yet, [`WriteError::Lock`] when a living program kept the lock.
    /// Nothing is published then.
    pub fn set(&self, path: &str, value: impl Into<Value>) -> Result<Version, WriteError> {
        self.set_all(&[(path, value.into())])
    }

    /// Publishes the last version with the values at several paths replaced, one after the other, in one version.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn set_all(&self, values: &[(&str, Value)]) -> Result<Version, WriteError> {
        let mut held = self.core.lock(Some(self.core.lock_timeout()), false)?;
        let (_, mut image) = self.core.read_to_vec(&[self.reader.whole()])?;
        for (path, value) in values {
            set_at(self.schema().record(), &mut image, path, value)?;
        }
        let version = held.publish(&image)?;
        held.unlock()?;
        Ok(version)
    }

    /// Publishes `value`, which has all fields of the record.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub fn write(&self, value: &Value) -> Result<Version, WriteError> {
        let mut image = vec![0; self.schema().record().size];
        image::store_record(value, self.schema().record(), &mut image)?;
        self.publish(&image)
    }

    /// Publishes an image of the record, such as another version's [`DynRecord::bytes`].
    ///
    /// # Errors
    ///
    /// [`WriteError::OutOfRange`] when it has another length, [`WriteError::Invalid`] when it is no value of the record;
    /// otherwise as [`set`](Self::set).
    pub fn write_image(&self, image: &[u8]) -> Result<Version, WriteError> {
        let record = self.schema().record();
        if image.len() != record.size {
            return Err(OutOfRange { offset: 0, len: image.len(), size: record.size }.into());
        }
        image::check_record(record, image)?;
        self.publish(image)
    }

    /// Changes the last version under the lock and publishes what comes of it, once. Nothing is published when `change`
    /// fails or panics.
    ///
    /// # Errors
    ///
    /// What `change` gives; otherwise as [`set`](Self::set).
    pub fn update<R>(&self, change: impl FnOnce(&mut DynRecord) -> Result<R, WriteError>) -> Result<R, WriteError> {
        let mut held = self.core.lock(Some(self.core.lock_timeout()), true)?;
        let mut record = self.reader.read()?;
        let outcome = change(&mut record)?;
        held.publish(record.bytes())?;
        held.unlock()?;
        Ok(outcome)
    }

    fn publish(&self, image: &[u8]) -> Result<Version, WriteError> {
        let mut held = self.core.lock(Some(self.core.lock_timeout()), false)?;
        let version = held.publish(image)?;
        held.unlock()?;
        Ok(version)
    }

    /// Links to a segment with the default options as soon as there is one.
    ///
    /// # Errors
    ///
    /// As [`SegmentOptions::dyn_link`]; [`LinkError::NotFound`] when none came within `timeout`.
    pub fn link_wait(name: &str, timeout: Duration) -> Result<Self, LinkError> {
        SegmentOptions::new().dyn_link_wait(name, timeout)
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

impl Deref for DynSegment {
    type Target = DynReader;

    fn deref(&self) -> &DynReader {
        &self.reader
    }
}

impl fmt::Debug for DynSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynSegment").field("path", &self.path()).finish_non_exhaustive()
    }
}
