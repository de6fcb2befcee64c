//! Values typed by a person, read by the type that they are for: as `get` prints them, as Rust writes them, or as JSON.

use std::time::{Duration, SystemTime};

use shmrec::Value;
use shmrec::schema::{Enum, FieldSchema, Record, Type, nearest};

use crate::{span, text};

/// A value that was not understood: where in what was typed, in bytes, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    at: usize,
    why: String,
    /// The part of the value, as a path.
    path: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.why)?;
        if self.at > 0 { write!(f, " (at byte {})", self.at) } else { Ok(()) }
    }
}

/// Deeper values than any schema has.
const DEEPEST: usize = 200;

/// Reads `typed` as a value of the type. Texts and characters need no quotes when they are all there is.
///
/// # Errors
///
/// [`Refused`], in words for the person who typed it.
pub(crate) fn value(ty: &Type, typed: &str) -> Result<Value, Refused> {
    if let Some(bare) = bare(ty, typed) {
        return Ok(bare);
    }
    let mut parser = Parser { text: typed, at: 0, depth: 0 };
    let value = parser.value(ty)?;
    parser.blanks();
    if parser.at < typed.len() {
        return Err(parser.refuse(format!("{:?} is behind the end of the value", parser.rest())));
    }
    Ok(value)
}

/// A text or a character without quotes, also where an option of one is wanted.
fn bare(ty: &Type, typed: &str) -> Option<Value> {
    let quoted = typed.trim_start().starts_with(['"', '\'']);
    match ty {
        Type::String { .. } if !quoted => Some(typed.into()),
        Type::Char => {
            let mut characters = typed.chars();
            characters.next().filter(|_| characters.next().is_none()).map(Value::Char)
        }
        Type::Option { element } if !is_none(typed.trim()) && !typed.trim().starts_with("Some(") => {
            bare(element, typed).map(|value| Value::Option(Some(Box::new(value))))
        }
        _ => None,
    }
}

