//! The typed model of an input: a record or a field-less enum, in legal states only.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Data, DeriveInput, Expr, Fields, GenericParam, Generics, Index, Member, Path, Type, Visibility, parse_quote,
};

use crate::attr;
use crate::errors::Errors;

/// What is derived on.
pub(crate) enum Input {
    Record(Record),
    Enum(Enum),
}

/// What records and enums have in common.
pub(crate) struct Head {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// The path of the shmrec crate.
    pub(crate) krate: Path,
    pub(crate) name: Name,
    pub(crate) docs: String,
    /// The size that the user states, to be checked.
    pub(crate) size: Option<Expr>,
    /// The alignment that the user states, to be checked.
    pub(crate) align: Option<Expr>,
}

/// A name in the schema, and where the user wrote it.
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// A struct with at least one transferred field.
pub(crate) struct Record {
    pub(crate) head: Head,
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field>,
}

/// How a struct writes its fields.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Named,
    Tuple,
}

pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) vis: Visibility,
    pub(crate) ty: Type,
    pub(crate) transfer: Transfer,
}

/// Whether a field has a place in the image.
pub(crate) enum Transfer {
    Stored(Box<Stored>),
    Skipped,
}

/// What is special about a field with a place in the image.
pub(crate) struct Stored {
    pub(crate) name: Name,
    pub(crate) docs: String,
    /// The most elements at each level of a nested sequence, outermost first; empty for a type of fixed size.
    pub(crate) capacity: Vec<Expr>,
    /// The offset that the user states, to be checked.
    pub(crate) offset: Option<Expr>,
    /// Whether an attribute was refused, so that what seems to be missing may have been meant.
    pub(crate) flawed: bool,
}

/// An enum of field-less variants, at least one.
pub(crate) struct Enum {
    pub(crate) head: Head,
    pub(crate) tag: Tag,
    pub(crate) variants: Vec<Variant>,
}

pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) name: Name,
    pub(crate) docs: String,
}

/// The integer type that an enum's `repr` fixes.
#[derive(Clone, Copy)]
pub(crate) enum Tag {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
}

impl Tag {
    const ALL: [Self; 8] = [Self::U8, Self::U16, Self::U32, Self::U64, Self::I8, Self::I16, Self::I32, Self::I64];

    /// The type's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }
}

/// The model of `input`; none when there is too little of it left to check, which `errors` then explains.
pub(crate) fn parse(input: &DeriveInput, errors: &mut Errors) -> Option<Input> {
    for param in &input.generics.params {
        if let GenericParam::Lifetime(lifetime) = param {
            errors.on(
                lifetime,
                "a shared record cannot borrow: another process cannot follow the reference; let the record own its \
                 data (`String` or `Vec<T>` with `#[record(capacity = N)]`, `FixedStr<N>`, `[T; N]`)",
            );
        }
    }
    match &input.data {
        Data::Struct(data) => record(input, &data.fields, errors).map(Input::Record),
        Data::Enum(data) => fieldless_enum(input, data.variants.iter(), errors).map(Input::Enum),
        Data::Union(data) => {
            errors.on(
                data.union_token,
                "a union cannot be a shared record: nothing says which of its fields holds; use a struct with a \
                 field-less enum that says it",
            );
            None
        }
    }
}

fn head(input: &DeriveInput, errors: &mut Errors) -> Head {
    let attrs = attr::of_item(&input.attrs, errors);
    Head {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        generics: input.generics.clone(),
        krate: attrs.krate.unwrap_or_else(|| parse_quote!(::shmrec)),
        name: name(attrs.name, &input.ident),
        docs: attr::docs(&input.attrs),
        size: attrs.size,
        align: attrs.align,
    }
}

/// The name that the user gave, or else the identifier without its `r#`.
fn name(given: Option<syn::LitStr>, ident: &Ident) -> Name {
    match given {
        Some(text) => Name { text: text.value(), span: text.span() },
        None => Name { text: ident.unraw().to_string(), span: ident.span() },
    }
}

