//! The shapes that a first record has: numbers, texts, sequences, records in records, parameters.

use std::fmt::Debug;

use proptest::prelude::*;
use shmrec::{
    FixedStr, LoadError, ReadError, Reader, Segment, SharedField, SharedRecord, StoreError, TypeDesc, WriteError,
};

use super::{Shape, Value};

/// All integers.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Integers {
    pub a: u8,
    pub b: u16,
    pub c: u32,
    pub d: u64,
    pub e: u128,
    pub f: i8,
    pub g: i16,
    pub h: i32,
    pub i: i64,
    pub j: i128,
}

shape!(Integers {
    a: any::<u8>(),
    b: any::<u16>(),
    c: any::<u32>(),
    d: any::<u64>(),
    e: any::<u128>(),
    f: any::<i8>(),
    g: any::<i16>(),
    h: any::<i32>(),
    i: any::<i64>(),
    j: any::<i128>(),
});

/// Floats, of which all bits count.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Floats {
    pub single: f32,
    pub double: f64,
    pub singles: [f32; 3],
    pub doubles: [f64; 2],
    pub maybe: Option<f64>,
}

/// Any bits, and often a NaN with a payload, quiet or signalling, of either sign.
pub(super) fn singles() -> BoxedStrategy<f32> {
    let nans = (any::<bool>(), 1u32..1 << 23).prop_map(|(sign, payload)| u32::from(sign) << 31 | 0xff << 23 | payload);
    prop_oneof![any::<u32>(), nans].prop_map(f32::from_bits).boxed()
}

pub(super) fn doubles() -> BoxedStrategy<f64> {
    let nans = (any::<bool>(), 1u64..1 << 52).prop_map(|(sign, payload)| u64::from(sign) << 63 | 0x7ff << 52 | payload);
    prop_oneof![any::<u64>(), nans].prop_map(f64::from_bits).boxed()
}

shape!(Floats {
    single: singles(),
    double: doubles(),
    singles: [singles(), singles(), singles()],
    doubles: [doubles(), doubles()],
    maybe: proptest::option::of(doubles()),
});

/// Types of which not every bit pattern is a value.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Letters {
    pub flag: bool,
    pub letter: char,
    pub flags: [bool; 7],
    pub letters: [char; 3],
}

/// Any character, and often one at an edge.
pub(super) fn letters() -> BoxedStrategy<char> {
    prop_oneof![any::<char>(), proptest::sample::select(vec!['\0', '\u{d7ff}', '\u{e000}', char::MAX])].boxed()
}

shape!(Letters {
    flag: any::<bool>(),
    letter: letters(),
    flags: any::<[bool; 7]>(),
    letters: [letters(), letters(), letters()],
});

/// Arrays, one of them without an element.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Arrays {
    pub bytes: [u8; 13],
    pub none: [u64; 0],
    pub grid: [[u16; 3]; 5],
    pub one: [i128; 1],
    pub cube: [[[i8; 2]; 2]; 2],
}

shape!(Arrays {
    bytes: any::<[u8; 13]>(),
    none: Just([]),
    grid: any::<[[u16; 3]; 5]>(),
    one: any::<[i128; 1]>(),
    cube: any::<[[[i8; 2]; 2]; 2]>(),
});

/// The innermost record of several.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Leaf {
    pub narrow: u8,
    pub wide: u64,
}

shape!(Leaf { narrow: any::<u8>(), wide: any::<u64>() });

/// A record in a record.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Branch {
    pub before: u16,
    pub leaf: Leaf,
    pub after: u8,
}

shape!(Branch { before: any::<u16>(), leaf: Leaf::arbitrary(), after: any::<u8>() });

/// A record in a record in a record.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Nested {
    pub left: Branch,
    pub between: bool,
    pub right: Branch,
}

shape!(Nested { left: Branch::arbitrary(), between: any::<bool>(), right: Branch::arbitrary() });

/// Arrays of records.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Rows {
    pub rows: [Leaf; 4],
    pub table: [[Branch; 2]; 3],
    pub count: u8,
}

fn branches() -> [BoxedStrategy<Branch>; 2] {
    [Branch::arbitrary(), Branch::arbitrary()]
}

