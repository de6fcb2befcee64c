//! Containers: processes in PID, user and mount namespaces of their own that share a directory of segments. Who lives, who is dead
//! and who owns what is the kernel's word, which means the same in all of them.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use shmrec::LockError;
use shmrec_tests::directory::TestDir;
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::records::Counter;
use shmrec_tests::{is_root_or_skipped, until};

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// A peer in namespaces of its own, or `None` where that is not permitted. It ends with the process that is killed for it.
fn contained(flags: &str, directory: &Path) -> Option<Peer> {
    let mut peer =
        Start::new("unshare", flags).arg("--fork").arg("--kill-child").arg(PEER).arg("repl").arg(directory).spawn();
    // Any command that is answered.
    peer.tell("chdir /");
    match peer.try_hear() {
        Some(answer) => {
            assert!(answer.starts_with("ok"), "{answer}");
            Some(peer)
        }
        None => {
            eprintln!("skipped: no namespaces of one's own here");
            None
        }
    }
}

#[test]
fn processes_of_the_same_id_in_two_pid_namespaces_are_not_taken_for_one_another() {
    let dir = TestDir::new();
    // Each of them is process 1 of its own namespace.
    let (Some(mut first), Some(mut second)) = (contained("-Urp", dir.path()), contained("-Urp", dir.path())) else {
        return;
    };
    first.must("create shared seq=1");
    second.must("link shared");
    first.must("lock");
    assert!(second.ask("lock try").starts_with("err Timeout"), "the owner lives, in another namespace");
    first.must("set 2");
    first.must("unlock");
    assert_eq!(second.must("read"), "2");
    assert_eq!(second.must("users"), "2");

    // Death of a whole namespace, seen from another one and from outside.
    first.must("lock");
    first.must("set 3");
    first.kill();
    let outside = dir.options().link::<Counter>("shared").unwrap();
    assert_eq!(second.must("read"), "2", "what the dead one had not published");
    let begun = Instant::now();
    // Its processes die a moment after the one that held them.
    let recovered = loop {
        let answer = second.ask("lock 1000");
        if answer.starts_with("ok") {
            break answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{answer}");
    };
    assert!(recovered.contains("recovered=true"), "{recovered}");
    assert!(matches!(outside.try_lock(), Err(LockError::Timeout(_))), "the new owner lives");
    second.must("unlock");
    assert_eq!(outside.recoveries().unwrap(), 1);

    // The last user dies in its namespace: the name goes at the next touch.
    drop(outside);
    second.kill();
    until("the name is free", || {
        dir.options().create_with("shared", &Counter::new(5)).is_ok_and(|segment| segment.read().unwrap().seq == 5)
    });
    assert!(dir.files().is_empty(), "{:?}", dir.files());
}

#[test]
fn two_containers_share_a_directory_under_different_paths() {
    let dir = TestDir::new();
    let start = |at: &str| {
        // A directory of its own, over which the shared one is mounted: in this container's view only.
        let script = "mkdir -p \"$2\" && mount -t tmpfs none \"$2\" && mkdir \"$2/shm\" && mount --bind \"$1\" \"$2/shm\" && \
                      exec \"$0\" repl \"$2/shm\"";
        let start = Start::new("unshare", "-Urmpf").arg("--kill-child").arg("sh").arg("-c").arg(script);
        start.arg(PEER).arg(dir.path()).arg(at).spawn()
    };
    // Directories that are there for everybody to mount over.
    let (mut first, mut second) = (start("/tmp"), start("/mnt"));
    first.tell("create volume seq=7");
    match first.try_hear() {
        Some(answer) => assert_eq!(answer, "ok"),
        None => return eprintln!("skipped: no mount namespace of one's own here"),
    }
    second.must("link volume");
    assert_eq!(second.must("read"), "7");
    second.must("add 100");
    assert_eq!(first.must("read"), "107");
    first.must("release");
    assert_eq!(dir.files(), ["shmrec.volume"], "the other container uses it");
    second.must("release");
    assert!(dir.files().is_empty(), "{:?}", dir.files());
}

#[test]
fn what_belongs_to_nobody_of_this_user_namespace_is_copied_and_not_written() {
    if !is_root_or_skipped("owners outside a user namespace") {
        return;
    }
    let dir = TestDir::new();
    let segment = dir.options().perms(shmrec::Perms::RWRWRW).create_with("outside", &Counter::new(1)).unwrap();
    let Some(mut inside) = ({
        // Another user, who is root in a namespace that does not know this process's user.
        let script = "exec setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Ur \"$0\" repl \"$1\"";
        let mut peer = Start::new("sh", "-c").arg(script).arg(PEER).arg(dir.path()).spawn();
        peer.tell("chdir /");
        peer.try_hear().map(|_| peer)
    }) else {
        return eprintln!("skipped: no user namespace of another user here");
    };
    inside.must("reader outside");
    assert_eq!(inside.must("mapped"), "false", "its owner could shrink it, whoever that is");
    assert_eq!(inside.must("read"), "1");
    segment.write(&Counter::new(2)).unwrap();
    assert_eq!(inside.must("read"), "2");
    inside.must("release");
    assert!(inside.ask("link outside").starts_with("err UntrustedOwner"));
    inside.must("link outside trust=yes");
    inside.must("write 3");
    assert_eq!(segment.read().unwrap(), Counter::new(3));
    inside.kill();
    assert_eq!(segment.users().unwrap(), 1);
}
