//! What both programs take on their command lines.

use std::path::PathBuf;
use std::time::Duration;

use shmrec::{Key, Perms, SegmentOptions};

use super::command;

/// Options of both programs.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// The segment's name: letters, digits and _
    #[arg(default_value = "demo")]
    pub name: String,

    /// Make it a System V segment, under this key: a number (0x4e545032), ftok:A:PATH for the file PATH and the id A, or name
    /// for the key that the name makes
    #[arg(long, value_parser = key)]
    pub key: Option<ByKey>,

    /// The segment's directory, instead of $SHMREC_DIR or /dev/shm
    #[arg(long)]
    pub dir: Option<PathBuf>,

    /// How long a write waits for another program that keeps the lock
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = command::seconds)]
    pub lock_timeout: Duration,
}

impl Common {
    /// The segment's options.
    pub fn options(&self) -> SegmentOptions {
        let options = SegmentOptions::new().lock_timeout(self.lock_timeout);
        let options = match self.key {
            Some(ByKey::Of(key)) => options.key(key),
            Some(ByKey::OfName) => options.key(Key::of_name(&self.name)),
            None => options,
        };
        match &self.dir {
            Some(dir) => options.dir(dir),
            None => options,
        }
    }
}

/// What a System V segment's key is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByKey {
    /// A number, or a file.
    Of(Key),
    /// The segment's name.
    OfName,
}

/// A key: a number, `ftok:A:PATH`, or `name`.
///
/// # Errors
///
/// A sentence.
pub fn key(text: &str) -> Result<ByKey, String> {
    let key = if text == "name" {
        return Ok(ByKey::OfName);
    } else if let Some((id, path)) = text.strip_prefix("ftok:").and_then(|rest| rest.split_once(':')) {
        match *id.as_bytes() {
            [id] => Key::ftok(path, id),
            _ => return Err(format!("{id:?} is no id: take one ASCII character, as in ftok:A:/etc/hostname")),
        }
    } else {
        let number = match text.strip_prefix("0x") {
            Some(hex) => u32::from_str_radix(hex, 16).map(|key| key as i32),
            None => text.parse(),
        };
        match number {
            Ok(number) => Key::raw(number),
            Err(_) => return Err("a key is a number, ftok:A:PATH, or name".to_owned()),
        }
    };
    key.map(ByKey::Of).map_err(|error| error.to_string())
}

/// Permissions: the ancestor's words, or an octal number.
///
/// # Errors
///
/// A sentence.
pub fn perms(text: &str) -> Result<Perms, String> {
    match text.to_ascii_lowercase().as_str() {
        "r" => Ok(Perms::R),
        "rrr" => Ok(Perms::RRR),
        "rw" => Ok(Perms::RW),
        "rwrwrw" => Ok(Perms::RWRWRW),
        octal => match u32::from_str_radix(octal.trim_start_matches("0o"), 8) {
            Ok(mode) => Perms::from_mode(mode).map_err(|error| error.to_string()),
            Err(_) => Err("permissions are r, rrr, rw, rwrwrw, or an octal number as 0640".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use shmrec::{Key, Perms};

    use super::{ByKey, key, perms};

    #[test]
    fn keys_are_numbers_files_or_names() {
        assert_eq!(key("name"), Ok(ByKey::OfName));
        assert_eq!(key("0x4e545032"), Ok(ByKey::Of(Key::raw(0x4e54_5032).unwrap())));
        assert_eq!(key("0xfffffffe"), key("-2"));
        assert_eq!(key("ftok:A:/etc"), Ok(ByKey::Of(Key::ftok("/etc", b'A').unwrap())));
        for wrong in
            ["", "0", "-1", "0x", "0x100000000", "ftok:A", "ftok::/etc", "ftok:AB:/etc", "ftok:A:/no/such", "x"]
        {
            assert!(key(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn permissions_are_words_or_octal() {
        assert_eq!(perms("RRR"), Ok(Perms::RRR));
        assert_eq!(perms("rwrwrw"), Ok(Perms::RWRWRW));
        for octal in ["640", "0640", "0o640"] {
            assert_eq!(perms(octal).map(Perms::mode), Ok(0o640));
        }
        for wrong in ["", "rx", "0755", "0o", "8", "-1", "99999999999999"] {
            assert!(perms(wrong).is_err(), "{wrong:?}");
        }
    }
}
