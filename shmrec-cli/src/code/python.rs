//! A record as a Python module: its numpy dtype, and a function that reads a segment.

use shmrec::schema::{Enum, FieldSchema, Schema, Type};

use super::named::{Named, Types, words};
use crate::text;

/// The module.
pub(crate) fn module(schema: &Schema, segment: &str) -> String {
    let record = schema.record();
    let types = Types::of(record, identifier);
    let mut out =
        format!("\"\"\"The record of the segment {segment}, as `shmrec schema {segment} --python` declares it.\n");
    for line in record.docs.lines() {
        out.push_str(&format!("\n{}", text::clean(line).replace('\\', "\\\\").replace('"', "'")));
    }
    out.push_str("\n\"\"\"\n\nimport os\nimport struct\n\nimport numpy as np\n");
    for (identifier, named) in types.iter() {
        let (dtype, names) = match named {
            Named::Record(record) => (structure(&record.fields, record.size, &types), None),
            Named::Enum(of) => (enumeration(of, &types), Some(variants(of))),
        };
        out.push_str(&format!("\n{identifier} = np.dtype({dtype})\n"));
        if let Some(names) = names {
            out.push_str(&format!("{identifier}_NAMES = {names}\n"));
        }
    }
    let root = types.identifier(Named::Record(record));
    let fingerprint: String = schema.fingerprint().to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    out.push_str(&READER.replace("{root}", root).replace("{fingerprint}", &fingerprint));
    out
}

/// How a segment is read without shmrec: the three steps of `docs/protocol.md`.
const READER: &str = r#"
FINGERPRINT = bytes.fromhex("{fingerprint}")


def read(path):
    """The number of the last version in a segment's file, and the record; 0 and None before the first.

    A copy that writers may have overtaken is made again.
    """
    fd = os.open(path, os.O_RDONLY)
    try:
        header = os.pread(fd, 512, 0)
        if header[:8] != b"shmrec\r\n":
            raise ValueError(f"{path}: this is no segment")
        if header[104:120] != FINGERPRINT:
            raise ValueError(f"{path}: the segment holds another record")
        slots, stride = struct.unpack_from("<IQ", header, 44)
        transfer, = struct.unpack_from("<Q", header, 72)
        records, = struct.unpack_from("<Q", header, 96)
        for _ in range(10_000):
            version, = struct.unpack("<Q", os.pread(fd, 8, transfer + 8))
            if version == 0:
                return 0, None
            image = os.pread(fd, {root}.itemsize, records + version % slots * stride)
            begun, = struct.unpack("<Q", os.pread(fd, 8, transfer))
            if (begun - version) % 2**64 < slots:
                return version, np.frombuffer(image, {root})[0]
        raise TimeoutError(f"{path}: writers are faster than this reader")
    finally:
        os.close(fd)
"#;

fn identifier(name: &str) -> String {
    const TAKEN: [&str; 6] = ["np", "os", "struct", "read", "FINGERPRINT", "None"];
    const KEYWORDS: [&str; 34] = [
        "False", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
        "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
        "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    let mut out = words(name);
    if TAKEN.contains(&out.as_str()) || KEYWORDS.contains(&out.as_str()) {
        out.push('_');
    }
    out
}

/// A text as a literal, which JSON's are too.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn structure(fields: &[FieldSchema], size: usize, types: &Types<'_>) -> String {
    let parts = fields.iter().map(|field| (field.name.clone(), type_of(&field.ty, types), field.offset)).collect();
    parts_of(parts, size)
}

/// A dtype of parts: names, types and offsets.
fn parts_of(parts: Vec<(String, String, usize)>, size: usize) -> String {
    let list = |items: Vec<String>| items.join(", ");
    let names = list(parts.iter().map(|(name, ..)| literal(name)).collect());
    let formats = list(parts.iter().map(|(_, ty, _)| ty.clone()).collect());
    let offsets = list(parts.iter().map(|(.., offset)| offset.to_string()).collect());
    format!("{{\"names\": [{names}], \"formats\": [{formats}], \"offsets\": [{offsets}], \"itemsize\": {size}}}")
}

