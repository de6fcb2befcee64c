//! What nobody should feed a segment, and what comes of it: a typed error in time, and nothing touched that is not
//! shmrec's.
//!
//! | module | what is bad |
//! |---|---|
//! | [`names`] | names and options |
//! | [`mismatch`] | another record than the segment's |
//! | [`damaged`] | files that are cut short, of another format, or forged |
//! | [`foreign`] | things under the name that are no segments |
//! | [`limits`] | no space, no directory, no descriptors, no writer slots |
//! | [`scribbles`] | a peer that writes anything anywhere into a live segment |
//! | [`values`] | bytes and values that the record does not admit |

mod damaged;
#[cfg(unix)]
mod foreign;
#[cfg(unix)]
mod limits;
mod mismatch;
mod names;
mod scribbles;
mod values;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use shmrec::{Failure, What};
use shmrec_tests::directory::TestDir;
use shmrec_tests::platform;
use shmrec_tests::records::Counter;

#[cfg(unix)]
const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// Runs `what` on a thread of its own and fails if it has not ended within ten minutes: a bound that ends a hang, even under an
/// emulator on a busy machine.
fn ends<R: Send + 'static>(what: &str, run: impl FnOnce() -> R + Send + 'static) -> R {
    let (ended, end) = channel();
    let thread = std::thread::Builder::new().spawn(move || {
        let outcome = run();
        let _ = ended.send(());
        outcome
    });
    let thread = thread.expect("a thread");
    assert_ne!(end.recv_timeout(Duration::from_secs(600)), Err(RecvTimeoutError::Timeout), "{what} hangs");
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The name of an error's variant.
fn variant(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// What came of everything that can be done with a name: each was refused.
#[derive(Debug)]
struct Refusals(Vec<Refusal>);

struct Refusal {
    operation: &'static str,
    variant: String,
    what: What,
    message: String,
}

/// Creates, links and removes `name` in every way.
///
/// # Panics
///
/// When one of them succeeds, or fails for a reason that is not the file's.
#[track_caller]
fn refusals(dir: &TestDir, name: &str) -> Refusals {
    let options = dir.options();
    let name = name.to_owned();
    let outcomes = ends("an operation on a bad file", move || {
        let (options, name) = (&options, name.as_str());
        let refused = |operation, variant, failure: Option<&Failure>, message| Refusal {
            operation,
            variant,
            what: failure.unwrap_or_else(|| panic!("{operation}: {message}")).what().clone(),
            message,
        };
        macro_rules! refusal {
            ($operation:literal, $outcome:expr) => {{
                let error = match $outcome {
                    Err(error) => error,
                    Ok(_) => panic!("{} succeeded", $operation),
                };
                refused($operation, variant(&error), error.failure(), error.to_string())
            }};
        }
        vec![
            refusal!("link", options.link::<Counter>(name)),
            refusal!("reader", options.reader::<Counter>(name)),
            refusal!("create", options.create::<Counter>(name)),
            refusal!("create_with", options.create_with(name, &Counter::new(1))),
            refusal!(
                "create_or_link",
                match options.create_or_link::<Counter>(name) {
                    Err(shmrec::Error::Link(error)) => Err(error),
                    other => Ok(other),
                }
            ),
            refusal!("remove", options.remove(name)),
        ]
    });
    Refusals(outcomes)
}

impl std::fmt::Debug for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ({:?}), {:?}", self.operation, self.variant, self.what, self.message)
    }
}

impl Refusals {
    /// Checks that all were refused by the variant of this name.
    #[track_caller]
    fn all_are(&self, variant: &str) -> &Self {
        for refusal in &self.0 {
            assert_eq!(refusal.variant, variant, "{refusal:?}");
        }
        self
    }

    /// Checks that all say these words.
    #[track_caller]
    fn say(&self, words: &str) -> &Self {
        for refusal in &self.0 {
            assert!(refusal.message.contains(words), "{refusal:?} does not say {words:?}");
        }
        self
    }

    /// Checks what all say has happened.
    #[track_caller]
    fn what(&self, what: &What) -> &Self {
        for refusal in &self.0 {
            assert_eq!(&refusal.what, what, "{refusal:?}");
        }
        self
    }
}

/// All that can be seen of a file without opening it, and its content where that can be read without harm.
#[derive(Debug, PartialEq, Eq)]
struct Snapshot {
    path: PathBuf,
    len: u64,
    traces: Vec<i64>,
    content: Option<Vec<u8>>,
    target: Option<PathBuf>,
}

impl Snapshot {
    #[track_caller]
    fn of(path: &Path) -> Self {
        let metadata = std::fs::symlink_metadata(path).expect("what has the name is still there");
        // A file that is enormous on paper only.
        let small = metadata.is_file() && metadata.len() < 1 << 24;
        Self {
            path: path.to_owned(),
            len: metadata.len(),
            traces: platform::traces(&metadata),
            content: small.then(|| std::fs::read(path).expect("the file's content")),
            target: std::fs::read_link(path).ok(),
        }
    }

    /// Checks that nothing has happened to it.
    #[track_caller]
    fn is_untouched(&self) {
        let now = Self::of(&self.path);
        assert!(*self == now, "it was {self:?}\nand is {now:?}");
    }
}

/// A segment that persists, holds the record 7, and is in nobody's use.
fn stored(dir: &TestDir, name: &str) {
    drop(dir.options().persist(true).create_with(name, &Counter::new(7)).expect("a new segment"));
}
