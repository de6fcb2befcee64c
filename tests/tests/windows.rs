//! What only Windows has: sections and files under one name, rights by lists, names in two lists, and signs of life by
//! objects that are there.
//!
//! # Safety
//!
//! Calls that make objects under names of the tests' own, with strings that end with a NUL and structures that outlive
//! them.
#![cfg(windows)]
#![allow(unsafe_code)]

use std::fs::File;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{FromRawHandle, OwnedHandle};
use std::ptr::{null, null_mut};
use std::time::{Duration, Instant};

use shmrec::survey::{State, Survey};
use shmrec::{CreateError, LinkError, LockError, Perms, RemoveError, SegmentOptions};
use shmrec_tests::directory::TestDir;
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::platform::suffix_of;
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;
use shmrec_tests::until;
use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::Security::Authorization::{
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::SECURITY_ATTRIBUTES;
use windows_sys::Win32::System::Memory::{CreateFileMappingW, PAGE_READWRITE, SEC_RESERVE};
use windows_sys::Win32::System::Threading::CreateEventW;

const PEER: &str = env!("CARGO_BIN_EXE_peer");
const ACCESS_DENIED: Option<i32> = Some(5);

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// The name of the memory of the segment `name`.
fn section_name(dir: &TestDir, name: &str) -> String {
    format!(r"Local\shmrec.{name}{}", suffix_of(dir.path()))
}

/// Makes a section with nothing but zeros in it.
fn section(name: &str, kind: u32) -> OwnedHandle {
    let name = wide(name);
    // SAFETY: the name outlives the call.
    let handle =
        unsafe { CreateFileMappingW(INVALID_HANDLE_VALUE, null(), PAGE_READWRITE | kind, 0, 1 << 16, name.as_ptr()) };
    assert!(!handle.is_null(), "{}", std::io::Error::last_os_error());
    // SAFETY: made just now, and nobody else's.
    unsafe { OwnedHandle::from_raw_handle(handle) }
}

/// Makes an event with these rights, or with those that the system gives.
fn event(name: &str, sddl: Option<&str>) -> OwnedHandle {
    let (name, mut descriptor) = (wide(name), null_mut());
    if let Some(sddl) = sddl {
        let sddl = wide(sddl);
        // SAFETY: the text ends with a NUL. (What the call allocates is kept: this is a test.)
        let made = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                sddl.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                null_mut(),
            )
        };
        assert_ne!(made, 0, "{}", std::io::Error::last_os_error());
    }
    let attributes = SECURITY_ATTRIBUTES {
        nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
        lpSecurityDescriptor: descriptor,
        bInheritHandle: 0,
    };
    // SAFETY: name and attributes outlive the call.
    let handle = unsafe { CreateEventW(&raw const attributes, 1, 0, name.as_ptr()) };
    assert!(!handle.is_null(), "{}", std::io::Error::last_os_error());
    // SAFETY: made just now, and nobody else's.
    unsafe { OwnedHandle::from_raw_handle(handle) }
}

fn perms(mode: u32) -> Perms {
    Perms::from_mode(mode).unwrap()
}

#[test]
fn the_name_goes_with_the_last_user_killed_or_not() {
    let dir = TestDir::new();
    let options = dir.options();
    let mut user = Peer::repl(PEER, &dir);
    user.must("create gone seq=1");
    assert_eq!(dir.files(), ["shmrec.gone"]);
    user.kill();
    assert!(dir.files().is_empty(), "{:?}", dir.files());
    assert!(matches!(options.link::<Counter>("gone"), Err(LinkError::NotFound(_))));
    assert!(matches!(options.remove("gone"), Err(RemoveError::NotFound(_))));
    assert_eq!(options.create::<Counter>("gone").unwrap().version().get(), 0, "nothing of the old one");
}

#[test]
fn killed_creators_leave_nothing() {
    let dir = TestDir::new();
    let gate = dir.path().join("gate");
    File::create(&gate).unwrap();
    let options = dir.options();
    for round in 0..24 {
        let mut peer = Start::new(PEER, "race").arg(dir.path()).arg("cut").arg(&gate).spawn();
        peer.tell("create");
        // Some are killed before they begin, some in the middle, some behind it.
        if round % 2 == 0 {
            assert_eq!(peer.hear(), "waiting");
            for _ in 0..round * 5_000 {
                std::hint::spin_loop();
            }
        }
        if round % 6 == 0 {
            assert_eq!(peer.hear(), "won");
        }
        peer.kill();
        assert!(matches!(options.link::<Counter>("cut"), Err(LinkError::NotFound(_))), "round {round}");
        assert_eq!(dir.files(), ["gate"], "round {round}");
    }
}