shape!(Rows {
    rows: std::array::from_fn::<_, 4, _>(|_| Leaf::arbitrary()),
    table: [branches(), branches(), branches()],
    count: any::<u8>(),
});

/// Makes an enum, and the order in which its variants follow each other.
macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident: $repr:ident { $($variant:ident = $value:expr),+ $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
        #[repr($repr)]
        #[allow(missing_docs)]
        pub enum $name { $($variant = $value),+ }

        impl $name {
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub(super) fn arbitrary() -> impl Strategy<Value = Self> + use<> {
                proptest::sample::select(Self::ALL)
            }
        }

        impl Value for $name {
            fn altered(&self) -> Self {
                let at = Self::ALL.iter().position(|kind| kind == self).expect("one of all");
                Self::ALL[(at + 1) % Self::ALL.len()]
            }

            fn same(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

kinds! {
    /// Small numbers that are not 0, 1, 2.
    Grade: u8 { Good = 7, Better = 0, Best = 255 }
    /// Negative ones.
    Side: i8 { Left = -128, Middle = -1, Right = 127 }
    /// Two bytes that differ.
    Port: u16 { First = 0x1234, Last = 0xffff }
    /// Negative, in two bytes.
    Step: i16 { Down = -0x1234, Up = 0x7fff }
    /// Four bytes that differ.
    Magic: u32 { Here = 0x8765_4321, There = 0x0102_0304 }
    /// Negative, in four bytes.
    Level: i32 { Lowest = i32::MIN, Sea = 0, Highest = i32::MAX }
    /// Numbers that no signed type has.
    Huge: u64 { Most = u64::MAX, Half = 1 << 63, Two = 2 }
    /// The widest of all.
    Far: i64 { West = i64::MIN, Home = -1, East = i64::MAX }
}

/// Enums with odd numbers.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Kinds {
    pub grade: Grade,
    pub side: Side,
    pub port: Port,
    pub step: Step,
    pub magic: Magic,
    pub level: Level,
    pub huge: Huge,
    pub far: Far,
    pub grades: [Grade; 5],
    pub maybe: Option<Grade>,
}

shape!(Kinds {
    grade: Grade::arbitrary(),
    side: Side::arbitrary(),
    port: Port::arbitrary(),
    step: Step::arbitrary(),
    magic: Magic::arbitrary(),
    level: Level::arbitrary(),
    huge: Huge::arbitrary(),
    far: Far::arbitrary(),
    grades: std::array::from_fn::<_, 5, _>(|_| Grade::arbitrary()),
    maybe: proptest::option::of(Grade::arbitrary()),
});

/// Options of everything.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Options {
    pub byte: Option<u8>,
    pub wide: Option<u128>,
    pub flag: Option<bool>,
    pub letter: Option<char>,
    pub floats: Option<[f64; 2]>,
    pub record: Option<Leaf>,
    pub twice: Option<Option<bool>>,
    pub several: [Option<u32>; 3],
    #[record(capacity = 6)]
    pub text: Option<String>,
    #[record(capacity = 3)]
    pub list: Option<Vec<i16>>,
}

shape!(Options {
    byte: any::<Option<u8>>(),
    wide: any::<Option<u128>>(),
    flag: any::<Option<bool>>(),
    letter: any::<Option<char>>(),
    floats: proptest::option::of([doubles(), doubles()]),
    record: proptest::option::of(Leaf::arbitrary()),
    twice: any::<Option<Option<bool>>>(),
    several: any::<[Option<u32>; 3]>(),
    text: proptest::option::of(text(6)),
    list: proptest::option::of(list(any::<i16>(), 3)),
});

/// Any text of at most so many bytes, and often one that just fits.
pub(super) fn text(capacity: usize) -> BoxedStrategy<String> {
    let fit = move |letters: Vec<char>| {
        let mut text = String::new();
        for letter in letters {
            if text.len() + letter.len_utf8() <= capacity {
                text.push(letter);
            }
        }
        text
    };
    let some = proptest::collection::vec(letters(), 0..=capacity.min(40)).prop_map(fit);
    let full = proptest::sample::select(vec!["a", "ß", "€", "😀"])
        .prop_map(move |letter| letter.repeat(capacity / letter.len()));
    prop_oneof![3 => some, 1 => full].boxed()
}

/// Any list of at most so many elements.
pub(super) fn list<V: Debug + Clone + 'static>(
    any: impl Strategy<Value = V> + 'static,
    capacity: usize,
) -> BoxedStrategy<Vec<V>> {
    proptest::collection::vec(any, 0..=capacity).boxed()
}

