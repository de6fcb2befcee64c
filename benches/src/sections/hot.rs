//! Hot reads and writes that meet nobody, in one process, by size.

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::time::Duration;

use super::{Aligned, unique};
use crate::Effort;
use crate::measure::{Case, Timed, in_turns};
use crate::peers::{Blackboard, MmapSync, ParkingLotRwLock, Peer, RobustMutex, SeqlockCrate, Shmrec, StdRwLock};
use crate::record::{Block, bytes};
use crate::report::{Report, Table, ns};

const SIZES: [usize; 8] = [8, 64, 256, 1024, 4096, 65536, 1 << 20, 16 << 20];

pub fn run(report: &mut Report, effort: Effort) {
    let sizes = if effort.quick { &SIZES[..6] } else { &SIZES[..] };
    for (section, measure) in [("read", true), ("write", false)] {
        let mut table: Option<Table> = None;
        for size in sizes {
            let timed = match size / 8 {
                8192 => medium(measure, effort),
                // Where a record passes by value there is no way for so large ones.
                131_072 => large::<131_072>(measure, effort),
                2_097_152 => large::<2_097_152>(measure, effort),
                words => {
                    crate::with_words!(words, N of 1 8 32 128 512 => if measure { reads::<N>(effort) } else { writes::<N>(effort) })
                }
            };
            let columns = ["bytes".to_owned()].into_iter().chain(timed.iter().map(|case| case.name.clone()));
            let table = table.get_or_insert_with(|| Table::new(section, columns));
            for case in &timed {
                report.figure(section, &case.name, *size, "ns", case.median);
            }
            let cell = |case: &Timed| format!("{} [{:.2}]", ns(case.median), case.ratio);
            let columns = table.columns[1..].to_vec();
            let of = |name: &String| timed.iter().find(|case| case.name == *name).map_or_else(String::new, cell);
            table.row([bytes(*size)].into_iter().chain(columns.iter().map(of)));
            goals(report, section, *size, &timed);
        }
        if let Some(table) = table {
            report.table(table);
        }
    }
}

fn goals(report: &mut Report, section: &str, size: usize, timed: &[Timed]) {
    let Some(ours) = timed.iter().find(|case| case.name == "shmrec") else { return };
    let size_name = bytes(size);
    match (section, size) {
        ("read", ..=64) => {
            report.goal(
                format!("hot read, {size_name}"),
                "memcpy + 1 ns",
                format!("memcpy + {:.1} ns", ours.more),
                ours.more <= 1.0,
            );
        }
        ("read", _) => {
            report.goal(
                format!("hot read, {size_name}"),
                "1.05 x memcpy",
                format!("{:.2} x", ours.ratio),
                ours.ratio <= 1.05,
            );
        }
        (_, ..=64) => {
            report.goal(
                format!("robust write, {size_name}"),
                "memcpy + 5 ns",
                format!("memcpy + {:.1} ns", ours.more),
                ours.more <= 5.0,
            );
        }
        (_, 1024..) => {
            report.goal(
                format!("robust write, {size_name}"),
                "1.15 x memcpy",
                format!("{:.2} x", ours.ratio),
                ours.ratio <= 1.15,
            );
        }
        _ => {}
    }
}

fn slice(words: usize) -> Duration {
    Duration::from_micros(if words > 1 << 14 { 2000 } else { 200 })
}

fn rounds(words: usize, effort: Effort) -> usize {
    effort.rounds(if words > 1 << 17 { 15 } else { 101 })
}

/// A case of reads by a peer.
fn read_by<'a, const N: usize, P: Peer<N> + 'a>() -> Case<'a> {
    let mut peer = P::create(&unique("read"));
    let mut place = Box::new_uninit();
    Case::new(P::NAME, move || peer.read(inner(black_box(&mut place))))
}

/// A case of writes by a peer.
fn write_by<'a, const N: usize, P: Peer<N> + 'a>() -> Case<'a> {
    let id = unique("write");
    let creator = P::create(&id);
    // The blackboard's writer is another use of it.
    let mut peer = if P::PROCESSES { P::open(&id) } else { creator.share().expect("another use") };
    let from = aligned(&Block::<N>::filled(3));
    Case::new(P::NAME, move || {
        let _ = &creator;
        peer.write(black_box(&from.0));
    })
}

