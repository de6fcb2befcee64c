//! What a derive is seldom tried with: odd names and expressions, macros, `cfg`, enums at the ends of what they can be, types
//! that clean up behind themselves.

#![deny(warnings)]
#![allow(dead_code)]

use std::cell::Cell;
use std::fmt::Debug;
use std::marker::PhantomData;

use shmrec::schema::Schema;
use shmrec::{FieldWith, LoadError, SharedField, SharedRecord, StoreError, TypeDesc};

#[track_caller]
fn comes_back<T: SharedField + Debug + PartialEq>(value: &T) -> Vec<u8> {
    let mut image = vec![0; T::SIZE];
    value.store(&mut image).expect("the value fits");
    T::check(&image).expect("its own image is valid");
    assert_eq!(&T::load(&image).expect("its own image is valid"), value);
    image
}

fn types<T: SharedRecord>() -> Vec<String> {
    Schema::of::<T>().record().fields.iter().map(|field| field.ty.to_string()).collect()
}

mod capacities {
    use super::*;

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Point {
        x: u8,
    }

    type Text = String;
    type Maybe<T> = Option<T>;
    type Rows = Vec<Vec<String>>;

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Mixed {
        #[record(capacity = 3)]
        beside: (Point, String),
        #[record(capacity = (2, 5))]
        many: Vec<(Point, String)>,
        #[record(capacity = (2, 5))]
        hidden: (Text, Point, Option<String>),
        #[record(capacity = (2, 5, 7))]
        deep: Vec<Option<Vec<(u8, String)>>>,
        #[record(capacity = 4)]
        maybe: Maybe<[String; 2]>,
        #[record(capacity = (2, 3, 4))]
        rows: Rows,
        #[record(capacity = (6, 2, 3, 4))]
        more: (String, Rows),
    }

    #[test]
    fn a_capacity_is_the_growing_part_s_whatever_stands_beside_it() {
        assert_eq!(
            types::<Mixed>(),
            [
                "(Point, String (capacity 3))",
                "Vec<(Point, String (capacity 5))> (capacity 2)",
                "(String (capacity 2), Point, Option<String (capacity 5)>)",
                "Vec<Option<Vec<(u8, String (capacity 7))> (capacity 5)>> (capacity 2)",
                "Option<[String (capacity 4); 2]>",
                "Vec<Vec<String (capacity 4)> (capacity 3)> (capacity 2)",
                "(String (capacity 6), Vec<Vec<String (capacity 4)> (capacity 3)> (capacity 2))",
            ]
        );
        comes_back(&Mixed {
            beside: (Point { x: 1 }, "abc".into()),
            many: vec![(Point { x: 2 }, "abcde".into())],
            hidden: ("ab".into(), Point { x: 3 }, Some("abcde".into())),
            deep: vec![Some(vec![(1, "abcdefg".into())]), None],
            maybe: Some(["ab".into(), "abcd".into()]),
            rows: vec![vec!["abcd".into()], vec![]],
            more: ("abcdef".into(), vec![vec![], vec!["x".into(), "y".into(), "z".into()]]),
        });
    }
}

mod own_names {
    use super::*;

    #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
    struct PairFields {
        a: u8,
    }

    impl PairFields {
        const ONE: usize = 1;
    }

    /// None of its types is called `PairFields`: its expressions are.
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    #[record(size = PairFields::ONE + 3)]
    struct Pair {
        #[record(offset = PairFields::ONE - 1)]
        a: u8,
        #[record(default = PairFields::ONE as u8)]
        b: u8,
        #[record(as = "[u8; PairFields::ONE]")]
        c: Wrapped,
        #[record(skip, default = PairFields { a: 7 }.a)]
        d: u8,
        e: u8,
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Wrapped(u8);

    impl From<[u8; 1]> for Wrapped {
        fn from([a]: [u8; 1]) -> Self {
            Self(a)
        }
    }

    impl From<Wrapped> for [u8; 1] {
        fn from(wrapped: Wrapped) -> Self {
            [wrapped.0]
        }
    }

    struct KindVariants;

    impl KindVariants {
        const TAG: u8 = 9;
    }

    #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(u8)]
    enum Kind {
        Any = KindVariants::TAG,
    }

    #[test]
    fn generated_types_do_not_stand_before_the_user_s_in_expressions() {
        comes_back(&Pair { a: 1, b: 2, c: Wrapped(3), d: 7, e: 4 });
        assert_eq!(comes_back(&Kind::Any), [9]);
    }

