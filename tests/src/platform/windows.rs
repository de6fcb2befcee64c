//! Windows: sections, files, and calls that only the kernel's own library has.
//!
//! # Safety
//!
//! Calls on handles that are open, with structures of the types that they take. A view of a segment lives as long as what
//! it is in, and is copied byte by byte with atomic accesses.
#![allow(unsafe_code)]

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::windows::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU8, Ordering};

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{NtOpenDirectoryObject, NtQueryDirectoryObject};
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, GetFileInformationByHandle, LOCKFILE_EXCLUSIVE_LOCK,
    LockFileEx, UnlockFileEx,
};
use windows_sys::Win32::System::IO::OVERLAPPED;
use windows_sys::Win32::System::Memory::{
    FILE_MAP_READ, FILE_MAP_WRITE, MEMORY_BASIC_INFORMATION, MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile,
    OpenFileMappingW, UnmapViewOfFile, VirtualQuery,
};
use windows_sys::Win32::System::Pipes::PeekNamedPipe;
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;

/// The number of an error that says that something is not permitted.
pub const DENIED: i32 = 5;
/// The number of an error that says that something is there already.
pub const EXISTS: i32 = 183;
/// The number of an error that says that something is not there.
pub const NOT_THERE: i32 = 2;

#[link(name = "ntdll.dll", kind = "raw-dylib", modifiers = "+verbatim")]
unsafe extern "system" {
    fn NtSuspendProcess(process: HANDLE) -> NTSTATUS;
    fn NtResumeProcess(process: HANDLE) -> NTSTATUS;
}

/// Whether every file system keeps the permission bits of files. Wine's, which are those of the Linux below, do not.
pub const FILES_HAVE_MODES: bool = false;

/// The kinds of places where other programs' records are.
pub const FOREIGN_PLACES: &[&str] = &["file"];

/// Whether permission bits of a directory keep anybody from making files in it.
pub const DIRECTORIES_HAVE_MODES: bool = false;

/// Lets the owner remove a file whose permission bits let him only read it: Wine takes such a file for one that is marked as
/// read-only, which Windows does not remove.
///
/// # Panics
///
/// When it is not there.
#[allow(clippy::permissions_set_readonly_false, reason = "it is about to go")]
pub fn let_remove(file: &Path) {
    let mut permissions = std::fs::metadata(file).expect("the file").permissions();
    permissions.set_readonly(false);
    std::fs::set_permissions(file, permissions).expect("this user's file");
}

/// Where the tests make their directories.
#[must_use]
pub fn base_directory() -> PathBuf {
    std::env::temp_dir()
}

/// Nothing: directories have no such bits.
pub fn set_mode(_path: &Path, _mode: u32) {}

/// The segments in a directory that have no file: they are in the kernel's list of this session's names.
///
/// # Panics
///
/// When the list cannot be read.
#[must_use]
pub fn names_without_files(directory: &Path) -> Vec<String> {
    let suffix = suffix_of(directory);
    session_names().iter().filter_map(|name| name.strip_suffix(&suffix).map(str::to_owned)).collect()
}

/// What stands behind the name of a segment's section, for the directory.
///
/// # Panics
///
/// When the directory is not there.
#[must_use]
pub fn suffix_of(directory: &Path) -> String {
    let directory = File::options()
        .access_mode(0)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(directory)
        .expect("the test's directory");
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is the one that the call writes.
    let known = unsafe { GetFileInformationByHandle(directory.as_raw_handle(), &raw mut information) };
    assert_ne!(known, 0, "the number of the test's directory");
    let index = u64::from(information.nFileIndexHigh) << 32 | u64::from(information.nFileIndexLow);
    format!(".{:x}-{index:x}", information.dwVolumeSerialNumber)
}

