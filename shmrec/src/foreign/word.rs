//! Words of a record that a protocol looks at by themselves.

use shmrec_os::Width;

use crate::Field;
use crate::encoding::Encoding;

/// An integer field of a record, loaded and stored in one piece: a counter, a tick, a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    offset: usize,
    width: Width,
}

impl Word {
    /// The word that a field is.
    #[must_use]
    pub fn of<T, V: WordValue, E: Encoding<V>>(field: Field<T, V, E>) -> Self {
        Self { offset: field.offset(), width: V::WIDTH }
    }

    /// Where it begins, in bytes from the record's start.
    #[must_use]
    pub fn offset(self) -> usize {
        self.offset
    }

    pub(super) fn width(self) -> Width {
        self.width
    }

    /// The word as it stands in a record's image.
    ///
    /// # Panics
    ///
    /// When the image ends before.
    #[must_use]
    pub fn in_image(self, image: &[u8]) -> u64 {
        let mut bytes = [0; 8];
        let len = self.width.bytes();
        bytes[..len].copy_from_slice(&image[self.offset..self.offset + len]);
        u64::from_le_bytes(bytes)
    }

    /// The word `value` becomes when as many bits are stored as this has.
    #[must_use]
    pub fn truncate(self, value: u64) -> u64 {
        match self.width {
            Width::W8 => value,
            width => value & ((1 << (8 * width.bytes())) - 1),
        }
    }
}

/// An integer that can be a [`Word`].
pub trait WordValue: Copy + sealed::Sealed {
    #[doc(hidden)]
    const WIDTH: Width;

    #[doc(hidden)]
    fn to_word(self) -> u64;

    #[doc(hidden)]
    fn of_word(word: u64) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! words {
    ($($ty:ty: $width:ident,)*) => {$(
        impl sealed::Sealed for $ty {}

        impl WordValue for $ty {
            const WIDTH: Width = Width::$width;

            fn to_word(self) -> u64 {
                // Only as many bits are stored as the type has.
                self as u64
            }

            fn of_word(word: u64) -> Self {
                word as $ty
            }
        }
    )*};
}

words! {
    u8: W1, i8: W1,
    u16: W2, i16: W2,
    u32: W4, i32: W4,
    u64: W8, i64: W8,
}
