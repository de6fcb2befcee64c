//! Segments looked at without being used: every state is told from the others, and nothing is changed by looking.
#![cfg(target_os = "linux")]

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use shmrec::survey::{Found, State, Survey};
use shmrec::{CreateError, DynReader, LinkError, ReadError, RemoveError, SegmentOptions, Version};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;
use shmrec_tests::{is_root_or_skipped, until};

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// A user without any rights. No such account needs to exist.
const ANN: u32 = 65534;

fn observer(dir: &TestDir, name: &str) -> DynReader {
    dir.options().observe(true).dyn_reader(name).unwrap()
}

/// A survey that finds keyed segments by themselves.
fn survey(dir: &TestDir) -> Survey {
    Survey::new(&SegmentOptions::new().dir(dir.path()))
}

fn look(dir: &TestDir) -> Vec<Found> {
    survey(dir).look().unwrap()
}

fn state(dir: &TestDir, name: &str) -> State {
    survey(dir).look_at(name).unwrap().expect("the name is there").state
}

/// What looking must not change.
fn facts(path: &Path) -> (u64, u64, u32, u64, i64, i64, Vec<u8>) {
    let meta = std::fs::symlink_metadata(path).unwrap();
    let bytes = if meta.is_file() { std::fs::read(path).unwrap_or_default() } else { Vec::new() };
    (meta.ino(), meta.len(), meta.mode(), meta.nlink(), meta.mtime_nsec(), meta.ctime_nsec(), bytes)
}

/// Segments in all states, and the processes that keep them there.
fn everything(dir: &TestDir) -> Vec<Peer> {
    let mut used = Peer::repl(PEER, dir);
    used.must("create used seq=1");
    let mut killed = Peer::repl(PEER, dir);
    killed.must("create abandoned seq=7");
    killed.kill();
    drop(dir.options().persist(true).create_with("unused", &Counter::new(3)).unwrap());
    drop(dir.options().persist(true).create::<Counter>("damaged").unwrap());
    RawSegment::open(&dir.file("damaged")).put(200, b"x");
    drop(dir.options().persist(true).create::<Counter>("schema").unwrap());
    let schema = RawSegment::open(&dir.file("schema"));
    schema.put(schema.schema() + 30, b"~");
    drop(dir.options().persist(true).create::<Counter>("cut").unwrap());
    RawSegment::open(&dir.file("cut")).file().set_len(1000).unwrap();
    drop(dir.options().persist(true).create::<Counter>("later").unwrap());
    RawSegment::open(&dir.file("later")).forge_header(8, &2_u32.to_le_bytes());
    drop(dir.options().persist(true).create::<Counter>("swapped").unwrap());
    RawSegment::open(&dir.file("swapped")).put(12, &0x0102_0304_u32.to_be_bytes());
    drop(dir.options().persist(true).create::<Counter>("original").unwrap());
    std::fs::copy(dir.file("original"), dir.file("renamed")).unwrap();
    std::fs::write(dir.file("foreign"), b"not a segment").unwrap();
    std::fs::write(dir.file("emptied"), b"").unwrap();
    std::fs::create_dir(dir.file("directory")).unwrap();
    symlink(dir.file("used"), dir.file("link")).unwrap();
    std::fs::write(dir.file("no-name"), b"").unwrap();
    std::fs::write(dir.path().join("unrelated"), b"").unwrap();
    vec![used]
}

