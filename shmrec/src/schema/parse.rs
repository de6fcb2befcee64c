//! Reading a schema that somebody else wrote: every byte of it is checked before anything relies on it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fmt;

use tinyjson::JsonValue;

use super::{Enum, FieldSchema, Record, Schema, Type, Variant, element_of, join, json};
use crate::model::MAX_RECORD_SIZE;
use crate::model::layout::{LEN, MAX_ALIGN, option_size, string_size, vec_align, vec_size};

/// Bytes of the longest document, as many as a segment has room for.
const MAX_LEN: usize = 1 << 20;

/// Brackets inside brackets. The JSON parser calls itself for each, and so does everything that follows a type inwards.
const MAX_DEPTH: usize = 64;

/// Bytes of the longest name.
const MAX_NAME: usize = 255;

/// A schema that does not hold together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    path: String,
    kind: SchemaErrorKind,
}

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaErrorKind {
    /// The document is longer than 1 MiB.
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// Its brackets are nested deeper than any record needs.
    TooDeep,
    /// It is not JSON.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
    },
    /// An object has the same key twice.
    DuplicateKey,
    /// The document has another version than 1.
    Version {
        /// What stands there.
        found: String,
    },
    /// Something has another form than the format's.
    Form {
        /// The key whose value it is.
        key: &'static str,
        /// What the format has there.
        expected: &'static str,
    },
    /// An object has a key that the format does not know.
    UnknownKey {
        /// The key, shortened.
        key: String,
    },
    /// An object lacks a key.
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A type that the format does not know.
    UnknownType {
        /// Its name, shortened.
        name: String,
    },
    /// A name that is empty, longer than 255 bytes, or holds blanks, double quotes, backslashes, control characters, or
    /// (of a field or a variant) `.`, `[` or `]`.
    Name {
        /// The name, shortened.
        name: String,
    },
    /// Two fields of a record or two variants of an enum have this name.
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A capacity of 0.
    Capacity,
    /// More bytes or elements than [`MAX_RECORD_SIZE`](crate::MAX_RECORD_SIZE).
    TooLarge,
    /// An alignment that is not 1, 2, 4 … 64.
    Alignment {
        /// What stands there.
        align: usize,
    },
    /// A field ends behind the end of what it belongs to.
    Outside {
        /// Where it ends, in bytes.
        end: usize,
        /// The size of its record or enum.
        size: usize,
    },
    /// A field does not stand at a multiple of its alignment.
    Misaligned {
        /// Where it stands.
        offset: usize,
        /// Its alignment.
        align: usize,
    },
    /// A field begins inside another one, or inside an enum's tag.
    Overlap {
        /// Where it begins.
        offset: usize,
        /// Where the one before it ends.
        end: usize,
    },
    /// A record or an enum states another size than its parts have.
    Size {
        /// What it states.
        stated: usize,
        /// What its parts have.
        computed: usize,
    },
    /// An enum's tag is no integer of 8 to 64 bits.
    Tag,
    /// An enum without variants.
    NoVariants,
    /// A variant's value is no number of the tag's type, or another variant's.
    Value {
        /// The value, shortened.
        value: String,
    },
    /// Docs for something that the record does not have.
    StrayDocs {
        /// The path they are for, shortened.
        path: String,
    },
}

impl SchemaError {
    fn new(path: &str, kind: SchemaErrorKind) -> Self {
        Self { path: path.to_owned(), kind }
    }

    /// Where, as a path from the record: `address.zip`, `axes[].limits`. Empty for the record itself and for the
    /// document.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    #[must_use]
    pub fn kind(&self) -> &SchemaErrorKind {
        &self.kind
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "schema: {}", self.kind)
        } else {
            write!(f, "schema of {:?}: {}", self.path, self.kind)
        }
    }
}

impl Error for SchemaError {}

