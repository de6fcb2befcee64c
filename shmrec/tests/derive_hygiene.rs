//! The derive where names mean something else, and where every lint is an error.
//!
//! That this file compiles is most of the test; the functions below look whether the code does the same as elsewhere.

#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    non_ascii_idents,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused_lifetimes,
    unused_qualifications,
    variant_size_differences
)]

/// Where nothing is imported, and everything that generated code might name is something else.
#[allow(dead_code, non_camel_case_types, missing_debug_implementations)]
pub mod hostile {
    #![no_implicit_prelude]

    macro_rules! decoys {
        ($($name:ident)*) => {$(
            /// A decoy.
            pub struct $name;
        )*};
    }

    decoys!(
        Option Some None Result Ok Err Box Vec String Default Clone Copy Debug Sized Drop Fn FnMut FnOnce From Into
        TryFrom TryInto Iterator Range PhantomData MaybeUninit Formatter SharedField SharedRecord Encoding Plain Capacity
        Elements Tagged Counted Tuple As With Field FieldWith Columns Visit Visitable ByDefault Direct LoadError StoreError
        TypeDesc RecordDesc FieldDesc EnumDesc VariantDesc Fields DecoyedFields EventVariants
        usize isize u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 bool char str
    );

    /// A decoy.
    pub mod core {}
    /// A decoy.
    pub mod std {}
    /// A decoy.
    pub mod shmrec {}

    // A binding of the same name in generated code would be a pattern that matches these.
    #[allow(non_upper_case_globals)]
    mod constants {
        pub(super) const image: ::core::primitive::u8 = 0;
        pub(super) const place: ::core::primitive::u8 = 0;
        pub(super) const at: ::core::primitive::u8 = 0;
        pub(super) const tag: ::core::primitive::u8 = 0;
        pub(super) const error: ::core::primitive::u8 = 0;
        pub(super) const e: ::core::primitive::u8 = 0;
        pub(super) const f: ::core::primitive::u8 = 0;
        pub(super) const debug: ::core::primitive::u8 = 0;
    }
    #[allow(unused_imports)]
    use self::constants::*;

    #[allow(clippy::len_without_is_empty, clippy::wrong_self_convention)]
    /// Methods that everything has, under the names that generated code calls.
    pub trait Everywhere: ::core::marker::Sized {
        /// A decoy.
        fn len(self) {}
        /// A decoy.
        fn map_err(self) {}
        /// A decoy.
        fn in_field(self) {}
        /// A decoy.
        fn as_mut_ptr(self) {}
        /// A decoy.
        fn assume_init_mut(self) {}
        /// A decoy.
        fn write(self) {}
        /// A decoy.
        fn field(self) {}
        /// A decoy.
        fn finish(self) {}
        /// A decoy.
        fn debug_struct(self) {}
        /// A decoy.
        fn clone(self) {}
        /// A decoy.
        fn in_record(self) {}
        /// A decoy.
        fn visit(self) {}
        /// A decoy.
        fn add(self) {}
        /// A decoy.
        fn end(self) {}
        /// A decoy.
        fn store(self) {}
        /// A decoy.
        fn load(self) {}
        /// A decoy.
        fn wrapping_add(self) {}
        /// A decoy.
        fn default(self) {}
    }

    impl<T> Everywhere for T {}

    macro_rules! decoy_macros {
        ($($name:ident)*) => {$(
            #[allow(unused_macros)]
            macro_rules! $name {
                () => {
                    ::core::compile_error!("the user's own macro was called")
                };
            }
            #[allow(unused_imports)]
            use $name;
        )*};
    }
    decoy_macros!(assert concat stringify offset_of matches panic unreachable);

    /// One of each kind of field.
    #[derive(::shmrec::SharedRecord)]
    pub struct Decoyed {
        /// Plain.
        pub number: ::core::primitive::u64,
        /// With a capacity.
        #[record(capacity = 8)]
        pub text: ::std::string::String,
        /// Not transferred.
        #[record(skip)]
        pub skipped: ::core::option::Option<::core::primitive::u8>,
        /// Of a type of our own.
        pub kind: Kind,
    }

    /// As a tuple.
    #[derive(::shmrec::SharedRecord)]
    pub struct DecoyedTuple(
        /// Plain.
        pub ::core::primitive::u64,
        /// Not transferred.
        #[record(skip)]
        pub ::core::primitive::u8,
        /// Plain.
        pub ::core::primitive::f32,
    );

