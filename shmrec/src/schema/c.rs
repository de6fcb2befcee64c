//! A schema as a header for C and C++.
//!
//! First every type gets a name, and all that is to be declared is gathered in the order in which it can be; then it is
//! written. Names of members must know all of those, because a macro replaces words anywhere, and because C++ refuses a
//! member that is called like a type that its struct uses.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::{Enum, FieldSchema, Record, Schema, Type, json};
use crate::model::TUPLE;
use crate::model::layout::{LEN, round_up};

/// The header.
pub(super) fn header(schema: &Schema) -> String {
    let record = &schema.record;
    let mut types = Types {
        prefix: String::new(),
        taken: RESERVED.iter().map(|word| (*word).to_owned()).collect(),
        known: HashMap::new(),
        declared: Vec::new(),
    };
    types.prefix = types.name(&top_level(&record.name));
    let own = types.prefix.clone();
    let guard = types.name(&format!("SHMREC_{}_H", own.to_uppercase()));
    let fingerprint = types.name(&format!("{own}_FINGERPRINT"));
    if record.size > 0 {
        types.record(record, own.clone());
    }

    let mut out = String::new();
    comment(
        &mut out,
        "",
        &format!(
            "The record `{}`: {} bytes, aligned to {}.\n\
             \n\
             For C11, C++11 and later. Made by shmrec from the record's schema, fingerprint {}.\n\
             \n\
             Bytes that another program wrote can be anything: look at tags, lengths and bools before use. Whoever writes a \
             record sets padding, what is behind a length, and the value of a none to zero.",
            record.name,
            record.size,
            record.align,
            schema.fingerprint()
        ),
    );
    put(&mut out, format_args!("#ifndef {guard}\n#define {guard}\n\n"));
    out.push_str(PREAMBLE);
    let bytes = schema.fingerprint().to_le_bytes().map(|byte| format!("0x{byte:02x}"));
    out.push('\n');
    comment(&mut out, "", "The 16 bytes at offset 104 of the segment, as an initialiser of `uint8_t[16]`.");
    put(&mut out, format_args!("#define {fingerprint} {{ {} }}\n", bytes.join(", ")));
    for declaration in &types.declared {
        out.push('\n');
        types.write(&mut out, declaration);
    }
    if types.declared.is_empty() {
        out.push('\n');
        comment(&mut out, "", "It has no bytes, and C no struct without any.");
    }
    put(&mut out, format_args!("\n#endif /* {guard} */\n"));
    out
}

const PREAMBLE: &str = "\
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <stdalign.h>
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error \"the numbers of a record are little-endian\"
#endif
static_assert(sizeof(float) == 4 && sizeof(double) == 8, \"floats as IEEE 754 has them\");
";

/// Keywords and alternative tokens of C23 and C++23, what the header's own includes define, and words that compilers for
/// Unix define as macros.
const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "assert",
    "atomic_cancel",
    "atomic_commit",
    "atomic_noexcept",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "i386",
    "if",
    "inline",
    "int",
    "int16_t",
    "int32_t",
    "int64_t",
    "int8_t",
    "linux",
    "long",
    "max_align_t",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "NULL",
    "nullptr",
    "nullptr_t",
    "offsetof",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "ptrdiff_t",
    "public",
    "reflexpr",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "size_t",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "synchronized",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "uint16_t",
    "uint32_t",
    "uint64_t",
    "uint8_t",
    "union",
    "unix",
    "unreachable",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
];

/// What a member is declared with: `uint16_t name[3][2]`.
#[derive(Clone)]
struct CType {
    base: String,
    lengths: Vec<usize>,
    /// What the type does not say of its values.
    values: &'static str,
}

impl CType {
    fn of(base: &str) -> Self {
        Self { base: base.to_owned(), lengths: Vec::new(), values: "" }
    }

    fn times(mut self, len: usize) -> Self {
        self.lengths.insert(0, len);
        self
    }

