//! Private bytes before and after something is written to them.
//!
//! # Safety
//!
//! Views of memory of this program alone. What says that bytes are initialised is a reference to them as `u8`s: every
//! function here that gives one has written them, or is told so by its caller.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use crate::copy;

/// The bytes of a value that is yet to be made.
#[inline(always)]
pub(crate) fn of_place<V>(place: &mut MaybeUninit<V>) -> &mut [MaybeUninit<u8>] {
    of_places(std::slice::from_mut(place))
}

/// The bytes of values that are yet to be made.
#[inline(always)]
pub(crate) fn of_places<V>(places: &mut [MaybeUninit<V>]) -> &mut [MaybeUninit<u8>] {
    let (first, len) = (places.as_mut_ptr().cast(), size_of_val(places));
    // SAFETY: the places have so many bytes, which this borrow reaches alone; nothing is asked of them.
    unsafe { std::slice::from_raw_parts_mut(first, len) }
}

/// The place for a value in some bytes.
///
/// # Panics
///
/// When they are too few, or begin where no such value may stand.
#[inline(always)]
pub(crate) fn place<V>(bytes: &mut [MaybeUninit<u8>]) -> &mut MaybeUninit<V> {
    let place: *mut MaybeUninit<V> = bytes.as_mut_ptr().cast();
    assert!(bytes.len() >= size_of::<V>() && place.is_aligned(), "no place for a value");
    // SAFETY: as many bytes, aligned, which this borrow reaches alone; nothing is asked of them.
    unsafe { &mut *place }
}

/// Bytes that may be written once more.
///
/// # Safety
///
/// Nothing that is not initialised is written to them.
#[inline(always)]
pub(crate) unsafe fn of_bytes(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the same memory for as long, and the caller vouches that it stays initialised.
    unsafe { &mut *(&raw mut *bytes as *mut [MaybeUninit<u8>]) }
}

/// Bytes that have been written.
///
/// # Safety
///
/// All of them have been.
#[inline(always)]
pub(crate) unsafe fn assume_init(bytes: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the same memory for as long, and the caller vouches that it is initialised.
    unsafe { &mut *(&raw mut *bytes as *mut [u8]) }
}

/// Writes `from` to all of `to`.
///
/// # Panics
///
/// When the two have different lengths.
#[inline(always)]
pub(crate) fn fill<'t>(to: &'t mut [MaybeUninit<u8>], from: &[u8]) -> &'t mut [u8] {
    copy::copy_private(from, to);
    // SAFETY: just written from `u8`s.
    unsafe { assume_init(to) }
}

/// Writes `from` over all of `to`.
///
/// # Panics
///
/// When the two have different lengths.
#[inline(always)]
pub(crate) fn replace(to: &mut [u8], from: &[u8]) {
    // SAFETY: what is written to them is `u8`s.
    copy::copy_private(from, unsafe { of_bytes(to) });
}

/// Writes `parts` to `to`, one behind the other.
///
/// # Panics
///
/// When they are not exactly as many bytes.
pub(crate) fn gather<'t, 'p>(to: &'t mut [MaybeUninit<u8>], parts: impl Iterator<Item = &'p [u8]>) -> &'t mut [u8] {
    let mut filled = 0;
    for part in parts {
        fill(&mut to[filled..filled + part.len()], part);
        filled += part.len();
    }
    assert!(filled == to.len(), "the parts are fewer bytes than their target");
    // SAFETY: as many bytes as `to` has were written, from its first on.
    unsafe { assume_init(to) }
}

/// Writes zeros.
#[inline(always)]
pub(crate) fn zeroed(to: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    to.fill(MaybeUninit::new(0));
    // SAFETY: just written.
    unsafe { assume_init(to) }
}
