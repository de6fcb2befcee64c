//! Where words stand: what it costs when the owner word shares a line with the counters, or slots share lines, and whether slots
//! should be fetched before it is known which is read. A model of the protocol over plain memory, so that the places can be
//! moved.
#![allow(unsafe_code)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

use crate::Effort;
use crate::child::stay_on;
use crate::measure::median;
use crate::report::{Report, Table, ns};

/// Places in a page, in words.
#[derive(Clone, Copy)]
struct Places {
    owner: usize,
    slot: usize,
    stride: usize,
    prefetch: bool,
}

/// Begin, committed.
const COUNTERS: usize = 0;
/// A record of one cache line.
const WORDS: usize = 8;

#[repr(align(4096))]
struct Page([AtomicU64; 512]);

fn write(page: &Page, places: Places) {
    let word = |i: usize| &page.0[i];
    while word(places.owner).compare_exchange(0, 1, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        std::hint::spin_loop();
    }
    let version = word(COUNTERS + 1).load(Ordering::Relaxed) + 1;
    word(COUNTERS).store(version, Ordering::Relaxed);
    fence(Ordering::Release);
    let slot = places.slot + (version as usize % 4) * places.stride;
    for i in 0..WORDS {
        word(slot + i).store(version, Ordering::Relaxed);
    }
    word(COUNTERS + 1).store(version, Ordering::Release);
    let _ = word(places.owner).compare_exchange(1, 0, Ordering::AcqRel, Ordering::Relaxed);
}

/// Has the line of a word fetched.
#[cfg(target_arch = "x86_64")]
fn prefetch(word: &AtomicU64) {
    let line: *const AtomicU64 = word;
    // SAFETY: a hint, of an address in the page.
    unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(line.cast()) };
}

/// There is no stable way to hint here.
#[cfg(not(target_arch = "x86_64"))]
fn prefetch(_: &AtomicU64) {}

fn read(page: &Page, places: Places) -> u64 {
    let word = |i: usize| &page.0[i];
    if places.prefetch {
        for slot in 0..4 {
            prefetch(word(places.slot + slot * places.stride));
        }
    }
    loop {
        let version = word(COUNTERS + 1).load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        let slot = places.slot + (version as usize % 4) * places.stride;
        let sum = (0..WORDS).fold(0_u64, |sum, i| sum.wrapping_add(word(slot + i).load(Ordering::Relaxed)));
        fence(Ordering::Acquire);
        if word(COUNTERS).load(Ordering::Relaxed).wrapping_sub(version) < 4 {
            return sum;
        }
    }
}

/// Nanoseconds of a read alone, of a read against a writer, and of that writer's write.
fn one(places: Places, time: Duration) -> [f64; 3] {
    let page: Arc<Page> = Arc::new(Page(std::array::from_fn(|_| AtomicU64::new(0))));
    write(&page, places);
    let run = |page: &Page| {
        let (begun, mut count) = (Instant::now(), 0_u64);
        while begun.elapsed() < time {
            for _ in 0..64 {
                std::hint::black_box(read(std::hint::black_box(page), places));
            }
            count += 64;
        }
        begun.elapsed().as_nanos() as f64 / count as f64
    };
    let alone = run(&page);
    let ended = Arc::new(AtomicBool::new(false));
    let (end, shared) = (Arc::clone(&ended), Arc::clone(&page));
    let writer = std::thread::spawn(move || {
        stay_on(1);
        let (begun, mut count) = (Instant::now(), 0_u64);
        while !end.load(Ordering::Relaxed) {
            write(&shared, places);
            count += 1;
        }
        begun.elapsed().as_nanos() as f64 / count as f64
    });
    std::thread::sleep(Duration::from_millis(2));
    let against = run(&page);
    ended.store(true, Ordering::Relaxed);
    [alone, against, writer.join().expect("it ends")]
}

pub fn run(report: &mut Report, effort: Effort) {
    stay_on(0);
    let kinds = [
        (
            "as in a segment: owner word 128 B from the counters, a slot per line",
            Places { owner: 16, slot: 64, stride: 8, prefetch: false },
        ),
        ("owner word on the counters' line", Places { owner: 2, slot: 64, stride: 8, prefetch: false }),
        ("owner word on the line beside", Places { owner: 8, slot: 64, stride: 8, prefetch: false }),
        ("slots 128 B apart", Places { owner: 16, slot: 64, stride: 16, prefetch: false }),
        ("first slot on the counters' line", Places { owner: 64, slot: 4, stride: 8, prefetch: false }),
        ("all slots fetched before the counter is read", Places { owner: 16, slot: 64, stride: 8, prefetch: true }),
    ];
    let time = Duration::from_millis(if effort.quick { 5 } else { 40 });
    let mut all = kinds.map(|_| [Vec::new(), Vec::new(), Vec::new()]);
    for _ in 0..effort.rounds(15) {
        for (kind, figures) in kinds.iter().zip(&mut all) {
            for (figure, all) in one(kind.1, time).into_iter().zip(figures) {
                all.push(figure);
            }
        }
    }
    let mut table = Table::new(
        "layout",
        ["layout, record of 64 B", "read alone", "read against a writer", "write against a reader"],
    );
    for (kind, figures) in kinds.iter().zip(all) {
        let [alone, against, write] = figures.map(median);
        table.row([kind.0.to_owned(), ns(alone), ns(against), ns(write)]);
        report.figure("layout: read against a writer", kind.0, 64, "ns", against);
    }
    report.table(table);
}
