//! The traits of everything that can stand in a segment, and the scalars.
//!
//! # Safety
//!
//! The only `unsafe` here is the promise that the memory of scalars is their image ([`Direct`]).
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use crate::bytes;

use super::{Direct, Fingerprint, LoadError, RecordDesc, StoreError, TransferPath, TypeDesc};

/// A type whose values have an *image*: a fixed number of bytes, the same in every program.
///
/// Implemented for the scalars, arrays, tuples, [`Option`], `NonZero`, `Wrapping`, the standard library's times and addresses,
/// [`FixedStr`](crate::FixedStr), [`FixedVec`](crate::FixedVec), and by the derive for records and enums. `String` and `Vec` have
/// no fixed size; they become fields with `#[record(capacity = N)]`. A type of another crate becomes one with
/// `#[record(as = "...")]` or [`#[record(with = "...")]`](crate::FieldWith).
///
/// # Implementing it for a type of your own
///
/// Four constants' worth of facts and two functions. The other methods have defaults.
///
/// ```
/// use shmrec::{LoadError, SharedField, SharedRecord, StoreError, TypeDesc};
///
/// /// A price in cents; never negative.
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct Price(i64);
///
/// impl SharedField for Price {
///     const SIZE: usize = i64::SIZE;
///     const ALIGN: usize = i64::ALIGN;
///     const TYPE: TypeDesc = i64::TYPE;
///
///     fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
///         self.0.store(image)
///     }
///
///     fn load(image: &[u8]) -> Result<Self, LoadError> {
///         match i64::load(image)? {
///             cents @ 0.. => Ok(Price(cents)),
///             cents => Err(LoadError::new(cents.to_string(), "a price of 0 or more")),
///         }
///     }
/// }
///
/// #[derive(SharedRecord, Clone, Debug, PartialEq)]
/// struct Article { number: u32, price: Price }
///
/// let mut image = [0; Article::SIZE];
/// Article { number: 7, price: Price(250) }.store(&mut image)?;
/// assert_eq!(Article::load(&image)?.price, Price(250));
///
/// image[8..].fill(0xff);
/// assert_eq!(Article::load(&image).unwrap_err().field(), "price");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a shared record",
    label = "not a shared field",
    note = "a field's type must have a fixed size and no addresses: the fixed-width integers, floats, `bool`, `char`, arrays, tuples, `Option`, `NonZero`, times and addresses of the standard library, and types that derive `SharedRecord`",
    note = "`String` and `Vec<T>` need `#[record(capacity = N)]`; a type of another crate is stored by `#[record(as = \"...\")]` or `#[record(with = \"...\")]`"
)]
pub trait SharedField: Sized {
    /// Bytes of one image, a multiple of [`ALIGN`](Self::ALIGN).
    const SIZE: usize;

    /// Alignment of the image inside a record, in bytes; a power of two, at most 64.
    const ALIGN: usize;

    /// The description that goes into schema and fingerprint.
    const TYPE: TypeDesc;

    /// Whether a value's memory is its image, so that transfers need no other; see [`Direct`].
    const DIRECT: Direct<Self> = Direct::NO;

    /// Writes the image. `image` has exactly [`SIZE`](Self::SIZE) bytes, all zero; what is not written stays zero.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the value does not fit. `image` then holds no particular bytes, and nobody transfers them.
    ///
    /// # Panics
    ///
    /// When `image` has another length.
    fn store(&self, image: &mut [u8]) -> Result<(), StoreError>;

    /// As [`store`](Self::store), in memory of exactly [`SIZE`](Self::SIZE) bytes where nothing stands yet. Returns all of it,
    /// initialised.
    ///
    /// A derived record writes the bytes of its numbers, and of arrays of them, once; what else stands in it is zero first.
    ///
    /// # Errors
    ///
    /// As `store`.
    ///
    /// # Panics
    ///
    /// As `store`.
    fn store_in<'a>(&self, place: &'a mut [MaybeUninit<u8>]) -> Result<&'a mut [u8], StoreError> {
        let image = bytes::zeroed(place);
        self.store(image)?;
        Ok(image)
    }

    /// The value of an image of exactly [`SIZE`](Self::SIZE) bytes. The bytes come from another process: they may be
    /// anything.
    ///
    /// # Errors
    ///
    /// [`LoadError`] when the bytes are no value of this type.
    ///
    /// # Panics
    ///
    /// When `image` has another length.
    fn load(image: &[u8]) -> Result<Self, LoadError>;

    /// Whether [`load`](Self::load) would succeed, without making the value.
    ///
    /// # Errors
    ///
    /// The error that `load` would give.
    fn check(image: &[u8]) -> Result<(), LoadError> {
        Self::load(image).map(drop)
    }

    /// Replaces `self` by the image's value, keeping what `self` has allocated where it can.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); parts of `self` may then have been replaced. Callers that must not see that call
    /// [`check`](Self::check) first, as [`Reader::read_into`](crate::Reader::read_into) does.
    fn load_into(&mut self, image: &[u8]) -> Result<(), LoadError> {
        *self = Self::load(image)?;
        Ok(())
    }

    /// Makes the value where it will live, so that a large record never passes over the stack.
    ///
    /// Returns `place` itself, initialised.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); what had been made in `place` by then has been dropped.
    fn load_at<'a>(image: &[u8], place: &'a mut MaybeUninit<Self>) -> Result<&'a mut Self, LoadError> {
        Ok(place.write(Self::load(image)?))
    }
}

