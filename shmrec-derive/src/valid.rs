//! What the model admits and a shared record does not: refusals that say what to do instead.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, Expr, ExprLit, Lit, LitStr, Type, TypePath, UnOp};

use crate::ast::{Field, Head, Input, Mapping, Name, Stored, Transfer};
use crate::attr::DefaultValue;
use crate::errors::Errors;
use crate::parts::{Growth, bare, bare_expr, has_fixed_size, std_name, type_arguments};

/// Adds an error for everything that is wrong with `input`.
pub(crate) fn check(input: &Input, errors: &mut Errors) {
    match input {
        Input::Record(record) => {
            of_item(&record.head, errors);
            fields(&record.head, &record.fields, errors);
        }
        Input::Enum(of) => {
            of_item(&of.head, errors);
            for variant in &of.variants {
                path_step(&variant.name, errors);
                fields(&of.head, &variant.fields, errors);
            }
            all_different(of.variants.iter().map(|variant| &variant.name), "variant", errors);
        }
    }
}

fn of_item(head: &Head, errors: &mut Errors) {
    schema_name(&head.name, errors);
    for (key, stated) in [("size", &head.size), ("align", &head.align)] {
        stated_number(key, stated.as_ref(), errors);
    }
}

fn stated_number(key: &str, stated: Option<&Expr>, errors: &mut Errors) {
    if let Some((stated, message)) = stated.and_then(|stated| Some((stated, no_number(stated, key)?))) {
        errors.on(stated, message);
    }
}

fn fields(head: &Head, fields: &[Field], errors: &mut Errors) {
    let stored = || {
        fields.iter().filter_map(|field| match &field.transfer {
            Transfer::Stored(stored) => Some((field, stored.as_ref())),
            Transfer::Skipped(_) => None,
        })
    };
    for (field, stored) in stored() {
        path_step(&stored.name, errors);
        field_type(head, &field.ty, stored, errors);
        stated_number("offset", stored.offset.as_ref(), errors);
    }
    for field in fields {
        let default = match &field.transfer {
            Transfer::Skipped(default) => Some(default),
            Transfer::Stored(stored) => stored.default.as_ref(),
        };
        if let Some(DefaultValue::Of(value)) = default {
            function_in_quotes(value, &field.ty, errors);
        }
    }
    all_different(stored().map(|(_, stored)| &stored.name), "field", errors);
}

/// Other derives take the name of a function in quotes.
fn function_in_quotes(value: &TokenStream, ty: &Type, errors: &mut Errors) {
    let Ok(text) = syn::parse2::<LitStr>(value.clone()) else { return };
    let is_text = matches!(bare(ty), Type::Path(path) if std_name(path).as_deref() == Some("FixedStr"));
    if has_fixed_size(ty) && !is_text {
        let message = format!(
            "`default` takes the value itself, or what makes it: `default = {}()` without quotes",
            text.value().trim_end_matches("()")
        );
        errors.on(text, message);
    }
}

/// Bytes of the longest name, so that no path gets out of hand.
const MAX_NAME: usize = 255;

/// A name that needs no escape in the schema's JSON.
fn schema_name(name: &Name, errors: &mut Errors) -> bool {
    let text = &name.text;
    let message = if text.is_empty() {
        "a name must not be empty: leave the attribute out, and the name is that in the code".to_owned()
    } else if text.len() > MAX_NAME {
        format!("a name must not be longer than {MAX_NAME} bytes: shorten it, or give it another in the schema")
    } else if let Some(c) = text.chars().find(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\')) {
        format!("a name must not hold {c:?}: blanks, double quotes, backslashes and control characters are not allowed")
    } else {
        return true;
    };
    errors.add(Error::new(name.span, message));
    false
}

/// A name that can be a step of a path as well: that of a field or a variant.
fn path_step(name: &Name, errors: &mut Errors) {
    if !schema_name(name, errors) {
        return;
    }
    if let Some(c) = name.text.chars().find(|c| matches!(c, '.' | '[' | ']')) {
        let message =
            format!("the name of a field or a variant must not hold {c:?}: paths are written `address.lines[2]`");
        errors.add(Error::new(name.span, message));
    }
}

