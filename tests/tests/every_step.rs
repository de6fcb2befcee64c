//! Death at every step: a process is killed where it enters or leaves its first system call of an operation, its second, and
//! so on until the operation is done. What others find is a whole segment or none, and what is left goes at the next touch.
#![cfg(target_os = "linux")]

use std::cell::Cell;
use std::time::Duration;

use shmrec::{CreateError, LinkError, Perms};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::Peer;
use shmrec_tests::records::Counter;
use shmrec_tests::trace::Traced;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// More steps than any operation has: only an endless one reaches it.
const STEPS: u32 = 10_000;

/// Kills peers at each step of `command`. `prepare` makes what the peer finds and gives it to the peer's other side;
/// `look` is called while the peer is stopped, `check` when it is dead.
fn killed_at_every_step<S>(
    dir: &TestDir,
    command: &str,
    prepare: impl Fn(&mut Peer) -> S,
    look: impl Fn(&S),
    check: impl Fn(S, u32),
) {
    for step in 1..STEPS {
        let mut peer = Peer::repl(PEER, dir);
        let scene = prepare(&mut peer);
        let traced = match Traced::new(peer.id()) {
            Ok(traced) => traced,
            Err(error) => return eprintln!("skipped: no process may be traced here: {error}"),
        };
        peer.tell(command);
        let done = (0..step).any(|_| {
            assert!(traced.step(), "{command}: the peer has ended by itself");
            peer.has_said_something()
        });
        look(&scene);
        peer.kill();
        check(scene, step);
        if done {
            println!("{command}: {step} steps");
            return;
        }
    }
    panic!("{command} has no end");
}

/// Checks that nobody's segment is left, and that the next one can be made.
#[track_caller]
fn nothing_is_left(dir: &TestDir, step: u32) {
    let options = dir.options();
    let linked = options.reader::<Counter>("step");
    assert!(matches!(linked, Err(LinkError::NotFound(_))), "step {step}: {linked:?}");
    assert!(dir.files().is_empty(), "step {step}: {:?}", dir.files());
    drop(options.create_with("step", &Counter::new(2)).unwrap_or_else(|error| panic!("step {step}: {error}")));
    assert!(dir.files().is_empty(), "step {step}: {:?}", dir.files());
}

fn a_creator_that_is_killed_at_any_step_leaves_a_whole_segment_or_none(kind: Kind) {
    let dir = TestDir::of(kind);
    let (options, whole, busy) = (dir.options(), Cell::new(false), Cell::new(0));
    killed_at_every_step(
        &dir,
        "create step seq=1 mode=644",
        |_| whole.set(false),
        |()| match options.reader::<Counter>("step") {
            Ok(reader) => {
                assert_eq!(reader.read().unwrap(), Counter::new(1));
                whole.set(true);
            }
            Err(LinkError::NotFound(_)) => {}
            // It is whole, and its creator, who is stopped, about to open it to others.
            Err(LinkError::Busy(_)) if kind == Kind::Keyed => busy.set(busy.get() + 1),
            Err(error) => panic!("{error}"),
        },
        |(), step| nothing_is_left(&dir, step),
    );
    assert!(whole.get(), "at the last step it was there");
    assert!(busy.get() <= 6, "{} steps between a whole segment and one that can be linked", busy.get());
}

/// Without a look in between, by the next creator alone: it must find what is left by itself.
fn the_next_creator_replaces_what_a_killed_one_has_left(kind: Kind) {
    for mode in ["600", "400", "0"] {
        let dir = TestDir::of(kind);
        killed_at_every_step(
            &dir,
            &format!("create step seq=1 mode={mode}"),
            |_| (),
            |()| (),
            |(), step| {
                let segment = dir.options().perms(Perms::RRR).create_with("step", &Counter::new(2));
                let segment = segment.unwrap_or_else(|error| panic!("step {step}: {error}"));
                assert_eq!(segment.read().unwrap(), Counter::new(2));
                drop(segment);
                assert!(dir.files().is_empty(), "step {step}: {:?}", dir.files());
            },
        );
    }
}