    fn worth(self, values: &'static str) -> Self {
        Self { values, ..self }
    }
}

/// A member of a struct.
struct Member<'s> {
    /// The name that it would have, and what the schema calls it when that is a name of the user's.
    name: &'s str,
    declared: Option<&'s str>,
    docs: &'s str,
    offset: usize,
    size: usize,
    align: usize,
    ty: CType,
}

/// Something that the header declares.
enum Declared<'s> {
    Struct {
        name: String,
        docs: &'s str,
        size: usize,
        align: usize,
        members: Vec<Member<'s>>,
    },
    /// An enum with data: a tag, and for each variant that has any a struct that begins with the tag.
    Union {
        name: String,
        docs: &'s str,
        size: usize,
        align: usize,
        tag: CType,
        structs: Vec<(&'s str, String)>,
    },
    /// Another name for the integer of an enum without data.
    Alias {
        name: String,
        docs: &'s str,
        of: CType,
    },
    /// The values of an enum, of the integer type `ty`.
    Values {
        ty: String,
        wide: Option<&'static str>,
        values: Vec<(String, &'s str, i128)>,
    },
}

struct Types<'s> {
    /// What all names begin with.
    prefix: String,
    /// The names that are no longer free.
    taken: HashSet<String>,
    /// The C type for each canonical form.
    known: HashMap<String, CType>,
    declared: Vec<Declared<'s>>,
}

impl<'s> Types<'s> {
    /// `wish`, or what is free of its kind.
    fn name(&mut self, wish: &str) -> String {
        let name = free(wish, |name| self.taken.contains(name));
        self.taken.insert(name.clone());
        name
    }

    /// The name of a type that `label` describes.
    fn type_name(&mut self, label: &str) -> String {
        self.name(&format!("{}_{label}", self.prefix))
    }

    /// The C type for a type that has bytes, declared before it is returned.
    fn ty(&mut self, ty: &'s Type) -> CType {
        match ty {
            Type::U8 => CType::of("uint8_t"),
            Type::U16 => CType::of("uint16_t"),
            Type::U32 => CType::of("uint32_t"),
            Type::U64 => CType::of("uint64_t"),
            Type::I8 => CType::of("int8_t"),
            Type::I16 => CType::of("int16_t"),
            Type::I32 => CType::of("int32_t"),
            Type::I64 => CType::of("int64_t"),
            Type::F32 => CType::of("float"),
            Type::F64 => CType::of("double"),
            Type::Bool => CType::of("uint8_t").worth("0 or 1"),
            Type::Char => CType::of("uint32_t").worth("a Unicode scalar value"),
            Type::NonZero { of } => self.ty(of).worth("not 0"),
            Type::Ipv4Addr => CType::of("uint8_t").times(4).worth("as they go over a network"),
            Type::Ipv6Addr => CType::of("uint8_t").times(16).worth("as they go over a network"),
            Type::Array { element, len } => self.ty(element).times(*len),
            made => {
                let form = json::canonical_type(made);
                if let Some(known) = self.known.get(&form) {
                    return known.clone();
                }
                let declared = self.declare(made);
                self.known.insert(form, declared.clone());
                declared
            }
        }
    }