fn all_different<'n>(names: impl Iterator<Item = &'n Name>, what: &str, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name.text.as_str()) {
            errors.add(Error::new(
                name.span,
                format!("another {what} is named {:?} already: `rename` one of them", name.text),
            ));
        }
    }
}

/// What can be told from a field's type as it is written. An alias hides what it stands for; then the bounds of the
/// generated code decide.
fn field_type(head: &Head, ty: &Type, stored: &Stored, errors: &mut Errors) {
    // What is mapped may be anything; what it is mapped to may not.
    let (stands, growth) = match &stored.mapping {
        Mapping::None => (Some(ty), Growth::of(ty)),
        Mapping::As(mapped) => (Some(mapped), Growth::of(mapped)),
        Mapping::With(mapped) => (None, Growth::of(mapped)),
    };
    // What is missing may have been meant.
    if stored.flawed {
        return;
    }
    let refused = stands.and_then(|stands| Refusals { head, whole: ty, stands }.in_type(stands));
    if let Some((part, message)) = refused {
        errors.on(part, message);
        return;
    }
    for level in &stored.capacity {
        if let Some(message) = wrong_capacity(level) {
            errors.on(level, message);
        }
    }
    let given = stored.capacity.len();
    if growth.levels == given || (!growth.exact && growth.levels < given) {
        return;
    }
    let message = match (growth.levels, given) {
        (0, _) => {
            "`capacity` is for `String`, `Vec<T>` and `Box<[T]>`, and for arrays, options and tuples of them: this type \
             has a fixed size already, leave the attribute out"
                .to_owned()
        }
        (1, 0) => format!(
            "`{}` has no fixed size: say how {} it may hold with `#[record(capacity = 32)]`",
            growth.first, growth.unit
        ),
        (1, _) => "this type grows in one place: it takes one number, `#[record(capacity = 32)]`".to_owned(),
        (levels, _) => format!(
            "this type grows in {levels} places, and each needs a capacity, in the order in which they are written: \
             `#[record(capacity = ({}))]`",
            ["8", "32", "16", "16", "16", "16", "16", "16"][..levels.min(8)].join(", "),
        ),
    };
    errors.on(stands.unwrap_or(ty), message);
}

/// What is wrong with a capacity, as far as it can be told from how it is written.
fn wrong_capacity(level: &Expr) -> Option<String> {
    if let Some(message) = no_number(level, "capacity") {
        return Some(message);
    }
    let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = bare_expr(level) else { return None };
    match number.base10_parse::<u64>() {
        Ok(0) => Some("a capacity must be at least 1".to_owned()),
        Ok(1..=MAX_RECORD_SIZE) => None,
        _ => Some("a capacity must not exceed shmrec::MAX_RECORD_SIZE (1 GiB)".to_owned()),
    }
}

/// `shmrec::MAX_RECORD_SIZE`.
const MAX_RECORD_SIZE: u64 = 1 << 30;

/// What to say about an expression that is clearly no number of bytes or elements.
fn no_number(expr: &Expr, key: &str) -> Option<String> {
    let wrong = match bare_expr(expr) {
        Expr::Lit(literal) => !matches!(literal.lit, Lit::Int(_)),
        Expr::Unary(unary) => matches!(unary.op, UnOp::Neg(_)),
        Expr::Tuple(_) | Expr::Range(_) | Expr::Array(_) => true,
        _ => false,
    };
    wrong.then(|| format!("`{key}` takes a whole number: `{key} = 32`, or any constant expression of type `usize`"))
}

/// Looks for a part of a field's type that can be in no segment.
#[derive(Clone, Copy)]
struct Refusals<'t> {
    /// The type that has the field.
    head: &'t Head,
    /// The field's type.
    whole: &'t Type,
    /// What it is stored as: the type that is looked through.
    stands: &'t Type,
}

