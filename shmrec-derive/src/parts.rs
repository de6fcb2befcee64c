//! What a field's type is made of, as far as it can be seen: an alias hides what it stands for.

use syn::punctuated::Iter;
use syn::{Expr, GenericArgument, PathArguments, PathSegment, Type, TypeArray, TypePath};

/// A type taken apart by one step.
pub(crate) enum Parts<'t> {
    Array(&'t TypeArray),
    Option(&'t Type),
    /// `String`.
    Text,
    /// `Vec<T>`, `Box<[T]>`.
    Sequence(&'t Type),
    Tuple(Iter<'t, Type>),
    /// Anything else, aliases included.
    Other,
}

pub(crate) fn parts(ty: &Type) -> Parts<'_> {
    match bare(ty) {
        Type::Array(array) => Parts::Array(array),
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
    let is_fixed = |name: String| FIXED.contains(&name.as_str()) || name.starts_with("NonZero");
    matches!(bare(ty), Type::Path(path) if std_name(path).is_some_and(is_fixed))
}

/// The type without the brackets around it, those that a macro leaves included.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

/// The expression without the brackets around it, those that a macro leaves included.
pub(crate) fn bare_expr(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => bare_expr(&group.expr),
        Expr::Paren(paren) => bare_expr(&paren.expr),
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

/// The parts of a type that have no fixed size, and need a capacity each.
pub(crate) struct Growth {
    /// How many there are, as far as can be seen.
    pub(crate) levels: usize,
    /// Whether all of the type was seen, down to types that are known.
    pub(crate) exact: bool,
    /// The first of them.
    pub(crate) first: &'static str,
    /// What its capacity counts.
    pub(crate) unit: &'static str,
}

impl Growth {
    pub(crate) fn of(ty: &Type) -> Self {
        match parts(ty) {
            Parts::Array(array) => Self::of(&array.elem),
            Parts::Option(element) => Self::of(element),
            Parts::Text => Self { levels: 1, exact: true, first: "String", unit: "many bytes of UTF-8" },
            Parts::Sequence(element) => {
                let boxed = matches!(bare(ty), Type::Path(path) if std_name(path).as_deref() == Some("Box"));
                let first = if boxed { "Box<[T]>" } else { "Vec" };
                Self { levels: 1, exact: true, first, unit: "many elements" }.and(Self::of(element))
            }
            Parts::Tuple(elements) => elements.map(Self::of).fold(Self::fixed(true), Self::and),
            Parts::Other => Self::fixed(has_fixed_size(ty)),
        }
    }

    const fn fixed(exact: bool) -> Self {
        Self { levels: 0, exact, first: "", unit: "" }
    }

    /// Of a type that has both in it, `self` first.
    fn and(self, other: Self) -> Self {
        let (first, unit) = if self.levels > 0 { (self.first, self.unit) } else { (other.first, other.unit) };
        Self { levels: self.levels + other.levels, exact: self.exact && other.exact, first, unit }
    }
}
