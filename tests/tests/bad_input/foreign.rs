//! Things under a segment's name that are no segments: nothing is opened that would do something, nothing is removed,
//! nothing hangs.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::fs::{CWD, Mode};
use shmrec_tests::directory::TestDir;
use shmrec_tests::records::Counter;

use super::{Refusals, Snapshot, ends, refusals, variant};

/// Puts something under the name, tries everything, and looks whether it is still what it was.
#[track_caller]
fn tried(make: impl FnOnce(&Path)) -> (TestDir, Refusals) {
    let dir = TestDir::new();
    let path = dir.file("taken");
    make(&path);
    let before = Snapshot::of(&path);
    let files = dir.files();
    let refusals = refusals(&dir, "taken");
    before.is_untouched();
    assert_eq!(dir.files(), files);
    (dir, refusals)
}

/// As [`tried`], for what everybody is told to be no segment, but what these words say.
#[track_caller]
fn left_alone(words: &str, make: impl FnOnce(&Path)) -> TestDir {
    let (dir, refusals) = tried(make);
    refusals.all_are("NotASegment").say(words).say("shmrec.taken");
    dir
}

#[test]
fn a_named_pipe_is_left_alone_and_nobody_waits_for_its_other_end() {
    left_alone("a named pipe", |path| rustix::fs::mkfifoat(CWD, path, Mode::from_raw_mode(0o600)).unwrap());
}

#[test]
fn a_socket_is_left_alone() {
    left_alone("a socket", |path| drop(UnixListener::bind(path).unwrap()));
}

#[test]
fn a_directory_is_left_alone_with_what_is_in_it() {
    let dir = left_alone("a directory", |path| {
        std::fs::create_dir(path).unwrap();
        std::fs::write(path.join("inside"), b"content").unwrap();
    });
    assert_eq!(std::fs::read(dir.file("taken").join("inside")).unwrap(), b"content");
}

#[test]
fn a_symbolic_link_is_left_alone_wherever_it_leads() {
    for target in ["nowhere", "/dev/null", "/proc/self/mem", ".", "shmrec.taken"] {
        left_alone("a symbolic link", |path| symlink(target, path).unwrap());
    }
    // A path that another user could lead through: the file at its end is not touched either.
    let elsewhere = TestDir::new();
    let precious = elsewhere.path().join("precious");
    std::fs::write(&precious, b"").unwrap();
    let before = Snapshot::of(&precious);
    left_alone("a symbolic link", |path| symlink(&precious, path).unwrap());
    before.is_untouched();
}

#[test]
fn a_symbolic_link_to_a_living_segment_is_none() {
    let home = TestDir::new();
    let segment = home.options().create_with("taken", &Counter::new(1)).unwrap();
    let before = Snapshot::of(&home.file("taken"));
    left_alone("a symbolic link", |path| symlink(home.file("taken"), path).unwrap());
    before.is_untouched();
    assert_eq!((segment.users().unwrap(), segment.read().unwrap().seq), (1, 1));
}

#[test]
fn another_program_s_file_is_left_alone_whatever_its_length_and_mode() {
    for (content, mode) in [
        (&b"x"[..], 0o600),
        (&b"one line of text\n"[..], 0o644),
        (&[0; 4096][..], 0o444),
        (&[0; 100_000][..], 0o400),
        (&b"shmrec\n"[..], 0o666),
        (&b"\x7fELF\x02\x01\x01\x00"[..], 0o755),
        (&b"#!/bin/sh\n"[..], 0o4755),
    ] {
        let (_dir, refusals) = tried(|path| {
            std::fs::write(path, content).unwrap();
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        });
        // Whoever links for writing is told first that this user may not write.
        let denied = mode & 0o200 == 0 && !rustix::process::geteuid().is_root();
        for refusal in &refusals.0 {
            let expected = match refusal.operation {
                "link" | "create_or_link" if denied => "PermissionDenied",
                _ => "NotASegment",
            };
            assert_eq!(refusal.variant, expected, "mode {mode:o}: {refusal:?}");
        }
    }
}

#[test]
fn a_hard_link_to_another_program_s_file_is_left_alone() {
    let elsewhere = TestDir::new();
    let original = elsewhere.path().join("original");
    std::fs::write(&original, b"original").unwrap();
    // In the same file system, or there could be none.
    left_alone("another program's file", |path| std::fs::hard_link(&original, path).unwrap());
    assert_eq!(std::fs::read(&original).unwrap(), b"original");
}

#[test]
fn a_file_that_another_program_has_locked_is_left_alone_at_once() {
    // `flock` and whole-file record locks are not shmrec's: they hold nothing up.
    let mut locked = None;
    left_alone("another program's file", |path| {
        std::fs::write(path, b"locked").unwrap();
        let file = std::fs::File::options().read(true).write(true).open(path).unwrap();
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
        locked = Some(file);
    });
}

#[test]
fn a_name_that_becomes_a_pipe_or_a_link_in_the_meantime_hangs_nobody() {
    // Between the look at the name and the opening of the file it may become anything.
    let dir = TestDir::new();
    let (options, taken) = (dir.options(), dir.file("taken"));
    std::fs::write(&taken, b"text").unwrap();
    let elsewhere = dir.path().join("elsewhere");
    std::fs::write(&elsewhere, b"elsewhere").unwrap();
    let before = Snapshot::of(&elsewhere);
    let next = dir.path().join("next");
    let changing = std::thread::spawn(move || {
        for round in 0..6_000 {
            match round % 3 {
                0 => rustix::fs::mkfifoat(CWD, &next, Mode::from_raw_mode(0o600)).unwrap(),
                1 => symlink("elsewhere", &next).unwrap(),
                _ => std::fs::write(&next, b"text").unwrap(),
            }
            std::fs::rename(&next, &taken).unwrap();
        }
    });
    ends("an operation on a name that changes", move || {
        let mut tried = 0;
        while !changing.is_finished() {
            let outcomes = [
                options.link::<Counter>("taken").map(drop).map_err(|error| variant(&error)),
                options.reader::<Counter>("taken").map(drop).map_err(|error| variant(&error)),
                options.create::<Counter>("taken").map(drop).map_err(|error| variant(&error)),
                options.remove("taken").map_err(|error| variant(&error)),
            ];
            for outcome in outcomes {
                let error = outcome.expect_err("what is no segment was taken for one");
                assert!(["NotASegment", "Busy"].contains(&error.as_str()), "{error}");
            }
            tried += 1;
        }
        changing.join().unwrap();
        println!("tried {tried} times while the name changed");
    });
    before.is_untouched();
    assert_eq!(dir.files(), ["elsewhere", "shmrec.taken"], "nothing was removed, nothing was made");
}

#[test]
fn files_beside_the_segments_are_nobody_s_business() {
    let dir = TestDir::new();
    for name in ["named", "shmrec", "shmrec.", ".shmrec.named", "shmrec.named.bak"] {
        std::fs::write(dir.path().join(name), b"").unwrap();
    }
    let before = dir.files();
    let segment = dir.options().create_with("named", &Counter::new(1)).unwrap();
    drop(segment);
    assert_eq!(dir.files(), before);
}
