//! From the model to the generated code.
//!
//! The code must compile wherever a user may put it: every path is absolute, every local name begins with two
//! underscores (a constant of the user's with the name of a local would be taken for a pattern), no name that the
//! user's own types might have is introduced, and a method is called with a dot only where it is inherent and takes the
//! receiver as it is (a blanket trait of the user's would come first otherwise). All of it stands in a `const` block.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, GenericParam, Lit, Member, WhereClause, parse_quote};

use crate::ast::{Field, Head, Input, Mapping, Record, Stored, Style, Transfer};
use crate::attr::DefaultValue;
use crate::encoder::encoder;
use crate::variants;

/// The implementations of `input`.
pub(crate) fn expand(input: &Input) -> TokenStream {
    let items = match input {
        Input::Record(record) => expand_record(record),
        Input::Enum(of) => variants::expand(of),
    };
    quote! {
        const _: () = {
            #items
        };
    }
}

/// The name of a type that the generated code declares: one that the user's own tokens do not hold, because inside the
/// `const` block it would stand before the user's.
pub(crate) fn declared_name(ident: &Ident, ending: &str, input: &TokenStream) -> Ident {
    let mut name = format_ident!("{}{}", ident.unraw(), ending, span = Span::call_site());
    while mentions(input, &|ident| *ident == name) {
        name = format_ident!("{}_", name, span = Span::call_site());
    }
    name
}

/// As [`declared_name`], for an input with these columns.
pub(crate) fn own_name<'r>(head: &Head, ending: &str, columns: impl Iterator<Item = &'r Column<'r>>) -> Ident {
    // Types in strings are no words of the input, but are in the encoders.
    let words = columns.map(|column| column.encoder.clone()).chain([head.words.clone()]).collect();
    declared_name(&head.ident, ending, &words)
}

fn mentions(tokens: &TokenStream, is: &impl Fn(&Ident) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => is(&ident),
        TokenTree::Group(group) => mentions(&group.stream(), is),
        _ => false,
    })
}

/// The place of the user's token, seen as generated code: errors point to it, lints of the user's crate do not judge it.
pub(crate) fn generated(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The tokens as if the derive had written them, each at its own place, or all `at` one place. Where types of the user's
/// and words of the derive's stand side by side, an error that spans both can then be shown at the user's.
pub(crate) fn as_generated(tokens: impl ToTokens, at: Option<Span>) -> TokenStream {
    let respan = |token: TokenTree| match token {
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), as_generated(group.stream(), at));
            inner.set_span(generated(at.unwrap_or(group.span())));
            TokenTree::Group(inner)
        }
        // Its span is its meaning.
        TokenTree::Ident(root) if root == "$crate" => TokenTree::Ident(root),
        mut other => {
            other.set_span(generated(at.unwrap_or(other.span())));
            other
        }
    };
    tokens.to_token_stream().into_iter().map(respan).collect()
}

pub(crate) fn generated_member(member: &Member) -> Member {
    let mut member = member.clone();
    match &mut member {
        Member::Named(ident) => ident.set_span(generated(ident.span())),
        Member::Unnamed(index) => index.span = generated(index.span),
    }
    member
}

/// A stored field with the tokens that all of its uses share.
pub(crate) struct Column<'r> {
    pub(crate) field: &'r Field,
    pub(crate) stored: &'r Stored,
    pub(crate) member: Member,
    /// Its type as generated code writes it.
    ty: TokenStream,
    /// Its type as encoded: `<Plain as Encoding<f64>>`.
    encoding: TokenStream,
    /// `Plain`, `Capacity<...>` and the like.
    pub(crate) encoder: TokenStream,
}

