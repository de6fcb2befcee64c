//! Arrays, options, strings and sequences: values made of values.
//!
//! # Safety
//!
//! Arrays, tuples and sequences are made in uninitialised memory, element by element. Every element is made by safe code that
//! returns a reference to the place it was given; that reference is the witness that the place now holds a value.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::bytes;

use super::layout::{LEN, Layout, bounded, layout, option_size, round_up, string_size, vec_align, vec_size};
use super::{
    Capacity, Direct, Encoding, FieldDesc, LoadError, Plain, RecordDesc, SharedField, StoreError, TypeDesc, direct,
};

/// Makes the value of `image` behind `place`.
///
/// # Errors
///
/// As [`Encoding::load`].
///
/// # Safety
///
/// `place` is valid for writes of a `V`, aligned, and reached by nobody else during the call. After `Ok`, it points to
/// a valid `V`.
#[inline]
pub(super) unsafe fn load_behind<V, E: Encoding<V>>(image: &[u8], place: *mut V) -> Result<(), LoadError> {
    // SAFETY: the caller promises what `uninit_at` asks for.
    let slot = unsafe { uninit_at(place) };
    let made: *const V = E::load_at(image, slot)?;
    expect_made_at(made, place);
    Ok(())
}

/// The place behind a pointer, before there is a value in it.
///
/// # Safety
///
/// `place` is valid for writes of a `V`, aligned, and reached by nobody else during `'p`.
#[inline]
unsafe fn uninit_at<'p, V>(place: *mut V) -> &'p mut MaybeUninit<V> {
    // SAFETY: the caller promises a place that is valid, aligned and not aliased; `MaybeUninit<V>` has V's layout and
    // asks nothing of the bytes.
    unsafe { &mut *place.cast::<MaybeUninit<V>>() }
}

/// Makes sure that `load_at` returned the place that it was given.
///
/// A reference to a V at this very address cannot exist in safe code unless the V does: an implementation that returned
/// some other reference is caught here.
///
/// # Panics
///
/// When it did not.
#[inline]
fn expect_made_at<V>(made: *const V, place: *const V) {
    assert!(std::ptr::eq(made, place), "load_at must return the place that it was given");
}

/// Makes a value in the place that it is returned from, by a function that returns the place that it was given.
#[inline(always)]
pub(crate) fn make<V, X>(make_at: impl FnOnce(&mut MaybeUninit<V>) -> Result<&mut V, X>) -> Result<V, X> {
    let mut place = MaybeUninit::<V>::uninit();
    let at = place.as_ptr();
    let made: *const V = make_at(&mut place)?;
    expect_made_at(made, at);
    // SAFETY: a reference to a value at this very address was returned.
    Ok(unsafe { place.assume_init() })
}

/// Makes a value in a place and lends it to `use_it`; it is never moved.
#[inline(always)]
pub(crate) fn make_and_lend<V, R, X, Y: From<X>>(
    place: &mut MaybeUninit<V>,
    make_at: impl FnOnce(&mut MaybeUninit<V>) -> Result<&mut V, X>,
    use_it: impl FnOnce(&mut V) -> Result<R, Y>,
) -> Result<R, Y> {
    /// Drops what it borrows.
    struct Lent<'v, V>(&'v mut V);

    impl<V> Drop for Lent<'_, V> {
        #[inline(always)]
        fn drop(&mut self) {
            // SAFETY: the value stands in a `MaybeUninit`, which does not drop it, and is not reached any more.
            unsafe { std::ptr::drop_in_place(self.0) };
        }
    }

    let at = place.as_ptr();
    let made = make_at(place)?;
    expect_made_at(made, at);
    let lent = Lent(made);
    use_it(&mut *lent.0)
}

