//! Death at every step: a process is killed at the first step of an operation, at the second, and so on until the operation is
//! done, and after each death fresh processes try every promise.
//!
//! A step is where the process enters or leaves a system call; and, in a build with `--cfg shmrec_steps`, each store to shared
//! memory that it is about to make (`.ci/steps` builds and runs that).
//!
//! At each step the process is first only stopped: a process that does nothing more blocks no reader. Then it dies.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Barrier;

use shmrec::{CreateError, LinkError, Perms, ReadError, Segment};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;
use shmrec_tests::stepper::{Step, Stepper, announces_stores};
use shmrec_tests::until;

const PEER: &str = env!("CARGO_BIN_EXE_peer");
const NAME: &str = "step";

/// What there is before the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// No segment.
    Nothing,
    /// A segment that this process uses too.
    Live,
    /// A segment that this process has created and left when the other was ready.
    Left,
    /// A name whose users were all killed.
    Stale,
    /// A persistent segment that nobody uses.
    Persistent,
    /// A live segment whose lock belongs to a dead process.
    DeadOwner,
    /// A live segment whose lock belongs to another living process.
    LiveOwner,
    /// A live segment on whose lock, which the process has, another one sleeps.
    Sleeper,
    /// A live segment on whose bell another process sleeps.
    Waiter,
}

/// Whether there is a segment afterwards, when everybody but the survivors is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// There is, with one of these records.
    Found(&'static [u64]),
    /// Its last user has died: there is none.
    Gone,
    /// It was to persist, or was to be removed: one of both.
    Either,
    /// As gone, and nobody looks before the next creator comes.
    Replaced,
}

/// The operations, what is there before, what must be there after; see `peer/steps.rs`.
const SCENARIOS: &[(&str, Before, After)] = &[
    ("create", Before::Nothing, After::Gone),
    ("create", Before::Stale, After::Gone),
    ("create", Before::Live, After::Found(&[1])),
    ("create-0444", Before::Nothing, After::Gone),
    ("create-0000", Before::Nothing, After::Gone),
    ("create-persistent", Before::Nothing, After::Either),
    ("create", Before::Nothing, After::Replaced),
    ("create", Before::Stale, After::Replaced),
    ("create-0444", Before::Nothing, After::Replaced),
    ("create-0000", Before::Nothing, After::Replaced),
    ("release", Before::Left, After::Replaced),
    ("create-or-link", Before::Nothing, After::Gone),
    ("create-or-link", Before::Live, After::Found(&[1])),
    ("link", Before::Live, After::Found(&[1])),
    ("link", Before::Stale, After::Gone),
    ("link", Before::Persistent, After::Found(&[1])),
    ("reader", Before::Live, After::Found(&[1])),
    ("reader", Before::Stale, After::Gone),
    ("dyn-link", Before::Live, After::Found(&[1])),
    ("first-write", Before::Live, After::Found(&[1, 3])),
    ("first-write", Before::DeadOwner, After::Found(&[1, 3])),
    ("first-write", Before::Waiter, After::Found(&[1, 3])),
    ("write", Before::Live, After::Found(&[2, 3])),
    ("write", Before::Waiter, After::Found(&[2, 3])),
    ("update", Before::Live, After::Found(&[2, 3])),
    ("set-field", Before::Live, After::Found(&[2])),
    ("dyn-set", Before::Live, After::Found(&[1])),
    ("guard", Before::Live, After::Found(&[2, 3])),
    ("guard", Before::Waiter, After::Found(&[2, 3])),
    ("discard", Before::Live, After::Found(&[2])),
    ("lock-in-vain", Before::LiveOwner, After::Found(&[1])),
    ("lock-in-vain", Before::DeadOwner, After::Found(&[1])),
    ("unlock", Before::Sleeper, After::Found(&[2, 3])),
    ("wait", Before::Live, After::Found(&[1])),
    ("read", Before::Live, After::Found(&[1])),
    ("release", Before::Live, After::Found(&[2])),
    ("release", Before::Left, After::Gone),
    ("release", Before::Persistent, After::Found(&[2])),
    ("reader-release", Before::Live, After::Found(&[1])),
    ("reader-release", Before::Left, After::Gone),
    ("drop", Before::Left, After::Gone),
    ("remove", Before::Persistent, After::Either),
    ("remove", Before::Stale, After::Gone),
    ("remove", Before::Live, After::Found(&[1])),
];

