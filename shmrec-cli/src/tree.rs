//! A record as lines of paths and values.

use shmrec::{DynView, LoadError};

use crate::json::join;
use crate::text;

/// Elements of a list that are shown unless all are asked for.
const SHOWN: usize = 32;

/// One line of a record: where, and what.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) path: String,
    pub(crate) value: Shown,
}

/// What stands somewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shown {
    Value(String),
    /// Bytes that are no value.
    Invalid(LoadError),
    /// Left out: so many elements.
    More(usize),
}

/// The lines of what `view` shows, which stands at `path`. Lists of plain values are one line each.
pub(crate) fn leaves(view: &DynView<'_>, path: &str, all: bool) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    add(view, path, all, &mut leaves);
    leaves
}

fn add(view: &DynView<'_>, path: &str, all: bool, leaves: &mut Vec<Leaf>) {
    let mut leaf = |value| leaves.push(Leaf { path: path.to_owned(), value });
    let children = match view.children() {
        Ok(children) => children,
        Err(error) => return leaf(Shown::Invalid(error)),
    };
    let count = children.len();
    if count == 0 || is_row(view) {
        return leaf(match row(view, if all { usize::MAX } else { SHOWN }) {
            Ok(value) => Shown::Value(value),
            Err(error) => Shown::Invalid(error),
        });
    }
    let is_list = view.ty().is_some_and(is_list);
    if let Ok(Some(variant)) = view.variant() {
        leaf(Shown::Value(text::clean(&variant.name)));
    }
    let most = if all || !is_list { count } else { count.min(SHOWN) };
    for (name, child) in children.take(most) {
        // The fields of a variant are found behind its name.
        let inside = match view.variant() {
            Ok(Some(variant)) => join(path, &variant.name),
            _ => path.to_owned(),
        };
        add(&child, &join(&inside, &name), all, leaves);
    }
    if most < count {
        leaves.push(Leaf { path: format!("{path}[{most}..]"), value: Shown::More(count - most) });
    }
}

pub(crate) fn is_list(ty: &shmrec::schema::Type) -> bool {
    use shmrec::schema::Type;
    matches!(ty, Type::Array { .. } | Type::Vec { .. })
}

/// Whether something is shown in one line although it has parts: options and lists of plain values, and tuples of them.
fn is_row(view: &DynView<'_>) -> bool {
    view.ty().is_some_and(is_row_type)
}

fn is_row_type(ty: &shmrec::schema::Type) -> bool {
    use shmrec::schema::Type;
    match ty {
        Type::Array { element, .. } | Type::Vec { element, .. } | Type::Option { element } => is_plain(element),
        Type::Record(record) => record.name == "()" && record.fields.iter().all(|field| is_plain(&field.ty)),
        Type::Enum(of) => of.variants.iter().all(|variant| variant.fields.iter().all(|field| is_plain(&field.ty))),
        _ => true,
    }
}

/// Whether values of the type are short and have no parts to speak of.
fn is_plain(ty: &shmrec::schema::Type) -> bool {
    use shmrec::schema::Type;
    match ty {
        Type::Array { .. } | Type::Vec { .. } | Type::Record(_) => false,
        Type::Option { element } => is_plain(element),
        Type::Enum(of) => of.variants.iter().all(|variant| variant.fields.is_empty()),
        _ => true,
    }
}

/// A value in one line, with at most `most` elements of a list.
pub(crate) fn row(view: &DynView<'_>, most: usize) -> Result<String, LoadError> {
    let count = view.children()?.len();
    if !view.ty().is_some_and(is_list) || count <= most {
        return view.value().map(|value| text::value(&value));
    }
    let shown = view.children()?.take(most).map(|(_, element)| element.value().map(|value| text::value(&value)));
    let shown: Vec<String> = shown.collect::<Result<_, _>>()?;
    Ok(format!("[{}, … {} more]", shown.join(", "), count - most))
}
