//! Types whose memory is their image: what says so, and the two ways between them.
//!
//! # Safety
//!
//! A [`Direct`] that says yes is a promise, which only `unsafe` code can make: its constructors state it. Everything here
//! rests on that promise and on nothing that a safe implementation of [`SharedField`](super::SharedField) says.
#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::columns::Columns;
use super::{Encoding, LoadError, Plain};
use crate::bytes;

/// How the values of a record travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferPath {
    /// The value's memory is its image: bytes are copied between the segment and the value itself.
    Direct,
    /// Bytes are copied between the segment and a private image, from which the value is made, or which is made of it.
    Image,
}

/// Whether the memory of a `V` is its image by the encoding `E`. By default it is not, which is always right.
///
/// The derive finds it out: a record is direct when each of its fields is, none is skipped, each stands in memory where it
/// stands in the image, and there is no padding. `#[repr(C)]` makes sure of the places; without it they are the compiler's
/// choice.
///
/// ```
/// use shmrec::{TransferPath, SharedField, SharedRecord};
///
/// #[derive(SharedRecord)]
/// #[repr(C)]
/// struct Pose { x: f64, y: f64, seq: u64 }
///
/// #[derive(SharedRecord)]
/// struct Named { seq: u64, #[record(capacity = 8)] name: String }
///
/// assert_eq!(Pose::PATH, TransferPath::Direct);
/// assert_eq!(Named::PATH, TransferPath::Image);
/// assert!(!Named::DIRECT.is_direct());
/// ```
pub struct Direct<V, E = Plain> {
    kind: Kind,
    // A promise for one type says nothing of another.
    types: PhantomData<fn(V) -> E>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    No,
    Checked,
    AnyBytes,
}

impl<V, E> Direct<V, E> {
    /// The memory of a `V` is not its image, or nobody knows.
    pub const NO: Self = Self::of(Kind::No);

    /// The memory of a `V` is its image.
    ///
    /// # Safety
    ///
    /// * `size_of::<V>()` is the encoding's `SIZE`. Every byte of every `V` is initialised, and no part of it changes behind
    ///   a shared reference.
    /// * `store` never fails, and writes exactly the bytes that stand in the value's memory.
    /// * Bytes for which `check` returns `Ok` are a valid `V`, the one that `load` makes of them.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn checked() -> Self {
        Self::of(Kind::Checked)
    }

    /// As [`checked`](Self::checked), for a type whose `check` always returns `Ok`.
    ///
    /// # Safety
    ///
    /// As there, of all bytes.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn any_bytes() -> Self {
        Self::of(Kind::AnyBytes)
    }

    /// What is true of a record with these fields, none of them skipped.
    ///
    /// # Safety
    ///
    /// `columns` are those of the fields' images in a `V`. `fields` says of each, in the same order, whether it is direct,
    /// where it begins in the memory of a `V`, and the size of its image. `store`, `load` and `check` are those of the fields,
    /// each on its part of the image.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn of_fields<const N: usize>(columns: &Columns<N>, fields: [InRecord; N]) -> Self {
        let mut kind = Kind::AnyBytes;
        let mut sum = 0;
        let mut i = 0;
        while i < N {
            let field = fields[i];
            match field.kind {
                Kind::No => return Self::NO,
                Kind::Checked => kind = Kind::Checked,
                Kind::AnyBytes => {}
            }
            if field.offset != columns.fields[i].offset {
                return Self::NO;
            }
            sum += field.size;
            i += 1;
        }
        // As many bytes as the fields have leave none for padding, in the memory and in the image.
        if sum != columns.size || sum != size_of::<V>() {
            return Self::NO;
        }
        Self::of(kind)
    }

    /// What is true of a field that begins at `offset` in a record's memory, and whose image has `size` bytes.
    #[doc(hidden)]
    #[must_use]
    pub const fn in_record(self, offset: usize, size: usize) -> InRecord {
        InRecord { kind: self.kind, offset, size }
    }

    /// What is true of an array of such values.
    ///
    /// # Safety
    ///
    /// The encoding `F` does to each element what `E` does, and the elements' images stand one behind the other.
    pub(super) const unsafe fn array<const M: usize, F>(self) -> Direct<[V; M], F> {
        Direct::of(self.kind)
    }

    /// What is true of a type with the memory, and the functions, of a `V`.
    ///
    /// # Safety
    ///
    /// A `W` has the memory layout of a `V` and no rule of its own, and its encoding `F` does what `E` does.
    pub(super) const unsafe fn same_as<W, F>(self) -> Direct<W, F> {
        Direct::of(self.kind)
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, types: PhantomData }
    }

    /// Whether the memory of a `V` is its image.
    #[must_use]
    pub const fn is_direct(self) -> bool {
        !matches!(self.kind, Kind::No)
    }

    /// How records of type `V` travel.
    #[must_use]
    pub const fn path(self) -> TransferPath {
        if self.is_direct() { TransferPath::Direct } else { TransferPath::Image }
    }
}

