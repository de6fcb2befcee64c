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
use syn::{Expr, GenericParam, Member, WhereClause, parse_quote};

use crate::ast::{Enum, Field, Head, Input, Record, Stored, Style, Transfer};

/// The implementations of `input`.
pub(crate) fn expand(input: &Input) -> TokenStream {
    let items = match input {
        Input::Record(record) => expand_record(record),
        Input::Enum(of) => expand_enum(of),
    };
    quote! {
        const _: () = {
            #items
        };
    }
}

/// The name of the handles' struct: one that the user's own tokens do not hold, because inside the `const` block it
/// would stand before the user's.
pub(crate) fn handles_name(ident: &Ident, input: &TokenStream) -> Ident {
    let mut name = format_ident!("{}Fields", ident.unraw(), span = Span::call_site());
    while mentions(input, &|ident| *ident == name) {
        name = format_ident!("{}_", name, span = Span::call_site());
    }
    name
}

fn mentions(tokens: &TokenStream, is: &impl Fn(&Ident) -> bool) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => is(&ident),
        TokenTree::Group(group) => mentions(&group.stream(), is),
        _ => false,
    })
}

/// The place of the user's token, seen as generated code: errors point to it, lints of the user's crate do not judge it.
fn generated(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The tokens as if the derive had written them, each at its own place, or all `at` one place. Where types of the user's
/// and words of the derive's stand side by side, an error that spans both can then be shown at the user's.
fn as_generated(tokens: impl ToTokens, at: Option<Span>) -> TokenStream {
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

fn generated_member(member: &Member) -> Member {
    let mut member = member.clone();
    match &mut member {
        Member::Named(ident) => ident.set_span(generated(ident.span())),
        Member::Unnamed(index) => index.span = generated(index.span),
    }
    member
}

/// A stored field with the tokens that all of its uses share.
struct Column<'r> {
    field: &'r Field,
    stored: &'r Stored,
    member: Member,
    /// Its type as encoded: `<Plain as Encoding<f64>>`.
    encoding: TokenStream,
    /// `Plain` or `Capacity<...>`.
    encoder: TokenStream,
    /// The constant with the range of bytes.
    bytes: Ident,
}

impl<'r> Column<'r> {
    fn new(index: usize, field: &'r Field, stored: &'r Stored, krate: &syn::Path) -> Self {
        let span = generated(field.ty.span());
        let krate = as_generated(krate, Some(span));
        let encoder = stored.capacity.iter().rev().fold(None, |inner: Option<TokenStream>, level| {
            let inner = inner.map(|inner| quote_spanned!(span=> , #inner));
            let level = as_generated(level, None);
            Some(quote_spanned!(span=> #krate::Capacity<{ #level } #inner>))
        });
        let encoder = encoder.unwrap_or_else(|| quote_spanned!(span=> #krate::Plain));
        let ty = as_generated(&field.ty, None);
        let encoding = quote_spanned!(span=> <#encoder as #krate::Encoding<#ty>>);
        let bytes = format_ident!("BYTES_{}", index, span = span);
        Self { field, stored, member: generated_member(&field.member), encoding, encoder, bytes }
    }

    /// A call of the encoding's function, its error led back to the field.
    fn call(&self, function: &str, arguments: &TokenStream) -> TokenStream {
        let Self { encoding, .. } = self;
        let name = &self.stored.name.text;
        let span = generated(self.field.ty.span());
        let function = Ident::new(function, span);
        quote_spanned! {span=>
            #encoding::#function(#arguments).map_err(|__error| __error.in_field(#name))?
        }
    }
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
    let krate = &record.head.krate;
    let stored = record.fields.iter().filter_map(|field| match &field.transfer {
        Transfer::Stored(stored) => Some((field, stored.as_ref())),
        Transfer::Skipped => None,
    });
    let columns: Vec<Column<'_>> =
        stored.enumerate().map(|(i, (field, stored))| Column::new(i, field, stored, krate)).collect();
    let user_tokens: TokenStream = record
        .fields
        .iter()
        .map(|field| field.ty.to_token_stream())
        .chain(columns.iter().map(|column| column.encoder.clone()))
        .chain([record.head.generics.to_token_stream(), record.head.generics.where_clause.to_token_stream()])
        .collect();
    let parts = Parts {
        record,
        handles: handles_name(&record.head.ident, &user_tokens),
        bounds: bounds(record, &columns),
        columns,
    };
    let (handles, layout, field, record) =
        (parts.handles(), parts.layout(), parts.shared_field(), parts.shared_record());
    quote! {
        #handles
        #layout
        #field
        #record
    }
}

fn bounds(record: &Record, columns: &[Column<'_>]) -> Option<WhereClause> {
    let krate = &record.head.krate;
    let mut generics = record.head.generics.clone();
    let params: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
    if params.is_empty() {
        return generics.where_clause;
    }
    let depends = |field: &&Field| mentions(&field.ty.to_token_stream(), &|ident| params.contains(ident));
    let clause = generics.make_where_clause();
    for column in columns.iter().filter(|column| depends(&column.field)) {
        let (ty, encoder) = (&column.field.ty, &column.encoder);
        clause.predicates.push(if column.stored.capacity.is_empty() {
            parse_quote!(#ty: #krate::SharedField)
        } else {
            parse_quote!(#encoder: #krate::Encoding<#ty>)
        });
    }
    let skipped = |field: &&Field| matches!(field.transfer, Transfer::Skipped);
    for field in record.fields.iter().filter(skipped).filter(depends) {
        let ty = &field.ty;
        clause.predicates.push(parse_quote!(#ty: ::core::default::Default));
    }
    generics.where_clause
}

impl Parts<'_> {
    /// The struct of the fields' handles.
    fn handles(&self) -> TokenStream {
        let Self { record, columns, handles, .. } = self;
        let Head { ident, vis, generics, krate, .. } = &record.head;
        let (impl_generics, ty_generics, user_bounds) = generics.split_for_impl();
        let doc = format!("The handles of the fields of `{ident}`.");
        let mut columns = columns.iter();
        let fields = record.fields.iter().filter_map(|field| {
            let (ty, vis) = (&field.ty, &field.vis);
            let name = field_name(field).map(|name| quote!(#name:));
            match &field.transfer {
                Transfer::Stored(stored) => {
                    let encoder = columns.next().map(|column| &column.encoder);
                    let doc = format!("The handle of the field `{}`.", stored.name.text);
                    Some(quote!(#[doc = #doc] #vis #name #krate::Field<#ident #ty_generics, #ty, #encoder>))
                }
                // A tuple's other handles keep the field's own number.
                Transfer::Skipped if name.is_none() => Some(quote!(#[doc = "Not transferred."] #vis ())),
                Transfer::Skipped => None,
            }
        });
        let definition = match record.style {
            Style::Named => quote!(struct #handles #impl_generics #user_bounds { #(#fields),* }),
            Style::Tuple => quote!(struct #handles #impl_generics (#(#fields),*) #user_bounds;),
        };
        let debug_name = handles.to_string();
        let members: Vec<&Member> = self.columns.iter().map(|column| &column.member).collect();
        let names = self.columns.iter().map(|column| &column.stored.name.text);
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

            impl #impl_generics ::core::fmt::Debug for #handles #ty_generics #user_bounds {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    let mut __debug = ::core::fmt::Formatter::debug_struct(__f, #debug_name);
                    #(::core::fmt::DebugStruct::field(&mut __debug, #names, &self.#members);)*
                    ::core::fmt::DebugStruct::finish(&mut __debug)
                }
            }
        }
    }

    /// The layout and the range of each field, as constants.
    fn layout(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { generics, krate, name, size, align, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let count = columns.len();
        let extents = columns.iter().map(|column| {
            let encoding = &column.encoding;
            quote_spanned!(generated(column.field.ty.span())=> (#encoding::SIZE, #encoding::ALIGN))
        });
        let ranges = columns.iter().enumerate().map(|(i, column)| {
            let Column { bytes, encoding, .. } = column;
            quote_spanned! {generated(column.field.ty.span())=>
                const #bytes: ::core::ops::Range<::core::primitive::usize> =
                    Self::LAYOUT.offsets[#i]..Self::LAYOUT.offsets[#i] + #encoding::SIZE;
            }
        });
        let stated = columns.iter().enumerate().filter_map(|(i, column)| {
            let name = &column.stored.name.text;
            let offset = column.stored.offset.as_ref()?;
            Some(check(krate, "check_offset", name, offset, &quote!(Self::LAYOUT.offsets[#i])))
        });
        let capacities =
            columns.iter().flat_map(|column| &column.stored.capacity).map(|level| check_capacity(krate, level));
        let size = size.iter().map(|size| check(krate, "check_size", &name.text, size, &quote!(Self::LAYOUT.size)));
        let align =
            align.iter().map(|align| check(krate, "check_align", &name.text, align, &quote!(Self::LAYOUT.align)));
        quote! {
            impl #impl_generics #handles #ty_generics #bounds {
                const LAYOUT: #krate::__private::Layout<#count> = #krate::__private::layout([#(#extents),*]);
                const STATED: () = {
                    #(#capacities)*
                    #(#stated)*
                    #(#size)*
                    #(#align)*
                };
                #(#ranges)*
            }
        }
    }

    fn shared_field(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { ident, generics, krate, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let constants = quote!(#handles #turbofish);
        let length = format!("the image of `{ident}` has another length than `{ident}::SIZE`");
        let one_length = quote! {
            // One look at the length, so that the ranges below need none.
            ::core::assert!(
                <[::core::primitive::u8]>::len(__image) == <Self as #krate::SharedField>::SIZE,
                #length,
            );
        };
        let skipped: Vec<(Member, &syn::Type)> = record
            .fields
            .iter()
            .filter(|field| matches!(field.transfer, Transfer::Skipped))
            .map(|field| (generated_member(&field.member), &field.ty))
            .collect();
        let (skipped_members, skipped_types): (Vec<_>, Vec<_>) = skipped.into_iter().unzip();

        let stores = columns.iter().map(|column| {
            let Column { member, bytes, .. } = column;
            column.call("store", &quote!(&self.#member, &mut __image[#constants::#bytes]))
        });
        let loads = columns.iter().map(|column| {
            let Column { member, bytes, .. } = column;
            let value = column.call("load", &quote!(&__image[#constants::#bytes]));
            quote!(#member: #value)
        });
        let checks = columns.iter().map(|column| {
            let bytes = &column.bytes;
            column.call("check", &quote!(&__image[#constants::#bytes]))
        });
        let loads_into = columns.iter().map(|column| {
            let Column { member, bytes, .. } = column;
            column.call("load_into", &quote!(&mut self.#member, &__image[#constants::#bytes]))
        });
        let loads_at = columns.iter().map(|column| {
            let Column { field, member, bytes, .. } = column;
            let ty = &field.ty;
            let made = column.call("load_at", &quote!(&__image[#constants::#bytes], __slot));
            quote! {
                // SAFETY: the place is a field of the uninitialised value that `__place` borrows alone: valid for
                // writes, and aligned, because the derive refuses packed structs.
                let __slot = unsafe { #krate::__private::uninit_at::<#ty>(&raw mut (*__at).#member) };
                let __made: *const #ty = #made;
                // SAFETY: only the place is computed, inside the same value.
                #krate::__private::expect_made_at::<#ty>(__made, unsafe { &raw const (*__at).#member });
            }
        });

        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::SharedField for #ident #ty_generics #bounds {
                const SIZE: ::core::primitive::usize = {
                    let () = #constants::STATED;
                    #constants::LAYOUT.size
                };
                const ALIGN: ::core::primitive::usize = #constants::LAYOUT.align;
                const TYPE: #krate::TypeDesc =
                    #krate::TypeDesc::Record { record: <Self as #krate::SharedRecord>::RECORD };

                #[inline]
                fn store(
                    &self,
                    __image: &mut [::core::primitive::u8],
                ) -> ::core::result::Result<(), #krate::StoreError> {
                    #one_length
                    #(#stores;)*
                    ::core::result::Result::Ok(())
                }

                #[inline]
                fn load(__image: &[::core::primitive::u8]) -> ::core::result::Result<Self, #krate::LoadError> {
                    #one_length
                    ::core::result::Result::Ok(Self {
                        #(#loads,)*
                        #(#skipped_members: <#skipped_types as ::core::default::Default>::default(),)*
                    })
                }

                #[inline]
                fn check(__image: &[::core::primitive::u8]) -> ::core::result::Result<(), #krate::LoadError> {
                    #one_length
                    #(#checks;)*
                    ::core::result::Result::Ok(())
                }

                #[inline]
                fn load_into(
                    &mut self,
                    __image: &[::core::primitive::u8],
                ) -> ::core::result::Result<(), #krate::LoadError> {
                    #one_length
                    #(#loads_into;)*
                    ::core::result::Result::Ok(())
                }

                #[inline]
                fn load_at<'__place>(
                    __image: &[::core::primitive::u8],
                    __place: &'__place mut ::core::mem::MaybeUninit<Self>,
                ) -> ::core::result::Result<&'__place mut Self, #krate::LoadError> {
                    #one_length
                    let __at: *mut Self = __place.as_mut_ptr();
                    #(#loads_at)*
                    // SAFETY: as above; writing does not drop what the place held.
                    #(unsafe {
                        (&raw mut (*__at).#skipped_members)
                            .write(<#skipped_types as ::core::default::Default>::default());
                    })*
                    // SAFETY: every field has been made.
                    ::core::result::Result::Ok(unsafe { __place.assume_init_mut() })
                }
            }
        }
    }

    fn shared_record(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { ident, generics, krate, name, docs, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let constants = quote!(#handles #turbofish);
        let name = &name.text;
        let descriptions = columns.iter().enumerate().map(|(i, column)| {
            let Stored { name, docs, .. } = column.stored;
            let (name, encoding) = (&name.text, &column.encoding);
            quote! {
                #krate::FieldDesc {
                    name: #name,
                    docs: #docs,
                    offset: #constants::LAYOUT.offsets[#i],
                    ty: #encoding::TYPE,
                }
            }
        });
        let mut made = columns.iter().enumerate();
        let made = record.fields.iter().filter_map(|field| {
            let member = generated_member(&field.member);
            match &field.transfer {
                Transfer::Stored(stored) => {
                    let (i, name) = (made.next()?.0, &stored.name.text);
                    Some(quote!(#member: #krate::Field::new(#name, #constants::LAYOUT.offsets[#i])))
                }
                Transfer::Skipped if field_name(field).is_none() => Some(quote!(#member: ())),
                Transfer::Skipped => None,
            }
        });
        // A constant of a type that depends on no parameter is looked at here and now; the layout of a generic one is
        // known where it is used.
        let generic =
            generics.params.iter().any(|param| matches!(param, GenericParam::Type(_) | GenericParam::Const(_)));
        let looked_at =
            (!generic).then(|| quote!(const _: ::core::primitive::usize = <#ident as #krate::SharedField>::SIZE;));
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::SharedRecord for #ident #ty_generics #bounds {
                type Fields = #handles #ty_generics;

                const RECORD: &'static #krate::RecordDesc = &#krate::RecordDesc {
                    name: #name,
                    docs: #docs,
                    size: <Self as #krate::SharedField>::SIZE,
                    align: <Self as #krate::SharedField>::ALIGN,
                    fields: &[#(#descriptions),*],
                };
                const OFFSETS: &'static [::core::primitive::usize] = &#constants::LAYOUT.offsets;

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
fn check(krate: &syn::Path, function: &str, name: &str, stated: &Expr, actual: &TokenStream) -> TokenStream {
    let span = generated(stated.span());
    let krate = as_generated(krate, Some(span));
    let function = Ident::new(function, span);
    let stated = as_generated(stated, None);
    quote_spanned! {span=>
        let __stated: ::core::primitive::usize = #stated;
        #krate::__private::#function(#name, __stated, #actual);
    }
}

/// A look at a capacity that complains where the user stated it.
fn check_capacity(krate: &syn::Path, level: &Expr) -> TokenStream {
    let span = generated(level.span());
    let krate = as_generated(krate, Some(span));
    let level = as_generated(level, None);
    quote_spanned!(span=> #krate::__private::check_capacity::<{ #level }>();)
}

fn expand_enum(of: &Enum) -> TokenStream {
    let Head { ident, generics, krate, name, docs, size, align, .. } = &of.head;
    let (impl_generics, ty_generics, bounds) = generics.split_for_impl();
    let name = &name.text;
    let tag = Ident::new(of.tag.name(), Span::call_site());
    let tag = quote!(::core::primitive::#tag);
    let variants: Vec<Ident> = of
        .variants
        .iter()
        .map(|variant| {
            let mut ident = variant.ident.clone();
            ident.set_span(generated(ident.span()));
            ident
        })
        .collect();
    let descriptions = of.variants.iter().zip(&variants).map(|(variant, ident)| {
        let (name, docs) = (&variant.name.text, &variant.docs);
        quote! {
            #krate::VariantDesc {
                name: #name,
                docs: #docs,
                value: Self::#ident as #tag as ::core::primitive::i128,
                fields: &[],
            }
        }
    });
    let tag_size = quote!(<#tag as #krate::SharedField>::SIZE);
    let tag_align = quote!(<#tag as #krate::SharedField>::ALIGN);
    let size = size.iter().map(|size| check(krate, "check_size", name, size, &tag_size));
    let align = align.iter().map(|align| check(krate, "check_align", name, align, &tag_align));
    let stated: Vec<TokenStream> = size.chain(align).collect();
    let stated = (!stated.is_empty()).then(|| quote!(const _: () = { #(#stated)* };));
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::SharedField for #ident #ty_generics #bounds {
            const SIZE: ::core::primitive::usize = #tag_size;
            const ALIGN: ::core::primitive::usize = #tag_align;
            const TYPE: #krate::TypeDesc = #krate::TypeDesc::Enum {
                desc: &#krate::EnumDesc {
                    name: #name,
                    docs: #docs,
                    size: #tag_size,
                    align: #tag_align,
                    tag: &<#tag as #krate::SharedField>::TYPE,
                    variants: &[#(#descriptions),*],
                },
            };

            #[inline]
            fn store(
                &self,
                __image: &mut [::core::primitive::u8],
            ) -> ::core::result::Result<(), #krate::StoreError> {
                let __tag: #tag = match self {
                    #(Self::#variants => Self::#variants as #tag,)*
                };
                #krate::SharedField::store(&__tag, __image)
            }

            #[inline]
            fn load(__image: &[::core::primitive::u8]) -> ::core::result::Result<Self, #krate::LoadError> {
                match <#tag as #krate::SharedField>::load(__image)? {
                    #(__tag if __tag == Self::#variants as #tag => ::core::result::Result::Ok(Self::#variants),)*
                    __tag => ::core::result::Result::Err(#krate::__private::unknown_tag(
                        __tag as ::core::primitive::i128,
                        &<Self as #krate::SharedField>::TYPE,
                    )),
                }
            }
        }

        #stated
    }
}
