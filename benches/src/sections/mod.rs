//! What is measured.

pub mod build;
pub mod contended;
pub mod copy;
pub mod hot;
pub mod layout;
pub mod life;
pub mod programs;
pub mod readers;
pub mod typed;
pub mod wake;

use std::process::Command;

use crate::report::{Report, Table};

/// The machine that the figures are of.
pub fn machine(report: &mut Report) {
    let first = |command: &str, arguments: &[&str]| {
        let output = Command::new(command).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&output).lines().next().unwrap_or("?").to_owned()
    };
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let of = |key: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split(": ").nth(1)).unwrap_or("?").to_owned()
    };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut table = Table::new("machine", ["what", ""]);
    table.row(["processor", &format!("{}, family {}, model {}", of("model name"), of("cpu family"), of("model"))]);
    table.row(["processors", &std::thread::available_parallelism().map_or(0, usize::from).to_string()]);
    table.row(["system", &first("uname", &["-sr"])]);
    table.row(["libc", &first("ldd", &["--version"])]);
    table.row(["compiler", &first("rustc", &["--version"])]);
    table.row(["load when the run began", load.split(' ').next().unwrap_or("?")]);
    report.table(table);
}

/// A name that no other process uses.
pub fn unique(what: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("bench_{what}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Memory that begins at a cache line, like the slots of a segment.
#[repr(align(64))]
pub struct Aligned<T>(pub T);
