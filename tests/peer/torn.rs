//! Writers and readers at full speed.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::BufRead;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shmrec::ReadError;
use shmrec_tests::directory::Place;
use shmrec_tests::records::Block;

use crate::{say, text};

/// Calls `$run::<N>(…)` for the block that has `$bytes` bytes.
macro_rules! with_block {
    ($bytes:expr, $run:ident($($argument:expr),*)) => {
        match $bytes {
            "8" => $run::<1>($($argument),*),
            "64" => $run::<8>($($argument),*),
            "1024" => $run::<128>($($argument),*),
            "65536" => $run::<8192>($($argument),*),
            "1048576" => $run::<{ 1 << 17 }>($($argument),*),
            "16777216" => $run::<{ 1 << 21 }>($($argument),*),
            other => panic!("no block of {other} bytes"),
        }
    };
}

/// Begins at a cache line.
#[repr(align(64))]
struct Line<T>(T);

/// Set when the test closes this process's input.
static OVER: AtomicBool = AtomicBool::new(false);

fn watch_input() {
    std::thread::spawn(|| {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() {
                break;
            }
        }
        OVER.store(true, Ordering::Relaxed);
    });
}

/// Arguments: directory, name, bytes of the block, first seq, step. Writes blocks until its input is closed.
pub(crate) fn write(arguments: &[OsString]) {
    watch_input();
    on_a_large_stack(arguments, |arguments| {
        with_block!(text(arguments, 2), write_blocks(arguments));
    });
}

fn write_blocks<const N: usize>(arguments: &[OsString]) {
    let options = Place::of_argument(&arguments[0]).options().lock_timeout(Duration::from_secs(60));
    let segment = options.link::<Block<N>>(text(arguments, 1)).expect("the segment is there");
    let mut seq: u64 = text(arguments, 3).parse().expect("a number");
    let step: u64 = text(arguments, 4).parse().expect("a number");
    // Copies take another way where both sides begin at a cache line: one of two writers does.
    let (mut anywhere, mut line) =
        (segment.read_boxed().expect("the first block"), Box::new(Line(MaybeUninit::uninit())));
    let at_line = segment.read_at(&mut line.0).expect("the first block").record;
    let block = if seq % 2 == 1 { at_line } else { &mut *anywhere };
    say("ready");
    while !OVER.load(Ordering::Relaxed) {
        seq += step;
        block.set(seq);
        segment.write(block).expect("a write");
    }
    say(&format!("wrote up to {seq}"));
}

/// Arguments: directory, name, bytes of the block, versions, milliseconds. Reads until it has seen that many versions and
/// has read for that long, and says how many blocks it read, versions it saw, torn blocks it got.
pub(crate) fn read(arguments: &[OsString]) {
    watch_input();
    on_a_large_stack(arguments, |arguments| {
        with_block!(text(arguments, 2), read_blocks(arguments));
    });
}

fn read_blocks<const N: usize>(arguments: &[OsString]) {
    let reader =
        Place::of_argument(&arguments[0]).options().reader::<Block<N>>(text(arguments, 1)).expect("the segment");
    let wanted: usize = text(arguments, 3).parse().expect("a number");
    let least = Duration::from_millis(text(arguments, 4).parse().expect("milliseconds"));
    let mut block = reader.read_boxed().expect("the first block");
    let (mut reads, mut torn, mut contended) = (0_u64, 0_u64, 0_u64);
    let mut seen = HashSet::new();
    let begun = Instant::now();
    say("ready");
    while !OVER.load(Ordering::Relaxed) && (seen.len() < wanted || begun.elapsed() < least) {
        match reader.read_into(&mut block) {
            Ok(_) => {
                reads += 1;
                match block.seq() {
                    // A set of all would be what the test measures.
                    Some(seq) if seen.len() < 100_000 => drop(seen.insert(seq)),
                    Some(_) => {}
                    None => torn += 1,
                }
            }
            Err(ReadError::Contended(_)) => contended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    say(&format!("reads={reads} versions={} torn={torn} contended={contended}", seen.len()));
}

/// The blocks of the largest sizes are made on the stack in a build without optimisation.
fn on_a_large_stack(arguments: &[OsString], run: impl FnOnce(&[OsString]) + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(256 << 20).spawn_scoped(scope, || run(arguments));
        if thread.expect("a thread").join().is_err() {
            std::process::exit(101);
        }
    });
}