/// As [`make`], on the heap, without a copy of the value on the stack.
#[inline(always)]
pub(crate) fn make_boxed<V, X>(make_at: impl FnOnce(&mut MaybeUninit<V>) -> Result<&mut V, X>) -> Result<Box<V>, X> {
    let mut place = Box::<V>::new_uninit();
    let at = place.as_ptr();
    let made: *const V = make_at(&mut place)?;
    expect_made_at(made, at);
    // SAFETY: as in `make`.
    Ok(unsafe { place.assume_init() })
}

/// The encoding of an array: its elements one after the other, each stored by `E`.
#[derive(Debug)]
pub struct Elements<E>(Infallible, PhantomData<E>);

/// The encoding of an option: a tag, then the value at its alignment, stored by `E`.
#[derive(Debug)]
pub struct Tagged<E>(Infallible, PhantomData<E>);

/// The encoding of a sequence of at most `N`: a length, then `N` places for elements stored by `E`.
#[derive(Debug)]
pub struct Counted<const N: usize, E>(Infallible, PhantomData<E>);

/// The encoding of a tuple: a record whose fields are stored by the encodings in the tuple `E`.
#[derive(Debug)]
pub struct Tuple<E>(Infallible, PhantomData<E>);

impl<V, E: Encoding<V>, const M: usize> Encoding<[V; M]> for Elements<E> {
    const SIZE: usize = bounded(E::SIZE.checked_mul(M));
    const ALIGN: usize = E::ALIGN;
    const TYPE: TypeDesc = TypeDesc::Array { element: &E::TYPE, len: M };
    // SAFETY: that is what the functions below do.
    const DIRECT: Direct<[V; M], Self> = unsafe { E::DIRECT.array() };

    #[inline]
    fn store(value: &[V; M], image: &mut [u8]) -> Result<(), StoreError> {
        assert_eq!(image.len(), <Self as Encoding<[V; M]>>::SIZE, "the image of an array");
        if let Some(own) = direct::image::<[V; M], Self>(value) {
            bytes::replace(image, own);
            return Ok(());
        }
        for (i, v) in value.iter().enumerate() {
            E::store(v, &mut image[i * E::SIZE..(i + 1) * E::SIZE]).map_err(|e| e.at_index(i))?;
        }
        Ok(())
    }

    #[inline]
    fn load(image: &[u8]) -> Result<[V; M], LoadError> {
        make(|place| Self::load_at(image, place))
    }

    #[inline]
    fn check(image: &[u8]) -> Result<(), LoadError> {
        assert_eq!(image.len(), <Self as Encoding<[V; M]>>::SIZE, "the image of an array");
        (0..M).try_for_each(|i| E::check(&image[i * E::SIZE..(i + 1) * E::SIZE]).map_err(|e| e.at_index(i)))
    }

    #[inline]
    fn load_into(value: &mut [V; M], image: &[u8]) -> Result<(), LoadError> {
        assert_eq!(image.len(), <Self as Encoding<[V; M]>>::SIZE, "the image of an array");
        if E::DIRECT.is_direct() {
            return direct::overwrite::<[V; M], Self>(value, image);
        }
        for (i, v) in value.iter_mut().enumerate() {
            E::load_into(v, &image[i * E::SIZE..(i + 1) * E::SIZE]).map_err(|e| e.at_index(i))?;
        }
        Ok(())
    }

    #[inline]
    fn load_at<'a>(image: &[u8], place: &'a mut MaybeUninit<[V; M]>) -> Result<&'a mut [V; M], LoadError> {
        assert_eq!(image.len(), <Self as Encoding<[V; M]>>::SIZE, "the image of an array");
        if E::DIRECT.is_direct() {
            return direct::read_at::<[V; M], Self, _>(place, |to| Ok::<_, LoadError>(bytes::fill(to, image)));
        }
        let first = place.as_mut_ptr().cast::<V>();
        for i in 0..M {
            // SAFETY: i < M, so the element lies inside the array that `place` borrows.
            let element = unsafe { first.add(i) };
            // SAFETY: the element is aligned as the array is, and only this borrow of `place` reaches it.
            let made = unsafe { load_behind::<V, E>(&image[i * E::SIZE..(i + 1) * E::SIZE], element) };
            if let Err(error) = made {
                let before = std::ptr::slice_from_raw_parts_mut(first, i);
                // SAFETY: the elements before this one have been made, and nobody will use them.
                unsafe { before.drop_in_place() };
                return Err(error.at_index(i));
            }
        }
        // SAFETY: each of the M elements was made by `load_behind`.
        Ok(unsafe { place.assume_init_mut() })
    }
}

