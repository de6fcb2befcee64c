//! One version of a record, without its type.

use std::sync::Arc;

use crate::schema::path::{self, Place, Target};
use crate::schema::{FieldSchema, Record, Schema, Type, Variant, image};
use crate::{LoadError, ReadError, StoreError, Value, Version, WriteError};

/// One version of a record whose type is known at run time only: its image, and the schema that says what stands in it.
///
/// Reading one checks nothing yet: each value is checked when it is looked at, so that a record of which some program has
/// spoilt one field still shows the others.
///
/// ```
/// use shmrec::{DynReader, Segment, SharedRecord};
///
/// #[derive(SharedRecord)]
/// struct Axis { position: f64, limits: [f32; 2] }
///
/// #[derive(SharedRecord)]
/// struct Robot { serial: u32, axes: [Axis; 2] }
///
/// # let name = &format!("dyn_record_{}", std::process::id());
/// let axes = [Axis { position: 0.5, limits: [-1.0, 1.0] }, Axis { position: 2.5, limits: [0.0, 3.0] }];
/// let segment = Segment::create_with(name, &Robot { serial: 7, axes })?;
///
/// let robot = DynReader::link(name)?.read()?;
/// assert_eq!(robot.get("axes[1].limits[1]")?.to_string(), "3.0");
/// assert_eq!(robot.get("axes[0]")?.to_string(), "Axis { position: 0.5, limits: [-1.0, 1.0] }");
///
/// let error = robot.get("axes[1].limit").unwrap_err();
/// assert_eq!(error.to_string(), r#"field "axes[1]" has no field "limit": did you mean "limits"?"#);
/// # Ok::<(), shmrec::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DynRecord {
    schema: Arc<Schema>,
    version: Version,
    image: Vec<u8>,
}

impl DynRecord {
    /// A record that a program makes for itself: the image of `value`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it is no value of the schema's record.
    pub fn new(schema: &Arc<Schema>, value: &Value) -> Result<Self, StoreError> {
        let mut image = vec![0; schema.record().size];
        image::store_record(value, schema.record(), &mut image)?;
        Ok(Self::of(schema, Version::NONE, image))
    }

    /// # Panics
    ///
    /// When the image has another length than the schema says.
    pub(crate) fn of(schema: &Arc<Schema>, version: Version, image: Vec<u8>) -> Self {
        assert_eq!(image.len(), schema.record().size, "the image of a record");
        Self { schema: Arc::clone(schema), version, image }
    }

    /// Which version it is; [`Version::NONE`] for a record that was never published.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// What stands in it.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The image itself.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.image
    }

    /// The value at `path`: `serial`, `axes[1].limits[0]`, `shape.Circle.radius`; the whole record for the empty path.
    ///
    /// # Errors
    ///
    /// [`ReadError::Path`] when the path leads nowhere, [`ReadError::Invalid`] when the bytes there are no value.
    pub fn get(&self, path: &str) -> Result<Value, ReadError> {
        let place = path::resolve(self.schema.record(), path)?;
        value_at(&place, path, |offset, size| &self.image[offset..offset + size])
    }

    /// All of it as one value.
    ///
    /// # Errors
    ///
    /// [`LoadError`] names the first field whose bytes are no value.
    pub fn value(&self) -> Result<Value, LoadError> {
        image::record_value(self.schema.record(), &self.image)
    }

    /// Whether all of it is a value.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value).
    pub fn check(&self) -> Result<(), LoadError> {
        image::check_record(self.schema.record(), &self.image)
    }

    /// Replaces the value at `path`, here and not in any segment.
    ///
    /// # Errors
    ///
    /// [`WriteError::Path`] when the path leads nowhere, [`WriteError::Store`] when `value` is no value of the type there. The
    /// record is then as it was.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) -> Result<(), WriteError> {
        set_at(self.schema.record(), &mut self.image, path, &value.into())
    }

    /// What stands at `path`, without making values of it; the whole record for the empty path.
    ///
    /// # Errors
    ///
    /// [`ReadError::Path`] when the path leads nowhere.
    pub fn view_at(&self, path: &str) -> Result<DynView<'_>, ReadError> {
        let place = path::resolve(self.schema.record(), path)?;
        for condition in &place.conditions {
            condition.check(&self.image[condition.offset..condition.offset + condition.size])?;
        }
        Ok(DynView { to: place.to, image: &self.image[place.offset..place.offset + place.size] })
    }

    /// The fields one by one, without making values of those that nobody looks at.
    #[must_use]
    pub fn view(&self) -> DynView<'_> {
        DynView { to: Target::Record(self.schema.record()), image: &self.image }
    }
}

/// The value at a place, of which `bytes` gives parts by offset and length.
pub(super) fn value_at<'i>(
    place: &Place<'_>,
    path: &str,
    bytes: impl Fn(usize, usize) -> &'i [u8],
) -> Result<Value, ReadError> {
    for condition in &place.conditions {
        condition.check(bytes(condition.offset, condition.size))?;
    }
    let image = bytes(place.offset, place.size);
    let value = match place.to {
        Target::Record(record) => image::record_value(record, image),
        Target::Type(ty) => image::value(ty, image),
        Target::Variant(_, variant) => variant_value(variant, image),
    };
    value.map_err(|error| error.in_path(path).into())
}

fn variant_value(variant: &Variant, image: &[u8]) -> Result<Value, LoadError> {
    let fields = image::fields_value(&variant.fields, image)?;
    Ok(Value::Enum { variant: variant.name.clone(), fields })
}

