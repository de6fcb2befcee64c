//! Descriptions of types, as constants: what the derive writes down and the schema and the fingerprint are made of.

use super::StoreError;
use super::layout::{option_size, string_size, vec_align, vec_size};

/// The type of a field, described so that it can be laid out, compared and decoded without the Rust type.
///
/// A constant of every [`SharedField`](crate::SharedField). The run-time form, which can also be read back from a
/// segment, is [`schema::Type`](crate::schema::Type).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TypeDesc {
    /// Unsigned, 1 byte.
    U8,
    /// Unsigned, 2 bytes, little-endian.
    U16,
    /// Unsigned, 4 bytes, little-endian.
    U32,
    /// Unsigned, 8 bytes, little-endian.
    U64,
    /// Unsigned, 16 bytes, little-endian, aligned to 16.
    U128,
    /// Two's complement, 1 byte.
    I8,
    /// Two's complement, 2 bytes, little-endian.
    I16,
    /// Two's complement, 4 bytes, little-endian.
    I32,
    /// Two's complement, 8 bytes, little-endian.
    I64,
    /// Two's complement, 16 bytes, little-endian, aligned to 16.
    I128,
    /// IEEE 754 binary32, little-endian.
    F32,
    /// IEEE 754 binary64, little-endian.
    F64,
    /// 1 byte, 0 or 1.
    Bool,
    /// A Unicode scalar value in 4 bytes, little-endian.
    Char,
    /// An integer that is not 0, as the integer itself.
    NonZero {
        /// The type of the integer.
        of: &'static TypeDesc,
    },
    /// A span of time: `u64` seconds, then `u32` nanoseconds below 1,000,000,000, in 16 bytes aligned to 8.
    Duration,
    /// A point in time: `i64` seconds since the Unix epoch, rounded down, then `u32` nanoseconds below 1,000,000,000
    /// after them, in 16 bytes aligned to 8.
    SystemTime,
    /// An IPv4 address: its 4 octets, as they go over a network.
    Ipv4Addr,
    /// An IPv6 address: its 16 octets, as they go over a network.
    Ipv6Addr,
    /// `len` elements, one after the other, without padding between them.
    Array {
        /// The type of one element.
        element: &'static TypeDesc,
        /// How many elements.
        len: usize,
    },
    /// A `u8` tag, 0 for none and 1 for some, then the value at its own alignment (all zero for none).
    Option {
        /// The type of the value.
        element: &'static TypeDesc,
    },
    /// A `u32` length in bytes, then `capacity` bytes of UTF-8, zero behind the length.
    String {
        /// The most bytes of UTF-8 that fit.
        capacity: usize,
    },
    /// A `u32` length in elements, then `capacity` elements at their alignment, zero behind the length.
    Vec {
        /// The type of one element.
        element: &'static TypeDesc,
        /// The most elements that fit.
        capacity: usize,
    },
    /// A nested record; a tuple is one of the name `()`.
    Record {
        /// Its description.
        record: &'static RecordDesc,
    },
    /// An enum: a tag, and the fields of the variant that the tag names.
    Enum {
        /// Its description.
        desc: &'static EnumDesc,
    },
}

/// A record: its declared name, its layout and its fields.
#[derive(Clone, Copy, Debug)]
pub struct RecordDesc {
    /// The declared name: the struct's own, or what `#[record(name = "...")]` says.
    pub name: &'static str,
    /// The doc comment, outside the fingerprint.
    pub docs: &'static str,
    /// Bytes of one image.
    pub size: usize,
    /// Alignment of the image in bytes, a power of two.
    pub align: usize,
    /// The fields in declaration order.
    pub fields: &'static [FieldDesc],
}

/// Stores the image of a field's default into [`TypeDesc::size`] zeroed bytes.
pub type StoreDefault = fn(&mut [u8]) -> Result<(), StoreError>;

/// A field of a record or of an enum's variant.
#[derive(Clone, Copy, Debug)]
pub struct FieldDesc {
    /// The declared name (`"0"`, `"1"`, … in a tuple).
    pub name: &'static str,
    /// The doc comment, outside the fingerprint.
    pub docs: &'static str,
    /// Bytes from the start of the record or enum that the field belongs to.
    pub offset: usize,
    /// The field's type.
    pub ty: TypeDesc,
    /// What the field holds when a compatible link meets a segment without it (`#[record(default)]`). Outside the
    /// fingerprint.
    pub default: Option<StoreDefault>,
}

impl TypeDesc {
    /// Bytes of one image.
    #[must_use]
    pub const fn size(&self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 | Self::Char | Self::Ipv4Addr => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
            Self::U128 | Self::I128 | Self::Duration | Self::SystemTime | Self::Ipv6Addr => 16,
            Self::NonZero { of } => of.size(),
            Self::Array { element, len } => element.size() * *len,
            Self::Option { element } => option_size(element.size(), element.align()),
            Self::String { capacity } => string_size(*capacity),
            Self::Vec { element, capacity } => vec_size(element.size() * *capacity, element.align()),
            Self::Record { record } => record.size,
            Self::Enum { desc } => desc.size,
        }
    }

    /// Alignment of the image in bytes, a power of two.
    #[must_use]
    pub const fn align(&self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool | Self::Ipv4Addr | Self::Ipv6Addr => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 | Self::Char | Self::String { .. } => 4,
            Self::U64 | Self::I64 | Self::F64 | Self::Duration | Self::SystemTime => 8,
            Self::U128 | Self::I128 => 16,
            Self::NonZero { of } => of.align(),
            Self::Array { element, .. } | Self::Option { element } => element.align(),
            Self::Vec { element, .. } => vec_align(element.align()),
            Self::Record { record } => record.align,
            Self::Enum { desc } => desc.align,
        }
    }
}

/// An enum: its tag and its variants.
#[derive(Clone, Copy, Debug)]
pub struct EnumDesc {
    /// The declared name.
    pub name: &'static str,
    /// The doc comment, outside the fingerprint.
    pub docs: &'static str,
    /// Bytes of one image.
    pub size: usize,
    /// Alignment of the image in bytes, a power of two.
    pub align: usize,
    /// The tag's integer type, at offset 0.
    pub tag: &'static TypeDesc,
    /// The variants in declaration order.
    pub variants: &'static [VariantDesc],
}

/// One variant of an enum.
#[derive(Clone, Copy, Debug)]
pub struct VariantDesc {
    /// The declared name.
    pub name: &'static str,
    /// The doc comment, outside the fingerprint.
    pub docs: &'static str,
    /// The tag's value.
    pub value: i128,
    /// The variant's own fields; empty for a field-less variant.
    pub fields: &'static [FieldDesc],
}

/// A description that tests make: as static as those that are derived, and not lost to one who looks for leaks.
#[cfg(test)]
pub(crate) fn kept<T: Send + Sync + 'static>(description: T) -> &'static T {
    use std::any::Any;
    use std::sync::Mutex;

    static KEPT: Mutex<Vec<&(dyn Any + Send + Sync)>> = Mutex::new(Vec::new());
    let kept: &T = Box::leak(Box::new(description));
    KEPT.lock().unwrap().push(kept);
    kept
}