#[test]
fn a_persistent_segment_outlives_a_writer_that_was_killed_in_the_middle_and_everybody_else() {
    let dir = TestDir::new();
    let options = dir.options();
    let mut creator = Peer::repl(PEER, &dir);
    creator.must("create kept persist=yes seq=1");
    let mut linker = Peer::repl(PEER, &dir);
    linker.must("link kept");
    creator.must("lock");
    creator.must("set 99");
    assert_eq!(linker.must("read"), "1");
    assert!(linker.ask("lock try").starts_with("err Timeout"));
    creator.kill();
    let answer = linker.must("lock");
    assert!(answer.starts_with("recovered=true"), "{answer}");
    linker.must("set 2");
    assert_eq!(linker.must("unlock"), "2");
    assert_eq!(linker.must("users"), "1");
    linker.must("release");

    assert!(dir.file("kept").is_file());
    let segment = options.link::<Counter>("kept").unwrap();
    assert_eq!((segment.read().unwrap().seq, segment.recoveries().unwrap()), (2, 1));
    // Nobody cuts a file that is mapped.
    let cut = File::options().write(true).open(dir.file("kept")).unwrap().set_len(0);
    assert_eq!(cut.unwrap_err().raw_os_error(), Some(1224));
    drop(segment);
    options.remove("kept").unwrap();
    assert!(dir.files().is_empty());
}

/// Whether this system keeps anybody from a file: Wine that runs as root does not.
fn files_have_rights() -> bool {
    let dir = TestDir::new();
    let options = dir.options().persist(true).perms(perms(0));
    drop(options.create::<Counter>("closed").unwrap());
    let kept = File::open(dir.file("closed")).is_err();
    if !kept {
        println!("skipped in part: this system keeps nobody from a file");
    }
    kept
}

#[test]
fn the_rights_are_those_asked_for_and_no_others() {
    // This user's and everyone's bits; whether this user may then read, and write.
    for (mode, reads, writes) in [
        (0o600, true, true),
        (0o400, true, false),
        (0o644, true, true),
        (0o444, true, false),
        (0o200, false, false),
        (0o000, false, false),
        // What everyone may and the user may not.
        (0o066, false, false),
        (0o004, false, false),
        (0o406, true, false),
        // The group says nothing.
        (0o460, true, false),
    ] {
        for persist in [false, true] {
            if persist && !files_have_rights() {
                continue;
            }
            let dir = TestDir::new();
            let options = dir.options().persist(persist).perms(perms(mode));
            let creator = options.create_with("closed", &Counter::new(1)).unwrap();
            creator.write(&Counter::new(2)).unwrap();
            let of_link = |outcome: Result<(), LinkError>| match outcome {
                Ok(()) => true,
                Err(error @ LinkError::PermissionDenied(_)) => {
                    assert_eq!(error.raw_os_error(), ACCESS_DENIED, "{error}");
                    false
                }
                Err(error) => panic!("{mode:04o}: {error}"),
            };
            let reader = options.reader::<Counter>("closed").map(|r| assert_eq!(r.read().unwrap().seq, 2));
            assert_eq!(of_link(reader), reads, "{mode:04o} persist={persist}: reading");
            let writer = options.link::<Counter>("closed").map(|w| assert!(w.write(&Counter::new(2)).is_ok()));
            assert_eq!(of_link(writer), writes, "{mode:04o} persist={persist}: writing");
            let error = options.create::<Counter>("closed").unwrap_err();
            assert!(matches!(error, CreateError::AlreadyExists(_)), "{mode:04o} persist={persist}: {error}");
        }
    }
}

#[test]
fn names_that_differ_only_in_capitals_are_two_segments() {
    let dir = TestDir::new();
    for persist in [false, true] {
        let options = dir.options().persist(persist);
        let [small, capital] = ["pose", "Pose"].map(|name| options.create_with(name, &Counter::new(1)).unwrap());
        capital.write(&Counter::new(2)).unwrap();
        assert_eq!((small.read().unwrap().seq, capital.read().unwrap().seq), (1, 2));
        assert_eq!(options.reader::<Counter>("Pose").unwrap().read().unwrap().seq, 2);
        assert!(matches!(options.link::<Counter>("POSE"), Err(LinkError::NotFound(_))));
        drop((small, capital));
        if persist {
            ["pose", "Pose"].iter().for_each(|name| options.remove(name).unwrap());
        }
    }
}