/// What is there beside the process that is stepped through.
struct Scene<'d> {
    dir: &'d TestDir,
    before: Before,
    /// This process's own link.
    keeper: Option<Segment<Counter>>,
    /// Another process that lives.
    other: Option<Peer>,
    /// The lock word of the process that is stepped through, if it has the lock at first.
    owner: u32,
}

impl<'d> Scene<'d> {
    fn new(dir: &'d TestDir, before: Before) -> Self {
        let mut scene = Self { dir, before, keeper: None, other: None, owner: 0 };
        let first = Counter::new(1);
        match before {
            Before::Nothing => {}
            Before::Stale => {
                let mut dead = Peer::repl(PEER, dir);
                dead.must("create step seq=9");
                dead.kill();
            }
            Before::Persistent => drop(dir.options().persist(true).create_with(NAME, &first).unwrap()),
            _ => scene.keeper = Some(dir.options().create_with(NAME, &first).unwrap()),
        }
        if matches!(before, Before::DeadOwner | Before::LiveOwner) {
            let mut owner = Peer::repl(PEER, dir);
            owner.must("link step");
            owner.must("lock");
            if before == Before::DeadOwner {
                owner.kill();
            } else {
                scene.other = Some(owner);
            }
        }
        scene
    }

    /// The process has prepared its operation and has not begun it.
    fn ready(&mut self) {
        match self.before {
            Before::Left => drop(self.keeper.take()),
            Before::Sleeper | Before::Waiter => {
                let keeper = self.keeper.as_ref().expect("a live segment");
                let mut other = Peer::repl(PEER, self.dir);
                other.must("link step");
                let raw = RawSegment::open(&self.dir.file(NAME));
                self.owner = raw.u32(raw.lock());
                if self.before == Before::Sleeper {
                    other.tell("lock 60000");
                    until("the other sleeps", || raw.u32(raw.lock()) >> 31 == 1);
                } else {
                    other.tell(&format!("wait {}", keeper.version()));
                    until("the other waits", || raw.has_waiter());
                }
                self.other = Some(other);
            }
            _ => {}
        }
    }

    /// The process has stopped somewhere, and lives. Gives whether it has the lock, where it had it at first.
    fn look(&self, operation: &str, after: After) -> bool {
        if after == After::Replaced {
            return false;
        }
        // Reading is what nobody may be kept from.
        let reader = self.dir.options().reader::<Counter>(NAME);
        match (reader, after) {
            (Ok(reader), _) => match reader.read() {
                Ok(record) => assert!(record.is_whole()),
                // The only one that creates without a first record.
                Err(ReadError::NotYetWritten(_)) if operation == "create-or-link" => {}
                Err(error) => panic!("{error}"),
            },
            (Err(LinkError::NotFound(_)), After::Gone | After::Either) => {}
            (Err(LinkError::PermissionDenied(_)), After::Gone) => {}
            // A name that is changing hands.
            (Err(LinkError::Busy(_)), After::Gone | After::Either) => {}
            (Err(error), _) => panic!("{error}"),
        }
        self.owner != 0 && self.lock_word() & !(1 << 31) == self.owner
    }

    fn lock_word(&self) -> u32 {
        let raw = self.keeper.is_some().then(|| RawSegment::open(&self.dir.file(NAME)));
        raw.map_or(0, |raw| raw.u32(raw.lock()))
    }