impl fmt::Display for SchemaErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len } => write!(f, "{len} bytes are more than {MAX_LEN}"),
            Self::TooDeep => write!(f, "brackets are nested deeper than {MAX_DEPTH}"),
            Self::Syntax { line, column } => write!(f, "not JSON at line {line}, column {column}"),
            Self::DuplicateKey => f.write_str("a key stands twice in one object"),
            Self::Version { found } => write!(f, "version {found} where this program knows {}", json::VERSION),
            Self::Form { key, expected } => write!(f, "expected {expected} under {key:?}"),
            Self::UnknownKey { key } => write!(f, "unknown key {key:?}"),
            Self::MissingKey { key } => write!(f, "no key {key:?}"),
            Self::UnknownType { name } => write!(f, "unknown type {name:?}"),
            Self::Name { name } => write!(f, "{name:?} is no name"),
            Self::DuplicateName { name } => write!(f, "two parts are named {name:?}"),
            Self::Capacity => f.write_str("a capacity of 0"),
            Self::TooLarge => write!(f, "larger than {MAX_RECORD_SIZE} bytes or elements"),
            Self::Alignment { align } => write!(f, "an alignment of {align} where 1, 2, 4 … {MAX_ALIGN} can be"),
            Self::Outside { end, size } => write!(f, "it ends at {end}, outside of the {size} bytes it belongs to"),
            Self::Misaligned { offset, align } => {
                write!(f, "it stands at {offset}, no multiple of its alignment {align}")
            }
            Self::Overlap { offset, end } => write!(f, "it begins at {offset}, before {end}, where another part ends"),
            Self::Size { stated, computed } => write!(f, "a stated size of {stated} where the parts have {computed}"),
            Self::Tag => f.write_str("the tag of an enum must be an integer of 8 to 64 bits"),
            Self::NoVariants => f.write_str("an enum without variants"),
            Self::Value { value } => write!(f, "{value:?} is no value of the tag, or stands twice"),
            Self::StrayDocs { path } => write!(f, "docs for {path:?}, which is not in the record"),
        }
    }
}

/// What a function that reads one part returns.
type Parsed<T> = Result<T, SchemaError>;

/// Text of the document that goes into a message.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

pub(super) fn schema(text: &str) -> Parsed<Schema> {
    let pairs = scan(text)?;
    let value: JsonValue = text.parse().map_err(|error: tinyjson::JsonParseError| {
        SchemaError::new("", SchemaErrorKind::Syntax { line: error.line(), column: error.column() })
    })?;
    // The parser keeps the last of two pairs with one key. So that no two readers see two schemas in one text, there
    // must be as many pairs as colons.
    if pairs != self::pairs(&value) {
        return Err(SchemaError::new("", SchemaErrorKind::DuplicateKey));
    }
    let [version, schema, docs] = object(&value, "", "document", ["shmrec", "schema", "docs"])?;
    match version {
        JsonValue::Number(version) if *version == json::VERSION as f64 => {}
        JsonValue::Number(other) => {
            return Err(SchemaError::new("", SchemaErrorKind::Version { found: other.to_string() }));
        }
        _ => return Err(form("", "shmrec", "a number")),
    }
    let mut record = record(schema, "")?.0;
    attach(docs, &mut record)?;
    Ok(Schema { record })
}

/// Whether [`Schema::parse`] would find the text within its bounds: what a creator asks before it stores a schema that
/// nobody could read.
pub(crate) fn check_bounds(text: &str) -> Result<(), SchemaError> {
    scan(text).map(drop)
}

/// Bounds the length and the nesting of the text, and counts the colons outside of strings.
fn scan(text: &str) -> Parsed<usize> {
    if text.len() > MAX_LEN {
        return Err(SchemaError::new("", SchemaErrorKind::TooLong { len: text.len() }));
    }
    let (mut depth, mut colons) = (0usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' => colons += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(SchemaError::new("", SchemaErrorKind::TooDeep));
        }
    }
    Ok(colons)
}

/// Steps behind the closing quote.
fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            // Whatever is escaped does not close the string.
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

fn pairs(value: &JsonValue) -> usize {
    match value {
        JsonValue::Object(object) => object.len() + object.values().map(pairs).sum::<usize>(),
        JsonValue::Array(array) => array.iter().map(pairs).sum(),
        _ => 0,
    }
}

fn form(path: &str, key: &'static str, expected: &'static str) -> SchemaError {
    SchemaError::new(path, SchemaErrorKind::Form { key, expected })
}

/// The values of an object that has exactly these keys.
fn object<'v, const N: usize>(
    value: &'v JsonValue,
    path: &str,
    key: &'static str,
    keys: [&'static str; N],
) -> Parsed<[&'v JsonValue; N]> {
    let JsonValue::Object(object) = value else { return Err(form(path, key, "an object")) };
    members(object, path, keys)
}

fn members<'v, const N: usize>(
    object: &'v HashMap<String, JsonValue>,
    path: &str,
    keys: [&'static str; N],
) -> Parsed<[&'v JsonValue; N]> {
    // The least of them, so that the message does not depend on the order of a hash map.
    if let Some(key) = object.keys().filter(|key| !keys.contains(&key.as_str())).min() {
        return Err(SchemaError::new(path, SchemaErrorKind::UnknownKey { key: shortened(key) }));
    }
    let mut values = [value_of_nothing(); N];
    for (value, key) in values.iter_mut().zip(keys) {
        *value = object.get(key).ok_or_else(|| SchemaError::new(path, SchemaErrorKind::MissingKey { key }))?;
    }
    Ok(values)
}

