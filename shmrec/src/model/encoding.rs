//! Encodings: how a value of a given type becomes an image, where the type alone does not say.

use std::mem::MaybeUninit;

use super::{Direct, LoadError, SharedField, StoreError, TypeDesc};

/// A way to store values of type `V` in a fixed number of bytes.
///
/// Most fields are [`Plain`]: their type is a [`SharedField`] and says how itself. A `String` has no fixed size; with
/// `#[record(capacity = 32)]` the derive stores it through [`Capacity<32>`](Capacity).
///
/// The methods are those of [`SharedField`], with the same contracts.
#[diagnostic::on_unimplemented(
    message = "`{V}` cannot be stored this way in a shared record",
    label = "no encoding for this type",
    note = "`#[record(capacity = N)]` is for `String`, `Vec<T>`, `Box<[T]>`, and for arrays and options of them"
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
