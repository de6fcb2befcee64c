//! Where the machine has no more of something: room, descriptors, writer slots; or the directory is not there.
//!
//! # Safety
//!
//! `fcntl` with `F_OFD_*` reads and writes the one structure that it is given.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;

use shmrec::{CreateError, Error, LinkError, LockError, RemoveError, SharedRecord, WriteError};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::Start;
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;

use super::PEER;

#[test]
fn a_full_file_system_is_an_error_now_and_not_a_signal_later() {
    let dir = TestDir::new();
    let mut peer = Start::new(PEER, "nospace").arg(dir.path()).spawn();
    let big = peer.hear();
    if big.starts_with("skipped") {
        println!("{big}");
        return;
    }
    assert!(big.starts_with("err NoSpace") && big.contains("no room for") && big.ends_with("errno=Some(28)"), "{big}");
    assert_eq!(peer.hear(), "0 files", "what could not be created left something behind");
    assert_eq!(peer.hear(), "small 1");
    assert_eq!(peer.hear(), "0 files");

    let full = peer.hear();
    assert!(full.starts_with("err NoSpace"), "{full}");
    let counted = peer.hear();
    let (held, there) = counted.split_once(" of ").unwrap();
    assert_eq!(format!("{held} files"), there, "the refused one left something behind");
    assert!(held.parse::<u32>().unwrap() >= 2, "{counted}");
    assert_eq!(peer.hear(), "all whole");
    assert_eq!(peer.hear(), "again");
    assert_eq!(peer.hear(), "0 files");
    peer.finish();
    assert!(dir.files().is_empty(), "outside that file system there is nothing");
}

/// Tries everything in a directory that is none.
#[track_caller]
fn no_directory(dir: &Path) {
    let options = shmrec::SegmentOptions::new().dir(dir);
    let says_which = |message: String| assert!(message.contains(dir.to_str().unwrap()), "{message}");
    match options.create::<Counter>("x").unwrap_err() {
        error @ CreateError::NoDirectory(_) => says_which(error.to_string()),
        error => panic!("{error:?}"),
    }
    for error in [options.link::<Counter>("x").unwrap_err(), options.reader::<Counter>("x").unwrap_err()] {
        match error {
            LinkError::NoDirectory(failure) => says_which(failure.to_string()),
            error => panic!("{error:?}"),
        }
    }
    match options.create_or_link::<Counter>("x").unwrap_err() {
        Error::Link(LinkError::NoDirectory(_)) | Error::Create(CreateError::NoDirectory(_)) => {}
        error => panic!("{error:?}"),
    }
    match options.remove("x").unwrap_err() {
        error @ RemoveError::NoDirectory(_) => says_which(error.to_string()),
        error => panic!("{error:?}"),
    }
}

#[test]
fn a_directory_that_is_not_there_is_said_to_be_missing_and_is_not_made() {
    let dir = TestDir::new();
    no_directory(&dir.path().join("missing"));
    no_directory(&dir.path().join("missing/deeper"));
    assert!(dir.files().is_empty());
}

#[test]
fn a_directory_that_is_a_file_is_none() {
    let dir = TestDir::new();
    let file = dir.path().join("file");
    std::fs::write(&file, b"content").unwrap();
    no_directory(&file);
    no_directory(&file.join("deeper"));
    assert_eq!(std::fs::read(&file).unwrap(), b"content");
}

#[test]
fn waiting_for_a_segment_in_a_directory_that_is_none_ends_at_once() {
    let dir = TestDir::new();
    let options = shmrec::SegmentOptions::new().dir(dir.path().join("missing"));
    let hour = std::time::Duration::from_secs(3600);
    super::ends("the wait for a segment in no directory", move || {
        assert!(matches!(options.reader_wait::<Counter>("x", hour), Err(LinkError::NoDirectory(_))));
    });
}

fn a_limit_of_descriptors_is_an_error_that_leaves_nothing_behind_and_passes(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("live", &Counter::new(3)).unwrap();
    super::stored(&dir, "stored");
    let mut peer = Start::new(PEER, "descriptors").arg(dir.to_argument()).spawn();
    for operation in ["create", "link", "reader", "either", "stored", "remove"] {
        let mut refused = 0;
        loop {
            let attempt = peer.hear();
            let outcome =
                attempt.strip_prefix(&format!("{operation} {refused} ")).unwrap_or_else(|| panic!("{attempt}"));
            let files = peer.hear();
            let over = outcome == "done" || outcome.starts_with("err AlreadyExists");
            // Whatever came of it: its own segment is gone again, and the others' are there.
            let expected = if over && operation == "remove" { "shmrec.live" } else { "shmrec.live shmrec.stored" };
            assert_eq!(files, expected, "after {attempt}");
            if over {
                assert_eq!(outcome == "done", operation != "stored", "{attempt}");
                break;
            }
            assert!(outcome.contains("no file descriptor is left"), "{attempt}");
            // The errors of a removal have no word of their own for it.
            let variant = if operation == "remove" { "err System" } else { "err NoDescriptors" };
            assert!(outcome.starts_with(variant), "{attempt}");
            refused += 1;
        }
        assert!(refused >= 2, "{operation} succeeded with {refused} descriptors");
    }
    peer.finish();
    assert_eq!((segment.users().unwrap(), segment.read().unwrap().seq), (1, 3));
    segment.write(&Counter::new(4)).unwrap();
    drop(segment);
    assert!(dir.files().is_empty());
}

/// The byte of writer slot 0, and how many slots there are; see `docs/format.md`.
const FIRST_SLOT: i64 = 1 << 62;
const SLOTS: i64 = 2047;