impl<'t> Refusals<'t> {
    /// The part of `ty` that can be in no segment, and what to do about it.
    fn in_type(self, ty: &'t Type) -> Option<(&'t Type, String)> {
        let no = |message: &str| Some((ty, message.to_owned()));
        match bare(ty) {
            Type::Array(array) => self.in_type(&array.elem),
            Type::Reference(reference) => match bare(&reference.elem) {
                Type::Slice(_) => no("a reference means nothing in another process: use `[T; N]`, or `Vec<T>` with \
                                  `#[record(capacity = N)]`"),
                Type::Path(path) if std_name(path).as_deref() == Some("str") => {
                    no("a reference means nothing in another process: \
                                  use `String` with `#[record(capacity = N)]`, or `FixedStr<N>`")
                }
                Type::Path(path) if std_name(path).is_some_and(|name| OS_TEXT.contains(&name.as_str())) => {
                    no("a reference means nothing in another process: use `String` with `#[record(capacity = N)]` (or \
                        `Vec<u8>` for bytes that are not UTF-8)")
                }
                _ => no("a reference means nothing in another process: hold the value itself"),
            },
            Type::Ptr(_) => {
                no("an address means nothing in another process: hold the value itself, or an index into an \
                            array of the record as `u32` or `u64`")
            }
            Type::FnPtr(_) => {
                no("the address of a function means nothing in another process: use an enum that says which \
                              one")
            }
            Type::Slice(_) => no("a slice has no fixed size: use `[T; N]`, or `Vec<T>` with `#[record(capacity = N)]`"),
            Type::TraitObject(_) => {
                no("a trait object holds addresses, which mean nothing in another process: use an \
                                    enum with a variant for each type")
            }
            Type::ImplTrait(_) => no("`impl Trait` has no layout that another program could know: name the type"),
            Type::Never(_) => no("`!` has no values, so the record would have none"),
            Type::Tuple(tuple) if tuple.elems.is_empty() => {
                no("`()` has nothing to transfer: leave it out, or mark the field `#[record(skip)]`")
            }
            Type::Tuple(tuple) if tuple.elems.len() > MAX_TUPLE => no(
                "a tuple in a record has at most 8 elements: make it a struct that derives `SharedRecord`, whose fields have \
                names",
            ),
            Type::Tuple(tuple) => tuple.elems.iter().find_map(|element| self.in_type(element)),
            Type::Path(path) => self.in_path(ty, path),
            _ => None,
        }
    }

