//! Waiting and waking: a round trip between two processes, beside a bare futex, and proof of what makes no system call.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::mm::{MapFlags, ProtFlags};
use rustix::thread::futex;
use shmrec::{Segment, SegmentOptions, SharedRecord, Version};

use super::unique;
use crate::Effort;
use crate::child::{Other, stay_on};
use crate::measure::median;
use crate::record::Block;
use crate::report::{Report, Table, ns};

const LONG: Duration = Duration::from_secs(20);

pub fn run(report: &mut Report, effort: Effort) {
    stay_on(0);
    let mut table = Table::new("wake", ["round trip of two wake-ups between two processes", "median", "x bare futex"]);
    let (futex, ours) = round_trips(effort);
    let ratio = median(ours.iter().zip(&futex).map(|(ours, futex)| ours / futex).collect());
    table.row(["bare futex".to_owned(), ns(median(futex.clone())), "1.00".to_owned()]);
    table.row(["shmrec: write, wait_version".to_owned(), ns(median(ours.clone())), format!("{ratio:.2}")]);
    report.figure("wake", "bare futex", 8, "ns", median(futex));
    report.figure("wake", "shmrec", 8, "ns", median(ours));
    report.table(table);
    report.goal("wake-up of a waiter", "1.10 x a bare futex", format!("{ratio:.2} x"), ratio <= 1.10);

    let quiet = quiet();
    let said = if quiet { "none in 100,000 reads and writes" } else { "some" };
    report.goal("system calls of reads, and of writes with nobody waiting", "none", said, quiet);
}

/// Times per round trip: medians of batches, the two in turns.
fn round_trips(effort: Effort) -> (Vec<f64>, Vec<f64>) {
    let (bare, ours) = (unique("futex"), unique("wake"));
    let words = Words::new(&bare, true);
    let _bare = Other::start("echo", "futex", 1, &bare, 0);
    let there: Segment<Block<1>> = SegmentOptions::new().create_with(&ours, &*Block::filled(0)).expect("a segment");
    let back: Segment<Block<1>> =
        SegmentOptions::new().create_with(&format!("{ours}_back"), &*Block::filled(0)).expect("a segment");
    let _ours = Other::start("echo", "shmrec", 1, &ours, 0);
    let (mut futexes, mut segments) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds(31) {
        let mut times = Vec::new();
        for _ in 0..100 {
            let begun = Instant::now();
            let n = words.bump(0);
            words.wait(1, n);
            times.push(begun.elapsed().as_nanos() as f64);
        }
        futexes.push(median(times));
        let mut times = Vec::new();
        for _ in 0..100 {
            let seen = back.version();
            let begun = Instant::now();
            there.write(&Block { words: [1] }).expect("the lock");
            back.wait_version(seen, LONG).expect("an answer");
            times.push(begun.elapsed().as_nanos() as f64);
        }
        segments.push(median(times));
    }
    // The end, said to both.
    words.word(2).store(1, Ordering::Relaxed);
    words.bump(0);
    there.write(&Block { words: [u64::MAX] }).expect("the lock");
    (futexes, segments)
}

/// What the other process does.
pub fn echo(kind: &str, id: &str) {
    stay_on(1);
    let ready = || {
        println!("ready");
        let _ = std::io::stdout().flush();
    };
    if kind == "futex" {
        let words = Words::new(id, false);
        let mut n = words.word(0).load(Ordering::Acquire);
        ready();
        while words.word(2).load(Ordering::Relaxed) == 0 {
            n += 1;
            words.wait(0, n);
            words.bump(1);
        }
        return;
    }
    let there: Segment<Block<1>> = SegmentOptions::new().link(id).expect("the segment");
    let back: Segment<Block<1>> = SegmentOptions::new().link(&format!("{id}_back")).expect("the segment");
    let mut seen = there.version();
    ready();
    loop {
        seen = there.wait_version(seen, LONG).expect("a word");
        if there.read().expect("a record").words[0] == u64::MAX {
            return;
        }
        back.write(&Block { words: [2] }).expect("the lock");
    }
}

/// Three words that two processes share.
struct Words {
    first: *mut u32,
    path: Option<String>,
}

impl Words {
    fn new(id: &str, create: bool) -> Self {
        let path = format!("/dev/shm/{id}");
        let file = std::fs::File::options().read(true).write(true).create(create).open(&path).expect("the file");
        if create {
            file.set_len(4096).expect("the length");
        }
        // SAFETY: a new mapping at an address of the kernel's choice.
        #[allow(unsafe_code)]
        let at = unsafe {
            rustix::mm::mmap(std::ptr::null_mut(), 4096, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &file, 0)
        };
        Self { first: at.expect("a mapping").cast(), path: create.then_some(path) }
    }

    /// Words on lines of their own.
    fn word(&self, i: usize) -> &AtomicU32 {
        // SAFETY: in the page, aligned, and reached by atomic accesses alone.
        #[allow(unsafe_code)]
        unsafe {
            AtomicU32::from_ptr(self.first.add(32 * i))
        }
    }

    fn bump(&self, i: usize) -> u32 {
        let n = self.word(i).fetch_add(1, Ordering::AcqRel) + 1;
        let _ = futex::wake(self.word(i), futex::Flags::empty(), 1);
        n
    }

    /// Until the word is at least `n`.
    fn wait(&self, i: usize, n: u32) {
        loop {
            let now = self.word(i).load(Ordering::Acquire);
            if now.wrapping_sub(n) < u32::MAX / 2 {
                return;
            }
            let _ = futex::wait(self.word(i), futex::Flags::empty(), now, None);
        }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether a process whose every system call but `write` and `exit` is its death lives through reads and writes.
fn quiet() -> bool {
    let id = unique("quiet");
    let _segment: Segment<Block<8>> = SegmentOptions::new().create_with(&id, &*Block::filled(1)).expect("a segment");
    let me = std::env::current_exe().expect("this program");
    let output = std::process::Command::new(me).args(["child", "quiet", "-", "8", &id, "0"]).output();
    output.is_ok_and(|output| output.stdout == b"alive\n")
}

pub fn quiet_child(id: &str) {
    let segment: Segment<Block<8>> = SegmentOptions::new().link(id).expect("the segment");
    let mut block = segment.read().expect("a record");
    // The first write claims a writer slot from the kernel.
    segment.write(&block).expect("the lock");
    // SAFETY: strict mode: from here on `read`, `write`, `exit` and `sigreturn` alone are not fatal.
    #[allow(unsafe_code)]
    unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT);
    }
    let mut ok = true;
    for _ in 0..100_000 {
        block.words[0] += 1;
        ok &= segment.write(&block).is_ok();
        ok &= segment.read().is_ok_and(|read| read == block);
        ok &= segment.get(Block::<8>::fields().words.at(0)).is_ok_and(|word| word == block.words[0]);
    }
    let word: &[u8] = if ok && segment.version() > Version::new(100_000) { b"alive\n" } else { b"wrong\n" };
    // SAFETY: two of the calls that strict mode permits, with bytes that live.
    #[allow(unsafe_code)]
    unsafe {
        libc::write(1, word.as_ptr().cast(), word.len());
        libc::syscall(libc::SYS_exit, 0);
    }
}
