//! Memory that other programs lay out, as every backend gives it.

use super::chosen::Memory;
use crate::{Failure, ForeignPlace, ForeignStat, What};

/// Memory that another program lays out, as this process reaches it.
#[derive(Debug)]
pub struct Foreign {
    pub(super) memory: Memory,
    pub(super) stat: ForeignStat,
    pub(super) place: ForeignPlace,
}

impl Foreign {
    /// The memory: as long as was asked for, or longer.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// What the system said of it when it was opened.
    #[must_use]
    pub fn stat(&self) -> ForeignStat {
        self.stat
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &ForeignPlace {
        &self.place
    }

    /// The failure of a caller that found something wrong with it.
    #[must_use]
    #[cold]
    pub fn failure(&self, what: What) -> Failure {
        Failure::new(what, &self.place.shown())
    }

    /// The failure of a read of [`Memory::Copied`].
    #[must_use]
    #[cold]
    pub fn failed_read(&self, error: std::io::Error) -> Failure {
        let shown = self.place.shown();
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            return Failure::new(What::Truncated, &shown);
        }
        Failure::of_call("pread", &shown, error)
    }
}
