//! Segments under System V keys: what a key is made of, whose segment has it, and what becomes of a segment when programs that
//! know nothing of shmrec attach it, remove it, or delete its companion file.
//!
//! # Safety
//!
//! `ftok` reads the string that it is given.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)]

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::process::Command;

use shmrec::{CreateError, Key, KeyError, LinkError, Perms, RemoveError, SegmentOptions};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;
use shmrec_tests::sysv::{self, Companion};

const PEER: &str = env!("CARGO_BIN_EXE_peer");

fn keyed() -> TestDir {
    TestDir::of(Kind::Keyed)
}

/// The C library's own `ftok`.
fn ftok_of_c(path: &Path, id: u8) -> i32 {
    let path = CString::new(path.as_os_str().as_bytes()).unwrap();
    // SAFETY: a string with a NUL at its end that outlives the call.
    unsafe { libc::ftok(path.as_ptr(), id.into()) }
}

#[test]
fn ftok_is_the_c_library_s() {
    let mut agreed = 0;
    for directory in ["/", "/etc", "/usr/bin", "/dev", "/proc/self", env!("CARGO_MANIFEST_DIR")] {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            for id in [1, b'A', 127, 128, 255] {
                let theirs = ftok_of_c(&entry.path(), id);
                match Key::ftok(entry.path(), id) {
                    Ok(key) => {
                        assert_eq!(key.get(), theirs, "{:?} {id}", entry.path());
                        agreed += 1;
                    }
                    // A link into nowhere, or numbers that make -1.
                    Err(KeyError::File { .. } | KeyError::Reserved { .. }) => assert_eq!(theirs, -1),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
    assert!(agreed > 1000, "{agreed}");
}

#[test]
fn the_ancestor_s_spelling_finds_the_segment_of_a_file_by_whatever_path() {
    let dir = keyed();
    let file = dir.path().join("app.conf");
    std::fs::write(&file, b"").unwrap();
    let spelt = format!("T{}", file.display());
    let options = SegmentOptions::new().dir(dir.path()).use_ftok(true);
    let segment = options.create_with(&spelt, &Counter::new(1)).unwrap();
    assert_eq!(segment.key(), Some(Key::ftok(&file, b'T').unwrap()));
    assert_eq!(segment.name(), format!("ftok_{:08x}", ftok_of_c(&file, b'T')));
    let roundabout = format!("T{}/../{}/app.conf", dir.path().display(), dir.path().file_name().unwrap().display());
    assert_eq!(options.reader::<Counter>(&roundabout).unwrap().read().unwrap(), Counter::new(1));
    assert!(matches!(options.link::<Counter>(&format!("U{}", file.display())), Err(LinkError::NotFound(_))));
    drop(segment);

    let missing = options.create::<Counter>(&format!("T{}", dir.path().join("missing").display())).unwrap_err();
    assert!(matches!(missing, CreateError::InvalidKey(KeyError::File { .. })), "{missing}");
    assert_eq!(missing.raw_os_error(), Some(libc::ENOENT));
    assert!(missing.to_string().contains("missing"), "{missing}");
    for spelling in ["", "T", "é/etc"] {
        let error = options.link::<Counter>(spelling).unwrap_err();
        assert!(matches!(error, LinkError::InvalidKey(KeyError::Spelling { .. })), "{error}");
        assert!(matches!(options.remove(spelling), Err(RemoveError::InvalidKey(_))));
    }
}

#[test]
fn ipcs_shows_key_mode_owner_and_who_is_attached() {
    let dir = keyed();
    let options = dir.options().perms(Perms::from_mode(0o640).unwrap());
    let segment = options.create_with("listed", &Counter::new(1)).unwrap();
    let _reader = dir.options().reader::<Counter>("listed").unwrap();
    let list = Command::new("ipcs").arg("-m").env("LC_ALL", "C").output().expect("ipcs of util-linux").stdout;
    let list = String::from_utf8(list).unwrap();
    let key = segment.key().unwrap().to_string();
    let line = list.lines().find(|line| line.starts_with(&key)).unwrap_or_else(|| panic!("{key} is not in:\n{list}"));
    let columns: Vec<&str> = line.split_whitespace().collect();
    let found = dir.segment("listed").unwrap();
    let owner = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    assert_eq!(columns[1..], [&*found.id.to_string(), owner.trim(), "640", &*found.size.to_string(), "2"], "{list}");
    assert_eq!(found.size as u64, RawSegment::open(&dir.file("listed")).u64(RawSegment::TOTAL_LEN));
}

#[test]
fn a_key_that_two_names_have_is_a_collision_and_nobody_s_data() {
    let dir = keyed();
    let key = dir.key("mine");
    let theirs = SegmentOptions::new().dir(dir.path()).key(key);
    for persist in [false, true] {
        let segment = theirs.clone().persist(persist).create_with("theirs", &Counter::new(1)).unwrap();
        let ours = dir.options();
        let linked = ours.link::<Counter>("mine").unwrap_err();
        assert!(matches!(linked, LinkError::KeyCollision(_)), "{linked}");
        assert!(linked.to_string().contains("\"theirs\"") && linked.to_string().contains(&key.to_string()), "{linked}");
        assert!(matches!(ours.reader::<Counter>("mine"), Err(LinkError::KeyCollision(_))));
        assert!(matches!(ours.create::<Counter>("mine"), Err(CreateError::KeyCollision(_))));
        assert!(matches!(ours.remove("mine"), Err(RemoveError::KeyCollision(_) | RemoveError::InUse(_))));
        assert_eq!((segment.users().unwrap(), segment.read().unwrap()), (1, Counter::new(1)));
        drop(segment);
        if persist {
            // In nobody's use, and theirs all the same.
            assert!(matches!(ours.create::<Counter>("mine"), Err(CreateError::KeyCollision(_))));
            assert!(matches!(ours.remove("mine"), Err(RemoveError::KeyCollision(_))));
            assert!(matches!(ours.link::<Counter>("mine"), Err(LinkError::KeyCollision(_))));
            assert_eq!(theirs.reader::<Counter>("theirs").unwrap().read().unwrap(), Counter::new(1));
            theirs.remove("theirs").unwrap();
        }
        assert!(dir.files().is_empty(), "{:?}", dir.files());
    }
    // What a killed program has left is nobody's.
    let mut peer = Peer::repl(PEER, &dir);
    peer.must("create mine seq=1");
    peer.kill();
    drop(theirs.create_with("theirs", &Counter::new(2)).unwrap());
    assert!(dir.files().is_empty());
}

/// What has the key is another program's: nothing is attached for longer than a look, nothing is written, nothing removed.
#[test]
fn another_program_s_segment_is_left_alone() {
    for (bytes, mode) in
        [(&[0; 4096][..], 0o600), (b"x", 0o666), (b"shmrec\r\n", 0o600), (&[0xff; 600], 0o400), (&[7; 513], 0)]
    {
        let dir = keyed();
        let before = sysv::make(dir.key("taken"), bytes, 0o600);
        sysv::set_mode(&before, mode);
        let options = dir.options();
        for error in [options.link::<Counter>("taken").unwrap_err(), options.reader::<Counter>("taken").unwrap_err()] {
            assert!(matches!(error, LinkError::NotASegment(_)), "{error}");
            assert!(error.to_string().contains("another program"), "{error}");
        }
        assert!(matches!(options.create::<Counter>("taken"), Err(CreateError::NotASegment(_))));
        assert!(matches!(options.remove("taken"), Err(RemoveError::NotASegment(_))));
        let after = dir.segment("taken").unwrap();
        assert_eq!((after.id, after.mode, after.attached), (before.id, mode, 0));
        sysv::set_mode(&after, 0o600);
        let mut found = vec![0; bytes.len()];
        after.attach().get(0, &mut found);
        assert_eq!(found, bytes);
        assert_eq!(dir.files(), [format!("a segment under {}", dir.key("taken"))], "no companion was left");
    }
}

#[test]
fn as_long_as_a_program_without_shmrec_is_attached_the_segment_stays() {
    let dir = keyed();
    let options = dir.options();
    let segment = options.create_with("shared", &Counter::new(1)).unwrap();
    let attached = dir.segment("shared").unwrap().attach();
    segment.release().unwrap();
    assert_eq!(dir.files(), ["shmrec.shared"]);

    // In use, and so it can be linked, and is neither replaced nor removed.
    let again = options.link::<Counter>("shared").unwrap();
    assert_eq!(again.read().unwrap(), Counter::new(1));
    again.write(&Counter::new(2)).unwrap();
    drop(again);
    assert!(matches!(options.create::<Counter>("shared"), Err(CreateError::AlreadyExists(_))));
    let error = options.remove("shared").unwrap_err();
    assert!(matches!(error, RemoveError::InUse(_)) && error.to_string().contains("by 1 "), "{error}");
    assert_eq!(dir.files(), ["shmrec.shared"]);

    // When it has gone, the next touch removes what is left; a live handle's release does, too.
    drop(attached);
    assert!(matches!(options.link::<Counter>("shared"), Err(LinkError::NotFound(_))));
    assert!(dir.files().is_empty());
}

#[test]
fn a_child_that_was_forked_and_lives_does_not_keep_a_segment_attached() {
    let dir = keyed();
    let segment = dir.options().create_with("forked", &Counter::new(1)).unwrap();
    let mut parent = Start::new(PEER, "fork").arg(dir.to_argument()).arg("forked").spawn();
    assert_eq!(parent.hear(), "locked");
    while !parent.hear().starts_with("child pid") {}
    // Parent and child live; the parent has three handles.
    assert_eq!((segment.users().unwrap(), dir.segment("forked").unwrap().attached), (4, 4));
    drop(segment);
    parent.finish();
    assert!(dir.files().is_empty(), "{:?}", dir.files());
}

#[test]
fn a_segment_that_an_administrator_removes_goes_on_for_its_users_and_is_found_by_newcomers() {
    let dir = keyed();
    let options = dir.options();
    let segment = options.create_with("removed", &Counter::new(1)).unwrap();
    let before = dir.segment("removed").unwrap();
    before.remove();
    assert_eq!(dir.segment("removed"), None, "the key is free");

    segment.write(&Counter::new(2)).unwrap();
    // By the id in the companion.
    let mut newcomer = Peer::repl(PEER, &dir);
    newcomer.must("link removed");
    assert_eq!(newcomer.must("read"), "2");
    newcomer.must("write 3");
    assert_eq!(segment.read().unwrap(), Counter::new(3));
    assert!(matches!(options.create::<Counter>("removed"), Err(CreateError::AlreadyExists(_))));

    // Another program takes the key: that is its own segment.
    let theirs = sysv::make(dir.key("removed"), b"theirs", 0o600);
    assert_eq!(options.reader::<Counter>("removed").unwrap().read().unwrap(), Counter::new(3));
    newcomer.must("release");
    segment.release().unwrap();
    assert!(!dir.file("removed").exists());
    let after = dir.segment("removed").unwrap();
    assert_eq!((after.id, after.attached), (theirs.id, 0));
    assert!(matches!(options.create::<Counter>("removed"), Err(CreateError::NotASegment(_))));
}

#[test]
fn a_companion_whose_segment_is_gone_is_stale_whatever_it_says() {
    // As after a restart of the machine, with a directory on disk; or removed by an administrator.
    for touch in ["link", "reader", "create", "remove"] {
        let dir = keyed();
        let options = dir.options();
        drop(options.clone().persist(true).create_with("kept", &Counter::new(1)).unwrap());
        dir.segment("kept").unwrap().remove();
        match touch {
            "link" => assert!(matches!(options.link::<Counter>("kept"), Err(LinkError::NotFound(_)))),
            "reader" => assert!(matches!(options.reader::<Counter>("kept"), Err(LinkError::NotFound(_)))),
            "create" => drop(options.create::<Counter>("kept").unwrap()),
            _ => options.remove("kept").unwrap(),
        }
        assert!(dir.files().is_empty(), "{touch}: {:?}", dir.files());
    }
}

/// An id may be given again: the companion's number is then another program's segment.
#[test]
fn an_id_that_belongs_to_somebody_else_by_now_is_not_touched() {
    for persist in [false, true] {
        // Of another key; under the same key and of the same length, but not this segment.
        for (name, same_key) in [("other", false), ("reused", true)] {
            let dir = keyed();
            let options = dir.options();
            drop(options.clone().persist(true).create_with("reused", &Counter::new(1)).unwrap());
            let own = dir.segment("reused").unwrap();
            own.remove();
            let theirs = sysv::make(dir.key(name), &vec![7; own.size], 0o600);
            forge_companion(&dir.file("reused"), 24, &theirs.id.to_le_bytes());
            if !persist {
                forge_persist(&dir.file("reused"));
            }
            let linked = options.reader::<Counter>("reused");
            match (persist && same_key, linked) {
                // It persists, says the companion; and what it names is no segment.
                (true, Err(LinkError::NotASegment(_) | LinkError::NotFound(_))) => {}
                (false, Err(LinkError::NotFound(_) | LinkError::NotASegment(_))) => {}
                (_, other) => panic!("{persist} {same_key}: {other:?}"),
            }
            let after = sysv::under(dir.key(name)).expect("their segment");
            assert_eq!((after.id, after.attached), (theirs.id, 0), "{persist} {same_key}");
            let mut bytes = vec![0; own.size];
            after.attach().get(0, &mut bytes);
            assert!(bytes.iter().all(|b| *b == 7));
        }
    }
}

/// Changes a companion file and makes its checksums good again.
fn forge_companion(path: &Path, at: usize, bytes: &[u8]) {
    let file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    file.write_all_at(bytes, at as u64).unwrap();
    for start in [0, 512] {
        let mut part = [0; 504];
        file.read_exact_at(&mut part, start).unwrap();
        let sum =
            part.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3));
        file.write_all_at(&sum.to_le_bytes(), start + 504).unwrap();
    }
}

/// Takes the flag back.
fn forge_persist(path: &Path) {
    forge_companion(path, 512 + 20, &0_u32.to_le_bytes());
}

#[test]
fn a_segment_whose_companion_is_deleted_serves_its_users_and_nobody_else() {
    let dir = keyed();
    let options = dir.options();
    let segment = options.create_with("alone", &Counter::new(1)).unwrap();
    let mut other = Peer::repl(PEER, &dir);
    other.must("link alone");
    std::fs::remove_file(dir.file("alone")).unwrap();

    segment.write(&Counter::new(2)).unwrap();
    assert_eq!(other.must("read"), "2");
    let error = options.link::<Counter>("alone").unwrap_err();
    assert!(matches!(error, LinkError::NoCompanion(_)), "{error}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert!(matches!(options.create::<Counter>("alone"), Err(CreateError::NoCompanion(_))));
    assert!(matches!(options.remove("alone"), Err(RemoveError::NoCompanion(_))));
    assert!(!dir.file("alone").exists(), "nobody makes it another companion");

    // The last one out removes it all the same.
    other.must("release");
    segment.release().unwrap();
    assert!(dir.files().is_empty(), "{:?}", dir.files());
    drop(options.create_with("alone", &Counter::new(3)).unwrap());
}

#[test]
fn what_killed_programs_leave_goes_at_the_next_touch_without_a_companion_too() {
    for touch in ["link", "create", "remove"] {
        let dir = keyed();
        let options = dir.options();
        let mut peer = Peer::repl(PEER, &dir);
        peer.must("create alone seq=1");
        peer.kill();
        std::fs::remove_file(dir.file("alone")).unwrap();
        match touch {
            "link" => assert!(matches!(options.link::<Counter>("alone"), Err(LinkError::NotFound(_)))),
            "create" => drop(options.create_with("alone", &Counter::new(2)).unwrap()),
            _ => options.remove("alone").unwrap(),
        }
        assert!(dir.files().is_empty(), "{touch}: {:?}", dir.files());
    }
}

#[test]
fn a_persistent_segment_without_its_companion_is_kept_until_it_is_removed() {
    let dir = keyed();
    let options = dir.options();
    drop(options.clone().persist(true).create_with("kept", &Counter::new(1)).unwrap());
    std::fs::remove_file(dir.file("kept")).unwrap();
    assert!(matches!(options.link::<Counter>("kept"), Err(LinkError::NoCompanion(_))));
    assert!(matches!(options.create::<Counter>("kept"), Err(CreateError::NoCompanion(_))));
    let theirs = SegmentOptions::new().dir(dir.path()).key(dir.key("kept"));
    assert!(matches!(theirs.remove("theirs"), Err(RemoveError::KeyCollision(_))));
    assert!(dir.segment("kept").is_some());
    options.remove("kept").unwrap();
    assert!(dir.files().is_empty());
    assert!(matches!(options.remove("kept"), Err(RemoveError::NotFound(_))));
}

#[test]
fn programs_that_name_other_directories_for_one_key_are_told() {
    let (dir, elsewhere) = (keyed(), TestDir::new());
    let segment = dir.options().create_with("place", &Counter::new(1)).unwrap();
    let options = SegmentOptions::new().dir(elsewhere.path()).key(dir.key("place"));
    let error = options.link::<Counter>("place").unwrap_err();
    assert!(matches!(error, LinkError::NoCompanion(_)) && error.to_string().contains("another directory"), "{error}");
    assert!(matches!(options.create::<Counter>("place"), Err(CreateError::NoCompanion(_))));
    assert!(elsewhere.files().is_empty());
    assert_eq!(segment.read().unwrap(), Counter::new(1));
}

#[test]
fn a_companion_that_somebody_empties_or_damages_costs_nobody_a_segment() {
    // Emptied, in use.
    let dir = keyed();
    let options = dir.options();
    let segment = options.create_with("cut", &Counter::new(1)).unwrap();
    std::fs::File::options().write(true).open(dir.file("cut")).unwrap().set_len(0).unwrap();
    assert!(matches!(options.link::<Counter>("cut"), Err(LinkError::Busy(_))));
    assert!(matches!(options.create::<Counter>("cut"), Err(CreateError::AlreadyExists(_))));
    segment.write(&Counter::new(2)).unwrap();
    segment.release().unwrap();
    assert!(dir.files().is_empty(), "{:?}", dir.files());

    // Emptied, left by a killed program.
    let mut peer = Peer::repl(PEER, &dir);
    peer.must("create cut seq=1");
    peer.kill();
    std::fs::File::options().write(true).open(dir.file("cut")).unwrap().set_len(0).unwrap();
    assert!(matches!(options.link::<Counter>("cut"), Err(LinkError::NotFound(_))));
    assert!(dir.files().is_empty(), "{:?}", dir.files());

    // Damaged: refused by everything, and left as it is.
    drop(options.clone().persist(true).create_with("cut", &Counter::new(1)).unwrap());
    let whole = std::fs::read(dir.file("cut")).unwrap();
    for at in [8, 12, 16, 20, 24, 32, 600, 1020] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x54;
        std::fs::write(dir.file("cut"), &bytes).unwrap();
        let error = options.link::<Counter>("cut").unwrap_err();
        assert!(matches!(error, LinkError::Damaged(_) | LinkError::UnsupportedFormat(_)), "{at}: {error}");
        assert!(options.create::<Counter>("cut").is_err() && options.remove("cut").is_err());
        assert_eq!(std::fs::read(dir.file("cut")).unwrap(), bytes);
    }
    for len in [1, 7, 8, 511, 1023] {
        std::fs::write(dir.file("cut"), &whole[..len]).unwrap();
        assert!(options.link::<Counter>("cut").is_err() && options.remove("cut").is_err(), "{len}");
        assert_eq!(std::fs::metadata(dir.file("cut")).unwrap().len(), len as u64);
    }
    // Another key's companion, copied.
    std::fs::write(dir.file("cut"), &whole).unwrap();
    std::fs::copy(dir.file("cut"), dir.file("copy")).unwrap();
    let error = options.link::<Counter>("copy").unwrap_err();
    assert!(
        matches!(error, LinkError::Damaged(_)) && error.to_string().contains(&dir.key("cut").to_string()),
        "{error}"
    );
    assert_eq!(options.reader::<Counter>("cut").unwrap().read().unwrap(), Counter::new(1));
}

#[test]
fn a_segment_that_does_not_have_the_header_of_its_companion_is_damaged() {
    let dir = keyed();
    let options = dir.options();
    drop(options.clone().persist(true).create_with("header", &Counter::new(1)).unwrap());
    let raw = RawSegment::open(&dir.file("header"));
    // Another instance, and more slots: each a valid header.
    for (at, bytes) in [(120, &[1, 2, 3][..]), (44, &2_u32.to_le_bytes()), (0, b"SHM")] {
        let before = raw.bytes();
        raw.forge_header(at, bytes);
        let error = options.link::<Counter>("header").unwrap_err();
        assert!(matches!(error, LinkError::Damaged(_) | LinkError::NotASegment(_)), "{error}");
        raw.put(0, &before);
    }
    assert_eq!(options.reader::<Counter>("header").unwrap().read().unwrap(), Counter::new(1));
}

#[test]
fn what_a_creator_could_not_complete_it_takes_back() {
    // Longer than the system permits, on any machine: the address space has not so much.
    let dir = keyed();
    let mut peer = Start::new(PEER, "nosegments").arg(dir.to_argument()).spawn();
    let first = peer.hear();
    if first.starts_with("skipped") {
        return println!("{first}");
    }
    // In an IPC namespace that permits two segments.
    assert_eq!(first, "two");
    let third = peer.hear();
    assert!(third.starts_with("err NoSegments") && third.contains("has 2 System V segments"), "{third}");
    assert!(third.contains("kernel.shmmni") && third.ends_with("errno=Some(28)"), "{third}");
    assert_eq!(peer.hear(), "2 files", "the refused one has left a companion");
    assert_eq!(peer.hear(), "again");
    // With less memory permitted than a segment needs.
    for limit in ["shmmax", "shmall"] {
        let refused = peer.hear();
        assert!(refused.starts_with("err NoMemory") && refused.contains(&format!("kernel.{limit}")), "{refused}");
        assert_eq!(peer.hear(), "0 files");
    }
    peer.finish();
}

#[test]
fn a_segment_of_another_ipc_namespace_is_said_to_be_that() {
    let dir = keyed();
    let segment = dir.options().create_with("here", &Counter::new(1)).unwrap();
    let start =
        || Start::new("unshare", "-Ui").arg("--map-root-user").arg(PEER).arg("repl").arg(dir.to_argument()).spawn();
    let mut there = start();
    there.tell("link here");
    let Some(answer) = there.try_hear() else { return println!("skipped: no IPC namespace of one's own here") };
    assert!(answer.starts_with("err OtherNamespace"), "{answer}");
    assert!(there.ask("create here").starts_with("err AlreadyExists"));
    assert!(there.ask("remove here").starts_with("err InUse"));
    assert_eq!(segment.read().unwrap(), Counter::new(1));
    segment.release().unwrap();
    assert!(dir.files().is_empty(), "{:?}", dir.files());

    // A persistent one of there is not removed from here.
    there.must("create there seq=1 persist=yes");
    there.must("release");
    assert!(matches!(dir.options().link::<Counter>("there"), Err(LinkError::OtherNamespace(_))));
    assert!(matches!(dir.options().create::<Counter>("there"), Err(CreateError::AlreadyExists(_))));
    there.must("reader there");
    assert_eq!(there.must("read"), "1");
    there.must("release");
    there.must("remove there");
    // What is left of one of there goes with its companion, and there by its header.
    there.must("create there seq=2");
    let mut killed = start();
    drop(std::mem::replace(&mut there, start()));
    assert!(matches!(dir.options().link::<Counter>("there"), Err(LinkError::NotFound(_))));
    assert!(!dir.file("there").exists());
    drop(killed.ask("create there seq=3"));
    killed.kill();
}

#[test]
fn many_handles_of_one_process_and_two_keys_keep_apart() {
    let dir = keyed();
    let options = dir.options();
    let (one, two) =
        (options.create_with("one", &Counter::new(1)).unwrap(), options.create_with("two", &Counter::new(2)).unwrap());
    let handles: Vec<_> = (0..50).map(|_| options.link::<Counter>("one").unwrap()).collect();
    assert_eq!((one.users().unwrap(), two.users().unwrap()), (51, 1));
    assert_eq!(dir.segment("one").unwrap().attached, 51);
    assert_ne!(dir.segment("one").unwrap().id, dir.segment("two").unwrap().id);
    drop((one, handles));
    assert_eq!(dir.files(), ["shmrec.two"]);
    assert_eq!(two.read().unwrap(), Counter::new(2));
    let companion = Companion::read(&dir.file("two")).unwrap();
    assert_eq!((companion.state, companion.key, companion.name), (2, two.key().unwrap().get(), "two".to_owned()));
    assert_eq!(std::fs::metadata(two.path()).unwrap().len(), 1024);
    assert_eq!(std::fs::metadata(two.path()).unwrap().mode() & 0o777, 0o600);
}
