//! Measuring: cases that are compared run in turns, many times, so that what else the machine does meets all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Something to be timed.
pub struct Case<'a> {
    /// What stands in the table.
    pub name: String,
    run: Box<dyn FnMut(u64) + 'a>,
}

impl<'a> Case<'a> {
    /// An operation; its result is looked at by nobody and made all the same.
    pub fn new<R>(name: &str, mut operation: impl FnMut() -> R + 'a) -> Self {
        let run = move |times: u64| {
            for _ in 0..times {
                black_box(operation());
            }
        };
        Self { name: name.to_owned(), run: Box::new(run) }
    }

    /// Nanoseconds of one of `times` operations.
    fn time(&mut self, times: u64) -> f64 {
        let begun = Instant::now();
        (self.run)(times);
        begun.elapsed().as_nanos() as f64 / times as f64
    }
}

/// What was measured of one case.
#[derive(Clone, Debug)]
pub struct Timed {
    /// The case's name.
    pub name: String,
    /// Median of all rounds, in nanoseconds.
    pub median: f64,
    /// Median of the ratios to the first case in the same round.
    pub ratio: f64,
    /// Median of the differences to the first case in the same round, in nanoseconds.
    pub more: f64,
}

/// Times all cases in turns: in each round each case for about `slice`.
pub fn in_turns(cases: &mut [Case<'_>], rounds: usize, slice: Duration) -> Vec<Timed> {
    let times: Vec<u64> = cases
        .iter_mut()
        .map(|case| {
            let mut times = 1;
            loop {
                let begun = Instant::now();
                (case.run)(times);
                let taken = begun.elapsed();
                if taken * 2 >= slice {
                    return ((times as f64 * slice.as_secs_f64() / taken.as_secs_f64()) as u64).max(1);
                }
                times *= 2;
            }
        })
        .collect();
    let mut taken = vec![Vec::with_capacity(rounds); cases.len()];
    for round in 0..rounds {
        for i in 0..cases.len() {
            // From another one on each time.
            let case = (round + i) % cases.len();
            let time = cases[case].time(times[case]);
            taken[case].push(time);
        }
    }
    let timed = |(case, all): (&Case<'_>, &Vec<f64>)| Timed {
        name: case.name.clone(),
        median: median(all.clone()),
        ratio: median(all.iter().zip(&taken[0]).map(|(time, base)| time / base).collect()),
        more: median(all.iter().zip(&taken[0]).map(|(time, base)| time - base).collect()),
    };
    cases.iter().zip(&taken).map(timed).collect()
}

/// The middle of some numbers; NaN of none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