impl<V, E: Encoding<V>> Encoding<Option<V>> for Tagged<E> {
    const SIZE: usize = option_size(E::SIZE, E::ALIGN);
    const ALIGN: usize = E::ALIGN;
    const TYPE: TypeDesc = TypeDesc::Option { element: &E::TYPE };

    #[inline]
    fn store(value: &Option<V>, image: &mut [u8]) -> Result<(), StoreError> {
        image[0] = u8::from(value.is_some());
        value.as_ref().map_or(Ok(()), |v| E::store(v, &mut image[E::ALIGN..E::ALIGN + E::SIZE]))
    }

    #[inline]
    fn load(image: &[u8]) -> Result<Option<V>, LoadError> {
        if tag(image)? { E::load(&image[E::ALIGN..E::ALIGN + E::SIZE]).map(Some) } else { Ok(None) }
    }

    #[inline]
    fn check(image: &[u8]) -> Result<(), LoadError> {
        if tag(image)? { E::check(&image[E::ALIGN..E::ALIGN + E::SIZE]) } else { Ok(()) }
    }

    #[inline]
    fn load_into(value: &mut Option<V>, image: &[u8]) -> Result<(), LoadError> {
        match value {
            Some(v) if tag(image)? => E::load_into(v, &image[E::ALIGN..E::ALIGN + E::SIZE]),
            _ => {
                *value = Self::load(image)?;
                Ok(())
            }
        }
    }
}

/// The tag of an option.
#[inline]
pub(crate) fn tag(image: &[u8]) -> Result<bool, LoadError> {
    match image[0] {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(LoadError::new(format!("the tag {other}"), "an option's tag: 0 or 1")),
    }
}

/// The length in front of a string or a sequence, at most `capacity`.
#[inline]
pub(crate) fn length(image: &[u8], capacity: usize) -> Result<usize, LoadError> {
    let len = u32::load(&image[..LEN])?;
    match usize::try_from(len) {
        Ok(len) if len <= capacity => Ok(len),
        _ => Err(LoadError::new(format!("a length of {len}"), format!("at most the capacity, {capacity}"))),
    }
}

/// Stores the length in front of a string or a sequence.
#[inline]
pub(crate) fn store_length(len: usize, capacity: usize, image: &mut [u8]) -> Result<(), StoreError> {
    match u32::try_from(len) {
        Ok(word) if len <= capacity => word.store(&mut image[..LEN]),
        _ => Err(StoreError::capacity(len, capacity)),
    }
}

impl<const N: usize, E> Counted<N, E> {
    /// Where the first element of the encoding `E` for `V` begins.
    const fn first<V>() -> usize
    where
        E: Encoding<V>,
    {
        round_up(LEN, E::ALIGN)
    }

    pub(super) fn store_slice<V>(value: &[V], image: &mut [u8]) -> Result<(), StoreError>
    where
        E: Encoding<V>,
    {
        store_length(value.len(), N, image)?;
        let elements = &mut image[const { Self::first::<V>() }..];
        if let Some(bytes) = direct::images::<V, E>(value) {
            elements[..bytes.len()].copy_from_slice(bytes);
            return Ok(());
        }
        for (i, v) in value.iter().enumerate() {
            E::store(v, &mut elements[i * E::SIZE..(i + 1) * E::SIZE]).map_err(|e| e.at_index(i))?;
        }
        Ok(())
    }

