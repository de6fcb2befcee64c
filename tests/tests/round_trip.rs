//! Whatever value is written, another process reads it bit by bit, and what that one writes comes back: records of all
//! shapes, by all ways of transfer.
//!
//! This process writes an arbitrary value; a child, one for each shape, reads it, alters it as both know, and writes it back.

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;

use proptest::test_runner::{Config, TestRunner};
use proptest::{prop_assert, prop_assert_eq};
use shmrec::{SharedField, SharedRecord};
use shmrec_tests::directory::TestDir;
use shmrec_tests::peer::Start;
use shmrec_tests::shapes::{Shape, Skipped};

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// How the child alters the record: see `peer/shapes.rs`.
const WAYS: [&str; 8] = ["write", "reader", "boxed", "update", "guard", "fields", "shared", "locked"];

/// How many values of each shape: each way is taken several times.
const CASES: u32 = 96;

fn round_trip<S: Shape>(shape: &str) {
    let dir = TestDir::new();
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, max_shrink_iters: 500, ..Config::with_cases(CASES) });
    let first = proptest::strategy::Strategy::new_tree(&S::arbitrary(), &mut runner).expect("a first value");
    let first = proptest::strategy::ValueTree::current(&first);

    let segment = dir.options().create_with(shape, &first).unwrap();
    let reader = dir.options().reader::<S>(shape).unwrap();
    let peer = RefCell::new(Start::new(PEER, "shape").arg(dir.path()).arg(shape).arg(shape).spawn());
    let (last, turn) = (RefCell::new(first), Cell::new(0));
    let outcome = runner.run(&S::arbitrary(), |value| {
        let way = WAYS[turn.replace(turn.get() + 1) % WAYS.len()];
        let written = segment.write(&value)?;
        prop_assert!(segment.read()?.same(&value), "what this process wrote itself");
        // The bytes are the value's and nothing else's: padding and what is behind lengths is zero.
        let mut image = vec![0; S::SIZE];
        value.store(&mut image)?;
        let mut bytes = vec![0xff; S::SIZE];
        prop_assert_eq!(segment.read_bytes(0, &mut bytes)?, written);
        prop_assert!(bytes == image, "the image is {:02x?} and the segment has {:02x?}", image, bytes);
        // Nor does anything show of what stood in the memory that the image was made in.
        let mut memory = vec![MaybeUninit::new(0xff); S::SIZE];
        prop_assert_eq!(&*value.store_in(&mut memory)?, &*image, "made in memory full of ones");

        let answer = peer.borrow_mut().ask(way);
        let version = answer.strip_prefix("ok ").and_then(|version| version.parse::<u64>().ok());
        prop_assert!(version > Some(written.get()), "{way}: {answer}");

        let expected = value.altered();
        let read = reader.read_versioned()?;
        prop_assert_eq!(Some(read.version.get()), version);
        prop_assert!(read.record.same(&expected), "{way}: {:?} came back, not {:?}", read.record, expected);
        // By the other ways: made on the heap, made in the last value's place, field by field, whole again.
        let boxed = reader.read_boxed()?;
        prop_assert!(boxed.same(&expected), "on the heap: {boxed:?}");
        let mut last = last.borrow_mut();
        reader.read_into(&mut last)?;
        prop_assert!(last.same(&expected), "in place of the last value: {last:?}");
        prop_assert!(S::fields_are(&reader, &expected)?, "field by field");
        prop_assert!(segment.lock()?.read()?.same(&expected), "under the lock");
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{shape}: {error}");
    }
    peer.into_inner().finish();
}

mod a_value_comes_back_as_the_other_process_altered_it_in {
    macro_rules! tests {
        ($($name:ident: $shape:ty,)*) => {$(
            #[test]
            fn $name() {
                super::round_trip::<$shape>(stringify!($name));
            }
        )*};
    }
    shmrec_tests::each_shape!(tests);
}

#[test]
fn the_shapes_are_what_their_names_promise() {
    use shmrec_tests::shapes::{LineAndByte, OneByte, OneLine, Padded, ThreeBytes};
    assert_eq!((OneByte::SIZE, ThreeBytes::SIZE, OneLine::SIZE, LineAndByte::SIZE), (1, 3, 64, 65));
    let fields: usize = Padded::RECORD.fields.iter().map(|field| shmrec::schema::Type::from(&field.ty).size()).sum();
    assert!(Padded::SIZE > fields, "{} bytes of {fields} in fields", Padded::SIZE);
}

#[test]
fn a_skipped_field_stays_at_home() {
    let dir = TestDir::new();
    let here = Skipped {
        first: vec!["here".into()],
        number: 1,
        since: Some(std::time::Instant::now()),
        name: "Ada".into(),
        last: 7,
    };
    let segment = dir.options().create_with("skipped", &here).unwrap();
    let read = segment.read().unwrap();
    assert_eq!((read.first, read.since, read.last), (vec![], None, 0), "read afresh, it is the default");
    assert_eq!((read.number, read.name.as_str()), (1, "Ada"));

    segment.write(&Skipped { number: 2, name: "Bob".into(), first: vec![], since: None, last: 0 }).unwrap();
    let mut kept = here.clone();
    segment.read_into(&mut kept).unwrap();
    assert_eq!(
        (kept.first, kept.since, kept.last),
        (here.first, here.since, here.last),
        "read into, it keeps what it has"
    );
    assert_eq!((kept.number, kept.name.as_str()), (2, "Bob"));
}
