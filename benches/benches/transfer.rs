//! Hot transfers without contention, beside a `memcpy` of the same length in the same run: what the protocol, the copy and
//! the model cost.
//!
//! `word copy` is what copies out of shared memory, between private buffers; `bytes` transfers an image as it is, `record`
//! makes a value of it. The buffers of `memcpy` and `word copy` are aligned to 64 bytes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shmrec::{Segment, SegmentOptions, SharedRecord};

#[derive(SharedRecord, Clone)]
struct Block<const N: usize> {
    bytes: [u64; N],
}

#[repr(align(64))]
struct Aligned<const N: usize>([u64; N]);

fn segment<const N: usize>() -> Segment<Block<N>> {
    let name = format!("bench_{}_{N}", std::process::id());
    SegmentOptions::new().create_with(&name, &Block { bytes: [7; N] }).expect("a segment")
}

fn size<const N: usize>(c: &mut Criterion) {
    let bytes = N * 8;
    let segment = segment::<N>();
    let mut group = c.benchmark_group(format!("{bytes} B"));
    group.throughput(Throughput::Bytes(bytes as u64));

    let from = Aligned([7; N]);
    let mut to = Aligned([0; N]);
    group.bench_function("memcpy", |b| {
        b.iter(|| black_box(&mut to.0).copy_from_slice(black_box(&from.0)));
    });

    group.bench_function("word copy", |b| {
        b.iter(|| {
            let (from, to) = (black_box(&from.0), black_box(&mut to.0));
            // SAFETY: the target's bytes, to which the copy writes initialised ones.
            #[allow(unsafe_code)]
            let to = unsafe { std::slice::from_raw_parts_mut(to.as_mut_ptr().cast(), bytes) };
            // SAFETY: as many whole words stand in `from`, and nobody else reaches them.
            #[allow(unsafe_code)]
            unsafe {
                shmrec::__private::copy_out(from.as_ptr().cast(), to);
            }
        });
    });
    let mut image = vec![0; bytes];
    group.bench_function("read bytes", |b| {
        b.iter(|| segment.read_bytes(0, black_box(&mut image)).expect("a version"));
    });
    let mut block = Block { bytes: [0; N] };
    group.bench_function("read record", |b| {
        b.iter(|| segment.read_into(black_box(&mut block)).expect("a version"));
    });
    group.bench_function("write record", |b| {
        b.iter(|| segment.write(black_box(&block)).expect("the lock"));
    });
    group.bench_function("update record", |b| {
        b.iter(|| segment.update(|block| block.bytes[0] += 1).expect("the lock"));
    });
    let first = Block::<N>::fields().bytes.at(0);
    group.bench_function("get one word", |b| {
        b.iter(|| segment.get(black_box(first)).expect("a version"));
    });
    group.finish();
}

fn all(c: &mut Criterion) {
    size::<1>(c);
    size::<8>(c);
    size::<32>(c);
    size::<128>(c);
    size::<512>(c);
    size::<8192>(c);
}

criterion_group!(benches, all);
criterion_main!(benches);