    /// Declares a type that is made of others.
    fn declare(&mut self, ty: &'s Type) -> CType {
        let (size, align) = (ty.size(), ty.align());
        match ty {
            Type::Record(record) => {
                let name = self.type_name(&label(ty));
                return self.record(record, name);
            }
            Type::Enum(of) => return self.variants(of),
            _ => {}
        }
        let mut members = Vec::new();
        let mut member = |name, offset, ty: CType, size, align| {
            members.push(Member { name, declared: None, docs: "", offset, size, align, ty });
        };
        match ty {
            Type::U128 | Type::I128 => {
                let high = if *ty == Type::U128 { "uint64_t" } else { "int64_t" };
                member("low", 0, CType::of("uint64_t"), 8, 8);
                member("high", 8, CType::of(high), 8, 8);
            }
            Type::Duration | Type::SystemTime => {
                let (seconds, values) = match ty {
                    Type::Duration => ("uint64_t", ""),
                    _ => ("int64_t", "since 1970-01-01 UTC, rounded down"),
                };
                member("seconds", 0, CType::of(seconds).worth(values), 8, 8);
                member("nanoseconds", 8, CType::of("uint32_t").worth("below 1000000000"), 4, 4);
            }
            Type::Option { element } => {
                member("some", 0, CType::of("uint8_t").worth("0 or 1"), 1, 1);
                if element.size() > 0 {
                    let value = self.ty(element);
                    member("value", ty.value_offset(), value, element.size(), element.align());
                }
            }
            Type::String { capacity } => {
                member("len", 0, CType::of("uint32_t").worth("bytes"), LEN, LEN);
                let text = CType::of("char").times(*capacity).worth("UTF-8, without a NUL at its end");
                member("text", ty.value_offset(), text, *capacity, 1);
            }
            Type::Vec { element, capacity } => {
                member("len", 0, CType::of("uint32_t").worth("elements"), LEN, LEN);
                if element.size() > 0 {
                    let items = self.ty(element).times(*capacity);
                    member("items", ty.value_offset(), items, element.size() * capacity, element.align());
                }
            }
            scalar => unreachable!("{scalar} is a type of C"),
        }
        let name = self.type_name(&label(ty));
        let declared = CType::of(&name);
        self.declared.push(Declared::Struct { name, docs: "", size, align, members });
        declared
    }

    fn record(&mut self, record: &'s Record, name: String) -> CType {
        let members = self.members(&record.fields);
        let declared = CType::of(&name);
        let (docs, size, align) = (record.docs.as_str(), record.size, record.align);
        self.declared.push(Declared::Struct { name, docs, size, align, members });
        declared
    }