fn a_creator_killed_at_any_step_over_a_stale_segment_leaves_nothing_that_stands_in_the_way(kind: Kind) {
    let dir = TestDir::of(kind);
    let stale = |_: &mut Peer| {
        let mut dead = Peer::repl(PEER, &dir);
        dead.must("create step seq=9");
        dead.kill();
    };
    killed_at_every_step(&dir, "create step seq=1", stale, |()| (), |(), step| nothing_is_left(&dir, step));
}

fn a_last_user_killed_at_any_step_of_its_release_leaves_nothing_that_stands_in_the_way(kind: Kind) {
    let dir = TestDir::of(kind);
    for mode in ["600", "444"] {
        let created = |peer: &mut Peer| drop(peer.must(&format!("create step seq=1 mode={mode}")));
        killed_at_every_step(&dir, "release", created, |()| (), |(), step| nothing_is_left(&dir, step));
    }
    // A reader.
    let linked = |peer: &mut Peer| {
        let segment = dir.options().create_with("step", &Counter::new(1)).unwrap();
        peer.must("reader step");
        drop(segment);
    };
    killed_at_every_step(&dir, "release", linked, |()| (), |(), step| nothing_is_left(&dir, step));
}

fn a_linker_killed_at_any_step_harms_nobody(kind: Kind) {
    let dir = TestDir::of(kind);
    for command in ["link step", "reader step"] {
        killed_at_every_step(
            &dir,
            command,
            |_| dir.options().create_with("step", &Counter::new(1)).unwrap(),
            |_| (),
            |segment, step| {
                segment.write(&Counter::new(3)).unwrap();
                assert_eq!(segment.users().unwrap(), 1, "step {step}");
                let newcomer = dir.options().link::<Counter>("step").unwrap();
                assert_eq!(newcomer.read().unwrap(), Counter::new(3));
                drop((segment, newcomer));
                nothing_is_left(&dir, step);
            },
        );
    }
}

fn a_writer_killed_at_any_step_of_its_first_write_keeps_nobody_from_writing(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options().lock_timeout(Duration::from_secs(60));
    killed_at_every_step(
        &dir,
        "write 2",
        |peer| {
            let segment = options.create_with("step", &Counter::new(1)).unwrap();
            peer.must("link step");
            segment
        },
        |_| (),
        |segment, step| {
            assert!([1, 2].contains(&segment.read().unwrap().seq), "step {step}");
            segment.write(&Counter::new(5)).unwrap();
            assert_eq!(segment.read().unwrap(), Counter::new(5));
        },
    );
}

fn a_removal_killed_at_any_step_has_removed_all_or_nothing(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options().persist(true);
    let (kept, gone) = (Cell::new(0), Cell::new(0));
    killed_at_every_step(
        &dir,
        "remove step",
        |_| drop(options.create_with("step", &Counter::new(7)).unwrap()),
        |()| (),
        |(), step| {
            match options.reader::<Counter>("step") {
                Ok(reader) => {
                    assert_eq!(reader.read().unwrap(), Counter::new(7), "step {step}");
                    assert!(matches!(options.create::<Counter>("step"), Err(CreateError::AlreadyExists(_))));
                    drop(reader);
                    options.remove("step").unwrap();
                    kept.set(kept.get() + 1);
                }
                Err(LinkError::NotFound(_)) => gone.set(gone.get() + 1),
                Err(error) => panic!("step {step}: {error}"),
            }
            nothing_is_left(&dir, step);
        },
    );
    println!("removals killed: {} kept the segment, {} had removed it", kept.get(), gone.get());
}

shmrec_tests::over_both_kinds!(
    a_creator_that_is_killed_at_any_step_leaves_a_whole_segment_or_none,
    the_next_creator_replaces_what_a_killed_one_has_left,
    a_creator_killed_at_any_step_over_a_stale_segment_leaves_nothing_that_stands_in_the_way,
    a_last_user_killed_at_any_step_of_its_release_leaves_nothing_that_stands_in_the_way,
    a_linker_killed_at_any_step_harms_nobody,
    a_writer_killed_at_any_step_of_its_first_write_keeps_nobody_from_writing,
    a_removal_killed_at_any_step_has_removed_all_or_nothing,
);
