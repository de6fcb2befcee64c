//! Sections: memory with a name, and the memory of files.
//!
//! # Safety
//!
//! A view is unmapped once, by its only owner. How much of it can be touched is what the kernel says of the view, never
//! what somebody wrote into it.
#![allow(unsafe_code)]

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle};
use std::ptr::{NonNull, null};

use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_ALREADY_EXISTS, ERROR_FILE_NOT_FOUND, ERROR_INVALID_HANDLE, GetLastError,
    INVALID_HANDLE_VALUE, SetLastError,
};
use windows_sys::Win32::Storage::FileSystem::READ_CONTROL;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_READ, FILE_MAP_WRITE, MEM_COMMIT, MEMORY_BASIC_INFORMATION,
    MEMORY_MAPPED_VIEW_ADDRESS, MapViewOfFile, OpenFileMappingW, PAGE_READONLY, PAGE_READWRITE, UnmapViewOfFile,
    VirtualQuery,
};

use super::handle::{is, owned, wide};
use super::security::{Descriptor, no_attributes};
use crate::backend::mapping::Mapping;

/// A section that this process has open.
#[derive(Debug)]
pub(super) struct Section(OwnedHandle);

/// What came of creating or opening a section by name.
#[derive(Debug)]
pub(super) enum Named {
    /// It was not there, and is this process's now, with nothing but zeros in it.
    Fresh(Section),
    /// It was there.
    Found(Section),
    /// It is not there.
    NotFound,
    /// It is there and this user may not, or it is not there and this user may not create it.
    Denied(io::Error),
    /// The name belongs to something that is no section.
    OtherKind,
}

impl Section {
    /// Creates the section `name` of `len` bytes, or opens the one that has the name.
    pub(super) fn create(name: &str, len: u64, descriptor: &Descriptor) -> io::Result<Named> {
        let (name, attributes) = (wide(name), descriptor.attributes());
        let (high, low) = ((len >> 32) as u32, len as u32);
        // SAFETY: a number of this thread's.
        unsafe { SetLastError(0) };
        // SAFETY: name and attributes outlive the call; without a file the memory is the system's own.
        let handle = unsafe {
            CreateFileMappingW(INVALID_HANDLE_VALUE, &raw const attributes, PAGE_READWRITE, high, low, name.as_ptr())
        };
        // SAFETY: as above. Between the two calls nothing else is called.
        let existed = unsafe { GetLastError() } == ERROR_ALREADY_EXISTS;
        match owned(handle) {
            Ok(handle) if existed => Ok(Named::Found(Self(handle))),
            Ok(handle) => Ok(Named::Fresh(Self(handle))),
            Err(error) => named(error),
        }
    }

    /// Opens the section `name`.
    pub(super) fn open(name: &str, writable: bool) -> io::Result<Named> {
        let name = wide(name);
        let access = FILE_MAP_READ | READ_CONTROL | if writable { FILE_MAP_WRITE } else { 0 };
        // SAFETY: the name outlives the call.
        match owned(unsafe { OpenFileMappingW(access, 0, name.as_ptr()) }) {
            Ok(handle) => Ok(Named::Found(Self(handle))),
            Err(error) => named(error),
        }
    }

    /// The memory of a file, all of it as it is now.
    pub(super) fn of_file(file: impl AsHandle, writable: bool) -> io::Result<Self> {
        let protection = if writable { PAGE_READWRITE } else { PAGE_READONLY };
        let file = file.as_handle().as_raw_handle();
        // SAFETY: the file is open. No name, and no attributes.
        owned(unsafe { CreateFileMappingW(file, no_attributes(), protection, 0, 0, null()) }).map(Self)
    }

    /// Maps all of it that can be touched.
    pub(super) fn map(&self, writable: bool) -> io::Result<Mapping> {
        let access = if writable { FILE_MAP_READ | FILE_MAP_WRITE } else { FILE_MAP_READ };
        // SAFETY: the section is open; a length of 0 is all of it.
        let address = unsafe { MapViewOfFile(self.0.as_raw_handle(), access, 0, 0, 0) };
        let start = NonNull::new(address.Value.cast()).ok_or_else(io::Error::last_os_error)?;
        let view = View(start);
        let len = view.committed()?;
        // SAFETY: a view begins at a page, and so many bytes of it have memory, until it is unmapped: what of a section is
        // committed stays so.
        Ok(unsafe { Mapping::new(start, len, writable, view) })
    }
}

impl AsHandle for Section {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }
}

fn named(error: io::Error) -> io::Result<Named> {
    if is(&error, ERROR_FILE_NOT_FOUND) {
        Ok(Named::NotFound)
    } else if is(&error, ERROR_ACCESS_DENIED) {
        Ok(Named::Denied(error))
    } else if is(&error, ERROR_INVALID_HANDLE) {
        Ok(Named::OtherKind)
    } else {
        Err(error)
    }
}

/// A mapped view of a section.
#[derive(Debug)]
pub(crate) struct View(NonNull<u8>);

impl View {
    /// Bytes from the start that have memory behind them. A section can be made with less than its length, and a load of
    /// the rest would be an access violation.
    fn committed(&self) -> io::Result<usize> {
        let mut region = MEMORY_BASIC_INFORMATION::default();
        // SAFETY: asks about an address, whatever is there, and writes the structure that it is given.
        let written =
            unsafe { VirtualQuery(self.0.as_ptr().cast(), &raw mut region, size_of::<MEMORY_BASIC_INFORMATION>()) };
        if written == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(if region.State == MEM_COMMIT { region.RegionSize } else { 0 })
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let address = MEMORY_MAPPED_VIEW_ADDRESS { Value: self.0.as_ptr().cast() };
        // SAFETY: the view was mapped by `Section::map`, and this is its only owner.
        unsafe { UnmapViewOfFile(address) };
    }
}
