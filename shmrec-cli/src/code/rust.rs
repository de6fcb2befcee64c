//! A record as a Rust module that derives it.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::LazyLock;

use shmrec::SharedRecord;
use shmrec::schema::{Enum, FieldSchema, Record, Schema, Type};

use super::named::{Named, Types, words};
use crate::text;

/// Types of the standard library whose images have parts of their own.
#[derive(SharedRecord)]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Standard {
    ip_addr: IpAddr,
    socket_addr_v4: SocketAddrV4,
    socket_addr_v6: SocketAddrV6,
    socket_addr: SocketAddr,
}

static STANDARD: LazyLock<Schema> = LazyLock::new(Schema::of::<Standard>);

fn standard(ty: &Type) -> Option<&'static str> {
    let fields = &STANDARD.record().fields;
    let paths = ["std::net::IpAddr", "std::net::SocketAddrV4", "std::net::SocketAddrV6", "std::net::SocketAddr"];
    fields.iter().zip(paths).find(|(field, _)| field.ty == *ty).map(|(_, path)| path)
}

/// The module. Its record has the schema's fingerprint.
pub(crate) fn module(schema: &Schema, segment: &str) -> String {
    let types = Types::of(schema.record(), type_identifier);
    let mut out = format!(
        "//! The record of the segment `{segment}`, as `shmrec schema {segment} --rust` declares it.\n\nuse shmrec::SharedRecord;\n"
    );
    for (identifier, named) in types.iter() {
        let standard = match named {
            Named::Record(record) => standard(&Type::Record(record.clone())),
            Named::Enum(of) => standard(&Type::Enum(of.clone())),
        };
        if standard.is_some() {
            continue;
        }
        out.push('\n');
        match named {
            Named::Record(record) => declare_record(record, identifier, &types, &mut out),
            Named::Enum(of) => declare_enum(of, identifier, &types, &mut out),
        }
    }
    out
}

const DERIVE: &str = "#[derive(SharedRecord, Clone, Debug, PartialEq)]\n";

fn declare_record(record: &Record, identifier: &str, types: &Types<'_>, out: &mut String) {
    docs(&record.docs, "", out);
    out.push_str(DERIVE);
    let name = if identifier == record.name { String::new() } else { format!("name = {}, ", literal(&record.name)) };
    out.push_str(&format!(
        "#[record({name}size = {}, align = {})]\npub struct {identifier}",
        record.size, record.align
    ));
    fields(&record.fields, types, "", "pub ", out);
    out.push_str(if is_tuple(&record.fields) { ";\n" } else { "\n" });
}

fn declare_enum(of: &Enum, identifier: &str, types: &Types<'_>, out: &mut String) {
    docs(&of.docs, "", out);
    out.push_str(DERIVE);
    if identifier != of.name {
        out.push_str(&format!("#[record(name = {})]\n", literal(&of.name)));
    }
    out.push_str(&format!("#[repr({})]\npub enum {identifier} {{\n", of.tag));
    let mut names = Names::default();
    for variant in &of.variants {
        docs(&variant.docs, "    ", out);
        let own = names.unique(type_identifier(&variant.name));
        if own != variant.name {
            out.push_str(&format!("    #[record(rename = {})]\n", literal(&variant.name)));
        }
        out.push_str(&format!("    {own}"));
        if !variant.fields.is_empty() {
            fields(&variant.fields, types, "    ", "", out);
        }
        out.push_str(&format!(" = {},\n", variant.value));
    }
    out.push_str("}\n");
}

fn is_tuple(fields: &[FieldSchema]) -> bool {
    text::is_numbered(fields.iter().map(|field| field.name.as_str()))
}

fn fields(of: &[FieldSchema], types: &Types<'_>, indent: &str, public: &str, out: &mut String) {
    let tuple = is_tuple(of);
    out.push_str(if tuple { "(\n" } else { " {\n" });
    let mut names = Names::default();
    for field in of {
        docs(&field.docs, &format!("{indent}    "), out);
        let mut capacities = Vec::new();
        let ty = type_of(&field.ty, types, Some(&mut capacities));
        let mut attributes = Vec::new();
        match &capacities[..] {
            [] => {}
            [capacity] => attributes.push(format!("capacity = {capacity}")),
            all => attributes
                .push(format!("capacity = ({})", all.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))),
        }
        let own = names.unique(field_identifier(&field.name));
        if !tuple && own != field.name {
            attributes.push(format!("rename = {}", literal(&field.name)));
        }
        if !attributes.is_empty() {
            out.push_str(&format!("{indent}    #[record({})]\n", attributes.join(", ")));
        }
        let name = if tuple { String::new() } else { format!("{own}: ") };
        out.push_str(&format!("{indent}    {public}{name}{ty},\n"));
    }
    out.push_str(indent);
    out.push(if tuple { ')' } else { '}' });
}

