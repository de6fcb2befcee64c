//! Records whose memory is their image travel without another, and nobody can tell by the bytes, the values or the errors.
//!
//! Each record here has a twin that travels through an image, because one field of it is skipped; the two have one schema and
//! share segments.

use std::fmt::Debug;
use std::num::{NonZero, Wrapping};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use shmrec::{
    LoadError, ReadError, Segment, SharedField, SharedRecord, StoreError, TransferPath, TypeDesc, Version, WriteError,
};
use shmrec_tests::directory::TestDir;
use shmrec_tests::raw::RawSegment;

/// Declares a record and its twin, and how to make each of the other.
macro_rules! twins {
    ($($name:literal $record:ident $twin:ident { $($field:ident: $ty:ty = $arbitrary:expr),* $(,)? })*) => {$(
        #[derive(SharedRecord, Clone, Debug, PartialEq)]
        #[record(name = $name)]
        #[repr(C)]
        struct $record { $($field: $ty),* }

        #[derive(SharedRecord, Clone, Debug, PartialEq)]
        #[record(name = $name)]
        struct $twin { $($field: $ty,)* #[record(skip)] not_transferred: u8 }

        impl Twins for $record {
            type Twin = $twin;

            fn arbitrary() -> impl Strategy<Value = Self> {
                ($($arbitrary,)*).prop_map(|($($field,)*)| Self { $($field),* })
            }

            fn twin(&self) -> $twin {
                let Self { $($field),* } = self.clone();
                $twin { $($field,)* not_transferred: 0 }
            }
        }
    )*};
}

trait Twins: SharedRecord + Clone + Debug + PartialEq {
    type Twin: SharedRecord + Clone + Debug + PartialEq;
    fn arbitrary() -> impl Strategy<Value = Self>;
    fn twin(&self) -> Self::Twin;
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
enum State {
    Off = 1,
    On = 0x8001,
}

/// Behind its tag is something or nothing.
#[derive(SharedRecord, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Signal {
    Clear,
    Raised { by: u8 },
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Point<T, const N: usize> {
    at: [T; N],
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::Off), Just(State::On)]
}

fn point() -> impl Strategy<Value = Point<i32, 3>> {
    any::<[i32; 3]>().prop_map(|at| Point { at })
}

twins! {
    "one" One TwinOfOne { value: u64 = any::<u64>() }
    // 7 bytes: the last word is not whole.
    "odd" Odd TwinOfOdd { bytes: [u8; 5] = any::<[u8; 5]>(), flag: bool = any::<bool>(), last: i8 = any::<i8>() }
    "mixed" Mixed TwinOfMixed {
        wide: u128 = any::<u128>(),
        signed: i64 = any::<i64>(),
        number: u32 = any::<u32>(),
        letter: char = any::<char>(),
        states: [State; 2] = [state(), state()],
        code: [NonZero<i8>; 2] = any::<[NonZero<i8>; 2]>(),
        flags: [bool; 2] = any::<[bool; 2]>(),
        points: [Point<i32, 3>; 2] = [point(), point()],
    }
    "large" Large TwinOfLarge {
        numbers: Vec4096 = any::<u64>().prop_map(|seed| Point { at: std::array::from_fn(|i| seed.wrapping_mul(i as u64 + 1)) }),
        flags: [bool; 8] = any::<[bool; 8]>(),
    }
}

type Vec4096 = Point<u64, 512>;

fn runner() -> TestRunner {
    TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(64) })
}

/// What stands in the last version.
fn bytes<T: SharedRecord>(segment: &Segment<T>) -> Vec<u8> {
    let mut bytes = vec![0xee; T::SIZE];
    segment.read_bytes(0, &mut bytes).unwrap();
    bytes
}

