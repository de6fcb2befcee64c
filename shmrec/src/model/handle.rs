//! Typed handles of fields: where a field stands in the image, and what it is.

use std::fmt;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use super::{ArrayEncoding, Encoding, FieldDesc, LoadError, Plain, StoreError};
use crate::transfer::Run;
use crate::{scratch, values};

/// One field of the record `R`: a value of type `V`, stored by the encoding `E`.
///
/// Comes from [`SharedRecord::fields`](crate::SharedRecord::fields) and leads on into nested records and arrays.
///
/// ```
/// use shmrec::SharedRecord;
///
/// #[derive(SharedRecord, Clone, Debug)]
/// struct Axis { position: f64, limits: [f64; 2] }
///
/// #[derive(SharedRecord, Clone, Debug)]
/// struct Robot { serial: u32, axes: [Axis; 6] }
///
/// let upper = Robot::fields().axes.at(2).then(Axis::fields().limits).at(1);
/// assert_eq!(upper.path(), "axes[2].limits[1]");
/// assert_eq!(upper.offset(), 8 + 2 * 24 + 8 + 8);
/// ```
pub struct Field<R, V, E = Plain> {
    offset: usize,
    path: Path,
    // Neither owns nor borrows any of the three.
    types: PhantomData<fn(R) -> (V, E)>,
}

/// The names and indices that lead to a field. Its first [`Path::DEPTH`] steps are kept; deeper ones show as `…`.
#[derive(Clone, Copy)]
struct Path {
    steps: [Step; Path::DEPTH],
    len: usize,
}

#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Index(usize),
}

impl Path {
    const DEPTH: usize = 8;

    fn push(&mut self, step: Step) {
        if let Some(place) = self.steps.get_mut(self.len) {
            *place = step;
        }
        self.len += 1;
    }

    fn steps(&self) -> impl DoubleEndedIterator<Item = Step> + '_ {
        let elided = (self.len > Self::DEPTH).then_some(Step::Field("…"));
        self.steps[..self.len.min(Self::DEPTH)].iter().copied().chain(elided)
    }
}

impl<R, V, E> Field<R, V, E> {
    /// What the derive calls. A description that is not the field's own makes transfers fail or panic, nothing worse.
    #[doc(hidden)]
    #[must_use]
    pub const fn of(field: &FieldDesc) -> Self {
        let mut steps = [Step::Index(0); Path::DEPTH];
        steps[0] = Step::Field(field.name);
        Self { offset: field.offset, path: Path { steps, len: 1 }, types: PhantomData }
    }

    /// Bytes from the start of the record's image.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// The field as errors name it: `axes[2].limits`.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.path.steps() {
            match step {
                Step::Field(name) if path.is_empty() => path.push_str(name),
                Step::Field(name) => path.extend([".", name]),
                Step::Index(index) => path.push_str(&format!("[{index}]")),
            }
        }
        path
    }
}

impl<R, V, E: Encoding<V>> Field<R, V, E> {
    /// Bytes of the field's image.
    #[must_use]
    pub const fn size(&self) -> usize {
        E::SIZE
    }

    /// The field `inner` of this field, which is a record itself.
    #[must_use]
    pub fn then<W, F: Encoding<W>>(self, inner: Field<V, W, F>) -> Field<R, W, F> {
        let mut path = self.path;
        for step in inner.path.steps() {
            path.push(step);
        }
        Field { offset: self.offset + inner.offset, path, types: PhantomData }
    }

    #[inline]
    fn load(&self, image: &[u8]) -> Result<V, LoadError> {
        E::load(image).map_err(|error| self.located(error))
    }

    #[cold]
    fn located(&self, error: LoadError) -> LoadError {
        self.path.steps().rev().fold(error, |error, step| match step {
            Step::Field(name) => error.in_field(name),
            Step::Index(index) => error.at_index(index),
        })
    }

    fn store(&self, value: &V, record: &mut [u8]) -> Result<(), StoreError> {
        let image = &mut record[self.offset..self.offset + E::SIZE];
        image.fill(0);
        E::store(value, image).map_err(|error| {
            self.path.steps().rev().fold(error, |error, step| match step {
                Step::Field(name) => error.in_field(name),
                Step::Index(index) => error.at_index(index),
            })
        })
    }
}

impl<R, V, const N: usize, E: ArrayEncoding<V, N>> Field<R, [V; N], E> {
    /// The element `index` of this field, which is an array.
    ///
    /// # Panics
    ///
    /// When `index` is not below the array's length.
    #[must_use]
    pub fn at(self, index: usize) -> Field<R, V, E::Element> {
        assert!(index < N, "index {index} of {}, which has {N} elements", self.path());
        let mut path = self.path;
        path.push(Step::Index(index));
        Field { offset: self.offset + index * E::Element::SIZE, path, types: PhantomData }
    }
}

impl<R, V, E> Clone for Field<R, V, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, V, E> Copy for Field<R, V, E> {}

// Without a bound, so that the derive's `Debug` of a record's handles needs none either.
impl<R, V, E> fmt::Debug for Field<R, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").field("path", &self.path()).field("offset", &self.offset).finish()
    }
}