    pub(super) fn images<V>(image: &[u8]) -> Result<impl ExactSizeIterator<Item = &[u8]>, LoadError>
    where
        E: Encoding<V>,
    {
        let len = length(image, N)?;
        let elements = &image[const { Self::first::<V>() }..];
        Ok((0..len).map(move |i| &elements[i * E::SIZE..(i + 1) * E::SIZE]))
    }
}

/// Makes one value more, where it will live.
#[inline]
fn push<V, E: Encoding<V>>(values: &mut Vec<V>, image: &[u8]) -> Result<(), LoadError> {
    values.reserve(1);
    let len = values.len();
    let place = values.spare_capacity_mut()[0].as_mut_ptr();
    // SAFETY: room was made for it behind the values, and this borrow of them reaches it alone.
    unsafe { load_behind::<V, E>(image, place) }?;
    // SAFETY: the first value of the spare capacity has just been made.
    unsafe { values.set_len(len + 1) };
    Ok(())
}

impl<V, E: Encoding<V>, const N: usize> Encoding<Vec<V>> for Counted<N, E> {
    const SIZE: usize = vec_size(bounded(E::SIZE.checked_mul(N)), E::ALIGN);
    const ALIGN: usize = vec_align(E::ALIGN);
    const TYPE: TypeDesc = TypeDesc::Vec { element: &E::TYPE, capacity: N };

    fn store(value: &Vec<V>, image: &mut [u8]) -> Result<(), StoreError> {
        Self::store_slice(value, image)
    }

    fn load(image: &[u8]) -> Result<Vec<V>, LoadError> {
        let mut values = Vec::new();
        Self::load_into(&mut values, image)?;
        Ok(values)
    }

    fn check(image: &[u8]) -> Result<(), LoadError> {
        Self::images::<V>(image)?.enumerate().try_for_each(|(i, v)| E::check(v).map_err(|e| e.at_index(i)))
    }

    fn load_into(value: &mut Vec<V>, image: &[u8]) -> Result<(), LoadError> {
        let images = Self::images::<V>(image)?;
        let len = images.len();
        if E::DIRECT.is_direct() {
            for (i, element) in images.enumerate() {
                E::check(element).map_err(|e| e.at_index(i))?;
            }
            direct::load_all::<V, E>(value, &image[const { Self::first::<V>() }..], len);
            return Ok(());
        }
        value.truncate(len);
        value.reserve_exact(len - value.len());
        for (i, element) in images.enumerate() {
            match value.get_mut(i) {
                Some(v) => E::load_into(v, element),
                None => push::<V, E>(value, element),
            }
            .map_err(|e| e.at_index(i))?;
        }
        Ok(())
    }
}

impl<V, E: Encoding<V>, const N: usize> Encoding<Box<[V]>> for Counted<N, E> {
    const SIZE: usize = <Self as Encoding<Vec<V>>>::SIZE;
    const ALIGN: usize = <Self as Encoding<Vec<V>>>::ALIGN;
    const TYPE: TypeDesc = <Self as Encoding<Vec<V>>>::TYPE;

    fn store(value: &Box<[V]>, image: &mut [u8]) -> Result<(), StoreError> {
        Self::store_slice(value, image)
    }

    fn load(image: &[u8]) -> Result<Box<[V]>, LoadError> {
        <Self as Encoding<Vec<V>>>::load(image).map(Vec::into_boxed_slice)
    }

    fn check(image: &[u8]) -> Result<(), LoadError> {
        <Self as Encoding<Vec<V>>>::check(image)
    }
}

/// The text of a string's image.
pub(crate) fn text(image: &[u8], capacity: usize) -> Result<&str, LoadError> {
    let len = length(image, capacity)?;
    std::str::from_utf8(&image[LEN..LEN + len])
        .map_err(|e| LoadError::new(format!("an invalid byte at {} of the text", e.valid_up_to()), "UTF-8"))
}

