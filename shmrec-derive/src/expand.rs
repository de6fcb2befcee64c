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

/// As [`declared_name`], for an input whose tokens are these.
pub(crate) fn own_name<'r>(
    head: &Head,
    ending: &str,
    fields: impl Iterator<Item = &'r Field>,
    columns: impl Iterator<Item = &'r Column<'r>>,
) -> Ident {
    let tokens = fields
        .map(|field| field.ty.to_token_stream())
        .chain(columns.map(|column| column.encoder.clone()))
        .chain([head.generics.to_token_stream(), head.generics.where_clause.to_token_stream()])
        .collect();
    declared_name(&head.ident, ending, &tokens)
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
    /// Its type as encoded: `<Plain as Encoding<f64>>`.
    encoding: TokenStream,
    /// `Plain`, `Capacity<...>` and the like.
    pub(crate) encoder: TokenStream,
    /// The constant with the range of bytes.
    pub(crate) bytes: Ident,
}

impl<'r> Column<'r> {
    fn new(index: usize, field: &'r Field, stored: &'r Stored, krate: &syn::Path) -> Self {
        let span = generated(field.ty.span());
        let encoder = encoder(&field.ty, stored, krate, span);
        let krate = as_generated(krate, Some(span));
        let ty = as_generated(&field.ty, None);
        let encoding = quote_spanned!(span=> <#encoder as #krate::encoding::Encoding<#ty>>);
        let bytes = format_ident!("BYTES_{}", index, span = span);
        Self { field, stored, member: generated_member(&field.member), encoding, encoder, bytes }
    }

    /// The columns of `fields`, numbered from `first` on.
    pub(crate) fn of(fields: &'r [Field], first: usize, krate: &syn::Path) -> Vec<Self> {
        let stored = fields.iter().filter_map(|field| match &field.transfer {
            Transfer::Stored(stored) => Some((field, stored.as_ref())),
            Transfer::Skipped(_) => None,
        });
        (first..).zip(stored).map(|(i, (field, stored))| Self::new(i, field, stored, krate)).collect()
    }

    /// Whether the field's own type says how it is stored.
    fn is_plain(&self) -> bool {
        self.stored.capacity.is_empty() && matches!(self.stored.mapping, Mapping::None)
    }

    /// A call of the encoding's function, its error led back to the field, and to the variant that has it.
    pub(crate) fn call(&self, function: &str, variant: Option<&str>, arguments: &TokenStream) -> TokenStream {
        let Self { encoding, .. } = self;
        let name = &self.stored.name.text;
        let span = generated(self.field.ty.span());
        let function = Ident::new(function, span);
        let variant = variant.map(|variant| quote_spanned!(span=> .in_field(#variant)));
        quote_spanned! {span=>
            #encoding::#function(#arguments).map_err(|__error| __error.in_field(#name)#variant)?
        }
    }

    /// Size and alignment of the field's image.
    pub(crate) fn extent(&self) -> TokenStream {
        let encoding = &self.encoding;
        quote_spanned!(generated(self.field.ty.span())=> (#encoding::SIZE, #encoding::ALIGN))
    }

    /// The constant with the field's range of bytes, given where it begins.
    pub(crate) fn range(&self, offset: &TokenStream) -> TokenStream {
        let Self { bytes, encoding, .. } = self;
        quote_spanned! {generated(self.field.ty.span())=>
            const #bytes: ::core::ops::Range<::core::primitive::usize> = #offset..#offset + #encoding::SIZE;
        }
    }

    /// The look at the offset that the user states, if any.
    pub(crate) fn stated(&self, krate: &syn::Path, actual: &TokenStream) -> Option<TokenStream> {
        let offset = self.stored.offset.as_ref()?;
        Some(check(krate, "check_offset", &self.stored.name.text, offset, actual))
    }

    /// Looks at the capacities that the user states.
    pub(crate) fn capacities(&self, krate: &syn::Path) -> impl Iterator<Item = TokenStream> {
        self.stored.capacity.iter().map(|level| check_capacity(krate, level))
    }

    /// The description, given where the field begins.
    pub(crate) fn description(&self, krate: &syn::Path, offset: &TokenStream) -> TokenStream {
        let Stored { name, docs, .. } = self.stored;
        let (name, encoding) = (&name.text, &self.encoding);
        let default = match &self.stored.default {
            None => quote!(::core::option::Option::None),
            Some(value) => {
                let (ty, value) = (&self.field.ty, default_value(value, &self.field.ty));
                quote! {
                    ::core::option::Option::Some(|__image| {
                        let __value: #ty = #value;
                        #encoding::store(&__value, __image)
                    })
                }
            }
        };
        quote! {
            #krate::FieldDesc {
                name: #name,
                docs: #docs,
                offset: #offset,
                ty: #encoding::TYPE,
                default: #default,
            }
        }
    }
}

/// The expression for what stands in for a field's value.
pub(crate) fn default_value(value: &DefaultValue, ty: &syn::Type) -> TokenStream {
    match value {
        DefaultValue::OfType => quote!(<#ty as ::core::default::Default>::default()),
        DefaultValue::Of(expression) => quote!(#expression),
    }
}

/// The fields that have no place in the image, each with what a value made afresh has there.
pub(crate) fn skipped(fields: &[Field]) -> impl Iterator<Item = (Member, &syn::Type, TokenStream)> {
    fields.iter().filter_map(|field| match &field.transfer {
        Transfer::Skipped(value) => Some((generated_member(&field.member), &field.ty, default_value(value, &field.ty))),
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
    let columns = Column::of(&record.fields, 0, &record.head.krate);
    let parts = Parts {
        record,
        handles: own_name(&record.head, "Fields", record.fields.iter(), columns.iter()),
        bounds: bounds(&record.head, record.fields.iter(), columns.iter()),
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
        let (ty, encoder) = (&column.field.ty, &column.encoder);
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
            let ty = &field.ty;
            clause.predicates.push(parse_quote!(#ty: ::core::default::Default));
        }
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
                Transfer::Skipped(_) if name.is_none() => Some(quote!(#[doc = "Not transferred."] #vis ())),
                Transfer::Skipped(_) => None,
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
        let extents = columns.iter().map(Column::extent);
        let offset = |i: usize| quote!(Self::LAYOUT.offsets[#i]);
        let ranges = columns.iter().enumerate().map(|(i, column)| column.range(&offset(i)));
        let stated = columns.iter().enumerate().filter_map(|(i, column)| column.stated(krate, &offset(i)));
        let capacities = columns.iter().flat_map(|column| column.capacities(krate));
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
        let (mut skipped_members, mut skipped_types, mut skipped_values) = (Vec::new(), Vec::new(), Vec::new());
        for (member, ty, value) in skipped(&record.fields) {
            skipped_members.push(member);
            skipped_types.push(ty);
            skipped_values.push(value);
        }

        let stores = columns.iter().map(|column| {
            let Column { member, bytes, .. } = column;
            column.call("store", None, &quote!(&self.#member, &mut __image[#constants::#bytes]))
        });
        let loads = columns.iter().map(|column| {
            let Column { member, bytes, .. } = column;
            let value = column.call("load", None, &quote!(&__image[#constants::#bytes]));
            quote!(#member: #value)
        });
        let checks = columns.iter().map(|column| {
            let bytes = &column.bytes;
            column.call("check", None, &quote!(&__image[#constants::#bytes]))
        });
        let loads_into = columns.iter().map(|column| {
            let Column { member, bytes, .. } = column;
            column.call("load_into", None, &quote!(&mut self.#member, &__image[#constants::#bytes]))
        });
        let loads_at = columns.iter().map(|column| {
            let Column { field, member, bytes, .. } = column;
            let ty = &field.ty;
            let made = column.call("load_at", None, &quote!(&__image[#constants::#bytes], __slot));
            quote! {
                // SAFETY: the place is a field of the uninitialised value that `__place` borrows alone: valid for
                // writes, and aligned, because the derive refuses packed structs.
                let __slot = unsafe { #krate::__private::uninit_at::<#ty>(&raw mut (*__at).#member) };
                let __made: *const #ty = #made;
                // SAFETY: only the place is computed, inside the same value.
                #krate::__private::expect_made_at::<#ty>(__made, unsafe { &raw const (*__at).#member });
            }
        });

        let direct = self.direct(&constants);

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
                #direct

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
                        #(#skipped_members: #skipped_values,)*
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
                    #(
                        let __value: #skipped_types = #skipped_values;
                        // SAFETY: as above; writing does not drop what the place held.
                        unsafe { (&raw mut (*__at).#skipped_members).write(__value) };
                    )*
                    // SAFETY: every field has been made.
                    ::core::result::Result::Ok(unsafe { __place.assume_init_mut() })
                }
            }
        }
    }

    /// Whether the record's memory is its image, found out from where its fields stand; nothing, which means no, where a
    /// field has no place in the image. Nor where one is deprecated: the compiler would take `offset_of` for a use of it by
    /// the user.
    fn direct(&self, constants: &TokenStream) -> Option<TokenStream> {
        let Head { krate, .. } = &self.record.head;
        if self.record.fields.iter().any(|field| field.deprecated || matches!(field.transfer, Transfer::Skipped(_))) {
            return None;
        }
        let fields = self.columns.iter().map(|column| {
            let Column { encoding, member, .. } = column;
            quote_spanned! {generated(column.field.ty.span())=>
                #encoding::DIRECT.in_record(::core::mem::offset_of!(Self, #member), #encoding::SIZE)
            }
        });
        Some(quote! {
            // SAFETY: these are all fields, in the layout's order, each at its own offset; the functions below store, load
            // and check them one by one, each in its range of the image.
            const DIRECT: #krate::Direct<Self> =
                unsafe { #krate::Direct::of_fields(&#constants::LAYOUT, [#(#fields),*]) };
        })
    }

    fn shared_record(&self) -> TokenStream {
        let Self { record, columns, handles, bounds } = self;
        let Head { ident, generics, krate, name, docs, .. } = &record.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let constants = quote!(#handles #turbofish);
        let name = &name.text;
        let descriptions = columns
            .iter()
            .enumerate()
            .map(|(i, column)| column.description(krate, &quote!(#constants::LAYOUT.offsets[#i])));
        let mut made = columns.iter().enumerate();
        let made = record.fields.iter().filter_map(|field| {
            let member = generated_member(&field.member);
            match &field.transfer {
                Transfer::Stored(stored) => {
                    let (i, name) = (made.next()?.0, &stored.name.text);
                    Some(quote!(#member: #krate::Field::new(#name, #constants::LAYOUT.offsets[#i])))
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

/// A look at a capacity that complains where the user stated it.
pub(crate) fn check_capacity(krate: &syn::Path, level: &Expr) -> TokenStream {
    let span = generated(level.span());
    let krate = as_generated(krate, Some(span));
    let level = as_generated(level, None);
    quote_spanned!(span=> #krate::__private::check_capacity::<{ #level }>();)
}

/// A use of the size that makes the compiler look at all constants here and now. The layout of a generic type is known
/// only where it is used.
pub(crate) fn looked_at(head: &Head) -> Option<TokenStream> {
    let Head { ident, generics, krate, .. } = head;
    let generic = generics.params.iter().any(|param| matches!(param, GenericParam::Type(_) | GenericParam::Const(_)));
    (!generic).then(|| quote!(const _: ::core::primitive::usize = <#ident as #krate::SharedField>::SIZE;))
}
