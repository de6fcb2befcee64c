//! Images by their schema alone: what the derive writes for a type, for types that are known at run time only. The same
//! checks, the same words.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

use super::{Enum, FieldSchema, Record, Type, Variant};
use crate::model::{length, no_such_variant, store_length, store_text, tag, text};
use crate::{LoadError, SharedField, StoreError, Value};

/// The value of an image.
pub(crate) fn value(ty: &Type, image: &[u8]) -> Result<Value, LoadError> {
    read::<Values>(ty, image)
}

/// The value of a record's image.
pub(crate) fn record_value(of: &Record, image: &[u8]) -> Result<Value, LoadError> {
    read_record::<Values>(of, image)
}

/// Whether a record's image is a value.
pub(crate) fn check_record(of: &Record, image: &[u8]) -> Result<(), LoadError> {
    read_record::<Checks>(of, image)
}

/// The fields of a variant, whose enum's image this is.
pub(crate) fn fields_value(fields: &[FieldSchema], image: &[u8]) -> Result<Vec<(String, Value)>, LoadError> {
    Ok(named(fields, read_fields::<Values>(fields, image)?))
}

/// What is made while an image is read.
trait Make {
    type Made;

    /// Whether values that cannot be wrong need not be looked at.
    const ONLY_CHECKS: bool;

    fn leaf(value: impl Into<Value>) -> Self::Made;
    fn option(value: Option<Self::Made>) -> Self::Made;
    fn list(elements: Vec<Self::Made>) -> Self::Made;
    fn record(of: &Record, fields: Vec<Self::Made>) -> Self::Made;
    fn variant(of: &Variant, fields: Vec<Self::Made>) -> Self::Made;
}

enum Values {}

impl Make for Values {
    type Made = Value;

    const ONLY_CHECKS: bool = false;

    fn leaf(value: impl Into<Value>) -> Value {
        value.into()
    }

    fn option(value: Option<Value>) -> Value {
        Value::from(value)
    }

    fn list(elements: Vec<Value>) -> Value {
        Value::List(elements)
    }

    fn record(of: &Record, fields: Vec<Value>) -> Value {
        Value::Record { name: of.name.clone(), fields: named(&of.fields, fields) }
    }

    fn variant(of: &Variant, fields: Vec<Value>) -> Value {
        Value::Enum { variant: of.name.clone(), fields: named(&of.fields, fields) }
    }
}

fn named(fields: &[FieldSchema], values: Vec<Value>) -> Vec<(String, Value)> {
    fields.iter().map(|field| field.name.clone()).zip(values).collect()
}

enum Checks {}

impl Make for Checks {
    type Made = ();

    const ONLY_CHECKS: bool = true;

    fn leaf(_: impl Into<Value>) {}
    fn option(_: Option<()>) {}
    fn list(_: Vec<()>) {}
    fn record(_: &Record, _: Vec<()>) {}
    fn variant(_: &Variant, _: Vec<()>) {}
}

fn read<M: Make>(ty: &Type, image: &[u8]) -> Result<M::Made, LoadError> {
    Ok(match ty {
        Type::U8 => M::leaf(u8::load(image)?),
        Type::U16 => M::leaf(u16::load(image)?),
        Type::U32 => M::leaf(u32::load(image)?),
        Type::U64 => M::leaf(u64::load(image)?),
        Type::U128 => M::leaf(u128::load(image)?),
        Type::I8 => M::leaf(i8::load(image)?),
        Type::I16 => M::leaf(i16::load(image)?),
        Type::I32 => M::leaf(i32::load(image)?),
        Type::I64 => M::leaf(i64::load(image)?),
        Type::I128 => M::leaf(i128::load(image)?),
        Type::F32 => M::leaf(f32::load(image)?),
        Type::F64 => M::leaf(f64::load(image)?),
        Type::Bool => M::leaf(bool::load(image)?),
        Type::Char => M::leaf(char::load(image)?),
        Type::Duration => M::leaf(Duration::load(image)?),
        Type::SystemTime => M::leaf(SystemTime::load(image)?),
        Type::Ipv4Addr => M::leaf(Ipv4Addr::load(image)?),
        Type::Ipv6Addr => M::leaf(Ipv6Addr::load(image)?),
        Type::NonZero { of } => {
            if image.iter().all(|byte| *byte == 0) {
                return Err(LoadError::new("0", "a number that is not 0"));
            }
            return read::<M>(of, image);
        }
        Type::Option { element } => M::option(match tag(image)? {
            true => Some(read::<M>(element, &image[ty.value_offset()..][..element.size()])?),
            false => None,
        }),
        Type::String { capacity } => M::leaf(text(image, *capacity)?),
        Type::Array { element, len } => M::list(read_elements::<M>(element, *len, image)?),
        Type::Vec { element, capacity } => {
            let len = length(image, *capacity)?;
            M::list(read_elements::<M>(element, len, &image[ty.value_offset()..])?)
        }
        Type::Record(of) => return read_record::<M>(of, image),
        Type::Enum(of) => {
            let variant = variant(of, image)?;
            let fields = read_fields::<M>(&variant.fields, image).map_err(|error| error.in_field(&variant.name))?;
            M::variant(variant, fields)
        }
    })
}

