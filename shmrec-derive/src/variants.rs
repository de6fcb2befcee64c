//! From the model of an enum to the generated code.
//!
//! The image is the tag, and behind it the fields of the variant that the tag names, laid out as in a C struct that begins
//! with the tag: each variant by itself, all over the same bytes. The rules of `expand` hold here too.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::WhereClause;

use crate::ast::{Enum, Head};
use crate::expand::{Column, bounds, check, generated, looked_at, own_name, skipped};

/// A variant with the tokens that all of its uses share.
struct Arm<'e> {
    ident: Ident,
    name: &'e str,
    docs: &'e str,
    columns: Vec<Column<'e>>,
    /// The constant with the tag's value.
    tag: Ident,
    /// The constant with the layout of tag and fields.
    layout: Ident,
    /// The skipped members, and what a value made afresh has there.
    skipped: TokenStream,
}

pub(crate) fn expand(of: &Enum) -> TokenStream {
    let krate = &of.head.krate;
    let mut arms: Vec<Arm<'_>> = Vec::new();
    let mut columns = 0;
    for (i, variant) in of.variants.iter().enumerate() {
        let own = Column::of(&variant.fields, columns, krate);
        columns += own.len();
        let mut ident = variant.ident.clone();
        ident.set_span(generated(ident.span()));
        let skipped = skipped(&variant.fields).map(|(member, _, value)| quote!(#member: #value,));
        arms.push(Arm {
            ident,
            name: &variant.name.text,
            docs: &variant.docs,
            columns: own,
            tag: format_ident!("__TAG_{}", i),
            layout: format_ident!("LAYOUT_{}", i),
            skipped: skipped.collect(),
        });
    }
    let fields = of.variants.iter().flat_map(|variant| &variant.fields);
    let all = arms.iter().flat_map(|arm| &arm.columns);
    let tag = Ident::new(of.tag.name(), Span::call_site());
    let parts = Parts {
        of,
        constants: own_name(&of.head, "Variants", fields.clone(), all.clone()),
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
                (None, Some(before)) => quote!(#before + 1),
                (None, None) => quote!(0),
            };
            quote!(const #name: #tag = #value;)
        });
        tags.collect()
    }

    fn constants(&self) -> TokenStream {
        let Self { of, constants, bounds, tag, arms } = self;
        let Head { generics, krate, name, size, align, .. } = &of.head;
        let (impl_generics, ty_generics, user_bounds) = generics.split_for_impl();
        let params = generics.type_params().map(|param| &param.ident);
        let layouts = arms.iter().map(|arm| {
            let (layout, count) = (&arm.layout, arm.columns.len() + 1);
            let extents = arm.columns.iter().map(Column::extent);
            quote! {
                const #layout: #krate::__private::Layout<#count> = #krate::__private::layout([
                    (<#tag as #krate::SharedField>::SIZE, <#tag as #krate::SharedField>::ALIGN),
                    #(#extents),*
                ]);
            }
        });
        let offset = |arm: &Arm<'_>, i: usize| {
            let (layout, place) = (&arm.layout, i + 1);
            quote!(Self::#layout.offsets[#place])
        };
        let columns =
            || arms.iter().flat_map(|arm| arm.columns.iter().enumerate().map(move |(i, column)| (arm, i, column)));
        let ranges = columns().map(|(arm, i, column)| column.range(&offset(arm, i)));
        let stated = columns().filter_map(|(arm, i, column)| column.stated(krate, &offset(arm, i)));
        let capacities = columns().flat_map(|(_, _, column)| column.capacities(krate));
        let extents = arms.iter().map(|arm| {
            let layout = &arm.layout;
            quote!((Self::#layout.size, Self::#layout.align))
        });
        let size = size.iter().map(|size| check(krate, "check_size", &name.text, size, &quote!(Self::EXTENT.0)));
        let align = align.iter().map(|align| check(krate, "check_align", &name.text, align, &quote!(Self::EXTENT.1)));
        quote! {
            struct #constants #impl_generics (::core::marker::PhantomData<fn() -> (#(#params,)*)>) #user_bounds;

            impl #impl_generics #constants #ty_generics #bounds {
                #(#layouts)*
                const EXTENT: (::core::primitive::usize, ::core::primitive::usize) =
                    #krate::__private::overlaid(&[#(#extents),*]);
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
        let Self { of, constants, bounds, tag, arms } = self;
        let Head { ident, generics, krate, name, docs, .. } = &of.head;
        let (impl_generics, ty_generics, _) = generics.split_for_impl();
        let turbofish = ty_generics.as_turbofish();
        let constants = quote!(#constants #turbofish);
        let name = &name.text;
        let length = format!("the image of `{ident}` has another length than `{ident}::SIZE`");
        let one_length = quote! {
            ::core::assert!(
                <[::core::primitive::u8]>::len(__image) == <Self as #krate::SharedField>::SIZE,
                #length,
            );
        };
        let tag_size = quote!(<#tag as #krate::SharedField>::SIZE);
        // Elsewhere memory has padding that differs from variant to variant.
        let direct = of.variants.iter().all(|variant| variant.fields.is_empty()).then(|| {
            quote! {
                // SAFETY: an enum without data has the size and the bytes of the tag that its `repr` names, which is its
                // image; the check lets nothing pass but the variants' tags.
                const DIRECT: #krate::Direct<Self> = unsafe { #krate::Direct::checked() };
            }
        });

        let descriptions = arms.iter().map(|arm| {
            let Arm { name, docs, tag, layout, .. } = arm;
            let fields = arm.columns.iter().enumerate().map(|(i, column)| {
                let place = i + 1;
                column.description(krate, &quote!(#constants::#layout.offsets[#place]))
            });
            quote! {
                #krate::VariantDesc {
                    name: #name,
                    docs: #docs,
                    value: #tag as ::core::primitive::i128,
                    fields: &[#(#fields),*],
                }
            }
        });
        let stores = arms.iter().map(|arm| {
            let Arm { ident, tag, .. } = arm;
            let members = arm.columns.iter().map(|column| &column.member);
            let values: Vec<Ident> = (0..arm.columns.len()).map(|i| format_ident!("__value_{}", i)).collect();
            let stores = arm.columns.iter().zip(&values).map(|(column, value)| {
                let bytes = &column.bytes;
                column.call("store", Some(arm.name), &quote!(#value, &mut __image[#constants::#bytes]))
            });
            quote! {
                Self::#ident { #(#members: #values,)* .. } => {
                    #krate::SharedField::store(&#tag, &mut __image[..#tag_size])?;
                    #(#stores;)*
                }
            }
        });
        let loads = arms.iter().map(|arm| {
            let Arm { ident, tag, skipped, .. } = arm;
            let loads = arm.columns.iter().map(|column| {
                let Column { member, bytes, .. } = column;
                let value = column.call("load", Some(arm.name), &quote!(&__image[#constants::#bytes]));
                quote!(#member: #value,)
            });
            quote!(#tag => ::core::result::Result::Ok(Self::#ident { #(#loads)* #skipped }),)
        });
        let checks = arms.iter().map(|arm| {
            let tag = &arm.tag;
            let checks = arm.columns.iter().map(|column| {
                let bytes = &column.bytes;
                column.call("check", Some(arm.name), &quote!(&__image[#constants::#bytes]))
            });
            quote! {
                #tag => {
                    #(#checks;)*
                    ::core::result::Result::Ok(())
                }
            }
        });
        let unknown = quote! {
            __tag => ::core::result::Result::Err(#krate::__private::unknown_tag(
                __tag as ::core::primitive::i128,
                &<Self as #krate::SharedField>::TYPE,
            )),
        };
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::SharedField for #ident #ty_generics #bounds {
                const SIZE: ::core::primitive::usize = {
                    let () = #constants::STATED;
                    #constants::EXTENT.0
                };
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
                    match self {
                        #(#stores)*
                    }
                    ::core::result::Result::Ok(())
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
                        #(#checks)*
                        #unknown
                    }
                }
            }
        }
    }
}