/// An enum without data is its tag; one with data has a part for each variant that has some, which mean something when the
/// tag says so.
fn enumeration(of: &Enum, types: &Types<'_>) -> String {
    let mut parts = vec![("tag".to_owned(), type_of(&of.tag, types), 0)];
    for variant in of.variants.iter().filter(|variant| !variant.fields.is_empty()) {
        // A variant that is called like the tag.
        let name = if variant.name == "tag" { "tag_".to_owned() } else { variant.name.clone() };
        parts.push((name, format!("np.dtype({})", structure(&variant.fields, of.size, types)), 0));
    }
    if parts.len() == 1 { type_of(&of.tag, types) } else { parts_of(parts, of.size) }
}

fn variants(of: &Enum) -> String {
    let names: Vec<String> =
        of.variants.iter().map(|variant| format!("{}: {}", variant.value, literal(&variant.name))).collect();
    format!("{{{}}}", names.join(", "))
}

fn type_of(ty: &Type, types: &Types<'_>) -> String {
    match ty {
        Type::U8 => "\"u1\"".to_owned(),
        Type::U16 => "\"<u2\"".to_owned(),
        Type::U32 | Type::Char => "\"<u4\"".to_owned(),
        Type::U64 => "\"<u8\"".to_owned(),
        Type::I8 => "\"i1\"".to_owned(),
        Type::I16 => "\"<i2\"".to_owned(),
        Type::I32 => "\"<i4\"".to_owned(),
        Type::I64 => "\"<i8\"".to_owned(),
        Type::F32 => "\"<f4\"".to_owned(),
        Type::F64 => "\"<f8\"".to_owned(),
        Type::Bool => "\"?\"".to_owned(),
        // numpy has no integers of 16 bytes: `int.from_bytes(value.tobytes(), "little")` is one.
        Type::U128 | Type::I128 => "\"V16\"".to_owned(),
        Type::NonZero { of } => type_of(of, types),
        Type::Ipv4Addr => "(\"u1\", (4,))".to_owned(),
        Type::Ipv6Addr => "(\"u1\", (16,))".to_owned(),
        Type::Duration => nested(vec![("secs", "\"<u8\"".to_owned(), 0), ("nanos", "\"<u4\"".to_owned(), 8)], ty),
        Type::SystemTime => nested(vec![("secs", "\"<i8\"".to_owned(), 0), ("nanos", "\"<u4\"".to_owned(), 8)], ty),
        Type::Array { element, len } => format!("({}, ({len},))", type_of(element, types)),
        Type::Option { element } => {
            nested(vec![("some", "\"u1\"".to_owned(), 0), ("value", type_of(element, types), ty.value_offset())], ty)
        }
        Type::String { capacity } => {
            nested(vec![("len", "\"<u4\"".to_owned(), 0), ("utf8", format!("\"S{capacity}\""), ty.value_offset())], ty)
        }
        Type::Vec { element, capacity } => {
            let items = format!("({}, ({capacity},))", type_of(element, types));
            nested(vec![("len", "\"<u4\"".to_owned(), 0), ("items", items, ty.value_offset())], ty)
        }
        Type::Record(record) if record.name == "()" => {
            format!("np.dtype({})", structure(&record.fields, record.size, types))
        }
        Type::Record(record) => types.identifier(Named::Record(record)).to_owned(),
        Type::Enum(of) => types.identifier(Named::Enum(of)).to_owned(),
        // A type that this program's library has and this program does not know.
        other => format!("\"V{}\"", other.size()),
    }
}

fn nested(parts: Vec<(&str, String, usize)>, ty: &Type) -> String {
    let parts = parts.into_iter().map(|(name, part, offset)| (name.to_owned(), part, offset)).collect();
    format!("np.dtype({})", parts_of(parts, ty.size()))
}