/// Writes the image of a string.
pub(crate) fn store_text(text: &str, capacity: usize, image: &mut [u8]) -> Result<(), StoreError> {
    store_length(text.len(), capacity, image)?;
    image[LEN..LEN + text.len()].copy_from_slice(text.as_bytes());
    Ok(())
}

impl<const N: usize> Encoding<String> for Capacity<N> {
    const SIZE: usize = string_size(N);
    const ALIGN: usize = u32::ALIGN;
    const TYPE: TypeDesc = TypeDesc::String { capacity: N };

    fn store(value: &String, image: &mut [u8]) -> Result<(), StoreError> {
        store_text(value, N, image)
    }

    fn load(image: &[u8]) -> Result<String, LoadError> {
        text(image, N).map(str::to_owned)
    }

    fn check(image: &[u8]) -> Result<(), LoadError> {
        text(image, N).map(drop)
    }

    fn load_into(value: &mut String, image: &[u8]) -> Result<(), LoadError> {
        let text = text(image, N)?;
        value.clear();
        value.push_str(text);
        Ok(())
    }
}

/// Lets one encoding stand for another: all five functions and three constants are the inner one's.
macro_rules! encode_as {
    ([$($generics:tt)*] $outer:ty, $value:ty => $inner:ty $(where $($bounds:tt)*)?) => {
        impl<$($generics)*> Encoding<$value> for $outer $(where $($bounds)*)? {
            const SIZE: usize = <$inner as Encoding<$value>>::SIZE;
            const ALIGN: usize = <$inner as Encoding<$value>>::ALIGN;
            const TYPE: TypeDesc = <$inner as Encoding<$value>>::TYPE;

            #[inline]
            fn store(value: &$value, image: &mut [u8]) -> Result<(), StoreError> {
                <$inner as Encoding<$value>>::store(value, image)
            }

            #[inline]
            fn load(image: &[u8]) -> Result<$value, LoadError> {
                <$inner as Encoding<$value>>::load(image)
            }

            #[inline]
            fn check(image: &[u8]) -> Result<(), LoadError> {
                <$inner as Encoding<$value>>::check(image)
            }

            #[inline]
            fn load_into(value: &mut $value, image: &[u8]) -> Result<(), LoadError> {
                <$inner as Encoding<$value>>::load_into(value, image)
            }

            #[inline]
            fn load_at<'a>(
                image: &[u8],
                place: &'a mut MaybeUninit<$value>,
            ) -> Result<&'a mut $value, LoadError> {
                <$inner as Encoding<$value>>::load_at(image, place)
            }
        }
    };
}

encode_as!([V, E: Encoding<V>, const N: usize] Capacity<N, E>, Vec<V> => Counted<N, E>);
encode_as!([V, E: Encoding<V>, const N: usize] Capacity<N, E>, Box<[V]> => Counted<N, E>);
encode_as!([V, E, const N: usize] Capacity<N, E>, Option<V> => Tagged<Self> where Self: Encoding<V>);
encode_as!([V, E, const N: usize, const M: usize] Capacity<N, E>, [V; M] => Elements<Self> where Self: Encoding<V>);

/// Makes a type whose elements are [`SharedField`]s one itself, through an encoding of [`Plain`] elements.
macro_rules! field_as {
    ([$($generics:tt)*] $value:ty => $inner:ty $(, direct: $direct:expr)?) => {
        impl<$($generics)*> SharedField for $value {
            const SIZE: usize = <$inner as Encoding<$value>>::SIZE;
            const ALIGN: usize = <$inner as Encoding<$value>>::ALIGN;
            const TYPE: TypeDesc = <$inner as Encoding<$value>>::TYPE;
            $(
                // SAFETY: the functions are those of the encoding that this is the promise for.
                const DIRECT: Direct<Self> = unsafe { $direct.same_as() };
            )?

            #[inline]
            fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
                <$inner as Encoding<$value>>::store(self, image)
            }

            #[inline]
            fn load(image: &[u8]) -> Result<Self, LoadError> {
                <$inner as Encoding<$value>>::load(image)
            }

            #[inline]
            fn check(image: &[u8]) -> Result<(), LoadError> {
                <$inner as Encoding<$value>>::check(image)
            }

            #[inline]
            fn load_into(&mut self, image: &[u8]) -> Result<(), LoadError> {
                <$inner as Encoding<$value>>::load_into(self, image)
            }

            #[inline]
            fn load_at<'a>(image: &[u8], place: &'a mut MaybeUninit<Self>) -> Result<&'a mut Self, LoadError> {
                <$inner as Encoding<$value>>::load_at(image, place)
            }
        }
    };
}