    /// The process is dead; it had the lock if `it_had_the_lock`, or if the lock's word says so.
    fn check(mut self, after: After, it_had_the_lock: bool) {
        let owned_by_the_dead = match (self.before, &mut self.other) {
            // The one who has the lock gives it back; the one who waits for it gets it.
            (Before::LiveOwner, Some(owner)) => {
                owner.must("unlock");
                false
            }
            (Before::Sleeper, Some(sleeper)) => {
                let answer = sleeper.hear();
                assert!(answer.starts_with(&format!("ok recovered={it_had_the_lock}")), "{answer}");
                sleeper.must("unlock");
                false
            }
            _ => self.lock_word() & 0x7ff != 0,
        };
        if after == After::Replaced {
            drop(self.dir.options().perms(Perms::RRR).create_with(NAME, &Counter::new(5)).expect("the name is free"));
            assert!(self.dir.files().is_empty(), "{:?}", self.dir.files());
            return;
        }
        let (found, denied) = match fresh_look(self.dir) {
            Look::Found(found) => (Some(found), false),
            Look::Nothing => (None, false),
            // What its dead creator let nobody read is nobody's record either.
            Look::Denied => (None, true),
        };
        match (&found, after) {
            (Some(found), After::Found(records)) => {
                assert!(records.contains(&found["seq"]), "{found:?}");
            }
            (Some(found), After::Either) => assert_eq!(found["seq"], 1, "{found:?}"),
            (None, After::Gone | After::Either) => {}
            (found, after) => panic!("{found:?} and not {after:?}"),
        }
        if let Some(found) = &found {
            let survivors = u64::from(self.keeper.is_some()) + u64::from(self.other.is_some());
            assert_eq!(found["users"], survivors, "{found:?}");
            assert_eq!(found["mode"], 600, "{found:?}");
            assert_eq!(found["recovered"], u64::from(owned_by_the_dead), "{found:?}");
        }
        if self.before == Before::Waiter {
            // Whatever the dead one did or did not do, somebody has written by now.
            let other = self.other.as_mut().expect("the waiter");
            assert!(other.hear().starts_with("ok"), "the waiter was woken");
        }
        drop((self.keeper.take(), self.other.take().map(Peer::finish)));
        // Nobody uses it: what persists can be removed, everything else goes by itself or at a touch.
        let options = self.dir.options();
        match options.remove(NAME) {
            Ok(()) => {
                let may_be_left = matches!(after, After::Either) || self.before == Before::Persistent || denied;
                assert!(may_be_left, "something was left");
            }
            Err(shmrec::RemoveError::NotFound(_)) => {}
            Err(error) => panic!("{error}"),
        }
        assert!(self.dir.files().is_empty(), "{:?}", self.dir.files());
        drop(options.create_with(NAME, &Counter::new(5)).expect("the name is free"));
        assert!(self.dir.files().is_empty(), "{:?}", self.dir.files());
    }
}

/// What a fresh process finds.
enum Look {
    /// A segment, and these numbers by name.
    Found(BTreeMap<String, u64>),
    Nothing,
    /// A segment that this user may not read.
    Denied,
}

fn fresh_look(dir: &TestDir) -> Look {
    let mut fresh = Start::new(PEER, "steps").arg(dir.to_argument()).arg("check").spawn();
    let found = fresh.hear();
    fresh.finish();
    if found.starts_with("err NotFound") || found.starts_with("err Link") && found.contains("no such segment") {
        return Look::Nothing;
    }
    if found.starts_with("err Link") && found.contains("permission denied") {
        return Look::Denied;
    }
    let numbers = found.split_whitespace().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or_else(|| panic!("a fresh process found: {found}"));
        let value = match value {
            "true" => 1,
            "false" => 0,
            number => number.parse().unwrap_or_else(|_| panic!("a fresh process found: {found}")),
        };
        (name.to_owned(), value)
    });
    Look::Found(numbers.collect())
}

fn start(dir: &TestDir, operation: &str) -> Peer {
    let mut peer = Start::new(PEER, "steps").arg(dir.to_argument()).arg(operation).spawn();
    assert_eq!(peer.hear(), "ready");
    peer
}

/// Kills processes at every step of an operation; gives the steps. `None` where no process may be traced.
fn killed_at_every_step(kind: Kind, operation: &str, before: Before, after: After) -> Option<Vec<Step>> {
    let dir = TestDir::of(kind);
    let mut steps = Vec::new();
    for last in 1..10_000 {
        let mut scene = Scene::new(&dir, before);
        let mut peer = start(&dir, operation);
        scene.ready();
        let mut stepper = match Stepper::new(peer.id()) {
            Ok(stepper) => stepper,
            Err(error) => {
                eprintln!("skipped: no process may be traced here: {error}");
                return None;
            }
        };
        peer.tell("go");
        let mut taken = Vec::new();
        while taken.len() < last {
            match stepper.next() {
                Some(step) => taken.push(step),
                None => break,
            }
            if taken.len() < last {
                stepper.go_on();
            }
        }
        let context = Context(format!("{operation}, {before:?}, killed at step {last}: {:?}", taken.last()));
        let it_has_the_lock = scene.look(operation, after);
        peer.kill();
        scene.check(after, it_has_the_lock);
        drop(context);
        if taken.len() < last {
            return Some(steps);
        }
        steps = taken;
    }
    panic!("{operation} has no end");
}

/// Says where when a check panics.
struct Context(String);

