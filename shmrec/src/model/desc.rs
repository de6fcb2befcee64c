//! Descriptions of types, as constants: what the derive writes down and the schema and the fingerprint are made of.

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
    /// A nested record.
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

/// A field of a record or of an enum's variant.
#[derive(Clone, Copy, Debug)]
pub struct FieldDesc {
    /// The declared name (`"0"`, `"1"`, … in a tuple struct).
    pub name: &'static str,
    /// The doc comment, outside the fingerprint.
    pub docs: &'static str,
    /// Bytes from the start of the record or enum that the field belongs to.
    pub offset: usize,
    /// The field's type.
    pub ty: TypeDesc,
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
