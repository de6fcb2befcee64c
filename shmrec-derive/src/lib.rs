//! The derive macro of shmrec.

mod ast;
mod attr;
mod errors;
mod expand;
mod fallback;
mod receiver;
mod valid;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use crate::errors::Errors;

/// Derives `SharedRecord`.
#[proc_macro_derive(SharedRecord, attributes(record))]
pub fn shared_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    match receiver::written_out(input) {
        Ok(input) => derive(&input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

fn derive(input: &DeriveInput) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();
    let model = ast::parse(input, &mut errors);
    if let Some(model) = &model {
        valid::check(model, &mut errors);
    }
    let errors = errors.into_compile_errors();
    match (model, errors) {
        (Some(model), None) => expand::expand(&model),
        (_, errors) => {
            let stand_ins = fallback::expand(input);
            quote::quote!(#errors #stand_ins)
        }
    }
}
