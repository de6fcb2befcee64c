//! The canonical form of a schema and its fingerprint, in const evaluation.

use std::fmt;

use super::{EnumDesc, FieldDesc, RecordDesc, TypeDesc};

/// 128 bits that stand for a record's schema: FNV-1a over the canonical form.
///
/// The canonical form is the compact JSON that stands in every segment (`docs/format.md`): declared name, size,
/// alignment, and for each field its name, offset and type, all the way down. Doc comments and Rust module paths are not in
/// it. FNV-1a: Fowler, Noll, Vo, <https://www.rfc-editor.org/rfc/rfc9923>.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

impl Fingerprint {
    /// The fingerprint of a record's description.
    #[must_use]
    pub const fn of_record(record: &RecordDesc) -> Self {
        Self(Hasher(OFFSET_BASIS).record(record).0)
    }

    /// The fingerprint of a canonical form, byte for byte.
    #[must_use]
    pub const fn of_canonical(form: &str) -> Self {
        Self(Hasher(OFFSET_BASIS).text(form).0)
    }

    /// As a segment's header holds it: little-endian.
    #[must_use]
    pub const fn to_le_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// From a segment's header.
    #[must_use]
    pub const fn from_le_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// FNV-1a over the canonical form, piece by piece. The pieces are those that `schema::json` writes.
struct Hasher(u128);

impl Hasher {
    const fn text(mut self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            self.0 = (self.0 ^ bytes[i] as u128).wrapping_mul(PRIME);
            i += 1;
        }
        self
    }

    /// A name in quotes. Names need no escapes, because no name may hold what would need one.
    const fn name(self, name: &str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "a name in a schema must not be empty");
        assert!(bytes.len() <= 255, "a name in a schema must not be longer than 255 bytes");
        let mut i = 0;
        while i < bytes.len() {
            assert!(
                bytes[i] > b' ' && bytes[i] != b'"' && bytes[i] != b'\\' && bytes[i] != 0x7f,
                "a name in a schema must not hold blanks, quotes, backslashes or control characters"
            );
            i += 1;
        }
        self.text("\"").text(name).text("\"")
    }

    const fn number(self, number: usize) -> Self {
        let hasher = if number >= 10 { self.number(number / 10) } else { self };
        hasher.digit(number % 10)
    }

    const fn digit(mut self, digit: usize) -> Self {
        self.0 = (self.0 ^ (b'0' + digit as u8) as u128).wrapping_mul(PRIME);
        self
    }

    /// A tag's value: a decimal number in quotes, because JSON's own numbers do not hold 64 bits everywhere.
    const fn value(self, value: i128) -> Self {
        let hasher = if value < 0 { self.text("\"-") } else { self.text("\"") };
        let magnitude = value.unsigned_abs();
        assert!(magnitude <= u64::MAX as u128, "an enum's value has at most 64 bits");
        hasher.number(magnitude as usize).text("\"")
    }

    const fn record(self, record: &RecordDesc) -> Self {
        self.text("{\"record\":")
            .name(record.name)
            .text(",\"size\":")
            .number(record.size)
            .text(",\"align\":")
            .number(record.align)
            .text(",\"fields\":")
            .fields(record.fields)
            .text("}")
    }

    const fn fields(self, fields: &[FieldDesc]) -> Self {
        let mut hasher = self.text("[");
        let mut i = 0;
        while i < fields.len() {
            if i > 0 {
                hasher = hasher.text(",");
            }
            hasher = hasher
                .text("{\"name\":")
                .name(fields[i].name)
                .text(",\"offset\":")
                .number(fields[i].offset)
                .text(",\"type\":")
                .ty(&fields[i].ty)
                .text("}");
            i += 1;
        }
        hasher.text("]")
    }

    const fn ty(self, ty: &TypeDesc) -> Self {
        match ty {
            TypeDesc::U8 => self.text("\"u8\""),
            TypeDesc::U16 => self.text("\"u16\""),
            TypeDesc::U32 => self.text("\"u32\""),
            TypeDesc::U64 => self.text("\"u64\""),
            TypeDesc::U128 => self.text("\"u128\""),
            TypeDesc::I8 => self.text("\"i8\""),
            TypeDesc::I16 => self.text("\"i16\""),
            TypeDesc::I32 => self.text("\"i32\""),
            TypeDesc::I64 => self.text("\"i64\""),
            TypeDesc::I128 => self.text("\"i128\""),
            TypeDesc::F32 => self.text("\"f32\""),
            TypeDesc::F64 => self.text("\"f64\""),
            TypeDesc::Bool => self.text("\"bool\""),
            TypeDesc::Char => self.text("\"char\""),
            TypeDesc::Duration => self.text("\"duration\""),
            TypeDesc::SystemTime => self.text("\"system_time\""),
            TypeDesc::Ipv4Addr => self.text("\"ipv4_addr\""),
            TypeDesc::Ipv6Addr => self.text("\"ipv6_addr\""),
            TypeDesc::NonZero { of } => self.text("{\"nonzero\":").ty(of).text("}"),
            TypeDesc::Array { element, len } => {
                self.text("{\"array\":").ty(element).text(",\"len\":").number(*len).text("}")
            }
            TypeDesc::Option { element } => self.text("{\"option\":").ty(element).text("}"),
            TypeDesc::String { capacity } => self.text("{\"string\":").number(*capacity).text("}"),
            TypeDesc::Vec { element, capacity } => {
                self.text("{\"vec\":").ty(element).text(",\"capacity\":").number(*capacity).text("}")
            }
            TypeDesc::Record { record } => self.record(record),
            TypeDesc::Enum { desc } => self.variants(desc),
        }
    }

    const fn variants(self, desc: &EnumDesc) -> Self {
        let mut hasher = self
            .text("{\"enum\":")
            .name(desc.name)
            .text(",\"size\":")
            .number(desc.size)
            .text(",\"align\":")
            .number(desc.align)
            .text(",\"tag\":")
            .ty(desc.tag)
            .text(",\"variants\":[");
        let mut i = 0;
        while i < desc.variants.len() {
            let variant = &desc.variants[i];
            if i > 0 {
                hasher = hasher.text(",");
            }
            hasher = hasher
                .text("{\"name\":")
                .name(variant.name)
                .text(",\"value\":")
                .value(variant.value)
                .text(",\"fields\":")
                .fields(variant.fields)
                .text("}");
            i += 1;
        }
        hasher.text("]}")
    }
}

#[cfg(test)]
mod tests {
    use super::Fingerprint;

    #[test]
    fn the_hash_is_fnv_1a_with_128_bits() {
        // The test vectors of RFC 9923.
        assert_eq!(Fingerprint::of_canonical("").to_string(), "6c62272e07bb014262b821756295c58d");
        assert_eq!(Fingerprint::of_canonical("a").to_string(), "d228cb696f1a8caf78912b704e4a8964");
        assert_eq!(Fingerprint::of_canonical("foobar").to_string(), "343e1662793c64bf6f0d3597ba446f18");
    }
}
