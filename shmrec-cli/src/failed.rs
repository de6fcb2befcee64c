//! Why the command ends without having done its work.

use std::fmt;
use std::io;
use std::process::ExitCode;

use shmrec::{
    CreateError, Error, LinkError, LockError, ReadError, RemoveError, StoreError, SurveyError, WaitError, WriteError,
};

/// The exit codes, which `--help` and `docs/command.md` list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    Permission = 5,
    Timeout = 6,
    Findings = 7,
}

/// An end without success: what went wrong, and what to do.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) code: Code,
    /// Nothing, if all has been said.
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
}

pub(crate) type Outcome<T = ()> = Result<T, Failed>;

impl Failed {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hints: Vec::new() }
    }

    /// An end of which everything has been said already.
    pub(crate) fn silent(code: Code) -> Self {
        Self::new(code, "")
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Said on top of what is known.
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code as u8)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\n  {hint}"))
    }
}

/// Writing to a pipe whose reader has gone is the reader's wish, not a failure.
impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::silent(Code::Failed);
        }
        Self::new(Code::Failed, error.to_string())
    }
}

fn of_read(error: &ReadError) -> Code {
    match error {
        ReadError::Path(_) | ReadError::NotYetWritten(_) | ReadError::NoSuchVersion(_) => Code::NotFound,
        ReadError::Contended(_) => Code::Timeout,
        _ => Code::Failed,
    }
}

fn of_lock(error: &LockError) -> Code {
    match error {
        LockError::Timeout(_) => Code::Timeout,
        _ => Code::Failed,
    }
}

fn of_link(error: &LinkError) -> Code {
    match error {
        LinkError::NotFound(_) | LinkError::NoDirectory(_) => Code::NotFound,
        LinkError::PermissionDenied(_) | LinkError::UntrustedOwner(_) => Code::Permission,
        LinkError::InvalidName(_) => Code::Usage,
        _ => Code::Failed,
    }
}

fn of_remove(error: &RemoveError) -> Code {
    match error {
        RemoveError::NotFound(_) | RemoveError::NoDirectory(_) => Code::NotFound,
        RemoveError::PermissionDenied(_) | RemoveError::StaleForeign(_) => Code::Permission,
        RemoveError::InvalidName(_) => Code::Usage,
        _ => Code::Failed,
    }
}

fn of_write(error: &WriteError) -> Code {
    match error {
        WriteError::Path(_) => Code::NotFound,
        WriteError::Store(_) | WriteError::Invalid(_) | WriteError::OutOfRange(_) => Code::Refused,
        WriteError::Lock(error) => of_lock(error),
        WriteError::Read(error) => of_read(error),
        _ => Code::Failed,
    }
}

fn of_create(error: &CreateError) -> Code {
    match error {
        CreateError::NoDirectory(_) => Code::NotFound,
        CreateError::PermissionDenied(_) | CreateError::StaleForeign(_) => Code::Permission,
        CreateError::InvalidName(_) => Code::Usage,
        _ => Code::Failed,
    }
}

fn of_survey(error: &SurveyError) -> Code {
    match error {
        SurveyError::NoDirectory(_) => Code::NotFound,
        SurveyError::PermissionDenied(_) => Code::Permission,
        SurveyError::InvalidName(_) => Code::Usage,
        _ => Code::Failed,
    }
}

fn of(error: &Error) -> Code {
    match error {
        Error::Link(error) => of_link(error),
        Error::Read(error) => of_read(error),
        Error::Write(error) => of_write(error),
        Error::Lock(error) => of_lock(error),
        Error::Remove(error) => of_remove(error),
        Error::Survey(error) => of_survey(error),
        Error::Wait(WaitError::Timeout(_)) => Code::Timeout,
        Error::Wait(WaitError::Read(error)) => of_read(error),
        Error::Store(_) => Code::Refused,
        Error::Create(error) => of_create(error),
        _ => Code::Failed,
    }
}

macro_rules! from {
    ($($error:ty),*) => {$(
        impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                let error = Error::from(error);
                Self::new(of(&error), error.to_string())
            }
        }
    )*};
}

from!(CreateError, LinkError, ReadError, WriteError, RemoveError, SurveyError, WaitError, StoreError);
