//! The kernel's lists of names: what sections there are.
//!
//! # Safety
//!
//! Calls with strings and structures that outlive them, on a handle that is open.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsRawHandle, OwnedHandle};
use std::ptr::null_mut;

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{NtOpenDirectoryObject, NtQueryDirectoryObject};
use windows_sys::Win32::Foundation::{NTSTATUS, RtlNtStatusToDosError, STATUS_NO_MORE_ENTRIES, UNICODE_STRING};
use windows_sys::Win32::System::RemoteDesktop::ProcessIdToSessionId;

use super::handle::{check, owned};
use super::names::Scope;

/// The list of all sessions, which is that of the first one, too.
const GLOBAL: &str = r"\BaseNamedObjects";

/// The names of the sections that a scope has, without the scope's own.
///
/// # Errors
///
/// When the list cannot be read.
pub(super) fn sections(scope: Scope) -> io::Result<Vec<String>> {
    let list = match scope {
        Scope::Global => open(GLOBAL)?,
        // The first session has no list beside the one of all.
        Scope::Local => open(&format!(r"\Sessions\{}\BaseNamedObjects", session()?)).or_else(|_| open(GLOBAL))?,
    };
    let mut names = Vec::new();
    // One entry: two strings, name and kind, and the text of both behind them.
    let mut entry = vec![0u64; 1 << 14];
    let mut context = 0;
    loop {
        // SAFETY: the call writes no more than the bytes that it is given.
        let status = unsafe {
            NtQueryDirectoryObject(
                list.as_raw_handle(),
                entry.as_mut_ptr().cast(),
                size_of_val(&entry[..]) as u32,
                true,
                false,
                &raw mut context,
                null_mut(),
            )
        };
        match status {
            STATUS_NO_MORE_ENTRIES => return Ok(names),
            status if status < 0 => return Err(error_of(status)),
            _ => {}
        }
        let strings: *const [UNICODE_STRING; 2] = entry.as_ptr().cast();
        // SAFETY: the entry begins with two strings, of name and kind, and nobody writes to it meanwhile.
        let [name, kind] = unsafe { &*strings };
        // SAFETY: the text of both stands in the entry.
        let (name, kind) = (unsafe { text(name) }, unsafe { text(kind) });
        if kind == "Section" {
            names.push(name);
        }
    }
}

/// # Safety
///
/// The string's text is there.
unsafe fn text(string: &UNICODE_STRING) -> String {
    if string.Length == 0 {
        // There may be no text at all.
        return String::new();
    }
    // SAFETY: as the caller vouches; the length is in bytes of 16-bit units.
    let units = unsafe { std::slice::from_raw_parts(string.Buffer, usize::from(string.Length) / 2) };
    String::from_utf16_lossy(units)
}

fn session() -> io::Result<u32> {
    let mut session = 0;
    // SAFETY: stores a number.
    check(unsafe { ProcessIdToSessionId(std::process::id(), &raw mut session) })?;
    Ok(session)
}

fn open(path: &str) -> io::Result<OwnedHandle> {
    const QUERY: u32 = 1;
    let path: Vec<u16> = path.encode_utf16().collect();
    let bytes = size_of_val(&path[..]) as u16;
    let name = UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: path.as_ptr().cast_mut() };
    let attributes = OBJECT_ATTRIBUTES {
        Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
        RootDirectory: null_mut(),
        ObjectName: &raw const name,
        Attributes: 0,
        SecurityDescriptor: null_mut::<core::ffi::c_void>().cast(),
        SecurityQualityOfService: null_mut::<core::ffi::c_void>().cast(),
    };
    let mut list = null_mut();
    // SAFETY: name and attributes outlive the call, which stores a handle.
    let status = unsafe { NtOpenDirectoryObject(&raw mut list, QUERY, &raw const attributes) };
    if status < 0 { Err(error_of(status)) } else { owned(list) }
}

/// The error that the kernel's status means.
fn error_of(status: NTSTATUS) -> io::Error {
    // SAFETY: a translation of numbers.
    io::Error::from_raw_os_error(unsafe { RtlNtStatusToDosError(status) } as i32)
}
