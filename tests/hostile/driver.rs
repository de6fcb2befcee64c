//! The runs: scribbles, changes of the file's length, other things under the name.

use std::path::Path;
use std::time::{Duration, Instant};

use shmrec::{Segment, SegmentOptions};
use shmrec_tests::directory::TestDir;
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::random::Random;
use shmrec_tests::records::Counter;

use crate::scribbler::Scribbler;
use crate::{names, victim};

/// The segment.
pub(crate) const NAME: &str = "victim";

/// How long reads, locks and waits of victims try.
pub(crate) const PATIENCE: Duration = Duration::from_millis(2);

const USAGE: &str = "hostile [--writes N] [--seed N]";

/// Runs what the arguments say.
pub(crate) fn run() {
    let mut arguments = std::env::args().skip(1);
    let (mut writes, mut seed) = (1_000_000, 1);
    while let Some(flag) = arguments.next() {
        if flag == "victim" {
            let mut next = || arguments.next().expect("an argument of a victim");
            let (directory, role) = (next(), next());
            return victim::run(Path::new(&directory), &role);
        }
        let value: u64 = arguments.next().and_then(|v| v.parse().ok()).unwrap_or_else(|| panic!("usage: {USAGE}"));
        match flag.as_str() {
            "--writes" => writes = value,
            "--seed" => seed = value,
            _ => panic!("usage: {USAGE}"),
        }
    }
    println!("seed {seed}, {writes} writes");
    let mut random = Random::new(seed);
    let mut problems = scribbles(writes, &mut random);
    problems += lengths(writes / 1000, &mut random);
    problems += squatted_names(writes / 500, &mut random);
    println!("{problems} problems: crashes, panics, hangs and over-reads {problems}");
    if problems > 0 {
        std::process::exit(1);
    }
}

/// The options of everybody here.
pub(crate) fn options(directory: &Path) -> SegmentOptions {
    SegmentOptions::new().dir(directory).read_timeout(PATIENCE).lock_timeout(PATIENCE)
}

fn segment(dir: &TestDir) -> Segment<Counter> {
    let segment = options(dir.path()).create_with(NAME, &Counter::new(1)).expect("a segment");
    for seq in 2..10 {
        segment.write(&Counter::new(seq)).expect("a write");
    }
    segment
}

fn victims(dir: &TestDir, roles: &[&'static str]) -> Vec<(&'static str, Peer)> {
    let program = std::env::current_exe().expect("this program");
    let program = program.to_str().expect("a path that is text");
    let start = |role: &&'static str| {
        let mut peer = Start::new(program, "victim").arg(dir.path()).arg(*role).spawn();
        assert_eq!(peer.hear(), "ready", "{role}");
        (*role, peer)
    };
    roles.iter().map(start).collect()
}

/// Ends the victims and prints what they have to say; gives how many have not ended in order.
fn end(what: &str, begun: Instant, done: u64, victims: Vec<(&'static str, Peer)>) -> u64 {
    println!("{what}: {done} in {} s", begun.elapsed().as_secs());
    let mut problems = 0;
    for (role, mut victim) in victims {
        victim.tell("over");
        match victim.try_hear() {
            Some(said) => println!("  {role:<8} {said}"),
            None => {
                println!("  {role:<8} PROBLEM: it has died");
                problems += 1;
                continue;
            }
        }
        victim.finish();
    }
    problems
}

fn scribbles(writes: u64, random: &mut Random) -> u64 {
    let dir = TestDir::new();
    let segment = segment(&dir);
    let mut roles = vec!["writer", "writer", "reader", "untyped", "linker"];
    if rustix::process::geteuid().is_root() {
        // Another user's file is read through the kernel by those who do not trust him.
        std::os::unix::fs::chown(segment.path(), Some(65534), None).expect("chown");
        roles.extend(["copied", "stranger"]);
    }
    let mut scribbler = Scribbler::new(segment.path());
    let victims = victims(&dir, &roles);
    let begun = Instant::now();
    for write in 0..writes {
        scribbler.scribble(random);
        if write % 16 == 15 {
            // Time to meet it.
            std::thread::sleep(Duration::from_micros(random.below(300)));
        }
        if write % 400 == 399 {
            // For a while it is as it was, so that everybody gets beyond the first error.
            scribbler.heal();
            std::thread::sleep(Duration::from_micros(random.below(1000)));
        }
    }
    scribbler.heal();
    let problems = end("writes to a live segment", begun, writes, victims);
    // When the scribbles are gone, everything works again.
    let fresh = options(dir.path()).trust_owner(shmrec::TrustOwner::Anyone);
    let again = fresh.lock_timeout(Duration::from_secs(10)).link::<Counter>(NAME).expect("a segment as good as new");
    again.write(&Counter::new(50)).expect("a write");
    assert_eq!(segment.read().expect("a record"), Counter::new(50));
    problems
}

/// The file is cut and grown: those who do not map it get errors.
fn lengths(changes: u64, random: &mut Random) -> u64 {
    if !rustix::process::geteuid().is_root() {
        println!("changes of the file's length: skipped, needs root to give files away");
        return 0;
    }
    let dir = TestDir::new();
    let segment = segment(&dir);
    std::os::unix::fs::chown(segment.path(), Some(65534), None).expect("chown");
    let before = std::fs::read(segment.path()).expect("the segment");
    let file = std::fs::File::options().write(true).open(segment.path()).expect("the segment");
    let victims = victims(&dir, &["copied", "stranger"]);
    let begun = Instant::now();
    for change in 0..changes {
        let len = match random.below(4) {
            0 => 0,
            1 => random.below(1024),
            2 => random.below(before.len() as u64),
            _ => before.len() as u64 + random.below(1 << 20),
        };
        file.set_len(len).expect("ftruncate");
        if change % 4 == 3 {
            std::os::unix::fs::FileExt::write_all_at(&file, &before, 0).expect("a write");
            std::thread::sleep(Duration::from_micros(random.below(500)));
        }
    }
    file.set_len(before.len() as u64).expect("ftruncate");
    std::os::unix::fs::FileExt::write_all_at(&file, &before, 0).expect("a write");
    end("changes of the file's length", begun, changes, victims)
}

/// Other things come and go under the name.
fn squatted_names(changes: u64, random: &mut Random) -> u64 {
    let dir = TestDir::new();
    let mut squatter = names::Squatter::new(&dir);
    let victims = victims(&dir, &["namer", "namer", "stranger"]);
    let begun = Instant::now();
    for _ in 0..changes {
        squatter.squat(random);
        if random.below(3) == 0 {
            std::thread::sleep(Duration::from_micros(random.below(800)));
        }
    }
    let problems = end("other things under the name", begun, changes, victims);
    squatter.check_what_is_not_ours();
    problems
}
