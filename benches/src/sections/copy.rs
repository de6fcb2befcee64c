//! The copy by itself, between private buffers: each engine, and what the choice between them costs.

use std::hint::black_box;
use std::time::Duration;

use shmrec::__private::engines;

use super::Aligned;
use crate::Effort;
use crate::measure::{Case, in_turns};
use crate::record::bytes;
use crate::report::{Report, Table, ns};

pub fn run(report: &mut Report, effort: Effort) {
    let mut table: Option<Table> = None;
    for size in [64, 256, 1024, 4096, 65536] {
        let timed = crate::with_words!(size / 8, N of 8 32 128 512 8192 => measure::<N>(effort));
        let columns = ["bytes".to_owned()].into_iter().chain(timed.iter().map(|case| case.name.clone()));
        let table = table.get_or_insert_with(|| Table::new("copy", columns));
        for case in &timed {
            report.figure("copy", &case.name, size, "ns", case.median);
        }
        let cell = |case: &crate::measure::Timed| format!("{} [{:.2}]", ns(case.median), case.ratio);
        table.row([bytes(size)].into_iter().chain(timed.iter().map(cell)));
    }
    if let Some(table) = table {
        report.table(table);
    }
}

fn measure<const N: usize>(effort: Effort) -> Vec<crate::measure::Timed> {
    let from = Box::new(Aligned([7_u64; N]));
    let mut cases = Vec::new();
    let mut to = Box::new(Aligned([0_u64; N]));
    let source = &from;
    cases.push(Case::new("memcpy", move || black_box(&mut to.0).copy_from_slice(black_box(&source.0))));
    let mut to = Box::new(Aligned([0_u64; N]));
    cases.push(Case::new("shmrec", move || {
        let (from, to) = (black_box(&source.0), black_box(&mut to.0));
        // SAFETY: the bytes of the target, to which the copy writes initialised ones.
        #[allow(unsafe_code)]
        let to = unsafe { std::slice::from_raw_parts_mut(to.as_mut_ptr().cast(), 8 * N) };
        // SAFETY: as many words stand in the source, and nobody else reaches them.
        #[allow(unsafe_code)]
        unsafe {
            shmrec::__private::copy_out(from.as_ptr(), 0, to).len()
        }
    }));
    for (name, engine) in engines() {
        let mut to = Box::new(Aligned([0_u64; N]));
        cases.push(Case::new(name, move || {
            let (from, to) = (black_box(&source.0), black_box(&mut to.0));
            // SAFETY: both have so many bytes.
            #[allow(unsafe_code)]
            unsafe {
                engine(from.as_ptr().cast(), to.as_mut_ptr().cast(), 8 * N);
            }
        }));
    }
    in_turns(&mut cases, effort.rounds(101), Duration::from_micros(200))
}