field_as!([V: SharedField, const M: usize] [V; M] => Elements<Plain>, direct: <Elements<Plain> as Encoding<[V; M]>>::DIRECT);
field_as!([V: SharedField] Option<V> => Tagged<Plain>);

/// The declared name of a tuple.
pub(crate) const TUPLE: &str = "()";

macro_rules! tuples {
    ($($n:tt $v:ident $e:ident $name:literal),+) => {
        impl<$($e),+> Tuple<($($e,)+)> {
            const fn laid_out<$($v),+>() -> Layout<{ [$($n),+].len() }>
            where
                $($e: Encoding<$v>),+
            {
                layout([$(($e::SIZE, $e::ALIGN)),+])
            }
        }

        impl<$($v, $e: Encoding<$v>),+> Encoding<($($v,)+)> for Tuple<($($e,)+)> {
            const SIZE: usize = Self::laid_out::<$($v),+>().size;
            const ALIGN: usize = Self::laid_out::<$($v),+>().align;
            const TYPE: TypeDesc = {
                let layout = Self::laid_out::<$($v),+>();
                TypeDesc::Record {
                    record: &RecordDesc {
                        name: TUPLE,
                        docs: "",
                        size: layout.size,
                        align: layout.align,
                        fields: &[$(FieldDesc {
                            name: $name,
                            docs: "",
                            offset: layout.offsets[$n],
                            ty: $e::TYPE,
                            default: None,
                        }),+],
                    },
                }
            };

            #[inline]
            fn store(value: &($($v,)+), image: &mut [u8]) -> Result<(), StoreError> {
                assert_eq!(image.len(), <Self as Encoding<($($v,)+)>>::SIZE, "the image of a tuple");
                let offsets = const { Self::laid_out::<$($v),+>().offsets };
                $({
                    let at = offsets[$n];
                    $e::store(&value.$n, &mut image[at..at + $e::SIZE]).map_err(|e| e.in_field($name))?;
                })+
                Ok(())
            }

            #[inline]
            fn load(image: &[u8]) -> Result<($($v,)+), LoadError> {
                assert_eq!(image.len(), <Self as Encoding<($($v,)+)>>::SIZE, "the image of a tuple");
                let offsets = const { Self::laid_out::<$($v),+>().offsets };
                Ok(($({
                    let at = offsets[$n];
                    $e::load(&image[at..at + $e::SIZE]).map_err(|e| e.in_field($name))?
                },)+))
            }

            #[inline]
            fn check(image: &[u8]) -> Result<(), LoadError> {
                assert_eq!(image.len(), <Self as Encoding<($($v,)+)>>::SIZE, "the image of a tuple");
                let offsets = const { Self::laid_out::<$($v),+>().offsets };
                $({
                    let at = offsets[$n];
                    $e::check(&image[at..at + $e::SIZE]).map_err(|e| e.in_field($name))?;
                })+
                Ok(())
            }

            #[inline]
            fn load_into(value: &mut ($($v,)+), image: &[u8]) -> Result<(), LoadError> {
                assert_eq!(image.len(), <Self as Encoding<($($v,)+)>>::SIZE, "the image of a tuple");
                let offsets = const { Self::laid_out::<$($v),+>().offsets };
                $({
                    let at = offsets[$n];
                    $e::load_into(&mut value.$n, &image[at..at + $e::SIZE]).map_err(|e| e.in_field($name))?;
                })+
                Ok(())
            }

            #[inline]
            fn load_at<'a>(
                image: &[u8],
                place: &'a mut MaybeUninit<($($v,)+)>,
            ) -> Result<&'a mut ($($v,)+), LoadError> {
                assert_eq!(image.len(), <Self as Encoding<($($v,)+)>>::SIZE, "the image of a tuple");
                let offsets = const { Self::laid_out::<$($v),+>().offsets };
                let whole = place.as_mut_ptr();
                let mut made = 0;
                let outcome = (|| {
                    $({
                        let at = offsets[$n];
                        // SAFETY: only the place is computed, inside the tuple that `place` borrows.
                        let field = unsafe { &raw mut (*whole).$n };
                        // SAFETY: the field lies in the tuple, aligned, and only this borrow of `place` reaches it.
                        unsafe { load_behind::<$v, $e>(&image[at..at + $e::SIZE], field) }
                            .map_err(|e| e.in_field($name))?;
                        made += 1;
                    })+
                    Ok(())
                })();
                if let Err(error) = outcome {
                    $(
                        if $n < made {
                            // SAFETY: only the place is computed, inside the tuple that `place` borrows.
                            let field = unsafe { &raw mut (*whole).$n };
                            // SAFETY: so many fields have been made, in this order, and nobody will use them.
                            unsafe { field.drop_in_place() };
                        }
                    )+
                    return Err(error);
                }
                // SAFETY: each of the fields was made by `load_behind`.
                Ok(unsafe { place.assume_init_mut() })
            }
        }

        field_as!([$($v: SharedField),+] ($($v,)+) => Tuple<($(tuples!(@plain $v),)+)>);
    };
    (@plain $v:ident) => { Plain };
}