/// The names of this session's objects.
fn session_names() -> Vec<String> {
    const QUERY: u32 = 1;
    let mut session = 0;
    // SAFETY: stores a number.
    unsafe { ProcessIdToSessionId(std::process::id(), &raw mut session) };
    let path: Vec<u16> = format!(r"\Sessions\{session}\BaseNamedObjects").encode_utf16().collect();
    let bytes = (2 * path.len()) as u16;
    let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: path.as_ptr().cast_mut() };
    let attributes = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: &raw const name,
        Attributes: 0,
        SecurityDescriptor: null_mut::<core::ffi::c_void>().cast(),
        SecurityQualityOfService: null_mut::<core::ffi::c_void>().cast(),
    };
    let mut directory = null_mut();
    // SAFETY: name and attributes outlive the call, which stores a handle that is then ours.
    let status = unsafe { NtOpenDirectoryObject(&raw mut directory, QUERY, &raw const attributes) };
    assert!(status >= 0, "the list of this session's names: {status:#x}");
    // SAFETY: as said.
    let directory = unsafe { OwnedHandle::from_raw_handle(directory) };
    let mut names = vec![];
    let mut context = 0;
    loop {
        // One entry: two strings, name and kind, whose text stands behind them.
        let mut entry = [0u64; 512];
        // SAFETY: the call writes no more than the bytes that it is given.
        let status = unsafe {
            NtQueryDirectoryObject(
                directory.as_raw_handle(),
                entry.as_mut_ptr().cast(),
                size_of_val(&entry) as u32,
                true,
                false,
                &raw mut context,
                null_mut(),
            )
        };
        if status != 0 {
            return names;
        }
        let name: *const UNICODE_STRING = entry.as_ptr().cast();
        // SAFETY: the entry begins with the name's string.
        let name = unsafe { &*name };
        // SAFETY: the text stands in the entry.
        let text = unsafe { std::slice::from_raw_parts(name.Buffer, usize::from(name.Length) / 2) };
        names.push(String::from_utf16_lossy(text));
    }
}

/// The number of this process's user.
#[must_use]
pub fn user_number() -> u32 {
    shmrec_os::this_creator().uid
}

/// Whether this process may become other users: no, not here.
#[must_use]
pub fn is_root() -> bool {
    false
}

/// Gives a segment's file to another user.
///
/// # Panics
///
/// Always: only root asks for it.
pub fn give_away(_file: &Path) {
    unreachable!("nobody is root here");
}

/// All about a file that changes when somebody touches it.
#[must_use]
pub fn traces(metadata: &Metadata) -> Vec<i64> {
    vec![metadata.file_attributes().into(), metadata.creation_time() as i64, metadata.last_write_time() as i64]
}

/// The program's command.
///
/// # Panics
///
/// With a umask: there is none here.
#[must_use]
pub fn command(program: &OsStr, umask: Option<u32>) -> Command {
    assert_eq!(umask, None, "Windows has no umask");
    Command::new(program)
}

/// Has the command run as another user.
///
/// # Panics
///
/// Always: only root asks for it.
pub fn set_user(_command: &mut Command, _uid: u32) {
    unreachable!("nobody is root here");
}

/// Stops a process.
///
/// # Panics
///
/// When that fails.
pub fn stop(child: &Child) {
    // SAFETY: the handle is open.
    let status = unsafe { NtSuspendProcess(child.as_raw_handle()) };
    assert!(status >= 0, "the peer lives: {status:#x}");
}

/// Lets a stopped process go on.
///
/// # Panics
///
/// When that fails.
pub fn resume(child: &Child) {
    // SAFETY: the handle is open.
    let status = unsafe { NtResumeProcess(child.as_raw_handle()) };
    assert!(status >= 0, "the peer lives: {status:#x}");
}

/// Whether something, or the end, can be read without waiting.
#[must_use]
pub fn can_be_read(output: &ChildStdout) -> bool {
    let mut bytes = 0;
    // SAFETY: the pipe is open, and a number is all that the call stores. It fails at the pipe's end.
    let open = unsafe { PeekNamedPipe(output.as_raw_handle(), null_mut(), 0, null_mut(), &raw mut bytes, null_mut()) };
    open == 0 || bytes > 0
}

fn lock(gate: &File, flags: u32) {
    let mut overlapped = OVERLAPPED::default();
    // SAFETY: the handle is open, and waits itself; the structure outlives the call.
    let locked = unsafe { LockFileEx(gate.as_raw_handle(), flags, 0, 1, 0, &raw mut overlapped) };
    assert_ne!(locked, 0, "the gate: {}", io::Error::last_os_error());
}

/// Locks a file against those who pass it, waiting for them.
///
/// # Panics
///
/// When that fails.
pub fn close_gate(gate: &File) {
    lock(gate, LOCKFILE_EXCLUSIVE_LOCK);
}

