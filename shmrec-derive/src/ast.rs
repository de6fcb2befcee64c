//! The typed model of an input: a record or an enum, in legal states only.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Expr, Fields, GenericParam, Generics, Index, Member, Path, Type, TypeParamBound,
    Visibility, WherePredicate, parse_quote,
};

use crate::attr::{self, DefaultValue};
use crate::errors::Errors;
use crate::expand::{as_generated, generated};
use crate::parts::bare_expr;
use crate::receiver;

/// What is derived on.
pub(crate) enum Input {
    Record(Record),
    Enum(Enum),
}

/// What records and enums have in common.
pub(crate) struct Head {
    /// As generated code writes it, like the generics: the user's lints do not judge how often.
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// The type parameters that may have no fixed size.
    pub(crate) unsized_params: Vec<Ident>,
    /// Whether uses of the type, and so of its fields, are warned of.
    pub(crate) deprecated: bool,
    /// All that the user wrote, where a name must be found that it does not hold.
    pub(crate) words: TokenStream,
    /// The path of the shmrec crate.
    pub(crate) krate: Path,
    pub(crate) name: Name,
    /// An expression.
    pub(crate) docs: TokenStream,
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
    /// Whether its uses are warned of.
    pub(crate) deprecated: bool,
}

/// Whether a field has a place in the image.
pub(crate) enum Transfer {
    Stored(Box<Stored>),
    /// What a value that is made afresh has there.
    Skipped(DefaultValue),
}

/// How the type of a field becomes one that stands in a record.
pub(crate) enum Mapping {
    /// It is one.
    None,
    /// It converts to this one.
    As(Type),
    /// These words of the user's say how.
    With(Type),
}

/// What is special about a field with a place in the image.
pub(crate) struct Stored {
    pub(crate) name: Name,
    /// An expression.
    pub(crate) docs: TokenStream,
    pub(crate) mapping: Mapping,
    /// The most elements of each part of the type that grows, in the order in which they are written; empty for a type
    /// of fixed size.
    pub(crate) capacity: Vec<Expr>,
    /// The offset that the user states, to be checked.
    pub(crate) offset: Option<Expr>,
    /// The value where a segment of another version of the record lacks the field.
    pub(crate) default: Option<DefaultValue>,
    /// Whether an attribute was refused, so that what seems to be missing may have been meant.
    pub(crate) flawed: bool,
}

/// An enum of at least one variant.
pub(crate) struct Enum {
    pub(crate) head: Head,
    pub(crate) tag: Tag,
    /// Whether the user's `repr` makes the tag that of the value in memory.
    pub(crate) tag_is_repr: bool,
    pub(crate) variants: Vec<Variant>,
}

pub(crate) struct Variant {
    pub(crate) ident: Ident,
    pub(crate) name: Name,
    /// An expression.
    pub(crate) docs: TokenStream,
    /// The tag's value, where the user writes it; elsewhere it is one more than that of the variant before.
    pub(crate) discriminant: Option<Expr>,
    /// Empty for a variant without data.
    pub(crate) fields: Vec<Field>,
}

/// The integer type of an enum's tag.
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
        Data::Enum(data) => enumeration(input, data.variants.iter(), errors).map(Input::Enum),
        Data::Union(data) => {
            errors.on(
                data.union_token,
                "a union cannot be a shared record: nothing says which of its fields holds; use an enum whose variants \
                 carry the data",
            );
            None
        }
    }
}

fn head(input: &DeriveInput, errors: &mut Errors) -> Head {
    let attrs = attr::of_item(&input.attrs, errors);
    let mut ident = input.ident.clone();
    ident.set_span(generated(ident.span()));
    Head {
        ident,
        vis: input.vis.clone(),
        generics: generics(&input.generics),
        unsized_params: unsized_params(&input.generics),
        deprecated: is_deprecated(&input.attrs),
        words: input.to_token_stream(),
        krate: attrs.krate.unwrap_or_else(|| parse_quote!(::shmrec)),
        name: name(attrs.name, &input.ident),
        docs: attr::docs(&input.attrs),
        size: attrs.size,
        align: attrs.align,
    }
}

/// The type parameters with a `?Sized` among their bounds.
pub(crate) fn unsized_params(generics: &Generics) -> Vec<Ident> {
    let maybe = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_some());
    let elsewhere = |ident: &Ident| {
        generics.where_clause.iter().flat_map(|clause| &clause.predicates).any(|predicate| {
            matches!(predicate, WherePredicate::Type(of) if of.bounds.iter().any(maybe)
                && matches!(&of.bounded_ty, Type::Path(path) if path.path.is_ident(ident)))
        })
    };
    let params = generics.type_params().filter(|param| param.bounds.iter().any(maybe) || elsewhere(&param.ident));
    params.map(|param| param.ident.clone()).collect()
}

fn is_deprecated(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("deprecated"))
}

/// The parameters with their bounds, as generated code writes them.
fn generics(own: &Generics) -> Generics {
    let parsed = || -> syn::Result<Generics> {
        let mut generics: Generics = syn::parse2(as_generated(own, None))?;
        generics.where_clause = syn::parse2(as_generated(&own.where_clause, None))?;
        Ok(generics)
    };
    // Other spans make no other grammar.
    parsed().unwrap_or_else(|_| own.clone())
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
            errors.on(&input.ident, "a record needs at least one field: a unit struct has nothing to transfer; leave the derive out, or give it a field");
            return None;
        }
    };
    if fields.is_empty() {
        errors.on(&input.ident, "a record needs at least one field: an empty struct has nothing to transfer; leave the derive out, or give it a field");
        return None;
    }
    let fields: Vec<Field> =
        (0..).zip(fields).map(|(index, field)| self::field(input, index, field, false, errors)).collect();
    if fields.iter().all(|field| matches!(field.transfer, Transfer::Skipped(_))) {
        errors.on(
            &input.ident,
            "a record needs at least one field that is not skipped: leave the derive out, or `skip` one field less",
        );
        return None;
    }
    Some(Record { head, style, fields })
}

