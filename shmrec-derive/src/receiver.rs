//! `Self` in field types and expressions, written out.
//!
//! A field may have the type `[u8; Self::LEN]`. The derive repeats that type in places where `Self` is another type, so
//! it works on a copy of the input in which `Self` has become the type's own name.

use proc_macro2::{Group, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{DeriveInput, Result};

/// The input with every `Self` replaced.
pub(crate) fn written_out(input: DeriveInput) -> Result<DeriveInput> {
    let tokens = input.to_token_stream();
    if !mentions_self(tokens.clone()) {
        return Ok(input);
    }
    syn::parse2(replace(tokens, &input))
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
                let name = &input.ident;
                let (_, generics, _) = input.generics.split_for_impl();
                // `Pair<T>::LEN` is no expression; `<Pair<T>>::LEN` is one.
                let path = matches!(tokens.peek(), Some(TokenTree::Punct(colon))
                    if colon.as_char() == ':' && colon.spacing() == Spacing::Joint);
                out.extend(if path {
                    quote_spanned!(own.span()=> <#name #generics>)
                } else {
                    quote_spanned!(own.span()=> #name #generics)
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
