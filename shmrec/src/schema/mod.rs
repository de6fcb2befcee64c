//! Schemas at run time: what a record is made of, without its Rust type.
//!
//! A [`Schema`] comes from a type ([`Schema::of`]) or from a segment ([`Schema::parse`]), and the two can be compared
//! ([`Schema::differences`]).

mod c;
pub(crate) mod compat;
mod diff;
pub(crate) mod image;
mod json;
mod parse;
pub(crate) mod path;

use std::fmt;

pub use diff::{Difference, Subject};
pub(crate) use parse::check_bounds;
pub use parse::{SchemaError, SchemaErrorKind};
pub use path::{PathError, PathProblem, nearest};

use crate::model::layout::{LEN, option_size, round_up, string_size, vec_align, vec_size};
use crate::model::{EnumDesc, FieldDesc, Fingerprint, RecordDesc, SharedRecord, TUPLE, TypeDesc};

/// The schema of a record: its fields, their types, and where they stand.
///
/// ```
/// use shmrec::SharedRecord;
/// use shmrec::schema::{Schema, Type};
///
/// /// Where the robot is.
/// #[derive(SharedRecord)]
/// struct Pose {
///     /// In metres.
///     x: f64,
///     #[record(capacity = 12)]
///     frame: String,
/// }
///
/// let schema = Schema::of::<Pose>();
/// assert_eq!(schema.fingerprint(), Pose::FINGERPRINT);
/// assert_eq!(schema.record().docs, "Where the robot is.");
///
/// let [x, frame] = &schema.record().fields[..] else { panic!("two fields") };
/// assert_eq!((x.name.as_str(), x.offset, &x.ty), ("x", 0, &Type::F64));
/// assert_eq!(frame.ty.to_string(), "String (capacity 12)");
/// assert_eq!(frame.ty.size(), 4 + 12);
///
/// // What stands in a segment, and back.
/// assert_eq!(Schema::parse(&schema.to_json())?, schema);
/// # Ok::<(), shmrec::schema::SchemaError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    record: Record,
}

/// A record: its declared name, its layout and its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The declared name.
    pub name: String,
    /// The doc comment, its lines joined by line feeds. The creator's text: escape it before it goes to a terminal.
    pub docs: String,
    /// Bytes of one image.
    pub size: usize,
    /// Alignment of the image in bytes, a power of two.
    pub align: usize,
    /// The fields in declaration order.
    pub fields: Vec<FieldSchema>,
}

/// A field of a record, or of a variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSchema {
    /// The declared name (`"0"`, `"1"`, … in a tuple struct).
    pub name: String,
    /// The doc comment, as [`Record::docs`].
    pub docs: String,
    /// Bytes from the start of the record or enum that the field belongs to.
    pub offset: usize,
    /// The field's type.
    pub ty: Type,
}

/// An enum: a tag, and what belongs to each of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enum {
    /// The declared name.
    pub name: String,
    /// The doc comment, as [`Record::docs`].
    pub docs: String,
    /// Bytes of one image.
    pub size: usize,
    /// Alignment of the image in bytes, a power of two.
    pub align: usize,
    /// The tag's integer type; the tag stands at offset 0.
    pub tag: Box<Type>,
    /// The variants in declaration order.
    pub variants: Vec<Variant>,
}

/// One variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant {
    /// The declared name.
    pub name: String,
    /// The doc comment, as [`Record::docs`].
    pub docs: String,
    /// The tag's value.
    pub value: i128,
    /// The variant's own fields; empty for a field-less variant.
    pub fields: Vec<FieldSchema>,
}

