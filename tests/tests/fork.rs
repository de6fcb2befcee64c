//! `fork` without `exec`: inherited handles are unusable and harmless, and the parent's death is seen while its child
//! lives.
#![cfg(unix)]

use shmrec::LockError;
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::records::Counter;
use shmrec_tests::until;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// A parent that has the lock, and what its child says of the handles that it inherited.
fn forked(dir: &TestDir) -> (Peer, Vec<String>, u32) {
    let mut parent = Start::new(PEER, "fork").arg(dir.to_argument()).arg("forked").spawn();
    assert_eq!(parent.hear(), "locked");
    let mut said = Vec::new();
    loop {
        let line = parent.hear();
        let line = line.strip_prefix("child ").unwrap_or_else(|| panic!("{line}")).to_owned();
        if let Some(pid) = line.strip_prefix("pid ") {
            return (parent, said, pid.parse().unwrap());
        }
        said.push(line);
    }
}

fn lives(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}/fd")).exists()
        && std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn inherited_handles_are_typed_errors_and_their_drops_touch_nothing(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("forked", &Counter::new(8)).unwrap();
    let (parent, said, _) = forked(&dir);
    let (inherited, fresh) = said.split_at(said.len() - 1);
    assert_eq!(inherited.len(), 11);
    for (i, outcome) in inherited.iter().enumerate() {
        assert!(outcome.contains("inherited through fork"), "{i}: {outcome}");
    }
    assert_eq!(fresh, ["fresh Ok(Ok(8))"], "a child links afresh");
    // The child's drops gave up neither the parent's lock nor its place among the users: this handle, the parent's
    // three, the child's fresh one which it has dropped.
    assert!(matches!(segment.try_lock(), Err(LockError::Timeout(_))));
    assert_eq!(segment.users().unwrap(), 4);
    assert_eq!(segment.version().get(), 1);
    parent.finish();
}

fn the_parents_death_is_seen_while_its_child_lives(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("forked", &Counter::new(8)).unwrap();
    let (mut parent, _, child) = forked(&dir);
    // The child inherited the test's end of nothing but its standard output and input; it waits for its input's end,
    // which the test still holds open through `parent`.
    parent.kill_only();
    assert!(lives(child), "the child outlives its parent");
    let guard = segment.try_lock().expect("the dead parent's lock, although its child lives");
    assert!(guard.recovered());
    drop(guard);
    assert_eq!(segment.users().unwrap(), 1);
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(child.try_into().unwrap()).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
    until("the child's end", || !lives(child));
}

fn another_program_started_by_a_command_does_not_keep_a_segment_alive(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("exec", &Counter::new(1)).unwrap();
    let guard = segment.lock().unwrap();
    let mut sleeper = std::process::Command::new("sleep").arg("600").spawn().unwrap();
    drop(guard);
    drop(segment);
    assert!(dir.files().is_empty(), "{:?}", dir.files());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

shmrec_tests::over_both_kinds!(
    inherited_handles_are_typed_errors_and_their_drops_touch_nothing,
    the_parents_death_is_seen_while_its_child_lives,
    another_program_started_by_a_command_does_not_keep_a_segment_alive,
);
