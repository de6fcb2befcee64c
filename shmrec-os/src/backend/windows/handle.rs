//! Handles of the kernel, strings as it takes them, and the numbers of its errors.
//!
//! # Safety
//!
//! A handle that a call returns belongs to the caller alone, and becomes an `OwnedHandle` here, once.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Wdk::Foundation::{NtQueryObject, OBJECT_INFORMATION_CLASS};
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE, WIN32_ERROR};

/// A string as the wide functions take it, with its NUL.
pub(super) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// What a call that creates or opens something has returned.
///
/// # Errors
///
/// The error of the call that has just failed.
pub(super) fn owned(handle: HANDLE) -> io::Result<OwnedHandle> {
    if handle.is_null() || handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has returned a handle that nobody else knows.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// The result of a call that returns a `BOOL`.
pub(super) fn check(outcome: windows_sys::core::BOOL) -> io::Result<()> {
    if outcome == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Whether an error has this number.
pub(super) fn is(error: &io::Error, number: WIN32_ERROR) -> bool {
    error.raw_os_error() == Some(number as i32)
}

/// How many handles the object behind `handle` has, in all processes together.
///
/// # Errors
///
/// When the kernel does not say.
pub(super) fn handle_count(handle: impl AsHandle) -> io::Result<usize> {
    const BASIC: OBJECT_INFORMATION_CLASS = 0;
    // Attributes, granted access, handle count, pointer count, and ten numbers that are reserved.
    let mut information = [0u32; 14];
    // SAFETY: the handle is open, and the call writes at most the bytes that it is given.
    let status = unsafe {
        NtQueryObject(
            handle.as_handle().as_raw_handle(),
            BASIC,
            information.as_mut_ptr().cast(),
            size_of_val(&information) as u32,
            std::ptr::null_mut(),
        )
    };
    // A class that every handle may ask for: it fails on no handle that is open.
    if status < 0 { Err(io::ErrorKind::Unsupported.into()) } else { Ok(information[2] as usize) }
}