impl Drop for Context {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

/// Kills at every step of the scenarios that `chosen` says; prints how many there were.
fn kill(kind: Kind, chosen: impl Fn(&str) -> bool) {
    let scenarios: Vec<_> = SCENARIOS.iter().filter(|(operation, ..)| chosen(operation)).collect();
    // All at once: where a name changes hands, most of the time goes into waiting for a process that was stopped.
    let steps: Vec<_> = std::thread::scope(|scope| {
        let of_one = |(operation, before, after): &(&'static str, Before, After)| {
            let (operation, before, after) = (*operation, *before, *after);
            scope.spawn(move || killed_at_every_step(kind, operation, before, after))
        };
        let running: Vec<_> = scenarios.iter().map(|scenario| of_one(scenario)).collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut kills = 0;
    for ((operation, before, _), steps) in scenarios.iter().zip(&steps) {
        let Some(steps) = steps else { return };
        let calls = steps.iter().filter(|step| matches!(step, Step::Entry(_))).count();
        let stores = steps.iter().filter(|step| **step == Step::Store).count();
        println!(
            "{kind:?} {operation:<18} {before:<11?} {:>4} steps: {calls} system calls, {stores} stores",
            steps.len()
        );
        if announces_stores() && ["first-write", "write", "update", "guard"].contains(operation) {
            // begin, eight words, committed; the lock twice.
            assert!(stores >= 12, "{operation} has stores that are no steps: {steps:?}");
        }
        // At every step, and once behind the last.
        kills += steps.len() + 1;
    }
    println!("{kind:?}: {kills} kills at every step of {} operations", scenarios.len());
    assert!(kills > 0);
}

fn a_process_killed_at_any_step_of_a_creation_leaves_a_whole_segment_or_none(kind: Kind) {
    kill(kind, |operation| operation.starts_with("create"));
}

fn a_process_killed_at_any_step_of_a_link_or_a_read_harms_nobody(kind: Kind) {
    kill(kind, |operation| ["link", "reader", "dyn-link", "wait", "read"].contains(&operation));
}

fn a_process_killed_at_any_step_of_a_write_leaves_the_last_version_and_a_lock_that_the_next_one_gets(kind: Kind) {
    kill(kind, |operation| ["first-write", "write", "update", "set-field", "dyn-set"].contains(&operation));
}

fn a_process_killed_at_any_step_with_or_without_the_lock_keeps_nobody_from_it(kind: Kind) {
    kill(kind, |operation| ["guard", "discard", "lock-in-vain", "unlock"].contains(&operation));
}

fn a_process_killed_at_any_step_of_a_release_or_a_removal_leaves_nothing_behind(kind: Kind) {
    kill(kind, |operation| ["release", "reader-release", "drop", "remove"].contains(&operation));
}

#[test]
fn the_tests_above_are_all_scenarios() {
    let chosen = |prefix: &str| SCENARIOS.iter().filter(|(operation, ..)| operation.starts_with(prefix)).count();
    let named =
        ["link", "reader", "dyn-link", "wait", "read", "first-write", "write", "update", "set-field", "dyn-set"]
            .into_iter()
            .chain(["guard", "discard", "lock-in-vain", "unlock", "release", "reader-release", "drop", "remove"]);
    let exact: usize = named.map(|name| SCENARIOS.iter().filter(|(operation, ..)| *operation == name).count()).sum();
    assert_eq!(chosen("create") + exact, SCENARIOS.len());
}

/// The system calls that are stepped through are those that strace sees: none is left out.
fn the_steps_are_the_system_calls_that_strace_sees(kind: Kind) {
    if Command::new("strace").arg("-V").output().is_err() {
        return eprintln!("skipped: there is no strace here");
    }
    let dir = TestDir::of(kind);
    let mut compared = 0;
    for (operation, before, _) in SCENARIOS {
        let attempt = || {
            let mine = calls_of_the_stepper(&dir, operation, *before)?;
            let theirs = calls_of_strace(&dir, operation, *before)?;
            Some((mine, theirs))
        };
        // Not each run is the same: memory is had in other pieces, a sleep ends before its time.
        let (mut mine, mut theirs) = (vec![], vec![]);
        for _ in 0..5 {
            let Some(both) = attempt() else { return eprintln!("skipped: no process may be traced here") };
            (mine, theirs) = both;
            if mine == theirs {
                break;
            }
        }
        assert_eq!(mine, theirs, "{operation}, {before:?}");
        compared += mine.len();
    }
    println!("{compared} system calls of {} operations are those that strace sees", SCENARIOS.len());
}

fn calls_of_the_stepper(dir: &TestDir, operation: &str, before: Before) -> Option<Vec<u64>> {
    let mut scene = Scene::new(dir, before);
    let mut peer = start(dir, operation);
    scene.ready();
    let mut stepper = Stepper::new(peer.id()).ok()?;
    peer.tell("go");
    let mut calls = vec![];
    while let Some(step) = stepper.next() {
        match step {
            Step::Entry(number) => calls.push(number),
            Step::Store => calls.push(u64::MAX),
            Step::Exit(_) => {}
        }
        stepper.go_on();
    }
    peer.kill();
    clear(scene);
    Some(calls)
}

fn calls_of_strace(dir: &TestDir, operation: &str, before: Before) -> Option<Vec<u64>> {
    let place = TestDir::new();
    let log = place.path().join("strace");
    let mut scene = Scene::new(dir, before);
    let mut peer =
        Start::new("strace", "-qqno").arg(&log).arg(PEER).arg("steps").arg(dir.to_argument()).arg(operation).spawn();
    if peer.try_hear().as_deref() != Some("ready") {
        return None;
    }
    scene.ready();
    peer.tell("go");
    let _ = peer.try_hear();
    peer.finish();
    clear(scene);
    // [ 257] openat(…) = 3
    let log = std::fs::read_to_string(log).expect("what strace saw");
    let numbers = log.lines().filter_map(|line| line.strip_prefix('[')?.split(']').next()?.trim().parse::<u64>().ok());
    let marked =
        numbers.skip_while(|number| *number != 0x0f5e_0001).skip(1).take_while(|number| *number != 0x0f5e_0002);
    Some(marked.map(|number| if number == 0x0f5e_0000 { u64::MAX } else { number }).collect())
}

fn clear(mut scene: Scene<'_>) {
    drop((scene.keeper.take(), scene.other.take()));
    match scene.dir.options().remove(NAME) {
        Ok(()) | Err(shmrec::RemoveError::NotFound(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

fn a_creator_that_finds_the_name_taken_at_its_last_step_is_told_so(kind: Kind) {
    // The one interleaving that the scenarios have no place for: the name is taken while the creator is stopped, at each step.
    let dir = TestDir::of(kind);
    let mut told = 0;
    for last in 1..1000 {
        let mut peer = start(&dir, "create");
        let Ok(mut stepper) = Stepper::new(peer.id()) else {
            return eprintln!("skipped: no process may be traced here");
        };
        peer.tell("go");
        let mut taken = 0;
        let over = loop {
            if stepper.next().is_none() {
                break true;
            }
            taken += 1;
            if taken == last {
                break false;
            }
            stepper.go_on();
        };
        if over {
            peer.kill();
            drop(dir.options().create::<Counter>(NAME));
            break;
        }
        // Until the creator's name is there, nobody waits for it; one who then comes waits for its end.
        let alone = dir.files().is_empty();
        let (options, begun) = (dir.options(), Barrier::new(2));
        let mine = std::thread::scope(|scope| {
            let mine = scope.spawn(|| {
                begun.wait();
                options.create_with(NAME, &Counter::new(7))
            });
            begun.wait();
            while alone && !mine.is_finished() {
                std::thread::yield_now();
            }
            stepper.go_on();
            while stepper.next().is_some() {
                stepper.go_on();
            }
            stepper.go_on();
            mine.join().unwrap()
        });
        match mine {
            Ok(segment) => {
                // Both at once is what must not be.
                assert_eq!(segment.read().unwrap(), Counter::new(7), "step {last}");
                told += 1;
            }
            Err(CreateError::AlreadyExists(_)) => {}
            Err(error) => panic!("step {last}: {error}"),
        }
        peer.kill();
        drop(dir.options().create::<Counter>(NAME));
        assert!(dir.files().is_empty(), "step {last}: {:?}", dir.files());
    }
    println!("{told} creators found their name taken while they were at it");
    assert!(told > 0);
}

shmrec_tests::over_both_kinds!(
    a_process_killed_at_any_step_of_a_creation_leaves_a_whole_segment_or_none,
    a_process_killed_at_any_step_of_a_link_or_a_read_harms_nobody,
    a_process_killed_at_any_step_of_a_write_leaves_the_last_version_and_a_lock_that_the_next_one_gets,
    a_process_killed_at_any_step_with_or_without_the_lock_keeps_nobody_from_it,
    a_process_killed_at_any_step_of_a_release_or_a_removal_leaves_nothing_behind,
    the_steps_are_the_system_calls_that_strace_sees,
    a_creator_that_finds_the_name_taken_at_its_last_step_is_told_so,
);
