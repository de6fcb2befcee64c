//! What stands in a view, in one line of bounded length, at a cost that does not grow with the view.

use shmrec::schema::Type;
use shmrec::{DynView, LoadError};

use crate::{text, tree};

/// The line, about `room` characters long, and cut off where there is more; or why there is none.
pub(crate) fn preview(view: &DynView<'_>, room: usize) -> Result<String, LoadError> {
    let mut out = String::new();
    write(view, room, &mut out)?;
    Ok(text::cut(&out, room))
}

fn write(view: &DynView<'_>, room: usize, out: &mut String) -> Result<(), LoadError> {
    if out.len() > room {
        return Ok(());
    }
    match view.ty() {
        Some(Type::Option { .. }) => match view.children()?.next() {
            Some((_, inside)) => {
                out.push_str("Some(");
                write(&inside, room, out)?;
                out.push(')');
            }
            None => out.push_str("None"),
        },
        Some(ty) if tree::is_list(ty) => {
            out.push('[');
            parts(view, room, out, false)?;
            out.push(']');
        }
        Some(Type::Enum(_)) => {
            let variant = view.variant()?;
            out.push_str(&variant.map(|variant| text::clean(&variant.name)).unwrap_or_default());
            group(view, room, out)?;
        }
        None | Some(Type::Record(_)) => group(view, room, out)?,
        Some(_) => out.push_str(&text::value(&view.value()?)),
    }
    Ok(())
}

/// The fields of a record or a variant, if there are any.
fn group(view: &DynView<'_>, room: usize, out: &mut String) -> Result<(), LoadError> {
    let mut names = view.children()?.map(|(name, _)| name);
    let Some(first) = names.next() else { return Ok(()) };
    let tuple = first == "0";
    let is_variant = matches!(view.ty(), Some(Type::Enum(_)));
    out.push_str(match (tuple, is_variant) {
        (true, _) => "(",
        (false, true) => " { ",
        (false, false) => "{ ",
    });
    parts(view, room, out, !tuple)?;
    out.push_str(if tuple { ")" } else { " }" });
    Ok(())
}

fn parts(view: &DynView<'_>, room: usize, out: &mut String, named: bool) -> Result<(), LoadError> {
    for (i, (name, part)) in view.children()?.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if out.len() > room {
            break;
        }
        if named {
            out.push_str(&text::clean(&name));
            out.push_str(": ");
        }
        write(&part, room, out)?;
    }
    Ok(())
}