    fn in_path(self, ty: &'t Type, path: &'t TypePath) -> Option<(&'t Type, String)> {
        if path.qself.is_none() && path.path.segments.len() == 1 && path.path.segments[0].ident == self.head.ident {
            let message = format!(
                "`{}` cannot hold itself: its image would have no end; keep all of them in one `Vec<T>` or array of a record, \
             and refer to each other by index (`u32`)",
                self.head.ident
            );
            return Some((ty, message));
        }
        if self.head.unsized_params.iter().any(|param| path.path.is_ident(param)) {
            let message = format!(
                "a field needs a fixed size: leave `?Sized` out of the bounds of `{}`",
                path.path.segments[0].ident
            );
            return Some((ty, message));
        }
        let name = std_name(path)?;
        let arguments = type_arguments(path);
        let address = "holds an address, which means nothing in another process";
        let message = match (name.as_str(), arguments.as_slice()) {
            ("usize", []) => self.of_platform("usize", "u64"),
            ("isize", []) => self.of_platform("isize", "i64"),
            ("str", []) => {
                "`str` has no fixed size: use `String` with `#[record(capacity = N)]`, or `FixedStr<N>`".to_owned()
            }
            ("Box", [content]) => match bare(content) {
                Type::Slice(slice) => return self.in_type(&slice.elem),
                Type::Path(inner) if std_name(inner).as_deref() == Some("str") => {
                    format!("`Box<str>` {address}: use `String` with `#[record(capacity = N)]`")
                }
                Type::TraitObject(_) => return self.in_type(content),
                _ => format!("`Box` {address}: hold the value itself"),
            },
            ("Rc" | "Arc" | "Weak" | "NonNull" | "Pin" | "AtomicPtr", [_]) => {
                format!("`{name}` {address}: hold the value itself")
            }
            ("Cow", [_]) => {
                "`Cow` may borrow, and a reference means nothing in another process: use `String` or `Vec<T>` \
                         with `#[record(capacity = N)]`"
                    .to_owned()
            }
            ("Cell" | "RefCell" | "OnceCell" | "UnsafeCell", [_]) => {
                format!(
                    "`{name}` shares inside one process only: hold the value itself, and publish it by writing the record"
                )
            }
            ("Mutex" | "RwLock" | "OnceLock" | "LazyLock", [_]) => format!(
                "`{name}` works inside one process only: hold the value itself; the segment has the lock (`Segment::lock`), \
             and every read is of one whole version without it"
            ),
            (atomic, []) if is_atomic(atomic) => {
                let instead = match &atomic["Atomic".len()..] {
                    "Bool" => "bool",
                    "Usize" => "u64",
                    "Isize" => "i64",
                    number => &number.to_lowercase(),
                };
                format!(
                    "`{atomic}` is not needed: a record is transferred whole, in one version; use `{instead}` and \
                 `Segment::update`"
                )
            }
            ("HashMap" | "BTreeMap", [_, _] | [_, _, _]) => format!(
                "`{name}` {address}: use `Vec<Entry>` with `#[record(capacity = N)]`, where `Entry` is a record of key and \
             value"
            ),
            ("HashSet" | "BTreeSet" | "VecDeque" | "BinaryHeap" | "LinkedList", [_] | [_, _]) => {
                format!("`{name}` {address}: use `Vec<T>` with `#[record(capacity = N)]`")
            }
            ("PathBuf" | "OsString" | "CString", []) => format!(
                "`{name}` has no fixed size and no portable encoding: use `String` with `#[record(capacity = N)]` (or \
             `Vec<u8>` for bytes that are not UTF-8), or say how it becomes one with `#[record(with = \"...\", capacity = \
             N)]`; a type of your own of this name can be written `self::{name}`"
            ),
            ("Instant", []) => {
                "an `Instant` means nothing in another process: use a `SystemTime`, or a `Duration` since \
                            one; a type of your own of this name can be written `self::Instant`"
                    .to_owned()
            }
            ("PhantomData", [_]) => {
                "`PhantomData` has nothing to transfer: mark the field `#[record(skip)]`".to_owned()
            }
            ("NonZeroUsize", []) => self.of_platform("NonZeroUsize", "NonZero<u64>"),
            ("NonZeroIsize", []) => self.of_platform("NonZeroIsize", "NonZero<i64>"),
            ("FixedVec", [element]) if Growth::of(element).levels > 0 => {
                "`FixedVec` holds values that are `Copy`: use `FixedStr<N>` for its text, or a `Vec<T>` with \
                 `#[record(capacity = (M, N))]`"
                    .to_owned()
            }
            ("Vec" | "Option" | "NonZero" | "Wrapping" | "FixedVec", [element]) => return self.in_type(element),
            _ => return None,
        };
        Some((ty, message))
    }

    /// What to say about a number whose size is the platform's.
    fn of_platform(self, name: &str, instead: &str) -> String {
        let way_out = if std::ptr::eq(self.whole, self.stands) { as_written(self.whole) } else { None };
        let way_out = way_out.map_or_else(String::new, |whole| {
            let stored_as = whole
                .replace("NonZeroUsize", "NonZero<u64>")
                .replace("NonZeroIsize", "NonZero<i64>")
                .replace("usize", "u64")
                .replace("isize", "i64");
            format!(" (or keep it, and store it as one: `#[record(as = \"{stored_as}\")]`)")
        });
        format!("`{name}` differs between platforms: use `{instead}`{way_out}")
    }
}

/// Text of the operating system's, borrowed.
const OS_TEXT: [&str; 3] = ["Path", "OsStr", "CStr"];

/// The elements of the longest tuple that shmrec implements its traits for.
const MAX_TUPLE: usize = 8;

/// The type in the usual spacing, when it is made of names, brackets and commas.
fn as_written(ty: &Type) -> Option<String> {
    let mut text = String::new();
    for token in ty.to_token_stream().to_string().split_whitespace() {
        let joins = |c: char| c.is_alphanumeric() || c == '_';
        // Two words behind each other belong to some other kind of type.
        if text.ends_with(joins) && token.starts_with(joins) {
            return None;
        }
        if text.ends_with([',', ';']) {
            text.push(' ');
        }
        text.push_str(token);
    }
    Some(text)
}

fn is_atomic(name: &str) -> bool {
    let Some(value) = name.strip_prefix("Atomic") else { return false };
    ["Bool", "Usize", "Isize", "U8", "U16", "U32", "U64", "I8", "I16", "I32", "I64"].contains(&value)
}
