//! `shmrec show`.

use serde_json::{Map, Value as Json, json};
use shmrec::survey::Found;
use shmrec::{DynReader, DynRecord, LinkError, Version};

use crate::arguments::Show;
use crate::context::{Context, not_read, state};
use crate::failed::{Code, Failed, Outcome};
use crate::output::{Align, Ink, Table};
use crate::tree::{Leaf, Shown};
use crate::{json, text, tree};

pub(crate) fn run(context: &Context, arguments: &Show) -> Outcome {
    let name = arguments.name.as_str();
    // Damaged as it may be: what its header says can be shown.
    if let Err(error @ LinkError::Damaged(_)) = context.options_of(name).observe(true).dyn_reader(name) {
        if let Some(found) = context.survey().look_at(name)? {
            facts(context, &found)?;
        }
        return Err(context.not_linked(name, error));
    }
    let reader = context.observe_and_note(name)?;
    let record = read(&reader, arguments.version).map_err(|error| not_read(name, error))?;
    let mut invalid = 0;
    if context.output.json {
        let (shown, errors) = as_json(name, &record, &arguments.fields)?;
        invalid = errors;
        context.output.json(&shown)?;
    } else {
        if context.output.terminal {
            let users = reader.users().map_or_else(|_| "-".to_owned(), |n| text::count(n as u64, "user"));
            let about = format!(
                "{}, {}, version {}, {users}",
                text::clean(&record.schema().record().name),
                text::bytes(record.bytes().len() as u64),
                record.version()
            );
            context.output.line(&format!(
                "{}  {}",
                context.output.ink(Ink::Heading, name),
                context.output.ink(Ink::Dim, &about)
            ))?;
        }
        let mut table = Table::new(vec![("", Align::Left), ("", Align::Left)]);
        for leaf in leaves(name, &record, &arguments.fields, arguments.all)? {
            invalid += usize::from(matches!(leaf.value, Shown::Invalid(_)));
            table.row(row(leaf));
        }
        context.output.table(&table)?;
    }
    if invalid > 0 {
        let message = format!("{name}: the bytes of {} are no value", text::count(invalid as u64, "field"));
        return Err(Failed::new(Code::Failed, message).hint("some program wrote them otherwise than through shmrec"));
    }
    Ok(())
}

fn read(reader: &DynReader, version: Option<u64>) -> Result<DynRecord, shmrec::ReadError> {
    match version {
        Some(version) => reader.read_version(Version::new(version)),
        None => reader.read(),
    }
}

fn leaves(name: &str, record: &DynRecord, fields: &[String], all: bool) -> Outcome<Vec<Leaf>> {
    if fields.is_empty() {
        return Ok(tree::leaves(&record.view(), "", all));
    }
    let mut leaves = Vec::new();
    for field in fields {
        let view = record.view_at(field).map_err(|error| not_read(name, error))?;
        leaves.extend(tree::leaves(&view, field, all));
    }
    Ok(leaves)
}

fn row(Leaf { path, value }: Leaf) -> Vec<(Ink, String)> {
    let (ink, value) = match value {
        Shown::Value(value) => (Ink::Plain, value),
        Shown::Invalid(error) => {
            (Ink::Bad, format!("! {}", text::clean(&format!("found {}, expected {}", error.found(), error.expected()))))
        }
        Shown::More(count) => (Ink::Dim, format!("… {count} more (--all)")),
    };
    vec![(Ink::Name, text::clean(&path)), (ink, value)]
}

fn as_json(name: &str, record: &DynRecord, fields: &[String]) -> Outcome<(Json, usize)> {
    let mut invalid = Vec::new();
    let mut shown = Map::new();
    shown.insert("name".to_owned(), name.into());
    shown.insert("version".to_owned(), record.version().get().into());
    if fields.is_empty() {
        shown.insert("record".to_owned(), json::view(&record.view(), "", &mut invalid));
    } else {
        let mut values = Map::new();
        for field in fields {
            let view = record.view_at(field).map_err(|error| not_read(name, error))?;
            values.insert(field.clone(), json::view(&view, field, &mut invalid));
        }
        shown.insert("fields".to_owned(), values.into());
    }
    if !invalid.is_empty() {
        let errors = invalid
            .iter()
            .map(|(path, error)| json!({"field": path, "found": error.found(), "expected": error.expected()}));
        shown.insert("invalid".to_owned(), errors.collect());
    }
    Ok((shown.into(), invalid.len()))
}

/// What is known of a segment whose record cannot be read.
fn facts(context: &Context, found: &Found) -> Outcome {
    if context.output.json {
        return Ok(context.output.json(&super::list::as_json(found, None))?);
    }
    let mut table = Table::new(vec![("", Align::Left), ("", Align::Left)]);
    let mut fact = |name: &str, value: String| table.row(vec![(Ink::Name, name.to_owned()), (Ink::Plain, value)]);
    fact("file", text::clean(&found.path.display().to_string()));
    fact("state", state(&found.state).1.to_owned());
    fact("owner", text::user(found.owner));
    fact("mode", text::mode(found.mode));
    fact("length", text::bytes(found.len));
    if let Some(about) = &found.about {
        fact("record size", text::bytes(about.record_size as u64));
        fact("slots", about.slots.to_string());
        if let Some(pid) = about.creator.pid {
            fact("creator", format!("process {pid} of {}", text::user(about.creator.uid)));
        }
        if let Some(created) = about.creator.created {
            fact("created", text::time_to_millis(created));
        }
    }
    Ok(context.output.table(&table)?)
}