#[test]
fn every_state_is_told_from_the_others_and_nothing_is_changed() {
    let dir = TestDir::new();
    let _users = everything(&dir);
    let before: Vec<_> = dir.files().iter().map(|file| facts(&dir.path().join(file))).collect();
    let found = look(&dir);
    let again = look(&dir);
    let after: Vec<_> = dir.files().iter().map(|file| facts(&dir.path().join(file))).collect();
    assert_eq!(before, after);
    assert_eq!(found.iter().map(|f| &f.state).collect::<Vec<_>>(), again.iter().map(|f| &f.state).collect::<Vec<_>>());

    let damaged = |problem: &str| State::Damaged { problem: problem.to_owned() };
    let mut states = found.iter().map(|found| (found.name.as_str(), &found.state));
    for (name, expected) in [
        ("abandoned", State::Abandoned),
        ("cut", State::Damaged { problem: String::new() }),
        ("damaged", damaged("the checksum of its header is wrong")),
        ("directory", State::Foreign { found: "a directory" }),
        ("emptied", State::Abandoned),
        ("foreign", State::Foreign { found: "another program's file" }),
        ("later", State::OtherFormat { found: 2 }),
        ("link", State::Foreign { found: "a symbolic link" }),
        ("no-name", State::Foreign { found: "a file whose name no segment can have" }),
        ("original", State::Unused),
        ("renamed", damaged("it was created under the name \"original\"")),
        ("schema", State::Damaged { problem: String::new() }),
        ("swapped", State::OtherByteOrder),
        ("unused", State::Unused),
        ("used", State::Used { users: 1 }),
    ] {
        let (found, state) = states.next().expect("one more");
        assert_eq!(found, name);
        match (&expected, state) {
            // Whatever it says.
            (State::Damaged { problem }, State::Damaged { problem: said }) if problem.is_empty() => {
                assert!(!said.is_empty(), "{name}");
            }
            _ => assert_eq!(state, &expected, "{name}"),
        }
    }
    assert!(states.next().is_none());

    let of = |name: &str| found.iter().find(|found| found.name == name).unwrap();
    let content = of("abandoned").content.as_ref().expect("its last words");
    assert_eq!((content.version, content.schema.record().name.as_str()), (Version::new(1), "Counter"));
    assert!(of("schema").about.is_some() && of("schema").content.is_none(), "its header is whole");
    assert!(of("damaged").about.is_none());
    let about = of("used").about.as_ref().unwrap();
    assert_eq!((about.slots, about.record_size, about.creator.persist), (4, 64, false));
    assert_eq!((of("used").mode, of("used").len), (0o600, about.total_size as u64));
}

#[test]
fn a_directory_that_is_not_there_is_an_error_and_an_empty_one_is_not() {
    let dir = TestDir::new();
    assert!(look(&dir).is_empty());
    let mut survey = Survey::new(&SegmentOptions::new().dir(dir.path().join("nowhere")));
    assert!(matches!(survey.look(), Err(shmrec::SurveyError::NoDirectory(_))));
    assert!(survey.look_at("x").unwrap().is_none());
    assert!(matches!(survey.look_at("../x"), Err(shmrec::SurveyError::InvalidName(_))));
}

fn an_observer_is_no_user_and_keeps_nothing_alive(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut peer = Peer::repl(PEER, &dir);
    peer.must("create watched seq=1");
    let observer = observer(&dir, "watched");
    assert_eq!((observer.users().unwrap(), peer.must("users").as_str()), (1, "1"));
    assert!(observer.is_current().unwrap());

    // Every version, as a user would see them.
    let mut follower = observer.follow();
    peer.must("write 2");
    peer.must("write 3");
    for seq in ["2", "3"] {
        assert_eq!(follower.next(Duration::from_secs(60)).unwrap().get("seq").unwrap().to_string(), seq);
    }

    // The last user goes, and so does the segment; the creation of the next is not in anybody's way.
    peer.must("release");
    assert!(dir.files().is_empty(), "{:?}", dir.files());
    assert!(!observer.is_current().unwrap());
    peer.must("create watched seq=9");
    assert!(!observer.is_current().unwrap(), "another segment of the same name");
    match kind {
        Kind::Named => assert_eq!(observer.get("seq").unwrap().to_string(), "3"),
        // A System V segment is gone when it is removed and nobody is attached.
        Kind::Keyed => assert!(matches!(observer.get("seq"), Err(ReadError::Truncated(_)))),
    }
    drop(observer);
    assert_eq!(dir.files(), ["shmrec.watched"], "an observer that goes removes nothing");
}

