//! Values, numbers, names and times as text for people; and text that others wrote, made harmless.

use std::time::{Duration, SystemTime};

use shmrec::Value;
use shmrec::schema::Type;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text of somebody else's without anything that a terminal would obey, or that would make it look like other text.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => out.push(c),
            // What is not printable is written as an escape.
            _ => out.extend(c.escape_debug()),
        }
    }
    out
}

/// A point in time: `2026-01-31T12:00:00.5Z`; seconds since 1970 where no calendar goes.
pub(crate) fn time(time: SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(time) => time.to_string(),
        Err(_) => Value::SystemTime(time).to_string(),
    }
}

/// The same to the millisecond.
pub(crate) fn time_to_millis(time: SystemTime) -> String {
    match jiff::Timestamp::try_from(time) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => Value::SystemTime(time).to_string(),
    }
}

/// How long ago something was, by the clock; it may have been set back since.
pub(crate) fn ago(time: SystemTime) -> String {
    crate::span::short(SystemTime::now().duration_since(time).unwrap_or(Duration::ZERO))
}

/// A value, as it can be typed again.
pub(crate) fn value(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::SystemTime(at) => out.push_str(&time(*at)),
        Value::Option(Some(inside)) => {
            out.push_str("Some(");
            write(inside, out);
            out.push(')');
        }
        Value::List(elements) => {
            out.push('[');
            separated(elements.iter(), out, write);
            out.push(']');
        }
        Value::Record { name, fields } => grouped(if name == "()" { "" } else { name }, fields, out),
        Value::Enum { variant, fields } if fields.is_empty() => out.push_str(&clean(variant)),
        Value::Enum { variant, fields } => grouped(variant, fields, out),
        // As Rust writes them: numbers as they are, texts in quotes and escaped.
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn separated<T>(items: impl Iterator<Item = T>, out: &mut String, mut write: impl FnMut(T, &mut String)) {
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
}

/// Whether fields have numbers for names, as those of a tuple.
pub(crate) fn is_numbered<'n>(names: impl IntoIterator<Item = &'n str>) -> bool {
    names.into_iter().enumerate().all(|(i, name)| name.parse() == Ok(i))
}

fn grouped(name: &str, fields: &[(String, Value)], out: &mut String) {
    out.push_str(&clean(name));
    if is_numbered(fields.iter().map(|(name, _)| name.as_str())) {
        out.push('(');
        separated(fields.iter(), out, |(_, value), out| write(value, out));
        out.push_str(if name.is_empty() && fields.len() == 1 { ",)" } else { ")" });
        return;
    }
    if !name.is_empty() {
        out.push(' ');
    }
    out.push_str("{ ");
    separated(fields.iter(), out, |(name, value), out| {
        out.push_str(&clean(name));
        out.push_str(": ");
        write(value, out);
    });
    out.push_str(" }");
}

/// A type, as a person declares it.
pub(crate) fn ty(ty: &Type) -> String {
    clean(&ty.to_string())
}

/// Bytes in three digits: `9.1 KiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut number = bytes as f64 / 1024.0;
    let mut unit = 0;
    while number >= 999.5 && unit + 1 < UNITS.len() {
        number /= 1024.0;
        unit += 1;
    }
    let digits = if number < 9.95 { 1 } else { 0 };
    format!("{number:.digits$} {}", UNITS[unit])
}

/// A rate in three digits.
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        0.0 => "0".to_owned(),
        r if r < 99.5 => format!("{r:.1}"),
        r if r < 99_950.0 => format!("{r:.0}"),
        r if r < 999_500.0 => format!("{:.0}k", r / 1e3),
        r => format!("{:.1}M", r / 1e6),
    }
}

/// Permission bits.
pub(crate) fn mode(mode: u32) -> String {
    format!("{mode:04o}")
}

/// The user's name, or the number of one who has none.
pub(crate) fn user(uid: u32) -> String {
    user_name(uid).map_or_else(|| uid.to_string(), |name| clean(&name))
}

#[cfg(unix)]
fn user_name(uid: u32) -> Option<String> {
    Some(uzers::get_user_by_uid(uid)?.name().to_string_lossy().into_owned())
}

#[cfg(not(unix))]
fn user_name(_: u32) -> Option<String> {
    None
}

/// `1 user`, `2 users`.
pub(crate) fn count(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The text cut to `columns` of a terminal, with an ellipsis where something is missing.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let mut out = String::new();
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if width > left {
            break;
        }
        left -= width;
        out.push(c);
    }
    if columns > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(clean("a\x1b[31m\r\nb\u{9b}c\u{202e}d\u{7f}"), "a\\u{1b}[31m\\r\\nb\\u{9b}c\\u{202e}d\\u{7f}");
        assert_eq!(clean("größe \"x\" 'y' \\ 日本"), "größe \"x\" 'y' \\ 日本");
        assert_eq!(value(&Value::String("\x1b]0;x\x07\u{202e}".into())), "\"\\u{1b}]0;x\\u{7}\\u{202e}\"");
        assert_eq!(value(&Value::Char('\u{9b}')), "'\\u{9b}'");
    }

    #[test]
    fn times_are_written_by_the_calendar_where_it_goes() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!(time(at), "1970-01-01T00:00:01.5Z");
        assert_eq!(time_to_millis(at), "1970-01-01T00:00:01.500Z");
        // Behind the year 9999, and where every system's clock can still say it.
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 39);
        assert_eq!(time(far), format!("@{}.000000000", 1_u64 << 39));
    }

    #[test]
    fn sizes_and_rates_have_three_digits() {
        assert_eq!(
            [0, 1023, 1024, 9318, 1 << 20, 10_000_000].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "9.1 KiB", "1.0 MiB", "9.5 MiB"]
        );
        assert_eq!([0.0, 9.96, 1234.0, 123_456.0, 7.5e6].map(rate), ["0", "10.0", "1234", "123k", "7.5M"]);
    }

    #[test]
    fn a_cut_text_is_as_wide_as_the_room() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "");
    }
}
