//! A segment lives as long as its users, is never half-made, and there is never more than one of a name.

use std::time::Duration;

use shmrec::{CreateError, LinkError, Opened, Reader, RemoveError, Segment};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::platform;
use shmrec_tests::records::Counter;
#[cfg(unix)]
use shmrec_tests::sysv;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

fn nothing(dir: &TestDir) -> bool {
    dir.files().is_empty()
}

fn the_name_goes_with_the_last_user_whoever_that_is(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options();
    let creator = options.create::<Counter>("last").unwrap();
    let mut linker = Peer::repl(PEER, &dir);
    linker.must("link last");
    let reader = options.reader::<Counter>("last").unwrap();
    assert_eq!(reader.users().unwrap(), 3);

    creator.release().unwrap();
    assert_eq!(dir.files(), ["shmrec.last"], "the creator's release must not take the name from the others");
    linker.must("write 7");
    assert_eq!(reader.read().unwrap(), Counter::new(7));
    let newcomer = options.link::<Counter>("last").unwrap();
    assert_eq!(newcomer.read().unwrap().seq, 7);

    drop(newcomer);
    linker.must("release");
    assert_eq!(dir.files(), ["shmrec.last"]);
    reader.release().unwrap();
    assert!(nothing(&dir), "a reader that was the last leaves {:?}", dir.files());
    assert!(matches!(options.link::<Counter>("last"), Err(LinkError::NotFound(_))));
}

fn create_says_who_has_the_name_and_since_when(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut peer = Peer::repl(PEER, &dir);
    let before = std::time::SystemTime::now();
    peer.must("create held");
    let error = dir.options().create::<Counter>("held").unwrap_err();
    let CreateError::AlreadyExists(_) = &error else { panic!("{error}") };
    let holder = error.holder().unwrap();
    assert_eq!(holder.pid, Some(peer.id()));
    assert_eq!(holder.uid, platform::user_number());
    assert!(holder.created.unwrap() >= before && holder.created.unwrap() <= std::time::SystemTime::now());
    assert!(error.to_string().contains(&format!("process {}", peer.id())), "{error}");
}

fn linkers_go_on_when_the_creator_is_killed(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut creator = Peer::repl(PEER, &dir);
    creator.must("create orphan seq=1");
    let linker = dir.options().link::<Counter>("orphan").unwrap();
    creator.kill();

    linker.write(&Counter::new(2)).unwrap();
    assert_eq!(linker.users().unwrap(), 1);
    let mut newcomer = Peer::repl(PEER, &dir);
    newcomer.must("link orphan");
    assert_eq!(newcomer.must("read"), "2");
    assert!(matches!(dir.options().create::<Counter>("orphan"), Err(CreateError::AlreadyExists(_))));
}

#[cfg(unix)]
fn the_name_of_a_killed_last_user_goes_at_the_next_touch(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options();
    for touch in ["create", "link", "reader", "remove"] {
        let mut user = Peer::repl(PEER, &dir);
        user.must("create stale seq=1");
        user.kill();
        assert_eq!(dir.files(), ["shmrec.stale"]);
        match touch {
            "create" => {
                let segment = options.create::<Counter>("stale").unwrap();
                assert_eq!(segment.version().get(), 0, "a new segment has nothing of the old one");
                drop(segment);
            }
            "link" => assert!(matches!(options.link::<Counter>("stale"), Err(LinkError::NotFound(_)))),
            "reader" => assert!(matches!(options.reader::<Counter>("stale"), Err(LinkError::NotFound(_)))),
            _ => options.remove("stale").unwrap(),
        }
        assert!(nothing(&dir), "{touch} left {:?}", dir.files());
    }
}

