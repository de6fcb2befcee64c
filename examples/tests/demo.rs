//! The examples `shmcreate` and `shmlink`, driven through pipes.
#![cfg(unix)]

mod support;

use rustix::process::Signal;
use shmrec::{SegmentOptions, SharedRecord};
use support::{Dir, Program, is_alive, until};

/// Starts `shmcreate demo` and waits until the segment is there.
fn create(dir: &Dir, arguments: &[&str]) -> Program {
    let mut program = Program::start("shmcreate", dir, arguments);
    program.hear("segment \"demo\"");
    program
}

/// Starts `shmlink demo` and waits until it is linked. Its writes do not wait long for a lock.
fn link(dir: &Dir, arguments: &[&str]) -> Program {
    let mut all = vec!["--lock-timeout", "0.2"];
    all.extend(arguments);
    let mut program = Program::start("shmlink", dir, &all);
    program.hear("segment \"demo\"");
    program
}

#[track_caller]
fn quits(mut program: Program, text: &str) {
    program.ask("q", text);
    let (status, _, errors) = program.finish();
    assert!(status.success() && errors.is_empty(), "{status}: {errors}");
}

#[test]
fn each_reads_what_the_other_writes() {
    let dir = Dir::new();
    let mut creator = create(&dir, &[]);
    let mut linker = link(&dir, &[]);
    linker.ask("r", "version 1");
    linker.hear("\"created\"");
    linker.ask("w counter=-42 text=zwei Wörter", "published version 2");
    creator.ask("r", "version 2");
    creator.hear("-42");
    creator.hear("\"zwei Wörter\"");

    // Asked field by field: an empty line keeps the value, nonsense is asked again.
    for line in ["w", "", "much", "2.5", "", "true"] {
        creator.say(line);
    }
    creator.hear("\"much\" is no value of amount");
    creator.hear("published version 3");
    linker.ask("r", "version 3");
    linker.hear("-42");
    linker.hear("2.5");
    linker.hear("true");

    // A part: the other fields stay.
    linker.ask("p counter=7", "published version 4");
    creator.ask("r", "counter  7");
    creator.hear("amount   2.5");
    creator.ask("o 0 8", "version 4");
    creator.hear("07 00 00 00 00 00 00 00");
    creator.ask("o 90 7", "not within");
    creator.ask("o 18446744073709551615 2", "not within");

    quits(linker, "the segment stays");
    quits(creator, "the segment is gone");
    assert!(dir.files().is_empty());
}

#[test]
fn a_key_makes_it_a_system_v_segment_for_both() {
    let dir = Dir::new();
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let key = format!("ftok:K:{}", file.display());
    let mut creator = create(&dir, &["--key", &key]);
    let mut linker = link(&dir, &["--key", &key]);
    linker.ask("w counter=8", "published version 2");
    creator.ask("r", "counter  8");
    let spelt = shmrec::Key::ftok(&file, b'K').unwrap().to_string();
    creator.ask("i", &format!("under the key {spelt}"));
    // The same name without the key is another segment: there is none.
    let (status, _, errors) = Program::start("shmlink", &dir, &[]).finish();
    assert!(status.code() == Some(1) && errors.contains("no such segment"), "{status}: {errors}");
    quits(linker, "the segment stays");
    quits(creator, "the segment is gone");
    assert_eq!(dir.files(), ["file"]);
    let (status, _, errors) = Program::start("shmcreate", &dir, &["--key", "0"]).finish();
    assert!(status.code() == Some(2) && errors.contains("0 is no key"), "{status}: {errors}");
}

#[test]
fn who_keeps_the_lock_keeps_others_from_writing_and_nobody_from_reading() {
    let dir = Dir::new();
    let mut creator = create(&dir, &[]);
    let mut linker = link(&dir, &[]);
    creator.ask("k", "LOCKED");
    creator.ask("w counter=5", "noted");
    creator.ask("r", "as it will be published");
    creator.hear("counter  5");

    linker.ask("w counter=6", "the lock is held");
    linker.ask("p flag=true", "the lock is held");
    linker.ask("k", "the lock is held");
    linker.ask("r", "version 1");
    linker.hear("counter  0");

    creator.ask("u", "published version 2");
    linker.ask("r", "counter  5");
    linker.ask("w counter=6", "published version 3");
    creator.ask("k", "LOCKED");
    creator.ask("u", "nothing was written");
    creator.ask("u", "does not hold the lock");
}

#[test]
fn the_end_with_the_lock_publishes_nothing_and_gives_it_back() {
    let dir = Dir::new();
    let mut creator = create(&dir, &[]);
    let mut linker = link(&dir, &[]);
    creator.ask("k", "LOCKED");
    creator.ask("w counter=5", "noted");
    quits(creator, "what was not published is gone");
    linker.ask("r", "counter  0");
    linker.ask("w counter=6", "published version 2");
}

