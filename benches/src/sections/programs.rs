//! Peers in other languages, as programs of their own: Boost.Interprocess in C++, `multiprocessing.shared_memory` in Python. Each
//! compares itself with a copy of the same length in the same program.

use std::path::PathBuf;
use std::process::Command;

use crate::Effort;
use crate::record::bytes;
use crate::report::{Report, Table, ns};

pub fn run(report: &mut Report, _effort: Effort) {
    let mut table = Table::new("programs", ["program", "bytes", "its own copy", "read", "write"]);
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("programs");
    let built = std::env::temp_dir().join(format!("shmrec_boost_{}", std::process::id()));
    let compiled = Command::new("g++")
        .args(["-O2", "-std=c++17", "-o"])
        .arg(&built)
        .arg(here.join("boost.cpp"))
        .args(["-lrt", "-lpthread"])
        .status();
    if compiled.is_ok_and(|status| status.success()) {
        lines(report, &mut table, "Boost.Interprocess: interprocess_mutex", Command::new(&built));
        let _ = std::fs::remove_file(&built);
    } else {
        table.row(["Boost.Interprocess: not installed", "", "", "", ""]);
    }
    let mut python = Command::new("python3");
    python.arg(here.join("shared_memory.py"));
    lines(report, &mut table, "Python shared_memory, multiprocessing.Lock", python);
    report.table(table);
}

/// Each line of a program's output: bytes, nanoseconds of its own copy, of a read and of a write.
fn lines(report: &mut Report, table: &mut Table, name: &str, mut command: Command) {
    let Ok(output) = command.output() else {
        table.row([format!("{name}: does not run"), String::new(), String::new(), String::new(), String::new()]);
        return;
    };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [size, copy, read, write] = numbers[..] else { continue };
        let cell = |time: f64| format!("{} [{:.2}]", ns(time), time / copy);
        table.row([name.to_owned(), bytes(size as usize), ns(copy), cell(read), cell(write)]);
        report.figure("programs: read", name, size as usize, "ns", read);
        report.figure("programs: write", name, size as usize, "ns", write);
    }
}
