//! Which encoding stores a field: worked out from its type as it is written, its capacities and its mapping.
//!
//! Capacities belong to the parts of the type that grow, in the order in which they are written: in `Vec<(String, u8)>` the
//! first is the vector's, the second the string's. Types that can be seen through are taken apart as far as a part of them
//! needs an encoding of its own; what an alias hides is left to the traits.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, GenericArgument, Path, PathArguments, PathSegment, Type, TypePath};

use crate::ast::{Mapping, Stored};
use crate::expand::{as_generated, generated};

/// The encoding of a field.
pub(crate) fn encoder(ty: &Type, stored: &Stored, krate: &Path, span: Span) -> TokenStream {
    let span = generated(span);
    let mut writer = Writer {
        krate: as_generated(krate, Some(span)),
        span,
        capacities: stored.capacity.iter(),
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
            Parts::Array(element) => {
                let element = self.of(element);
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
            // An alias may hide a type that grows, at every level for which a capacity is left.
            Parts::Other if self.capacities.len() > 0 && !has_fixed_size(ty) => Own::Grows(self.hidden()),
            Parts::Other => Own::Plain,
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

    /// All capacities that are left, one inside the other.
    fn hidden(&mut self) -> TokenStream {
        let capacity = self.capacity();
        let inner = if self.capacities.len() > 0 { Own::Grows(self.hidden()) } else { Own::Plain };
        self.grows(inner, Some(capacity))
    }

    /// The encoding of `ty` by way of `mapped`, which may have the same shape around what is mapped.
    fn mapped(&mut self, ty: &Type, mapped: &Type) -> TokenStream {
        match (parts(ty), parts(mapped)) {
            (Parts::Array(own), Parts::Array(mapped)) => {
                let inner = self.mapped(own, mapped);
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
        let (by, inner) = match self.mapping {
            Mapping::With(_) => {
                let inner = if self.capacities.len() > 0 { self.hidden() } else { self.plain() };
                (quote_spanned!(self.span=> With), inner)
            }
            Mapping::As(_) | Mapping::None => {
                let own = self.of(mapped);
                (quote_spanned!(self.span=> As), self.written(own))
            }
        };
        let krate = &self.krate;
        quote_spanned!(self.span=> #krate::encoding::#by<#target, #inner>)
    }
}

/// What a type is made of, as far as can be seen.
pub(crate) enum Parts<'t> {
    Array(&'t Type),
    Option(&'t Type),
    /// `String`.
    Text,
    /// `Vec<T>`, `Box<[T]>`.
    Sequence(&'t Type),
    Tuple(syn::punctuated::Iter<'t, Type>),
    /// Anything else, aliases included.
    Other,
}

pub(crate) fn parts(ty: &Type) -> Parts<'_> {
    match bare(ty) {
        Type::Array(array) => Parts::Array(&array.elem),
        Type::Tuple(tuple) if !tuple.elems.is_empty() => Parts::Tuple(tuple.elems.iter()),
        Type::Path(path) => match (std_name(path).as_deref(), type_arguments(path).as_slice()) {
            (Some("String"), []) => Parts::Text,
            (Some("Vec"), [element]) => Parts::Sequence(element),
            (Some("Option"), [value]) => Parts::Option(value),
            (Some("Box"), [content]) => match bare(content) {
                Type::Slice(slice) => Parts::Sequence(&slice.elem),
                _ => Parts::Other,
            },
            _ => Parts::Other,
        },
        _ => Parts::Other,
    }
}

/// Types that are known to have a fixed size.
const FIXED: [&str; 28] = [
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "f32",
    "f64",
    "bool",
    "char",
    "FixedStr",
    "FixedVec",
    "NonZero",
    "Wrapping",
    "Duration",
    "SystemTime",
    "IpAddr",
    "Ipv4Addr",
    "Ipv6Addr",
    "SocketAddr",
    "SocketAddrV4",
    "SocketAddrV6",
    "usize",
    "isize",
];

/// Whether the type is known to have a fixed size.
pub(crate) fn has_fixed_size(ty: &Type) -> bool {
    matches!(bare(ty), Type::Path(path) if std_name(path).is_some_and(|name| FIXED.contains(&name.as_str())))
}

/// The type without the brackets around it, those that a macro leaves included.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

/// The last name of a path, where it can be the standard library's: written alone or from `std`, `core` or `alloc`.
/// Any other path leads to a type of the user's own, whatever it is called.
pub(crate) fn std_name(path: &TypePath) -> Option<String> {
    let segments = &path.path.segments;
    let first = &segments.first()?.ident;
    let from_std = ["std", "core", "alloc"].iter().any(|root| first == root);
    if path.qself.is_some() || !(segments.len() == 1 || from_std) {
        return None;
    }
    segments.last().map(|last| last.ident.to_string())
}

/// The types among the arguments of a path's last segment.
pub(crate) fn type_arguments(path: &TypePath) -> Vec<&Type> {
    let Some(PathSegment { arguments: PathArguments::AngleBracketed(arguments), .. }) = path.path.segments.last()
    else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
