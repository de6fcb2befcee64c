//! The errors of one input, gathered so that the user sees all of them at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// Every error found so far.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<Error>,
    count: usize,
}

impl Errors {
    /// Adds an error that underlines `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(Error::new_spanned(tokens, message));
    }

    /// Adds an error made elsewhere.
    pub(crate) fn add(&mut self, error: Error) {
        self.count += 1;
        match &mut self.all {
            Some(errors) => errors.combine(error),
            None => self.all = Some(error),
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// What the compiler is to say, or nothing when all is well.
    pub(crate) fn into_compile_errors(self) -> Option<TokenStream> {
        self.all.map(|errors| errors.to_compile_error())
    }
}

/// The error as it concerns users: what the parser says of expressions that it was built without is about the derive.
pub(crate) fn plainly(error: Error) -> Error {
    let one = |error: Error| {
        if error.to_string().contains("enable syn's features") {
            let message = "this expression is more than the derive can read: give it a name (`const N: usize = ...;`) and \
                           write the name here";
            Error::new(error.span(), message)
        } else {
            error
        }
    };
    let mut errors = error.into_iter().map(one);
    let Some(mut all) = errors.next() else { return Error::new(Span::call_site(), "") };
    all.extend(errors);
    all
}
