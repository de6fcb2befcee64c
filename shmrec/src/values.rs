//! Values out of transfers and into them: by the value's own memory where that is the image, through a private image
//! elsewhere.
//!
//! Each function that reads takes the transfer as `fill`: given memory, it writes all of it and gives it back as bytes.

use std::mem::MaybeUninit;

use crate::model::{self, Encoding, LoadError, Plain, SharedField, StoreError};
use crate::{bytes, scratch};

/// Values of more bytes are not made on the stack, unless they are returned.
const LARGE: usize = 16 << 10;

/// Makes the value of what `fill` transfers in its place.
#[inline(always)]
pub(crate) fn read_at<V, E: Encoding<V>, X: From<LoadError>>(
    place: &mut MaybeUninit<V>,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], X>,
) -> Result<&mut V, X> {
    if E::DIRECT.is_direct() {
        return model::read_at::<V, E, X>(place, fill);
    }
    scratch::with(E::SIZE, |to| Ok(E::load_at(fill(to)?, place)?))
}

/// The value of what `fill` transfers.
#[inline(always)]
pub(crate) fn read<V, E: Encoding<V>, X: From<LoadError>>(
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], X>,
) -> Result<V, X> {
    model::make(|place| read_at::<V, E, X>(place, fill))
}

/// As [`read`]; lends the value to `use_it`, and moves it nowhere. A large one does not stand on the stack.
#[inline(always)]
pub(crate) fn read_and_lend<V: SharedField, R, X: From<LoadError>, Y: From<X>>(
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], X>,
    use_it: impl FnOnce(&mut V) -> Result<R, Y>,
) -> Result<R, Y> {
    if size_of::<V>() <= LARGE {
        model::make_and_lend(&mut MaybeUninit::uninit(), |place| read_at::<V, Plain, X>(place, fill), use_it)
    } else if V::DIRECT.is_direct() && align_of::<V>() <= scratch::ALIGN {
        scratch::with(size_of::<V>(), |memory| {
            model::make_and_lend(bytes::place(memory), |place| read_at::<V, Plain, X>(place, fill), use_it)
        })
    } else {
        use_it(&mut *read_boxed(fill)?)
    }
}

/// As [`read`], made on the heap: a large value never passes over the stack.
#[inline]
pub(crate) fn read_boxed<V: SharedField, X: From<LoadError>>(
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], X>,
) -> Result<Box<V>, X> {
    if V::DIRECT.is_direct() {
        model::make_boxed(|place| model::read_at::<V, Plain, X>(place, fill))
    } else {
        scratch::with(V::SIZE, |to| {
            let image = fill(to)?;
            model::make_boxed(|place| Ok(V::load_at(image, place)?))
        })
    }
}

/// Replaces `value` by that of what `fill` transfers, in place; on an error it is as it was.
#[inline(always)]
pub(crate) fn read_into<V: SharedField, X: From<LoadError>>(
    value: &mut V,
    fill: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], X>,
) -> Result<(), X> {
    // Even where the memory is the image, a transfer that writers overtake, or that brings invalid bytes, must not have
    // touched the value.
    scratch::with(V::SIZE, |to| {
        let image = fill(to)?;
        if V::DIRECT.is_direct() {
            return Ok(model::overwrite::<V, Plain>(value, image)?);
        }
        // First all of it, or an error would leave half of the old value.
        V::check(image)?;
        Ok(value.load_into(image)?)
    })
}

/// Gives the image of `value` to `use_it`.
#[inline(always)]
pub(crate) fn with_image<V: SharedField, R, X: From<StoreError>>(
    value: &V,
    use_it: impl FnOnce(&[u8]) -> Result<R, X>,
) -> Result<R, X> {
    match model::image::<V, Plain>(value) {
        Some(image) => use_it(image),
        None => scratch::with(V::SIZE, |to| {
            let image = value.store_in(to)?;
            assert!(image.len() == V::SIZE, "store_in must return all of the memory that it was given");
            use_it(image)
        }),
    }
}
