//! Modes that only some systems have, chosen here, once.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub(crate) use unix::run;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use self::windows::run;