/// The type of a field. The images are described at [`TypeDesc`].
///
/// Written like a Rust type: `f64`, `[u16; 8]`, `Option<u32>`, `String (capacity 32)`, `Vec<u16> (capacity 8)`; a record
/// or an enum by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// Unsigned, 1 byte.
    U8,
    /// Unsigned, 2 bytes.
    U16,
    /// Unsigned, 4 bytes.
    U32,
    /// Unsigned, 8 bytes.
    U64,
    /// Unsigned, 16 bytes.
    U128,
    /// Signed, 1 byte.
    I8,
    /// Signed, 2 bytes.
    I16,
    /// Signed, 4 bytes.
    I32,
    /// Signed, 8 bytes.
    I64,
    /// Signed, 16 bytes.
    I128,
    /// Floating point, 4 bytes.
    F32,
    /// Floating point, 8 bytes.
    F64,
    /// 1 byte, 0 or 1.
    Bool,
    /// A Unicode scalar value in 4 bytes.
    Char,
    /// An integer that is not 0.
    NonZero {
        /// The type of the integer.
        of: Box<Type>,
    },
    /// A span of time: `u64` seconds and `u32` nanoseconds in 16 bytes.
    Duration,
    /// A point in time: `i64` seconds since the Unix epoch and `u32` nanoseconds in 16 bytes.
    SystemTime,
    /// The 4 octets of an IPv4 address.
    Ipv4Addr,
    /// The 16 octets of an IPv6 address.
    Ipv6Addr,
    /// Elements one after the other.
    Array {
        /// The type of one element.
        element: Box<Type>,
        /// How many elements.
        len: usize,
    },
    /// A tag, and the value at its alignment.
    Option {
        /// The type of the value.
        element: Box<Type>,
    },
    /// A length, and UTF-8.
    String {
        /// The most bytes of UTF-8 that fit.
        capacity: usize,
    },
    /// A length, and elements.
    Vec {
        /// The type of one element.
        element: Box<Type>,
        /// The most elements that fit.
        capacity: usize,
    },
    /// A nested record.
    Record(Record),
    /// An enum.
    Enum(Enum),
}

impl Schema {
    /// The schema of a type.
    #[must_use]
    pub fn of<T: SharedRecord>() -> Self {
        Self { record: Record::from(T::RECORD) }
    }