    /// Says how a path is stored.
    pub struct PathText;

    impl ::shmrec::FieldWith<::std::path::PathBuf> for PathText {
        type Shared = ::std::string::String;

        fn to_shared(
            path: &::std::path::PathBuf,
        ) -> ::core::result::Result<::std::string::String, ::shmrec::StoreError> {
            ::core::result::Result::Ok(::std::string::ToString::to_string(&::std::path::Path::display(path)))
        }

        fn from_shared(
            text: ::std::string::String,
        ) -> ::core::result::Result<::std::path::PathBuf, ::shmrec::LoadError> {
            ::core::result::Result::Ok(::core::convert::From::from(text))
        }
    }

    /// Every attribute.
    #[derive(::shmrec::SharedRecord)]
    #[record(name = "hostile.Mapped", size = 96, align = 8)]
    pub struct Mapped {
        #[record(as = "::core::primitive::u64", offset = 0)]
        /// Of another type.
        pub count: ::core::primitive::usize,
        /// By words.
        #[record(with = "PathText", capacity = 8)]
        pub path: ::std::path::PathBuf,
        /// By words, in an option.
        #[record(with = "::core::option::Option<PathText>", capacity = 8)]
        pub maybe: ::core::option::Option<::std::path::PathBuf>,
        /// With a value.
        #[record(default = 7)]
        pub number: ::core::primitive::u32,
        /// With its type's value.
        #[record(default, rename = "switch")]
        pub flag: ::core::primitive::bool,
        /// With a value, at home.
        #[record(skip, default = 3)]
        pub kept: ::core::primitive::u16,
        /// Of parts that grow.
        #[record(capacity = (2, 5))]
        pub list: ::std::vec::Vec<(::core::primitive::u8, ::std::string::String)>,
        /// Of no part that does.
        pub pair: (::core::primitive::u8, [::core::primitive::char; 2]),
    }

    /// With parameters.
    #[derive(::shmrec::SharedRecord)]
    pub struct Generic<T, const N: ::core::primitive::usize>
    where
        T: ::core::marker::Copy,
    {
        /// Of the parameters.
        pub items: [T; N],
        /// Of the parameters, and growing.
        #[record(capacity = N)]
        pub list: ::std::boxed::Box<[T]>,
        /// At home.
        #[record(skip)]
        pub kind: ::core::marker::PhantomData<T>,
    }

    /// With data.
    #[derive(::shmrec::SharedRecord)]
    #[repr(u16)]
    pub enum Event<T> {
        /// None.
        None,
        /// Some.
        Some(T) = 0x0102,
        /// Text.
        Ok {
            /// The text.
            #[record(capacity = 5)]
            text: ::std::string::String,
            /// At home.
            #[record(skip)]
            kept: ::core::primitive::u8,
        },
    }

    /// Without a `repr`.
    #[derive(::shmrec::SharedRecord)]
    pub enum Plainest {
        /// The first.
        Err,
        /// The second.
        From,
    }

    ::shmrec::assert_same_layout!(Mapped, Mapped);

    /// A tag.
    #[derive(::shmrec::SharedRecord)]
    #[repr(i16)]
    #[record(size = 2)]
    pub enum Kind {
        /// Below zero.
        Ok = -2,
        /// One more.
        Some,
    }
}