    /// Const parameters with the names of generated constants.
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Parameters<const COLUMNS: usize, const FIELDS: usize> {
        columns: [u8; COLUMNS],
        #[record(capacity = FIELDS)]
        fields: String,
    }

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    enum Choice<const EXTENT: usize, const COLUMNS_0: usize> {
        Left([u8; EXTENT]),
        Right(#[record(capacity = COLUMNS_0)] String),
    }

    #[test]
    fn parameters_may_have_the_names_of_generated_constants() {
        comes_back(&Parameters::<3, 4> { columns: [1; 3], fields: "abcd".into() });
        comes_back(&Choice::<3, 4>::Left([1; 3]));
        comes_back(&Choice::<3, 4>::Right("abcd".into()));
    }
}

mod self_in_types {
    use super::*;

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Ring {
        bytes: [u8; Self::LEN],
        #[record(as = "Array<{ Self::LEN }>")]
        mapped: [u8; 3],
        #[record(default = Self::LEN as u8)]
        added: u8,
        #[record(skip, default = Some(Box::new(Self { bytes: [1; 3], mapped: [2; 3], added: 3, next: None })))]
        next: Option<Box<Self>>,
    }

    impl Ring {
        const LEN: usize = 3;
    }

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Array<const N: usize>([u8; N]);

    impl<const N: usize> From<Array<N>> for [u8; N] {
        fn from(array: Array<N>) -> Self {
            array.0
        }
    }

    impl<const N: usize> From<[u8; N]> for Array<N> {
        fn from(array: [u8; N]) -> Self {
            Self(array)
        }
    }

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    #[repr(u16)]
    enum Tagged {
        Some([u8; Self::LEN]) = Self::FIRST,
        More {
            #[record(capacity = Self::LEN)]
            text: String,
        },
    }

    impl Tagged {
        const LEN: usize = 2;
        const FIRST: u16 = 0x0102;
    }

    /// `Self` with parameters, as a type, as the start of a path and as a constructor.
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Generic<T: Copy + Default + 'static>(
        T,
        #[record(skip, default = Self(T::default(), Some(T::default()), None).1)] Option<T>,
        #[record(skip, default = <Self>::NONE.or(Self::NONE))] Option<T>,
    )
    where
        Option<Self>: Sized;

    impl<T: Copy + Default + 'static> Generic<T> {
        const NONE: Option<T> = None;
    }

    #[test]
    fn self_is_the_type_itself_wherever_it_stands() {
        let ring = Ring::load(&[7; 7]).expect("any bytes");
        assert_eq!(ring.next.expect("by default").bytes, [1; 3]);
        assert_eq!(types::<Ring>()[1], "Array");
        assert_eq!(comes_back(&Tagged::Some([3, 4]))[..4], [2, 1, 3, 4]);
        assert_eq!(comes_back(&Tagged::More { text: "ab".into() })[..8], [3, 1, 0, 0, 2, 0, 0, 0]);
        comes_back(&Generic(5u8, Some(0), None));
    }
}

mod enums {
    use super::*;

    /// Calls `$each!` with 256 names, and more.
    macro_rules! with_256 {
        ($each:ident $($more:ident)*) => {
            $each! {
                A000 A001 A002 A003 A010 A011 A012 A013 A020 A021 A022 A023 A030 A031 A032 A033
                A100 A101 A102 A103 A110 A111 A112 A113 A120 A121 A122 A123 A130 A131 A132 A133
                A200 A201 A202 A203 A210 A211 A212 A213 A220 A221 A222 A223 A230 A231 A232 A233
                A300 A301 A302 A303 A310 A311 A312 A313 A320 A321 A322 A323 A330 A331 A332 A333
                B000 B001 B002 B003 B010 B011 B012 B013 B020 B021 B022 B023 B030 B031 B032 B033
                B100 B101 B102 B103 B110 B111 B112 B113 B120 B121 B122 B123 B130 B131 B132 B133
                B200 B201 B202 B203 B210 B211 B212 B213 B220 B221 B222 B223 B230 B231 B232 B233
                B300 B301 B302 B303 B310 B311 B312 B313 B320 B321 B322 B323 B330 B331 B332 B333
                C000 C001 C002 C003 C010 C011 C012 C013 C020 C021 C022 C023 C030 C031 C032 C033
                C100 C101 C102 C103 C110 C111 C112 C113 C120 C121 C122 C123 C130 C131 C132 C133
                C200 C201 C202 C203 C210 C211 C212 C213 C220 C221 C222 C223 C230 C231 C232 C233
                C300 C301 C302 C303 C310 C311 C312 C313 C320 C321 C322 C323 C330 C331 C332 C333
                D000 D001 D002 D003 D010 D011 D012 D013 D020 D021 D022 D023 D030 D031 D032 D033
                D100 D101 D102 D103 D110 D111 D112 D113 D120 D121 D122 D123 D130 D131 D132 D133
                D200 D201 D202 D203 D210 D211 D212 D213 D220 D221 D222 D223 D230 D231 D232 D233
                D300 D301 D302 D303 D310 D311 D312 D313 D320 D321 D322 D323 D330 D331 D332 D333
                $($more)*
            }
        };
    }

