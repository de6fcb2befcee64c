//! Reads against a writer on another processor: how long each takes, and whether any comes out torn.

use std::mem::MaybeUninit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::unique;
use crate::Effort;
use crate::child::{Other, stay_on, write_on};
use crate::measure::median;
use crate::peers::{Blackboard, MmapSync, Peer, RobustMutex, SeqlockCrate, Shmrec, StdRwLock};
use crate::record::{Block, bytes};
use crate::report::{Report, Table, ns};

/// What one run against a writer gave.
struct Run {
    per_second: f64,
    p50: f64,
    p99: f64,
    p999: f64,
    longest: f64,
    torn: u64,
}

pub fn run(report: &mut Report, effort: Effort) {
    stay_on(0);
    for (name, pause) in [("contended", 0), ("contended every 10 us", 10)] {
        let columns = ["bytes", "", "reads/s", "p50", "p99", "p99.9", "longest", "torn"];
        let mut table = Table::new(name, columns);
        for size in [64, 1024, 4096, 65536] {
            let all = crate::with_words!(size / 8, N of 8 128 512 8192 => by_size::<N>(pause, effort));
            let mut least_of_peers = f64::INFINITY;
            let mut fastest_peer: f64 = 0.0;
            let mut ours = None;
            for (peer, runs) in &all {
                let of = |pick: fn(&Run) -> f64| median(runs.iter().map(pick).collect());
                let torn: u64 = runs.iter().map(|run| run.torn).sum();
                let (rate, p999) = (of(|run| run.per_second), of(|run| run.p999));
                table.row([
                    bytes(size),
                    (*peer).to_owned(),
                    format!("{:.2} M", rate / 1e6),
                    ns(of(|run| run.p50)),
                    ns(of(|run| run.p99)),
                    ns(p999),
                    ns(of(|run| run.longest)),
                    torn.to_string(),
                ]);
                if pause == 0 {
                    report.figure("contended p99.9", peer, size, "ns", p999);
                    report.figure("contended rate", peer, size, "reads per second", rate);
                }
                if *peer == "shmrec" {
                    ours = Some((rate, p999, runs.iter().map(|run| run.longest).fold(0.0, f64::max), torn));
                } else {
                    least_of_peers = least_of_peers.min(p999);
                    fastest_peer = fastest_peer.max(rate);
                }
            }
            if let (0, Some((rate, p999, longest, torn))) = (pause, ours) {
                let most = if size > 4096 { 15_000.0 } else { 2_000.0 };
                let what = format!("read against a writer without pause, {}", bytes(size));
                report.goal(format!("{what}: p99.9"), ns(most), ns(p999), p999 <= most);
                report.goal(
                    format!("{what}: reads per second"),
                    "the best peer's",
                    format!("{:.2} x", rate / fastest_peer),
                    rate >= fastest_peer,
                );
                report.goal(
                    format!("{what}: longest, torn"),
                    "1 ms, 0",
                    format!("{}, {torn}", ns(longest)),
                    longest <= 1e6 && torn == 0,
                );
            }
        }
        report.table(table);
    }
}

fn by_size<const N: usize>(pause: u64, effort: Effort) -> Vec<(&'static str, Vec<Run>)> {
    let time = Duration::from_millis(if effort.quick { 30 } else { 200 });
    let mut all: Vec<(&'static str, Vec<Run>)> = Vec::new();
    // In turns, so that what else the machine does meets all.
    for _ in 0..effort.rounds(7) {
        let mut round = vec![
            (Shmrec::<N>::NAME, one::<N, Shmrec<N>>(pause, time)),
            (RobustMutex::<N>::NAME, one::<N, RobustMutex<N>>(pause, time)),
            (Blackboard::<N>::NAME, one::<N, Blackboard<N>>(pause, time)),
            (MmapSync::<N>::NAME, one::<N, MmapSync<N>>(pause, time)),
            (StdRwLock::<N>::NAME, thread::<N, StdRwLock<N>>(pause, time)),
        ];
        round.extend(seqlock(N, pause, time));
        for (name, run) in round {
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, runs)) => runs.push(run),
                None => all.push((name, vec![run])),
            }
        }
    }
    all
}

/// The crate seqlock, up to 4 KiB: its volatile access to a larger type takes the compiler minutes.
fn seqlock(words: usize, pause: u64, time: Duration) -> Option<(&'static str, Run)> {
    fn run<const N: usize>(pause: u64, time: Duration) -> Option<(&'static str, Run)> {
        Some((SeqlockCrate::<N>::NAME, thread::<N, SeqlockCrate<N>>(pause, time)))
    }
    match words {
        8 => run::<8>(pause, time),
        128 => run::<128>(pause, time),
        512 => run::<512>(pause, time),
        _ => None,
    }
}

/// Against a writer in another process.
fn one<const N: usize, P: Peer<N>>(pause: u64, time: Duration) -> Run {
    let id = unique("contended");
    let mut peer = P::create(&id);
    let writer = Other::start("write", P::NAME, N, &id, pause);
    let run = read_for(&mut peer, time);
    drop(writer);
    run
}

/// Against a writer in another thread.
fn thread<const N: usize, P: Peer<N> + Send + 'static>(pause: u64, time: Duration) -> Run {
    let mut peer = P::create("");
    let mut other = peer.share().expect("another use");
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    let writer = std::thread::Builder::new().stack_size(1 << 24).spawn(move || {
        stay_on(1);
        write_on(&mut other, Duration::from_micros(pause), &end);
    });
    let run = read_for(&mut peer, time);
    ended.store(true, Ordering::Relaxed);
    writer.expect("a thread").join().expect("it ends");
    run
}

/// Reads without pause. The clock's own time is in each figure.
fn read_for<const N: usize, P: Peer<N>>(peer: &mut P, time: Duration) -> Run {
    let mut place = Box::<Block<N>>::new_uninit();
    let mut histogram = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("bounds");
    let (begun, mut torn) = (Instant::now(), 0);
    loop {
        let before = Instant::now();
        peer.read(std::hint::black_box::<&mut MaybeUninit<Block<N>>>(&mut place));
        let after = Instant::now();
        histogram.saturating_record((after - before).as_nanos().max(1) as u64);
        // SAFETY: every word was written by the read.
        #[allow(unsafe_code)]
        let block = unsafe { place.assume_init_ref() };
        torn += u64::from(!block.is_whole());
        if after - begun > time {
            break;
        }
    }
    let at = |quantile: f64| histogram.value_at_quantile(quantile) as f64;
    Run {
        per_second: histogram.len() as f64 / begun.elapsed().as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        p999: at(0.999),
        longest: histogram.max() as f64,
        torn,
    }
}
