//! From the model of an enum to the generated code.
//!
//! The image is the tag, and behind it the fields of the variant that the tag names, laid out as in a C struct that begins
//! with the tag: each variant by itself, all over the same bytes. The rules of `expand` hold here too.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::WhereClause;

use crate::ast::{Enum, Head};
use crate::expand::{Column, Skipped, bounds, check, generated, layout, looked_at, own_name, skipped};

/// A variant with the tokens that all of its uses share.
struct Arm<'e> {
    ident: Ident,
    name: &'e str,
    docs: &'e TokenStream,
    columns: Vec<Column<'e>>,
    /// The constant with the tag's value.
    tag: Ident,
    /// The constants with the layout of tag and fields, and with the fields; only where there are fields.
    layout: Ident,
    fields: Ident,
    /// The skipped members, and what a value made afresh has there.
    skipped: TokenStream,
}

pub(crate) fn expand(of: &Enum) -> TokenStream {
    let krate = &of.head.krate;
    let arms: Vec<Arm<'_>> = of
        .variants
        .iter()
        .enumerate()
        .map(|(i, variant)| {
            let mut ident = variant.ident.clone();
            ident.set_span(generated(ident.span()));
            Arm {
                ident,
                name: &variant.name.text,
                docs: &variant.docs,
                columns: Column::of(&variant.fields, krate),
                tag: format_ident!("__TAG_{}", i),
                layout: format_ident!("COLUMNS_{}", i),
                fields: format_ident!("FIELDS_{}", i),
                skipped: skipped(&variant.fields, krate)
                    .map(|Skipped { member, value, .. }| quote!(#member: #value,))
                    .collect(),
            }
        })
        .collect();
    let fields = of.variants.iter().flat_map(|variant| &variant.fields);
    let all = arms.iter().flat_map(|arm| &arm.columns);
    let tag = Ident::new(of.tag.name(), Span::call_site());
    let parts = Parts {
        of,
        constants: own_name(&of.head, "Variants", all.clone()),
        bounds: bounds(&of.head, fields, all),
        tag: quote!(::core::primitive::#tag),
        arms,
    };
    let (tags, constants, field) = (parts.tags(), parts.constants(), parts.shared_field());
    let looked_at = looked_at(&of.head);
    quote! {
        #tags
        #constants
        #field
        #looked_at
    }
}

struct Parts<'e> {
    of: &'e Enum,
    /// The type that has the constants of layout.
    constants: Ident,
    bounds: Option<WhereClause>,
    tag: TokenStream,
    arms: Vec<Arm<'e>>,
}

impl Parts<'_> {
    /// The tags, as the compiler numbers them. Outside of any generic type, so that they can be patterns.
    fn tags(&self) -> TokenStream {
        let tag = &self.tag;
        let mut before: Option<&Ident> = None;
        let tags = self.arms.iter().zip(&self.of.variants).map(|(arm, variant)| {
            let name = &arm.tag;
            let value = match (&variant.discriminant, before.replace(name)) {
                (Some(value), _) => quote!(#value),
                // What overflows, the compiler has refused in the enum itself.
                (None, Some(before)) => quote!(#tag::wrapping_add(#before, 1)),
                (None, None) => quote!(0),
            };
            quote!(const #name: #tag = #value;)
        });
        tags.collect()
    }

    /// The variants that have fields in the image.
    fn with_fields(&self) -> impl Iterator<Item = &Arm<'_>> {
        self.arms.iter().filter(|arm| !arm.columns.is_empty())
    }

    fn constants(&self) -> TokenStream {
        let Self { of, constants, bounds, tag, .. } = self;
        let Head { ident, generics, krate, name, size, align, .. } = &of.head;
        let (impl_generics, ty_generics, user_bounds) = generics.split_for_impl();
        let tag_size = quote!(<#tag as #krate::SharedField>::SIZE);
        let layouts = self.with_fields().map(|arm| {
            let end = quote!(#krate::__private::Columns::end(__columns));
            layout(&of.head, [&arm.layout, &arm.fields], &arm.columns, &tag_size, &end)
        });
        let extents = self.with_fields().map(|arm| {
            let layout = &arm.layout;
            quote!((Self::#layout.size, Self::#layout.align))
        });
        let size = size.iter().map(|size| check(krate, "check_size", &name.text, size, &quote!(__extent.0)));
        let align = align.iter().map(|align| check(krate, "check_align", &name.text, align, &quote!(__extent.1)));
        quote! {
            struct #constants #impl_generics (::core::marker::PhantomData<fn() -> #ident #ty_generics>) #user_bounds;

            impl #impl_generics #constants #ty_generics #bounds {
                #(#layouts)*
                const EXTENT: (::core::primitive::usize, ::core::primitive::usize) = {
                    let __extent = #krate::__private::overlaid(#tag_size, &[#(#extents),*]);
                    #(#size)*
                    #(#align)*
                    __extent
                };
            }
        }
    }

    /// The descriptions of the variants.
    fn descriptions(&self, constants: &TokenStream) -> impl Iterator<Item = TokenStream> {
        let krate = &self.of.head.krate;
        self.arms.iter().map(move |arm| {
            let Arm { name, docs, tag, fields, .. } = arm;
            let fields = if arm.columns.is_empty() { quote!(&[]) } else { quote!(#constants::#fields) };
            quote! {
                #krate::VariantDesc {
                    name: #name,
                    docs: #docs,
                    value: #tag as ::core::primitive::i128,
                    fields: #fields,
                }
            }
        })
    }

    /// Stores the value's tag, and the fields behind it.
    fn store(&self, constants: &TokenStream, tag_size: &TokenStream) -> TokenStream {
        let krate = &self.of.head.krate;
        let tags = self.arms.iter().map(|Arm { ident, tag, .. }| quote!(Self::#ident { .. } => #tag,));
        let arms = self.with_fields().map(|arm| {
            let Arm { ident, name, fields, columns, .. } = arm;
            let members = columns.iter().map(|column| &column.member);
            let values: Vec<Ident> = (0..columns.len()).map(|i| format_ident!("__value_{}", i)).collect();
            let stores = columns.iter().zip(&values).enumerate().map(|(i, (column, value))| {
                column.call("store_field", &quote!(#value, __image, &#constants::#fields[#i], #name))
            });
            quote! {
                Self::#ident { #(#members: #values,)* .. } => {
                    #(#stores;)*
                }
            }
        });
        let others = self.arms.iter().any(|arm| arm.columns.is_empty()).then(|| quote!(_ => {}));
        let fields = self.with_fields().next().is_some().then(|| {
            quote! {
                match self {
                    #(#arms)*
                    #others
                }
            }
        });
        quote! {
            let __tag = match self {
                #(#tags)*
            };
            #krate::SharedField::store(&__tag, &mut __image[..#tag_size])?;
            #fields
            ::core::result::Result::Ok(())
        }
    }

    /// The value for each tag.
    fn loads(&self, constants: &TokenStream) -> impl Iterator<Item = TokenStream> {
        self.arms.iter().map(move |arm| {
            let Arm { ident, name, tag, fields, skipped, .. } = arm;
            let loads = arm.columns.iter().enumerate().map(|(i, column)| {
                let member = &column.member;
                let value = column.call("load_field", &quote!(__image, &#constants::#fields[#i], #name));
                quote!(#member: #value,)
            });
            quote!(#tag => ::core::result::Result::Ok(Self::#ident { #(#loads)* #skipped }),)
        })
    }

    /// What is to be checked for each tag.
    fn checks(&self, constants: &TokenStream) -> TokenStream {
        let with_fields = self.with_fields().map(|arm| {
            let Arm { name, tag, fields, .. } = arm;
            let checks = arm
                .columns
                .iter()
                .enumerate()
                .map(|(i, column)| column.call("check_field", &quote!(__image, &#constants::#fields[#i], #name)));
            quote! {
                #tag => {
                    #(#checks;)*
                    ::core::result::Result::Ok(())
                }
            }
        });
        let with_fields: TokenStream = with_fields.collect();
        let others: Vec<&Ident> = self.arms.iter().filter(|arm| arm.columns.is_empty()).map(|arm| &arm.tag).collect();
        let others = (!others.is_empty()).then(|| quote!(#(#others)|* => ::core::result::Result::Ok(()),));
        quote!(#with_fields #others)
    }

    fn shared_field(&self) -> TokenStream {
        let Self { of, constants, bounds, tag, .. } = self;
        let Head { ident, generics, krate, name, docs, .. } = &of.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let constants = quote!(#constants #turbofish);
        let name = &name.text;
        let length = format!("the image of `{ident}` has another length than `{ident}::SIZE`");
        let one_length = quote! {
            // One look at the length, so that no field needs to.
            ::core::assert!(
                <[::core::primitive::u8]>::len(__image) == <Self as #krate::SharedField>::SIZE,
                #length,
            );
        };
        let tag_size = quote!(<#tag as #krate::SharedField>::SIZE);
        // Elsewhere the tag in memory is the compiler's choice, or there is padding that differs from variant to variant.
        let without_data = of.variants.iter().all(|variant| variant.fields.is_empty());
        let direct = (of.tag_is_repr && without_data).then(|| {
            quote! {
                // SAFETY: an enum without data has the size and the bytes of the tag that its `repr` names, which is its
                // image; the check lets nothing pass but the variants' tags.
                const DIRECT: #krate::Direct<Self> = unsafe { #krate::Direct::checked() };
            }
        });
        let (descriptions, store) = (self.descriptions(&constants), self.store(&constants, &tag_size));
        let (loads, checks) = (self.loads(&constants), self.checks(&constants));
        let unknown = quote! {
            __tag => ::core::result::Result::Err(#krate::__private::unknown_tag(
                __tag as ::core::primitive::i128,
                &<Self as #krate::SharedField>::TYPE,
            )),
        };
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::SharedField for #ident #ty_generics #bounds {
                const SIZE: ::core::primitive::usize = #constants::EXTENT.0;
                const ALIGN: ::core::primitive::usize = #constants::EXTENT.1;
                const TYPE: #krate::TypeDesc = #krate::TypeDesc::Enum {
                    desc: &#krate::EnumDesc {
                        name: #name,
                        docs: #docs,
                        size: <Self as #krate::SharedField>::SIZE,
                        align: <Self as #krate::SharedField>::ALIGN,
                        tag: &<#tag as #krate::SharedField>::TYPE,
                        variants: &[#(#descriptions),*],
                    },
                };
                #direct

                #[inline]
                fn store(
                    &self,
                    __image: &mut [::core::primitive::u8],
                ) -> ::core::result::Result<(), #krate::StoreError> {
                    #one_length
                    #store
                }

                #[inline]
                fn load(__image: &[::core::primitive::u8]) -> ::core::result::Result<Self, #krate::LoadError> {
                    #one_length
                    match <#tag as #krate::SharedField>::load(&__image[..#tag_size])? {
                        #(#loads)*
                        #unknown
                    }
                }

                #[inline]
                fn check(__image: &[::core::primitive::u8]) -> ::core::result::Result<(), #krate::LoadError> {
                    #one_length
                    match <#tag as #krate::SharedField>::load(&__image[..#tag_size])? {
                        #checks
                        #unknown
                    }
                }
            }
        }
    }
}
