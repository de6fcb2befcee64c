//! Values as JSON, after serde's habits: what `docs/command.md` describes.

use std::time::SystemTime;

use serde_json::{Map, Number, Value as Json, json};
use shmrec::{DynView, LoadError, Value};

use crate::text;

/// A value: integers beyond 64 bits and floats that JSON has no number for are texts, and so are spans, times and
/// addresses.
pub(crate) fn value(value: &Value) -> Json {
    match value {
        Value::Unsigned(n) => u64::try_from(*n).map_or_else(|_| n.to_string().into(), Json::from),
        Value::Signed(n) => i64::try_from(*n).map_or_else(|_| n.to_string().into(), Json::from),
        // Through its own shortest digits: those of the wider type would look like noise.
        Value::F32(n) => float(n.to_string().parse().unwrap_or(f64::NAN)),
        Value::F64(n) => float(*n),
        Value::Bool(truth) => (*truth).into(),
        Value::Char(c) => c.to_string().into(),
        Value::String(text) => text.as_str().into(),
        Value::SystemTime(at) => time(*at),
        Value::Option(None) => Json::Null,
        // Only so can a none inside be told from none at all.
        Value::Option(Some(inside)) if matches!(**inside, Value::Option(_)) => json!({ "Some": self::value(inside) }),
        Value::Option(Some(inside)) => self::value(inside),
        Value::List(elements) => elements.iter().map(self::value).collect(),
        Value::Record { fields, .. } => group(fields),
        Value::Enum { variant, fields } if fields.is_empty() => variant.as_str().into(),
        Value::Enum { variant, fields } => {
            let inside = match &fields[..] {
                [(name, only)] if name == "0" => self::value(only),
                fields => group(fields),
            };
            Map::from_iter([(variant.clone(), inside)]).into()
        }
        // Spans and addresses, and whatever comes.
        other => other.to_string().into(),
    }
}

fn float(number: f64) -> Json {
    Number::from_f64(number).map_or_else(|| number.to_string().into(), Json::Number)
}

pub(crate) fn time(at: SystemTime) -> Json {
    text::time(at).into()
}

fn group(fields: &[(String, Value)]) -> Json {
    if text::is_numbered(fields.iter().map(|(name, _)| name.as_str())) {
        return fields.iter().map(|(_, value)| self::value(value)).collect();
    }
    fields.iter().map(|(name, value)| (name.clone(), self::value(value))).collect::<Map<_, _>>().into()
}

/// What stands in a view; null, and an entry in `invalid`, where bytes are no value.
pub(crate) fn view(view: &DynView<'_>, path: &str, invalid: &mut Vec<(String, LoadError)>) -> Json {
    let error = match view.value() {
        Ok(found) => return value(&found),
        Err(error) => error,
    };
    // Something in it is no value: the others still are.
    let children: Vec<_> = match view.children() {
        Ok(children) if children.len() > 0 => children.collect(),
        _ => {
            invalid.push((path.to_owned(), error));
            return Json::Null;
        }
    };
    if children.iter().any(|(name, _)| name.starts_with('[')) || text::is_numbered(names(&children)) {
        return children.iter().map(|(name, inside)| self::view(inside, &join(path, name), invalid)).collect();
    }
    if let [(name, inside)] = &children[..]
        && name.is_empty()
    {
        return self::view(inside, path, invalid);
    }
    let fields = children.iter().map(|(name, inside)| (name.clone(), self::view(inside, &join(path, name), invalid)));
    let fields: Json = fields.collect::<Map<_, _>>().into();
    match view.variant() {
        Ok(Some(variant)) => Map::from_iter([(variant.name.clone(), fields)]).into(),
        _ => fields,
    }
}

fn names<'c>(children: &'c [(String, DynView<'_>)]) -> impl Iterator<Item = &'c str> {
    children.iter().map(|(name, _)| name.as_str())
}

/// A path and one more step.
pub(crate) fn join(path: &str, step: &str) -> String {
    if path.is_empty() || step.is_empty() || step.starts_with('[') {
        format!("{path}{step}")
    } else {
        format!("{path}.{step}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_json_cannot_say_is_a_text() {
        assert_eq!(value(&u64::MAX.into()), json!(u64::MAX));
        assert_eq!(value(&(u128::from(u64::MAX) + 1).into()), json!("18446744073709551616"));
        assert_eq!(value(&i128::MIN.into()), json!(i128::MIN.to_string()));
        assert_eq!(value(&f64::NAN.into()), json!("NaN"));
        assert_eq!(value(&f32::NEG_INFINITY.into()), json!("-inf"));
        assert_eq!(value(&0.1_f32.into()), json!(0.1));
        assert_eq!(value(&Duration::from_millis(1500).into()), json!("1.5s"));
        assert_eq!(value(&SystemTime::UNIX_EPOCH.into()), json!("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn options_are_null_or_their_value_unless_that_is_an_option() {
        assert_eq!(value(&Value::Option(None)), json!(null));
        assert_eq!(value(&Some(1_u8).into()), json!(1));
        assert_eq!(value(&Some(Some(1_u8)).into()), json!({"Some": 1}));
        assert_eq!(value(&Some(None::<u8>).into()), json!({"Some": null}));
    }

    #[test]
    fn enums_and_tuples_look_like_serde_s() {
        let of = |variant: &str, fields: &[(&str, Value)]| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            value(&Value::Enum { variant: variant.to_owned(), fields })
        };
        assert_eq!(of("Off", &[]), json!("Off"));
        assert_eq!(of("V4", &[("0", 1_u8.into())]), json!({"V4": 1}));
        assert_eq!(of("Pair", &[("0", 1_u8.into()), ("1", 2_u8.into())]), json!({"Pair": [1, 2]}));
        assert_eq!(of("Circle", &[("radius", 2.5_f64.into())]), json!({"Circle": {"radius": 2.5}}));
    }
}