/// Stores a value into a record's image at `path`.
pub(super) fn set_at(record: &Record, image: &mut [u8], path: &str, value: &Value) -> Result<(), WriteError> {
    let place = path::resolve(record, path)?;
    for condition in &place.conditions {
        condition.check(&image[condition.offset..condition.offset + condition.size])?;
    }
    let mut stored = vec![0; place.size];
    match place.to {
        Target::Record(record) => image::store_record(value, record, &mut stored),
        Target::Type(ty) => image::store(value, ty, &mut stored),
        Target::Variant(of, variant) => match value {
            Value::Enum { variant: name, fields } if *name == variant.name => {
                image::store_in_variant(of, variant, fields, &mut stored)
            }
            value => {
                let wanted = format!("the variant `{}` of `{}`, not {}", variant.name, of.name, value.kind());
                Err(StoreError::unrepresentable(wanted))
            }
        },
    }
    .map_err(|error| error.in_path(path))?;
    image[place.offset..place.offset + place.size].copy_from_slice(&stored);
    Ok(())
}

/// A part of a [`DynRecord`]: a type, and the bytes that stand for its value.
///
/// For programs that show large records: going down into one makes no values but those that are asked for.
///
/// ```
/// use shmrec::{DynReader, Segment, SharedRecord};
///
/// #[derive(SharedRecord)]
/// struct Frame { number: u64, pixels: [u32; 10_000] }
///
/// # let name = &format!("dyn_view_{}", std::process::id());
/// let segment = Segment::create_with(name, &Frame { number: 1, pixels: [7; 10_000] })?;
/// let frame = DynReader::link(name)?.read()?;
/// for (field, view) in frame.view().children()? {
///     println!("{field}: {} parts", view.children()?.len());
/// }
/// # Ok::<(), shmrec::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DynView<'r> {
    to: Target<'r>,
    image: &'r [u8],
}

impl<'r> DynView<'r> {
    /// The type; none for the record itself and for a variant's fields.
    #[must_use]
    pub fn ty(&self) -> Option<&'r Type> {
        match self.to {
            Target::Type(ty) => Some(ty),
            Target::Record(_) | Target::Variant(..) => None,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &'r [u8] {
        self.image
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the bytes are none. Its path begins here.
    pub fn value(&self) -> Result<Value, LoadError> {
        match self.to {
            Target::Record(record) => image::record_value(record, self.image),
            Target::Type(ty) => image::value(ty, self.image),
            Target::Variant(_, variant) => variant_value(variant, self.image),
        }
    }

    /// The variant of an enum that is there; `None` when it is no enum.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the enum's tag is that of no variant.
    pub fn variant(&self) -> Result<Option<&'r Variant>, LoadError> {
        match self.to {
            Target::Type(Type::Enum(of)) => image::variant(of, self.image).map(Some),
            _ => Ok(None),
        }
    }

    /// What it is made of: the fields of a record, the elements of an array or a sequence, the value of an option, the
    /// fields of an enum's present variant. Nothing for a value that has no parts.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the bytes do not say how many there are.
    pub fn children(&self) -> Result<Children<'r>, LoadError> {
        let ty = match self.to {
            Target::Record(record) => return Ok(self.fields(&record.fields)),
            Target::Variant(_, variant) => return Ok(self.fields(&variant.fields)),
            Target::Type(ty) => ty,
        };
        Ok(match ty {
            Type::Record(record) => self.fields(&record.fields),
            Type::Enum(of) => self.fields(&image::variant(of, self.image)?.fields),
            Type::Option { element } => {
                let count = usize::from(crate::model::tag(self.image)?);
                self.elements(element, count, ty.value_offset(), Names::Inside)
            }
            Type::Array { element, len } => self.elements(element, *len, 0, Names::Index),
            Type::Vec { element, capacity } => {
                let count = crate::model::length(self.image, *capacity)?;
                self.elements(element, count, ty.value_offset(), Names::Index)
            }
            _ => self.fields(&[]),
        })
    }

    fn fields(&self, fields: &'r [FieldSchema]) -> Children<'r> {
        Children { of: Parts::Fields(fields), image: self.image, next: 0, count: fields.len() }
    }

    fn elements(&self, element: &'r Type, count: usize, offset: usize, names: Names) -> Children<'r> {
        Children { of: Parts::Elements(element, names), image: &self.image[offset..], next: 0, count }
    }
}

/// The parts of a [`DynView`], each with the step that leads to it: `name`, `[3]`, or nothing for what is in an option.
#[derive(Clone, Debug)]
pub struct Children<'r> {
    of: Parts<'r>,
    image: &'r [u8],
    next: usize,
    count: usize,
}

#[derive(Clone, Copy, Debug)]
enum Parts<'r> {
    Fields(&'r [FieldSchema]),
    Elements(&'r Type, Names),
}

#[derive(Clone, Copy, Debug)]
enum Names {
    Index,
    Inside,
}

impl<'r> Iterator for Children<'r> {
    type Item = (String, DynView<'r>);

    fn next(&mut self) -> Option<Self::Item> {
        let i = self.next;
        if i == self.count {
            return None;
        }
        self.next += 1;
        let (name, ty, offset) = match self.of {
            Parts::Fields(fields) => (fields[i].name.clone(), &fields[i].ty, fields[i].offset),
            Parts::Elements(element, Names::Index) => (format!("[{i}]"), element, i * element.size()),
            Parts::Elements(element, Names::Inside) => (String::new(), element, 0),
        };
        Some((name, DynView { to: Target::Type(ty), image: &self.image[offset..offset + ty.size()] }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count - self.next;
        (left, Some(left))
    }

    /// Skipping costs nothing, however many are skipped.
    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.next = self.next.saturating_add(n).min(self.count);
        self.next()
    }
}

impl ExactSizeIterator for Children<'_> {}
