//! What both programs take on their command lines.

use std::path::PathBuf;
use std::time::Duration;

use shmrec::{Perms, SegmentOptions};

use super::command;

/// Options of both programs.
#[derive(Clone, Debug, clap::Args)]
pub struct Common {
    /// The segment's name: letters, digits and _
    #[arg(default_value = "demo")]
    pub name: String,

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
        match &self.dir {
            Some(dir) => options.dir(dir),
            None => options,
        }
    }
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
    use shmrec::Perms;

    use super::perms;

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
