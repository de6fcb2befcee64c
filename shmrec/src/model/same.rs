//! Two layouts compared in const evaluation, and the first difference in words.

use super::message::Message;
use super::{EnumDesc, FieldDesc, RecordDesc, TypeDesc};

/// A compile-time claim that two records have the same layout: size, alignment and number of fields, and of each field the
/// name, the offset and the type, all the way down.
///
/// Two programs that cannot share a definition can share one test of it, and a record of an old version can be kept beside
/// the new one. A claim that does not hold is a compile error that names the first field in which the two differ, and what
/// each of them has there. Declared names of records and enums are not compared (a tuple is a record with the fields `0`,
/// `1`, …), nor are doc comments; for equality in everything that a link compares, compare
/// [`SharedRecord::FINGERPRINT`](crate::SharedRecord::FINGERPRINT).
///
/// ```
/// use shmrec::{FixedStr, SharedRecord};
///
/// #[derive(SharedRecord)]
/// struct Client {
///     id: u32,
///     #[record(capacity = 12)]
///     name: String,
/// }
///
/// /// Without an allocation.
/// #[derive(SharedRecord, Clone, Copy)]
/// struct ClientView {
///     id: u32,
///     name: FixedStr<12>,
/// }
///
/// shmrec::assert_same_layout!(Client, ClientView);
/// ```
///
/// A type that differs:
///
/// ```compile_fail
/// # use shmrec::SharedRecord;
/// #[derive(SharedRecord)]
/// struct Client { id: u32, balance: i64 }
///
/// #[derive(SharedRecord)]
/// struct Other { id: u32, balance: f64 }
///
/// // error: the layouts of `Client` and `Other` differ at `balance`: i64 in the first, f64 in the second
/// shmrec::assert_same_layout!(Client, Other);
/// ```
#[macro_export]
macro_rules! assert_same_layout {
    ($first:ty, $second:ty $(,)?) => {
        const _: () = $crate::__private::assert_same_layout(
            ::core::stringify!($first),
            <$first as $crate::SharedRecord>::RECORD,
            ::core::stringify!($second),
            <$second as $crate::SharedRecord>::RECORD,
        );
    };
}

/// What [`assert_same_layout!`] calls.
///
/// # Panics
///
/// At compile time, when the two differ.
#[track_caller]
pub const fn assert_same_layout(
    first_name: &str,
    first: &'static RecordDesc,
    second_name: &str,
    second: &'static RecordDesc,
) {
    let pair = Pair { first: first_name, second: second_name };
    pair.records(first, second, &Path::Record);
}

/// The way from the record to a part of it.
enum Path<'p> {
    Record,
    Field(&'p Path<'p>, &'static str),
    Elements(&'p Path<'p>),
}

impl Path<'_> {
    const fn said_by(&self, message: Message) -> Message {
        match self {
            Self::Record => message,
            Self::Field(Self::Record, name) => message.name(name),
            Self::Field(of, name) => of.said_by(message).text(".").name(name),
            Self::Elements(of) => of.said_by(message).text("[]"),
        }
    }
}

/// The names of the two that are compared.
struct Pair<'n> {
    first: &'n str,
    second: &'n str,
}

