//! What the core crate costs to build, and what it brings along.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use crate::Effort;
use crate::report::{Report, Table};

pub fn run(report: &mut Report, effort: Effort) {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = || {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(&repository);
        cargo
    };
    let tree = cargo().args(["tree", "-p", "shmrec", "-e", "normal", "--prefix", "none", "--no-dedupe"]).output();
    let tree = tree.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let mut crates: Vec<&str> =
        tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
    crates.sort_unstable();
    crates.dedup();
    let mut table = Table::new("build", ["the core crate", ""]);
    table.row([
        "crates in its dependency tree, itself included".to_owned(),
        format!("{}: {}", crates.len(), crates.join(", ")),
    ]);
    report.goal("dependency tree of the core crate", "15 crates", crates.len().to_string(), crates.len() <= 15);
    if !effort.quick {
        let target = std::env::temp_dir().join(format!("shmrec_build_{}", std::process::id()));
        let _ = cargo().args(["fetch"]).output();
        let (begun, used) = (Instant::now(), children());
        let mut build = cargo();
        // As users' programs are built: the workspace's own profile optimises for its tests.
        build.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").args(["build", "-p", "shmrec", "--offline", "--target-dir"]);
        let built = build.arg(&target).output();
        let (taken, used) = (begun.elapsed().as_secs_f64(), children() - used);
        let _ = std::fs::remove_dir_all(&target);
        assert!(built.is_ok_and(|output| output.status.success()), "the core crate does not build");
        table.row(["clean build, seconds".to_owned(), format!("{taken:.1}")]);
        table.row(["processor time of that, seconds".to_owned(), format!("{used:.1}")]);
        report.figure("build", "clean build", 0, "s", taken);
        report.figure("build", "processor time", 0, "s", used);
        let met = taken <= 15.0;
        report.goal(
            "clean build of the core crate",
            "15 s on 2 cores",
            format!("{taken:.1} s, {used:.1} s of processor time"),
            met,
        );
    }
    report.table(table);
}

/// Processor time of this process's children that have ended, in seconds.
fn children() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call fills the structure.
    #[allow(unsafe_code)]
    unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
    }
    // SAFETY: zeroed, and filled.
    #[allow(unsafe_code)]
    let usage = unsafe { usage.assume_init() };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