fn is_none(word: &str) -> bool {
    matches!(word, "None" | "none" | "null")
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

type Parsed<T = Value> = Result<T, Refused>;

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn refuse(&self, why: impl Into<String>) -> Refused {
        Refused { at: self.at, why: why.into(), path: String::new() }
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Takes `token` if it is next.
    fn take(&mut self, token: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, tokens: &[&str]) -> Parsed<()> {
        if tokens.iter().any(|token| self.take(token)) {
            return Ok(());
        }
        let found = self.rest().chars().next();
        let found = found.map_or_else(|| "the value ends".to_owned(), |c| format!("found {c:?}"));
        Err(self.refuse(format!("expected `{}`, and {found}", tokens[0])))
    }

    /// All up to what ends a value inside another.
    fn word(&mut self) -> &'t str {
        self.blanks();
        let end =
            self.rest().find([',', ';', ']', '}', ')', '(', '{', '[', ' ', '\t', '\n']).unwrap_or(self.rest().len());
        let word = &self.rest()[..end];
        self.at += end;
        word
    }

    /// A word, which may stand in quotes.
    fn quoted_or_word(&mut self) -> Parsed<String> {
        self.blanks();
        if self.rest().starts_with('"') { self.quoted('"') } else { Ok(self.word().to_owned()) }
    }

    /// `read` of a word, or a refusal that says what was expected.
    fn scalar<T>(&mut self, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Parsed<T> {
        self.blanks();
        let begin = self.at;
        let word = self.quoted_or_word()?;
        read(&word).ok_or_else(|| {
            let why = if word.is_empty() {
                format!("expected {expected}, and there is nothing")
            } else {
                format!("expected {expected}, found {word:?}")
            };
            Refused { at: begin, why, path: String::new() }
        })
    }

    fn value(&mut self, ty: &Type) -> Parsed {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.refuse("the value is nested too deeply"));
        }
        let value = self.value_of(ty);
        self.depth -= 1;
        value
    }

    fn value_of(&mut self, ty: &Type) -> Parsed {
        match ty {
            Type::Bool => self.scalar("true or false", |word| word.parse().ok()).map(Value::Bool),
            Type::F32 => self.scalar("a number (f32)", |word| float(word)?.parse().ok()).map(Value::F32),
            Type::F64 => self.scalar("a number (f64)", |word| float(word)?.parse().ok()).map(Value::F64),
            Type::Char => self.character(),
            Type::String { .. } => self.string().map(Value::String),
            Type::NonZero { of } => {
                let at = self.at;
                match self.integer(of)? {
                    Value::Unsigned(0) | Value::Signed(0) => Err(Refused {
                        at,
                        why: "0 is the one number that it cannot be".to_owned(),
                        path: String::new(),
                    }),
                    number => Ok(number),
                }
            }
            Type::Duration => self
                .spaced("a span of time such as 1.5s, 20ms or 1h30m", |word| span::parse(word).ok())
                .map(Value::Duration),
            Type::SystemTime => {
                self.scalar("a time such as 2026-01-31T12:00:00Z, @1700000000.5 or now", time).map(Value::SystemTime)
            }
            Type::Ipv4Addr => self.scalar("an IPv4 address", |word| word.parse().ok()).map(Value::Ipv4Addr),
            Type::Ipv6Addr => self.scalar("an IPv6 address", |word| word.parse().ok()).map(Value::Ipv6Addr),
            Type::Array { element, len } => self.array(element, *len),
            Type::Vec { element, capacity } => {
                let elements = self.list(element, *capacity)?;
                Ok(Value::List(elements))
            }
            Type::Option { element } => self.option(element),
            Type::Record(record) => self.record(record),
            Type::Enum(of) => self.variant(of),
            integer => self.integer(integer),
        }
    }

    fn integer(&mut self, ty: &Type) -> Parsed {
        self.blanks();
        let at = self.at;
        let (signed, bits) = (is_signed(ty), 8 * ty.size() as u32);
        let Some((negative, magnitude)) = self.scalar(&format!("an integer ({ty})"), integer)? else {
            return Err(Refused {
                at,
                why: format!("this is more than any integer holds ({ty})"),
                path: String::new(),
            });
        };
        let range = || {
            let (least, most) = if signed {
                (format!("-{}", 1_u128 << (bits - 1)), (u128::MAX >> (128 - bits + 1)).to_string())
            } else {
                ("0".to_owned(), (u128::MAX >> (128 - bits)).to_string())
            };
            let sign = if negative { "-" } else { "" };
            Refused {
                at,
                why: format!("{sign}{magnitude} is out of range: {ty} goes from {least} to {most}"),
                path: String::new(),
            }
        };
        if !signed {
            let fits = (!negative || magnitude == 0) && magnitude <= u128::MAX >> (128 - bits);
            return if fits { Ok(Value::Unsigned(magnitude)) } else { Err(range()) };
        }
        let most = u128::MAX >> (128 - bits + 1);
        if magnitude > most + u128::from(negative) {
            return Err(range());
        }
        // The magnitude of the least number is its own negation.
        let number = magnitude as i128;
        Ok(Value::Signed(if negative { number.wrapping_neg() } else { number }))
    }

    fn character(&mut self) -> Parsed {
        self.blanks();
        let at = self.at;
        let text = match self.rest().chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            _ => self.word().to_owned(),
        };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(c), None) => Ok(Value::Char(c)),
            _ => Err(Refused { at, why: format!("expected one character, found {text:?}"), path: String::new() }),
        }
    }

    fn string(&mut self) -> Parsed<String> {
        self.blanks();
        if self.rest().starts_with('"') {
            return self.quoted('"');
        }
        Err(self.refuse("expected a text in double quotes"))
    }

    /// A text in quotes, with the escapes of Rust and JSON.
    fn quoted(&mut self, quote: char) -> Parsed<String> {
        let begin = self.at;
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        characters.next();
        while let Some((i, c)) = characters.next() {
            if c == quote {
                self.at = begin + i + 1;
                return Ok(text);
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            let escape_at = begin + i;
            let wrong = |why: &str| Refused { at: escape_at, why: why.to_owned(), path: String::new() };
            let (_, escape) = characters.next().ok_or_else(|| wrong("the text ends behind a backslash"))?;
            text.push(match escape {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'f' => '\u{c}',
                '0' => '\0',
                '"' | '\'' | '\\' | '/' => escape,
                'x' => unicode(&mut characters, 2).ok_or_else(|| wrong("expected two hexadecimal digits"))?,
                'u' => escaped_character(&mut characters).ok_or_else(|| wrong("this escape is no character"))?,
                _ => return Err(wrong("there is no such escape: write two backslashes for one")),
            });
        }
        Err(self.refuse("the text does not end: a quote is missing"))
    }

    /// As [`scalar`](Self::scalar), for what may have blanks in it.
    fn spaced<T>(&mut self, expected: &str, read: impl FnOnce(&str) -> Option<T>) -> Parsed<T> {
        self.blanks();
        if self.rest().starts_with('"') {
            return self.scalar(expected, read);
        }
        let at = self.at;
        let end = self.rest().find([',', ';', ']', '}', ')']).unwrap_or(self.rest().len());
        let words = self.rest()[..end].trim_end();
        self.at += words.len();
        read(words).ok_or_else(|| Refused {
            at,
            why: format!("expected {expected}, found {words:?}"),
            path: String::new(),
        })
    }

    /// The parts of a list up to its end; each is read by `part`, which is told its index.
    fn parts(&mut self, end: &[&str], mut part: impl FnMut(&mut Self, usize) -> Parsed<()>) -> Parsed<()> {
        let mut i = 0;
        loop {
            if end.iter().any(|end| self.take(end)) {
                return Ok(());
            }
            if i > 0 {
                let both: Vec<&str> = [","].into_iter().chain(end.iter().copied()).collect();
                self.expect(&both)?;
                if self.text[..self.at].ends_with(end[0]) {
                    return Ok(());
                }
                if end.iter().any(|end| self.take(end)) {
                    return Ok(());
                }
            }
            part(self, i)?;
            i += 1;
        }
    }

    fn list(&mut self, element: &Type, most: usize) -> Parsed<Vec<Value>> {
        self.expect(&["["])?;
        let mut elements = Vec::new();
        self.parts(&["]"], |parser, i| {
            if i >= most {
                return Err(parser
                    .refuse(format!("there is room for {}, and here are more", text::count(most as u64, "element"))));
            }
            let value = parser.value(element).map_err(|refused| refused.inside(&format!("[{i}]")))?;
            // `[0; 16]`, as in Rust.
            let times = if i == 0 && parser.take(";") { parser.times(most)? } else { 1 };
            elements.extend(std::iter::repeat_n(value, times));
            Ok(())
        })?;
        Ok(elements)
    }

    fn times(&mut self, most: usize) -> Parsed<usize> {
        let times = self.scalar("how many elements", |word| word.parse().ok())?;
        if times > most {
            return Err(self.refuse(format!("there is room for {}", text::count(most as u64, "element"))));
        }
        Ok(times)
    }

    fn array(&mut self, element: &Type, len: usize) -> Parsed {
        let at = self.at;
        let elements = self.list(element, len)?;
        if elements.len() != len {
            let why = format!("expected {}, found {}", text::count(len as u64, "element"), elements.len());
            return Err(Refused { at, why, path: String::new() });
        }
        Ok(Value::List(elements))
    }

    fn option(&mut self, element: &Type) -> Parsed {
        self.blanks();
        let begin = self.at;
        if is_none(self.word()) {
            return Ok(Value::Option(None));
        }
        self.at = begin;
        let some = |value| Value::Option(Some(Box::new(value)));
        if self.take("Some(") {
            let value = self.value(element)?;
            self.expect(&[")"])?;
            return Ok(some(value));
        }
        // `{"Some": …}` is how the JSON of an option in an option reads.
        if matches!(element, Type::Option { .. }) && self.take("{") {
            let key = self.quoted_or_word()?;
            self.expect(&[":", "="])?;
            let value = self.value(element)?;
            self.expect(&["}"])?;
            return if key == "Some" { Ok(some(value)) } else { Err(self.refuse("expected `Some`")) };
        }
        self.value(element).map(some)
    }

    fn record(&mut self, record: &Record) -> Parsed {
        if record.name != "()" {
            // The name may be left out.
            self.blanks();
            if self.rest().starts_with(&record.name) {
                self.at += record.name.len();
            }
        }
        let fields = self.fields(&record.fields, "the record")?;
        Ok(Value::Record { name: record.name.clone(), fields })
    }

    /// Fields in braces by name, or in brackets by position.
    fn fields(&mut self, of: &[FieldSchema], what: &str) -> Parsed<Vec<(String, Value)>> {
        let numbered = text::is_numbered(of.iter().map(|field| field.name.as_str()));
        let begin = self.at;
        let mut values: Vec<Option<Value>> = vec![None; of.len()];
        if numbered && (self.take("(") || self.take("[")) {
            self.parts(&[")", "]"], |parser, i| {
                let Some(field) = of.get(i) else {
                    return Err(parser.refuse(format!("{what} has {}", text::count(of.len() as u64, "field"))));
                };
                values[i] = Some(parser.value(&field.ty).map_err(|refused| refused.inside(&field.name))?);
                Ok(())
            })?;
        } else {
            self.expect(&["{"])?;
            self.parts(&["}"], |parser, _| {
                parser.blanks();
                let at = parser.at;
                let name = parser.field_name()?;
                let Some(i) = of.iter().position(|field| field.name == name) else {
                    let why =
                        no_such(&format!("{what} has no field"), &name, of.iter().map(|field| field.name.as_str()));
                    return Err(Refused { at, why, path: String::new() });
                };
                if values[i].is_some() {
                    let why = format!("the field {name:?} stands here twice");
                    return Err(Refused { at, why, path: String::new() });
                }
                parser.expect(&[":", "="])?;
                values[i] = Some(parser.value(&of[i].ty).map_err(|refused| refused.inside(&name))?);
                Ok(())
            })?;
        }
        let missing: Vec<&str> =
            of.iter().zip(&values).filter(|(_, value)| value.is_none()).map(|(field, _)| field.name.as_str()).collect();
        if !missing.is_empty() {
            let why = format!("{what} lacks {}: write all of it, or set its fields one by one", missing.join(", "));
            return Err(Refused { at: begin, why, path: String::new() });
        }
        Ok(of.iter().zip(values).filter_map(|(field, value)| Some((field.name.clone(), value?))).collect())
    }

    /// A name before `:` or `=`.
    fn field_name(&mut self) -> Parsed<String> {
        if self.rest().starts_with('"') {
            return self.quoted('"');
        }
        let end = self.rest().find([':', '=', ',', '}', ' ']).unwrap_or(self.rest().len());
        let name = self.rest()[..end].to_owned();
        self.at += end;
        Ok(name)
    }

    fn variant(&mut self, of: &Enum) -> Parsed {
        self.blanks();
        let at = self.at;
        // JSON with data: `{"Circle": …}`.
        let json = self.take("{");
        let name = if json { self.field_name()? } else { self.quoted_or_word()? };
        let Some(variant) = of.variants.iter().find(|variant| variant.name == name) else {
            let why =
                no_such(&format!("{} has no variant", of.name), &name, of.variants.iter().map(|v| v.name.as_str()));
            return Err(Refused { at, why, path: String::new() });
        };
        if json {
            self.expect(&[":", "="])?;
        }
        let fields = match &variant.fields[..] {
            [] => Vec::new(),
            // A single field without a name stands for itself in JSON.
            [only] if json && only.name == "0" => {
                let value = self.value(&only.ty).map_err(|refused| refused.inside("0").inside(&name))?;
                vec![(only.name.clone(), value)]
            }
            fields => self.fields(fields, &format!("{name:?}")).map_err(|refused| refused.inside(&name))?,
        };
        if json {
            self.expect(&["}"])?;
        }
        Ok(Value::Enum { variant: name, fields })
    }
}

