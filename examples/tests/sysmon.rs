//! The example `sysmon`, run as a person runs it, against what `/proc` says.
#![cfg(unix)]

mod support;

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use shmrec::{Reader, SegmentOptions};
use shmrec_examples::sysmon::record::{CORES, Machine};
use support::{Dir, Program, is_alive, until};

/// Long enough that no test sees the end of it.
const LONG: [&str; 2] = ["--seconds", "600"];

/// A process that does nothing but burn processor time. Killed when it is dropped.
struct Burner(Child);

impl Burner {
    /// What tells this very program to be one.
    const VARIABLE: &str = "SHMREC_EXAMPLES_BURN";

    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().expect("the test's own file"));
        command.args(["--exact", "the_burner_burns"]).env(Self::VARIABLE, "1");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("a second copy of this program"))
    }
}

/// No test by itself: what [`Burner::start`] runs. Several threads, so that it is among the busiest processes also where
/// many others run.
#[test]
fn the_burner_burns() {
    if std::env::var_os(Burner::VARIABLE).is_some() {
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(|| while std::hint::black_box(true) {})).collect();
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn proc(file: &str) -> String {
    fs::read_to_string(format!("/proc/{file}")).expect(file).trim().to_owned()
}

fn uptime() -> u64 {
    proc("uptime").split('.').next().and_then(|seconds| seconds.parse().ok()).expect("seconds")
}

/// `up 1 d 02:03:04  load` in seconds.
fn printed_uptime(title: &str) -> u64 {
    let words: Vec<&str> = title.split_whitespace().skip_while(|word| *word != "up").collect();
    let [_, days, _, clock, ..] = words.as_slice() else { panic!("no uptime in {title:?}") };
    let clock: u64 = clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().expect("a number"));
    days.parse::<u64>().expect("a number") * 86400 + clock
}

/// The number behind `word`.
fn number_after(line: &str, word: &str) -> u64 {
    let behind = line.split(word).nth(1).unwrap_or_else(|| panic!("no {word:?} in {line:?}"));
    behind.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
}

fn publisher(line: &str) -> u32 {
    number_after(line, "publisher ") as u32
}

/// Starts a viewer and waits until it shows something; gives its publisher too.
fn viewer(dir: &Dir) -> (Program, u32) {
    let mut viewer = Program::start("sysmon", dir, &LONG);
    let publisher = publisher(&viewer.hear("publisher "));
    (viewer, publisher)
}

#[track_caller]
fn gone(dir: &Dir, publisher: u32) {
    until("the publisher ends", || !is_alive(publisher));
    dir.until_empty();
}

#[test]
fn what_it_prints_is_what_proc_says_and_it_ends_by_itself() {
    let dir = Dir::new();
    let burner = Burner::start();
    let (before, begun) = (uptime(), Instant::now());
    let (status, printed, errors) = Program::start("sysmon", &dir, &[]).finish();
    let (after, took) = (uptime(), begun.elapsed());
    assert!(status.success(), "{status}: {errors}");
    assert!(took >= Duration::from_secs(2), "it ended after {took:?}");
    assert!(dir.files().is_empty(), "{:?} is left", dir.files());

    let tables: Vec<Vec<&str>> = printed.split("\n\n").map(|table| table.lines().collect()).collect();
    assert!(tables.len() >= 2, "one table is no monitor:\n{printed}");
    for table in &tables {
        let shown = printed_uptime(table[0]);
        assert!((before..=after).contains(&shown), "uptime {shown} is not in {before}..={after}");
    }
    let last = &tables[tables.len() - 1];
    let host: Vec<&str> = last[0].split_whitespace().take(3).collect();
    assert_eq!(host, [&proc("sys/kernel/hostname"), "Linux", &proc("sys/kernel/osrelease")]);

    let line = |start: &str| last.iter().position(|line| line.starts_with(start)).expect(start);
    let (cpu, memory) = (line("cpu"), line("mem"));
    let total = proc("meminfo").lines().next().map(|line| number_after(line, "MemTotal:"));
    assert_eq!(Some(number_after(last[memory + 1], "total ")), total);

    let cores = proc("stat").lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu ")).count();
    let shown: usize = if cores <= 16 {
        last[cpu + 1..memory].iter().map(|line| line.matches('[').count()).sum()
    } else {
        let rows = last[cpu + 1..memory].iter().filter(|line| !line.contains("digit") && !line.contains("more"));
        rows.flat_map(|line| line.split_whitespace().skip(1)).map(str::len).sum()
    };
    assert_eq!(shown, cores.min(CORES), "{printed}");

    let pid = burner.0.id().to_string();
    let busy: Vec<&str> = last[line("     pid")..].to_vec();
    assert!(busy.iter().any(|line| line.split_whitespace().next() == Some(&pid)), "process {pid} is not in\n{printed}");
}

#[test]
fn any_program_that_knows_the_record_can_read_it() {
    let dir = Dir::new();
    let (_viewer, publisher) = viewer(&dir);
    let reader: Reader<Machine> = SegmentOptions::new().dir(dir.path()).reader("sysmon").expect("a link");
    let first = reader.read_versioned().expect("a record");
    let newer = reader.wait_newer(first.version, Duration::from_secs(60)).expect("a newer record");
    assert_eq!((newer.publisher.pid, newer.publisher), (publisher, first.publisher));
    assert!(newer.taken > first.taken);
    assert_eq!(newer.memory.total / 1024, number_after(&proc("meminfo"), "MemTotal:"));
    let parts = newer.cpu.map(|usage| usage.user + usage.system + usage.iowait + usage.steal + usage.idle);
    assert!(parts.is_some_and(|sum| (sum - 100.0).abs() < 0.1), "{parts:?}");
}