#[test]
fn an_observer_reads_what_is_abandoned_and_leaves_it() {
    let dir = TestDir::new();
    let mut peer = Peer::repl(PEER, &dir);
    peer.must("create left seq=5");
    peer.kill();
    let observer = observer(&dir, "left");
    assert_eq!((observer.users().unwrap(), observer.get("seq").unwrap().to_string()), (0, "5".to_owned()));
    observer.release().unwrap();
    assert_eq!(dir.files(), ["shmrec.left"]);
    // Its last user empties what it may not remove.
    RawSegment::open(&dir.file("left")).file().set_len(0).unwrap();
    let error = dir.options().observe(true).dyn_reader("left").unwrap_err();
    assert!(matches!(error, LinkError::StaleForeign(_)), "{error}");
}

#[test]
fn a_segment_that_is_emptied_under_an_observer_is_an_error_and_no_signal() {
    let dir = TestDir::new();
    let _segment = dir.options().create_with("short", &Counter::new(1)).unwrap();
    let observer = observer(&dir, "short");
    RawSegment::open(&dir.file("short")).file().set_len(0).unwrap();
    assert!(matches!(observer.read(), Err(ReadError::Truncated(_))));
    assert!(matches!(observer.lock_state(), Err(ReadError::Truncated(_))));
    assert!(matches!(observer.recoveries(), Err(ReadError::Truncated(_))));
}

fn the_owner_of_the_lock_is_seen_alive_and_dead(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut owner = Peer::repl(PEER, &dir);
    owner.must("create locked seq=1");
    let observer = observer(&dir, "locked");
    assert!(observer.lock_state().unwrap().owner.is_none());
    owner.must("lock");
    let state = observer.lock_state().unwrap().owner.expect("an owner");
    assert!(state.alive);
    let processes = observer.processes().unwrap();
    let [process] = &processes[..] else { panic!("one process: {processes:?}") };
    assert_eq!((process.pid, process.handles), (owner.id(), 1));
    assert_eq!(process.writer_slots, [state.writer_slot.unwrap()]);

    // Somebody waits, and it shows.
    let mut waiter = Peer::repl(PEER, &dir);
    waiter.must("link locked");
    waiter.tell("write 2");
    until("the waiter waits", || observer.lock_state().unwrap().waiters);
    assert_eq!(observer.processes().unwrap().len(), 2);

    owner.kill();
    assert!(waiter.hear().starts_with("ok"));
    assert!(observer.lock_state().unwrap().owner.is_none());
    assert_eq!(observer.recoveries().unwrap(), 1);

    // One that dies with the lock, with nobody to take it over.
    waiter.must("lock");
    waiter.kill();
    let owner = observer.lock_state().unwrap().owner.expect("the dead one");
    assert!(!owner.alive);
    assert_eq!(state_of_begun(&observer), (Version::new(2), Version::new(2)));
}

fn state_of_begun(observer: &DynReader) -> (Version, Version) {
    (observer.version(), observer.begun().unwrap())
}

fn ones_own_lock_is_alive(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("own", &Counter::new(1)).unwrap();
    let guard = segment.lock().unwrap();
    assert!(segment.lock_state().unwrap().owner.is_some_and(|owner| owner.alive));
    drop(guard);
    assert!(segment.lock_state().unwrap().owner.is_none());
}

#[test]
fn whatever_stands_in_the_lock_word_no_look_panics() {
    let dir = TestDir::new();
    let _segment = dir.options().create_with("scribbled", &Counter::new(1)).unwrap();
    let observer = observer(&dir, "scribbled");
    let raw = RawSegment::open(&dir.file("scribbled"));
    for word in [1_u32, 2, 0x7ff, 0x800, 0xfff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
        raw.put(raw.lock(), &word.to_le_bytes());
        let state = observer.lock_state().unwrap();
        assert_eq!(state.waiters, word >> 31 == 1);
        assert!(state.owner.is_none_or(|owner| !owner.alive), "{word:#x}");
        assert!(matches!(look(&dir)[0].state, State::Used { .. }));
    }
}

