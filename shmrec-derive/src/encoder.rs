//! Which encoding stores a field: worked out from its type as it is written, its capacities and its mapping.
//!
//! Capacities belong to the parts of the type that grow, in the order in which they are written: in `Vec<(String, u8)>` the
//! first is the vector's, the second the string's. Types that can be seen through are taken apart as far as a part of them
//! needs an encoding of its own. What an alias hides is left to the traits: the first type that nothing is known of gets the
//! capacities that are too many for the parts that can be seen.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, ExprLit, Lit, Path, Type};

use crate::ast::{Mapping, Stored};
use crate::expand::{as_generated, generated};
use crate::parts::{Growth, Parts, bare_expr, has_fixed_size, parts};

/// The encoding of a field.
pub(crate) fn encoder(ty: &Type, stored: &Stored, krate: &Path, span: Span) -> TokenStream {
    let span = generated(span);
    let seen = match &stored.mapping {
        Mapping::None => ty,
        Mapping::As(mapped) | Mapping::With(mapped) => mapped,
    };
    let mut writer = Writer {
        krate: as_generated(krate, Some(span)),
        span,
        capacities: stored.capacity.iter(),
        spare: stored.capacity.len().saturating_sub(Growth::of(seen).levels),
        mapping: &stored.mapping,
    };
    match &stored.mapping {
        Mapping::None => {
            let own = writer.of(ty);
            writer.written(own)
        }
        Mapping::As(mapped) | Mapping::With(mapped) => writer.mapped(ty, mapped),
    }
}

/// How a type is stored.
enum Own {
    /// As it says itself.
    Plain,
    /// With capacities, which arrays and options pass on to what is in them.
    Grows(TokenStream),
    /// In a way that has to be written out all around it.
    Written(TokenStream),
}

struct Writer<'s> {
    krate: TokenStream,
    span: Span,
    capacities: std::slice::Iter<'s, Expr>,
    /// How many capacities are for what an alias hides.
    spare: usize,
    mapping: &'s Mapping,
}

impl Writer<'_> {
    fn written(&self, own: Own) -> TokenStream {
        match own {
            Own::Plain => self.plain(),
            Own::Grows(encoder) | Own::Written(encoder) => encoder,
        }
    }

    fn plain(&self) -> TokenStream {
        let krate = &self.krate;
        quote_spanned!(self.span=> #krate::encoding::Plain)
    }

    /// The next capacity as an argument; without one, which is an error that has been reported, any.
    fn capacity(&mut self) -> TokenStream {
        let level = self.capacities.next().map(|level| as_generated(level, None));
        level.map_or_else(|| quote_spanned!(self.span=> 1), |level| quote_spanned!(self.span=> { #level }))
    }

    fn wrapped(&self, wrapping: &str, own: Own) -> Own {
        let Own::Written(inner) = own else { return own };
        let (krate, wrapping) = (&self.krate, proc_macro2::Ident::new(wrapping, self.span));
        Own::Written(quote_spanned!(self.span=> #krate::encoding::#wrapping<#inner>))
    }

    fn of(&mut self, ty: &Type) -> Own {
        match parts(ty) {
            Parts::Array(array) => {
                let element = self.of(&array.elem);
                self.wrapped("Elements", element)
            }
            Parts::Option(value) => {
                let value = self.of(value);
                self.wrapped("Tagged", value)
            }
            Parts::Text => Own::Grows(self.grows(Own::Plain, None)),
            Parts::Sequence(element) => {
                let capacity = self.capacity();
                match self.of(element) {
                    Own::Written(inner) => {
                        let krate = &self.krate;
                        Own::Written(quote_spanned!(self.span=> #krate::encoding::Counted<#capacity, #inner>))
                    }
                    element => Own::Grows(self.grows(element, Some(capacity))),
                }
            }
            Parts::Tuple(elements) => {
                let elements: Vec<Own> = elements.map(|element| self.of(element)).collect();
                if elements.iter().all(|element| matches!(element, Own::Plain)) {
                    return Own::Plain;
                }
                let elements = elements.into_iter().map(|element| self.written(element));
                let krate = &self.krate;
                Own::Written(quote_spanned!(self.span=> #krate::encoding::Tuple<(#(#elements,)*)>))
            }
            Parts::Other if has_fixed_size(ty) => Own::Plain,
            Parts::Other => self.hidden(),
        }
    }

    fn grows(&mut self, inner: Own, capacity: Option<TokenStream>) -> TokenStream {
        let capacity = capacity.unwrap_or_else(|| self.capacity());
        let krate = &self.krate;
        match inner {
            Own::Plain => quote_spanned!(self.span=> #krate::encoding::Capacity<#capacity>),
            Own::Grows(inner) | Own::Written(inner) => {
                quote_spanned!(self.span=> #krate::encoding::Capacity<#capacity, #inner>)
            }
        }
    }

    /// All capacities that are too many, one inside the other, for a type that may hide so many levels.
    fn hidden(&mut self) -> Own {
        if self.spare == 0 {
            return Own::Plain;
        }
        self.spare -= 1;
        let capacity = self.capacity();
        let inner = self.hidden();
        Own::Grows(self.grows(inner, Some(capacity)))
    }

    /// The encoding of `ty` by way of `mapped`, which may have the same shape around what is mapped.
    fn mapped(&mut self, ty: &Type, mapped: &Type) -> TokenStream {
        match (parts(ty), parts(mapped)) {
            (Parts::Array(own), Parts::Array(mapped)) if same_number(&own.len, &mapped.len) => {
                let inner = self.mapped(&own.elem, &mapped.elem);
                self.around("Elements", inner)
            }
            (Parts::Option(own), Parts::Option(mapped)) => {
                let inner = self.mapped(own, mapped);
                self.around("Tagged", inner)
            }
            (Parts::Sequence(own), Parts::Sequence(mapped)) => {
                let capacity = self.capacity();
                let inner = self.mapped(own, mapped);
                let krate = &self.krate;
                quote_spanned!(self.span=> #krate::encoding::Counted<#capacity, #inner>)
            }
            (Parts::Tuple(own), Parts::Tuple(mapped)) if own.len() == mapped.len() => {
                let elements: Vec<TokenStream> =
                    own.zip(mapped).map(|(own, mapped)| self.mapped(own, mapped)).collect();
                let krate = &self.krate;
                quote_spanned!(self.span=> #krate::encoding::Tuple<(#(#elements,)*)>)
            }
            _ => self.leaf(mapped),
        }
    }

    fn around(&self, wrapping: &str, inner: TokenStream) -> TokenStream {
        self.written(self.wrapped(wrapping, Own::Written(inner)))
    }

    fn leaf(&mut self, mapped: &Type) -> TokenStream {
        let target = as_generated(mapped, None);
        let (by, own) = match self.mapping {
            Mapping::With(_) => (quote_spanned!(self.span=> With), self.hidden()),
            Mapping::As(_) | Mapping::None => (quote_spanned!(self.span=> As), self.of(mapped)),
        };
        let (krate, inner) = (&self.krate, self.written(own));
        quote_spanned!(self.span=> #krate::encoding::#by<#target, #inner>)
    }
}

/// Whether two lengths are the same number, as they are written.
fn same_number(one: &Expr, other: &Expr) -> bool {
    match (bare_expr(one), bare_expr(other)) {
        (Expr::Lit(ExprLit { lit: Lit::Int(one), .. }), Expr::Lit(ExprLit { lit: Lit::Int(other), .. })) => {
            one.base10_digits() == other.base10_digits()
        }
        (one, other) => one.to_token_stream().to_string() == other.to_token_stream().to_string(),
    }
}
