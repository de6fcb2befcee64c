mod measure;
use std::hint::black_box;
use std::time::Duration;
use measure::{Case, in_turns};
use shmrec::{Segment, SegmentOptions, SharedRecord, Reader};

#[derive(SharedRecord, Clone)]
#[repr(C, align(8))]
struct Block<const N: usize> { words: [u64; N] }

#[repr(C, align(64))]
struct Aligned<const N: usize>([u64; N]);

#[allow(unsafe_code)]
fn size<const N: usize>(rounds: usize) {
    let name = format!("bench_{}_{N}", std::process::id());
    let segment: Segment<Block<N>> = SegmentOptions::new().create_with(&name, &Block { words: [7; N] }).unwrap();
    let reader = Reader::<Block<N>>::link(&name).unwrap();
    let from = Box::new(Aligned([7; N]));
    let mut to = Box::new(Aligned([0; N]));
    let mut to2 = Box::new(Aligned([0; N]));
    let mut to3 = Box::new(Aligned([0; N]));
    let block = Box::new(Block { words: [0; N] }); let mut place = Box::<Block<N>>::new_uninit();
    let mut into = Box::new(Block { words: [0; N] });
    let field = Block::<N>::fields().words.at(0);
    let mut cases = [
        Case::new("memcpy", || { black_box(&mut to.0).copy_from_slice(black_box(&from.0)); }),
        Case::new("copy", || unsafe {
            let to = std::slice::from_raw_parts_mut(black_box(&mut to2.0).as_mut_ptr().cast(), N * 8);
            shmrec::__private::copy_out(black_box(&from.0).as_ptr().cast(), 0, to).len()
        }),
        Case::new("read_bytes", || {
            let to: &mut [u8] = unsafe { std::slice::from_raw_parts_mut(black_box(&mut to3.0).as_mut_ptr().cast(), N * 8) };
            reader.read_bytes(0, to).unwrap() }),
        Case::new("read", || reader.read().unwrap().words[0]), Case::new("read &", || { let r = reader.read().unwrap(); black_box(&r); }), Case::new("read_at", || { reader.read_at(black_box(&mut place)).unwrap().version }),
        Case::new("read boxed", || reader.read_boxed().unwrap()),
        Case::new("read_into", || reader.read_into(black_box(&mut into)).unwrap()),
        Case::new("write", || segment.write(black_box(&block)).unwrap()),
        Case::new("update", || segment.update(|b| b.words[0] += 1).unwrap()),
        Case::new("get", || black_box(&reader).get(field).unwrap()),
    ];
    let t = in_turns(&mut cases, rounds, Duration::from_micros(300));
    print!("{:>8}", N * 8);
    for t in t { print!(" | {} {:.2}/{:.2} [{:.2}]", t.name, t.median, t.least, t.ratio); }
    println!();
}

fn main() {
    let rounds = std::env::args().nth(1).map_or(51, |a| a.parse().unwrap());
    size::<1>(rounds);
    size::<8>(rounds);
    size::<32>(rounds);
    size::<128>(rounds);
    size::<512>(rounds);
    size::<8192>(rounds);
    size::<131072>(rounds);
}
