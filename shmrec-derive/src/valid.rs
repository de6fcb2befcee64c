//! What the model admits and a shared record does not: refusals that say what to do instead.

use std::collections::HashSet;

use syn::{Error, Expr, ExprLit, Lit, Type, TypePath};

use crate::ast::{Field, Input, Mapping, Name, Stored, Transfer};
use crate::encoder::{Parts, bare, has_fixed_size, parts, std_name, type_arguments};
use crate::errors::Errors;

/// Adds an error for everything that is wrong with `input`.
pub(crate) fn check(input: &Input, errors: &mut Errors) {
    match input {
        Input::Record(record) => {
            schema_name(&record.head.name, errors);
            fields(&record.fields, errors);
        }
        Input::Enum(of) => {
            schema_name(&of.head.name, errors);
            for variant in &of.variants {
                path_step(&variant.name, errors);
                fields(&variant.fields, errors);
            }
            all_different(of.variants.iter().map(|variant| &variant.name), "variant", errors);
        }
    }
}

fn fields(fields: &[Field], errors: &mut Errors) {
    let stored = || {
        fields.iter().filter_map(|field| match &field.transfer {
            Transfer::Stored(stored) => Some((field, stored.as_ref())),
            Transfer::Skipped(_) => None,
        })
    };
    for (field, stored) in stored() {
        path_step(&stored.name, errors);
        field_type(&field.ty, stored, errors);
    }
    all_different(stored().map(|(_, stored)| &stored.name), "field", errors);
}

/// Bytes of the longest name, so that no path gets out of hand.
const MAX_NAME: usize = 255;

/// A name that needs no escape in the schema's JSON.
fn schema_name(name: &Name, errors: &mut Errors) -> bool {
    let text = &name.text;
    let message = if text.is_empty() {
        "a name must not be empty".to_owned()
    } else if text.len() > MAX_NAME {
        format!("a name must not be longer than {MAX_NAME} bytes")
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
            errors.add(Error::new(name.span, format!("another {what} is named {:?} already", name.text)));
        }
    }
}