impl Pair<'_> {
    /// Begins the message about what differs at `path`.
    const fn differ(&self, path: &Path<'_>) -> Message {
        let message =
            Message::new().text("the layouts of `").name(self.first).text("` and `").name(self.second).text("` differ");
        match path {
            Path::Record => message.text(": "),
            path => path.said_by(message.text(" at `")).text("`: "),
        }
    }

    #[track_caller]
    const fn numbers(&self, what: &str, first: usize, second: usize, path: &Path<'_>) {
        if first != second {
            self.differ(path)
                .text(what)
                .text(" ")
                .number(first)
                .text(" in the first, ")
                .number(second)
                .text(" in the second")
                .panic();
        }
    }

    #[track_caller]
    const fn records(&self, first: &RecordDesc, second: &RecordDesc, path: &Path<'_>) {
        self.fields(first.fields, second.fields, path);
        self.numbers("the size is", first.size, second.size, path);
        self.numbers("the alignment is", first.align, second.align, path);
    }

    #[track_caller]
    const fn fields(&self, first: &'static [FieldDesc], second: &'static [FieldDesc], path: &Path<'_>) {
        let mut i = 0;
        while i < first.len() && i < second.len() {
            let (one, other) = (&first[i], &second[i]);
            if !same_text(one.name, other.name) {
                self.differ(path)
                    .text("the field in place ")
                    .number(i)
                    .text(" is `")
                    .name(one.name)
                    .text("` in the first, `")
                    .name(other.name)
                    .text("` in the second")
                    .panic();
            }
            let path = Path::Field(path, one.name);
            self.types(&one.ty, &other.ty, &path);
            self.numbers("the offset is", one.offset, other.offset, &path);
            i += 1;
        }
        if i < first.len() {
            self.differ(path).text("the second has no field `").name(first[i].name).text("`").panic();
        }
        if i < second.len() {
            self.differ(path).text("the first has no field `").name(second[i].name).text("`").panic();
        }
    }

    #[track_caller]
    const fn types(&self, first: &TypeDesc, second: &TypeDesc, path: &Path<'_>) {
        match (first, second) {
            (TypeDesc::Record { record: first }, TypeDesc::Record { record: second }) => {
                self.records(first, second, path);
            }
            (TypeDesc::Enum { desc: first }, TypeDesc::Enum { desc: second }) => self.enums(first, second, path),
            (TypeDesc::Option { element: first }, TypeDesc::Option { element: second })
            | (TypeDesc::NonZero { of: first }, TypeDesc::NonZero { of: second }) => self.types(first, second, path),
            (TypeDesc::Array { element: first, len: one }, TypeDesc::Array { element: second, len: other }) => {
                self.numbers("the number of elements is", *one, *other, path);
                self.types(first, second, &Path::Elements(path));
            }
            (TypeDesc::Vec { element: first, capacity: one }, TypeDesc::Vec { element: second, capacity: other }) => {
                self.numbers("the capacity is", *one, *other, path);
                self.types(first, second, &Path::Elements(path));
            }
            (TypeDesc::String { capacity: one }, TypeDesc::String { capacity: other }) => {
                self.numbers("the capacity is", *one, *other, path);
            }
            (first, second) => {
                if !same_text(kind(first), kind(second)) {
                    self.differ(path)
                        .text(kind(first))
                        .text(" in the first, ")
                        .text(kind(second))
                        .text(" in the second")
                        .panic();
                }
            }
        }
    }

    #[track_caller]
    const fn enums(&self, first: &EnumDesc, second: &EnumDesc, path: &Path<'_>) {
        if !same_text(kind(first.tag), kind(second.tag)) {
            self.differ(path)
                .text("the tag is ")
                .text(kind(first.tag))
                .text(" in the first, ")
                .text(kind(second.tag))
                .text(" in the second")
                .panic();
        }
        let mut i = 0;
        while i < first.variants.len() && i < second.variants.len() {
            let (one, other) = (&first.variants[i], &second.variants[i]);
            if !same_text(one.name, other.name) {
                self.differ(path)
                    .text("the variant in place ")
                    .number(i)
                    .text(" is `")
                    .name(one.name)
                    .text("` in the first, `")
                    .name(other.name)
                    .text("` in the second")
                    .panic();
            }
            let path = Path::Field(path, one.name);
            if one.value != other.value {
                self.differ(&path)
                    .text("the value is ")
                    .signed(one.value)
                    .text(" in the first, ")
                    .signed(other.value)
                    .text(" in the second")
                    .panic();
            }
            self.fields(one.fields, other.fields, &path);
            i += 1;
        }
        if i < first.variants.len() {
            self.differ(path).text("the second has no variant `").name(first.variants[i].name).text("`").panic();
        }
        if i < second.variants.len() {
            self.differ(path).text("the first has no variant `").name(second.variants[i].name).text("`").panic();
        }
        self.numbers("the size is", first.size, second.size, path);
        self.numbers("the alignment is", first.align, second.align, path);
    }
}

/// What a type is, without what it is made of.
const fn kind(ty: &TypeDesc) -> &'static str {
    match ty {
        TypeDesc::U8 => "u8",
        TypeDesc::U16 => "u16",
        TypeDesc::U32 => "u32",
        TypeDesc::U64 => "u64",
        TypeDesc::U128 => "u128",
        TypeDesc::I8 => "i8",
        TypeDesc::I16 => "i16",
        TypeDesc::I32 => "i32",
        TypeDesc::I64 => "i64",
        TypeDesc::I128 => "i128",
        TypeDesc::F32 => "f32",
        TypeDesc::F64 => "f64",
        TypeDesc::Bool => "bool",
        TypeDesc::Char => "char",
        TypeDesc::NonZero { .. } => "a NonZero",
        TypeDesc::Duration => "Duration",
        TypeDesc::SystemTime => "SystemTime",
        TypeDesc::Ipv4Addr => "Ipv4Addr",
        TypeDesc::Ipv6Addr => "Ipv6Addr",
        TypeDesc::Array { .. } => "an array",
        TypeDesc::Option { .. } => "an Option",
        TypeDesc::String { .. } => "a String",
        TypeDesc::Vec { .. } => "a Vec",
        TypeDesc::Record { .. } => "a record",
        TypeDesc::Enum { .. } => "an enum",
    }
}

const fn same_text(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut i = 0;
    while i < one.len() {
        if one[i] != other[i] {
            return false;
        }
        i += 1;
    }
    true
}