#[test]
fn only_what_is_damaged_and_unused_is_removed_as_damaged() {
    let dir = TestDir::new();
    let users = everything(&dir);
    let options = dir.options();
    for name in ["damaged", "cut", "renamed"] {
        if name != "renamed" {
            assert!(matches!(options.remove(name), Err(RemoveError::Damaged(_))), "{name}");
        }
        options.remove_damaged(name).unwrap();
        assert!(!dir.file(name).exists());
    }
    let before = dir.files();
    for name in ["used", "unused", "abandoned", "foreign", "emptied", "directory", "link", "later", "swapped", "schema"]
    {
        assert!(options.remove_damaged(name).is_err(), "{name}");
    }
    assert!(matches!(options.remove_damaged("used"), Err(RemoveError::InUse(_))));
    assert!(matches!(options.remove_damaged("nothing"), Err(RemoveError::NotFound(_))));
    assert_eq!(dir.files(), before);

    // Damaged under its user: it stays until that one goes.
    RawSegment::open(&dir.file("used")).put(200, b"x");
    assert!(matches!(options.remove_damaged("used"), Err(RemoveError::InUse(_))));
    users.into_iter().for_each(Peer::kill);
    options.remove_damaged("used").unwrap();
    // A schema is the segment's own: with a whole header it goes as any other.
    options.remove("schema").unwrap();
}

#[test]
fn what_another_user_closes_is_unreadable_and_says_whose_it_is() {
    if !is_root_or_skipped("what_another_user_closes_is_unreadable_and_says_whose_it_is") {
        return;
    }
    let dir = TestDir::new();
    let _segment = dir.options().create_with("closed", &Counter::new(1)).unwrap();
    std::fs::set_permissions(dir.file("closed"), PermissionsExt::from_mode(0o600)).unwrap();
    // Looked at by a user who may not read it.
    let place = std::env::temp_dir().join(format!("shmrec-survey-{}", std::process::id()));
    std::fs::create_dir(&place).unwrap();
    std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).unwrap();
    let program = place.join("peer");
    assert!(std::process::Command::new("cp").arg(PEER).arg(&program).status().unwrap().success());
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let mut ann = Start::new(program.to_str().unwrap(), "repl").arg(dir.path()).user(ANN).spawn_in(dir.path());
    let answer = ann.must("state closed");
    std::fs::remove_dir_all(&place).unwrap();
    assert_eq!(answer, "Unreadable { problem: \"permission denied\" } 0 0600");
}

fn a_survey_disturbs_nobody_who_creates_and_removes(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut peer = Peer::repl(PEER, &dir);
    let survey = std::sync::atomic::AtomicBool::new(true);
    std::thread::scope(|scope| {
        let looker = scope.spawn(|| {
            let mut looks = 0_u32;
            let mut own = self::survey(&dir);
            while survey.load(std::sync::atomic::Ordering::Relaxed) {
                for found in own.look().unwrap() {
                    assert!(
                        matches!(found.state, State::Used { .. } | State::Changing | State::Abandoned),
                        "{found:?}"
                    );
                }
                looks += 1;
            }
            looks
        });
        let answers: Vec<String> =
            (0..300).flat_map(|seq| [peer.ask(&format!("create busy seq={seq}")), peer.ask("release")]).collect();
        // Before anything is claimed: a looker that goes on would keep a failed test from ending.
        survey.store(false, std::sync::atomic::Ordering::Relaxed);
        for answer in answers {
            assert!(answer.starts_with("ok"), "{answer}");
        }
        assert!(looker.join().unwrap() > 0);
    });
    assert!(dir.files().is_empty());
    assert!(matches!(dir.options().create::<Counter>("busy"), Ok(_) | Err(CreateError::Busy(_))));
    assert_eq!(state_or_none(&dir, "busy"), None);
}

fn state_or_none(dir: &TestDir, name: &str) -> Option<State> {
    survey(dir).look_at(name).unwrap().map(|found| found.state)
}