/// What can be told from a field's type as it is written. An alias hides what it stands for; then the bounds of the
/// generated code decide.
fn field_type(ty: &Type, stored: &Stored, errors: &mut Errors) {
    // What is mapped may be anything; what it is mapped to may not.
    let (stands, growth) = match &stored.mapping {
        Mapping::None => (Some(ty), growth(ty)),
        Mapping::As(mapped) => (Some(mapped), growth(mapped)),
        Mapping::With(mapped) => (None, growth(mapped)),
    };
    if let Some((part, message)) = stands.and_then(refusal) {
        errors.on(part, message);
        return;
    }
    for level in &stored.capacity {
        if is_zero(level) {
            errors.on(level, "a capacity must be at least 1");
        }
    }
    let given = stored.capacity.len();
    if stored.flawed || growth.levels == given || (!growth.exact && growth.levels < given) {
        return;
    }
    let message = match (growth.levels, given) {
        (0, _) => {
            "`capacity` is for `String`, `Vec<T>` and `Box<[T]>`, and for arrays, options and tuples of them: this \
                   type has a fixed size already"
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

fn is_zero(level: &Expr) -> bool {
    matches!(level, Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.base10_digits() == "0")
}

/// How a type grows.
struct Growth {
    /// How many parts of it have no fixed size, as far as can be seen.
    levels: usize,
    /// Whether all of the type was seen, down to types that are known.
    exact: bool,
    /// The first part without a fixed size.
    first: &'static str,
    /// What its capacity counts.
    unit: &'static str,
}

impl Growth {
    const fn fixed(exact: bool) -> Self {
        Self { levels: 0, exact, first: "", unit: "" }
    }

    /// Of a type that has both in it, `self` first.
    fn and(self, other: Self) -> Self {
        let (first, unit) = if self.levels > 0 { (self.first, self.unit) } else { (other.first, other.unit) };
        Self { levels: self.levels + other.levels, exact: self.exact && other.exact, first, unit }
    }
}

fn growth(ty: &Type) -> Growth {
    match parts(ty) {
        Parts::Array(element) | Parts::Option(element) => growth(element),
        Parts::Text => Growth { levels: 1, exact: true, first: "String", unit: "many bytes of UTF-8" },
        Parts::Sequence(element) => {
            let first = if matches!(bare(ty), Type::Path(path) if std_name(path).as_deref() == Some("Box")) {
                "Box<[T]>"
            } else {
                "Vec"
            };
            Growth { levels: 1, exact: true, first, unit: "many elements" }.and(growth(element))
        }
        Parts::Tuple(elements) => elements.map(growth).fold(Growth::fixed(true), Growth::and),
        Parts::Other => Growth::fixed(has_fixed_size(ty)),
    }
}

/// The part of `ty` that can be in no segment, and what to do about it.
fn refusal(ty: &Type) -> Option<(&Type, String)> {
    let no = |message: &str| Some((ty, message.to_owned()));
    match bare(ty) {
        Type::Array(array) => refusal(&array.elem),
        Type::Reference(reference) => match bare(&reference.elem) {
            Type::Slice(_) => no("a reference means nothing in another process: use `[T; N]`, or `Vec<T>` with \
                                  `#[record(capacity = N)]`"),
            Type::Path(path) if std_name(path).as_deref() == Some("str") => {
                no("a reference means nothing in another process: \
                                  use `String` with `#[record(capacity = N)]`, or `FixedStr<N>`")
            }
            _ => no("a reference means nothing in another process: hold the value itself"),
        },
        Type::Ptr(_) => no("an address means nothing in another process: hold the value itself, or an index into an \
                            array of the record as `u32` or `u64`"),
        Type::FnPtr(_) => {
            no("the address of a function means nothing in another process: use an enum that says which \
                              one")
        }
        Type::Slice(_) => no("a slice has no fixed size: use `[T; N]`, or `Vec<T>` with `#[record(capacity = N)]`"),
        Type::TraitObject(_) => no("a trait object holds addresses, which mean nothing in another process: use an \
                                    enum with a variant for each type"),
        Type::ImplTrait(_) => no("`impl Trait` has no layout that another program could know: name the type"),
        Type::Never(_) => no("`!` has no values, so the record would have none"),
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            no("`()` has nothing to transfer: leave the field out, or mark it `#[record(skip)]`")
        }
        Type::Tuple(tuple) => tuple.elems.iter().find_map(refusal),
        Type::Path(path) => path_refusal(ty, path),
        _ => None,
    }
}

fn path_refusal<'t>(ty: &'t Type, path: &'t TypePath) -> Option<(&'t Type, String)> {
    let name = std_name(path)?;
    let arguments = type_arguments(path);
    let address = "holds an address, which means nothing in another process";
    let message = match (name.as_str(), arguments.as_slice()) {
        ("usize", []) => "`usize` differs between platforms: use `u64` (or keep it, and store it as one: \
                             `#[record(as = \"u64\")]`)"
            .to_owned(),
        ("isize", []) => "`isize` differs between platforms: use `i64` (or keep it, and store it as one: \
                             `#[record(as = \"i64\")]`)"
            .to_owned(),
        ("str", []) => {
            "`str` has no fixed size: use `String` with `#[record(capacity = N)]`, or `FixedStr<N>`".to_owned()
        }
        ("Box", [content]) => match bare(content) {
            Type::Slice(slice) => return refusal(&slice.elem),
            Type::Path(inner) if std_name(inner).as_deref() == Some("str") => {
                format!("`Box<str>` {address}: use `String` with `#[record(capacity = N)]`")
            }
            Type::TraitObject(_) => return refusal(content),
            _ => format!("`Box` {address}: hold the value itself"),
        },
        ("Rc" | "Arc" | "Weak" | "NonNull" | "Pin" | "AtomicPtr", [_]) => {
            format!("`{name}` {address}: hold the value itself")
        }
        ("Cow", [_]) => "`Cow` may borrow, and a reference means nothing in another process: use `String` or `Vec<T>` \
                         with `#[record(capacity = N)]`"
            .to_owned(),
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
        ("Instant", []) => "an `Instant` means nothing in another process: use a `SystemTime`, or a `Duration` since \
                            one; a type of your own of this name can be written `self::Instant`"
            .to_owned(),
        ("PhantomData", [_]) => "`PhantomData` has nothing to transfer: mark the field `#[record(skip)]`".to_owned(),
        ("Vec" | "Option", [element]) => return refusal(element),
        _ => return None,
    };
    Some((ty, message))
}

fn is_atomic(name: &str) -> bool {
    let Some(value) = name.strip_prefix("Atomic") else { return false };
    ["Bool", "Usize", "Isize", "U8", "U16", "U32", "U64", "I8", "I16", "I32", "I64"].contains(&value)
}
