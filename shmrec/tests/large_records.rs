//! Records of a mebibyte on threads with a stack of two: nothing of that size is made on the stack, by any way of transfer
//! that is meant for them, without optimisation too.

use std::fmt::Debug;

use shmrec::{FixedStr, Reader, Segment, SegmentOptions, SharedField, SharedRecord, TransferPath};

const MIB: usize = 1 << 20;

/// A whole with a part that can be invalid.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Frame {
    number: u64,
    valid: bool,
    pixels: [u8; MIB],
}

/// As large, and its memory is its image.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
#[repr(C)]
struct Raw {
    number: u64,
    words: [u64; MIB / 8],
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Row {
    cells: [f64; 500],
    used: bool,
    label: FixedStr<12>,
}

/// Made of many parts.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Table<T, const N: usize> {
    count: u32,
    rows: [T; N],
    halves: ([u8; MIB / 2], [[u16; 512]; 512]),
}

/// Parts that are on the heap, one of which is as large as the record.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Film {
    #[record(capacity = 4 * MIB)]
    bytes: Vec<u8>,
    #[record(capacity = 3)]
    frames: Vec<Frame>,
    #[record(capacity = 2)]
    boxed: Box<[Frame]>,
    #[record(capacity = MIB)]
    text: String,
}

/// Does it on a thread with a stack of 2 MiB.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * MIB).spawn(test).expect("a thread starts");
    thread.join().expect("the stack holds");
}

/// Writes the record that the image stands for, and reads it, by each way that is meant for large ones. Another byte
/// `at` is another record; one at `invalid` is none.
fn transferred<T: SharedRecord + PartialEq + Debug>(test: &str, image: &[u8], at: usize, invalid: Option<usize>) {
    assert!(T::SIZE > MIB);
    let name = format!("large_{test}_{}", std::process::id());
    let segment: Segment<T> = SegmentOptions::new().slots(2).create(&name).expect("a new segment");
    let mut place = Box::<T>::new_uninit();
    let made = T::load_at(image, &mut place).expect("the image is valid");
    segment.write(made).expect("it fits");
    // SAFETY: it was made, and nothing uses it any more.
    #[allow(unsafe_code)]
    unsafe {
        std::ptr::drop_in_place(made);
    }
    let reader = Reader::<T>::link(&name).expect("the segment is there");

    let first = reader.read_boxed().expect("the image is valid");
    segment.write(&first).expect("it fits");
    let mut bytes = vec![0xff; T::SIZE];
    reader.read_bytes(0, &mut bytes).expect("it was written");
    assert!(bytes == image, "what was read from the image makes the same image");

    // Another number in one place, read into what is there, and changed where it is.
    bytes[at] ^= 1;
    segment.write_bytes(0, &bytes).expect("the segment is there");
    let mut into = reader.read_boxed().expect("the image is valid");
    segment.write(&first).expect("it fits");
    assert!(*into != *first);
    reader.read_into(&mut into).expect("the image is valid");
    assert!(*into == *first);
    segment.update(|record| assert!(*record == *into)).expect("the segment is there");
    {
        let mut guard = segment.lock().expect("nobody else has the lock");
        guard.write(&into).expect("it fits");
        guard.unlock().expect("it was locked");
    }

    // What is no record is refused where it would be made, and drops what was made of it.
    if let Some(invalid) = invalid {
        bytes[invalid] = 0xff;
        assert!(segment.write_bytes(0, &bytes).is_err());
        assert!(T::load_at(&bytes, &mut Box::<T>::new_uninit()).is_err() && into.load_into(&bytes).is_err());
    }
}

#[test]
fn a_record_with_padding() {
    on_a_small_stack(|| {
        let mut image = vec![0x5a; Frame::SIZE];
        image[8..].fill(0);
        image[8] = 1;
        image[9..9 + MIB].fill(7);
        transferred::<Frame>("frame", &image, 0, Some(8));
    });
}

#[test]
fn a_record_whose_memory_is_its_image() {
    assert_eq!(Raw::PATH, TransferPath::Direct);
    on_a_small_stack(|| {
        let image: Vec<u8> = (0..Raw::SIZE).map(|i| i as u8).collect();
        transferred::<Raw>("raw", &image, Raw::SIZE - 1, None);
    });
}

#[test]
fn a_record_of_arrays_of_records_and_of_tuples() {
    type Whole = Table<Row, 128>;
    on_a_small_stack(|| {
        let mut image = vec![0; Whole::SIZE];
        let row = Whole::fields().rows.at(127).then(Row::fields().label).offset();
        image[row..row + 8].copy_from_slice(&[3, 0, 0, 0, b'e', b'n', b'd', 0]);
        transferred::<Whole>("table", &image, 0, Some(row + 3));
    });
}

#[test]
fn a_record_of_lists_of_records() {
    on_a_small_stack(|| {
        let mut image = vec![0; Film::SIZE];
        let fields = Film::fields();
        let lengths = [
            (fields.bytes.offset(), 3 * MIB as u32),
            (fields.frames.offset(), 3),
            (fields.boxed.offset(), 2),
            (fields.text.offset(), MIB as u32),
        ];
        for (at, len) in lengths {
            image[at..at + 4].copy_from_slice(&len.to_le_bytes());
        }
        let text = fields.text.offset() + 4;
        image[text..text + MIB].fill(b'x');
        transferred::<Film>("film", &image, 4, Some(text + MIB - 1));
    });
}