/// What stands in an array before the values are in it.
fn value_of_nothing() -> &'static JsonValue {
    &JsonValue::Null
}

fn array<'v>(value: &'v JsonValue, path: &str, key: &'static str) -> Parsed<&'v [JsonValue]> {
    match value {
        JsonValue::Array(array) => Ok(array),
        _ => Err(form(path, key, "an array")),
    }
}

fn text<'v>(value: &'v JsonValue, path: &str, key: &'static str) -> Parsed<&'v str> {
    match value {
        JsonValue::String(text) => Ok(text),
        _ => Err(form(path, key, "a string")),
    }
}

/// A whole number of at most [`MAX_RECORD_SIZE`]: sizes, offsets, lengths, capacities.
fn number(value: &JsonValue, path: &str, key: &'static str) -> Parsed<usize> {
    match value {
        JsonValue::Number(number) if number.fract() != 0.0 || *number < 0.0 => Err(form(path, key, "a whole number")),
        // Exact: far below 2^53.
        JsonValue::Number(number) if *number <= MAX_RECORD_SIZE as f64 => Ok(*number as usize),
        JsonValue::Number(_) => Err(SchemaError::new(path, SchemaErrorKind::TooLarge)),
        _ => Err(form(path, key, "a number")),
    }
}

/// A name that can stand in the canonical form as it is.
fn name(value: &JsonValue, path: &str, key: &'static str) -> Parsed<String> {
    let name = text(value, path, key)?;
    let wrong = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\');
    if name.is_empty() || name.len() > MAX_NAME || name.contains(wrong) {
        return Err(SchemaError::new(path, SchemaErrorKind::Name { name: shortened(name) }));
    }
    Ok(name.to_owned())
}

/// A name that can be a step of a path as well.
fn step(value: &JsonValue, path: &str) -> Parsed<String> {
    let name = name(value, path, "name")?;
    if name.contains(['.', '[', ']']) {
        return Err(SchemaError::new(path, SchemaErrorKind::Name { name: shortened(&name) }));
    }
    Ok(name)
}

fn all_different<'n>(mut names: impl Iterator<Item = &'n String>, path: &str) -> Parsed<()> {
    let mut seen = HashSet::new();
    match names.find(|name| !seen.insert(name.as_str())) {
        Some(twice) => Err(SchemaError::new(path, SchemaErrorKind::DuplicateName { name: twice.clone() })),
        None => Ok(()),
    }
}

/// How much of a record a type takes.
#[derive(Clone, Copy)]
struct Extent {
    size: usize,
    align: usize,
    /// How many values there are to be read, those without bytes included: what a reader that goes through all of them
    /// has to do.
    values: usize,
}

impl Extent {
    fn bounded(size: Option<usize>, align: usize, values: Option<usize>, path: &str) -> Parsed<Self> {
        match (size, values) {
            (Some(size), Some(values)) if size <= MAX_RECORD_SIZE && values <= MAX_RECORD_SIZE => {
                Ok(Self { size, align, values })
            }
            _ => Err(SchemaError::new(path, SchemaErrorKind::TooLarge)),
        }
    }
}

fn align(value: &JsonValue, path: &str) -> Parsed<usize> {
    let align = number(value, path, "align")?;
    if align.is_power_of_two() && align <= MAX_ALIGN {
        Ok(align)
    } else {
        Err(SchemaError::new(path, SchemaErrorKind::Alignment { align }))
    }
}

fn record(value: &JsonValue, path: &str) -> Parsed<(Record, Extent)> {
    let [declared, size, alignment, members] = object(value, path, "record", ["record", "size", "align", "fields"])?;
    let declared = name(declared, path, "record")?;
    let (size, align) = (number(size, path, "size")?, align(alignment, path)?);
    let (fields, parts) = fields(members, path, 0, Extent { size, align, values: 1 })?;
    let stated = Extent { size, align, values: parts.values };
    same_extent(stated, parts, path)?;
    let record = Record { name: declared, docs: String::new(), size, align, fields };
    Ok((record, stated))
}

/// Checks what a record or an enum states against what its parts come to.
fn same_extent(stated: Extent, parts: Extent, path: &str) -> Parsed<()> {
    if stated.align != parts.align {
        return Err(SchemaError::new(path, SchemaErrorKind::Alignment { align: stated.align }));
    }
    let computed = parts.size.next_multiple_of(parts.align);
    if stated.size != computed {
        return Err(SchemaError::new(path, SchemaErrorKind::Size { stated: stated.size, computed }));
    }
    Ok(())
}