fn memcpy<'a, const N: usize>() -> Case<'a> {
    let from = Block::<N>::filled(7);
    let (source, mut to) = (aligned(&from), aligned(&from));
    Case::new("memcpy", move || black_box(&mut to.0.words).copy_from_slice(black_box(&source.0.words)))
}

fn reads<const N: usize>(effort: Effort) -> Vec<Timed> {
    let mut cases = vec![
        memcpy::<N>(),
        read_by::<N, Shmrec<N>>(),
        read_by::<N, SeqlockCrate<N>>(),
        read_by::<N, StdRwLock<N>>(),
        read_by::<N, ParkingLotRwLock<N>>(),
        read_by::<N, RobustMutex<N>>(),
        read_by::<N, MmapSync<N>>(),
        read_by::<N, Blackboard<N>>(),
    ];
    in_turns(&mut cases, rounds(N, effort), slice(N))
}

fn writes<const N: usize>(effort: Effort) -> Vec<Timed> {
    let mut cases = vec![
        memcpy::<N>(),
        write_by::<N, Shmrec<N>>(),
        write_by::<N, SeqlockCrate<N>>(),
        write_by::<N, StdRwLock<N>>(),
        write_by::<N, ParkingLotRwLock<N>>(),
        write_by::<N, RobustMutex<N>>(),
        write_by::<N, MmapSync<N>>(),
        write_by::<N, Blackboard<N>>(),
    ];
    in_turns(&mut cases, rounds(N, effort), slice(N))
}

/// 64 KiB: without the crate seqlock, whose volatile access to so large a type takes the compiler minutes.
fn medium(read: bool, effort: Effort) -> Vec<Timed> {
    const N: usize = 8192;
    let mut cases = if read {
        vec![
            memcpy::<N>(),
            read_by::<N, Shmrec<N>>(),
            read_by::<N, StdRwLock<N>>(),
            read_by::<N, ParkingLotRwLock<N>>(),
            read_by::<N, RobustMutex<N>>(),
            read_by::<N, MmapSync<N>>(),
            read_by::<N, Blackboard<N>>(),
        ]
    } else {
        vec![
            memcpy::<N>(),
            write_by::<N, Shmrec<N>>(),
            write_by::<N, StdRwLock<N>>(),
            write_by::<N, ParkingLotRwLock<N>>(),
            write_by::<N, RobustMutex<N>>(),
            write_by::<N, MmapSync<N>>(),
            write_by::<N, Blackboard<N>>(),
        ]
    };
    in_turns(&mut cases, rounds(N, effort), slice(N))
}

fn large<const N: usize>(read: bool, effort: Effort) -> Vec<Timed> {
    let mut cases = if read {
        vec![memcpy::<N>(), read_by::<N, Shmrec<N>>(), read_by::<N, RobustMutex<N>>()]
    } else {
        vec![memcpy::<N>(), write_by::<N, Shmrec<N>>(), write_by::<N, RobustMutex<N>>()]
    };
    in_turns(&mut cases, rounds(N, effort), slice(N))
}

/// A copy of a record that begins at a cache line.
fn aligned<const N: usize>(block: &Block<N>) -> Box<Aligned<Block<N>>> {
    let mut place = Box::<Aligned<Block<N>>>::new_uninit();
    let at: *mut Block<N> = place.as_mut_ptr().cast();
    // SAFETY: the place is as large, and new.
    #[allow(unsafe_code)]
    unsafe {
        at.copy_from_nonoverlapping(block, 1);
    }
    // SAFETY: just written.
    #[allow(unsafe_code)]
    unsafe {
        place.assume_init()
    }
}

/// The record's place in one that begins at a cache line.
fn inner<const N: usize>(place: &mut MaybeUninit<Aligned<Block<N>>>) -> &mut MaybeUninit<Block<N>> {
    // SAFETY: the only field, which stands at the beginning; nothing is asked of its bytes.
    #[allow(unsafe_code)]
    unsafe {
        &mut *place.as_mut_ptr().cast()
    }
}