fn record(input: &DeriveInput, fields: &Fields, errors: &mut Errors) -> Option<Record> {
    let head = head(input, errors);
    if let Some(packed) = attr::repr(&input.attrs).packed {
        errors.on(
            packed,
            "a packed struct cannot be a shared record: its fields cannot be borrowed; leave `packed` out (the layout \
             in the segment does not depend on `repr`)",
        );
    }
    let style = match fields {
        Fields::Named(_) => Style::Named,
        Fields::Unnamed(_) => Style::Tuple,
        Fields::Unit => {
            errors.on(&input.ident, "a record needs at least one field: a unit struct has nothing to transfer");
            return None;
        }
    };
    if fields.is_empty() {
        errors.on(&input.ident, "a record needs at least one field: an empty struct has nothing to transfer");
        return None;
    }
    let fields: Vec<Field> = (0..).zip(fields).map(|(index, field)| self::field(index, field, errors)).collect();
    if fields.iter().all(|field| matches!(field.transfer, Transfer::Skipped)) {
        errors.on(&input.ident, "a record needs at least one field that is not skipped");
        return None;
    }
    Some(Record { head, style, fields })
}

fn field(index: u32, field: &syn::Field, errors: &mut Errors) -> Field {
    let attrs = attr::of_field(&field.attrs, errors);
    let transfer = match attrs.skip {
        Some(skip) => {
            if attrs.capacity.is_some() || attrs.rename.is_some() || attrs.offset.is_some() {
                errors.on(skip, "a skipped field has no place in the record: `skip` excludes every other attribute");
            }
            Transfer::Skipped
        }
        None => Transfer::Stored(Box::new(Stored {
            name: match (&field.ident, attrs.rename) {
                (None, None) => Name { text: index.to_string(), span: field.ty.span() },
                (None, Some(text)) => Name { text: text.value(), span: text.span() },
                (Some(ident), rename) => name(rename, ident),
            },
            docs: attr::docs(&field.attrs),
            capacity: match attrs.capacity {
                Some(Expr::Tuple(levels)) => levels.elems.into_iter().collect(),
                Some(one) => vec![one],
                None => Vec::new(),
            },
            offset: attrs.offset,
            flawed: attrs.flawed,
        })),
    };
    let member = match &field.ident {
        Some(ident) => Member::Named(ident.clone()),
        None => Member::Unnamed(Index { index, span: Span::call_site() }),
    };
    Field { member, vis: field.vis.clone(), ty: field.ty.clone(), transfer }
}

fn fieldless_enum<'i>(
    input: &DeriveInput,
    variants: impl ExactSizeIterator<Item = &'i syn::Variant>,
    errors: &mut Errors,
) -> Option<Enum> {
    let head = head(input, errors);
    if variants.len() == 0 {
        errors.on(&input.ident, "an enum in a record needs at least one variant: an empty one has no values");
        return None;
    }
    let variants: Vec<Variant> = variants.map(|variant| self::variant(variant, errors)).collect();
    let tag = tag(input, errors)?;
    Some(Enum { head, tag, variants })
}

fn variant(variant: &syn::Variant, errors: &mut Errors) -> Variant {
    let attrs = attr::of_variant(&variant.attrs, errors);
    match &variant.fields {
        Fields::Unit => {}
        empty if empty.is_empty() => errors.on(
            &variant.fields,
            format_args!("a variant without data is written without brackets here: `{}`", variant.ident),
        ),
        data => errors.on(
            data,
            "variants with data are not supported yet: use a field-less enum beside the data, which then stands in \
             fields of the record",
        ),
    }
    Variant { ident: variant.ident.clone(), name: name(attrs.rename, &variant.ident), docs: attr::docs(&variant.attrs) }
}

fn tag(input: &DeriveInput, errors: &mut Errors) -> Option<Tag> {
    let Some(int) = attr::repr(&input.attrs).int else {
        errors.on(
            &input.ident,
            "an enum in a record needs a tag of a fixed size: add `#[repr(u8)]` above it (or `u16`, `u32`, `u64`, \
             `i8`, `i16`, `i32`, `i64`)",
        );
        return None;
    };
    let tag = Tag::ALL.into_iter().find(|tag| int == tag.name());
    if tag.is_none() {
        errors.on(
            &int,
            format_args!("`repr({int})` cannot be the tag of an enum in a record: use `u8` to `u64` or `i8` to `i64`"),
        );
    }
    tag
}