/// Lets those go who wait at a gate.
///
/// # Panics
///
/// When that fails.
pub fn open_gate(gate: &File) {
    let mut overlapped = OVERLAPPED::default();
    // SAFETY: as for the lock.
    let unlocked = unsafe { UnlockFileEx(gate.as_raw_handle(), 0, 1, 0, &raw mut overlapped) };
    assert_ne!(unlocked, 0, "the gate: {}", io::Error::last_os_error());
}

/// Waits until the gate is open.
///
/// # Panics
///
/// When that fails.
pub fn pass_gate(gate: &File) {
    lock(gate, 0);
    open_gate(gate);
}

/// A segment's bytes.
#[derive(Debug)]
pub enum Bytes {
    /// A persistent segment's file.
    File(File),
    /// A segment's memory. Does not keep it alive, and is not one of its users.
    View(View),
}

/// A view of a section that this process does not have open.
#[derive(Debug)]
pub struct View {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: an address range of the process, accessed by atomics.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    fn open(path: &Path) -> io::Result<Self> {
        let directory = path.parent().expect("the segment's directory");
        let name = path.file_name().and_then(OsStr::to_str).expect("the segment's name");
        let section: Vec<u16> = format!(r"Local\{name}{}", suffix_of(directory)).encode_utf16().chain([0]).collect();
        let address = [FILE_MAP_READ | FILE_MAP_WRITE, FILE_MAP_READ].iter().find_map(|access| {
            // SAFETY: the name ends with a NUL; what the call returns is then ours.
            let handle = unsafe { OpenFileMappingW(*access, 0, section.as_ptr()) };
            if handle.is_null() {
                return None;
            }
            // SAFETY: as said.
            let handle = unsafe { OwnedHandle::from_raw_handle(handle) };
            // SAFETY: the section is open.
            NonNull::new(unsafe { MapViewOfFile(handle.as_raw_handle(), *access, 0, 0, 0) }.Value.cast())
        });
        let start: NonNull<u8> = address.ok_or_else(io::Error::last_os_error)?;
        let mut region = MEMORY_BASIC_INFORMATION::default();
        // SAFETY: writes the structure that it is given.
        unsafe { VirtualQuery(start.as_ptr().cast(), &raw mut region, size_of::<MEMORY_BASIC_INFORMATION>()) };
        Ok(Self { start, len: region.RegionSize })
    }

    fn bytes(&self, at: u64, len: usize) -> io::Result<impl Iterator<Item = &AtomicU8>> {
        let at = at as usize;
        let end = at.checked_add(len).filter(|end| *end <= self.len).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((at..end).map(|at| {
            // SAFETY: the byte lies in the view.
            let byte = unsafe { self.start.as_ptr().add(at) };
            // SAFETY: as above; accesses are atomic.
            unsafe { AtomicU8::from_ptr(byte) }
        }))
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: nobody else has the view.
        unsafe { UnmapViewOfFile(MEMORY_MAPPED_VIEW_ADDRESS { Value: self.start.as_ptr().cast() }) };
    }
}

impl Bytes {
    /// Opens those of the segment that has the file `path`, or would have it if it persisted; for writing where that is
    /// permitted.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        match File::options().read(true).write(true).open(path).or_else(|_| File::open(path)) {
            Ok(file) => Ok(Self::File(file)),
            Err(_) => View::open(path).map(Self::View),
        }
    }

    /// The file.
    ///
    /// # Panics
    ///
    /// When the segment has none.
    #[must_use]
    pub fn file(&self) -> &File {
        match self {
            Self::File(file) => file,
            Self::View(_) => panic!("this segment has no file"),
        }
    }

    /// Reads bytes.
    ///
    /// # Errors
    ///
    /// When there are not so many.
    pub fn read(&self, at: u64, to: &mut [u8]) -> io::Result<()> {
        match self {
            Self::File(file) => {
                let mut read = 0;
                while read < to.len() {
                    match file.seek_read(&mut to[read..], at + read as u64)? {
                        0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                        n => read += n,
                    }
                }
            }
            Self::View(view) => {
                let bytes = view.bytes(at, to.len())?;
                to.iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte.load(Ordering::Relaxed));
            }
        }
        Ok(())
    }

    /// Writes bytes.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => match file.seek_write(bytes, at)? {
                n if n == bytes.len() => {}
                _ => return Err(io::ErrorKind::WriteZero.into()),
            },
            Self::View(view) => {
                view.bytes(at, bytes.len())?.zip(bytes).for_each(|(to, byte)| to.store(*byte, Ordering::Relaxed));
            }
        }
        Ok(())
    }
}