/// The fields of a record, or of a variant whose enum's tag takes the first `from` bytes. The extent returned is the end
/// of the last field, the largest alignment, and the values of all.
fn fields(value: &JsonValue, path: &str, from: usize, parent: Extent) -> Parsed<(Vec<FieldSchema>, Extent)> {
    let mut fields = Vec::new();
    let mut places = Vec::new();
    let mut all = Extent { size: from, align: 1, values: parent.values };
    for field in array(value, path, "fields")? {
        let [own_name, offset, own_type] = object(field, path, "fields", ["name", "offset", "type"])?;
        let name = step(own_name, path)?;
        let path = join(path, &name);
        let offset = number(offset, &path, "offset")?;
        let (ty, extent) = ty(own_type, &path)?;
        let end = offset + extent.size;
        if end > parent.size {
            return Err(SchemaError::new(&path, SchemaErrorKind::Outside { end, size: parent.size }));
        }
        if offset % extent.align != 0 {
            return Err(SchemaError::new(&path, SchemaErrorKind::Misaligned { offset, align: extent.align }));
        }
        all = Extent::bounded(
            Some(all.size.max(end)),
            all.align.max(extent.align),
            all.values.checked_add(extent.values),
            &path,
        )?;
        places.push((offset, end, fields.len()));
        fields.push(FieldSchema { name, docs: String::new(), offset, ty });
    }
    all_different(fields.iter().map(|field| &field.name), path)?;
    places.sort_unstable();
    let mut end = from;
    for (offset, own_end, index) in places {
        if offset < end {
            let path = join(path, &fields[index].name);
            return Err(SchemaError::new(&path, SchemaErrorKind::Overlap { offset, end }));
        }
        end = own_end;
    }
    Ok((fields, all))
}

// Each kind of type has a function of its own, which keeps the stack small where types are nested.
fn ty(value: &JsonValue, path: &str) -> Parsed<(Type, Extent)> {
    let object = match value {
        JsonValue::String(name) => return scalar(name, path),
        JsonValue::Object(object) => object,
        _ => return Err(form(path, "type", "a string or an object")),
    };
    let has = |kind: &str| object.contains_key(kind);
    if has("nonzero") {
        non_zero_type(object, path)
    } else if has("array") {
        array_type(object, path)
    } else if has("option") {
        option_type(object, path)
    } else if has("string") {
        string_type(object, path)
    } else if has("vec") {
        vec_type(object, path)
    } else if has("record") {
        record(value, path).map(|(record, extent)| (Type::Record(record), extent))
    } else if has("enum") {
        variants(value, path).map(|(of, extent)| (Type::Enum(of), extent))
    } else {
        Err(unknown_type(object.keys().min().map_or("", String::as_str), path))
    }
}

fn unknown_type(name: &str, path: &str) -> SchemaError {
    SchemaError::new(path, SchemaErrorKind::UnknownType { name: shortened(name) })
}

fn scalar(name: &str, path: &str) -> Parsed<(Type, Extent)> {
    let known = json::SCALARS.into_iter().find(|(known, _)| *known == name);
    let (_, ty) = known.ok_or_else(|| unknown_type(name, path))?;
    let extent = Extent { size: ty.size(), align: ty.align(), values: 1 };
    Ok((ty, extent))
}

fn array_type(object: &HashMap<String, JsonValue>, path: &str) -> Parsed<(Type, Extent)> {
    let [element, len] = members(object, path, ["array", "len"])?;
    let (element, one) = ty(element, &element_of(path))?;
    let len = number(len, path, "len")?;
    let extent = Extent::bounded(one.size.checked_mul(len), one.align, one.values.checked_mul(len), path)?;
    Ok((Type::Array { element: Box::new(element), len }, extent))
}

fn non_zero_type(object: &HashMap<String, JsonValue>, path: &str) -> Parsed<(Type, Extent)> {
    let [of] = members(object, path, ["nonzero"])?;
    let (of, extent) = ty(of, path)?;
    if of.is_integer() {
        Ok((Type::NonZero { of: Box::new(of) }, extent))
    } else {
        Err(form(path, "nonzero", "an integer's type"))
    }
}

fn option_type(object: &HashMap<String, JsonValue>, path: &str) -> Parsed<(Type, Extent)> {
    let [value] = members(object, path, ["option"])?;
    let (value, one) = ty(value, path)?;
    let extent = Extent::bounded(Some(option_size(one.size, one.align)), one.align, one.values.checked_add(1), path)?;
    Ok((Type::Option { element: Box::new(value) }, extent))
}