/// Strings of several capacities.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Texts {
    #[record(capacity = 1)]
    pub least: String,
    #[record(capacity = 32)]
    pub usual: String,
    #[record(capacity = 5)]
    pub several: [String; 3],
    #[record(capacity = 4096)]
    pub long: String,
    #[record(capacity = 3)]
    pub maybe: [Option<String>; 2],
}

shape!(Texts {
    least: text(1),
    usual: text(32),
    several: [text(5), text(5), text(5)],
    long: text(4096),
    maybe: [proptest::option::of(text(3)), proptest::option::of(text(3))],
});

/// Sequences of several capacities and elements.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Lists {
    #[record(capacity = 9)]
    pub bytes: Vec<u8>,
    #[record(capacity = 4)]
    pub wide: Vec<u128>,
    #[record(capacity = 6)]
    pub boxed: Box<[i16]>,
    #[record(capacity = 3)]
    pub records: Vec<Leaf>,
    #[record(capacity = 5)]
    pub options: Vec<Option<u32>>,
    #[record(capacity = 4)]
    pub kinds: Vec<Grade>,
    #[record(capacity = 2)]
    pub several: [Vec<u64>; 2],
}

shape!(Lists {
    bytes: list(any::<u8>(), 9),
    wide: list(any::<u128>(), 4),
    boxed: list(any::<i16>(), 6).prop_map(Vec::into_boxed_slice),
    records: list(Leaf::arbitrary(), 3),
    options: list(any::<Option<u32>>(), 5),
    kinds: list(Grade::arbitrary(), 4),
    several: [list(any::<u64>(), 2), list(any::<u64>(), 2)],
});

/// Sequences of what grows itself.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Books {
    #[record(capacity = (4, 12))]
    pub pages: Vec<String>,
    #[record(capacity = (3, 5))]
    pub rows: Vec<Vec<u8>>,
    #[record(capacity = (2, 7))]
    pub boxed: Box<[String]>,
    #[record(capacity = (2, 3))]
    pub maybe: Option<Vec<String>>,
}

shape!(Books {
    pages: list(text(12), 4),
    rows: list(list(any::<u8>(), 5), 3),
    boxed: list(text(7), 2).prop_map(Vec::into_boxed_slice),
    maybe: proptest::option::of(list(text(3), 2)),
});

/// Text without an allocation.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Inline {
    pub least: FixedStr<1>,
    pub usual: FixedStr<16>,
    pub several: [FixedStr<7>; 2],
    pub maybe: Option<FixedStr<5>>,
}

pub(super) fn inline<const N: usize>() -> BoxedStrategy<FixedStr<N>> {
    text(N).prop_map(|text| text.parse().expect("a text that fits")).boxed()
}

shape!(Inline {
    least: inline(),
    usual: inline(),
    several: [inline(), inline()],
    maybe: proptest::option::of(inline()),
});

/// Fields without names.
#[derive(SharedRecord, Clone, Debug)]
pub struct Tuple(pub u8, pub f64, pub [u16; 3], #[record(capacity = 10)] pub String, pub Option<Leaf>);

shape!(Tuple [
    0 byte: any::<u8>(),
    1 float: doubles(),
    2 numbers: any::<[u16; 3]>(),
    3 words: text(10),
    4 leaf: proptest::option::of(Leaf::arbitrary()),
]);

/// A type parameter and a const parameter.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Generic<T, const N: usize> {
    pub one: T,
    pub many: [T; N],
    pub count: u32,
}

shape!(Generic<u16, 3> { one: any::<u16>(), many: any::<[u16; 3]>(), count: any::<u32>() });
shape!(Generic<Option<bool>, 2> { one: any::<Option<bool>>(), many: any::<[Option<bool>; 2]>(), count: any::<u32>() });

/// Two type parameters.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Pair<A, B> {
    pub first: A,
    pub second: B,
}

