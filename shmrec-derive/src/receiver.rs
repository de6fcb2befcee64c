//! `Self` in field types and expressions, written out.
//!
//! A field may have the type `[u8; Self::LEN]`. The derive repeats that type in places where `Self` is another type, so
//! it works on a copy of the input in which `Self` has become the type's own name.

use proc_macro2::{Group, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{DeriveInput, Result, Type};

/// The input with every `Self` replaced.
pub(crate) fn written_out(input: DeriveInput) -> Result<DeriveInput> {
    let tokens = input.to_token_stream();
    if !mentions_self(tokens.clone()) {
        return Ok(input);
    }
    syn::parse2(replace(tokens, &input))
}

/// A type that stands in a string of an attribute, with every `Self` replaced.
pub(crate) fn written_out_type(ty: Type, input: &DeriveInput) -> Type {
    let tokens = ty.to_token_stream();
    if !mentions_self(tokens.clone()) {
        return ty;
    }
    // What was a type is one with another name in it.
    syn::parse2(replace(tokens, input)).unwrap_or(ty)
}

fn mentions_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Self",
        TokenTree::Group(group) => mentions_self(group.stream()),
        _ => false,
    })
}

fn replace(tokens: TokenStream, input: &DeriveInput) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(own) if own == "Self" => {
                let mut name = input.ident.clone();
                name.set_span(name.span().located_at(own.span()));
                let (_, generics, _) = input.generics.split_for_impl();
                out.extend(match tokens.peek() {
                    // `Pair<T>::LEN` is no expression; `<Pair<T>>::LEN` is one.
                    Some(TokenTree::Punct(colon)) if colon.as_char() == ':' && colon.spacing() == Spacing::Joint => {
                        quote_spanned!(own.span()=> <#name #generics>)
                    }
                    // Nor are `Pair<T> { … }` and `Pair<T>(…)`.
                    Some(TokenTree::Group(_)) => {
                        let turbofish = generics.as_turbofish();
                        quote_spanned!(own.span()=> #name #turbofish)
                    }
                    _ => quote_spanned!(own.span()=> #name #generics),
                });
            }
            TokenTree::Group(group) => {
                let mut inner = Group::new(group.delimiter(), replace(group.stream(), input));
                inner.set_span(group.span());
                out.extend([TokenTree::Group(inner)]);
            }
            other => out.extend([other]),
        }
    }
    out
}
