//! Writing: the canonical form, byte for byte what the fingerprint hashes, and the document around it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Enum, FieldSchema, Record, Schema, Type};

/// The version of the document.
pub(super) const VERSION: usize = 1;

/// The scalars and their names.
pub(super) const SCALARS: [(&str, Type); 18] = [
    ("u8", Type::U8),
    ("u16", Type::U16),
    ("u32", Type::U32),
    ("u64", Type::U64),
    ("u128", Type::U128),
    ("i8", Type::I8),
    ("i16", Type::I16),
    ("i32", Type::I32),
    ("i64", Type::I64),
    ("i128", Type::I128),
    ("f32", Type::F32),
    ("f64", Type::F64),
    ("bool", Type::Bool),
    ("char", Type::Char),
    ("duration", Type::Duration),
    ("system_time", Type::SystemTime),
    ("ipv4_addr", Type::Ipv4Addr),
    ("ipv6_addr", Type::Ipv6Addr),
];

/// The name of a scalar; none of a type made of others.
pub(super) fn scalar_name(ty: &Type) -> Option<&'static str> {
    SCALARS.iter().find(|(_, scalar)| scalar == ty).map(|(name, _)| *name)
}

/// The document that stands in a segment.
pub(super) fn document(schema: &Schema) -> String {
    let mut docs = BTreeMap::new();
    schema.record.clone().each_docs("", &mut |path, text| {
        if !text.is_empty() {
            docs.insert(path.to_owned(), std::mem::take(text));
        }
    });
    let mut out = format!("{{\"shmrec\":{VERSION},\"schema\":");
    record(&mut out, &schema.record);
    out.push_str(",\"docs\":{");
    for (i, (path, text)) in docs.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        string(&mut out, path);
        out.push(':');
        string(&mut out, text);
    }
    out.push_str("}}");
    out
}

/// The canonical form of a record.
pub(super) fn canonical(of: &Record) -> String {
    let mut out = String::new();
    record(&mut out, of);
    out
}

/// The canonical form of a type.
pub(super) fn canonical_type(of: &Type) -> String {
    let mut out = String::new();
    ty(&mut out, of);
    out
}

/// Text in quotes. A name comes out as it is, because no name holds what needs an escape.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => put(out, format_args!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn put(out: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a `String` does not fail.
    let _ = out.write_fmt(words);
}

fn record(out: &mut String, record: &Record) {
    out.push_str("{\"record\":");
    string(out, &record.name);
    put(out, format_args!(",\"size\":{},\"align\":{},\"fields\":", record.size, record.align));
    fields(out, &record.fields);
    out.push('}');
}

fn fields(out: &mut String, fields: &[FieldSchema]) {
    out.push('[');
    for (i, field) in fields.iter().enumerate() {
        out.push_str(if i > 0 { ",{\"name\":" } else { "{\"name\":" });
        string(out, &field.name);
        put(out, format_args!(",\"offset\":{},\"type\":", field.offset));
        ty(out, &field.ty);
        out.push('}');
    }
    out.push(']');
}

fn ty(out: &mut String, of: &Type) {
    match of {
        Type::Array { element, len } => {
            out.push_str("{\"array\":");
            ty(out, element);
            put(out, format_args!(",\"len\":{len}}}"));
        }
        Type::NonZero { of } => {
            out.push_str("{\"nonzero\":");
            ty(out, of);
            out.push('}');
        }
        Type::Option { element } => {
            out.push_str("{\"option\":");
            ty(out, element);
            out.push('}');
        }
        Type::String { capacity } => put(out, format_args!("{{\"string\":{capacity}}}")),
        Type::Vec { element, capacity } => {
            out.push_str("{\"vec\":");
            ty(out, element);
            put(out, format_args!(",\"capacity\":{capacity}}}"));
        }
        Type::Record(nested) => record(out, nested),
        Type::Enum(nested) => variants(out, nested),
        scalar => string(out, scalar_name(scalar).unwrap_or_default()),
    }
}

fn variants(out: &mut String, of: &Enum) {
    out.push_str("{\"enum\":");
    string(out, &of.name);
    put(out, format_args!(",\"size\":{},\"align\":{},\"tag\":", of.size, of.align));
    ty(out, &of.tag);
    out.push_str(",\"variants\":[");
    for (i, variant) in of.variants.iter().enumerate() {
        out.push_str(if i > 0 { ",{\"name\":" } else { "{\"name\":" });
        string(out, &variant.name);
        put(out, format_args!(",\"value\":\"{}\",\"fields\":", variant.value));
        fields(out, &variant.fields);
        out.push('}');
    }
    out.push_str("]}");
}