fn every_state_of_a_living_segment_is_found_by_its_name_alone(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut peer = Peer::repl(PEER, &dir);
    peer.must("create alive seq=4");
    peer.must("write 5");
    drop(dir.options().persist(true).create_with("kept", &Counter::new(3)).unwrap());
    let mut killed = Peer::repl(PEER, &dir);
    killed.must("create left seq=1");
    killed.kill();

    let found = look(&dir);
    let states: Vec<_> = found.iter().map(|found| (found.name.as_str(), &found.state)).collect();
    let expected = [("alive", &State::Used { users: 1 }), ("kept", &State::Unused), ("left", &State::Abandoned)];
    assert_eq!(states, expected);
    let keys: Vec<_> = ["alive", "kept", "left"].map(|name| (kind == Kind::Keyed).then(|| dir.key(name))).into();
    assert_eq!(found.iter().map(|found| found.key).collect::<Vec<_>>(), keys);
    assert_eq!(found[0].content.as_ref().unwrap().version, Version::new(2));
    // To look into what somebody may be about to create anew would be in the way.
    assert_eq!(found[2].content.is_some(), kind == Kind::Named);
    assert_eq!(found[2].about.as_ref().unwrap().record_size, 64);
    assert_eq!(state(&dir, "left"), State::Abandoned);

    // By options that name the key.
    let by_key = Survey::new(&dir.options().of("alive")).look_at("alive").unwrap().unwrap();
    assert_eq!(by_key.state, State::Used { users: 1 });
    dir.options().remove("kept").unwrap();
    assert_eq!(state_or_none(&dir, "kept"), None);
    dir.options().remove("left").unwrap();
}

fn an_observed_record_is_never_torn(kind: Kind) {
    use shmrec_tests::records::Block;
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("blocks", &Block::<512>::new(0)).unwrap();
    let observer = dir.options().observe(true).reader::<Block<512>>("blocks").unwrap();
    let end = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut seq = 0;
            while !end.load(std::sync::atomic::Ordering::Relaxed) {
                seq += 1;
                segment.write(&Block::new(seq)).unwrap();
            }
        });
        let mut last = 0;
        for _ in 0..2000 {
            match observer.read() {
                Ok(block) => {
                    let seq = block.seq().expect("a whole block");
                    assert!(seq >= last);
                    last = seq;
                }
                Err(ReadError::Contended(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        end.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

#[test]
fn what_is_no_companion_is_told_and_a_name_is_found_among_keys() {
    let dir = TestDir::of(Kind::Keyed);
    let _segment = dir.options().create_with("keyed", &Counter::new(1)).unwrap();
    let file = |digits: &str| dir.path().join(format!("shmrec-key.{digits}"));
    std::fs::write(file("00000001"), b"nothing").unwrap();
    std::fs::write(file("00000002"), b"").unwrap();
    std::fs::write(file("zz"), b"").unwrap();
    let mut companion = std::fs::read(dir.file("keyed")).unwrap();
    companion[40] ^= 1;
    std::fs::write(file("00000003"), companion).unwrap();
    let states: Vec<_> = look(&dir).into_iter().map(|found| (found.name, found.state)).collect();
    assert!(matches!(&states[0], (name, State::Used { users: 1 }) if name == "keyed"), "{states:?}");
    assert!(matches!(&states[1], (name, State::Foreign { .. }) if name == "shmrec-key.00000001"), "{states:?}");
    assert!(matches!(&states[2], (name, State::Abandoned) if name == "shmrec-key.00000002"), "{states:?}");
    assert!(matches!(&states[3], (name, State::Damaged { .. }) if name == "shmrec-key.00000003"), "{states:?}");
    assert!(matches!(&states[4], (name, State::Foreign { .. }) if name == "shmrec-key.zz"), "{states:?}");
    assert_eq!(state(&dir, "keyed"), State::Used { users: 1 });
}

shmrec_tests::over_both_kinds!(
    an_observer_is_no_user_and_keeps_nothing_alive,
    the_owner_of_the_lock_is_seen_alive_and_dead,
    ones_own_lock_is_alive,
    a_survey_disturbs_nobody_who_creates_and_removes,
    every_state_of_a_living_segment_is_found_by_its_name_alone,
    an_observed_record_is_never_torn,
);
