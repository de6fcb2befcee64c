//! Segments and fields as they are named on the command line.

use shmrec::{Key, Perms, SegmentName};

/// `NAME.path.to[3].field`; the path is empty for the whole record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) path: String,
}

/// `NAME.path=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) target: Target,
    pub(crate) value: String,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let at = text.find(['.', '[']).unwrap_or(text.len());
        let (name, path) = text.split_at(at);
        SegmentName::new(name).map_err(|error| error.to_string())?;
        Ok(Self { name: name.to_owned(), path: path.strip_prefix('.').unwrap_or(path).to_owned() })
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        write!(f, "{}{dot}{}", self.name, self.path)
    }
}

impl Assignment {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let Some((target, value)) = text.split_once('=') else {
            return Err("write NAME.field=value".to_owned());
        };
        Ok(Self { target: Target::parse(target.trim_end())?, value: value.to_owned() })
    }
}

/// A positive number.
pub(crate) fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if factor > 0.0 && f64::is_finite(factor) => Ok(factor),
        _ => Err("write a number above 0, such as 0.5 or 10".to_owned()),
    }
}

/// A System V key, as `ipcs -m` prints it, or in decimal.
pub(crate) fn key(text: &str) -> Result<Key, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).map(|number| number as i32).ok(),
        // Both spellings of keys from 0x80000000 on.
        None => text.parse::<i32>().or_else(|_| text.parse::<u32>().map(|number| number as i32)).ok(),
    };
    let number = number.ok_or_else(|| "write a number of 32 bits, such as 0x4e545030".to_owned())?;
    Key::raw(number).map_err(|error| error.to_string())
}

/// Permission bits in octal.
pub(crate) fn perms(text: &str) -> Result<Perms, String> {
    let mode = u32::from_str_radix(text, 8).map_err(|_| "write the mode in octal, such as 0640".to_owned())?;
    Perms::from_mode(mode).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{Assignment, Target};

    #[test]
    fn the_name_ends_where_the_path_begins() {
        let target = |text| Target::parse(text).map(|target| (target.name, target.path));
        assert_eq!(target("robot"), Ok(("robot".into(), "".into())));
        assert_eq!(target("robot.axes[1].x"), Ok(("robot".into(), "axes[1].x".into())));
        assert_eq!(target("robot[1]"), Ok(("robot".into(), "[1]".into())));
        assert!(target(".x").is_err());
        assert!(target("../etc.x").is_err());
        assert!(target("ro-bot.x").unwrap_err().contains("'-'"));
    }

    #[test]
    fn keys_are_read_as_ipcs_prints_them() {
        assert_eq!(super::key("0xfffffff0").map(|key| key.get()), Ok(-16));
        assert_eq!(super::key("-16").map(|key| key.get()), Ok(-16));
        assert_eq!(super::key("4294967280").map(|key| key.get()), Ok(-16));
        for wrong in ["0", "-1", "0xffffffff", "", "0x", "x", "0x100000000"] {
            assert!(super::key(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_value_is_all_that_is_behind_the_first_equals_sign() {
        let set = Assignment::parse("room.note = a=b ").unwrap();
        assert_eq!((set.target.to_string().as_str(), set.value.as_str()), ("room.note", " a=b "));
        assert!(Assignment::parse("room.note").is_err());
    }
}
