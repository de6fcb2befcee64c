//! Two processes that read one record: whether they slow each other.

use super::unique;
use crate::Effort;
use crate::child::Other;
use crate::measure::median;
use crate::peers::{Blackboard, MmapSync, Peer, RobustMutex, Shmrec};
use crate::record::bytes;
use crate::report::{Report, Table};

pub fn run(report: &mut Report, effort: Effort) {
    let mut table = Table::new("readers", ["bytes", "", "alone, reads/s", "each of two, reads/s", "ratio"]);
    for size in [64, 4096] {
        crate::with_words!(size / 8, N of 8 512 => {
            one::<N, Shmrec<N>>(report, effort, &mut table);
            one::<N, RobustMutex<N>>(report, effort, &mut table);
            one::<N, Blackboard<N>>(report, effort, &mut table);
            one::<N, MmapSync<N>>(report, effort, &mut table);
        });
    }
    report.table(table);
}

fn one<const N: usize, P: Peer<N>>(report: &mut Report, effort: Effort, table: &mut Table) {
    let id = unique("readers");
    let shared = P::create(&id);
    let mut both = [0, 1].map(|cpu| Other::start("read", P::NAME, N, &id, cpu));
    let time = if effort.quick { "20" } else { "100" };
    let rate = |other: &mut Other| -> f64 { other.line().parse().expect("a rate") };
    let (mut alone, mut together, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds(15) {
        let singles: Vec<f64> = both
            .iter_mut()
            .map(|other| {
                other.say(time);
                rate(other)
            })
            .collect();
        both.iter_mut().for_each(|other| other.say(time));
        let pair: Vec<f64> = both.iter_mut().map(rate).collect();
        let (single, each) = ((singles[0] + singles[1]) / 2.0, (pair[0] + pair[1]) / 2.0);
        alone.push(single);
        together.push(each);
        ratios.push(single / each);
    }
    let ratio = median(ratios);
    let million = |rate: f64| format!("{:.2} M", rate / 1e6);
    table.row([
        bytes(8 * N),
        P::NAME.to_owned(),
        million(median(alone)),
        million(median(together)),
        format!("{ratio:.2}"),
    ]);
    report.figure("readers", P::NAME, 8 * N, "times slower than alone", ratio);
    if P::NAME == "shmrec" {
        let what = format!("readers in 2 processes, {}", bytes(8 * N));
        report.goal(what, "1.0 x the single reader", format!("{ratio:.2} x"), ratio <= 1.05);
    }
    drop(shared);
}
