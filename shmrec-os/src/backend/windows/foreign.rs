//! Memory that other programs lay out: not reached on Windows yet. Whoever asks for it is refused.

use super::attachment::Memory;
use crate::foreign::Kind;
use crate::{Access, Failure, ForeignPlace, ForeignStat, Perms, TrustOwner, What};

/// Memory that another program lays out: never.
#[derive(Debug)]
pub enum Foreign {}

impl Foreign {
    /// The memory.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        match *self {}
    }

    /// What the system said of it when it was opened.
    #[must_use]
    pub fn stat(&self) -> ForeignStat {
        match *self {}
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &ForeignPlace {
        match *self {}
    }

    /// The failure of a caller that found something wrong with it.
    #[must_use]
    pub fn failure(&self, _what: What) -> Failure {
        match *self {}
    }

    /// The failure of a read of [`Memory::Copied`].
    #[must_use]
    pub fn failed_read(&self, _error: std::io::Error) -> Failure {
        match *self {}
    }
}

fn refused(place: &ForeignPlace) -> Failure {
    if matches!(place.kind(), Kind::Key(_)) {
        return Failure::new(What::NoKeys, &place.shown());
    }
    let unsupported = std::io::Error::from(std::io::ErrorKind::Unsupported);
    Failure::with_source(What::System { call: "opening another program's memory" }, &place.shown(), unsupported)
}

/// Refuses.
///
/// # Errors
///
/// Always.
pub fn link_foreign(
    place: &ForeignPlace,
    _access: Access,
    _trust: TrustOwner,
    _len: usize,
    _longer: bool,
) -> Result<Foreign, Failure> {
    Err(refused(place))
}

/// Refuses.
///
/// # Errors
///
/// Always.
pub fn create_foreign(place: &ForeignPlace, _perms: Perms, _len: usize) -> Result<Foreign, Failure> {
    Err(refused(place))
}

/// Refuses.
///
/// # Errors
///
/// Always.
pub fn remove_foreign(place: &ForeignPlace) -> Result<(), Failure> {
    Err(refused(place))
}