    /// The fields that have bytes.
    fn members(&mut self, fields: &'s [FieldSchema]) -> Vec<Member<'s>> {
        let with_bytes = fields.iter().filter(|field| field.ty.size() > 0);
        with_bytes
            .map(|field| Member {
                name: &field.name,
                declared: Some(&field.name),
                docs: &field.docs,
                offset: field.offset,
                size: field.ty.size(),
                align: field.ty.align(),
                ty: self.ty(&field.ty),
            })
            .collect()
    }

    fn variants(&mut self, of: &'s Enum) -> CType {
        let tag = self.ty(&of.tag);
        let name = self.type_name(&identifier(&of.name));
        let with_data = of.variants.iter().any(|variant| !variant.fields.is_empty());
        let mut structs = Vec::new();
        for variant in of.variants.iter().filter(|variant| !variant.fields.is_empty()) {
            let (mut end, mut align) = (of.tag.size(), of.tag.align());
            for field in &variant.fields {
                end = end.max(field.offset + field.ty.size());
                align = align.max(field.ty.align());
            }
            let own = Member {
                name: "tag",
                declared: None,
                docs: "",
                offset: 0,
                size: of.tag.size(),
                align: of.tag.align(),
                ty: tag.clone(),
            };
            let members = std::iter::once(own).chain(self.members(&variant.fields)).collect();
            let own_name = self.name(&format!("{name}_{}_data", identifier(&variant.name)));
            structs.push((variant.name.as_str(), own_name.clone()));
            let (docs, size) = (variant.docs.as_str(), round_up(end, align));
            self.declared.push(Declared::Struct { name: own_name, docs, size, align, members });
        }
        let values = of.variants.iter().map(|variant| {
            let constant = self.name(&format!("{name}_{}", identifier(&variant.name)));
            (constant, if variant.fields.is_empty() { variant.docs.as_str() } else { "" }, variant.value)
        });
        let values = values.collect();
        let wide = match *of.tag {
            Type::U64 => Some("UINT64_C"),
            Type::I64 => Some("INT64_C"),
            _ => None,
        };
        let ty = if with_data { tag.base.clone() } else { name.clone() };
        let docs = of.docs.as_str();
        let declared = CType::of(&name);
        self.declared.push(if with_data {
            Declared::Union { name, docs, size: of.size, align: of.align, tag, structs }
        } else {
            Declared::Alias { name, docs, of: tag }
        });
        self.declared.push(Declared::Values { ty, wide, values });
        declared
    }

    fn write(&self, out: &mut String, declared: &Declared<'s>) {
        match declared {
            Declared::Struct { name, docs, size, align, members } => {
                comment(out, "", docs);
                self.write_struct(out, name, *size, *align, members);
                extent(out, name, *size, *align);
            }
            Declared::Union { name, docs, size, align, tag, structs } => {
                comment(out, "", docs);
                let mut names = Members::new(&self.taken);
                let tag_name = names.name("tag");
                put(out, format_args!("typedef union {name} {{\n"));
                put(out, format_args!("    /* Which of the others holds, if any. */\n    {} {tag_name};\n", tag.base));
                for (variant, of) in structs {
                    let member = names.name(&identifier(variant));
                    put(out, format_args!("    {of} {member};"));
                    called(out, variant, &member);
                    out.push('\n');
                }
                put(out, format_args!("}} {name};\n"));
                extent(out, name, *size, *align);
            }
            Declared::Alias { name, docs, of } => {
                comment(out, "", docs);
                put(out, format_args!("typedef {} {name};\n", of.base));
            }
            Declared::Values { ty, wide, values } => {
                for (name, docs, value) in values {
                    comment(out, "", docs);
                    // C has no literal for the least number of its widest type.
                    let (value, less) = if *value == i64::MIN.into() { (value + 1, " - 1") } else { (*value, "") };
                    let value = wide.map_or_else(|| value.to_string(), |wide| format!("{wide}({value})"));
                    put(out, format_args!("#define {name} (({ty})({value}{less}))\n"));
                }
            }
        }
    }

    /// A struct whose gaps are members too, so that no compiler has a choice.
    fn write_struct(&self, out: &mut String, name: &str, size: usize, align: usize, members: &[Member<'s>]) {
        let mut names = Members::new(&self.taken);
        let mut members: Vec<(String, &Member<'s>)> =
            members.iter().map(|member| (names.name(&identifier(member.name)), member)).collect();
        members.sort_by_key(|(_, member)| member.offset);

        // A field without bytes has no member, but its alignment counts.
        let natural = members.iter().map(|(_, member)| member.align).max().unwrap_or(1);
        let mut alignas = if natural < align { format!("alignas({align}) ") } else { String::new() };
        put(out, format_args!("typedef struct {name} {{\n"));
        let mut end = 0;
        for (own, member) in &members {
            self.write_gap(out, &mut names, &mut alignas, end, member.offset);
            comment(out, "    ", member.docs);
            let CType { base, lengths, values } = &member.ty;
            put(out, format_args!("    {}{base} {own}", std::mem::take(&mut alignas)));
            for len in lengths {
                put(out, format_args!("[{len}]"));
            }
            out.push(';');
            if let Some(declared) = member.declared {
                called(out, declared, own);
            }
            if !values.is_empty() {
                put(out, format_args!(" /* {values} */"));
            }
            out.push('\n');
            end = member.offset + member.size;
        }
        self.write_gap(out, &mut names, &mut alignas, end, size);
        put(out, format_args!("}} {name};\n"));
        for (own, member) in &members {
            let offset = member.offset;
            put(out, format_args!("static_assert(offsetof({name}, {own}) == {offset}, \"offset of {own}\");\n"));
        }
    }

    fn write_gap(&self, out: &mut String, names: &mut Members<'_>, alignas: &mut String, from: usize, to: usize) {
        if from < to {
            let name = names.name("padding");
            put(out, format_args!("    {}uint8_t {name}[{}];\n", std::mem::take(alignas), to - from));
        }
    }
}

/// The names of one struct's members.
struct Members<'t> {
    elsewhere: &'t HashSet<String>,
    own: HashSet<String>,
}

impl<'t> Members<'t> {
    fn new(elsewhere: &'t HashSet<String>) -> Self {
        Self { elsewhere, own: HashSet::new() }
    }

    fn name(&mut self, wish: &str) -> String {
        let name = free(wish, |name| self.elsewhere.contains(name) || self.own.contains(name));
        self.own.insert(name.clone());
        name
    }
}

/// `wish`, or the first of `wish_2`, `wish_3`, … that is not taken.
fn free(wish: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wish) {
        return wish.to_owned();
    }
    let mut numbered = (2u64..).map(|n| format!("{wish}_{n}"));
    numbered.find(|name| !taken(name)).unwrap_or_default()
}

/// The claims about a type as a whole.
fn extent(out: &mut String, name: &str, size: usize, align: usize) {
    put(out, format_args!("static_assert(sizeof({name}) == {size}, \"size of {name}\");\n"));
    put(out, format_args!("static_assert(alignof({name}) == {align}, \"alignment of {name}\");\n"));
}

/// Says what the schema calls a member, where that is another name.
fn called(out: &mut String, declared: &str, member: &str) {
    if declared != member {
        put(out, format_args!(" /* {} */", harmless(declared)));
    }
}

/// A name of the schema's as part of an identifier: letters, digits and single underscores, none of them first.
fn identifier(name: &str) -> String {
    let mut identifier = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => identifier.push(c),
            _ if identifier.is_empty() || identifier.ends_with('_') => {}
            _ => identifier.push('_'),
        }
    }
    match identifier.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("_{identifier}"),
        Some(_) => identifier,
        None => "x".to_owned(),
    }
}