/// One field of `R`, or a tuple of up to eight: what is transferred together, in one version.
///
/// Implemented for [`Field`] and for tuples of fields; not meant to be implemented elsewhere.
pub trait FieldSet<R>: sealed::Sealed {
    /// The field's value, or the tuple of the fields' values.
    type Values;

    /// Where each field stands.
    #[doc(hidden)]
    fn runs(&self) -> impl AsRef<[Run]>;

    /// The values, given what copies these runs of bytes, one behind the other.
    #[doc(hidden)]
    fn read<X: From<LoadError>>(
        &self,
        copy: impl for<'t> FnOnce(&[Run], &'t mut [MaybeUninit<u8>]) -> Result<&'t mut [u8], X>,
    ) -> Result<Self::Values, X>;

    /// Stores the values into a record's image.
    #[doc(hidden)]
    fn store(&self, values: &Self::Values, record: &mut [u8]) -> Result<(), StoreError>;
}

mod sealed {
    pub trait Sealed {}
}

impl<R, V, E> sealed::Sealed for Field<R, V, E> {}

impl<R, V, E: Encoding<V>> FieldSet<R> for Field<R, V, E> {
    type Values = V;

    fn runs(&self) -> impl AsRef<[Run]> {
        [Run { at: self.offset, len: E::SIZE }]
    }

    #[inline(always)]
    fn read<X: From<LoadError>>(
        &self,
        copy: impl for<'t> FnOnce(&[Run], &'t mut [MaybeUninit<u8>]) -> Result<&'t mut [u8], X>,
    ) -> Result<V, X> {
        let run = [Run { at: self.offset, len: E::SIZE }];
        if E::DIRECT.is_direct() {
            // Into the value's own memory. A field that is no value makes an error without a path, like its `load`.
            values::read::<V, E, NotLoaded<X>>(|to| copy(&run, to).map_err(NotLoaded::Copy)).map_err(
                |error| match error {
                    NotLoaded::Copy(error) => error,
                    NotLoaded::Load(error) => self.located(error).into(),
                },
            )
        } else {
            scratch::with(E::SIZE, |to| Ok(self.load(copy(&run, to)?)?))
        }
    }

    fn store(&self, values: &V, record: &mut [u8]) -> Result<(), StoreError> {
        self.store(values, record)
    }
}

/// The next of some images that stand one behind the other.
#[inline]
fn next<'i>(images: &mut &'i [u8], size: usize) -> &'i [u8] {
    let (image, rest) = images.split_at(size);
    *images = rest;
    image
}

/// What can fail when a field is read: its copy, or what was made of that.
enum NotLoaded<X> {
    Copy(X),
    Load(LoadError),
}

impl<X> From<LoadError> for NotLoaded<X> {
    fn from(error: LoadError) -> Self {
        Self::Load(error)
    }
}

macro_rules! tuples {
    ($($n:tt $v:ident $e:ident),+) => {
        impl<R, $($v, $e),+> sealed::Sealed for ($(Field<R, $v, $e>,)+) {}

        impl<R, $($v, $e: Encoding<$v>),+> FieldSet<R> for ($(Field<R, $v, $e>,)+) {
            type Values = ($($v,)+);

            fn runs(&self) -> impl AsRef<[Run]> {
                [$(Run { at: self.$n.offset, len: $e::SIZE }),+]
            }

            #[inline(always)]
            fn read<X: From<LoadError>>(
                &self,
                copy: impl for<'t> FnOnce(&[Run], &'t mut [MaybeUninit<u8>]) -> Result<&'t mut [u8], X>,
            ) -> Result<Self::Values, X> {
                let runs = [$(Run { at: self.$n.offset, len: $e::SIZE }),+];
                scratch::with(0 $(+ $e::SIZE)+, |to| {
                    let mut images = &*copy(&runs, to)?;
                    Ok(($(self.$n.load(next(&mut images, $e::SIZE))?,)+))
                })
            }

            fn store(&self, values: &Self::Values, record: &mut [u8]) -> Result<(), StoreError> {
                $(self.$n.store(&values.$n, record)?;)+
                Ok(())
            }
        }
    };
}

tuples!(0 V0 E0);
tuples!(0 V0 E0, 1 V1 E1);
tuples!(0 V0 E0, 1 V1 E1, 2 V2 E2);
tuples!(0 V0 E0, 1 V1 E1, 2 V2 E2, 3 V3 E3);
tuples!(0 V0 E0, 1 V1 E1, 2 V2 E2, 3 V3 E3, 4 V4 E4);
tuples!(0 V0 E0, 1 V1 E1, 2 V2 E2, 3 V3 E3, 4 V4 E4, 5 V5 E5);
tuples!(0 V0 E0, 1 V1 E1, 2 V2 E2, 3 V3 E3, 4 V4 E4, 5 V5 E5, 6 V6 E6);
tuples!(0 V0 E0, 1 V1 E1, 2 V2 E2, 3 V3 E3, 4 V4 E4, 5 V5 E5, 6 V6 E6, 7 V7 E7);
