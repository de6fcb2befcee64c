//! What the type costs: records whose memory is their image, records that travel through one, single fields.

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::time::Duration;

use shmrec::{SegmentOptions, SharedField, SharedRecord};

use super::{Aligned, unique};
use crate::Effort;
use crate::measure::{Case, Timed, in_turns};
use crate::peers::{Peer, Shmrec, ShmrecImage};
use crate::record::{Block, Client, bytes};
use crate::report::{Report, Table, ns};

pub fn run(report: &mut Report, effort: Effort) {
    let mut table = Table::new(
        "typed",
        [
            "bytes",
            "untyped read",
            "read_at",
            "read",
            "read_into",
            "read_boxed",
            "through an image",
            "untyped write",
            "write",
            "update",
            "write through an image",
        ],
    );
    for size in [64, 256, 1024, 4096] {
        let (reads, writes) = crate::with_words!(size / 8, N of 8 32 128 512 => by_size::<N>(effort));
        let cell = |case: &Timed| format!("{} [{:.2}]", ns(case.median), case.ratio);
        table.row([bytes(size)].into_iter().chain(reads.iter().map(cell)).chain(writes.iter().map(cell)));
        for case in reads.iter().chain(&writes) {
            report.figure("typed", &case.name, size, "ns", case.median);
        }
        let goal = |report: &mut Report, what: &str, case: &Timed, most: f64| {
            let measured = format!("{:.2} x", case.ratio);
            report.goal(
                format!("{what}, {}", bytes(size)),
                format!("{most} x the untyped"),
                measured,
                case.ratio <= most,
            );
        };
        goal(report, "typed read, direct", &reads[1], 1.1);
        goal(report, "typed write, direct", &writes[1], 1.1);
        goal(report, "typed read, image", &reads[5], 2.0);
        goal(report, "typed write, image", &writes[3], 2.0);
    }
    report.table(table);
    client(report, effort);
    field(report, effort);
}

fn by_size<const N: usize>(effort: Effort) -> (Vec<Timed>, Vec<Timed>) {
    let id = unique("typed");
    let segment = &SegmentOptions::new().create_with(&id, &*Block::<N>::filled(7)).expect("a segment");
    let mut image = ShmrecImage::<N>::create(&unique("image"));
    let (mut place, mut into) = (Box::new(Aligned(MaybeUninit::uninit())), aligned::<N>(0));
    let mut untyped = vec![0_u8; 8 * N + 64];
    let skip = untyped.as_ptr().align_offset(64);
    let mut reads = [
        Case::new("untyped read", move || {
            segment.read_bytes(0, black_box(&mut untyped[skip..skip + 8 * N])).expect("a record")
        }),
        Case::new("read_at", move || segment.read_at(black_box(&mut place.0)).expect("a record").version),
        Case::new("read", || {
            let record = segment.read().expect("a record");
            black_box(&record);
        }),
        Case::new("read_into", move || segment.read_into(black_box(&mut into.0)).expect("a record")),
        Case::new("read_boxed", || segment.read_boxed().expect("a record")),
        Case::new("through an image", move || {
            black_box(image.read_in_place());
        }),
    ];
    let reads = in_turns(&mut reads, effort.rounds(101), Duration::from_micros(200));
    let (from, mut raw) = (aligned::<N>(3), Shmrec::<N>::create(&unique("untyped")));
    let same = aligned::<N>(3);
    let mut image = ShmrecImage::<N>::create(&unique("image"));
    let mut writes = [
        Case::new("untyped write", move || raw.write(black_box(&same.0))),
        Case::new("write", move || segment.write(black_box(&from.0)).expect("the lock")),
        Case::new("update", || segment.update(|record| record.words[0] += 1).expect("the lock")),
        Case::new("write through an image", move || image.write_own()),
    ];
    (reads, in_turns(&mut writes, effort.rounds(101), Duration::from_micros(200)))
}

/// A record that begins at a cache line.
fn aligned<const N: usize>(word: u64) -> Box<Aligned<Block<N>>> {
    Box::new(Aligned(*Block::filled(word)))
}

/// A record as applications have them.
fn client(report: &mut Report, effort: Effort) {
    let first = Client::example();
    let segment = &SegmentOptions::new().create_with(&unique("client"), &first).expect("a segment");
    let (mut untyped, mut into) = (vec![0_u8; Client::SIZE], first.clone());
    let balance = Client::fields().balance;
    let mut cases = [
        Case::new("untyped read", move || segment.read_bytes(0, black_box(&mut untyped[..])).expect("a record")),
        Case::new("read: allocates", || segment.read().expect("a record")),
        Case::new("read_into: keeps what is allocated", move || {
            segment.read_into(black_box(&mut into)).expect("a record")
        }),
        Case::new("get one number", || black_box(segment).get(balance).expect("a record")),
        Case::new("write", || segment.write(black_box(&first)).expect("the lock")),
        Case::new("update", || segment.update(|client| client.balance += 1).expect("the lock")),
        Case::new("set one number", || black_box(segment).set(balance, &5).expect("the lock")),
    ];
    let timed = in_turns(&mut cases, effort.rounds(101), Duration::from_micros(200));
    let mut table = Table::new("client", ["operation", "ns", "x the untyped read"]);
    for case in &timed {
        table.row([case.name.clone(), ns(case.median), format!("{:.2}", case.ratio)]);
        report.figure("client", &case.name, Client::SIZE, "ns", case.median);
    }
    report.table(table);
}

/// One field of a record costs the field.
fn field(report: &mut Report, effort: Effort) {
    const N: usize = 512;
    let segment = &SegmentOptions::new().create_with(&unique("field"), &*Block::<N>::filled(7)).expect("a segment");
    let one = &SegmentOptions::new().create_with(&unique("field"), &*Block::<1>::filled(7)).expect("a segment");
    let word = Block::<N>::fields().words.at(300);
    let (mut place, mut whole) = (Box::new_uninit(), Box::new(Aligned(MaybeUninit::uninit())));
    let mut cases = [
        Case::new("a record of 8 B", move || one.read_at(black_box(&mut place)).expect("a record").version),
        Case::new("8 B of a record of 4 KiB", || black_box(segment).get(word).expect("a record")),
        Case::new("the record of 4 KiB", move || segment.read_at(black_box(&mut whole.0)).expect("a record").version),
    ];
    let timed = in_turns(&mut cases, effort.rounds(101), Duration::from_micros(200));
    let mut table = Table::new("field", ["read", "ns"]);
    for case in &timed {
        table.row([case.name.clone(), ns(case.median)]);
        report.figure("field", &case.name, 4096, "ns", case.median);
    }
    report.table(table);
    report.goal(
        "one field of a 4 KiB record",
        "the field's cost, not the record's",
        format!("{:.2} x a read of 8 B", timed[1].ratio),
        timed[1].ratio <= 2.0,
    );
}