    /// Reads the document that stands in a segment.
    ///
    /// The text may come from anybody: it is bounded in length (1 MiB) and nesting, and every number in it is checked.
    /// What this returns is a layout that holds together: every field lies inside its record, none overlaps another,
    /// and no size is larger than [`MAX_RECORD_SIZE`](crate::MAX_RECORD_SIZE).
    ///
    /// # Errors
    ///
    /// [`SchemaError`] says which part of the record is wrong, and how.
    ///
    /// ```
    /// use shmrec::schema::{Schema, SchemaErrorKind};
    ///
    /// let text = r#"{"shmrec":1,"schema":{"record":"Pose","size":8,"align":8,"fields":[
    ///     {"name":"x","offset":0,"type":"f64"}
    /// ]},"docs":{"x":"In metres."}}"#;
    /// assert_eq!(Schema::parse(text)?.record().fields[0].docs, "In metres.");
    ///
    /// let error = Schema::parse(&text.replace(r#""offset":0"#, r#""offset":8"#)).unwrap_err();
    /// assert_eq!(error.path(), "x");
    /// assert_eq!(error.kind(), &SchemaErrorKind::Outside { end: 16, size: 8 });
    /// # Ok::<(), shmrec::schema::SchemaError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        parse::schema(text)
    }

    /// The record itself.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The type at `path`, of the record itself for the empty path. A variant's fields are a record by the variant's name.
    ///
    /// ```
    /// use shmrec::SharedRecord;
    /// use shmrec::schema::{Schema, Type};
    ///
    /// #[derive(SharedRecord)]
    /// struct Axis { limits: [f32; 2] }
    ///
    /// #[derive(SharedRecord)]
    /// struct Robot { home: Option<Axis>, #[record(capacity = 4)] tags: Vec<u16> }
    ///
    /// let schema = Schema::of::<Robot>();
    /// assert_eq!(schema.type_at("home.limits[1]")?, Type::F32);
    /// assert_eq!(schema.type_at("tags")?.to_string(), "Vec<u16> (capacity 4)");
    /// assert!(schema.type_at("tags[4]").is_err());
    /// # Ok::<(), shmrec::schema::PathError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PathError`] when it leads nowhere, whatever stands in a segment.
    pub fn type_at(&self, path: &str) -> Result<Type, PathError> {
        let place = path::resolve(&self.record, path)?;
        Ok(match place.to {
            path::Target::Record(record) => Type::Record(record.clone()),
            path::Target::Type(ty) => ty.clone(),
            path::Target::Variant(of, variant) => Type::Record(Record {
                name: variant.name.clone(),
                docs: variant.docs.clone(),
                size: of.size,
                align: of.align,
                fields: variant.fields.clone(),
            }),
        })
    }

    /// 128 bits over the [canonical form](Self::canonical).
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_canonical(&self.canonical())
    }

    /// The canonical form: compact JSON of names, offsets and types, without docs. Two records with the same canonical
    /// form have the same images.
    ///
    /// ```
    /// use shmrec::SharedRecord;
    /// use shmrec::schema::Schema;
    ///
    /// #[derive(SharedRecord)]
    /// struct Pose { x: f64 }
    ///
    /// assert_eq!(
    ///     Schema::of::<Pose>().canonical(),
    ///     r#"{"record":"Pose","size":8,"align":8,"fields":[{"name":"x","offset":0,"type":"f64"}]}"#
    /// );
    /// ```
    #[must_use]
    pub fn canonical(&self) -> String {
        json::canonical(&self.record)
    }

    /// The document that stands in a segment: the canonical form, and the docs beside it.
    ///
    /// ```
    /// use shmrec::SharedRecord;
    /// use shmrec::schema::Schema;
    ///
    /// /// Where it is.
    /// #[derive(SharedRecord)]
    /// struct Pose {
    ///     /// In metres.
    ///     x: f64,
    /// }
    ///
    /// let schema = Schema::of::<Pose>();
    /// assert_eq!(
    ///     schema.to_json(),
    ///     format!(r#"{{"shmrec":1,"schema":{},"docs":{{"":"Where it is.","x":"In metres."}}}}"#, schema.canonical())
    /// );
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        json::document(self)
    }

    /// The record as a header for C11, C++11 and later, to be saved as a file.
    ///
    /// The header declares a struct of the record's name with the record's image, and types for all that is in it, whose
    /// names begin with the record's; no compiler extension is needed. Padding is written out, and `static_assert`s on the
    /// size, the alignment and each offset make sure that a compiler sees what the schema says. Names that are none in C or
    /// C++ are changed, with the schema's own in a comment. Docs become comments.
    ///
    /// What each type becomes is in `docs/records.md`.
    ///
    /// ```
    /// use shmrec::SharedRecord;
    /// use shmrec::schema::Schema;
    ///
    /// #[derive(SharedRecord)]
    /// #[record(name = "robot.Pose")]
    /// struct Pose {
    ///     /// In metres.
    ///     x: f64,
    ///     valid: bool,
    ///     #[record(capacity = 12)]
    ///     frame: String,
    /// }
    ///
    /// let header = Schema::of::<Pose>().to_c();
    /// let declaration = "\
    /// typedef struct robot_Pose {
    ///     /* In metres. */
    ///     double x;
    ///     uint8_t valid; /* 0 or 1 */
    ///     uint8_t padding[3];
    ///     robot_Pose_string_12 frame;
    ///     uint8_t padding_2[4];
    /// } robot_Pose;
    /// static_assert(offsetof(robot_Pose, x) == 0, \"offset of x\");
    /// ";
    /// assert!(header.contains(declaration), "{header}");
    /// ```
    #[must_use]
    pub fn to_c(&self) -> String {
        c::header(self)
    }

    /// The same schema without its docs.
    #[must_use]
    pub fn without_docs(&self) -> Self {
        let mut schema = self.clone();
        schema.record.each_docs("", &mut |_, docs| docs.clear());
        schema
    }

    /// How this schema, the program's, differs from `other`, the segment's: the name first, then the fields in
    /// declaration order. Empty exactly when the canonical forms are equal.
    ///
    /// ```
    /// use shmrec::SharedRecord;
    /// use shmrec::schema::Schema;
    ///
    /// mod older {
    ///     #[derive(shmrec::SharedRecord)]
    ///     pub struct Account { id: u64, balance: i64 }
    /// }
    ///
    /// #[derive(SharedRecord)]
    /// struct Account { id: u64, balance: f64, closed: bool }
    ///
    /// let differences = Schema::of::<Account>().differences(&Schema::of::<older::Account>());
    /// assert_eq!(differences[0].to_string(), r#"field "balance": here f64 at 8, in the segment i64 at 8"#);
    /// assert_eq!(differences[1].to_string(), r#"field "closed": here bool at 16, not in the segment"#);
    /// ```
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        diff::differences(&self.record, &other.record)
    }
}

