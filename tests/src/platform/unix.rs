//! UNIX: files, signals, user ids.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FlockOperation;
use rustix::process::{Pid, Signal};

/// The number of an error that says that something is not permitted.
pub const DENIED: i32 = 13;
/// The number of an error that says that something is there already.
pub const EXISTS: i32 = 17;
/// The number of an error that says that something is not there.
pub const NOT_THERE: i32 = 2;

/// Whether every file system keeps the permission bits of files.
pub const FILES_HAVE_MODES: bool = true;

/// The kinds of places where other programs' records are.
pub const FOREIGN_PLACES: &[&str] = &["key", "posix", "file"];

/// Whether permission bits of a directory keep anybody from making files in it.
pub const DIRECTORIES_HAVE_MODES: bool = true;

/// Nothing: permission bits of a file are not about its removal.
pub fn let_remove(_file: &Path) {}

/// Where the tests make their directories.
#[must_use]
pub fn base_directory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}

/// Changes permission bits.
///
/// # Panics
///
/// When that fails.
pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
}

/// The segments in a directory that have no file.
#[must_use]
pub fn names_without_files(_directory: &Path) -> Vec<String> {
    vec![]
}

/// The number of this process's user.
#[must_use]
pub fn user_number() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether this process may become other users.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives a segment's file to another user.
///
/// # Panics
///
/// When this process is not root.
pub fn give_away(file: &Path) {
    std::os::unix::fs::chown(file, Some(65534), None).expect("chown");
}

/// All about a file that changes when somebody touches it.
#[must_use]
pub fn traces(metadata: &Metadata) -> Vec<i64> {
    let numbers = [metadata.ino(), metadata.mode().into(), metadata.nlink()];
    numbers.into_iter().map(|n| n as i64).chain([metadata.ctime(), metadata.ctime_nsec()]).collect()
}

/// What starts `program`, with a umask if there is one, and by what the environment says that programs are run by: an
/// emulator of their processor and its arguments.
#[must_use]
pub fn command(program: &OsStr, umask: Option<u32>) -> Command {
    let runner = std::env::var("SHMREC_TEST_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace().map(OsStr::new).chain([program]);
    let mut command = match umask {
        // The shell's umask is the only way to set one without code between fork and exec.
        Some(mask) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("umask {mask:03o}; exec \"$0\" \"$@\""));
            shell
        }
        None => Command::new(words.next().expect("the program at least")),
    };
    command.args(words);
    command
}

/// Has the command run as another user.
pub fn set_user(command: &mut Command, uid: u32) {
    command.uid(uid).gid(uid);
}

/// Stops a process, and waits until it has stopped.
///
/// # Panics
///
/// When that fails.
pub fn stop(child: &Child) {
    rustix::process::kill_process(Pid::from_child(child), Signal::STOP).expect("the peer lives");
    let stat = format!("/proc/{}/stat", child.id());
    crate::until("the peer stops", || {
        let text = std::fs::read_to_string(&stat).unwrap_or_default();
        // The state is behind the name, which is in parentheses.
        text.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    });
}

/// Lets a stopped process go on.
///
/// # Panics
///
/// When that fails.
pub fn resume(child: &Child) {
    rustix::process::kill_process(Pid::from_child(child), Signal::CONT).expect("the peer lives");
}

/// Whether something, or the end, can be read without waiting.
///
/// # Panics
///
/// When the system does not say.
#[must_use]
pub fn can_be_read(output: &ChildStdout) -> bool {
    let mut output = [PollFd::new(output, PollFlags::IN)];
    poll(&mut output, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })).expect("poll") > 0
}

/// Locks a file against those who pass it, waiting for them.
///
/// # Panics
///
/// When that fails.
pub fn close_gate(gate: &File) {
    rustix::fs::flock(gate, FlockOperation::LockExclusive).expect("the gate closes");
}

/// Lets those go who wait at a gate.
///
/// # Panics
///
/// When that fails.
pub fn open_gate(gate: &File) {
    rustix::fs::flock(gate, FlockOperation::Unlock).expect("the gate opens");
}

/// Waits until the gate is open.
///
/// # Panics
///
/// When that fails.
pub fn pass_gate(gate: &File) {
    rustix::fs::flock(gate, FlockOperation::LockShared).expect("the gate opens");
    open_gate(gate);
}

/// A segment's bytes.
#[derive(Debug)]
pub struct Bytes(File);

impl Bytes {
    /// Opens those of the segment that has the file `path`, for writing where that is permitted.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        File::options().read(true).write(true).open(path).or_else(|_| File::open(path)).map(Self)
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.0
    }

    /// Reads bytes.
    ///
    /// # Errors
    ///
    /// When there are not so many.
    pub fn read(&self, at: u64, to: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(to, at)
    }

    /// Writes bytes.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }
}
