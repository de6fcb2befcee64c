//! Bytes of a record that another process may have written.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::File;
use std::os::unix::fs::FileExt;

use shmrec::schema::Schema;
use shmrec::{DynSegment, ReadError, Segment, SharedRecord, Value};
use shmrec_os::format::{HEADER_LEN, Header};

use crate::place;
use crate::records::{Choices, Direct, Nested, Plain, Texts};

/// First byte: which record. The rest: its image, zero where it is too short.
pub fn run(data: &[u8]) {
    let Some((shape, image)) = data.split_first() else { return };
    match shape % 5 {
        0 => try_image::<Plain>("plain", image),
        1 => try_image::<Texts>("texts", image),
        2 => try_image::<Choices>("choices", image),
        3 => try_image::<Nested>("nested", image),
        _ => try_image::<Direct>("direct", image),
    }
}

fn try_image<T: SharedRecord + Clone + Debug + PartialEq + 'static>(name: &str, bytes: &[u8]) {
    let mut image = vec![0; T::SIZE];
    let len = bytes.len().min(T::SIZE);
    image[..len].copy_from_slice(&bytes[..len]);
    with_segment::<T>(name, |Opened { segment, untyped, file, header }| {
        // As a hostile peer does it: nobody has checked these bytes.
        let slot = header.records() + header.stride();
        file.write_all_at(&image, slot as u64).expect("a slot of the segment");
        let one = 1_u64.to_le_bytes();
        file.write_all_at(&[one, one].concat(), header.transfer() as u64).expect("the counters");
        let record = untyped.read().expect("a record");
        assert_eq!(record.bytes(), image);
        let value = record.value();
        assert_eq!(untyped.write_image(&image).is_ok(), value.is_ok(), "what is checked before it is written");
        file.write_all_at(&image, slot as u64).expect("a slot of the segment");
        file.write_all_at(&[one, one].concat(), header.transfer() as u64).expect("the counters");
        match segment.read() {
            Ok(typed) => {
                let value = value.unwrap_or_else(|error| panic!("{typed:?} is no value: {error}"));
                // Written back, it is the same value, whatever stood between the fields.
                segment.write(&typed).expect("what was read can be written");
                let again = segment.read().expect("what was written can be read");
                assert!(again == typed || format!("{again:?}") == format!("{typed:?}"), "{again:?} was {typed:?}");
                let canonical = untyped.read().expect("a record");
                assert_eq!(canonical.value().expect("a value"), value);
                // The untyped writer makes the same image as the type.
                untyped.write(&value).expect("a value of the record");
                assert_eq!(untyped.read().expect("a record").bytes(), canonical.bytes());
            }
            Err(ReadError::Invalid(error)) => {
                assert!(value.is_err(), "{error}, and yet it is {:?}", value.map(|v: Value| v.to_string()));
            }
            Err(error) => panic!("{error}"),
        }
        // Every part that can be named is a value or an error.
        for field in &untyped.schema().record().fields {
            let _ = record.get(&field.name);
        }
    });
}

/// A segment, in every way that this target reaches it.
struct Opened<T> {
    segment: Segment<T>,
    untyped: DynSegment,
    file: File,
    header: Header,
}

/// One segment per shape and thread: making one for each input would be most of the time.
fn with_segment<T: SharedRecord + 'static>(name: &str, with: impl FnOnce(&Opened<T>)) {
    thread_local! {
        static SEGMENTS: RefCell<HashMap<String, Box<dyn Any>>> = RefCell::default();
    }
    SEGMENTS.with(|segments| {
        let mut segments = segments.borrow_mut();
        let opened = segments.entry(name.to_owned()).or_insert_with(|| {
            place::with(|directory| {
                let options = place::options(directory);
                let untyped = options.dyn_create(name, &Schema::of::<T>()).expect("a segment");
                let file = File::options().read(true).write(true).open(untyped.path()).expect("its file");
                let mut bytes = vec![0; HEADER_LEN];
                file.read_exact_at(&mut bytes, 0).expect("its header");
                let len = file.metadata().expect("its length").len();
                let header = Header::parse(&bytes, len).expect("a header");
                Box::new(Opened { segment: options.link::<T>(name).expect("the segment"), untyped, file, header })
            })
        });
        with(opened.downcast_ref::<Opened<T>>().expect("the segment of this name"));
    });
}