impl<'r> Column<'r> {
    fn new(field: &'r Field, stored: &'r Stored, krate: &syn::Path) -> Self {
        let span = generated(field.ty.span());
        let encoder = encoder(&field.ty, stored, krate, span);
        let krate = as_generated(krate, Some(span));
        let ty = as_generated(&field.ty, None);
        let encoding = quote_spanned!(span=> <#encoder as #krate::encoding::Encoding<#ty>>);
        Self { field, stored, member: generated_member(&field.member), ty, encoding, encoder }
    }

    /// The columns of `fields`.
    pub(crate) fn of(fields: &'r [Field], krate: &syn::Path) -> Vec<Self> {
        let stored = fields.iter().filter_map(|field| match &field.transfer {
            Transfer::Stored(stored) => Some(Self::new(field, stored, krate)),
            Transfer::Skipped(_) => None,
        });
        stored.collect()
    }

    /// Whether the field's own type says how it is stored.
    fn is_plain(&self) -> bool {
        self.stored.capacity.is_empty() && matches!(self.stored.mapping, Mapping::None)
    }

    /// A use of one of the encoding's functions for a field. What does not compile is shown at the field's type.
    pub(crate) fn call(&self, function: &str, arguments: &TokenStream) -> TokenStream {
        let span = generated(self.field.ty.span());
        let (encoding, function) = (&self.encoding, Ident::new(function, span));
        quote_spanned!(span=> #encoding::#function(#arguments)?)
    }

    /// Lays the field out as the next one of `__columns`. What is wrong is shown where the user wrote it.
    fn laid_out(&self, krate: &syn::Path) -> TokenStream {
        let Stored { name, docs, capacity, offset, default, .. } = self.stored;
        let (name, encoding) = (&name.text, &self.encoding);
        let default = match default {
            None => quote!(::core::option::Option::None),
            Some(value) => {
                let (ty, value) = (&self.ty, default_value(value, krate, &self.ty, self.field.ty.span()));
                quote! {
                    ::core::option::Option::Some(|__image| {
                        let __value: #ty = #value;
                        #encoding::store(&__value, __image)
                    })
                }
            }
        };
        let capacities = capacity.iter().filter_map(|level| check_capacity(krate, level));
        let span = generated(self.field.ty.span());
        let own = as_generated(krate, Some(span));
        let offset = offset.iter().map(|stated| {
            let span = generated(stated.span());
            let krate = as_generated(krate, Some(span));
            let stated = as_generated(stated, None);
            quote_spanned!(span=> #krate::__private::Columns::check_offset(&__columns, #stated);)
        });
        quote_spanned! {span=>
            #(#capacities)*
            #own::__private::Columns::add(&mut __columns, #name, #docs, #default, #encoding::COLUMN);
            #(#offset)*
        }
    }
}

/// The layout of columns behind a tag of so many bytes, as the constant `constant`, and what they are as `fields`.
pub(crate) fn layout(
    head: &Head,
    [constant, fields]: [&Ident; 2],
    columns: &[Column<'_>],
    tag: &TokenStream,
    end: &TokenStream,
) -> TokenStream {
    let (krate, name) = (&head.krate, &head.name.text);
    let added = columns.iter().map(|column| column.laid_out(krate));
    let count = columns.len();
    quote! {
        const #constant: #krate::__private::Columns<#count> = {
            let mut __columns = #krate::__private::Columns::<#count>::behind(#tag, #name);
            #(#added)*
            #end
        };
        const #fields: &'static [#krate::FieldDesc; #count] = &Self::#constant.fields;
    }
}

/// The expression for what stands in for a field's value.
fn default_value(value: &DefaultValue, krate: &syn::Path, ty: &TokenStream, span: Span) -> TokenStream {
    match value {
        DefaultValue::OfType => {
            let span = generated(span);
            let krate = as_generated(krate, Some(span));
            quote_spanned!(span=> <#ty as #krate::__private::ByDefault>::by_default())
        }
        DefaultValue::Of(expression) => quote!(#expression),
    }
}

/// A field that has no place in the image.
pub(crate) struct Skipped {
    pub(crate) member: Member,
    pub(crate) ty: TokenStream,
    /// What a value made afresh has there.
    pub(crate) value: TokenStream,
}

pub(crate) fn skipped(fields: &[Field], krate: &syn::Path) -> impl Iterator<Item = Skipped> {
    fields.iter().filter_map(move |field| match &field.transfer {
        Transfer::Skipped(value) => {
            let ty = as_generated(&field.ty, None);
            let value = default_value(value, krate, &ty, field.ty.span());
            Some(Skipped { member: generated_member(&field.member), value, ty })
        }
        Transfer::Stored(_) => None,
    })
}

/// The tokens that several parts of a record's code share.
struct Parts<'r> {
    record: &'r Record,
    columns: Vec<Column<'r>>,
    /// `PoseFields`.
    handles: Ident,
    /// The where clause with a bound for each field that depends on a type parameter.
    bounds: Option<WhereClause>,
}

fn expand_record(record: &Record) -> TokenStream {
    let columns = Column::of(&record.fields, &record.head.krate);
    let parts = Parts {
        record,
        handles: own_name(&record.head, "Fields", columns.iter()),
        bounds: bounds(&record.head, record.fields.iter(), columns.iter()),
        columns,
    };
    let (handles, layout, visit, field, record) =
        (parts.handles(), parts.layout(), parts.visit(), parts.shared_field(), parts.shared_record());
    quote! {
        #handles
        #layout
        #visit
        #field
        #record
    }
}

/// The user's bounds, and one for each field that depends on a type parameter.
pub(crate) fn bounds<'r>(
    head: &Head,
    fields: impl Iterator<Item = &'r Field>,
    columns: impl Iterator<Item = &'r Column<'r>>,
) -> Option<WhereClause> {
    let krate = &head.krate;
    let mut generics = head.generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    if params.is_empty() {
        return generics.where_clause;
    }
    let depends = |field: &Field| mentions(&field.ty.to_token_stream(), &|ident| params.contains(ident));
    let clause = generics.make_where_clause();
    for column in columns.filter(|column| depends(column.field)) {
        let (ty, encoder) = (&column.ty, &column.encoder);
        clause.predicates.push(if column.is_plain() {
            parse_quote!(#ty: #krate::SharedField)
        } else {
            parse_quote!(#encoder: #krate::encoding::Encoding<#ty>)
        });
    }
    for field in fields.filter(|field| depends(field)) {
        let by_default = match &field.transfer {
            Transfer::Skipped(value) => Some(value),
            Transfer::Stored(stored) => stored.default.as_ref(),
        };
        if let Some(DefaultValue::OfType) = by_default {
            let ty = as_generated(&field.ty, None);
            clause.predicates.push(parse_quote!(#ty: ::core::default::Default));
        }
    }
    generics.where_clause
}

impl Parts<'_> {
    /// The struct of the fields' handles.
    fn handles(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { ident, vis, generics, krate, .. } = &record.head;
        let (impl_generics, ty_generics, user_bounds) = generics.split_for_impl();
        let doc = format!("The handles of the fields of `{ident}`.");
        let mut columns = columns.iter();
        let fields = record.fields.iter().filter_map(|field| {
            let vis = &field.vis;
            let name = field_name(field).map(|name| quote!(#name:));
            match &field.transfer {
                Transfer::Stored(stored) => {
                    let Column { ty, encoder, .. } = columns.next()?;
                    let doc = format!("The handle of the field `{}`.", stored.name.text);
                    Some(quote!(#[doc = #doc] #vis #name #krate::Field<#ident #ty_generics, #ty, #encoder>))
                }
                // A tuple's other handles keep the field's own number.
                Transfer::Skipped(_) if name.is_none() => Some(quote!(#[doc = "Not transferred."] #vis ())),
                Transfer::Skipped(_) => None,
            }
        });
        let definition = match record.style {
            Style::Named => quote!(struct #handles #impl_generics #user_bounds { #(#fields),* }),
            Style::Tuple => quote!(struct #handles #impl_generics (#(#fields),*) #user_bounds;),
        };
        let debug_name = handles.to_string();
        quote! {
            #[doc = #doc]
            #vis #definition

            impl #impl_generics ::core::clone::Clone for #handles #ty_generics #user_bounds {
                #[inline]
                fn clone(&self) -> Self {
                    *self
                }
            }

            impl #impl_generics ::core::marker::Copy for #handles #ty_generics #user_bounds {}

            impl #impl_generics ::core::fmt::Debug for #handles #ty_generics #bounds {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #krate::__private::debug_handles(__f, #debug_name, Self::FIELDS)
                }
            }
        }
    }

    /// Where each field stands, as constants.
    fn layout(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { generics, krate, name, size, align, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let names = ["COLUMNS", "FIELDS"].map(|name| Ident::new(name, Span::call_site()));
        let size = size.iter().map(|size| check(krate, "check_size", &name.text, size, &quote!(__columns.size)));
        let align = align.iter().map(|align| check(krate, "check_align", &name.text, align, &quote!(__columns.align)));
        let end = quote! {
            let __columns = #krate::__private::Columns::end_of_record(__columns);
            #(#size)*
            #(#align)*
            __columns
        };
        let layout = layout(&record.head, names.each_ref(), columns, &quote!(0), &end);
        quote! {
            impl #impl_generics #handles #ty_generics #bounds {
                #layout
            }
        }
    }

    /// What leads from the record to its fields.
    fn visit(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { ident, generics, krate, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let fields = columns.iter().enumerate().map(|(i, column)| {
            let member = &column.member;
            column.call("visit", &quote!(__op, &raw const (*__at).#member, &#handles #turbofish::FIELDS[#i]))
        });
        // The user's expressions stand outside of any `unsafe`, and an `unsafe` function is that.
        let (mut values, mut skips) = (Vec::new(), Vec::new());
        for (i, Skipped { member, ty, value }) in skipped(&record.fields, krate).enumerate() {
            let name = format_ident!("skipped_{}", i);
            values.push(quote! {
                fn #name() -> #ty {
                    #value
                }
            });
            skips.push(quote! {
                #krate::__private::Visit::skipped(__op, &raw const (*__at).#member, #handles #turbofish::#name)
            });
        }
        let values = (!values.is_empty()).then(|| {
            quote! {
                impl #impl_generics #handles #ty_generics #bounds {
                    #(#values)*
                }
            }
        });
        quote! {
            #values

            // SAFETY: all fields are visited, in the order of the description.
            #[automatically_derived]
            unsafe impl #impl_generics #krate::__private::Visitable for #ident #ty_generics #bounds {
                #[inline]
                unsafe fn visit<__Op: #krate::__private::Visit>(
                    __at: *const Self,
                    __op: &mut __Op,
                ) -> ::core::result::Result<(), __Op::Error> {
                    #krate::__private::Visit::begin(__op, <Self as #krate::SharedRecord>::RECORD);
                    // SAFETY: only places are computed, inside the record that the caller vouches for. They are aligned,
                    // because the derive refuses packed structs, and hold what the operation needs, as the record does.
                    unsafe {
                        #(#fields;)*
                        #(#skips;)*
                    }
                    ::core::result::Result::Ok(())
                }
            }
        }
    }

    fn shared_field(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { ident, generics, krate, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let checks = columns
            .iter()
            .enumerate()
            .map(|(i, column)| column.call("check_field", &quote!(__image, &#handles #turbofish::FIELDS[#i], "")));
        let direct = self.direct();
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::SharedField for #ident #ty_generics #bounds {
                const SIZE: ::core::primitive::usize = #handles #turbofish::COLUMNS.size;
                const ALIGN: ::core::primitive::usize = #handles #turbofish::COLUMNS.align;
                const TYPE: #krate::TypeDesc =
                    #krate::TypeDesc::Record { record: <Self as #krate::SharedRecord>::RECORD };
                #direct

                #[inline]
                fn store(
                    &self,
                    __image: &mut [::core::primitive::u8],
                ) -> ::core::result::Result<(), #krate::StoreError> {
                    #krate::__private::store(self, __image)
                }

                #[inline]
                fn store_in<'__place>(
                    &self,
                    __place: &'__place mut [::core::mem::MaybeUninit<::core::primitive::u8>],
                ) -> ::core::result::Result<&'__place mut [::core::primitive::u8], #krate::StoreError> {
                    #krate::__private::store_in(self, __place)
                }

                #[inline]
                fn load(__image: &[::core::primitive::u8]) -> ::core::result::Result<Self, #krate::LoadError> {
                    #krate::__private::load(__image)
                }

                #[inline]
                fn check(__image: &[::core::primitive::u8]) -> ::core::result::Result<(), #krate::LoadError> {
                    #krate::__private::check_length(__image, <Self as #krate::SharedRecord>::RECORD);
                    #(#checks;)*
                    ::core::result::Result::Ok(())
                }

                #[inline]
                fn load_into(
                    &mut self,
                    __image: &[::core::primitive::u8],
                ) -> ::core::result::Result<(), #krate::LoadError> {
                    #krate::__private::load_into(self, __image)
                }

                #[inline]
                fn load_at<'__place>(
                    __image: &[::core::primitive::u8],
                    __place: &'__place mut ::core::mem::MaybeUninit<Self>,
                ) -> ::core::result::Result<&'__place mut Self, #krate::LoadError> {
                    #krate::__private::load_at(__image, __place)
                }
            }
        }
    }

    /// Whether the record's memory is its image, found out from where its fields stand; nothing, which means no, where a
    /// field has no place in the image, or another encoding than its type's own. Nor where it is deprecated: the compiler
    /// would take `offset_of` for a use of it by the user.
    fn direct(&self) -> Option<TokenStream> {
        let Self { record, columns, handles, .. } = self;
        let Head { generics, krate, .. } = &record.head;
        let (_, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let hinders = |field: &Field| field.deprecated || matches!(field.transfer, Transfer::Skipped(_));
        if record.head.deprecated || record.fields.iter().any(hinders) || !columns.iter().all(Column::is_plain) {
            return None;
        }
        let fields = columns.iter().map(|column| {
            let Column { encoding, member, .. } = column;
            quote_spanned! {generated(column.field.ty.span())=>
                #encoding::DIRECT.in_record(::core::mem::offset_of!(Self, #member), #encoding::SIZE)
            }
        });
        Some(quote! {
            // SAFETY: these are all fields, in the layout's order, each at its own offset; the functions below store, load
            // and check them one by one, each in its range of the image.
            const DIRECT: #krate::Direct<Self> =
                unsafe { #krate::Direct::of_fields(&#handles #turbofish::COLUMNS, [#(#fields),*]) };
        })
    }

    fn shared_record(&self) -> TokenStream {
        let Self { record, handles, bounds, .. } = self;
        let Head { ident, generics, krate, name, docs, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let name = &name.text;
        let mut made = 0usize..;
        let made = record.fields.iter().filter_map(|field| {
            let member = generated_member(&field.member);
            match &field.transfer {
                Transfer::Stored(_) => {
                    let i = made.next()?;
                    Some(quote!(#member: #krate::Field::of(&#handles #turbofish::FIELDS[#i])))
                }
                Transfer::Skipped(_) if field_name(field).is_none() => Some(quote!(#member: ())),
                Transfer::Skipped(_) => None,
            }
        });
        let looked_at = looked_at(&record.head);
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::SharedRecord for #ident #ty_generics #bounds {
                type Fields = #handles #ty_generics;

                const RECORD: &'static #krate::RecordDesc = &#krate::RecordDesc {
                    name: #name,
                    docs: #docs,
                    size: <Self as #krate::SharedField>::SIZE,
                    align: <Self as #krate::SharedField>::ALIGN,
                    fields: #handles #turbofish::FIELDS,
                };

                #[inline]
                fn fields() -> Self::Fields {
                    #handles { #(#made),* }
                }
            }

            #looked_at
        }
    }
}

/// The name of a field as generated code declares it; none in a tuple.
fn field_name(field: &Field) -> Option<Ident> {
    match generated_member(&field.member) {
        Member::Named(name) => Some(name),
        Member::Unnamed(_) => None,
    }
}

/// A comparison at compile time that complains where the user stated the number.
pub(crate) fn check(krate: &syn::Path, function: &str, name: &str, stated: &Expr, actual: &TokenStream) -> TokenStream {
    let span = generated(stated.span());
    let krate = as_generated(krate, Some(span));
    let function = Ident::new(function, span);
    let stated = as_generated(stated, None);
    quote_spanned! {span=>
        let __stated: ::core::primitive::usize = #stated;
        #krate::__private::#function(#name, __stated, #actual);
    }
}

/// A look at a capacity that complains where the user stated it; none at a number that has been looked at already.
fn check_capacity(krate: &syn::Path, level: &Expr) -> Option<TokenStream> {
    if let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = level {
        if number.base10_parse::<u32>().is_ok_and(|number| number <= 1 << 30) {
            return None;
        }
    }
    let span = generated(level.span());
    let krate = as_generated(krate, Some(span));
    let level = as_generated(level, None);
    Some(quote_spanned!(span=> #krate::__private::check_capacity::<{ #level }>();))
}

/// A use of the size that makes the compiler look at all constants here and now. The layout of a generic type is known
/// only where it is used.
pub(crate) fn looked_at(head: &Head) -> Option<TokenStream> {
    let Head { ident, generics, krate, .. } = head;
    let generic = generics.params.iter().any(|param| matches!(param, GenericParam::Type(_) | GenericParam::Const(_)));
    (!generic).then(|| quote!(const _: ::core::primitive::usize = <#ident as #krate::SharedField>::SIZE;))
}