shape!(Pair<Leaf, [u8; 3]> { first: Leaf::arbitrary(), second: any::<[u8; 3]>() });
shape!(Pair<u128, Grade> { first: any::<u128>(), second: Grade::arbitrary() });
shape!(Pair<u8, Pair<u128, Grade>> { first: any::<u8>(), second: Pair::arbitrary() });

/// Fields that stay at home.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Skipped {
    #[record(skip)]
    pub first: Vec<String>,
    pub number: u32,
    #[record(skip)]
    pub since: Option<std::time::Instant>,
    #[record(capacity = 9)]
    pub name: String,
    #[record(skip)]
    pub last: usize,
}

shape!(Skipped { number: any::<u32>(), name: text(9) } skip first, since, last);

/// More than a page, more than fits into a cache, more than `update` makes on the stack.
#[derive(SharedRecord, Clone)]
#[allow(missing_docs)]
pub struct Large {
    pub head: u16,
    pub bytes: [u8; 64 << 10],
    pub tail: u64,
}

impl Debug for Large {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ends = (&self.bytes[..8], &self.bytes[self.bytes.len() - 8..]);
        f.debug_struct("Large").field("head", &self.head).field("ends", &ends).field("tail", &self.tail).finish()
    }
}

shape!(Large {
    head: any::<u16>(),
    bytes: any::<u64>().prop_map(|seed| {
        let mut random = crate::random::Random::new(seed);
        std::array::from_fn(|_| random.next() as u8)
    }),
    tail: any::<u64>(),
});

/// Less than a word.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct OneByte {
    pub only: bool,
}

shape!(OneByte { only: any::<bool>() });

/// A word cut off.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct ThreeBytes {
    pub one: u8,
    pub two: [i8; 2],
}

shape!(ThreeBytes { one: any::<u8>(), two: any::<[i8; 2]>() });

/// More padding than fields.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct Padded {
    pub a: u8,
    pub b: u128,
    pub c: bool,
    pub d: u32,
    pub e: i8,
    pub f: u64,
    pub g: u16,
}

shape!(Padded {
    a: any::<u8>(),
    b: any::<u128>(),
    c: any::<bool>(),
    d: any::<u32>(),
    e: any::<i8>(),
    f: any::<u64>(),
    g: any::<u16>(),
});

/// Exactly the bytes of a cache line.
#[derive(SharedRecord, Clone, Debug)]
#[record(size = 64)]
#[allow(missing_docs)]
pub struct OneLine {
    pub words: [u64; 7],
    pub last: [u8; 8],
}

shape!(OneLine { words: any::<[u64; 7]>(), last: any::<[u8; 8]>() });

/// One byte more, so that the next slot begins a line further.
#[derive(SharedRecord, Clone, Debug)]
#[record(size = 65)]
#[allow(missing_docs)]
pub struct LineAndByte {
    pub front: [u8; 32],
    pub back: [u8; 32],
    pub last: u8,
}

shape!(LineAndByte { front: any::<[u8; 32]>(), back: any::<[u8; 32]>(), last: any::<u8>() });

/// A price in cents, never negative: a type that implements its transfer by hand.
#[derive(Clone, Copy, Debug)]
pub struct Price(i64);

impl SharedField for Price {
    const SIZE: usize = i64::SIZE;
    const ALIGN: usize = i64::ALIGN;
    const TYPE: TypeDesc = i64::TYPE;

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        self.0.store(image)
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        match i64::load(image)? {
            cents @ 0.. => Ok(Self(cents)),
            cents => Err(LoadError::new(cents.to_string(), "a price of 0 or more")),
        }
    }
}

impl Value for Price {
    fn altered(&self) -> Self {
        Self(self.0 ^ 1)
    }

    fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// A field whose transfer was written by hand.
#[derive(SharedRecord, Clone, Debug)]
#[allow(missing_docs)]
pub struct ByHand {
    pub code: u8,
    pub price: Price,
    pub others: [Price; 2],
}

fn prices() -> BoxedStrategy<Price> {
    (0..=i64::MAX).prop_map(Price).boxed()
}

shape!(ByHand { code: any::<u8>(), price: prices(), others: [prices(), prices()] });