fn string_type(object: &HashMap<String, JsonValue>, path: &str) -> Parsed<(Type, Extent)> {
    let [capacity] = members(object, path, ["string"])?;
    let capacity = self::capacity(capacity, path, "string")?;
    Ok((Type::String { capacity }, Extent::bounded(Some(string_size(capacity)), LEN, Some(1), path)?))
}

fn vec_type(object: &HashMap<String, JsonValue>, path: &str) -> Parsed<(Type, Extent)> {
    let [element, capacity] = members(object, path, ["vec", "capacity"])?;
    let (element, one) = ty(element, &element_of(path))?;
    let capacity = self::capacity(capacity, path, "capacity")?;
    // The elements are bounded first, so that nothing wraps when the length is put in front of them.
    let elements = Extent::bounded(one.size.checked_mul(capacity), one.align, one.values.checked_mul(capacity), path)?;
    let size = vec_size(elements.size, one.align);
    let extent = Extent::bounded(Some(size), vec_align(one.align), elements.values.checked_add(1), path)?;
    Ok((Type::Vec { element: Box::new(element), capacity }, extent))
}

fn capacity(value: &JsonValue, path: &str, key: &'static str) -> Parsed<usize> {
    match number(value, path, key)? {
        0 => Err(SchemaError::new(path, SchemaErrorKind::Capacity)),
        capacity => Ok(capacity),
    }
}

fn variants(value: &JsonValue, path: &str) -> Parsed<(Enum, Extent)> {
    let [declared, size, alignment, tag, members] =
        object(value, path, "enum", ["enum", "size", "align", "tag", "variants"])?;
    let declared = name(declared, path, "enum")?;
    let (size, align) = (number(size, path, "size")?, align(alignment, path)?);
    let (tag, tag_extent) = ty(tag, path)?;
    let range = range(&tag).ok_or_else(|| SchemaError::new(path, SchemaErrorKind::Tag))?;

    let mut variants = Vec::new();
    let mut values = HashSet::new();
    let mut all = tag_extent;
    for variant in array(members, path, "variants")? {
        let [own_name, value, members] = object(variant, path, "variants", ["name", "value", "fields"])?;
        let name = step(own_name, path)?;
        let path = join(path, &name);
        let written = text(value, &path, "value")?;
        let wrong = || SchemaError::new(&path, SchemaErrorKind::Value { value: shortened(written) });
        let value: i128 = written.parse().map_err(|_| wrong())?;
        // One way to write each number, because the text is in the fingerprint.
        if value.to_string() != written || !range.contains(&value) || !values.insert(value) {
            return Err(wrong());
        }
        let (fields, parts) = fields(members, &path, tag_extent.size, Extent { size, align, values: 1 })?;
        all = Extent::bounded(
            Some(all.size.max(parts.size)),
            all.align.max(parts.align),
            all.values.checked_add(parts.values),
            &path,
        )?;
        variants.push(Variant { name, docs: String::new(), value, fields });
    }
    if variants.is_empty() {
        return Err(SchemaError::new(path, SchemaErrorKind::NoVariants));
    }
    all_different(variants.iter().map(|variant| &variant.name), path)?;
    let stated = Extent { size, align, values: all.values };
    same_extent(stated, all, path)?;
    Ok((Enum { name: declared, docs: String::new(), size, align, tag: Box::new(tag), variants }, stated))
}

/// The values of a tag's type.
fn range(tag: &Type) -> Option<std::ops::RangeInclusive<i128>> {
    let signed = match tag {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => false,
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => true,
        _ => return None,
    };
    let values = 1i128 << (8 * tag.size());
    Some(if signed { -values / 2..=values / 2 - 1 } else { 0..=values - 1 })
}

/// Puts the docs into the record.
fn attach(value: &JsonValue, record: &mut Record) -> Parsed<()> {
    let JsonValue::Object(object) = value else { return Err(form("", "docs", "an object")) };
    let mut docs = BTreeMap::new();
    for (path, value) in object {
        docs.insert(path.as_str(), text(value, "", "docs")?);
    }
    record.each_docs("", &mut |path, own| {
        if let Some(text) = docs.remove(path) {
            text.clone_into(own);
        }
    });
    match docs.keys().next() {
        Some(path) => Err(SchemaError::new("", SchemaErrorKind::StrayDocs { path: shortened(path) })),
        None => Ok(()),
    }
}
