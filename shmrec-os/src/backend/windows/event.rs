//! Events: what sleepers wait on, and, by being there at all, the sign that somebody lives.
//!
//! # Safety
//!
//! Calls on handles that are open, with names that end with a NUL.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle};
use std::time::Duration;

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE, GetLastError, SetLastError,
    WAIT_OBJECT_0,
};
use windows_sys::Win32::Storage::FileSystem::{READ_CONTROL, SYNCHRONIZE};
use windows_sys::Win32::System::Threading::{
    CREATE_EVENT_MANUAL_RESET, CreateEventExW, EVENT_MODIFY_STATE, OpenEventW, ResetEvent, SetEvent,
    WaitForSingleObject,
};

use super::handle::{is, owned, wide};
use super::security::Descriptor;

/// An event that this process has open.
#[derive(Debug)]
pub(super) struct Event(OwnedHandle);

/// What somebody does with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Looks whose it is, or waits.
    Wait,
    /// Sets and resets it, too.
    Set,
}

impl Use {
    fn rights(self) -> u32 {
        match self {
            Self::Wait => SYNCHRONIZE | READ_CONTROL,
            Self::Set => SYNCHRONIZE | READ_CONTROL | EVENT_MODIFY_STATE,
        }
    }
}

/// What came of creating or opening an event by name.
#[derive(Debug)]
pub(super) enum Named {
    /// It was not there.
    Fresh(Event),
    /// It was there.
    Found(Event),
    /// It is not there.
    NotFound,
    /// Something has the name that this user may not open, or that is no event.
    Denied,
}

impl Named {
    /// The event, whoever made it.
    pub(super) fn either(self) -> Option<Event> {
        match self {
            Self::Fresh(event) | Self::Found(event) => Some(event),
            Self::NotFound | Self::Denied => None,
        }
    }
}

impl Event {
    /// Creates the event `name`, or opens the one that there is. `stays` says whether it stays set until it is reset, or
    /// lets one sleeper go each time.
    pub(super) fn create(name: &str, stays: bool, for_use: Use, descriptor: &Descriptor) -> io::Result<Named> {
        let (name, attributes) = (wide(name), descriptor.attributes());
        let flags = if stays { CREATE_EVENT_MANUAL_RESET } else { 0 };
        // SAFETY: a number of this thread's.
        unsafe { SetLastError(0) };
        // SAFETY: name and attributes outlive the call.
        let handle = unsafe { CreateEventExW(&raw const attributes, name.as_ptr(), flags, for_use.rights()) };
        // SAFETY: as above. Between the two calls nothing else is called.
        let existed = unsafe { GetLastError() } == ERROR_ALREADY_EXISTS;
        match owned(handle) {
            Ok(handle) if existed => Ok(Named::Found(Self(handle))),
            Ok(handle) => Ok(Named::Fresh(Self(handle))),
            Err(error) => named(error),
        }
    }

    /// Opens the event `name`.
    pub(super) fn open(name: &str, for_use: Use) -> io::Result<Named> {
        let name = wide(name);
        // SAFETY: the name outlives the call.
        match owned(unsafe { OpenEventW(for_use.rights(), 0, name.as_ptr()) }) {
            Ok(handle) => Ok(Named::Found(Self(handle))),
            Err(error) => named(error),
        }
    }

    /// Lets sleepers go.
    pub(super) fn set(&self) {
        // SAFETY: the handle is open. Where this user may not, sleepers look again by themselves.
        let _ = unsafe { SetEvent(self.0.as_raw_handle()) };
    }

    /// Takes back that it was set.
    pub(super) fn reset(&self) {
        // SAFETY: as for `set`.
        let _ = unsafe { ResetEvent(self.0.as_raw_handle()) };
    }

    /// Waits until it is set, at most for `timeout`, which is bounded by milliseconds; says whether it was.
    pub(super) fn wait(&self, timeout: Duration) -> bool {
        let millis = timeout.as_nanos().div_ceil(1_000_000).min(60_000) as u32;
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), millis) == WAIT_OBJECT_0 }
    }
}

impl AsHandle for Event {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

fn named(error: io::Error) -> io::Result<Named> {
    if is(&error, ERROR_FILE_NOT_FOUND) {
        Ok(Named::NotFound)
    } else if is(&error, ERROR_ACCESS_DENIED) || is(&error, ERROR_INVALID_HANDLE) {
        Ok(Named::Denied)
    } else {
        Err(error)
    }
}