#[test]
fn ctrl_c_leaves_nothing() {
    // Whoever runs the tests in the background of a shell without job control has them ignore SIGINT.
    if ignored_signals() & 0b10 != 0 {
        eprintln!("skipped: the tests were started with SIGINT ignored");
        return;
    }
    let dir = Dir::new();
    let (viewer, publisher) = viewer(&dir);
    assert_eq!(dir.files(), ["shmrec.sysmon"]);
    viewer.signal_group(Signal::INT);
    let (status, _, errors) = viewer.finish();
    assert!(status.success() && errors.is_empty(), "{status}: {errors}");
    gone(&dir, publisher);
}

fn ignored_signals() -> u64 {
    let status = proc("self/status");
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a mask");
    u64::from_str_radix(mask.trim(), 16).expect("a mask")
}

#[test]
fn sigterm_to_the_viewer_leaves_nothing_as_soon_as_it_has_ended() {
    let dir = Dir::new();
    let (viewer, publisher) = viewer(&dir);
    viewer.signal(Signal::TERM);
    let (status, _, errors) = viewer.finish();
    assert!(status.success() && errors.is_empty(), "{status}: {errors}");
    assert!(!is_alive(publisher));
    assert!(dir.files().is_empty(), "{:?} is left", dir.files());
}

#[test]
fn a_viewer_that_is_killed_takes_its_publisher_with_it() {
    let dir = Dir::new();
    let (viewer, publisher) = viewer(&dir);
    viewer.signal(Signal::KILL);
    gone(&dir, publisher);
}

#[test]
fn a_second_viewer_shares_the_publisher_and_goes_on_without_the_first() {
    let dir = Dir::new();
    let (first, publisher_of_both) = viewer(&dir);
    let (mut second, seen) = viewer(&dir);
    assert_eq!(seen, publisher_of_both);

    first.signal(Signal::TERM);
    assert!(first.finish().0.success());
    until("the first publisher ends", || !is_alive(publisher_of_both));

    let publisher = replacement(&mut second);
    assert_ne!(publisher, publisher_of_both);
    second.signal(Signal::TERM);
    assert!(second.finish().0.success());
    gone(&dir, publisher);
}

#[test]
fn a_publisher_that_is_killed_is_replaced() {
    let dir = Dir::new();
    let (mut viewer, killed) = viewer(&dir);
    let killed = i32::try_from(killed).ok().and_then(Pid::from_raw).expect("a process id");
    rustix::process::kill_process(killed, Signal::KILL).expect("the publisher lives");
    let publisher = replacement(&mut viewer);
    assert_ne!(publisher, killed.as_raw_nonzero().get().unsigned_abs());
    viewer.signal(Signal::TERM);
    assert!(viewer.finish().0.success());
    gone(&dir, publisher);
}

/// Waits until the viewer has said that its publisher has stopped, and has another: of the same segment, so that the
/// versions go on.
#[track_caller]
fn replacement(viewer: &mut Program) -> u32 {
    let stopped = viewer.hear("the publisher has stopped");
    let mut line = viewer.hear("publisher ");
    while line.contains("stopped") {
        line = viewer.hear("publisher ");
    }
    assert!(number_after(&line, "version ") > number_after(&stopped, "version "), "{stopped}\n{line}");
    publisher(&line)
}

#[test]
fn two_viewers_that_start_together_need_one_publisher() {
    let dir = Dir::new();
    let mut viewers = [Program::start("sysmon", &dir, &LONG), Program::start("sysmon", &dir, &LONG)];
    let [one, other] = viewers.each_mut().map(|viewer| publisher(&viewer.hear("publisher ")));
    assert_eq!(one, other);
    for viewer in viewers {
        viewer.signal(Signal::TERM);
        assert!(viewer.finish().0.success());
    }
    gone(&dir, one);
}

#[test]
fn a_second_publisher_is_told_who_publishes() {
    let dir = Dir::new();
    let mut publish = LONG.to_vec();
    publish.push("publish");
    let mut first = Program::start("sysmon", &dir, &publish);
    first.hear("publishes this machine's figures");
    let (status, _, errors) = Program::start("sysmon", &dir, &publish).finish();
    assert_eq!(status.code(), Some(3), "{errors}");
    assert!(errors.contains(&format!("process {} publishes", first.id())), "{errors}");

    let (status, printed, _) = Program::start("sysmon", &dir, &["view", "--seconds", "1"]).finish();
    assert!(status.success());
    assert!(printed.contains(&format!("publisher {}", first.id())), "{printed}");

    // A killed publisher leaves the name; the next one to want it gets it.
    first.signal(Signal::KILL);
    until("the publisher ends", || !is_alive(first.id()));
    let mut next = Program::start("sysmon", &dir, &publish);
    next.hear("publishes this machine's figures");
    next.signal(Signal::TERM);
    assert!(next.finish().0.success());
    dir.until_empty();
}

#[test]
fn a_viewer_without_a_publisher_says_that_nobody_publishes() {
    let dir = Dir::new();
    let (status, printed, errors) = Program::start("sysmon", &dir, &["view", "--seconds", "1"]).finish();
    assert_eq!((status.code(), printed.as_str()), (Some(1), ""));
    assert!(errors.contains("nobody has published"), "{errors}");
}

#[test]
fn a_viewer_shows_why_its_publisher_failed() {
    let dir = Dir::new();
    let (status, _, errors) = Program::start("sysmon", &dir, &["--name", "no-name"]).finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("\"no-name\"") && errors.lines().count() == 1, "{errors}");
}