fn field(input: &DeriveInput, index: u32, field: &syn::Field, in_variant: bool, errors: &mut Errors) -> Field {
    let before = errors.count();
    let attrs = attr::of_field(&field.attrs, errors);
    if let (true, Some((key, _)), None) = (in_variant, &attrs.default, &attrs.skip) {
        errors.on(
            key,
            "`default` is for the fields of a struct: a segment whose enum lacks this field has another enum, which no \
             link accepts; leave it out, or keep the field at home with `skip`",
        );
    }
    let transfer = match attrs.skip {
        Some(skip) => {
            let others = [
                attrs.capacity.is_some(),
                attrs.rename.is_some(),
                attrs.offset.is_some(),
                attrs.with.is_some(),
                attrs.as_type.is_some(),
            ];
            if others.contains(&true) {
                errors.on(
                    skip,
                    "a skipped field has no place in the record: beside `skip` only `default` means something",
                );
            }
            Transfer::Skipped(attrs.default.map_or(DefaultValue::OfType, |(_, value)| value))
        }
        None => Transfer::Stored(Box::new(Stored {
            name: match (&field.ident, attrs.rename) {
                (None, None) => Name { text: index.to_string(), span: field.ty.span() },
                (None, Some(text)) => Name { text: text.value(), span: text.span() },
                (Some(ident), rename) => name(rename, ident),
            },
            docs: attr::docs(&field.attrs),
            mapping: match (attrs.with, attrs.as_type) {
                (Some((with, _)), Some(_)) => {
                    errors.on(with, "`with` and `as` both say how the field is stored: leave one of them out");
                    Mapping::None
                }
                (Some((_, with)), None) => Mapping::With(receiver::written_out_type(with, input)),
                (None, Some((_, ty))) => Mapping::As(receiver::written_out_type(ty, input)),
                (None, None) => Mapping::None,
            },
            capacity: match attrs.capacity.as_ref().map(bare_expr) {
                Some(Expr::Tuple(levels)) => levels.elems.iter().cloned().collect(),
                Some(one) => vec![one.clone()],
                None => Vec::new(),
            },
            offset: attrs.offset,
            default: attrs.default.map(|(_, value)| value),
            flawed: errors.count() > before,
        })),
    };
    let member = match &field.ident {
        Some(ident) => Member::Named(ident.clone()),
        None => Member::Unnamed(Index { index, span: Span::call_site() }),
    };
    let deprecated = is_deprecated(&field.attrs);
    Field { member, vis: field.vis.clone(), ty: field.ty.clone(), transfer, deprecated }
}

fn enumeration<'i>(
    input: &DeriveInput,
    variants: impl ExactSizeIterator<Item = &'i syn::Variant>,
    errors: &mut Errors,
) -> Option<Enum> {
    let head = head(input, errors);
    if variants.len() == 0 {
        errors.on(&input.ident, "an enum in a record needs at least one variant: an empty one has no values; leave the derive out, or give it a variant");
        return None;
    }
    let variants: Vec<Variant> = variants.map(|variant| self::variant(input, variant, errors)).collect();
    let tag = tag(input, &variants, errors)?;
    let tag_is_repr = attr::repr(&input.attrs).int.is_some();
    Some(Enum { head, tag, tag_is_repr, variants })
}

fn variant(input: &DeriveInput, variant: &syn::Variant, errors: &mut Errors) -> Variant {
    let attrs = attr::of_variant(&variant.attrs, errors);
    let fields = (0..).zip(&variant.fields).map(|(index, field)| self::field(input, index, field, true, errors));
    let fields = fields.collect();
    Variant {
        ident: variant.ident.clone(),
        fields,
        name: name(attrs.rename, &variant.ident),
        docs: attr::docs(&variant.attrs),
        discriminant: variant.discriminant.as_ref().map(|(_, value)| value.clone()),
    }
}

/// The tag that the user's `repr` fixes; without one, the smallest that has room for as many variants.
fn tag(input: &DeriveInput, variants: &[Variant], errors: &mut Errors) -> Option<Tag> {
    let repr = attr::repr(&input.attrs);
    let Some(int) = repr.int else {
        if let Some(c) = repr.c {
            errors.on(
                c,
                "`repr(C)` leaves the size of an enum's tag to the C compiler: use `#[repr(u8)]` (or `u16`, `u32`, \
                 `u64`, `i8`, `i16`, `i32`, `i64`)",
            );
            return None;
        }
        if let Some(value) = variants.iter().find_map(|variant| variant.discriminant.as_ref()) {
            errors.on(
                value,
                "an enum whose variants have values of their own needs a tag of a fixed size: add `#[repr(u8)]` above \
                 it (or `u16`, `u32`, `u64`, `i8`, `i16`, `i32`, `i64`)",
            );
            return None;
        }
        return Some(match variants.len() {
            ..=0x100 => Tag::U8,
            0x101..=0x1_0000 => Tag::U16,
            _ => Tag::U32,
        });
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
