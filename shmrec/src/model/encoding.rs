//! Encodings: how a value of a given type becomes an image, where the type alone does not say.
//!
//! # Safety
//!
//! The only `unsafe` here hands a promise of derived code on to `columns`, where it is explained.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::columns::{Column, Done, Visit};
use super::{Direct, FieldDesc, LoadError, SharedField, StoreError, TypeDesc};

/// A way to store values of type `V` in a fixed number of bytes.
///
/// Most fields are [`Plain`]: their type is a [`SharedField`] and says how itself. A `String` has no fixed size; with
/// `#[record(capacity = 32)]` the derive stores it through [`Capacity<32>`](Capacity).
///
/// The methods are those of [`SharedField`], with the same contracts.
#[diagnostic::on_unimplemented(
    message = "`{V}` cannot be stored this way in a shared record",
    label = "no encoding for this type",
    note = "`#[record(capacity = N)]` is for `String`, `Vec<T>`, `Box<[T]>`, and for arrays, options and tuples of them: a type that has a fixed size already needs none"
)]
pub trait Encoding<V>: Sized {
    /// Bytes of one image, a multiple of `ALIGN`.
    const SIZE: usize;
    /// Alignment of the image inside a record, in bytes; a power of two, at most 64.
    const ALIGN: usize;
    /// The description that goes into schema and fingerprint.
    const TYPE: TypeDesc;
    /// Whether a value's memory is its image; see [`Direct`].
    const DIRECT: Direct<V, Self> = Direct::NO;

    /// As [`SharedField::store`].
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the value does not fit.
    fn store(value: &V, image: &mut [u8]) -> Result<(), StoreError>;

    /// As [`SharedField::load`].
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the bytes are no value of `V`.
    fn load(image: &[u8]) -> Result<V, LoadError>;

    /// As [`SharedField::check`].
    ///
    /// # Errors
    ///
    /// The error that `load` would give.
    fn check(image: &[u8]) -> Result<(), LoadError> {
        Self::load(image).map(drop)
    }

    /// As [`SharedField::load_into`].
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn load_into(value: &mut V, image: &[u8]) -> Result<(), LoadError> {
        *value = Self::load(image)?;
        Ok(())
    }

    /// As [`SharedField::load_at`].
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn load_at<'a>(image: &[u8], place: &'a mut MaybeUninit<V>) -> Result<&'a mut V, LoadError> {
        Ok(place.write(Self::load(image)?))
    }

    /// What derived code lays out.
    #[doc(hidden)]
    const COLUMN: Column = Column::of::<V, Self>();

    /// What derived code calls to do something to a field.
    ///
    /// # Safety
    ///
    /// As [`Visit::field`].
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn visit<O: Visit>(op: &mut O, at: *const V, field: &'static FieldDesc) -> Result<Done, O::Error> {
        // SAFETY: the caller promises the same.
        unsafe { op.field::<V, Self>(at, field) }
    }

    /// What derived code calls to store a field of the record or enum that has this image; `variant` is empty in a record.
    #[doc(hidden)]
    #[inline(always)]
    fn store_field(value: &V, image: &mut [u8], field: &FieldDesc, variant: &str) -> Result<(), StoreError> {
        match Self::store(value, &mut image[field.offset..field.offset + Self::SIZE]) {
            Ok(()) => Ok(()),
            Err(error) => Err(not_stored(error, field, variant)),
        }
    }

    /// What derived code calls to load a field of the enum that has this image.
    #[doc(hidden)]
    #[inline(always)]
    fn load_field(image: &[u8], field: &FieldDesc, variant: &str) -> Result<V, LoadError> {
        match Self::load(&image[field.offset..field.offset + Self::SIZE]) {
            Ok(value) => Ok(value),
            Err(error) => Err(not_loaded(error, field, variant)),
        }
    }

    /// What derived code calls to check a field of the record or enum that has this image; `variant` is empty in a record.
    #[doc(hidden)]
    #[inline(always)]
    fn check_field(image: &[u8], field: &FieldDesc, variant: &str) -> Result<(), LoadError> {
        match Self::check(&image[field.offset..field.offset + Self::SIZE]) {
            Ok(()) => Ok(()),
            Err(error) => Err(not_loaded(error, field, variant)),
        }
    }
}

/// The error of a field, seen from the record, or from the enum that has the variant.
#[cold]
fn not_stored(error: StoreError, field: &FieldDesc, variant: &str) -> StoreError {
    let error = error.in_field(field.name);
    if variant.is_empty() { error } else { error.in_field(variant) }
}

/// As [`not_stored`].
#[cold]
fn not_loaded(error: LoadError, field: &FieldDesc, variant: &str) -> LoadError {
    let error = error.in_field(field.name);
    if variant.is_empty() { error } else { error.in_field(variant) }
}

/// The encoding of types that are [`SharedField`]s: their own.
#[derive(Clone, Copy, Debug)]
pub enum Plain {}

impl<V: SharedField> Encoding<V> for Plain {
    const SIZE: usize = V::SIZE;
    const ALIGN: usize = V::ALIGN;
    const TYPE: TypeDesc = V::TYPE;
    const DIRECT: Direct<V> = V::DIRECT;

    #[inline]
    fn store(value: &V, image: &mut [u8]) -> Result<(), StoreError> {
        value.store(image)
    }

    #[inline]
    fn load(image: &[u8]) -> Result<V, LoadError> {
        V::load(image)
    }

    #[inline]
    fn check(image: &[u8]) -> Result<(), LoadError> {
        V::check(image)
    }

    #[inline]
    fn load_into(value: &mut V, image: &[u8]) -> Result<(), LoadError> {
        value.load_into(image)
    }

    #[inline]
    fn load_at<'a>(image: &[u8], place: &'a mut MaybeUninit<V>) -> Result<&'a mut V, LoadError> {
        V::load_at(image, place)
    }
}

/// The encoding of what grows: at most `N` bytes of a `String`, at most `N` elements of a `Vec` or a boxed slice, each
/// element stored by the encoding `E`.
///
/// Reaches through arrays and options: `[String; 4]` and `Option<Vec<u8>>` are stored by `Capacity<N>` too.
#[derive(Debug)]
pub struct Capacity<const N: usize, E = Plain> {
    _never: std::convert::Infallible,
    _element: std::marker::PhantomData<E>,
}