impl Refused {
    /// As seen from what has the part `step`.
    fn inside(mut self, step: &str) -> Self {
        self.path = crate::json::join(step, &self.path);
        self
    }
}

fn no_such<'n>(what: &str, name: &str, known: impl Iterator<Item = &'n str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(nearest) => format!("{what} {name:?}: did you mean {nearest:?}?"),
        None => {
            const LISTED: usize = 16;
            let listed: Vec<&str> = known.clone().take(LISTED).collect();
            let more = if known.count() > LISTED { ", …" } else { "" };
            format!("{what} {name:?}: there is {}{more}", listed.join(", "))
        }
    }
}

fn is_signed(ty: &Type) -> bool {
    matches!(ty, Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::I128)
}

/// Sign and magnitude of an integer; the inner none is one of more than 128 bits.
fn integer(word: &str) -> Option<Option<(bool, u128)>> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ => (10, digits),
    };
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some(u128::from_str_radix(&digits, radix).ok().map(|magnitude| (negative, magnitude)))
}

/// A float's digits without what only people need.
fn float(word: &str) -> Option<String> {
    (!word.is_empty() && !word.starts_with('_')).then(|| word.replace('_', ""))
}

fn time(word: &str) -> Option<SystemTime> {
    if word == "now" {
        return Some(SystemTime::now());
    }
    let Some(seconds) = word.strip_prefix('@') else {
        return SystemTime::try_from(word.parse::<jiff::Timestamp>().ok()?).ok();
    };
    let (back, seconds) = seconds.strip_prefix('-').map_or((false, seconds), |seconds| (true, seconds));
    let span: Duration = span::parse(&format!("{seconds}s")).ok()?;
    if back { SystemTime::UNIX_EPOCH.checked_sub(span) } else { SystemTime::UNIX_EPOCH.checked_add(span) }
}

