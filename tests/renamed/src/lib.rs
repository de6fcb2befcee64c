//! The derive in a crate that renames shmrec, forbids unsafe code, imports nothing and is of an older edition.
//!
//! That it compiles is the test; the function at the end looks whether the code does what it does elsewhere.

#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    missing_copy_implementations,
    missing_debug_implementations,
    nonstandard_style,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unreachable_pub,
    unused,
    unused_lifetimes,
    unused_qualifications,
    variant_size_differences
)]

/// A plain record.
#[derive(::shared::SharedRecord, Clone, Copy, Debug, PartialEq)]
#[record(crate = "::shared")]
#[repr(C)]
pub struct Pose {
    /// In metres.
    pub x: f64,
    /// In metres.
    pub y: f64,
}

/// A tag.
#[derive(::shared::SharedRecord, Clone, Copy, Debug, PartialEq)]
#[record(crate = "::shared")]
#[repr(u8)]
pub enum State {
    /// At rest.
    Off,
    /// In motion.
    Moving = 7,
}

/// Data behind a tag.
#[derive(::shared::SharedRecord, Clone, Debug, PartialEq)]
#[record(crate = "::shared")]
pub enum Event {
    /// Nothing.
    None,
    /// A pose.
    Moved(Pose),
    /// Words.
    Said {
        /// The words.
        #[record(capacity = 12)]
        text: ::std::string::String,
        /// Not transferred.
        #[record(skip, default = 4)]
        times: u32,
    },
}

/// Says how a duration is stored.
#[derive(Clone, Copy, Debug)]
pub struct Millis;

impl ::shared::FieldWith<::std::time::Duration> for Millis {
    type Shared = u32;

    fn to_shared(value: &::std::time::Duration) -> ::std::result::Result<u32, ::shared::StoreError> {
        ::std::convert::TryFrom::try_from(value.as_millis())
            .map_err(|_| ::shared::StoreError::unrepresentable("less than 50 days"))
    }

    fn from_shared(millis: u32) -> ::std::result::Result<::std::time::Duration, ::shared::LoadError> {
        ::std::result::Result::Ok(::std::time::Duration::from_millis(::std::convert::From::from(millis)))
    }
}

/// Every attribute, a parameter of each kind.
#[derive(::shared::SharedRecord, Clone, Debug, PartialEq)]
#[record(crate = "::shared", name = "renamed.Everything", align = 8)]
pub struct Everything<T, const N: usize>
where
    T: ::std::marker::Copy,
{
    /// At the beginning.
    #[record(offset = 0, rename = "first")]
    pub pose: Pose,
    /// Several.
    pub states: [State; N],
    /// Growing.
    #[record(capacity = (2, 8))]
    pub names: ::std::vec::Vec<::std::string::String>,
    /// In a tuple.
    #[record(capacity = N)]
    pub pair: (T, ::std::vec::Vec<T>),
    /// Stored as another type.
    #[record(as = "u64")]
    pub count: usize,
    /// Stored by words.
    #[record(with = "Millis")]
    pub timeout: ::std::time::Duration,
    /// With a default.
    #[record(default = ::std::option::Option::Some(2))]
    pub maybe: ::std::option::Option<u8>,
    /// At home.
    #[record(skip)]
    pub kept: ::std::option::Option<T>,
    /// With data.
    pub event: Event,
}

/// Without names.
#[derive(::shared::SharedRecord, Clone, Copy, Debug, PartialEq)]
#[record(crate = "::shared")]
pub struct Numbered(
    /// The first.
    pub u8,
    /// Not transferred.
    #[record(skip)]
    pub u16,
    /// The last.
    pub f32,
);

::shared::assert_same_layout!(Pose, Pose);

#[test]
fn what_goes_in_comes_out() {
    use ::shared::{SharedField, SharedRecord};
    use ::std::convert::From;
    use ::std::option::Option::{None, Some};
    use ::std::string::String;
    use ::std::{assert_eq, vec};

    let value = Everything::<u16, 2> {
        pose: Pose { x: 1.0, y: -2.0 },
        states: [State::Off, State::Moving],
        names: vec![String::from("a"), String::from("bc")],
        pair: (1, vec![2, 3]),
        count: 5,
        timeout: ::std::time::Duration::from_millis(1500),
        maybe: None,
        kept: None,
        event: Event::Said { text: String::from("words"), times: 4 },
    };
    let mut image = vec![0; <Everything<u16, 2>>::SIZE];
    value.store(&mut image).unwrap();
    assert_eq!(Everything::load(&image).unwrap(), value);
    assert_eq!(<Everything<u16, 2>>::RECORD.name, "renamed.Everything");
    assert_eq!(<Everything<u16, 2>>::fields().states.at(1).offset(), 17);
    assert_eq!(Numbered::fields().2.offset(), 4);
    assert_eq!(Some(Pose::PATH), Some(::shared::TransferPath::Direct));
}
