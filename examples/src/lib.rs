//! What the examples are made of, apart from their `main`.
//!
//! - [`proc`] reads the figures that Linux keeps under `/proc`.
//! - [`sysmon`] turns two readings into a record, and a record into a table. It knows no segment: that is what the
//!   example `sysmon` shows.
//! - [`demo`] is the record and the conversation that `shmcreate` and `shmlink` share.
//! - [`ntp`] and [`gpsd`] are records of other programs', for `ntp_shm` and `gpsd_shm`.
//! - [`clock`], [`signals`] and [`pace`] serve all; [`system`] has what systems have each in their own way.

pub mod clock;
pub mod demo;
pub mod gpsd;
pub mod ntp;
pub mod pace;
pub mod proc;
pub mod signals;
pub mod sysmon;
pub mod system;