fn read_elements<M: Make>(element: &Type, len: usize, images: &[u8]) -> Result<Vec<M::Made>, LoadError> {
    if M::ONLY_CHECKS && element.is_any_bytes() {
        return Ok(Vec::new());
    }
    let size = element.size();
    (0..len).map(|i| read::<M>(element, &images[i * size..][..size]).map_err(|error| error.at_index(i))).collect()
}

fn read_record<M: Make>(of: &Record, image: &[u8]) -> Result<M::Made, LoadError> {
    Ok(M::record(of, read_fields::<M>(&of.fields, image)?))
}

fn read_fields<M: Make>(fields: &[FieldSchema], image: &[u8]) -> Result<Vec<M::Made>, LoadError> {
    let one = |field: &FieldSchema| {
        read::<M>(&field.ty, &image[field.offset..][..field.ty.size()]).map_err(|error| error.in_field(&field.name))
    };
    fields.iter().map(one).collect()
}

/// The variant that the tag names.
pub(crate) fn variant<'s>(of: &'s Enum, image: &[u8]) -> Result<&'s Variant, LoadError> {
    let found = integer(&of.tag, image);
    of.variants.iter().find(|variant| variant.value == found).ok_or_else(|| {
        let variants = of.variants.iter().map(|variant| (variant.value, variant.name.as_str()));
        no_such_variant(found, &of.name, variants)
    })
}

/// The integer of up to 64 bits at the front of an image.
fn integer(ty: &Type, image: &[u8]) -> i128 {
    let size = ty.size();
    let mut bytes = [0; 16];
    bytes[..size].copy_from_slice(&image[..size]);
    let unsigned = i128::from_le_bytes(bytes);
    let unused = 128 - 8 * size as u32;
    // The sign in place, where there is one.
    if is_signed(ty) { unsigned << unused >> unused } else { unsigned }
}

fn is_signed(ty: &Type) -> bool {
    matches!(ty, Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::I128)
}

impl Type {
    /// Whether all bytes are a value.
    fn is_any_bytes(&self) -> bool {
        match self {
            Self::F32 | Self::F64 | Self::Ipv4Addr | Self::Ipv6Addr => true,
            Self::Array { element, .. } => element.is_any_bytes(),
            Self::Record(record) => record.fields.iter().all(|field| field.ty.is_any_bytes()),
            ty => ty.is_integer(),
        }
    }
}

/// Stores a value into an image that is zero all over.
pub(crate) fn store(value: &Value, ty: &Type, image: &mut [u8]) -> Result<(), StoreError> {
    match (ty, value) {
        (Type::NonZero { of }, _) => {
            store(value, of, image)?;
            if image.iter().all(|byte| *byte == 0) {
                return Err(StoreError::unrepresentable("a number that is not 0"));
            }
            Ok(())
        }
        (ty, Value::Unsigned(number)) if ty.is_integer() => {
            store_integer(ty, i128::try_from(*number).ok(), *number, image)
        }
        (ty, Value::Signed(number)) if ty.is_integer() => store_integer(ty, Some(*number), *number as u128, image),
        (Type::F64, Value::F64(number)) => number.store(image),
        (Type::F64, Value::F32(number)) => f64::from(*number).store(image),
        (Type::F32, Value::F32(number)) => number.store(image),
        // To the nearest: whoever writes 0.1 means it.
        (Type::F32, Value::F64(number)) if number.is_finite() && !(*number as f32).is_finite() => {
            Err(StoreError::unrepresentable("a number within the range of `f32`"))
        }
        (Type::F32, Value::F64(number)) => (*number as f32).store(image),
        (Type::F32 | Type::F64, Value::Unsigned(number)) => store(&Value::F64(*number as f64), ty, image),
        (Type::F32 | Type::F64, Value::Signed(number)) => store(&Value::F64(*number as f64), ty, image),
        (Type::Bool, Value::Bool(truth)) => truth.store(image),
        (Type::Char, Value::Char(character)) => character.store(image),
        (Type::Duration, Value::Duration(span)) => span.store(image),
        (Type::SystemTime, Value::SystemTime(time)) => time.store(image),
        (Type::Ipv4Addr, Value::Ipv4Addr(address)) => address.store(image),
        (Type::Ipv6Addr, Value::Ipv6Addr(address)) => address.store(image),
        (Type::String { capacity }, Value::String(text)) => store_text(text, *capacity, image),
        (Type::Option { .. }, Value::Option(None)) => Ok(()),
        (Type::Option { element }, Value::Option(Some(value))) => {
            image[0] = 1;
            store(value, element, &mut image[ty.value_offset()..][..element.size()])
        }
        // A value where it may be none is some.
        (Type::Option { element }, value) => {
            image[0] = 1;
            store(value, element, &mut image[ty.value_offset()..][..element.size()])
        }
        (Type::Array { element, len }, Value::List(values)) if values.len() == *len => {
            store_elements(values, element, image)
        }
        (Type::Array { len, .. }, Value::List(values)) => {
            Err(StoreError::unrepresentable(format!("a list of {len} elements, not of {}", values.len())))
        }
        (Type::Vec { element, capacity }, Value::List(values)) => {
            store_length(values.len(), *capacity, image)?;
            store_elements(values, element, &mut image[ty.value_offset()..])
        }
        (Type::Record(of), Value::Record { fields, .. }) => store_fields(fields, &of.fields, image),
        (Type::Enum(of), Value::Enum { variant, fields }) => store_variant(of, variant, fields, image),
        // A variant without data may be given by its name.
        (Type::Enum(of), Value::String(variant)) => store_variant(of, variant, &[], image),
        (ty, value) => Err(StoreError::unrepresentable(format!("a value of `{ty}`, not {}", value.kind()))),
    }
}