impl Type {
    /// Bytes of one image.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 | Self::Char | Self::Ipv4Addr => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
            Self::U128 | Self::I128 | Self::Duration | Self::SystemTime | Self::Ipv6Addr => 16,
            Self::NonZero { of } => of.size(),
            Self::Array { element, len } => element.size() * len,
            Self::Option { element } => option_size(element.size(), element.align()),
            Self::String { capacity } => string_size(*capacity),
            Self::Vec { element, capacity } => vec_size(element.size() * capacity, element.align()),
            Self::Record(record) => record.size,
            Self::Enum(of) => of.size,
        }
    }

    /// Alignment of the image in bytes, a power of two.
    #[must_use]
    pub fn align(&self) -> usize {
        match self {
            Self::Ipv4Addr | Self::Ipv6Addr => 1,
            Self::Duration | Self::SystemTime => 8,
            Self::NonZero { of } => of.align(),
            Self::Array { element, .. } | Self::Option { element } => element.align(),
            Self::String { .. } => LEN,
            Self::Vec { element, .. } => vec_align(element.align()),
            Self::Record(record) => record.align,
            Self::Enum(of) => of.align,
            scalar => scalar.size(),
        }
    }

    /// Whether it is an integer of 8 to 128 bits.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::U8
                | Self::U16
                | Self::U32
                | Self::U64
                | Self::U128
                | Self::I8
                | Self::I16
                | Self::I32
                | Self::I64
                | Self::I128
        )
    }

    /// Where, inside the image, the value of an option begins, the text of a string, or the first element of a
    /// sequence; 0 for every other type.
    #[must_use]
    pub fn value_offset(&self) -> usize {
        match self {
            Self::Option { element } => element.align(),
            Self::String { .. } => LEN,
            Self::Vec { element, .. } => round_up(LEN, element.align()),
            _ => 0,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array { element, len } => write!(f, "[{element}; {len}]"),
            Self::Option { element } => write!(f, "Option<{element}>"),
            Self::String { capacity } => write!(f, "String (capacity {capacity})"),
            Self::Vec { element, capacity } => write!(f, "Vec<{element}> (capacity {capacity})"),
            Self::NonZero { of } => write!(f, "NonZero<{of}>"),
            Self::Duration => f.write_str("Duration"),
            Self::SystemTime => f.write_str("SystemTime"),
            Self::Ipv4Addr => f.write_str("Ipv4Addr"),
            Self::Ipv6Addr => f.write_str("Ipv6Addr"),
            Self::Record(record) if record.name == TUPLE => {
                f.write_str("(")?;
                for (i, field) in record.fields.iter().enumerate() {
                    write!(f, "{}{}", if i > 0 { ", " } else { "" }, field.ty)?;
                }
                f.write_str(if record.fields.len() == 1 { ",)" } else { ")" })
            }
            Self::Record(record) => f.write_str(&record.name),
            Self::Enum(of) => f.write_str(&of.name),
            scalar => f.write_str(json::scalar_name(scalar).unwrap_or_default()),
        }
    }
}

impl Record {
    /// Hands the docs of the record, of its fields and of everything nested in them to `visit`, each with its path.
    ///
    /// `path` is that of the record, as errors write it. A field's docs stand under the field's path, those of a nested
    /// record or enum under the path of its fields with an empty name: `address` is the field, `address.` its type.
    fn each_docs(&mut self, path: &str, visit: &mut impl FnMut(&str, &mut String)) {
        let own = if path.is_empty() { String::new() } else { join(path, "") };
        visit(&own, &mut self.docs);
        each_field_docs(&mut self.fields, path, visit);
    }
}