#[test]
fn hostile_names_change_nothing() {
    use hostile::{Decoyed, DecoyedTuple, Kind};
    use shmrec::{SharedField, SharedRecord};

    let record = Decoyed { number: 7, text: "seven".to_owned(), skipped: Some(1), kind: Kind::Ok };
    let mut image = [0; Decoyed::SIZE];
    record.store(&mut image).unwrap();
    let back = Decoyed::load(&image).unwrap();
    assert_eq!((back.number, back.text.as_str(), back.skipped), (7, "seven", None));
    assert!(matches!(back.kind, Kind::Ok));
    assert_eq!(Decoyed::fields().kind.offset(), 8 + 4 + 8);

    let mapped = hostile::Mapped {
        count: 5,
        path: "a/b".into(),
        maybe: Some("c".into()),
        number: 1,
        flag: true,
        kept: 9,
        list: vec![(1, "one".into())],
        pair: (2, ['a', 'b']),
    };
    let mut image = [0; hostile::Mapped::SIZE];
    SharedField::store(&mapped, &mut image).unwrap();
    let back = hostile::Mapped::load(&image).unwrap();
    assert_eq!((back.count, back.path, back.maybe), (mapped.count, mapped.path, mapped.maybe));
    assert_eq!((back.number, back.flag, back.kept), (1, true, 3));
    assert_eq!((back.list, back.pair), (mapped.list, mapped.pair));
    let mut default = [0; 4];
    hostile::Mapped::RECORD.fields[3].default.unwrap()(&mut default).unwrap();
    assert_eq!(default, [7, 0, 0, 0]);

    assert_eq!(hostile::Generic::<u16, 3>::SIZE, 6 + 2 + 4 + 6 + 2);
    let event = hostile::Event::<u32>::load(&[2, 1, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert!(matches!(event, hostile::Event::Some(7)));
    assert!(matches!(hostile::Plainest::load(&[1]), Ok(hostile::Plainest::From)));
    assert_eq!(format!("{:?}", DecoyedTuple::fields().2), r#"Field { path: "2", offset: 8 }"#);
}

/// A crate that hands shmrec on under another name.
pub mod reexport {
    /// Shared records.
    pub mod shared {
        #[doc(hidden)]
        pub use shmrec::__private;
        pub use shmrec::*;
    }
}

/// Named by a string.
#[derive(reexport::shared::SharedRecord, Debug)]
#[record(crate = "reexport::shared")]
pub struct ByString {
    /// The only one.
    pub x: u32,
}

/// Named by a path.
#[derive(reexport::shared::SharedRecord, Debug)]
#[record(crate = crate::reexport::shared)]
pub struct ByPath<T>(
    /// The only one.
    pub T,
);

/// An enum through the same door.
#[derive(reexport::shared::SharedRecord, Clone, Copy, Debug)]
#[record(crate = "crate::reexport::shared")]
#[repr(u8)]
pub enum Side {
    /// One.
    Left,
    /// The other.
    Right,
}

#[test]
fn the_path_of_the_crate_can_be_given() {
    use shmrec::{SharedField, SharedRecord};

    assert_eq!(ByString::RECORD.name, "ByString");
    assert_eq!(ByPath::<u16>::fields().0.size(), 2);
    assert_eq!([Side::Left, Side::Right].map(|side| side as u8), [0, 1]);
    assert_eq!(Side::SIZE, 1);
}

mod private {
    /// Nothing outside sees `inner`, nor its handle.
    #[derive(shmrec::SharedRecord, Debug)]
    pub(crate) struct Guarded {
        inner: Inner,
        pub(super) outer: u8,
        pub(in crate::private) between: u8,
    }

    #[derive(shmrec::SharedRecord, Debug)]
    struct Inner {
        x: u8,
    }

    pub(super) fn sum_of_offsets() -> usize {
        use shmrec::SharedRecord;
        let fields = Guarded::fields();
        fields.inner.offset() + fields.outer.offset() + fields.between.offset() + Inner::fields().x.offset()
    }
}

#[test]
fn a_handle_is_as_visible_as_its_field() {
    use shmrec::SharedRecord;
    assert_eq!(private::sum_of_offsets(), 3);
    assert_eq!(private::Guarded::fields().outer.offset(), 1);
}

/// A type of the user's own with the name that the handles would have.
#[derive(shmrec::SharedRecord, Clone, Copy, Debug, PartialEq)]
pub struct CropFields {
    /// How many.
    pub count: u16,
}

/// Holds it.
#[derive(shmrec::SharedRecord, Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// The user's own type, not the handles.
    pub fields: CropFields,
    /// And in an array.
    pub more: [CropFields; 2],
}

#[test]
fn the_handles_do_not_stand_before_a_type_of_the_same_name() {
    use shmrec::{SharedField, SharedRecord};

    let crop = Crop { fields: CropFields { count: 3 }, more: [CropFields { count: 4 }, CropFields { count: 5 }] };
    let mut image = [0; Crop::SIZE];
    crop.store(&mut image).unwrap();
    assert_eq!(Crop::load(&image).unwrap(), crop);
    assert_eq!(Crop::fields().more.at(1).then(CropFields::fields().count).path(), "more[1].count");
}

/// Keywords as names, and a style that the lints would complain about.
#[allow(non_camel_case_types, non_snake_case)]
#[derive(shmrec::SharedRecord, Debug)]
pub struct r#struct {
    /// A keyword.
    pub r#type: u8,
    /// A style.
    pub camelCase: u8,
    /// The name that generated code uses for itself.
    pub __image: u8,
}

/// Deprecated things may be derived on.
#[derive(shmrec::SharedRecord, Debug)]
pub struct Aged {
    /// In use.
    pub new: u8,
    /// Out of use.
    #[deprecated]
    pub old: u8,
}

#[test]
fn keywords_lose_their_prefix_in_the_schema() {
    use shmrec::SharedRecord;
    assert_eq!(r#struct::RECORD.name, "struct");
    assert_eq!(r#struct::fields().r#type.path(), "type");
    assert_eq!(Aged::RECORD.fields[1].name, "old");
}

/// `Self` and a parameter, in a type that a macro made.
#[derive(shmrec::SharedRecord, Debug)]
pub struct Concrete {
    /// As long as the type says.
    pub bytes: [u8; Self::LEN],
    /// As long as the type says.
    #[record(capacity = Self::LEN)]
    pub text: String,
}

impl Concrete {
    const LEN: usize = 3;
}

#[test]
fn self_means_the_record_in_types_and_capacities() {
    use shmrec::{SharedField, SharedRecord};
    assert_eq!(Concrete::fields().bytes.size(), 3);
    assert_eq!(Concrete::SIZE, 4 + 4 + 4);
}

#[test]
fn a_record_may_be_local_to_a_function() {
    use shmrec::{SharedField, SharedRecord};

    #[derive(SharedRecord)]
    struct Local<T, const N: usize>
    where
        T: Copy,
        for<'a> &'a T: PartialEq,
    {
        values: [T; N],
    }

    assert_eq!(Local::<u32, 4>::SIZE, 16);
    let local = Local { values: [1u8, 2] };
    let mut image = [0; 2];
    local.store(&mut image).unwrap();
    assert_eq!(image, [1, 2]);
    assert!(Local::<bool, 2>::check(&image).is_err());
}

/// Parameters with defaults and bounds, under names that generated code uses for itself.
#[derive(shmrec::SharedRecord, Debug)]
pub struct Defaulted<E: Copy + Default = u32, V = bool, const LAYOUT: usize = 4>
where
    [E; LAYOUT]: PartialEq,
    Self: Sized,
{
    /// A list.
    pub image: [E; LAYOUT],
    /// A bounded list.
    #[record(capacity = LAYOUT)]
    pub place: Vec<V>,
    /// Not transferred.
    #[record(skip)]
    pub at: Option<E>,
}

#[test]
fn parameters_keep_their_bounds_and_may_have_any_name() {
    use shmrec::{SharedField, SharedRecord};
    assert_eq!(Defaulted::<u32>::fields().place.offset(), 16);
    assert_eq!(Defaulted::<u64, u16, 1>::SIZE, 16);
    let record = Defaulted::<u8, char, 2> { image: [1, 2], place: vec!['a', 'b'], at: Some(3) };
    let mut image = [0; Defaulted::<u8, char, 2>::SIZE];
    record.store(&mut image).unwrap();
    let back = Defaulted::<u8, char, 2>::load(&image).unwrap();
    assert_eq!((back.image, back.place, back.at), ([1, 2], vec!['a', 'b'], None));
}

macro_rules! record {
    ($name:ident<$param:ident> { $($field:ident: $ty:ty = $capacity:expr),* $(,)? }) => {
        /// From a macro.
        #[derive(shmrec::SharedRecord, Debug)]
        pub struct $name<$param> {
            $(
                /// With a type and a capacity of the caller's.
                #[record(capacity = $capacity)]
                pub $field: $ty,
            )*
            /// With a type of the macro's.
            pub own: [$param; 2],
            /// With a type that only the macro can name so.
            pub side: $crate::Side,
        }
    };
}

record!(FromMacro<T> { name: String = 4, tags: Vec<Option<T>> = 1 + 1 });

#[test]
fn a_record_may_come_from_a_macro() {
    use shmrec::{SharedField, SharedRecord};
    assert_eq!(FromMacro::<u8>::fields().tags.offset(), 8);
    assert_eq!(FromMacro::<u8>::SIZE, 8 + (4 + 2 * 2) + 2 + 1 + 1);
}
