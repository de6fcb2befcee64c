//! Values without a Rust type.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use crate::model::TUPLE;

/// A value whose type is known at run time only: what [`DynReader`](crate::DynReader) gives and
/// [`DynSegment`](crate::DynSegment) takes.
///
/// Written like a Rust value: `Pose { x: 1.5, tags: [1, 2], name: "a", next: None }`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// An unsigned integer of any size.
    Unsigned(u128),
    /// A signed integer of any size.
    Signed(i128),
    /// A floating point number of 4 bytes.
    F32(f32),
    /// A floating point number of 8 bytes.
    F64(f64),
    /// A truth value.
    Bool(bool),
    /// A character.
    Char(char),
    /// A span of time.
    Duration(Duration),
    /// A point in time.
    SystemTime(SystemTime),
    /// An IPv4 address.
    Ipv4Addr(Ipv4Addr),
    /// An IPv6 address.
    Ipv6Addr(Ipv6Addr),
    /// A text.
    String(String),
    /// An option: some value or none.
    Option(Option<Box<Value>>),
    /// An array or a sequence.
    List(Vec<Value>),
    /// A record or a tuple: its fields by name, in the order of the schema.
    Record {
        /// The declared name; `()` for a tuple.
        name: String,
        /// The fields.
        fields: Vec<(String, Value)>,
    },
    /// An enum.
    Enum {
        /// The variant's name.
        variant: String,
        /// The variant's fields, in the order of the schema.
        fields: Vec<(String, Value)>,
    },
}

impl Value {
    /// The field of this name, of a record, a tuple or a variant.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Record { fields, .. } | Self::Enum { fields, .. } => {
                fields.iter().find(|(own, _)| own == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The element of this index, of an array or a sequence.
    #[must_use]
    pub fn element(&self, index: usize) -> Option<&Self> {
        match self {
            Self::List(elements) => elements.get(index),
            _ => None,
        }
    }

    /// The value as a floating point number, for those that are numbers; rounded where it has more digits.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Unsigned(number) => Some(*number as f64),
            Self::Signed(number) => Some(*number as f64),
            Self::F32(number) => Some((*number).into()),
            Self::F64(number) => Some(*number),
            Self::Duration(span) => Some(span.as_secs_f64()),
            _ => None,
        }
    }

    /// What kind of value it is, for a person.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Unsigned(_) | Self::Signed(_) => "an integer",
            Self::F32(_) | Self::F64(_) => "a floating point number",
            Self::Bool(_) => "a bool",
            Self::Char(_) => "a char",
            Self::Duration(_) => "a duration",
            Self::SystemTime(_) => "a point in time",
            Self::Ipv4Addr(_) => "an IPv4 address",
            Self::Ipv6Addr(_) => "an IPv6 address",
            Self::String(_) => "a text",
            Self::Option(_) => "an option",
            Self::List(_) => "a list",
            Self::Record { .. } => "a record",
            Self::Enum { .. } => "an enum",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned(number) => fmt::Display::fmt(number, f),
            Self::Signed(number) => fmt::Display::fmt(number, f),
            // As Rust writes them, so that 1.0 is not taken for an integer.
            Self::F32(number) => fmt::Debug::fmt(number, f),
            Self::F64(number) => fmt::Debug::fmt(number, f),
            Self::Bool(truth) => fmt::Display::fmt(truth, f),
            Self::Char(character) => fmt::Debug::fmt(character, f),
            Self::Duration(span) => fmt::Debug::fmt(span, f),
            Self::SystemTime(time) => timestamp(*time, f),
            Self::Ipv4Addr(address) => fmt::Display::fmt(address, f),
            Self::Ipv6Addr(address) => fmt::Display::fmt(address, f),
            Self::String(text) => fmt::Debug::fmt(text, f),
            Self::Option(None) => f.write_str("None"),
            Self::Option(Some(value)) => write!(f, "Some({value})"),
            Self::List(elements) => {
                f.write_str("[")?;
                separated(elements, f, fmt::Display::fmt)?;
                f.write_str("]")
            }
            Self::Record { name, fields } => grouped(if name == TUPLE { "" } else { name }, fields, f),
            Self::Enum { variant, fields } if fields.is_empty() => f.write_str(variant),
            Self::Enum { variant, fields } => grouped(variant, fields, f),
        }
    }
}

/// A point in time in seconds since the Unix epoch, which need no calendar.
fn timestamp(time: SystemTime, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => write!(f, "@{}.{:09}", after.as_secs(), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            write!(f, "@-{}.{:09}", before.as_secs(), before.subsec_nanos())
        }
    }
}

fn separated<T>(
    items: &[T],
    f: &mut fmt::Formatter<'_>,
    mut write: impl FnMut(&T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write(item, f)?;
    }
    Ok(())
}

/// Fields behind a name: in braces, or in brackets where they have numbers for names.
fn grouped(name: &str, fields: &[(String, Value)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if fields.iter().enumerate().all(|(i, (own, _))| *own == i.to_string()) {
        write!(f, "{name}(")?;
        separated(fields, f, |(_, value), f| fmt::Display::fmt(value, f))?;
        return f.write_str(if name.is_empty() && fields.len() == 1 { ",)" } else { ")" });
    }
    write!(f, "{name} {{ ")?;
    separated(fields, f, |(own, value), f| write!(f, "{own}: {value}"))?;
    f.write_str(" }")
}

macro_rules! from {
    ($($ty:ty => $variant:ident),* $(,)?) => {$(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    u8 => Unsigned, u16 => Unsigned, u32 => Unsigned, u64 => Unsigned, u128 => Unsigned,
    i8 => Signed, i16 => Signed, i32 => Signed, i64 => Signed, i128 => Signed,
    f32 => F32, f64 => F64, bool => Bool, char => Char, &str => String, String => String,
    Duration => Duration, SystemTime => SystemTime, Ipv4Addr => Ipv4Addr, Ipv6Addr => Ipv6Addr,
}

impl<V: Into<Self>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Self {
        Self::Option(value.map(|value| Box::new(value.into())))
    }
}

impl<V: Into<Self>> From<Vec<V>> for Value {
    fn from(values: Vec<V>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Self>, const N: usize> From<[V; N]> for Value {
    fn from(values: [V; N]) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}
