//! The attributes of the input: `#[record(...)]`, `#[repr(...)]` and doc comments.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitStr, Meta, Path, Result, Token, Type};

use crate::errors::{Errors, plainly};
use crate::parts::bare_expr;

/// What `#[record(...)]` says on a struct or an enum.
#[derive(Default)]
pub(crate) struct ItemAttrs {
    pub(crate) name: Option<LitStr>,
    pub(crate) size: Option<Expr>,
    pub(crate) align: Option<Expr>,
    pub(crate) krate: Option<Path>,
}

/// What `#[record(...)]` says on a field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) capacity: Option<Expr>,
    pub(crate) rename: Option<LitStr>,
    pub(crate) offset: Option<Expr>,
    pub(crate) skip: Option<Ident>,
    pub(crate) default: Option<(Ident, DefaultValue)>,
    pub(crate) with: Option<(Ident, Type)>,
    pub(crate) as_type: Option<(Ident, Type)>,
}

/// What stands in for a field's value where there is none.
#[derive(Clone)]
pub(crate) enum DefaultValue {
    /// The type's `Default`.
    OfType,
    /// An expression of the user's, whatever it is.
    Of(TokenStream),
}

/// What `#[record(...)]` says on a variant.
#[derive(Default)]
pub(crate) struct VariantAttrs {
    pub(crate) rename: Option<LitStr>,
}

/// A kind of place where `#[record(...)]` may stand, and the keys that it takes there.
struct Place {
    name: &'static str,
    keys: &'static [&'static str],
}

const ITEM: Place = Place { name: "a struct or an enum", keys: &["name", "size", "align", "crate"] };
const FIELD: Place =
    Place { name: "a field", keys: &["capacity", "rename", "offset", "skip", "default", "with", "as"] };
const VARIANT: Place = Place { name: "a variant", keys: &["rename"] };

pub(crate) fn of_item(attrs: &[Attribute], errors: &mut Errors) -> ItemAttrs {
    let mut found = ItemAttrs::default();
    each_key(attrs, &ITEM, errors, |key, input| {
        match key.to_string().as_str() {
            "name" => found.name = Some(text(key, input)?),
            "size" => found.size = Some(value(key, input, "size = 64")?),
            "align" => found.align = Some(value(key, input, "align = 8")?),
            _ => found.krate = Some(path(key, input)?),
        }
        Ok(())
    });
    found
}

pub(crate) fn of_field(attrs: &[Attribute], errors: &mut Errors) -> FieldAttrs {
    let mut found = FieldAttrs::default();
    each_key(attrs, &FIELD, errors, |key, input| {
        match key.to_string().as_str() {
            "capacity" => found.capacity = Some(value(key, input, "capacity = 32")?),
            "rename" => found.rename = Some(text(key, input)?),
            "offset" => found.offset = Some(value(key, input, "offset = 8")?),
            "default" if !input.peek(Token![=]) => found.default = Some((key.clone(), DefaultValue::OfType)),
            "default" => {
                found.default = Some((key.clone(), DefaultValue::Of(expression(key, input, "default = 8")?)));
            }
            "with" => found.with = Some((key.clone(), ty(key, input, "with = \"Millimetres\"")?)),
            "as" => found.as_type = Some((key.clone(), ty(key, input, "as = \"u64\"")?)),
            _ if input.peek(Token![=]) => return Err(input.error("`skip` takes no value")),
            _ => found.skip = Some(key.clone()),
        }
        Ok(())
    });
    found
}

pub(crate) fn of_variant(attrs: &[Attribute], errors: &mut Errors) -> VariantAttrs {
    let mut found = VariantAttrs::default();
    each_key(attrs, &VARIANT, errors, |key, input| {
        found.rename = Some(text(key, input)?);
        Ok(())
    });
    found
}