/// Locks bytes of a file for its open file description, without waiting.
fn lock(file: &File, kind: libc::c_int, start: i64, len: i64) -> std::io::Result<()> {
    if len == 0 {
        // To the kernel that would be all that follows.
        return Ok(());
    }
    let (kind, whence) = (kind as libc::c_short, libc::SEEK_SET as libc::c_short);
    let mut lock = libc::flock { l_type: kind, l_whence: whence, l_start: start, l_len: len, l_pid: 0 };
    // SAFETY: the descriptor is open, and the structure outlives the call.
    match unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut lock) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// The byte of the one writer slot that is taken.
fn taken_slot(file: &File) -> i64 {
    let (kind, whence) = (libc::F_WRLCK as libc::c_short, libc::SEEK_SET as libc::c_short);
    let mut lock = libc::flock { l_type: kind, l_whence: whence, l_start: FIRST_SLOT, l_len: SLOTS, l_pid: 0 };
    // SAFETY: the descriptor is open, and the structure outlives the call.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) }, 0);
    assert_eq!((i32::from(lock.l_type), lock.l_len), (libc::F_WRLCK, 1), "one writer");
    lock.l_start
}

fn a_writer_for_whom_there_is_no_slot_is_told_and_readers_do_not_care(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("slots", &Counter::new(1)).unwrap();
    let reader = dir.options().reader::<Counter>("slots").unwrap();
    let outside = RawSegment::open(&dir.file("slots"));
    lock(outside.file(), libc::F_WRLCK, FIRST_SLOT, SLOTS).unwrap();

    match segment.try_lock().unwrap_err() {
        LockError::NoWriterSlot(failure) => assert!(failure.to_string().contains("2047"), "{failure}"),
        error => panic!("{error:?}"),
    }
    let written = [
        segment.write(&Counter::new(2)).map(drop),
        segment.update(|c| c.seq += 1),
        segment.set(Counter::fields().seq, &2).map(drop),
        segment.write_bytes(0, &[0]).map(drop),
    ];
    for outcome in written {
        assert!(matches!(outcome, Err(WriteError::Lock(LockError::NoWriterSlot(_)))), "{outcome:?}");
    }
    assert_eq!((segment.version().get(), reader.read().unwrap()), (1, Counter::new(1)));

    lock(outside.file(), libc::F_UNLCK, FIRST_SLOT, SLOTS).unwrap();
    segment.write(&Counter::new(2)).expect("a handle that was refused once may try again");
    assert_eq!(reader.read().unwrap(), Counter::new(2));
}

/// All slots but the one that a writer has are taken, by locks of the kind that `open` may take.
#[track_caller]
fn others_go_on(kind: Kind, open: impl Fn(&Path) -> File, lock_kind: libc::c_int) {
    let dir = TestDir::of(kind);
    let writer = dir.options().create_with("slots", &Counter::new(1)).unwrap();
    writer.write(&Counter::new(2)).unwrap();
    let outside = open(&dir.file("slots"));
    let slot = taken_slot(&outside);
    lock(&outside, lock_kind, FIRST_SLOT, slot - FIRST_SLOT).unwrap();
    lock(&outside, lock_kind, slot + 1, FIRST_SLOT + SLOTS - slot - 1).unwrap();

    let newcomer = dir.options().link::<Counter>("slots").unwrap();
    assert!(matches!(newcomer.write(&Counter::new(9)), Err(WriteError::Lock(LockError::NoWriterSlot(_)))));
    assert_eq!(newcomer.read().unwrap(), Counter::new(2));
    writer.write(&Counter::new(3)).unwrap();
    let mut guard = writer.lock().unwrap();
    assert!(!guard.recovered());
    guard.write(&Counter::new(4)).unwrap();
    guard.unlock().unwrap();
    assert_eq!(newcomer.read().unwrap(), Counter::new(4));

    drop(outside);
    newcomer.write(&Counter::new(5)).expect("a slot is free again");
    assert_eq!(writer.read().unwrap(), Counter::new(5));
}

fn writers_that_have_a_slot_go_on_when_there_is_none_left(kind: Kind) {
    others_go_on(kind, |path| File::options().read(true).write(true).open(path).unwrap(), libc::F_WRLCK);
}

fn a_reader_that_locks_every_slot_stops_newcomers_and_nobody_else(kind: Kind) {
    // It may: a description for reading can take read locks. What it cannot is to make a dead writer look alive.
    others_go_on(kind, |path| File::open(path).unwrap(), libc::F_RDLCK);

    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("slots", &Counter::new(1)).unwrap();
    segment.write(&Counter::new(2)).unwrap();
    let mut owner = shmrec_tests::peer::Peer::repl(PEER, &dir);
    owner.must("link slots");
    owner.must("lock");
    owner.kill();
    let outside = File::open(dir.file("slots")).unwrap();
    let own = taken_slot(&outside);
    lock(&outside, libc::F_RDLCK, FIRST_SLOT, own - FIRST_SLOT).unwrap();
    lock(&outside, libc::F_RDLCK, own + 1, FIRST_SLOT + SLOTS - own - 1).unwrap();
    assert!(segment.try_lock().expect("the dead owner's lock").recovered());
}

shmrec_tests::over_both_kinds!(
    a_limit_of_descriptors_is_an_error_that_leaves_nothing_behind_and_passes,
    a_writer_for_whom_there_is_no_slot_is_told_and_readers_do_not_care,
    writers_that_have_a_slot_go_on_when_there_is_none_left,
    a_reader_that_locks_every_slot_stops_newcomers_and_nobody_else,
);