impl<V, E> Clone for Direct<V, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V, E> Copy for Direct<V, E> {}

impl<V, E> fmt::Debug for Direct<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Direct").field(&self.kind).finish()
    }
}

/// A field as [`Direct::of_fields`] wants to know it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct InRecord {
    kind: Kind,
    offset: usize,
    size: usize,
}

/// The image that stands in the value's own memory, for types that are direct.
#[inline(always)]
pub(crate) fn image<V, E: Encoding<V>>(value: &V) -> Option<&[u8]> {
    if !E::DIRECT.is_direct() {
        return None;
    }
    // SAFETY: `Direct` promises that all bytes of the value are initialised and stay as they are for as long as the borrow.
    Some(unsafe { std::slice::from_raw_parts(std::ptr::from_ref(value).cast(), size_of::<V>()) })
}

/// Makes the value of the bytes that `fill` writes to its memory: `place`, and nothing else.
///
/// # Panics
///
/// When `E` is not direct, or `fill` gives other bytes than those that it was given.
///
/// # Errors
///
/// What `fill` returns, and [`LoadError`] when the bytes are no value.
#[inline(always)]
pub(crate) fn read_at<V, E: Encoding<V>, X: From<LoadError>>(
    place: &mut MaybeUninit<V>,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], X>,
) -> Result<&mut V, X> {
    const { assert!(!E::DIRECT.is_direct() || size_of::<V>() == E::SIZE) };
    assert!(E::DIRECT.is_direct(), "the memory is not the image");
    let to = bytes::of_place(place);
    let (first, len) = (to.as_ptr().cast::<u8>(), to.len());
    let image = fill(to)?;
    // These very bytes as `u8`s are the witness that they have been written.
    assert!(image.as_ptr() == first && image.len() == len, "the bytes of another place");
    if let Kind::Checked = E::DIRECT.kind {
        E::check(image)?;
    }
    // SAFETY: all bytes are initialised, and `Direct` promises that they are a value now that they have passed the check.
    Ok(unsafe { place.assume_init_mut() })
}

/// Replaces a value by that of an image which has passed the check.
///
/// # Panics
///
/// When `E` is not direct, or `image` has another length.
#[inline(always)]
pub(crate) fn overwrite<V, E: Encoding<V>>(value: &mut V, image: &[u8]) -> Result<(), LoadError> {
    assert!(E::DIRECT.is_direct(), "the memory is not the image");
    if let Kind::Checked = E::DIRECT.kind {
        E::check(image)?;
    }
    // SAFETY: the value has so many bytes, which this borrow reaches alone. They are overwritten by those of an image that has
    // passed the check, which `Direct` promises are a value.
    let to = unsafe { std::slice::from_raw_parts_mut(std::ptr::from_mut(value).cast::<u8>(), size_of::<V>()) };
    bytes::replace(to, image);
    Ok(())
}

/// The images of all values of a slice, one behind the other, which stand in its own memory; none for types that are not
/// direct.
#[inline]
pub(super) fn images<V, E: Encoding<V>>(values: &[V]) -> Option<&[u8]> {
    if !E::DIRECT.is_direct() {
        return None;
    }
    // SAFETY: `Direct` promises of each value that all its bytes are initialised and stay as they are for as long as the
    // borrow, and a slice has nothing between its values.
    Some(unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) })
}

/// Replaces the values by those of the first `len` images, which stand one behind the other and have passed their checks.
///
/// # Panics
///
/// When `E` is not direct, or there are fewer images.
#[inline]
pub(super) fn load_all<V, E: Encoding<V>>(values: &mut Vec<V>, images: &[u8], len: usize) {
    const { assert!(!E::DIRECT.is_direct() || size_of::<V>() == E::SIZE) };
    assert!(E::DIRECT.is_direct(), "the memory is not the image");
    let images = &images[..len * E::SIZE];
    values.clear();
    values.reserve_exact(len);
    let place = values.as_mut_ptr().cast::<u8>();
    // SAFETY: room was made for as many values, of as many bytes each as an image has. The two do not overlap: one is
    // borrowed mutably.
    unsafe { std::ptr::copy_nonoverlapping(images.as_ptr(), place, images.len()) };
    // SAFETY: the bytes of so many values have been copied, and `Direct` promises that they are values, as they have passed
    // the check.
    unsafe { values.set_len(len) };
}