fn each_field_docs(fields: &mut [FieldSchema], path: &str, visit: &mut impl FnMut(&str, &mut String)) {
    for field in fields {
        let path = join(path, &field.name);
        visit(&path, &mut field.docs);
        field.ty.each_docs(&path, visit);
    }
}

impl Type {
    fn each_docs(&mut self, path: &str, visit: &mut impl FnMut(&str, &mut String)) {
        match self {
            Self::Array { element, .. } | Self::Vec { element, .. } => element.each_docs(&element_of(path), visit),
            Self::Option { element } => element.each_docs(path, visit),
            Self::Record(record) => record.each_docs(path, visit),
            Self::Enum(of) => {
                visit(&join(path, ""), &mut of.docs);
                for variant in &mut of.variants {
                    let path = join(path, &variant.name);
                    visit(&path, &mut variant.docs);
                    each_field_docs(&mut variant.fields, &path, visit);
                }
            }
            _ => {}
        }
    }
}

/// The path of `name` in the record at `path`.
fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// The path of any element of the sequence at `path`.
fn element_of(path: &str) -> String {
    format!("{path}[]")
}

impl From<&RecordDesc> for Record {
    fn from(desc: &RecordDesc) -> Self {
        Self {
            name: desc.name.to_owned(),
            docs: desc.docs.to_owned(),
            size: desc.size,
            align: desc.align,
            fields: desc.fields.iter().map(FieldSchema::from).collect(),
        }
    }
}

impl From<&FieldDesc> for FieldSchema {
    fn from(desc: &FieldDesc) -> Self {
        Self { name: desc.name.to_owned(), docs: desc.docs.to_owned(), offset: desc.offset, ty: Type::from(&desc.ty) }
    }
}

impl From<&EnumDesc> for Enum {
    fn from(desc: &EnumDesc) -> Self {
        let variants = desc.variants.iter().map(|variant| Variant {
            name: variant.name.to_owned(),
            docs: variant.docs.to_owned(),
            value: variant.value,
            fields: variant.fields.iter().map(FieldSchema::from).collect(),
        });
        Self {
            name: desc.name.to_owned(),
            docs: desc.docs.to_owned(),
            size: desc.size,
            align: desc.align,
            tag: Box::new(Type::from(desc.tag)),
            variants: variants.collect(),
        }
    }
}

impl From<&TypeDesc> for Type {
    fn from(desc: &TypeDesc) -> Self {
        let boxed = |element: &TypeDesc| Box::new(Self::from(element));
        match desc {
            TypeDesc::U8 => Self::U8,
            TypeDesc::U16 => Self::U16,
            TypeDesc::U32 => Self::U32,
            TypeDesc::U64 => Self::U64,
            TypeDesc::U128 => Self::U128,
            TypeDesc::I8 => Self::I8,
            TypeDesc::I16 => Self::I16,
            TypeDesc::I32 => Self::I32,
            TypeDesc::I64 => Self::I64,
            TypeDesc::I128 => Self::I128,
            TypeDesc::F32 => Self::F32,
            TypeDesc::F64 => Self::F64,
            TypeDesc::Bool => Self::Bool,
            TypeDesc::Char => Self::Char,
            TypeDesc::NonZero { of } => Self::NonZero { of: boxed(of) },
            TypeDesc::Duration => Self::Duration,
            TypeDesc::SystemTime => Self::SystemTime,
            TypeDesc::Ipv4Addr => Self::Ipv4Addr,
            TypeDesc::Ipv6Addr => Self::Ipv6Addr,
            TypeDesc::Array { element, len } => Self::Array { element: boxed(element), len: *len },
            TypeDesc::Option { element } => Self::Option { element: boxed(element) },
            TypeDesc::String { capacity } => Self::String { capacity: *capacity },
            TypeDesc::Vec { element, capacity } => Self::Vec { element: boxed(element), capacity: *capacity },
            TypeDesc::Record { record } => Self::Record(Record::from(*record)),
            TypeDesc::Enum { desc } => Self::Enum(Enum::from(*desc)),
        }
    }
}
