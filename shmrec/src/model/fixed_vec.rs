//! A sequence without an allocation.
//!
//! # Safety
//!
//! The first `len` places hold values, the others may hold anything. Only this module writes `len`, and never beyond what
//! it has filled.
#![allow(unsafe_code)]

use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};

use super::containers::Counted;
use super::{Encoding, LoadError, Plain, SharedField, StoreError, TypeDesc};

/// At most `N` values of `T`, held inline: `Copy`, no allocation, and a field without an attribute.
///
/// Its image is that of a `Vec<T>` with `#[record(capacity = N)]`: the two may stand on the two sides of one segment.
///
/// ```
/// use shmrec::FixedVec;
///
/// let mut recent = FixedVec::<u32, 4>::new();
/// recent.push(7)?;
/// recent.push(9)?;
/// assert_eq!(recent[..], [7, 9]);
/// assert_eq!(recent.iter().sum::<u32>(), 16);
/// assert!(FixedVec::<u32, 4>::try_from(&[0; 5][..]).is_err());
/// # Ok::<(), shmrec::StoreError>(())
/// ```
#[derive(Clone, Copy)]
pub struct FixedVec<T: Copy, const N: usize> {
    items: [MaybeUninit<T>; N],
    len: usize,
}

impl<T: Copy, const N: usize> FixedVec<T, N> {
    /// The empty sequence.
    #[must_use]
    pub const fn new() -> Self {
        Self { items: [const { MaybeUninit::uninit() }; N], len: 0 }
    }

    /// Appends a value.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when `N` values are there already.
    pub fn push(&mut self, value: T) -> Result<(), StoreError> {
        match self.items.get_mut(self.len) {
            Some(place) => {
                place.write(value);
                self.len += 1;
                Ok(())
            }
            None => Err(StoreError::capacity(self.len + 1, N)),
        }
    }

    /// Takes the last value away.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.last().copied()?;
        self.len -= 1;
        Some(last)
    }

    /// Takes all values from the `len`-th on away.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Takes all values away.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The values.
    #[must_use]
    pub const fn as_slice(&self) -> &[T] {
        // SAFETY: the first `len` places of the array hold values, and `MaybeUninit<T>` has T's layout; the borrow of
        // `self` keeps them as they are.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast::<T>(), self.len) }
    }

    /// The values, to be changed.
    #[must_use]
    pub const fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as in `as_slice`, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast::<T>(), self.len) }
    }
}

impl<T: Copy, const N: usize> TryFrom<&[T]> for FixedVec<T, N> {
    type Error = StoreError;

    fn try_from(values: &[T]) -> Result<Self, StoreError> {
        let mut all = Self::new();
        for (place, value) in all.items.iter_mut().zip(values) {
            place.write(*value);
        }
        match values.len() {
            len if len <= N => {
                all.len = len;
                Ok(all)
            }
            len => Err(StoreError::capacity(len, N)),
        }
    }
}

impl<T: Copy, const N: usize> Default for FixedVec<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy, const N: usize> Deref for FixedVec<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.as_slice()
    }
}

impl<T: Copy, const N: usize> DerefMut for FixedVec<T, N> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.as_mut_slice()
    }
}

impl<T: Copy, const N: usize> AsRef<[T]> for FixedVec<T, N> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<'v, T: Copy, const N: usize> IntoIterator for &'v FixedVec<T, N> {
    type Item = &'v T;
    type IntoIter = std::slice::Iter<'v, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Copy + fmt::Debug, const N: usize> fmt::Debug for FixedVec<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<T: Copy + PartialEq, const N: usize, const M: usize> PartialEq<FixedVec<T, M>> for FixedVec<T, N> {
    fn eq(&self, other: &FixedVec<T, M>) -> bool {
        **self == **other
    }
}

impl<T: Copy + Eq, const N: usize> Eq for FixedVec<T, N> {}

impl<T: Copy + PartialEq, const N: usize> PartialEq<[T]> for FixedVec<T, N> {
    fn eq(&self, other: &[T]) -> bool {
        **self == *other
    }
}

impl<T: Copy + PartialOrd, const N: usize> PartialOrd for FixedVec<T, N> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (**self).partial_cmp(&**other)
    }
}

impl<T: Copy + Ord, const N: usize> Ord for FixedVec<T, N> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (**self).cmp(&**other)
    }
}

impl<T: Copy + Hash, const N: usize> Hash for FixedVec<T, N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl<T: Copy + SharedField, const N: usize> SharedField for FixedVec<T, N> {
    const SIZE: usize = <Counted<N, Plain> as Encoding<Vec<T>>>::SIZE;
    const ALIGN: usize = <Counted<N, Plain> as Encoding<Vec<T>>>::ALIGN;
    const TYPE: TypeDesc = <Counted<N, Plain> as Encoding<Vec<T>>>::TYPE;

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        Counted::<N, Plain>::store_slice(self, image)
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        let mut values = Self::new();
        values.load_into(image)?;
        Ok(values)
    }

    fn check(image: &[u8]) -> Result<(), LoadError> {
        <Counted<N, Plain> as Encoding<Vec<T>>>::check(image)
    }

    fn load_into(&mut self, image: &[u8]) -> Result<(), LoadError> {
        let images = Counted::<N, Plain>::images::<T>(image)?;
        let len = images.len();
        for (i, (place, element)) in self.items.iter_mut().zip(images).enumerate() {
            // What is replaced is `Copy` and needs no drop; behind `len` nothing is looked at.
            T::load_at(element, place).map_err(|e| e.at_index(i))?;
        }
        self.len = len;
        Ok(())
    }

    fn load_at<'a>(image: &[u8], place: &'a mut MaybeUninit<Self>) -> Result<&'a mut Self, LoadError> {
        // SAFETY: only the place is computed, inside the value that `place` borrows.
        let len = unsafe { &raw mut (*place.as_mut_ptr()).len };
        // SAFETY: inside that value, aligned, and only this borrow reaches it.
        unsafe { len.write(0) };
        // SAFETY: with `len` written all is initialised: the places need not be.
        let values = unsafe { place.assume_init_mut() };
        values.load_into(image)?;
        Ok(values)
    }
}
