//! The types of a record that have names, once each, in an order in which each stands behind those that it is made of.

use shmrec::schema::{Enum, FieldSchema, Record, Type};

/// A type that has a name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named<'s> {
    Record(&'s Record),
    Enum(&'s Enum),
}

impl<'s> Named<'s> {
    pub(crate) fn name(self) -> &'s str {
        match self {
            Self::Record(record) => &record.name,
            Self::Enum(of) => &of.name,
        }
    }

    fn shape(self) -> String {
        let mut shape = String::new();
        match self {
            Self::Record(record) => record_shape(record, &mut shape),
            Self::Enum(of) => enum_shape(of, &mut shape),
        }
        shape
    }
}

/// All named types of a record with an identifier each; the record itself is the last.
#[derive(Debug)]
pub(crate) struct Types<'s> {
    all: Vec<(String, String, Named<'s>)>,
}

impl<'s> Types<'s> {
    /// Identifiers are made by `identifier` from a declared name, and given a number where one is taken.
    pub(crate) fn of(record: &'s Record, identifier: impl Fn(&str) -> String) -> Self {
        let mut types = Self { all: Vec::new() };
        types.add_fields(&record.fields, &identifier);
        types.add(Named::Record(record), &identifier);
        types
    }

    /// Identifiers and types, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Named<'s>)> {
        self.all.iter().map(|(identifier, _, named)| (identifier.as_str(), *named))
    }

    /// The identifier of a type.
    pub(crate) fn identifier(&self, named: Named<'_>) -> &str {
        let shape = named.shape();
        // Every type of the record was added.
        self.all.iter().find(|(_, known, _)| *known == shape).map_or("", |(identifier, ..)| identifier)
    }

    fn add(&mut self, named: Named<'s>, identifier: &impl Fn(&str) -> String) {
        let shape = named.shape();
        if self.all.iter().any(|(_, known, _)| *known == shape) {
            return;
        }
        let wanted = identifier(named.name());
        let mut taken = wanted.clone();
        let mut number = 2;
        while self.all.iter().any(|(known, ..)| *known == taken) {
            taken = format!("{wanted}{number}");
            number += 1;
        }
        self.all.push((taken, shape, named));
    }

    fn add_fields(&mut self, fields: &'s [FieldSchema], identifier: &impl Fn(&str) -> String) {
        for field in fields {
            self.add_type(&field.ty, identifier);
        }
    }

    fn add_type(&mut self, ty: &'s Type, identifier: &impl Fn(&str) -> String) {
        match ty {
            Type::Array { element, .. } | Type::Vec { element, .. } | Type::Option { element } => {
                self.add_type(element, identifier);
            }
            Type::Record(record) => {
                self.add_fields(&record.fields, identifier);
                if record.name != "()" {
                    self.add(Named::Record(record), identifier);
                }
            }
            Type::Enum(of) => {
                for variant in &of.variants {
                    self.add_fields(&variant.fields, identifier);
                }
                self.add(Named::Enum(of), identifier);
            }
            _ => {}
        }
    }
}

// All that makes two types the same: everything but the docs. Names hold no quotes.

fn record_shape(record: &Record, shape: &mut String) {
    shape.push_str(&format!("{:?}/{}/{}", record.name, record.size, record.align));
    fields_shape(&record.fields, shape);
}

fn enum_shape(of: &Enum, shape: &mut String) {
    shape.push_str(&format!("enum {:?}/{}/{}/{}", of.name, of.size, of.align, of.tag));
    for variant in &of.variants {
        shape.push_str(&format!("|{:?}={}", variant.name, variant.value));
        fields_shape(&variant.fields, shape);
    }
}

fn fields_shape(fields: &[FieldSchema], shape: &mut String) {
    shape.push('{');
    for field in fields {
        shape.push_str(&format!("{:?}@{}:", field.name, field.offset));
        type_shape(&field.ty, shape);
    }
    shape.push('}');
}

fn type_shape(ty: &Type, shape: &mut String) {
    match ty {
        Type::Array { element, len } => {
            shape.push_str(&format!("[{len};"));
            type_shape(element, shape);
        }
        Type::Vec { element, capacity } => {
            shape.push_str(&format!("<{capacity};"));
            type_shape(element, shape);
        }
        Type::Option { element } => {
            shape.push('?');
            type_shape(element, shape);
        }
        Type::Record(record) => record_shape(record, shape),
        Type::Enum(of) => enum_shape(of, shape),
        scalar => shape.push_str(&format!("{scalar},")),
    }
}

/// `name` with underscores where it has what no identifier may have; never empty.
pub(crate) fn words(name: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}
