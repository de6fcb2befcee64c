//! The declaration of a record in other languages.

mod named;
pub(crate) mod python;
pub(crate) mod rust;