    /// Each byte is a variant: nothing is left for the arm of the unknown.
    macro_rules! full {
        ($($name:ident)*) => {
            #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
            #[repr(u8)]
            enum Full { $($name),* }
        };
    }
    with_256!(full);

    macro_rules! wide {
        ($($name:ident)*) => {
            #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
            enum Wide { $($name),* }
        };
    }
    with_256!(wide One More);

    macro_rules! narrow {
        ($($name:ident)*) => {
            #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
            enum Narrow { $($name),* }
        };
    }
    with_256!(narrow);

    #[test]
    fn a_tag_without_a_repr_has_room_for_all_variants() {
        assert_eq!((Full::SIZE, Narrow::SIZE, Wide::SIZE), (1, 1, 2));
        assert_eq!(comes_back(&Full::D333), [255]);
        assert_eq!(comes_back(&Narrow::D333), [255]);
        assert_eq!(comes_back(&Wide::More), [1, 1]);
        assert!((0..=255).all(|byte| Full::check(&[byte]).is_ok()));
        let error = Wide::load(&[2, 1]).expect_err("258 variants");
        assert!(error.expected().ends_with("15 (A033) and 242 more"), "{error}");
    }

    /// Without a `repr`, nothing says where a value's memory has its tag, if there is one at all.
    #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
    enum Only {
        One,
    }

    #[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
    struct OfOnly {
        only: Only,
    }

    #[test]
    fn an_enum_of_one_variant_has_an_image_even_if_it_has_no_memory() {
        assert_eq!((size_of::<Only>(), Only::SIZE), (0, 1));
        assert!(!Only::DIRECT.is_direct() && !OfOnly::DIRECT.is_direct());
        assert!(Full::DIRECT.is_direct());
        assert_eq!(comes_back(&OfOnly { only: Only::One }), [0]);
        assert_eq!(Only::load(&[1]).unwrap_err().expected(), "a value of `Only`: 0 (One)");
    }

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    #[repr(u64)]
    enum Unsigned {
        Most { x: u8 } = u64::MAX,
        Half(u64) = 1 << 63,
        Zero = 0,
    }

    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    #[repr(i64)]
    enum Signed {
        Least { x: u8 } = i64::MIN,
        Next(u64),
        Most = i64::MAX,
    }

    #[test]
    fn discriminants_may_be_as_large_as_their_type() {
        assert_eq!(comes_back(&Unsigned::Most { x: 1 }), [&[0xff; 8][..], &[1, 0, 0, 0, 0, 0, 0, 0]].concat());
        assert_eq!(comes_back(&Unsigned::Half(2))[7..9], [0x80, 2]);
        assert_eq!(comes_back(&Signed::Least { x: 1 })[..9], [0, 0, 0, 0, 0, 0, 0, 0x80, 1]);
        assert_eq!(comes_back(&Signed::Next(2))[..9], [1, 0, 0, 0, 0, 0, 0, 0x80, 2]);
        comes_back(&Signed::Most);
        let TypeDesc::Enum { desc } = Signed::TYPE else { panic!("an enum") };
        assert_eq!(
            desc.variants.iter().map(|v| v.value).collect::<Vec<_>>(),
            [i64::MIN.into(), i128::from(i64::MIN) + 1, i64::MAX.into()]
        );
    }