/// Stores a record into an image that is zero all over.
pub(crate) fn store_record(value: &Value, of: &Record, image: &mut [u8]) -> Result<(), StoreError> {
    match value {
        Value::Record { fields, .. } => store_fields(fields, &of.fields, image),
        value => Err(StoreError::unrepresentable(format!("a value of `{}`, not {}", of.name, value.kind()))),
    }
}

fn store_integer(ty: &Type, number: Option<i128>, bits: u128, image: &mut [u8]) -> Result<(), StoreError> {
    let size = ty.size();
    let fits = match (ty, number) {
        (Type::U128, None) => true,
        (Type::U128, Some(number)) => number >= 0,
        (Type::I128, Some(_)) => true,
        (_, None) => false,
        (ty, Some(number)) if is_signed(ty) => {
            let half = 1i128 << (8 * size - 1);
            (-half..half).contains(&number)
        }
        (_, Some(number)) => (0..1i128 << (8 * size)).contains(&number),
    };
    if !fits {
        return Err(StoreError::unrepresentable(format!("a number within the range of `{ty}`")));
    }
    image.copy_from_slice(&bits.to_le_bytes()[..size]);
    Ok(())
}

fn store_elements(values: &[Value], element: &Type, images: &mut [u8]) -> Result<(), StoreError> {
    let size = element.size();
    for (i, value) in values.iter().enumerate() {
        store(value, element, &mut images[i * size..][..size]).map_err(|error| error.at_index(i))?;
    }
    Ok(())
}

fn store_variant(of: &Enum, name: &str, fields: &[(String, Value)], image: &mut [u8]) -> Result<(), StoreError> {
    let Some(variant) = of.variants.iter().find(|variant| variant.name == name) else {
        let known: Vec<&str> = of.variants.iter().map(|variant| variant.name.as_str()).take(16).collect();
        return Err(StoreError::unrepresentable(format!(
            "a variant of `{}` ({}), not {name:?}",
            of.name,
            known.join(", ")
        )));
    };
    store_in_variant(of, variant, fields, image).map_err(|error| error.in_field(&variant.name))
}

/// Stores a variant's tag and fields into its enum's image, which is zero all over.
pub(crate) fn store_in_variant(
    of: &Enum,
    variant: &Variant,
    fields: &[(String, Value)],
    image: &mut [u8],
) -> Result<(), StoreError> {
    let size = of.tag.size();
    image[..size].copy_from_slice(&variant.value.to_le_bytes()[..size]);
    store_fields(fields, &variant.fields, image)
}

/// Stores fields by their names: all of them, in any order.
fn store_fields(values: &[(String, Value)], fields: &[FieldSchema], image: &mut [u8]) -> Result<(), StoreError> {
    if let Some((unknown, _)) = values.iter().find(|(name, _)| fields.iter().all(|field| field.name != *name)) {
        return Err(StoreError::unrepresentable("no field of this name").in_field(unknown));
    }
    for (i, field) in fields.iter().enumerate() {
        // Where the order is the schema's, as it is of what has been read, the place says which it is.
        let own = match values.get(i) {
            Some((name, value)) if *name == field.name => Some(value),
            _ => values.iter().find(|(name, _)| *name == field.name).map(|(_, value)| value),
        };
        let stored = match own {
            Some(value) => store(value, &field.ty, &mut image[field.offset..][..field.ty.size()]),
            None => Err(StoreError::unrepresentable("a value for this field")),
        };
        stored.map_err(|error| error.in_field(&field.name))?;
    }
    Ok(())
}