#[test]
fn a_lock_does_not_outlive_its_owner() {
    let dir = Dir::new();
    let mut creator = create(&dir, &[]);
    let mut linker = link(&dir, &[]);
    creator.ask("k", "LOCKED");
    creator.ask("w counter=5", "noted");
    linker.ask("w counter=6", "the lock is held");

    creator.signal(Signal::KILL);
    until("the creator dies", || !is_alive(creator.id()));
    linker.ask("w counter=7", "recovered: the lock was taken over");
    linker.hear("published version 2");
    linker.ask("r", "counter  7");
    linker.ask("i", "take-overs  1");
    quits(linker, "the segment is gone");
    dir.until_empty();
}

#[test]
fn the_second_to_create_is_told_whose_the_segment_is() {
    let dir = Dir::new();
    let creator = create(&dir, &[]);
    let (status, printed, errors) = Program::start("shmcreate", &dir, &[]).finish();
    assert_eq!((status.code(), printed.as_str()), (Some(1), ""));
    assert!(errors.contains("already exists") && errors.contains(&format!("process {}", creator.id())), "{errors}");
}

#[test]
fn a_linker_waits_for_the_creator_if_it_is_told_to() {
    let dir = Dir::new();
    let (status, _, errors) = Program::start("shmlink", &dir, &[]).finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("there is no such segment"), "{errors}");

    let mut linker = Program::start("shmlink", &dir, &["--wait", "60", "--read-only"]);
    let creator = create(&dir, &[]);
    linker.hear("segment \"demo\"");
    drop(creator);
}

#[test]
fn a_reader_reads_and_does_nothing_else() {
    let dir = Dir::new();
    let mut creator = create(&dir, &["--perms", "0644"]);
    let mut reader = link(&dir, &["--read-only"]);
    for command in ["w counter=1", "p counter=1", "k", "u"] {
        reader.ask(command, "linked read-only");
    }
    reader.ask("i", "mode 0644");
    reader.hear("mapped read-only");
    reader.hear("users       2");
    reader.ask("r", "version 1");
    reader.ask("n", "waiting for a version after 1");
    creator.ask("w text=new", "published version 2");
    reader.hear("version 2");
    reader.hear("\"new\"");
    reader.ask("n 0.05", "no version after 2 has come");
}

#[test]
fn a_segment_without_a_record_says_so() {
    let dir = Dir::new();
    let mut creator = create(&dir, &["--empty"]);
    creator.ask("r", "nothing has been written");
    creator.ask("p counter=1", "nothing has been written");
    creator.ask("w counter=1", "published version 1");
    creator.ask("r", "counter  1");
}

#[test]
fn a_released_segment_goes_with_its_last_user() {
    let dir = Dir::new();
    let mut creator = create(&dir, &[]);
    let mut linker = link(&dir, &[]);
    creator.ask("d", "the segment stays");
    creator.ask("r", "the segment is released");
    linker.ask("i", "users       1");
    linker.ask("w counter=1", "published version 2");
    quits(linker, "the segment is gone");
    let (status, _, _) = creator.finish();
    assert!(status.success());
    assert!(dir.files().is_empty());
}

#[test]
fn a_persistent_segment_stays_until_it_is_removed() {
    let dir = Dir::new();
    let mut creator = create(&dir, &["--persist"]);
    creator.ask("w counter=9", "published version 2");
    quits(creator, "the segment stays");
    let mut linker = link(&dir, &[]);
    linker.ask("r", "counter  9");
    quits(linker, "the segment stays");
    SegmentOptions::new().dir(dir.path()).remove("demo").expect("nobody uses it");
    assert!(dir.files().is_empty());
}

#[test]
fn a_signal_releases_the_segment() {
    let dir = Dir::new();
    let mut creator = create(&dir, &[]);
    creator.ask("k", "LOCKED");
    creator.signal_group(Signal::TERM);
    creator.hear("the segment is gone");
    let (status, _, errors) = creator.finish();
    assert!(status.success() && errors.is_empty(), "{status}: {errors}");
    assert!(dir.files().is_empty());
}

#[test]
fn another_record_is_refused_with_the_field() {
    #[derive(SharedRecord, Default)]
    #[record(name = "Demo")]
    struct Other {
        counter: i64,
        amount: f32,
    }

    let dir = Dir::new();
    let other = SegmentOptions::new().dir(dir.path()).create_with("demo", &Other::default()).expect("a segment");
    let (status, _, errors) = Program::start("shmlink", &dir, &[]).finish();
    assert_eq!(status.code(), Some(1));
    assert!(errors.contains("amount"), "{errors}");
    assert_eq!(other.read().map(|other| (other.counter, other.amount)).ok(), Some((0, 0.0)));
}

#[test]
fn nonsense_is_answered_in_words() {
    let dir = Dir::new();
    let mut creator = create(&dir, &[]);
    for line in
        ["", "x", "w colour=red", "w counter=1e9", "o -1", "n forever", "r r", "\u{1b}[2J", "p counter=1 flag=true"]
    {
        creator.say(line);
    }
    creator.ask(&format!("w text={}", "x".repeat(65)), "exceeds the capacity of 64");
    creator.ask("h", "keep the lock");
    creator.ask("r", "version 1");
    quits(creator, "the segment is gone");
}
