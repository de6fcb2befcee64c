//! How each type is altered, and when two of its values are the same.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{NonZero, Wrapping};
use std::time::{Duration, SystemTime};

use shmrec::{FixedStr, FixedVec};

use super::{Code, Figure, Grade, Leaf, Reading, Value};

macro_rules! integers {
    ($($ty:ty)*) => {$(
        impl Value for $ty {
            fn altered(&self) -> Self {
                // 5 x + 1 = x has no solution modulo a power of two.
                self.wrapping_mul(5).wrapping_add(1)
            }

            fn same(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

integers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

impl Value for f32 {
    fn altered(&self) -> Self {
        Self::from_bits(self.to_bits().rotate_left(9) ^ 0x8000_0001)
    }

    fn same(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl Value for f64 {
    fn altered(&self) -> Self {
        Self::from_bits(self.to_bits().rotate_left(9) ^ 0x8000_0000_0000_0001)
    }

    fn same(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl Value for bool {
    fn altered(&self) -> Self {
        !self
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Value for char {
    fn altered(&self) -> Self {
        // The next one; over the surrogates, and from the last to the first.
        (u32::from(*self) + 1..=0xe000)
            .find_map(Self::from_u32)
            .unwrap_or_else(|| Self::from_u32(u32::from(*self) + 1).unwrap_or('\0'))
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl<V: Value, const N: usize> Value for [V; N] {
    fn altered(&self) -> Self {
        std::array::from_fn(|i| self[N - 1 - i].altered())
    }

    fn same(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(a, b)| a.same(b))
    }
}

/// What a variant without fields holds.
impl Value for () {
    fn altered(&self) {}

    fn same(&self, (): &()) -> bool {
        true
    }
}

macro_rules! tuples {
    ($($v:ident $n:tt),*) => {
        impl<$($v: Value),*> Value for ($($v,)*) {
            fn altered(&self) -> Self {
                ($(self.$n.altered(),)*)
            }

            fn same(&self, other: &Self) -> bool {
                true $(&& self.$n.same(&other.$n))*
            }
        }
    };
}

tuples!(A 0);
tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

macro_rules! non_zero {
    ($($ty:ident)*) => {$(
        impl Value for NonZero<$ty> {
            fn altered(&self) -> Self {
                Self::new(self.get().altered()).unwrap_or(Self::MIN)
            }

            fn same(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

non_zero!(u8 u16 u32 u128 i16 i64);

impl<V: Value> Value for Wrapping<V> {
    fn altered(&self) -> Self {
        Self(self.0.altered())
    }

    fn same(&self, other: &Self) -> bool {
        self.0.same(&other.0)
    }
}

impl Value for Duration {
    fn altered(&self) -> Self {
        Self::new(self.as_secs().altered(), (self.subsec_nanos() + 1) % 1_000_000_000)
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl Value for SystemTime {
    fn altered(&self) -> Self {
        // To the other side of the epoch, or half the way to the epoch where the system's clock does not go so far back.
        match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => {
                let mirrored = Self::UNIX_EPOCH.checked_sub(after + Duration::from_nanos(1));
                mirrored.unwrap_or(Self::UNIX_EPOCH + after / 2)
            }
            Err(before) => Self::UNIX_EPOCH + before.duration(),
        }
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

macro_rules! addresses {
    ($($ty:ident |$self:ident| $altered:expr;)*) => {$(
        impl Value for $ty {
            fn altered(&self) -> Self {
                let $self = self;
                $altered
            }

            fn same(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

addresses! {
    Ipv4Addr |ip| Self::from(u32::from(*ip).altered());
    Ipv6Addr |ip| Self::from(u128::from(*ip).altered());
    IpAddr |ip| match ip {
        Self::V4(ip) => Self::V6(ip.to_ipv6_mapped().altered()),
        Self::V6(ip) => Self::V4(Ipv4Addr::from(u128::from(*ip) as u32).altered()),
    };
    SocketAddrV4 |at| Self::new(at.ip().altered(), at.port().altered());
    SocketAddrV6 |at| {
        Self::new(at.ip().altered(), at.port().altered(), at.flowinfo().altered(), at.scope_id().altered())
    };
    SocketAddr |at| Self::new(at.ip().altered(), at.port().altered());
}

impl<V: Value + Sample + Copy, const N: usize> Value for FixedVec<V, N> {
    fn altered(&self) -> Self {
        Self::try_from(&self.to_vec().altered()[..]).expect("not longer than before, or one value")
    }

    fn same(&self, other: &Self) -> bool {
        self.to_vec().same(&other.to_vec())
    }
}

/// What stands in the place of nothing.
pub(super) trait Sample {
    fn sample() -> Self;
}

impl<V: Value + Sample> Value for Option<V> {
    fn altered(&self) -> Self {
        // Every other value goes; which, is in the value alone.
        match self {
            None => Some(V::sample()),
            Some(v) if v.same(&V::sample()) => None,
            Some(v) => Some(v.altered()),
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(a), Some(b)) => a.same(b),
            (a, b) => a.is_none() && b.is_none(),
        }
    }
}

impl<V: Value + Sample> Value for Vec<V> {
    fn altered(&self) -> Self {
        // From the back; grows from nothing, and loses one of an even number.
        let mut altered: Self = self.iter().rev().map(V::altered).collect();
        match altered.len() {
            0 => altered.push(V::sample()),
            len if len % 2 == 0 => drop(altered.pop()),
            _ => {}
        }
        altered
    }

    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b))
    }
}

impl<V: Value + Sample> Value for Box<[V]> {
    fn altered(&self) -> Self {
        self.to_vec().altered().into_boxed_slice()
    }

    fn same(&self, other: &Self) -> bool {
        self.to_vec().same(&other.to_vec())
    }
}

impl Value for String {
    fn altered(&self) -> Self {
        // As many bytes or fewer, but never none.
        let mut letters: Vec<char> = self.chars().rev().collect();
        let last = letters.pop();
        letters.push(if last == Some('z') { 'y' } else { 'z' });
        letters.into_iter().collect()
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

impl<const N: usize> Value for FixedStr<N> {
    fn altered(&self) -> Self {
        self.to_string().altered().parse().expect("not longer than before, or one byte")
    }

    fn same(&self, other: &Self) -> bool {
        self == other
    }
}

macro_rules! samples {
    ($($ty:ty = $sample:expr;)*) => {$(
        impl Sample for $ty {
            fn sample() -> Self {
                $sample
            }
        }
    )*};
}

samples! {
    u8 = 0xa5;
    i16 = -2;
    u32 = 1 << 31;
    u64 = 77;
    u128 = 1 << 127 | 1;
    bool = true;
    char = 'ß';
    f64 = -0.0;
    Leaf = Leaf { narrow: 7, wide: 1 << 40 };
    Grade = Grade::Best;
    String = "s".to_owned();
    FixedStr<5> = "fünf".parse().expect("5 bytes");
    u16 = 0x1234;
    NonZero<u32> = Self::MIN;
    NonZero<u16> = Self::MAX;
    Duration = Self::new(7, 8);
    SystemTime = Self::UNIX_EPOCH;
    IpAddr = Self::V4(Ipv4Addr::LOCALHOST);
    SocketAddr = Self::from(([1, 2, 3, 4], 5));
    Figure = Figure::Named { name: "fig".to_owned(), number: 3 };
    Reading<u32> = Reading::Whole(9);
    Code = Code::High;
}

impl<A: Sample, B: Sample> Sample for (A, B) {
    fn sample() -> Self {
        (A::sample(), B::sample())
    }
}

impl<V: Sample, const N: usize> Sample for [V; N] {
    fn sample() -> Self {
        std::array::from_fn(|_| V::sample())
    }
}

impl<V: Sample> Sample for Box<[V]> {
    fn sample() -> Self {
        Box::new([V::sample()])
    }
}

impl<V: Sample + Copy, const N: usize> Sample for FixedVec<V, N> {
    fn sample() -> Self {
        Self::try_from(&[V::sample()][..]).expect("one fits")
    }
}

impl<V: Sample> Sample for Option<V> {
    fn sample() -> Self {
        Some(V::sample())
    }
}

impl<V: Sample> Sample for Vec<V> {
    fn sample() -> Self {
        vec![V::sample()]
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    /// A test that compares a value with itself, altered or not, must be able to fail.
    fn alters<V: Value + Debug>(value: &V) {
        let altered = value.altered();
        assert!(!altered.same(value), "{value:?} stays as it is");
        assert!(altered.same(&value.altered()), "{value:?} is altered to two different values");
    }

    #[test]
    fn every_value_differs_from_what_it_is_altered_to() {
        for byte in 0..=u8::MAX {
            alters(&byte);
            alters(&(byte as i8));
            alters(&u128::from(byte));
            alters(&f32::from_bits(u32::from(byte) << 24));
            alters(&f64::from_bits(u64::from(byte) << 56));
        }
        for letter in ['\0', 'a', '\u{d7ff}', '\u{e000}', '\u{ffff}', char::MAX] {
            alters(&letter);
        }
        for text in ["", "z", "y", "za", "größe", "zz"] {
            alters(&text.to_owned());
        }
        for option in [None, Some(0xa5), Some(0u8)] {
            alters(&option);
        }
        for list in [vec![], vec![1u8], vec![1, 2], vec![1, 2, 3]] {
            alters(&list);
        }
        Grade::ALL.iter().for_each(alters);
    }

    #[test]
    fn a_nan_is_the_same_as_itself_and_no_other() {
        let quiet = f64::from_bits(0x7ff8_0000_0000_0001);
        assert!(quiet.same(&quiet) && !quiet.same(&f64::from_bits(0x7ff8_0000_0000_0002)));
        assert!(!0.0f32.same(&-0.0));
    }
}