/// A struct that can be shared: what `#[derive(SharedRecord)]` makes of it.
///
/// ```
/// use shmrec::{SharedField, SharedRecord};
///
/// #[derive(SharedRecord, Clone, Debug, PartialEq)]
/// struct Pose { x: f32, y: f32, #[record(capacity = 12)] frame: String }
///
/// assert_eq!(Pose::SIZE, 4 + 4 + (4 + 12));
/// assert_eq!(Pose::fields().frame.offset(), 8);
/// assert_eq!(Pose::RECORD.name, "Pose");
/// println!("{}", Pose::FINGERPRINT);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shared record",
    label = "not a shared record",
    note = "put `#[derive(SharedRecord)]` on the struct; an enum that derives it is a field of a record: put it into a struct"
)]
pub trait SharedRecord: SharedField {
    /// One typed handle per field, each under the field's own name.
    type Fields;

    /// Name, layout and fields.
    const RECORD: &'static RecordDesc;

    /// 128 bits over the canonical schema; equal in two programs exactly when their records agree.
    const FINGERPRINT: Fingerprint = Fingerprint::of_record(Self::RECORD);

    /// How records travel: between the segment and the value's own memory, or through a private image.
    const PATH: TransferPath = Self::DIRECT.path();

    /// The handles of the fields, for transfers of one field or several.
    fn fields() -> Self::Fields;
}

macro_rules! numbers {
    ($($ty:ident $desc:ident),* $(,)?) => {$(
        impl SharedField for $ty {
            const SIZE: usize = size_of::<$ty>();
            // C's natural alignment on 64-bit machines is the size for every number, `__int128` included.
            const ALIGN: usize = size_of::<$ty>();
            const TYPE: TypeDesc = TypeDesc::$desc;
            // SAFETY: a number's bytes in memory are those that the functions below make and take, on the little-endian
            // machines that this crate is for; any bytes are a number.
            const DIRECT: Direct<Self> = unsafe { Direct::any_bytes() };

            #[inline]
            fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
                image.copy_from_slice(&self.to_le_bytes());
                Ok(())
            }

            #[inline]
            fn load(image: &[u8]) -> Result<Self, LoadError> {
                Ok(<$ty>::from_le_bytes(exact(image)))
            }

            #[inline]
            fn check(_image: &[u8]) -> Result<(), LoadError> {
                Ok(())
            }
        }
    )*};
}

numbers! {
    u8 U8, u16 U16, u32 U32, u64 U64, u128 U128,
    i8 I8, i16 I16, i32 I32, i64 I64, i128 I128,
    f32 F32, f64 F64,
}

/// The image as an array.
///
/// # Panics
///
/// When it has another length, which is the caller's breach of [`SharedField`]'s contract.
#[inline]
pub(super) fn exact<const N: usize>(image: &[u8]) -> [u8; N] {
    match image.try_into() {
        Ok(bytes) => bytes,
        Err(_) => panic!("an image of {} bytes where {N} are needed", image.len()),
    }
}

impl SharedField for bool {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;
    const TYPE: TypeDesc = TypeDesc::Bool;
    // SAFETY: a bool is one byte in memory, 0 or 1, which is its image; `check` lets no other pass.
    const DIRECT: Direct<Self> = unsafe { Direct::checked() };

    #[inline]
    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        image.copy_from_slice(&[u8::from(*self)]);
        Ok(())
    }

    #[inline]
    fn load(image: &[u8]) -> Result<Self, LoadError> {
        match exact(image) {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(LoadError::new(format!("the byte {other}"), "a bool: 0 or 1")),
        }
    }
}

impl SharedField for char {
    const SIZE: usize = 4;
    const ALIGN: usize = 4;
    const TYPE: TypeDesc = TypeDesc::Char;
    // SAFETY: a char has the size and the bytes of the `u32` that is its image; `check` lets nothing pass but scalar values.
    const DIRECT: Direct<Self> = unsafe { Direct::checked() };

    #[inline]
    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        u32::from(*self).store(image)
    }

    #[inline]
    fn load(image: &[u8]) -> Result<Self, LoadError> {
        let code = u32::load(image)?;
        char::from_u32(code)
            .ok_or_else(|| LoadError::new(format!("the number {code:#x}"), "a char: a Unicode scalar value"))
    }
}