/// A name that can stand at file scope, where those with an underscore in front belong to the compiler.
fn top_level(name: &str) -> String {
    let name = identifier(name);
    if name.starts_with('_') { format!("record{name}") } else { name }
}

/// Letters of the longest label, so that types in types do not grow their names without bound.
const MAX_LABEL: usize = 60;

/// What a type's name says of it.
fn label(ty: &Type) -> String {
    let label = match ty {
        Type::NonZero { of } => label(of),
        Type::Array { element, len } => format!("{}x{len}", label(element)),
        Type::Option { element } => format!("option_{}", label(element)),
        Type::String { capacity } => format!("string_{capacity}"),
        Type::Vec { element, capacity } => format!("vec_{}_{capacity}", label(element)),
        Type::Record(record) if record.name == TUPLE => {
            let parts: Vec<String> = record.fields.iter().map(|field| label(&field.ty)).collect();
            format!("tuple_{}", parts.join("_"))
        }
        Type::Record(record) => identifier(&record.name),
        Type::Enum(of) => identifier(&of.name),
        scalar => json::scalar_name(scalar).unwrap_or_default().to_owned(),
    };
    label.trim_start_matches('_').chars().take(MAX_LABEL).collect::<String>().trim_end_matches('_').to_owned()
}

/// Writes `text` as a comment of its own lines; nothing for nothing.
fn comment(out: &mut String, indent: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let text = harmless(text);
    let mut lines = text.split('\n').map(str::trim_end);
    put(out, format_args!("{indent}/* {}", lines.next().unwrap_or_default()));
    for line in lines {
        let blank = if line.is_empty() { "" } else { " " };
        put(out, format_args!("\n{indent} *{blank}{line}"));
    }
    out.push_str(" */\n");
}

/// Text that cannot end the comment around it, nor make it look as if it had ended.
fn harmless(text: &str) -> String {
    let text: String = text.chars().map(|c| if c == '\n' || !is_invisible(c) { c } else { ' ' }).collect();
    text.replace("*/", "* /").replace("/*", "/ *")
}

/// Control characters, and those that change the direction of writing.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn put(out: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a `String` does not fail.
    let _ = out.write_fmt(words);
}