#[test]
fn a_segment_for_all_sessions_is_another_than_one_for_this() {
    let dir = TestDir::new();
    let (local, global) = (dir.options(), dir.options().global(true));
    let here = local.create_with("scope", &Counter::new(1)).unwrap();
    let everywhere = match global.create_with("scope", &Counter::new(2)) {
        Ok(segment) => segment,
        Err(CreateError::NoGlobalPrivilege(failure)) => {
            assert!(failure.to_string().contains("SeCreateGlobalPrivilege"), "{failure}");
            return println!("skipped in part: this user may not create segments for all sessions");
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(local.reader::<Counter>("scope").unwrap().read().unwrap().seq, 1);
    assert_eq!(global.link::<Counter>("scope").unwrap().read().unwrap().seq, 2);
    drop(here);
    assert!(matches!(local.link::<Counter>("scope"), Err(LinkError::NotFound(_))));
    drop(everywhere);
    assert!(matches!(global.link::<Counter>("scope"), Err(LinkError::NotFound(_))));
}

#[test]
fn a_directory_is_the_same_however_it_is_spelt() {
    let dir = TestDir::new();
    let _segment = dir.options().create_with("spelt", &Counter::new(1)).unwrap();
    let upper = dir.path().to_str().unwrap().to_uppercase();
    for spelt in [format!("{}\\", dir.path().display()), format!("{}\\.", dir.path().display()), upper] {
        let reader = SegmentOptions::new().dir(&spelt).reader::<Counter>("spelt").unwrap();
        assert_eq!(reader.read().unwrap().seq, 1, "{spelt}");
    }
    assert!(matches!(TestDir::new().options().link::<Counter>("spelt"), Err(LinkError::NotFound(_))));
}

#[test]
fn a_name_that_is_never_published_is_busy_in_time_and_free_at_once_when_it_goes() {
    let dir = TestDir::new();
    let options = dir.options();
    let half_made = section(&section_name(&dir, "half"), 0);
    let begun = Instant::now();
    assert!(matches!(options.create::<Counter>("half"), Err(CreateError::Busy(_))));
    assert!(matches!(options.link::<Counter>("half"), Err(LinkError::Busy(_))));
    assert!(matches!(options.remove("half"), Err(RemoveError::Busy(_))));
    assert!(begun.elapsed() < Duration::from_secs(60));
    let waiting = std::thread::spawn(move || options.link_wait::<Counter>("half", Duration::from_secs(60)).map(drop));
    drop(half_made);
    let segment = dir.options().create_with("half", &Counter::new(1)).unwrap();
    waiting.join().unwrap().unwrap();
    drop(segment);
}

#[test]
fn what_is_no_segment_is_left_alone() {
    let dir = TestDir::new();
    let options = dir.options();
    let refused = |name: &str, words: &str| {
        let create = options.create::<Counter>(name).unwrap_err();
        assert!(matches!(create, CreateError::NotASegment(_)) && create.to_string().contains(words), "{create}");
        let stored = options.clone().persist(true).create::<Counter>(name).unwrap_err();
        assert!(matches!(stored, CreateError::NotASegment(_)) && stored.to_string().contains(words), "{stored}");
        let link = options.link::<Counter>(name).unwrap_err();
        assert!(matches!(link, LinkError::NotASegment(_)) && link.to_string().contains(words), "{link}");
        let remove = options.remove(name).unwrap_err();
        assert!(matches!(remove, RemoveError::NotASegment(_)) && remove.to_string().contains(words), "{remove}");
    };
    std::fs::write(dir.file("text"), b"text").unwrap();
    refused("text", "another program's file");
    assert_eq!(std::fs::read(dir.file("text")).unwrap(), b"text");
    std::fs::create_dir(dir.file("folder")).unwrap();
    refused("folder", "a directory");
    let _event = event(&section_name(&dir, "event"), None);
    refused("event", "an object of another kind");
    // Memory that is not there: a load of it would be an access violation.
    let _reserved = section(&section_name(&dir, "reserved"), SEC_RESERVE);
    refused("reserved", "another program's memory");
}

#[test]
fn a_file_that_another_program_has_for_itself_is_busy_and_no_user() {
    let dir = TestDir::new();
    let options = dir.options().persist(true);
    drop(options.create_with("kept", &Counter::new(1)).unwrap());
    let alone = File::options().read(true).share_mode(0).open(dir.file("kept")).unwrap();
    assert!(matches!(options.link::<Counter>("kept"), Err(LinkError::Busy(_))));
    assert!(matches!(options.remove("kept"), Err(RemoveError::Busy(_))));
    drop(alone);
    assert_eq!(options.link::<Counter>("kept").unwrap().read().unwrap().seq, 1);
    options.remove("kept").unwrap();
}

#[test]
fn an_object_in_a_dead_writer_s_place_that_nobody_may_open_is_no_sign_of_life() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("squatted", &Counter::new(1)).unwrap();
    let mut owner = Peer::repl(PEER, &dir);
    owner.must("link squatted");
    owner.must("lock");
    let raw = RawSegment::open(&dir.file("squatted"));
    let slot = (raw.u32(raw.lock()) & 0x7ff) - 1;
    let mut instance = [0; 16];
    raw.get(120, &mut instance);
    let place = format!(r"Local\shmrec-{:032x}.writer.{slot}", u128::from_le_bytes(instance));
    assert!(matches!(segment.try_lock(), Err(LockError::Timeout(_))), "the owner lives");
    owner.kill();
    let _squatter = event(&place, Some("D:P"));
    assert!(segment.try_lock().expect("the dead owner's lock").recovered());
    // Nor does it keep anybody from writing.
    dir.options().link::<Counter>("squatted").unwrap().write(&Counter::new(2)).unwrap();
}

#[test]
fn a_waiter_hears_at_once_and_not_after_its_slice() {
    // Rings that follow each other closely, so that sleepers find events set by rings before.
    let dir = TestDir::new();
    let segment = dir.options().create_with("rings", &Counter::new(0)).unwrap();
    let raw = RawSegment::open(&dir.file("rings"));
    let mut waiters: Vec<_> = (0..3).map(|_| Peer::repl(PEER, &dir)).collect();
    waiters.iter_mut().for_each(|w| drop(w.must("link rings")));
    for seq in 1..40 {
        let since = segment.version().get();
        waiters.iter_mut().for_each(|w| w.tell(&format!("wait {since}")));
        until("a waiter has registered", || raw.has_waiter());
        segment.write(&Counter::new(seq)).unwrap();
        for waiter in &mut waiters {
            assert_eq!(waiter.hear(), format!("ok {} {seq}", since + 1));
        }
    }
}

#[test]
fn what_is_left_of_a_creator_that_died_before_its_file_had_a_name_is_swept_away() {
    let dir = TestDir::new();
    std::fs::write(dir.path().join(".shmrec-new.0123456789abcdef"), b"half").unwrap();
    let segment = dir.options().persist(true).create_with("swept", &Counter::new(1)).unwrap();
    assert_eq!(dir.files(), ["shmrec.swept"]);
    drop(segment);
    dir.options().remove("swept").unwrap();
}

#[test]
fn memory_is_surveyed_and_whoever_looks_is_no_user() {
    let dir = TestDir::new();
    let options = dir.options();
    let mut survey = Survey::new(&SegmentOptions::new().dir(dir.path()));
    assert!(survey.look().unwrap().is_empty());

    let used = options.create_with("used", &Counter::new(1)).unwrap();
    let mut peer = Peer::repl(PEER, &dir);
    peer.must("create Used seq=7");
    drop(options.clone().persist(true).create_with("Kept", &Counter::new(3)).unwrap());
    // Memory and files of others that only look like a segment's.
    let _section = section(&section_name(&dir, "no-name"), 0);
    let _unpublished = section(&section_name(&dir, "changing"), 0);
    std::fs::write(dir.path().join("shmrec.no-name"), b"").unwrap();
    std::fs::write(dir.path().join("shmrec.hashed.0123456789abcdef"), b"").unwrap();
    let states = |survey: &mut Survey| {
        let found = survey.look().unwrap();
        found.into_iter().map(|found| (found.name, found.state)).collect::<Vec<_>>()
    };
    let odd = || State::Foreign { found: "a file whose name no segment can have" };
    let expected = [
        ("Kept", State::Unused),
        ("Used", State::Used { users: 1 }),
        ("changing", State::Changing),
        ("hashed.0123456789abcdef", odd()),
        ("no-name", odd()),
        ("used", State::Used { users: 1 }),
    ];
    assert_eq!(states(&mut survey), expected.map(|(name, state)| (name.to_owned(), state)));

    // Two who look for long, and neither counts.
    let observing = SegmentOptions::new().dir(dir.path()).observe(true);
    let (first, second) = (observing.dyn_reader("used").unwrap(), observing.dyn_reader("used").unwrap());
    for users in [used.users(), first.users(), second.users()] {
        assert_eq!(users.unwrap(), 1);
    }
    assert_eq!(survey.look_at("used").unwrap().unwrap().state, State::Used { users: 1 });
    drop(used);
    assert_eq!((first.users().unwrap(), second.users().unwrap()), (0, 0), "nobody is left");
    assert_eq!(survey.look_at("used").unwrap().unwrap().state, State::Changing, "it goes with the last look");
    drop((first, second));
    assert!(survey.look_at("used").unwrap().is_none());
    let kept = observing.dyn_reader("Kept").unwrap();
    assert_eq!(kept.users().unwrap(), 0);
    peer.must("link Kept");
    assert_eq!(kept.users().unwrap(), 1);
    peer.kill();
    assert_eq!(kept.users().unwrap(), 0);
}