fn a_persistent_segment_stays_until_it_is_removed(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options();
    let mut creator = Peer::repl(PEER, &dir);
    creator.must("create kept persist=yes seq=5");
    creator.kill();

    let error = options.create::<Counter>("kept").unwrap_err();
    assert!(error.holder().is_some_and(|h| h.persist), "{error}");
    let segment = options.link::<Counter>("kept").unwrap();
    assert_eq!(segment.read().unwrap().seq, 5);
    let Err(RemoveError::InUse(failure)) = options.remove("kept") else { panic!("a live segment was removed") };
    assert!(failure.to_string().contains("1 other"), "{failure}");
    segment.release().unwrap();
    assert_eq!(dir.files(), ["shmrec.kept"]);

    options.remove("kept").unwrap();
    assert!(nothing(&dir));
    assert!(matches!(options.remove("kept"), Err(RemoveError::NotFound(_))));
}

fn a_live_segment_that_does_not_persist_is_not_removed_either(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut user = Peer::repl(PEER, &dir);
    user.must("create live");
    assert!(matches!(dir.options().remove("live"), Err(RemoveError::InUse(_))));
    user.must("write 3");
    assert_eq!(dir.options().reader::<Counter>("live").unwrap().read().unwrap().seq, 3);
}

fn a_reader_that_starts_first_waits_for_the_creator(kind: Kind) {
    let dir = TestDir::of(kind);
    let mut early = Peer::repl(PEER, &dir);
    early.tell("reader_wait soon");
    let begun = std::time::Instant::now();
    let error = dir.options().link_wait::<Counter>("never", Duration::from_millis(30)).unwrap_err();
    assert!(matches!(error, LinkError::NotFound(_)) && begun.elapsed() >= Duration::from_millis(30), "{error}");

    let segment = dir.options().create_with("soon", &Counter::new(9)).unwrap();
    assert_eq!(early.hear(), "ok");
    assert_eq!(early.must("read"), "9");
    drop(segment);
}

fn create_or_link_says_which_and_only_one_of_many_creates(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options();
    for round in 0..50 {
        let name = format!("either_{round}");
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| options.create_or_link::<Counter>(&name).unwrap())).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(opened.iter().filter(|(_, opened)| *opened == Opened::Created).count(), 1, "round {round}");
    }
    assert!(nothing(&dir), "{:?}", dir.files());
}

fn of_a_hundred_processes_that_create_one_name_one_wins_every_time(kind: Kind) {
    const PROCESSES: usize = 100;
    const ROUNDS: usize = 100;
    let dir = TestDir::of(kind);
    let gates = TestDir::new();
    let gate = std::fs::File::create(gates.path().join("gate")).unwrap();
    let start =
        || Start::new(PEER, "race").arg(dir.to_argument()).arg("contested").arg(gates.path().join("gate")).spawn();
    let mut peers: Vec<_> = (0..PROCESSES).map(|_| start()).collect();
    let mut peeks = [0; 2];
    for round in 0..ROUNDS {
        // The last ten of every other round link instead: they find a whole segment or none.
        let (creators, peekers) = peers.split_at_mut(PROCESSES - if round % 2 == 0 { 0 } else { 10 });
        // Nobody goes before all are there and the gate opens.
        platform::close_gate(&gate);
        creators.iter_mut().for_each(|p| p.tell("create"));
        peekers.iter_mut().for_each(|p| p.tell("peek"));
        for peer in creators.iter_mut().chain(&mut *peekers) {
            assert_eq!(peer.hear(), "waiting");
        }
        platform::open_gate(&gate);
        let answers: Vec<_> = creators.iter_mut().map(Peer::hear).collect();
        let winners: Vec<_> = (0..creators.len()).filter(|i| answers[*i] == "won").collect();
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        let winner = creators[winners[0]].id();
        let refused = answers.iter().filter(|a| a.starts_with("err AlreadyExists")).count();
        assert_eq!(refused, creators.len() - 1, "round {round}: {answers:?}");
        for answer in peekers.iter_mut().map(Peer::hear) {
            match answer.as_str() {
                "whole" => peeks[0] += 1,
                other if other.starts_with("err NotFound") => peeks[1] += 1,
                other => panic!("round {round}: {other}"),
            }
        }
        // Everybody may link, and sees the winner's record.
        peers.iter_mut().for_each(|p| p.tell("link"));
        for answer in peers.iter_mut().map(Peer::hear) {
            assert_eq!(answer, format!("read {winner}"), "round {round}");
        }
        peers.iter_mut().for_each(|p| p.tell("release"));
        for answer in peers.iter_mut().map(Peer::hear) {
            assert_eq!(answer, "released");
        }
        assert!(nothing(&dir), "round {round}: {:?}", dir.files());
    }
    println!(
        "{PROCESSES} processes, {ROUNDS} rounds; early linkers: {} found it whole, {} found none",
        peeks[0], peeks[1]
    );
}