type Characters<'t> = std::str::CharIndices<'t>;

/// A character of so many hexadecimal digits.
fn unicode(characters: &mut Characters<'_>, digits: usize) -> Option<char> {
    char::from_u32(hexadecimal(characters, digits)?)
}

fn hexadecimal(characters: &mut Characters<'_>, digits: usize) -> Option<u32> {
    let mut number = 0;
    for _ in 0..digits {
        number = number * 16 + characters.next()?.1.to_digit(16)?;
    }
    Some(number)
}

/// Behind `\u`: `{1f600}` of Rust's, `d83d\ude00` of JSON's.
fn escaped_character(characters: &mut Characters<'_>) -> Option<char> {
    if characters.as_str().starts_with('{') {
        characters.next();
        let mut number: u32 = 0;
        loop {
            match characters.next()?.1 {
                '}' => return char::from_u32(number),
                c => number = number.checked_mul(16)?.checked_add(c.to_digit(16)?)?,
            }
        }
    }
    let first = hexadecimal(characters, 4)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    (characters.next()?.1 == '\\' && characters.next()?.1 == 'u').then_some(())?;
    let second = hexadecimal(characters, 4)?;
    char::decode_utf16([first as u16, u16::try_from(second).ok()?]).next()?.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use shmrec::SharedRecord;
    use shmrec::schema::Schema;
    use std::net::IpAddr;
    use std::num::NonZeroU16;

    #[derive(SharedRecord)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    enum Shape {
        Nothing,
        Circle { radius: f64 },
        Polygon(#[record(capacity = 3)] Vec<(f32, f32)>),
        Pair(u8, i8),
    }

    #[derive(SharedRecord)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct All {
        u8: u8,
        i8: i8,
        u128: u128,
        i128: i128,
        f32: f32,
        f64: f64,
        flag: bool,
        letter: char,
        #[record(capacity = 8)]
        name: String,
        #[record(capacity = 8)]
        nick: Option<String>,
        list: [u16; 3],
        #[record(capacity = 4)]
        tags: Vec<u16>,
        shape: Shape,
        pair: (u8, i64),
        maybe: Option<Option<u8>>,
        count: NonZeroU16,
        took: Duration,
        at: SystemTime,
        ip: IpAddr,
    }

    fn read(path: &str, typed: &str) -> Result<Value, String> {
        value(&Schema::of::<All>().type_at(path).unwrap(), typed).map_err(|refused| refused.to_string())
    }

    #[track_caller]
    fn is(path: &str, typed: &str, printed: &str) {
        assert_eq!(read(path, typed).map(|value| text::value(&value)), Ok(printed.to_owned()), "{path}={typed}");
    }

    #[test]
    fn integers_are_read_to_their_last_bit_and_not_beyond() {
        is("u8", "255", "255");
        is("u8", "+0x_ff", "255");
        is("u8", "-0", "0");
        is("i8", "-128", "-128");
        is("i8", "0b111", "7");
        is("u128", &u128::MAX.to_string(), &u128::MAX.to_string());
        is("i128", &i128::MIN.to_string(), &i128::MIN.to_string());
        is("i128", &i128::MAX.to_string(), &i128::MAX.to_string());
        is("u8", " 1_0 ", "10");
        for (path, typed, why) in [
            ("u8", "256", "256 is out of range: u8 goes from 0 to 255"),
            ("u8", "-1", "-1 is out of range: u8 goes from 0 to 255"),
            ("i8", "128", "128 is out of range: i8 goes from -128 to 127"),
            ("i8", "-129", "-129 is out of range: i8 goes from -128 to 127"),
            (
                "i128",
                "170141183460469231731687303715884105728",
                "170141183460469231731687303715884105728 is out of range",
            ),
            ("u128", "340282366920938463463374607431768211456", "this is more than any integer holds (u128)"),
            ("u8", "1.5", "expected an integer (u8), found \"1.5\""),
            ("u8", "", "expected an integer (u8), and there is nothing"),
            ("u8", "0x", "expected an integer (u8), found \"0x\""),
            ("u8", "ten", "expected an integer (u8), found \"ten\""),
            ("u8", "1 2", "\"2\" is behind the end of the value (at byte 2)"),
            ("count", "0", "0 is the one number that it cannot be"),
            ("count", "65536", "65536 is out of range: u16 goes from 0 to 65535"),
        ] {
            let refused = read(path, typed).unwrap_err();
            assert!(refused.starts_with(why), "{path}={typed}: {refused}");
        }
    }

    #[test]
    fn texts_need_no_quotes_when_they_are_all_there_is() {
        is("name", "two words, [x]", "\"two words, [x]\"");
        is("name", "", "\"\"");
        is("name", r#""a\"\n\u{1f600}\ud83d\ude00\x41""#, "\"a\\\"\\n😀😀A\"");
        is("nick", "kit", "Some(\"kit\")");
        is("nick", "none", "None");
        is("nick", "\"none\"", "Some(\"none\")");
        is("nick", "Some(\"x\")", "Some(\"x\")");
        is("letter", "ß", "'ß'");
        is("letter", "'", "'\\''");
        is("letter", "'\\n'", "'\\n'");
        is("letter", "\"x\"", "'x'");
        assert!(read("letter", "ab").unwrap_err().contains("one character"));
        assert!(read("name", "\"a").unwrap_err().contains("a quote is missing"));
        assert!(read("name", "\"a\" b").unwrap_err().contains("behind the end"));
        assert!(read("name", r#""\q""#).unwrap_err().contains("no such escape"));
        assert!(read("name", r#""\ud800x""#).unwrap_err().contains("no character"));
    }

    #[test]
    fn lists_records_and_enums_are_read_as_rust_and_as_json() {
        is("list", "[1,2, 3 ,]", "[1, 2, 3]");
        is("list", "[7; 3]", "[7, 7, 7]");
        is("tags", "[]", "[]");
        is("tags", "[0; 4]", "[0, 0, 0, 0]");
        is("shape", "Nothing", "Nothing");
        is("shape", "\"Nothing\"", "Nothing");
        is("shape", "Circle { radius: 2 }", "Circle { radius: 2.0 }");
        is("shape", r#"{"Circle":{"radius":2.5}}"#, "Circle { radius: 2.5 }");
        is("shape", "Polygon([(1.0, 2.0)])", "Polygon([(1.0, 2.0)])");
        is("shape", r#"{"Polygon":[[1,2],[3,4]]}"#, "Polygon([(1.0, 2.0), (3.0, 4.0)])");
        is("shape", "Pair(1, -1)", "Pair(1, -1)");
        is("shape", r#"{"Pair":[1,-1]}"#, "Pair(1, -1)");
        is("pair", "(1, -1)", "(1, -1)");
        is("maybe", "Some(Some(3))", "Some(Some(3))");
        is("maybe", "Some(None)", "Some(None)");
        is("maybe", r#"{"Some":null}"#, "Some(None)");
        is("maybe", "null", "None");
        is("ip", "V4(127.0.0.1)", "V4(127.0.0.1)");
        is("ip", r#"{"V6":"::1"}"#, "V6(::1)");
        for (path, typed, why) in [
            ("list", "[1, 2]", "expected 3 elements, found 2"),
            ("list", "[1, 2, 3, 4]", "there is room for 3 elements, and here are more"),
            ("list", "[1, x, 3]", "[1]: expected an integer (u16), found \"x\" (at byte 4)"),
            ("list", "[1; 99999999999]", "there is room for 3 elements"),
            ("tags", "[1, 2", "expected `,`, and the value ends"),
            ("tags", "1", "expected `[`, and found '1'"),
            ("shape", "Circel", "Shape has no variant \"Circel\": did you mean \"Circle\"?"),
            ("shape", "Square", "Shape has no variant \"Square\": there is Nothing, Circle, Polygon, Pair"),
            ("shape", "Circle { radios: 1 }", "Circle: \"Circle\" has no field \"radios\": did you mean \"radius\"?"),
            ("shape", "Circle { }", "Circle: \"Circle\" lacks radius"),
            ("shape", "Circle { radius: 1, radius: 2 }", "Circle: the field \"radius\" stands here twice"),
            ("shape", "Pair(1, 2, 3)", "Pair: \"Pair\" has 2 fields"),
            ("shape", "Polygon([(1.0, up)])", "Polygon.0[0].1: expected a number (f32), found \"up\""),
            ("ip", "V4(1.2.3)", "V4.0: expected an IPv4 address"),
        ] {
            let refused = read(path, typed).unwrap_err();
            assert!(refused.starts_with(why), "{path}={typed}: {refused}");
        }
    }

    #[test]
    fn spans_and_times_are_read() {
        is("took", "1h30m", "5400s");
        is("took", "1h 30m", "5400s");
        is("took", "\"20ms\"", "20ms");
        is("at", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z");
        is("at", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00Z");
        is("at", "@1.5", "1970-01-01T00:00:01.5Z");
        is("at", "@-1.5", "1969-12-31T23:59:58.5Z");
        assert!(read("at", "now").is_ok());
        assert!(read("at", "yesterday").unwrap_err().contains("a time such as"));
        assert!(read("took", "5").unwrap_err().contains("a span of time such as"));
    }

    #[test]
    fn floats_are_read() {
        is("f64", "1", "1.0");
        is("f64", "-1e-3", "-0.001");
        is("f64", "inf", "inf");
        is("f32", "0.1", "0.1");
        is("f32", "NaN", "NaN");
        assert!(read("f64", "1,5").unwrap_err().contains("behind the end"));
        assert!(read("f64", "warm").unwrap_err().contains("a number (f64)"));
    }

    #[test]
    fn what_is_printed_can_be_typed_again_as_text_and_as_json() {
        let typed = "All { u8: 1, i8: -1, u128: 340282366920938463463374607431768211455, i128: -5, f32: 0.1, f64: NaN, \
            flag: true, letter: '\\'', name: \"a\\u{1b}\", nick: Some(\"x\"), list: [1, 2, 3], tags: [], \
            shape: Polygon([(1.0, 2.0)]), pair: (1, -1), maybe: Some(None), count: 3, took: 1.5s, \
            at: 1970-01-01T00:00:01.5Z, ip: V6(::1) }";
        let read_back = read("", typed).unwrap();
        assert_eq!(text::value(&read_back), typed.replace("  ", " "));
        let json = json::value(&read_back).to_string();
        assert_eq!(text::value(&read("", &json).unwrap()), text::value(&read_back), "{json}");
    }

    #[test]
    fn no_text_makes_the_parser_panic_or_run_for_ever() {
        let pieces = [
            "{", "}", "[", "]", "(", ")", ",", ";", ":", "\"", "'", "\\", "\\u", "Some(", "é", " ", "1", "-", "Circle",
        ];
        // A generator of SplitMix64's kind: the same texts in every run.
        let mut state = 7_u64;
        let mut below = |bound: usize| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((z ^ (z >> 27)) % bound as u64) as usize
        };
        for _ in 0..2_000 {
            let length = below(12);
            let typed: String = (0..length).map(|_| pieces[below(pieces.len())]).collect();
            for path in ["", "shape", "tags", "name", "maybe", "pair", "took", "letter"] {
                let _ = read(path, &typed);
            }
        }
        let deep = "[".repeat(100_000);
        assert!(read("tags", &deep).is_err());
    }
}
