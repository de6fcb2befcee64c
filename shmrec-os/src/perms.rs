//! Who may read and write a segment.

use std::error::Error;
use std::fmt;

/// The permission bits of a segment, exactly as it will have them: the umask does not apply.
///
/// The creator's own handle can always write, whatever the bits say.
///
/// ```
/// use shmrec_os::Perms;
///
/// assert_eq!(Perms::RRR.mode(), 0o444);
/// assert_eq!(Perms::from_mode(0o640)?.to_string(), "0640");
/// assert!(Perms::from_mode(0o4755).is_err());
/// # Ok::<(), shmrec_os::InvalidPerms>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Perms(u32);

impl Perms {
    /// `0400`: this user reads.
    pub const R: Self = Self(0o400);
    /// `0444`: all users read.
    pub const RRR: Self = Self(0o444);
    /// `0600`: this user reads and writes. The default.
    pub const RW: Self = Self(0o600);
    /// `0666`: all users read and write. Whoever may write a segment may also shrink it under those who map it.
    pub const RWRWRW: Self = Self(0o666);

    /// Any read and write bits of user, group and others.
    ///
    /// # Errors
    ///
    /// [`InvalidPerms`] when `mode` has bits outside `0666`: executing a segment means nothing.
    pub const fn from_mode(mode: u32) -> Result<Self, InvalidPerms> {
        if mode & !0o666 == 0 { Ok(Self(mode)) } else { Err(InvalidPerms { mode }) }
    }

    /// The bits.
    #[must_use]
    pub const fn mode(self) -> u32 {
        self.0
    }
}

impl Default for Perms {
    fn default() -> Self {
        Self::RW
    }
}

impl fmt::Display for Perms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

/// Permission bits that a segment cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPerms {
    mode: u32,
}

impl fmt::Display for InvalidPerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the mode {:04o} has bits outside 0666: a segment is read and written, nothing else", self.mode)
    }
}

impl Error for InvalidPerms {}