/// Creators, linkers and last users of one name, as fast as they can. Whoever holds a segment must be the only one of
/// that name: two handles that are alive at once in this process and were not refused see each other's writes.
fn last_users_linkers_and_creators_never_split_a_name(kind: Kind) {
    const EACH: usize = 3_000;
    let dir = TestDir::of(kind);
    let options = dir.options();
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let options = &options;
            scope.spawn(move || {
                for i in 0..EACH as u64 {
                    let (segment, _) = options.create_or_link::<Counter>("churn").unwrap();
                    let mine = thread * EACH as u64 + i + 1;
                    let version = segment.write(&Counter::new(mine)).unwrap();
                    // Linked by name while `segment` is alive, so it must be the same segment.
                    let again = options.reader::<Counter>("churn").unwrap();
                    assert!(again.version() >= version, "another segment under the name of a live one");
                    match again.read_version(version) {
                        Ok(record) => assert_eq!(record, Counter::new(mine)),
                        // Three other writers may have published more than a segment keeps.
                        Err(shmrec::ReadError::NoSuchVersion(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    assert!(nothing(&dir), "{:?}", dir.files());
}

#[cfg(unix)]
fn killed_creators_leave_a_whole_segment_or_none(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options();
    let (mut found, mut begun, mut none) = (0, 0, 0);
    for round in 0..200 {
        let mut peer = Start::new(PEER, "race").arg(dir.to_argument()).arg("cut").arg("/dev/null").spawn();
        peer.tell("create");
        // Some are killed before they begin, some in the middle, some behind it.
        for _ in 0..round * 50 {
            std::hint::spin_loop();
        }
        if round % 4 == 0 {
            assert_eq!(peer.hear(), "waiting");
            assert_eq!(peer.hear(), "won");
        }
        peer.kill();
        // The dead one's file, if it has a name: whole.
        let file = dir.file("cut");
        if sysv::Companion::read(&file).is_some_and(|companion| companion.state == 1) {
            // A companion says so itself, and there may be no segment at all.
            begun += 1;
        } else if file.exists() {
            let raw = shmrec_tests::raw::RawSegment::open(&file);
            assert_eq!((raw.begin(), raw.committed()), (1, 1), "round {round}");
            found += 1;
        } else {
            none += 1;
        }
        // Whoever reads the dead one's memory map, as a survey does, keeps that memory for the moment, and a System V segment in it.
        shmrec_tests::until("the kernel has let go of its memory", || {
            kind == Kind::Named || sysv::under(dir.key("cut")).is_none_or(|segment| segment.attached == 0)
        });
        let linked = options.link::<Counter>("cut");
        assert!(matches!(linked, Err(LinkError::NotFound(_))), "round {round}: {linked:?}");
        assert!(nothing(&dir), "round {round}: {:?}", dir.files());
    }
    assert!(found > 0, "no round left a name behind");
    println!("killed creators: {found} left a whole segment, {begun} one that they had begun, {none} nothing");
}

/// Without /proc a file that has no name cannot be given one, so segments are made under a temporary name first.
#[cfg(unix)]
fn where_files_need_a_name_from_the_start_segments_live_and_die_all_the_same(kind: Kind) {
    let dir = TestDir::of(kind);
    let start = || {
        let masked = "mount -t tmpfs none /proc && exec \"$0\" repl \"$1\"";
        let start = Start::new("unshare", "-Urm").arg("sh").arg("-c").arg(masked).arg(PEER).arg(dir.to_argument());
        start.spawn()
    };
    let mut first = start();
    first.tell("create plain seq=1");
    match first.try_hear() {
        Some(answer) => assert_eq!(answer, "ok"),
        None => return eprintln!("skipped: no mount namespace of one's own here"),
    }
    assert_eq!(dir.files(), ["shmrec.plain"], "the temporary name is gone");
    let mut second = start();
    assert!(second.ask("create plain").starts_with("err AlreadyExists"));
    second.must("link plain");
    second.must("write 2");
    first.must("release");
    assert_eq!(second.must("read"), "2");
    second.must("release");
    assert!(nothing(&dir), "{:?}", dir.files());

    // What a creator leaves that dies before its segment has its own name goes with the next creator.
    std::fs::write(dir.path().join(".shmrec-new.0123456789abcdef"), b"half").unwrap();
    first.must("create plain seq=3");
    assert_eq!(dir.files(), ["shmrec.plain"]);
    first.kill();
    assert!(matches!(dir.options().link::<Counter>("plain"), Err(LinkError::NotFound(_))));
    assert!(nothing(&dir), "{:?}", dir.files());
}

fn the_directory_comes_from_the_option_or_the_environment(kind: Kind) {
    let dir = TestDir::of(kind);
    let here = dir.options().create_with("place", &Counter::new(4)).unwrap();
    assert_eq!(here.path(), dir.file("place"));
    // Another process that has it from its environment.
    let mut there = Start::new(PEER, "repl").arg(dir.at("").to_argument()).env("SHMREC_DIR", dir.path()).spawn();
    there.must("link place");
    assert_eq!(there.must("read"), "4");
    drop(here);
}

fn a_handle_outlives_a_change_of_the_working_directory(kind: Kind) {
    // In a process of its own: the working directory is everybody's.
    let dir = TestDir::of(kind);
    let mut peer = Start::new(PEER, "repl").arg(dir.at(".").to_argument()).spawn_in(dir.path());
    peer.must("create moved seq=1");
    assert_eq!(dir.files(), ["shmrec.moved"]);
    peer.must("chdir /");
    peer.must("release");
    assert!(nothing(&dir), "{:?}", dir.files());
}

fn names_are_one_for_all_kinds_of_handles(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options();
    let segment: Segment<Counter> = options.create_with("kinds", &Counter::new(1)).unwrap();
    let reader: Reader<Counter> = options.reader("kinds").unwrap();
    assert_eq!((segment.name(), reader.name()), ("kinds", "kinds"));
    assert_eq!(segment.users().unwrap(), 2);
    assert!(reader.is_mapped());
}

shmrec_tests::over_both_kinds!(
    the_name_goes_with_the_last_user_whoever_that_is,
    create_says_who_has_the_name_and_since_when,
    linkers_go_on_when_the_creator_is_killed,
    a_persistent_segment_stays_until_it_is_removed,
    a_live_segment_that_does_not_persist_is_not_removed_either,
    a_reader_that_starts_first_waits_for_the_creator,
    create_or_link_says_which_and_only_one_of_many_creates,
    of_a_hundred_processes_that_create_one_name_one_wins_every_time,
    last_users_linkers_and_creators_never_split_a_name,
    the_directory_comes_from_the_option_or_the_environment,
    a_handle_outlives_a_change_of_the_working_directory,
    names_are_one_for_all_kinds_of_handles,
);

/// Where they are not, a name goes with its last user, however that one ends: `windows.rs`.
#[cfg(unix)]
mod where_segments_are_files {
    use super::{
        killed_creators_leave_a_whole_segment_or_none, the_name_of_a_killed_last_user_goes_at_the_next_touch,
        where_files_need_a_name_from_the_start_segments_live_and_die_all_the_same,
    };

    shmrec_tests::over_both_kinds!(
        the_name_of_a_killed_last_user_goes_at_the_next_touch,
        killed_creators_leave_a_whole_segment_or_none,
        where_files_need_a_name_from_the_start_segments_live_and_die_all_the_same,
    );
}