fn one_writes_and_the_other_reads<T: Twins>() {
    assert_eq!((T::PATH, T::Twin::PATH), (TransferPath::Direct, TransferPath::Image));
    assert_eq!(T::FINGERPRINT, T::Twin::FINGERPRINT);
    let dir = TestDir::new();
    let outcome = runner().run(&T::arbitrary(), |value| {
        let direct = dir.options().create_with("direct", &value)?;
        let through = dir.options().link::<T::Twin>("direct")?;
        let mut image = vec![0; T::SIZE];
        value.store(&mut image)?;
        prop_assert_eq!(&bytes(&direct), &image, "created");
        prop_assert_eq!(&through.read()?, &value.twin());

        through.write(&value.twin())?;
        prop_assert_eq!(&bytes(&direct), &image, "written through an image");
        prop_assert_eq!(&direct.read()?, &value);
        direct.write(&value)?;
        prop_assert_eq!(&bytes(&direct), &image, "written directly");
        direct.update(|_| ())?;
        prop_assert_eq!(&bytes(&direct), &image, "updated directly");
        let mut guard = direct.lock()?;
        guard.write(&value)?;
        prop_assert_eq!(&guard.read()?, &value);
        guard.unlock()?;
        prop_assert_eq!(&bytes(&direct), &image, "written under the lock");

        prop_assert_eq!(&*direct.read_boxed()?, &value);
        prop_assert_eq!(&direct.read_versioned()?.record, &value);
        prop_assert_eq!(&direct.read_version(Version::new(3))?, &value);
        prop_assert_eq!(&direct.history()?[0].record, &value);
        // In place of another value.
        direct.write_bytes(0, &image)?;
        let mut into = value.clone();
        prop_assert_eq!(direct.read_into(&mut into)?, direct.version());
        prop_assert_eq!(&into, &value);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{}: {error}", T::RECORD.name));
}

#[test]
fn both_paths_give_the_same_bytes_and_values() {
    one_writes_and_the_other_reads::<One>();
    one_writes_and_the_other_reads::<Odd>();
    one_writes_and_the_other_reads::<Mixed>();
    one_writes_and_the_other_reads::<Large>();
}

/// The error of a value that is none.
fn invalid<R: Debug>(outcome: Result<R, ReadError>) -> LoadError {
    match outcome {
        Err(ReadError::Invalid(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// Puts random bytes into a segment and reads them both ways.
fn both_refuse_the_same<T: Twins>(at_least: u32) {
    let dir = TestDir::new();
    let refused = std::cell::Cell::new(0);
    let damage = (T::arbitrary(), T::arbitrary(), 0..T::SIZE, any::<[u8; 4]>(), 1_usize..=4);
    let outcome = runner().run(&damage, |(value, before, at, bytes, len)| {
        let direct = dir.options().create_with("direct", &value)?;
        let through = dir.options().link::<T::Twin>("direct")?;
        let raw = RawSegment::open(direct.path());
        let len = len.min(T::SIZE - at);
        raw.put(raw.records() + raw.stride() + at as u64, &bytes[..len]);

        let mut into = before.clone();
        match through.read() {
            Ok(expected) => {
                prop_assert_eq!(&direct.read()?.twin(), &expected);
                direct.read_into(&mut into)?;
                prop_assert_eq!(&into.twin(), &expected);
            }
            Err(error) => {
                refused.set(refused.get() + 1);
                let expected = invalid(Err::<(), _>(error));
                prop_assert_eq!(&invalid(direct.read()), &expected);
                prop_assert_eq!(&invalid(direct.read_boxed()), &expected);
                prop_assert_eq!(&invalid(direct.read_versioned()), &expected);
                prop_assert_eq!(&invalid(direct.read_version(Version::new(1))), &expected);
                prop_assert_eq!(&invalid(direct.read_into(&mut into)), &expected);
                prop_assert_eq!(&into, &before, "a record that was not read");
                match direct.update(|_| ()) {
                    Err(WriteError::Read(ReadError::Invalid(error))) => prop_assert_eq!(&error, &expected),
                    other => panic!("{other:?}"),
                }
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{}: {error}", T::RECORD.name));
    assert!(refused.get() >= at_least, "{}: {} were refused", T::RECORD.name, refused.get());
}

#[test]
fn bytes_that_are_no_value_are_the_same_error_on_both_paths_and_change_nothing() {
    both_refuse_the_same::<One>(0);
    both_refuse_the_same::<Odd>(5);
    both_refuse_the_same::<Mixed>(5);
    both_refuse_the_same::<Large>(0);
}

#[test]
fn a_field_that_is_no_value_is_named_by_its_path() {
    let value = Mixed {
        wide: 1,
        signed: 2,
        number: 3,
        letter: 'x',
        states: [State::On; 2],
        code: [NonZero::<i8>::MAX; 2],
        flags: [true; 2],
        points: [Point { at: [1; 3] }; 2],
    };
    let dir = TestDir::new();
    let direct = dir.options().create_with("direct", &value).unwrap();
    let through = dir.options().link::<TwinOfMixed>("direct").unwrap();
    let raw = RawSegment::open(direct.path());
    let (f, t) = (Mixed::fields(), TwinOfMixed::fields());
    let damage = |offset: usize, bytes: &[u8]| raw.put(raw.records() + raw.stride() + offset as u64, bytes);
    damage(f.letter.offset(), &0xd800_u32.to_le_bytes());
    damage(f.states.offset() + 2, &[9, 9]);
    damage(f.flags.offset() + 1, &[2]);

    assert_eq!(invalid(direct.get(f.letter)), invalid(through.get(t.letter)));
    assert_eq!(invalid(direct.get(f.letter)).field(), "letter");
    assert_eq!(invalid(direct.get(f.states)).field(), "states[1]");
    assert_eq!(invalid(direct.get(f.states.at(1))), invalid(through.get(t.states)));
    assert_eq!(invalid(direct.get((f.number, f.flags))), invalid(through.get((t.number, t.flags))));
    assert_eq!(invalid(direct.get(f.flags)).field(), "flags[1]");
    // What is beside them is there.
    assert_eq!(direct.get((f.wide, f.number, f.points)).unwrap(), (1, 3, value.points));
    assert_eq!(direct.get(f.points.at(1)).unwrap(), value.points[1]);
    assert_eq!(direct.get(f.states.at(0)).unwrap(), State::On);
}

/// A number that is stored another way than it lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Negated(u32);

impl SharedField for Negated {
    const SIZE: usize = 4;
    const ALIGN: usize = 4;
    const TYPE: TypeDesc = u32::TYPE;

    fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
        (!self.0).store(image)
    }

    fn load(image: &[u8]) -> Result<Self, LoadError> {
        u32::load(image).map(|stored| Self(!stored))
    }
}

#[test]
fn the_path_follows_from_the_facts() {
    macro_rules! record {
        ($(#[$attribute:meta])* { $($(#[$of_field:meta])* $field:ident: $ty:ty),* }) => {{
            #[derive(SharedRecord)]
            $(#[$attribute])*
            struct Probe { $($(#[$of_field])* $field: $ty),* }
            // Read, or the compiler calls them dead.
            #[allow(deprecated)]
            let _ = |probe: &Probe| {
                $(let _ = &probe.$field;)*
            };
            Probe::PATH
        }};
    }
    use TransferPath::{Direct, Image};
    assert_eq!(record!({ a: u64 }), Direct);
    assert_eq!(
        record!({ a: f64, b: f64, c: u64 }),
        Direct,
        "the compiler leaves fields of one alignment in their order"
    );
    assert_eq!(record!(#[repr(C)] { a: u32, b: u32, c: u64 }), Direct);
    assert_eq!(record!(#[repr(C)] { a: [bool; 3], b: u8, c: char, d: State, e: State }), Direct);
    assert_eq!(record!(#[repr(C)] { a: Point<u16, 4>, b: [Point<f32, 2>; 3] }), Direct);
    assert_eq!(record!(#[repr(transparent)] { a: [[u8; 3]; 5] }), Direct);
    assert_eq!(record!(#[repr(C)] { a: NonZero<u32>, b: Wrapping<i32> }), Direct);
    assert_eq!(record!(#[repr(C, align(8))] { a: u32, b: u32 }), Direct);

    assert_eq!(record!(#[repr(C)] { a: u32, b: u64 }), Image, "padding between");
    assert_eq!(record!(#[repr(C)] { a: u64, b: u32 }), Image, "padding behind");
    assert_eq!(record!(#[repr(C, align(64))] { a: u64 }), Image, "the memory is larger than the image");
    assert_eq!(record!(#[repr(C)] { a: u64, #[record(skip)] b: u64 }), Image, "not all of it travels");
    assert_eq!(record!(#[repr(C)] { a: u64, b: Option<u64> }), Image);
    assert_eq!(record!(#[repr(C)] { a: (u32, u32), b: Signal }), Image);
    assert_eq!(record!(#[repr(C)] { a: u64, #[record(capacity = 4)] b: String }), Image);
    assert_eq!(record!(#[repr(C)] { a: u32, b: Negated }), Image, "what a hand-written field does nobody knows");
    assert_eq!(record!(#[repr(C)] { a: u32, b: [Negated; 2] }), Image);
    assert_eq!(record!(#[repr(C)] { a: u32, #[deprecated] b: u32 }), Image, "not looked into");
}

#[test]
fn a_field_in_another_place_than_in_the_image_makes_a_record_travel_through_one() {
    // Whatever the compiler does with the order: where it differs from the image's, the path must be the image.
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Ordered {
        a: u16,
        b: u16,
        c: u32,
        d: u64,
    }
    let in_memory = [
        std::mem::offset_of!(Ordered, a),
        std::mem::offset_of!(Ordered, b),
        std::mem::offset_of!(Ordered, c),
        std::mem::offset_of!(Ordered, d),
    ];
    let in_image: Vec<usize> = Ordered::RECORD.fields.iter().map(|field| field.offset).collect();
    assert_eq!(Ordered::PATH == TransferPath::Direct, in_memory[..] == in_image);
    let dir = TestDir::new();
    let value = Ordered { a: 1, b: 2, c: 3, d: 4 };
    let segment = dir.options().create_with("ordered", &value).unwrap();
    assert_eq!(segment.read().unwrap(), value);
    assert_eq!(bytes(&segment), [1, 0, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
}
