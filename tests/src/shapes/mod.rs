//! Records of many shapes, and for each how to make any value of it, alter it, and compare it bit by bit.
//!
//! Two processes share this file: one writes an arbitrary value, the other alters it, and the first knows what must come back.

use std::fmt::Debug;

use proptest::prelude::*;
use shmrec::{ReadError, Reader, Segment, SharedRecord, WriteError};

/// A value that can be altered in a way that everybody knows.
pub trait Value: Sized + Clone {
    /// Another value that fits where this one fits, made of this one alone. Every part of it differs.
    #[must_use]
    fn altered(&self) -> Self;

    /// Whether the two are the same bits: a NaN is itself, and no other NaN.
    #[must_use]
    fn same(&self, other: &Self) -> bool;
}

/// A record of some shape.
pub trait Shape: SharedRecord + Value + Debug + Send + 'static {
    /// Any value of it.
    fn arbitrary() -> BoxedStrategy<Self>;

    /// Whether each field, transferred by itself, is that of `value`.
    ///
    /// # Errors
    ///
    /// When a field cannot be read.
    fn fields_are(reader: &Reader<Self>, value: &Self) -> Result<bool, ReadError>;

    /// Sets each field by itself, in one version each.
    ///
    /// # Errors
    ///
    /// When a field cannot be written.
    fn set_fields(segment: &Segment<Self>, value: &Self) -> Result<(), WriteError>;
}

/// Calls `$each!` with all shapes, each as `name: Type`.
#[macro_export]
macro_rules! each_shape {
    ($each:ident) => {
        $each! {
            integers: $crate::shapes::Integers,
            floats: $crate::shapes::Floats,
            letters: $crate::shapes::Letters,
            arrays: $crate::shapes::Arrays,
            nested: $crate::shapes::Nested,
            rows: $crate::shapes::Rows,
            kinds: $crate::shapes::Kinds,
            options: $crate::shapes::Options,
            texts: $crate::shapes::Texts,
            lists: $crate::shapes::Lists,
            books: $crate::shapes::Books,
            inline_text: $crate::shapes::Inline,
            tuple: $crate::shapes::Tuple,
            generic_numbers: $crate::shapes::Generic<u16, 3>,
            generic_options: $crate::shapes::Generic<Option<bool>, 2>,
            pair_of_parameters: $crate::shapes::Pair<$crate::shapes::Leaf, [u8; 3]>,
            pair_of_pairs: $crate::shapes::Pair<u8, $crate::shapes::Pair<u128, $crate::shapes::Grade>>,
            skipped: $crate::shapes::Skipped,
            large: $crate::shapes::Large,
            one_byte: $crate::shapes::OneByte,
            three_bytes: $crate::shapes::ThreeBytes,
            padded: $crate::shapes::Padded,
            one_line: $crate::shapes::OneLine,
            one_byte_more_than_a_line: $crate::shapes::LineAndByte,
            by_hand: $crate::shapes::ByHand,
            figures: $crate::shapes::Figures,
            readings: $crate::shapes::Readings,
            tuples: $crate::shapes::Tuples,
            wrapped: $crate::shapes::Wrapped,
            times: $crate::shapes::Times,
            addresses: $crate::shapes::Addresses,
            inline_lists: $crate::shapes::InlineLists,
            converted: $crate::shapes::Converted,
            mapped: $crate::shapes::Mapped,
            deep: $crate::shapes::Deep,
            enum_as_parameter: $crate::shapes::Pair<$crate::shapes::Outer, $crate::shapes::Figure>,
            tuple_as_parameter: $crate::shapes::Pair<(u8, i64), [(char, bool); 2]>,
        }
    };
}

/// Makes a struct a [`Value`] and a [`Shape`] from its fields and any values of theirs. Fields behind `skip` are not
/// transferred.
macro_rules! shape {
    ($ty:ty { $($field:ident: $any:expr),* $(,)? } $(skip $($skip:ident),*)?) => {
        shape!(@ $ty { $($field $field: $any),* } [$($($skip),*)?]);
    };
    ($ty:ty [ $($index:tt $name:ident: $any:expr),* $(,)? ]) => {
        shape!(@ $ty { $($index $name: $any),* } []);
    };
    (@ $ty:ty { $($field:tt $name:ident: $any:expr),* } [$($skip:ident),*]) => {
        impl Value for $ty {
            fn altered(&self) -> Self {
                Self { $($field: self.$field.altered(),)* $($skip: self.$skip.clone(),)* }
            }

            fn same(&self, other: &Self) -> bool {
                true $(&& self.$field.same(&other.$field))*
            }
        }

        impl Shape for $ty {
            fn arbitrary() -> BoxedStrategy<Self> {
                ($($any,)*).prop_map(|($($name,)*)| Self { $($field: $name,)* $($skip: Default::default(),)* }).boxed()
            }

            fn fields_are(reader: &Reader<Self>, value: &Self) -> Result<bool, ReadError> {
                let fields = Self::fields();
                Ok(true $(&& reader.get(fields.$field)?.same(&value.$field))*)
            }

            fn set_fields(segment: &Segment<Self>, value: &Self) -> Result<(), WriteError> {
                let fields = Self::fields();
                $(segment.set(fields.$field, &value.$field)?;)*
                Ok(())
            }
        }
    };
}

mod basic;
mod rich;
mod values;

pub use basic::*;
pub use rich::*;
