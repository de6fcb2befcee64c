//! The hot paths, each in a function of its own that callgrind counts: see `count`.

use std::hint::black_box;
use std::mem::MaybeUninit;

use shmrec::{Reader, Segment, SegmentOptions, SharedRecord};

/// How often each path is taken.
const TIMES: usize = 1000;

#[derive(SharedRecord, Clone, Debug)]
#[repr(C)]
struct Block<const N: usize> {
    words: [u64; N],
}

#[derive(SharedRecord, Clone, Debug)]
struct Named {
    id: u32,
    active: bool,
    #[record(capacity = 16)]
    name: String,
    values: [f64; 8],
}

fn blocks<const N: usize>() -> (Segment<Block<N>>, Reader<Block<N>>) {
    let name = format!("instructions_{}_{N}", std::process::id());
    let segment = SegmentOptions::new().create_with(&name, &Block { words: [1; N] }).expect("a segment");
    let reader = Reader::link(&name).expect("the segment");
    // The first write claims a slot.
    segment.write(&Block { words: [2; N] }).expect("the lock");
    (segment, reader)
}

/// Declares functions whose names callgrind shows, each of which repeats its path.
macro_rules! paths {
    ($($name:ident($($argument:ident: $ty:ty),*) $body:expr;)*) => {$(
        #[inline(never)]
        #[unsafe(no_mangle)]
        #[allow(unsafe_code)]
        fn $name($($argument: $ty),*) {
            for _ in 0..TIMES {
                black_box($body);
            }
        }
    )*};
}

paths! {
    path_nothing() ();
    path_read_8(from: &Reader<Block<1>>, place: &mut MaybeUninit<Block<1>>)
        from.read_at(black_box(&mut *place)).is_ok();
    path_read_64(from: &Reader<Block<8>>, place: &mut MaybeUninit<Block<8>>)
        from.read_at(black_box(&mut *place)).is_ok();
    path_read_4096(from: &Reader<Block<512>>, place: &mut MaybeUninit<Block<512>>)
        from.read_at(black_box(&mut *place)).is_ok();
    path_read_bytes_64(from: &Reader<Block<8>>, bytes: &mut [u8; 64])
        from.read_bytes(0, black_box(&mut bytes[..])).is_ok();
    path_get_8_of_4096(from: &Reader<Block<512>>)
        black_box(from).get(Block::<512>::fields().words.at(300)).is_ok();
    path_write_8(to: &Segment<Block<1>>, record: &Block<1>) to.write(black_box(record)).is_ok();
    path_write_64(to: &Segment<Block<8>>, record: &Block<8>) to.write(black_box(record)).is_ok();
    path_write_4096(to: &Segment<Block<512>>, record: &Block<512>) to.write(black_box(record)).is_ok();
    path_update_64(to: &Segment<Block<8>>) to.update(|record| record.words[0] += 1).is_ok();
    path_image_read_into(from: &Segment<Named>, record: &mut Named) from.read_into(black_box(&mut *record)).is_ok();
    path_image_write(to: &Segment<Named>, record: &Named) to.write(black_box(record)).is_ok();
    path_version(of: &Segment<Block<1>>) black_box(of).version();
}

fn main() {
    let (one, one_reader) = blocks::<1>();
    let (eight, eight_reader) = blocks::<8>();
    let (large, large_reader) = blocks::<512>();
    let mut named = Named { id: 1, active: true, name: "alpha".into(), values: [0.5; 8] };
    let name = format!("instructions_{}_named", std::process::id());
    let image = SegmentOptions::new().create_with(&name, &named).expect("a segment");
    image.write(&named).expect("the lock");

    path_nothing();
    path_read_8(&one_reader, &mut MaybeUninit::uninit());
    path_read_64(&eight_reader, &mut MaybeUninit::uninit());
    path_read_4096(&large_reader, &mut MaybeUninit::uninit());
    path_read_bytes_64(&eight_reader, &mut [0; 64]);
    path_get_8_of_4096(&large_reader);
    path_write_8(&one, &Block { words: [3] });
    path_write_64(&eight, &Block { words: [3; 8] });
    path_write_4096(&large, &Block { words: [3; 512] });
    path_update_64(&eight);
    path_image_read_into(&image, &mut named);
    path_image_write(&image, &named);
    path_version(&one);
}
