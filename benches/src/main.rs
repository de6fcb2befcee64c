//! Measures shmrec beside its peers. One command prints the tables, writes `figures.csv` and the plots, and fills
//! `docs/performance.md`:
//!
//! ```sh
//! cargo run --release --manifest-path benches/Cargo.toml
//! ```

mod child;
mod measure;
mod peers;
mod plot;
mod record;
mod report;
mod sections;

use std::path::PathBuf;

use clap::Parser;

use crate::report::Report;

/// Runs `$body` with the constant `$n` for one of the sizes that are measured, in words.
#[macro_export]
macro_rules! with_words {
    ($words:expr, $n:ident => $body:expr) => {
        $crate::with_words!($words, $n of 1 8 32 128 512 8192 => $body)
    };
    ($words:expr, $n:ident of $($size:literal)* => $body:expr) => {
        $crate::with_words!(@each $words, $n => $body; $($size)*)
    };
    (@each $words:expr, $n:ident => $body:expr; $($size:literal)*) => {
        match $words {
            $($size => {
                const $n: usize = $size;
                $body
            })*
            other => panic!("{other} words are not among the sizes that are measured"),
        }
    };
}

#[derive(Parser)]
struct Arguments {
    /// Fewer rounds: to see that all of it runs.
    #[arg(long)]
    quick: bool,
    /// Only these sections.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where the CSV file and the plots go; the repository's `docs/performance` if not said.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Leaves the document as it is.
    #[arg(long)]
    no_document: bool,
}

/// How thoroughly to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    pub quick: bool,
}

impl Effort {
    /// Rounds of in-turn measurements.
    pub fn rounds(self, many: usize) -> usize {
        if self.quick { 3 } else { many }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // Large records pass over the stack where a peer has no other way.
    let run = move || match words.split_first() {
        Some((first, rest)) if first == "child" => child::main(rest),
        _ => measure_all(&Arguments::parse()),
    };
    let thread = std::thread::Builder::new().stack_size(1 << 28).spawn(run).expect("a thread");
    if thread.join().is_err() {
        std::process::exit(1);
    }
}

fn measure_all(arguments: &Arguments) {
    let effort = Effort { quick: arguments.quick };
    let mut report = Report::default();
    sections::machine(&mut report);
    type Section = fn(&mut Report, Effort);
    let all: [(&str, Section); 9] = [
        ("copy", sections::copy::run),
        ("hot", sections::hot::run),
        ("typed", sections::typed::run),
        ("contended", sections::contended::run),
        ("readers", sections::readers::run),
        ("wake", sections::wake::run),
        ("life", sections::life::run),
        ("layout", sections::layout::run),
        ("programs", sections::programs::run),
    ];
    let everywhere = rustix::thread::sched_getaffinity(None).expect("the processors of this thread");
    for (name, section) in all {
        if arguments.only.is_empty() || arguments.only.iter().any(|only| only == name) {
            eprintln!("… {name}");
            section(&mut report, effort);
            // Some stay on one processor, and so would what the next ones start.
            rustix::thread::sched_setaffinity(None, &everywhere).expect("a thread of this process");
        }
    }
    if arguments.only.is_empty() || arguments.only.iter().any(|only| only == "build") {
        sections::build::run(&mut report, effort);
    }
    report.finish();
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = arguments.out.clone().unwrap_or_else(|| repository.join("docs/performance"));
    std::fs::create_dir_all(&out).expect("a directory for the results");
    report.write_csv(&out).expect("the CSV file");
    for (section, unit, title, file) in [
        ("read", "ns", "One hot read, nobody writes", "read.svg"),
        ("write", "ns", "One hot write, nobody waits", "write.svg"),
        ("contended p99.9", "ns", "p99.9 of a read against a writer that never pauses", "contended.svg"),
    ] {
        plot::draw(&report, section, unit, title, &out.join(file)).expect("a plot");
    }
    if !arguments.no_document {
        report.fill(&repository.join("docs/performance.md")).expect("the document");
    }
}