tuples!(0 V0 E0 "0");
tuples!(0 V0 E0 "0", 1 V1 E1 "1");
tuples!(0 V0 E0 "0", 1 V1 E1 "1", 2 V2 E2 "2");
tuples!(0 V0 E0 "0", 1 V1 E1 "1", 2 V2 E2 "2", 3 V3 E3 "3");
tuples!(0 V0 E0 "0", 1 V1 E1 "1", 2 V2 E2 "2", 3 V3 E3 "3", 4 V4 E4 "4");
tuples!(0 V0 E0 "0", 1 V1 E1 "1", 2 V2 E2 "2", 3 V3 E3 "3", 4 V4 E4 "4", 5 V5 E5 "5");
tuples!(0 V0 E0 "0", 1 V1 E1 "1", 2 V2 E2 "2", 3 V3 E3 "3", 4 V4 E4 "4", 5 V5 E5 "5", 6 V6 E6 "6");
tuples!(0 V0 E0 "0", 1 V1 E1 "1", 2 V2 E2 "2", 3 V3 E3 "3", 4 V4 E4 "4", 5 V5 E5 "5", 6 V6 E6 "6", 7 V7 E7 "7");

/// An encoding of arrays that says how each element is stored.
///
/// Lets a handle lead on from an array to one of its elements; implemented for every encoding of arrays that the derive
/// writes.
pub trait ArrayEncoding<V, const N: usize>: Encoding<[V; N]> {
    /// The encoding of an element.
    type Element: Encoding<V>;
}

impl<V: SharedField, const N: usize> ArrayEncoding<V, N> for Plain {
    type Element = Plain;
}

impl<V, E, const N: usize, const M: usize> ArrayEncoding<V, M> for Capacity<N, E>
where
    Self: Encoding<V>,
{
    type Element = Self;
}

impl<V, E: Encoding<V>, const N: usize> ArrayEncoding<V, N> for Elements<E> {
    type Element = E;
}
