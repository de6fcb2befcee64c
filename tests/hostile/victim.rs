//! A process that uses a segment whatever is done to it.
//!
//! # Safety
//!
//! Memory that may not be touched is mapped where nothing is mapped, and never unmapped.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::BufRead;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shmrec::{DynReader, Reader, Segment, SharedRecord, TrustOwner, Version};
use shmrec_tests::records::Counter;

use crate::driver::{NAME, PATIENCE, options};

/// No call may take longer: its own bound is [`PATIENCE`], or a second for names that come and go; the rest is what a busy
/// machine may add.
const BOUND: Duration = Duration::from_secs(60);

/// How many calls have come back.
static CALLS: AtomicU64 = AtomicU64::new(0);
static OVER: AtomicBool = AtomicBool::new(false);

/// What came of the calls.
#[derive(Default)]
struct Outcomes {
    values: u64,
    errors: BTreeMap<String, u64>,
    longest: Duration,
}

impl Outcomes {
    fn call<R, E: Debug>(&mut self, call: impl FnOnce() -> Result<R, E>) -> Option<R> {
        let begun = Instant::now();
        let outcome = call();
        self.longest = self.longest.max(begun.elapsed());
        CALLS.fetch_add(1, Ordering::Relaxed);
        match outcome {
            Ok(value) => {
                self.values += 1;
                Some(value)
            }
            Err(error) => {
                let variant = format!("{error:?}").chars().take_while(|c| c.is_alphanumeric()).collect();
                *self.errors.entry(variant).or_default() += 1;
                None
            }
        }
    }
}

pub(crate) fn run(directory: &Path, role: &str) {
    watch();
    let options = options(directory);
    let trusting = options.clone().trust_owner(TrustOwner::Anyone);
    let mut outcomes = Outcomes::default();
    let guarded;
    macro_rules! until_over {
        ($link:expr, $handle:ident => $act:expr) => {{
            let $handle = $link;
            guarded = guard(directory);
            println!("ready");
            while !OVER.load(Ordering::Relaxed) {
                $act;
            }
        }};
    }
    match role {
        "writer" => until_over!(trusting.link::<Counter>(NAME).expect("the segment"), s => {
            write(&mut outcomes, &s);
            read(&mut outcomes, &s);
        }),
        "reader" => until_over!(trusting.reader::<Counter>(NAME).expect("the segment"), r => read(&mut outcomes, &r)),
        "copied" => until_over!(options.reader::<Counter>(NAME).expect("the segment"), r => {
            assert!(!r.is_mapped());
            read(&mut outcomes, &r);
        }),
        "untyped" => until_over!(trusting.dyn_reader(NAME).expect("the segment"), r => look(&mut outcomes, &r)),
        // Those who come anew each time: one who maps what he finds, one who does not trust its owner.
        "linker" | "stranger" => until_over!(if role == "linker" { trusting } else { options }, options => {
            if let Some(reader) = outcomes.call(|| options.reader::<Counter>(NAME)) {
                outcomes.call(|| reader.read());
                outcomes.call(|| reader.history());
            }
            if let Some(reader) = outcomes.call(|| options.dyn_reader(NAME)) {
                look(&mut outcomes, &reader);
            }
            outcomes.call(|| options.clone().compatible(true).reader::<Counter>(NAME));
            if let Some(segment) = outcomes.call(|| options.link::<Counter>(NAME)) {
                outcomes.call(|| segment.write(&Counter::new(8)));
            }
        }),
        // Whatever has the name, they want to have it.
        "namer" => until_over!(&options, own => {
            if let Some(segment) = outcomes.call(|| own.create_with(NAME, &Counter::new(3))) {
                outcomes.call(|| segment.write(&Counter::new(4)));
                assert_eq!(outcomes.call(|| segment.read()), Some(Counter::new(4)), "nobody else has this file");
                outcomes.call(|| segment.release());
            }
            outcomes.call(|| own.remove(NAME));
            outcomes.call(|| own.create_or_link::<Counter>(NAME));
        }),
        other => panic!("no such victim: {other}"),
    }
    let Outcomes { values, errors, longest } = outcomes;
    println!(
        "{} calls, {values} values, the longest {} ms, {guarded} sides guarded; {errors:?}",
        CALLS.load(Ordering::Relaxed),
        longest.as_millis()
    );
}

/// Ends this process when its input does, and when it hangs.
fn watch() {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)).expect("a death signal");
    std::thread::spawn(|| {
        let _ = std::io::stdin().lock().lines().next();
        OVER.store(true, Ordering::Relaxed);
    });
    std::thread::spawn(|| {
        let mut last = (u64::MAX, Instant::now());
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let calls = CALLS.load(Ordering::Relaxed);
            if calls != last.0 {
                last = (calls, Instant::now());
            } else if last.1.elapsed() > BOUND {
                eprintln!("PROBLEM: a call has not come back within {BOUND:?}");
                std::process::exit(98);
            }
        }
    });
}

fn read(outcomes: &mut Outcomes, reader: &Reader<Counter>) {
    let fields = Counter::fields();
    let newest = reader.version();
    outcomes.call(|| reader.read());
    outcomes.call(|| reader.read_boxed());
    outcomes.call(|| reader.get((fields.seq, fields.text, fields.short)));
    outcomes.call(|| reader.read_bytes(3, &mut [0; 40]));
    for version in [newest.get(), newest.get().wrapping_sub(1), 0, u64::MAX] {
        outcomes.call(|| reader.read_version(Version::new(version)));
    }
    if let Some(history) = outcomes.call(|| reader.history()) {
        assert!(history.len() < 4);
    }
    outcomes.call(|| reader.wait_newer(newest, PATIENCE));
    outcomes.call(|| reader.follow().next(PATIENCE));
    outcomes.call(|| reader.users());
    outcomes.call(|| reader.recoveries());
}

fn look(outcomes: &mut Outcomes, reader: &DynReader) {
    if let Some(record) = outcomes.call(|| reader.read()) {
        outcomes.call(|| record.value());
        outcomes.call(|| record.get("text"));
        outcomes.call(|| record.check());
    }
    outcomes.call(|| reader.get("short"));
}

fn write(outcomes: &mut Outcomes, segment: &Segment<Counter>) {
    let fields = Counter::fields();
    outcomes.call(|| segment.write(&Counter::new(20)));
    outcomes.call(|| segment.update(|c| *c = Counter::new(c.seq.wrapping_add(1))));
    outcomes.call(|| segment.set((fields.seq, fields.check), &(21, !21)));
    outcomes.call(|| segment.write_bytes(0, &[22]));
    if let Some(mut guard) = outcomes.call(|| segment.try_lock()) {
        outcomes.call(|| guard.read());
        outcomes.call(|| guard.write(&Counter::new(24)));
        outcomes.call(|| guard.unlock());
    }
}

/// Maps memory that may not be touched on both sides of each mapping of a segment; gives on how many sides it could.
fn guard(directory: &Path) -> u32 {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut guarded = 0;
    for line in maps.lines().filter(|line| line.contains(&*directory.to_string_lossy())) {
        let range = line.split_whitespace().next().and_then(|range| range.split_once('-')).expect("a range");
        let number = |text: &str| usize::from_str_radix(text, 16).expect("an address");
        const PAGE: usize = 4096;
        for side in [number(range.0) - PAGE, number(range.1)] {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
            let address = std::ptr::without_provenance_mut(side);
            // SAFETY: where something is mapped already, nothing is done.
            let made = unsafe { libc::mmap(address, PAGE, libc::PROT_NONE, flags, -1, 0) };
            guarded += u32::from(made == address);
        }
    }
    guarded
}