/// A type as it is declared. What needs a capacity adds it to `capacities`; where there is no attribute to say it, a type
/// that says it itself is taken.
fn type_of(ty: &Type, types: &Types<'_>, mut capacities: Option<&mut Vec<usize>>) -> String {
    if let Some(path) = standard(ty) {
        return path.to_owned();
    }
    match ty {
        Type::NonZero { of } => format!("std::num::NonZero<{of}>"),
        Type::Duration => "std::time::Duration".to_owned(),
        Type::SystemTime => "std::time::SystemTime".to_owned(),
        Type::Ipv4Addr => "std::net::Ipv4Addr".to_owned(),
        Type::Ipv6Addr => "std::net::Ipv6Addr".to_owned(),
        Type::Array { element, len } => format!("[{}; {len}]", type_of(element, types, capacities)),
        Type::Option { element } => format!("Option<{}>", type_of(element, types, capacities)),
        Type::String { capacity } => match capacities {
            Some(capacities) => {
                capacities.push(*capacity);
                "String".to_owned()
            }
            None => format!("shmrec::FixedStr<{capacity}>"),
        },
        Type::Vec { element, capacity } => match capacities.as_deref_mut() {
            Some(own) => {
                own.push(*capacity);
                format!("Vec<{}>", type_of(element, types, capacities))
            }
            None => format!("shmrec::FixedVec<{}, {capacity}>", type_of(element, types, None)),
        },
        Type::Record(record) if record.name == "()" => {
            let parts: Vec<String> = record.fields.iter().map(|field| type_of(&field.ty, types, None)).collect();
            format!("({}{})", parts.join(", "), if parts.len() == 1 { "," } else { "" })
        }
        Type::Record(record) => types.identifier(Named::Record(record)).to_owned(),
        Type::Enum(of) => types.identifier(Named::Enum(of)).to_owned(),
        scalar => scalar.to_string(),
    }
}

fn docs(docs: &str, indent: &str, out: &mut String) {
    for line in docs.lines() {
        out.push_str(format!("{indent}/// {}", text::clean(line)).trim_end());
        out.push('\n');
    }
}

fn literal(name: &str) -> String {
    format!("{name:?}")
}

/// A name as types have it: `drive.status_word` becomes `DriveStatusWord`.
fn type_identifier(name: &str) -> String {
    /// What the module itself uses.
    const TAKEN: [&str; 7] = ["Option", "String", "Vec", "SharedRecord", "Clone", "Debug", "PartialEq"];
    let mut out = String::new();
    for word in words(name).split('_') {
        let mut characters = word.chars();
        out.extend(characters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(characters.as_str());
    }
    let first = out.chars().next();
    if first.is_none_or(|c| c.is_ascii_digit()) {
        out.insert(0, 'T');
    }
    if TAKEN.contains(&out.as_str()) || out == "Self" {
        out.push('_');
    }
    out
}

fn field_identifier(name: &str) -> String {
    const KEYWORDS: [&str; 50] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
        "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
        "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type",
        "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "self", "super",
    ];
    let mut out = snake(&words(name));
    if KEYWORDS.contains(&out.as_str()) || ["crate", "Self", "_"].contains(&out.as_str()) {
        out.push('_');
    }
    out
}

/// `driveStatus` and `drive__status` as `drive_status`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = '_';
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            out.push('_');
        }
        // One at the start has a meaning: the field is not used yet.
        if c != '_' || before != '_' || out.is_empty() {
            out.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    out
}

/// Identifiers that are each other's neighbours.
#[derive(Debug, Default)]
struct Names(Vec<String>);

impl Names {
    fn unique(&mut self, wanted: String) -> String {
        let mut taken = wanted.clone();
        let mut number = 2;
        while self.0.contains(&taken) {
            taken = format!("{wanted}{number}");
            number += 1;
        }
        self.0.push(taken.clone());
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::{field_identifier, type_identifier};

    #[test]
    fn any_name_becomes_an_identifier() {
        let fields = ["x", "driveStatus", "gr\u{f6}\u{df}e", "a-b", "type", "self", "_", "9lives", "X", "_kept"]
            .map(field_identifier);
        assert_eq!(fields, ["x", "drive_status", "gr_e", "a_b", "type_", "self_", "__", "_9lives", "x", "_kept"]);
        let types = ["sysmon", "drive.Status", "Option", "Self", "9", "a-b_c", "\u{e9}"].map(type_identifier);
        assert_eq!(types, ["Sysmon", "DriveStatus", "Option_", "Self_", "T9", "ABC", "T"]);
    }
}
