//! `shmrec schema`.

use shmrec::schema::{FieldSchema, Type};

use crate::arguments::Schema;
use crate::context::Context;
use crate::failed::Outcome;
use crate::json::join;
use crate::output::{Align, Ink, Table};
use crate::{code, text};

pub(crate) fn run(context: &Context, arguments: &Schema) -> Outcome {
    let reader = context.observe(&arguments.name)?;
    let schema = reader.schema();
    let output = &context.output;
    if arguments.c {
        return Ok(output.line(schema.to_c().trim_end())?);
    }
    if arguments.rust {
        return Ok(output.line(code::rust::module(schema, &arguments.name).trim_end())?);
    }
    if arguments.python {
        return Ok(output.line(code::python::module(schema, &arguments.name).trim_end())?);
    }
    if output.json {
        let document = schema.to_json();
        // Written by this very program's library: what it writes it reads. Not spread out, it is the text in the segment.
        return match serde_json::from_str::<serde_json::Value>(&document) {
            Ok(document) if output.terminal => Ok(output.json(&document)?),
            _ => Ok(output.line(&document)?),
        };
    }

    let record = schema.record();
    let about = format!(
        "{}, alignment {}, fingerprint {}",
        text::bytes(record.size as u64),
        record.align,
        schema.fingerprint()
    );
    output.line(&format!(
        "{}  {}",
        output.ink(Ink::Heading, &text::clean(&record.name)),
        output.ink(Ink::Dim, &about)
    ))?;
    for line in record.docs.lines() {
        output.line(&output.ink(Ink::Dim, &text::clean(line)))?;
    }
    let mut table = Table::new(vec![
        ("OFFSET", Align::Right),
        ("SIZE", Align::Right),
        ("FIELD", Align::Left),
        ("TYPE", Align::Left),
        ("", Align::Left),
    ]);
    fields(&record.fields, "", 0, &mut table);
    Ok(output.table(&table)?)
}

/// A line for each field, and for what it is made of. Offsets are from the record's start; those in lists from the start of
/// an element.
fn fields(of: &[FieldSchema], path: &str, offset: usize, table: &mut Table) {
    for field in of {
        let path = join(path, &field.name);
        let at = offset + field.offset;
        let docs = field.docs.lines().next().unwrap_or_default();
        row(&path, at, &field.ty, docs, table);
        inside(&field.ty, &path, at, table);
    }
}

fn row(path: &str, at: usize, ty: &Type, docs: &str, table: &mut Table) {
    table.row(vec![
        (Ink::Plain, at.to_string()),
        (Ink::Plain, ty.size().to_string()),
        (Ink::Name, text::clean(path)),
        (Ink::Plain, type_name(ty)),
        (Ink::Dim, text::clean(docs)),
    ]);
}

/// A type's name; the variants of an enum whose variants are only names.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Enum(of) if of.variants.iter().all(|variant| variant.fields.is_empty()) => {
            let names: Vec<String> = of.variants.iter().map(|variant| text::clean(&variant.name)).collect();
            format!("{} ({})", text::clean(&of.name), names.join(", "))
        }
        ty => text::ty(ty),
    }
}

fn inside(ty: &Type, path: &str, at: usize, table: &mut Table) {
    match ty {
        Type::Record(record) if record.name != "()" => fields(&record.fields, path, at, table),
        Type::Option { element } => inside(element, path, at + ty.value_offset(), table),
        Type::Array { element, .. } | Type::Vec { element, .. } => inside(element, &format!("{path}[]"), 0, table),
        Type::Enum(of) => {
            for variant in of.variants.iter().filter(|variant| !variant.fields.is_empty()) {
                fields(&variant.fields, &join(path, &variant.name), at, table);
            }
        }
        _ => {}
    }
}