/// Calls `take` with every key that `place` knows, the input standing behind the key. What is wrong with one key does
/// not keep the others from being read.
fn each_key(
    attrs: &[Attribute],
    place: &Place,
    errors: &mut Errors,
    mut take: impl FnMut(&Ident, ParseStream<'_>) -> Result<()>,
) {
    let mut seen: Vec<Ident> = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("record")) {
        let Meta::List(list) = &attr.meta else {
            errors.on(attr, format_args!("expected `#[record(...)]`: {} takes {}", place.name, listed(place.keys)));
            continue;
        };
        let read = list.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                let one = key(input, place, &seen).and_then(|key| {
                    seen.push(key.clone());
                    take(&key, input)?;
                    if input.is_empty() || input.peek(Token![,]) {
                        Ok(())
                    } else {
                        Err(input.error("expected `,` between the attributes"))
                    }
                });
                if let Err(error) = one {
                    errors.add(error);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        if let Err(error) = read {
            errors.add(error);
        }
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The next key, if it is known here and new.
fn key(input: ParseStream<'_>, place: &Place, seen: &[Ident]) -> Result<Ident> {
    // `crate` is a keyword.
    let key = input
        .call(Ident::parse_any)
        .map_err(|error| Error::new(error.span(), format!("{} takes {}", place.name, listed(place.keys))))?;
    if place.keys.iter().all(|known| key != known) {
        return Err(Error::new(key.span(), unknown(&key.to_string(), place)));
    }
    if seen.contains(&key) {
        return Err(Error::new(key.span(), format!("`{key}` is given twice: leave one of them out")));
    }
    Ok(key)
}

/// What to say about a key that `place` does not know.
fn unknown(key: &str, place: &Place) -> String {
    let elsewhere = [ITEM, FIELD, VARIANT].into_iter().find(|other| other.keys.contains(&key));
    // The two words for the same wish are told apart by the place.
    let closest = match key {
        "rename" if place.keys.contains(&"name") => Some("name"),
        "name" if place.keys.contains(&"rename") => Some("rename"),
        _ if elsewhere.is_some() => None,
        _ => place
            .keys
            .iter()
            .map(|known| (strsim::osa_distance(key, known), *known))
            .min_by_key(|(distance, _)| *distance)
            // Half of the letters right is a slip of the finger; less is another word.
            .filter(|(distance, known)| 2 * distance <= known.len())
            .map(|(_, known)| known),
    };
    match (closest, elsewhere) {
        (Some(closest), _) => format!("unknown attribute `{key}`: did you mean `{closest}`?"),
        (None, Some(other)) => {
            format!("`{key}` is for {}: {} takes {}", other.name, place.name, listed(place.keys))
        }
        (None, None) => format!("unknown attribute `{key}`: {} takes {}", place.name, listed(place.keys)),
    }
}

/// "`a`, `b` and `c`".
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::from("nothing"),
    }
}

/// Steps over the `=` behind a key.
fn equals(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<()> {
    let missing = || Error::new(key.span(), format!("`{key}` needs a value: `{example}`"));
    if !input.peek(Token![=]) {
        return Err(missing());
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) { Err(missing()) } else { Ok(()) }
}

/// A number's expression.
fn value(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<Expr> {
    equals(key, input, example)?;
    input.parse().map_err(plainly)
}

/// The tokens of any expression: all up to the comma that ends it, which stands in no brackets, the angled ones of types
/// included.
fn expression(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<TokenStream> {
    equals(key, input, example)?;
    let mut tokens = TokenStream::new();
    // How many angle brackets are open, and whether a `<` here would compare.
    let (mut open, mut after_operand) = (0usize, false);
    let mut before = ' ';
    while !input.is_empty() && (open > 0 || !input.peek(Token![,])) {
        let token: TokenTree = input.parse()?;
        let sign = if let TokenTree::Punct(sign) = &token { sign.as_char() } else { ' ' };
        match sign {
            '<' if open > 0 || !after_operand => open += 1,
            // Not the end of an arrow.
            '>' if open > 0 && before != '-' => open -= 1,
            _ => {}
        }
        after_operand = sign == ' ' || (sign == '>' && open == 0);
        before = sign;
        tokens.extend([token]);
    }
    Ok(tokens)
}

fn text(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let example = format!("{key} = \"...\"");
    equals(key, input, &example)?;
    let at = input.span();
    input.parse().map_err(|_| Error::new(at, format!("`{key}` takes a string: `{example}`")))
}

/// A type, in quotes or without.
fn ty(key: &Ident, input: ParseStream<'_>, example: &str) -> Result<Type> {
    equals(key, input, example)?;
    let at = input.span();
    let wrong = |at: Span| Error::new(at, format!("`{key}` takes a type: `{example}`"));
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        text.parse().map_err(|_| wrong(text.span()))
    } else {
        input.parse().map_err(|_| wrong(at))
    }
}

fn path(key: &Ident, input: ParseStream<'_>) -> Result<Path> {
    let example = "crate = \"path::to::shmrec\"";
    equals(key, input, example)?;
    let at = input.span();
    let wrong = |at: Span| Error::new(at, format!("`{key}` takes the path of the shmrec crate: `{example}`"));
    if input.peek(LitStr) {
        let text: LitStr = input.parse()?;
        text.parse_with(Path::parse_mod_style).map_err(|_| wrong(text.span()))
    } else {
        input.call(Path::parse_mod_style).map_err(|_| wrong(at))
    }
}

/// What `#[repr(...)]` says, as far as it concerns an image.
#[derive(Default)]
pub(crate) struct Repr {
    /// The `packed` in it.
    pub(crate) packed: Option<Ident>,
    /// The integer type in it.
    pub(crate) int: Option<Ident>,
    /// The `C` in it.
    pub(crate) c: Option<Ident>,
}

const INTS: [&str; 12] = ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];

pub(crate) fn repr(attrs: &[Attribute]) -> Repr {
    let mut repr = Repr::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
        // A malformed `repr` is the compiler's to report.
        let Ok(metas) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else { continue };
        for ident in metas.iter().filter_map(|meta| meta.path().get_ident()) {
            if ident == "packed" {
                repr.packed = Some(ident.clone());
            } else if ident == "C" {
                repr.c = Some(ident.clone());
            } else if INTS.iter().any(|int| ident == int) {
                repr.int = Some(ident.clone());
            }
        }
    }
    repr
}

/// The doc comment as an expression: its lines without the blank that follows the slashes.
pub(crate) fn docs(attrs: &[Attribute]) -> TokenStream {
    let mut text = String::new();
    // What stands before `text`: the compiler joins it where a macro makes a part of it, as `include_str!` does.
    let mut parts = TokenStream::new();
    let mut first = true;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        let Meta::NameValue(pair) = &attr.meta else { continue };
        if !std::mem::take(&mut first) {
            text.push('\n');
        }
        match bare_expr(&pair.value) {
            Expr::Lit(ExprLit { lit: Lit::Str(comment), .. }) => {
                let comment = comment.value();
                let lines = comment.split('\n').map(|line| line.strip_prefix(' ').unwrap_or(line));
                text.push_str(&lines.collect::<Vec<_>>().join("\n"));
            }
            Expr::Macro(made) => {
                let before = std::mem::take(&mut text);
                parts.extend(quote!(#before, #made,));
            }
            _ => {}
        }
    }
    if parts.is_empty() { quote!(#text) } else { quote!(::core::concat!(#parts #text)) }
}