    #[allow(non_camel_case_types)]
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    enum Odd {
        Round(),
        Curly {},
        Unit,
        r#type(u8),
        r#fn { r#let: u16, r#in: bool },
        Skipped(#[record(skip)] u8),
    }

    #[test]
    fn variants_may_have_empty_brackets_and_keywords_as_names() {
        for value in [Odd::Round(), Odd::Curly {}, Odd::Unit, Odd::r#type(1), Odd::Skipped(0)] {
            comes_back(&value);
        }
        let mut image = comes_back(&Odd::r#fn { r#let: 1, r#in: true });
        image[4] = 2;
        assert_eq!(Odd::load(&image).unwrap_err().field(), "fn.in");
        assert_eq!(Odd::check(&image).unwrap_err().field(), "fn.in");
        assert_eq!(Odd::load(&[5, 0, 0, 0, 0, 0]), Ok(Odd::Skipped(0)));
    }

    /// With bounds of its own, parameters that only skipped fields use, and associated types.
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    enum Generic<I, T = u8>
    where
        I: Iterator,
        for<'a> &'a T: Debug,
        I::Item: Copy,
    {
        Item(I::Item),
        Items {
            #[record(capacity = 2)]
            items: Vec<I::Item>,
            #[record(skip)]
            of: PhantomData<(I, T)>,
        },
    }

    #[test]
    fn bounds_and_associated_types_are_kept() {
        type Chars = Generic<std::vec::IntoIter<char>, i32>;
        let image = |value: &Chars| {
            let mut image = vec![0; Chars::SIZE];
            value.store(&mut image).map(|()| image)
        };
        assert_eq!(image(&Generic::Item('a')).unwrap()[..5], [0, 0, 0, 0, b'a']);
        let items = Generic::Items { items: vec!['b'], of: PhantomData };
        assert!(matches!(Chars::load(&image(&items).unwrap()), Ok(Generic::Items { items, .. }) if items == ['b']));
    }
}

mod macros {
    use super::*;

    macro_rules! pair_of {
        ($ty:ty) => {
            ($ty, $ty)
        };
    }

    macro_rules! record {
        ($doc:literal, $name:ident, $ty:ty, $capacity:expr, $len:literal) => {
            #[doc = $doc]
            #[derive(SharedRecord, Clone, Debug, PartialEq)]
            struct $name {
                #[doc = $doc]
                #[record(capacity = $capacity)]
                text: $ty,
                #[doc = concat!(" Of ", stringify!($name), ".")]
                /// And more.
                pair: pair_of!(u8),
                list: [u16; $len],
                #[cfg(any())]
                gone: usize,
                #[cfg(all())]
                here: u8,
                #[cfg_attr(all(), record(rename = "renamed"))]
                there: u8,
                #[record(default = $capacity as u8)]
                number: u8,
            }
        };
    }

    record!("From a literal.", Made, Option<String>, 2 + 2, 3);

    #[test]
    fn what_a_macro_hands_on_is_seen_through() {
        let record = Made::RECORD;
        assert_eq!(record.docs, "From a literal.");
        let fields: Vec<_> = record.fields.iter().map(|field| (field.name, field.docs)).collect();
        assert_eq!(
            fields,
            [
                ("text", "From a literal."),
                ("pair", " Of Made.\nAnd more."),
                ("list", ""),
                ("here", ""),
                ("renamed", ""),
                ("number", "")
            ]
        );
        assert_eq!(types::<Made>()[..3], ["Option<String (capacity 4)>", "(u8, u8)", "[u16; 3]"]);
    }

    /// Any expression is a default, whatever its commas.
    #[derive(SharedRecord, Debug, PartialEq)]
    struct Defaults {
        #[record(skip, default = [7; 2])]
        repeated: [u8; 2],
        #[record(skip, default = if 1 < 2 { "yes" } else { "no" }, )]
        conditional: &'static str,
        #[record(skip, default = std::collections::BTreeMap::<u8, Vec<(u8, u8)>>::new())]
        angled: std::collections::BTreeMap<u8, Vec<(u8, u8)>>,
        #[record(default = <u8 as TryFrom<u32>>::try_from(3).unwrap_or(1), rename = "converted")]
        qualified: u8,
        #[record(skip, default = [1u8, 7].map(|a: u8| -> u8 { a + 1 })[0])]
        called: u8,
        #[record(default = 1 < 2, offset = 1)]
        compared: bool,
        #[record(skip, default = { let a = 1; return 5 + a })]
        returned: u8,
    }

    #[test]
    fn a_default_is_any_expression() {
        let loaded = Defaults::load(&[9, 1]).expect("a bool");
        let expected = Defaults {
            repeated: [7; 2],
            conditional: "yes",
            angled: Default::default(),
            qualified: 9,
            called: 2,
            compared: true,
            returned: 6,
        };
        assert_eq!(loaded, expected);
        assert_eq!(Defaults::RECORD.fields[0].name, "converted");
    }
}

pub mod lints {
    //! Where lints would have a say.

    #![allow(missing_docs)]

    use super::*;

    /// Nobody should use it; whoever derives on it, or has a field of it, has been told already.
    #[deprecated]
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    pub struct Aged {
        pub x: u8,
    }

    #[deprecated]
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    pub enum AgedKind {
        Some(u8),
        #[deprecated]
        Other,
    }

    #[allow(deprecated)]
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    pub struct Holder {
        pub aged: Aged,
        #[record(default, capacity = 2)]
        pub kinds: Vec<AgedKind>,
        #[record(skip)]
        pub skipped: Option<Aged>,
    }

    pub mod public {
        use super::*;

        struct Bytes;

        impl FieldWith<char> for Bytes {
            type Shared = u32;

            fn to_shared(value: &char) -> Result<u32, StoreError> {
                Ok((*value).into())
            }

            fn from_shared(code: u32) -> Result<char, LoadError> {
                char::from_u32(code).ok_or_else(|| LoadError::new(code.to_string(), "a char"))
            }
        }

        #[derive(SharedRecord, Debug)]
        struct Inner<T> {
            value: T,
        }

        /// Its mapping and its field's type are less visible than itself.
        #[derive(SharedRecord, Debug)]
        pub struct Outer<T> {
            #[record(with = "Bytes")]
            pub mapped: char,
            inner: Inner<T>,
        }
    }

    #[test]
    fn what_was_allowed_or_is_private_is_not_complained_of_in_generated_code() {
        assert_eq!(Holder::RECORD.fields.len(), 2);
        assert_eq!(public::Outer::<u8>::SIZE, 8);
    }
}

mod dropping {
    use super::*;

    thread_local! {
        static ALIVE: Cell<isize> = const { Cell::new(0) };
    }

    /// Counts how many of it there are.
    #[derive(Debug)]
    struct Tracked(u8);

    impl Tracked {
        fn new(value: u8) -> Self {
            ALIVE.set(ALIVE.get() + 1);
            Self(value)
        }
    }

    impl Drop for Tracked {
        fn drop(&mut self) {
            ALIVE.set(ALIVE.get() - 1);
        }
    }

    impl SharedField for Tracked {
        const SIZE: usize = 1;
        const ALIGN: usize = 1;
        const TYPE: TypeDesc = TypeDesc::U8;

        fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
            self.0.store(image)
        }

        fn load(image: &[u8]) -> Result<Self, LoadError> {
            u8::load(image).map(Self::new)
        }
    }

    #[derive(SharedRecord, Debug)]
    struct Inner {
        one: Tracked,
        flag: bool,
    }

    #[derive(SharedRecord, Debug)]
    struct Outer {
        first: Tracked,
        array: [Inner; 3],
        tuple: (Tracked, bool, Tracked),
        #[record(capacity = 2)]
        list: Vec<Inner>,
        option: Option<Inner>,
        either: Either,
        #[record(skip, default = Tracked::new(1))]
        skipped: Tracked,
    }

    #[derive(SharedRecord, Debug)]
    enum Either {
        Nothing,
        Something(Tracked, bool),
    }

    #[test]
    fn what_was_made_before_an_invalid_byte_is_dropped_once() {
        let inner = || Inner { one: Tracked::new(1), flag: true };
        let outer = Outer {
            first: Tracked::new(1),
            array: [inner(), inner(), inner()],
            tuple: (Tracked::new(1), true, Tracked::new(2)),
            list: vec![inner(), inner()],
            option: Some(inner()),
            either: Either::Something(Tracked::new(1), true),
            skipped: Tracked::new(1),
        };
        let mut image = vec![0; Outer::SIZE];
        outer.store(&mut image).expect("nothing is too long");
        drop(outer);
        assert_eq!(ALIVE.get(), 0);

        let mut failed = 0;
        for byte in 0..Outer::SIZE {
            let before = std::mem::replace(&mut image[byte], 0xee);
            failed += usize::from(Outer::load(&image).is_err());
            assert_eq!(ALIVE.get(), 0, "load, byte {byte}");

            let mut place = Box::<Outer>::new_uninit();
            if let Ok(outer) = Outer::load_at(&image, &mut place) {
                // SAFETY: it was made, and nothing uses it any more.
                #[allow(unsafe_code)]
                unsafe {
                    std::ptr::drop_in_place(outer);
                }
            }
            assert_eq!(ALIVE.get(), 0, "load_at, byte {byte}");
            image[byte] = before;
        }
        assert!(failed >= 9, "{failed} bytes are no bool, no tag and no length");
        drop(Outer::load(&image).expect("it is as it was"));
        assert_eq!(ALIVE.get(), 0);
    }
}
