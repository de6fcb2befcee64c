//! What can go wrong, in words.

use std::fmt;
use std::io;

use shmrec_examples::proc::files::Unreadable;

/// Why `sysmon` ended before its time.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The segment.
    Segment(shmrec::Error),
    /// The figures.
    Figures(Unreadable),
    /// Somebody else publishes.
    Taken {
        /// Its process id.
        pid: u32,
    },
    /// Nobody publishes.
    Nobody {
        /// The segment's name.
        name: String,
    },
    /// Publishers came and went.
    Busy,
    /// The publisher that was started here ended; these are its words.
    Publisher(String),
    /// The publisher was not started.
    Spawn(io::Error),
    /// No thread for signals.
    Signals(io::Error),
    /// Nothing could be shown.
    Output(io::Error),
}

impl Failed {
    pub(crate) const TAKEN: u8 = 3;

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Taken { .. } => Self::TAKEN,
            _ => 1,
        }
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Segment(error) => fmt::Display::fmt(error, f),
            Self::Figures(error) => fmt::Display::fmt(error, f),
            Self::Taken { pid } => {
                write!(f, "process {pid} publishes under this name: end it, or take another with --name")
            }
            Self::Nobody { name } => write!(f, "nobody has published as {name:?} in all that time"),
            Self::Busy => f.write_str("publishers came and went under this name: try again"),
            Self::Publisher(words) => write!(f, "the publisher ended: {words}"),
            Self::Spawn(error) => write!(f, "the publisher was not started: {error}"),
            Self::Signals(error) => write!(f, "this program could not prepare for its end: {error}"),
            Self::Output(error) => write!(f, "the table cannot be written: {error}"),
        }
    }
}

impl<E: Into<shmrec::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Segment(error.into())
    }
}
