//! Encodings of types that are no fields themselves: stored as another type, or by words of the program's.

use std::any::type_name;
use std::convert::Infallible;
use std::fmt::Display;
use std::marker::PhantomData;

use super::{Encoding, LoadError, Plain, StoreError, TypeDesc};

/// How to store a type of another crate: `#[record(with = "…")]` names an implementation.
///
/// A type that lives elsewhere cannot implement [`SharedField`](crate::SharedField) here. A small type of yours says how
/// it is stored instead, as a type that can:
///
/// ```
/// use shmrec::{FieldWith, LoadError, SharedRecord, StoreError};
///
/// # mod uuid {
/// #     #[derive(Clone, Copy, Debug, PartialEq)]
/// #     pub struct Uuid([u8; 16]);
/// #     impl Uuid {
/// #         pub fn from_bytes(bytes: [u8; 16]) -> Self { Self(bytes) }
/// #         pub fn into_bytes(self) -> [u8; 16] { self.0 }
/// #     }
/// # }
/// use uuid::Uuid; // of the crate `uuid`
///
/// struct Bytes;
///
/// impl FieldWith<Uuid> for Bytes {
///     type Shared = [u8; 16];
///
///     fn to_shared(id: &Uuid) -> Result<[u8; 16], StoreError> {
///         Ok(id.into_bytes())
///     }
///     fn from_shared(bytes: [u8; 16]) -> Result<Uuid, LoadError> {
///         Ok(Uuid::from_bytes(bytes))
///     }
/// }
///
/// #[derive(SharedRecord)]
/// struct Order {
///     #[record(with = "Bytes")]
///     id: Uuid,
///     #[record(with = "Option<Bytes>")]
///     replaces: Option<Uuid>,
/// }
/// ```
///
/// In schema and segment the field is a [`Shared`](Self::Shared): a program that has it as `[u8; 16]` shares the record
/// with one that has it as a `Uuid`. Where the type converts by `From` and `TryFrom` already, `#[record(as = "…")]` needs no
/// implementation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how `{V}` is stored",
    label = "no `FieldWith<{V}>`",
    note = "implement `shmrec::FieldWith<{V}>` for `{Self}`; for an option, an array or a sequence of it write the same around \
            it: `#[record(with = \"Option<{Self}>\")]`"
)]
pub trait FieldWith<V> {
    /// The type that stands in the record for `V`.
    type Shared;

    /// The value that is stored for `value`.
    ///
    /// # Errors
    ///
    /// [`StoreError::unrepresentable`] when there is none.
    fn to_shared(value: &V) -> Result<Self::Shared, StoreError>;

    /// The value that was stored as `shared`, which is a valid value of its own type and may have been written by any
    /// program.
    ///
    /// # Errors
    ///
    /// [`LoadError::new`] when there is none.
    fn from_shared(shared: Self::Shared) -> Result<V, LoadError>;
}

/// The encoding of `#[record(with = "C")]`: what [`FieldWith`] of `C` makes of the value, stored by `E`.
#[derive(Debug)]
pub struct With<C, E = Plain>(Infallible, PhantomData<(C, E)>);

impl<V, C: FieldWith<V>, E: Encoding<C::Shared>> Encoding<V> for With<C, E> {
    const SIZE: usize = E::SIZE;
    const ALIGN: usize = E::ALIGN;
    const TYPE: TypeDesc = E::TYPE;

    #[inline]
    fn store(value: &V, image: &mut [u8]) -> Result<(), StoreError> {
        E::store(&C::to_shared(value)?, image)
    }

    #[inline]
    fn load(image: &[u8]) -> Result<V, LoadError> {
        C::from_shared(E::load(image)?)
    }
}

/// The encoding of `#[record(as = "S")]`: the value converted to `S` by [`TryInto`] and back, stored by `E`.
///
/// ```
/// use shmrec::SharedRecord;
///
/// #[derive(SharedRecord)]
/// struct Queue {
///     /// 8 bytes on every machine.
///     #[record(as = "u64")]
///     len: usize,
///     #[record(as = "[u64; 2]")]
///     limits: [usize; 2],
/// }
///
/// assert_eq!(Queue::RECORD.size, 24);
/// ```
#[derive(Debug)]
pub struct As<S, E = Plain>(Infallible, PhantomData<(S, E)>);

/// A type that converts to `S` and back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not convert to `{S}` and back",
    label = "cannot be stored as `{S}`",
    note = "`#[record(as = \"...\")]` needs `Clone`, and `From` or `TryFrom` in both directions, with an error that implements `Display`",
    note = "an option, an array or a sequence is stored as one: `#[record(as = \"Option<u64>\")]`; for any other conversion there is `#[record(with = \"...\")]`"
)]
pub trait Converts<S>: Sized {
    /// The converted value.
    ///
    /// # Errors
    ///
    /// When there is none.
    fn to(&self) -> Result<S, StoreError>;

    /// The value that was converted.
    ///
    /// # Errors
    ///
    /// When it is none of this type.
    fn back(shared: S) -> Result<Self, LoadError>;
}

#[diagnostic::do_not_recommend]
impl<V, S> Converts<S> for V
where
    V: Clone + TryInto<S, Error: Display>,
    S: TryInto<V, Error: Display>,
{
    #[inline]
    fn to(&self) -> Result<S, StoreError> {
        self.clone().try_into().map_err(|error| no_such::<V, S>(&error))
    }

    #[inline]
    fn back(shared: S) -> Result<V, LoadError> {
        shared.try_into().map_err(|error| no_value_of::<V, S>(&error))
    }
}

impl<V: Converts<S>, S, E: Encoding<S>> Encoding<V> for As<S, E> {
    const SIZE: usize = E::SIZE;
    const ALIGN: usize = E::ALIGN;
    const TYPE: TypeDesc = E::TYPE;

    #[inline]
    fn store(value: &V, image: &mut [u8]) -> Result<(), StoreError> {
        E::store(&value.to()?, image)
    }

    #[inline]
    fn load(image: &[u8]) -> Result<V, LoadError> {
        V::back(E::load(image)?)
    }
}

#[cold]
fn no_such<V, S>(error: &dyn Display) -> StoreError {
    StoreError::unrepresentable(format!("a `{}` that converts to `{}` ({error})", type_name::<V>(), type_name::<S>()))
}

#[cold]
fn no_value_of<V, S>(error: &dyn Display) -> LoadError {
    LoadError::new(
        format!("a `{}` that does not convert ({error})", type_name::<S>()),
        format!("a value of `{}`", type_name::<V>()),
    )
}
