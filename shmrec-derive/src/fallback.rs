//! Stand-ins for the implementations of an input with errors.
//!
//! The compiler goes on after the derive's errors. Without any implementation it would report every use of the type
//! as well, and bury what the user has to change. Nothing here ever runs.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Fields, Path, Type, parse_quote};

use crate::errors::Errors;
use crate::expand::declared_name;
use crate::{ast, attr};

/// Implementations that satisfy whatever uses the type.
pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    let krate: Path =
        attr::of_item(&input.attrs, &mut Errors::default()).krate.unwrap_or_else(|| parse_quote!(::shmrec));
    let ident = &input.ident;
    let (impl_generics, ty_generics, bounds) = input.generics.split_for_impl();
    let record = match &input.data {
        Data::Struct(data)
            if data.fields.iter().any(|field| unsized_type(&field.ty))
                || !ast::unsized_params(&input.generics).is_empty() =>
        {
            return TokenStream::new();
        }
        Data::Struct(data) => Some(record(input, &data.fields, &krate)),
        Data::Enum(_) | Data::Union(_) => None,
    };
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #impl_generics #krate::SharedField for #ident #ty_generics #bounds {
                const SIZE: ::core::primitive::usize = 1;
                const ALIGN: ::core::primitive::usize = 1;
                const TYPE: #krate::TypeDesc = #krate::TypeDesc::U8;

                fn store(
                    &self,
                    _: &mut [::core::primitive::u8],
                ) -> ::core::result::Result<(), #krate::StoreError> {
                    ::core::result::Result::Ok(())
                }

                fn load(_: &[::core::primitive::u8]) -> ::core::result::Result<Self, #krate::LoadError> {
                    ::core::result::Result::Err(#krate::LoadError::new("", ""))
                }
            }

            #record
        };
    }
}

/// A type that cannot be in a struct whose values are returned from functions.
fn unsized_type(ty: &Type) -> bool {
    match ty {
        Type::Slice(_) | Type::TraitObject(_) => true,
        Type::Path(path) => path.path.is_ident("str"),
        Type::Group(group) => unsized_type(&group.elem),
        Type::Paren(paren) => unsized_type(&paren.elem),
        _ => false,
    }
}

fn record(input: &DeriveInput, fields: &Fields, krate: &Path) -> TokenStream {
    let DeriveInput { ident, vis, .. } = input;
    let (impl_generics, ty_generics, bounds) = input.generics.split_for_impl();
    let name = ident.to_string();
    let handles = declared_name(ident, "Fields", &quote!(#input));
    let members = fields.iter().map(|field| {
        let (vis, ty) = (&field.vis, &field.ty);
        let name = field.ident.as_ref().map(|name| {
            let mut name = name.clone();
            name.set_span(Span::call_site().located_at(name.span()));
            quote!(#name:)
        });
        quote!(#[doc = ""] #vis #name #krate::Field<#ident #ty_generics, #ty>)
    });
    let definition = match fields {
        Fields::Named(_) => quote!(struct #handles #impl_generics #bounds { #(#members),* }),
        Fields::Unnamed(_) => quote!(struct #handles #impl_generics (#(#members),*) #bounds;),
        Fields::Unit => quote!(struct #handles #impl_generics #bounds;),
    };
    quote! {
        #[doc = ""]
        #vis #definition

        #[automatically_derived]
        impl #impl_generics #krate::SharedRecord for #ident #ty_generics #bounds {
            type Fields = #handles #ty_generics;

            const RECORD: &'static #krate::RecordDesc =
                &#krate::RecordDesc { name: #name, docs: "", size: 1, align: 1, fields: &[] };

            fn fields() -> Self::Fields {
                loop {}
            }
        }
    }
}
