//! A peer that may write to the segment writes anything anywhere while others use it: every call gives a value or a typed
//! error within its bound, and when the scribbles are gone everything works again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shmrec::{LockError, ReadError, Reader, Segment, Shared, SharedRecord, TrustOwner, Version, WaitError, WriteError};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::options::Options;
use shmrec_tests::platform;
use shmrec_tests::random::Random;
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;

use super::ends;

/// How long reads, locks and waits of these tests try: together far below what ends a hang.
const PATIENCE: Duration = Duration::from_millis(2);

/// No single call may take longer: its own bound is [`PATIENCE`], the rest is what a busy machine may add.
const BOUND: Duration = Duration::from_secs(30);

/// Ends a wait that has failed.
const A_MINUTE: Duration = Duration::from_secs(60);

/// A segment in use, and its file in the hands of one who means harm.
struct Scene {
    segment: Segment<Counter>,
    reader: Reader<Counter>,
    /// A reader that does not trust the segment's owner, where this process may give a file away.
    copied: Option<Reader<Counter>>,
    raw: RawSegment,
    /// Transfer, lock and bell regions, and the slots.
    regions: [(&'static str, u64, u64); 4],
    before: Vec<u8>,
    // Behind the handles: they release into it.
    dir: TestDir,
}

impl Scene {
    fn new(kind: Kind) -> Self {
        let dir = TestDir::of(kind);
        let options = dir.options().read_timeout(PATIENCE).lock_timeout(PATIENCE);
        let segment = options.create_with("victim", &Counter::new(1)).unwrap();
        for seq in 2..10 {
            segment.write(&Counter::new(seq)).unwrap();
        }
        let reader = options.reader::<Counter>("victim").unwrap();
        let file = dir.file("victim");
        let copied = (kind == Kind::Named && platform::is_root()).then(|| {
            platform::give_away(&file);
            let copied = options.reader::<Counter>("victim").unwrap();
            assert!(!copied.is_mapped());
            copied
        });
        let raw = RawSegment::open(&file);
        let before = raw.bytes();
        let (lock, bell, records) = (raw.lock(), raw.u64(88), raw.records());
        let regions = [
            ("transfer", raw.transfer(), 16),
            ("lock", lock, 12),
            ("bell", bell, 4),
            ("slots", records, raw.slots() * raw.stride()),
        ];
        Self { segment, reader, copied, raw, regions, before, dir }
    }

    /// Options for another handle that writes, to whomever the file belongs by now.
    fn options(&self) -> Options {
        self.dir.options().lock_timeout(PATIENCE).trust_owner(TrustOwner::Anyone)
    }

    /// Whether somebody waits for the bell.
    fn is_registered(&self) -> bool {
        self.raw.has_waiter()
    }

    fn at(&self, region: &str) -> u64 {
        self.regions.iter().find(|(name, ..)| *name == region).expect("a region").1
    }

    /// Puts everything back as it was, and sees that it works.
    #[track_caller]
    fn repair_and_try(&self) {
        self.raw.put(0, &self.before);
        assert_eq!(self.segment.read().unwrap(), Counter::new(9));
        self.segment.write(&Counter::new(10)).unwrap();
        let readers = [Some(&*self.segment), Some(&self.reader), self.copied.as_ref()];
        for reader in readers.into_iter().flatten() {
            assert_eq!(reader.read().unwrap(), Counter::new(10));
            assert_eq!(reader.history().unwrap().len(), 3);
        }
        self.raw.put(0, &self.before);
    }
}

/// Says what was scribbled when a call panics.
struct Scribble(String);

impl Drop for Scribble {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("after this scribble: {}", self.0);
        }
    }
}

/// Makes one call and looks at the clock.
#[track_caller]
fn bounded<R>(call: &str, made: impl FnOnce() -> R) -> R {
    let begun = Instant::now();
    let outcome = made();
    assert!(begun.elapsed() < BOUND, "{call} took {:?}", begun.elapsed());
    outcome
}

/// Every call of a reader. What they give may be anything that the scribble left; that they give it is the test.
fn read_in_every_way(reader: &Reader<Counter>) {
    let fields = Counter::fields();
    let newest = bounded("version", || reader.version());
    drop(bounded("read", || reader.read()));
    drop(bounded("read_versioned", || reader.read_versioned()));
    drop(bounded("read_boxed", || reader.read_boxed()));
    let mut record = Counter::new(77);
    if bounded("read_into", || reader.read_into(&mut record)).is_err() {
        assert_eq!(record, Counter::new(77), "a failed read_into changed its target");
    }
    for version in [0, 1, 8, 9, 10, u64::MAX - 1, u64::MAX, newest.get(), newest.get().wrapping_sub(1)] {
        drop(bounded("read_version", || reader.read_version(Version::new(version))));
    }
    if let Ok(history) = bounded("history", || reader.history()) {
        assert!(history.len() < 4);
        assert!(history.windows(2).all(|pair| pair[0].version < pair[1].version));
    }
    drop(bounded("get", || reader.get(fields.text)));
    drop(bounded("get", || reader.get((fields.seq, fields.short, fields.check))));
    drop(bounded("read_bytes", || reader.read_bytes(3, &mut [0; 13])));
    for since in [Version::NONE, newest, Version::new(u64::MAX)] {
        match bounded("wait_newer", || reader.wait_newer(since, PATIENCE)) {
            Ok(newer) => assert!(newer.version > since),
            Err(WaitError::Timeout(_) | WaitError::Read(_)) => {}
            Err(error) => panic!("{error:?}"),
        }
    }
    let mut follower = reader.follow();
    for _ in 0..3 {
        drop(bounded("next", || follower.next(PATIENCE)));
    }
    drop(bounded("users", || reader.users()));
    drop(bounded("recoveries", || reader.recoveries()));
}

/// Every call of a writer.
fn write_in_every_way(segment: &Segment<Counter>) {
    let fields = Counter::fields();
    drop(bounded("write", || segment.write(&Counter::new(20))));
    drop(bounded("update", || segment.update(|c| *c = Counter::new(c.seq.wrapping_add(1)))));
    drop(bounded("set", || segment.set((fields.seq, fields.check), &(21, !21))));
    drop(bounded("write_bytes", || segment.write_bytes(0, &[22])));
    if let Ok(mut guard) = bounded("try_lock", || segment.try_lock()) {
        drop(bounded("guard.read", || guard.read()));
        drop(bounded("guard.set", || guard.set(fields.seq, &23)));
        drop(bounded("guard.unlock", || guard.unlock()));
    }
    if let Ok(mut guard) = bounded("lock", || segment.lock()) {
        drop(bounded("guard.get", || guard.get(fields.short)));
        drop(bounded("guard.write", || guard.write(&Counter::new(24))));
        drop(bounded("guard.discard", || guard.discard()));
    }
    drop(bounded("lock_timeout", || segment.lock_timeout(PATIENCE)));
}

fn every_call_is_bounded_whatever_stands_in_counters_lock_bell_and_slots(kind: Kind) {
    const SCRIBBLES: u64 = 300;
    ends("a call after a scribble", move || {
        let scene = Scene::new(kind);
        let mut outcomes = std::collections::BTreeMap::<String, u32>::new();
        for seed in 0..SCRIBBLES {
            let mut random = Random::new(seed);
            let (region, at, len) = scene.regions[seed as usize % scene.regions.len()];
            // Half of them are numbers that are nearly right.
            let bytes = match random.below(4) {
                0 | 1 => random.bytes(len as usize),
                2 => {
                    let near = random.below(6);
                    let words = (0..len / 8 + 1).flat_map(|_| (9 + near).wrapping_sub(random.below(9)).to_le_bytes());
                    words.take(len as usize).collect()
                }
                _ => {
                    let filled = [0x00, 0xff, 0x80, 0x7f, 0x01][random.below(5) as usize];
                    vec![filled; len as usize]
                }
            };
            let _scribble =
                Scribble(format!("seed {seed}, {region} region at {at}: {:02x?}", &bytes[..bytes.len().min(32)]));
            scene.raw.put(at, &bytes);
            read_in_every_way(&scene.segment);
            read_in_every_way(&scene.reader);
            scene.copied.as_ref().inspect(|copied| read_in_every_way(copied));
            let read = scene.reader.read().map_or_else(|e| super::variant(&e), |_| "value".to_owned());
            *outcomes.entry(format!("{region}: {read}")).or_default() += 1;

            write_in_every_way(&scene.segment);
            let written =
                scene.segment.write(&Counter::new(9)).map_or_else(|e| super::variant(&e), |_| "version".to_owned());
            *outcomes.entry(format!("{region}: {written}")).or_default() += 1;
            scene.repair_and_try();
        }
        println!("{SCRIBBLES} scribbles: {outcomes:#?}");
        // Scribbles that do nothing would show nothing.
        for expected in ["transfer: Contended", "slots: Invalid", "slots: version", "lock: version", "bell: value"] {
            assert!(outcomes.contains_key(expected), "no scribble led to {expected}: {outcomes:#?}");
        }
        assert_eq!(scene.dir.files(), ["shmrec.victim"]);
    });
}

fn each_single_counter_at_each_extreme_is_an_error_of_its_own(kind: Kind) {
    const MAX: u64 = u64::MAX;
    ends("a read or write with scribbled counters", move || {
        let scene = Scene::new(kind);
        let transfer = scene.at("transfer");
        // The four slots hold versions 6 to 9. What a read says, and what a write does then.
        for (begin, committed, read, written) in [
            (9, 9, "9", "10"),
            // A writer is in the middle of version 10.
            (10, 9, "9", "10"),
            (12, 9, "9", "10"),
            // All four later versions begun: this one's slot is being written.
            (13, 9, "Contended", "10"),
            (8, 9, "Contended", "10"),
            (0, 9, "Contended", "10"),
            (MAX, 9, "Contended", "10"),
            (9, 0, "NotYetWritten", "1"),
            (0, 0, "NotYetWritten", "1"),
            (MAX, 0, "NotYetWritten", "1"),
            (MAX, MAX, "7", "VersionsExhausted"),
            (0, MAX, "7", "VersionsExhausted"),
            (2, MAX, "7", "VersionsExhausted"),
            (3, MAX, "Contended", "VersionsExhausted"),
            (9, MAX, "Contended", "VersionsExhausted"),
            (MAX - 1, MAX - 1, "6", "18446744073709551615"),
            (MAX, MAX - 1, "6", "18446744073709551615"),
            (1 << 63, 1 << 63, "8", "9223372036854775809"),
        ] {
            let _scribble = Scribble(format!("begin {begin}, committed {committed}"));
            scene.raw.put(transfer, &begin.to_le_bytes());
            scene.raw.put(transfer + 8, &committed.to_le_bytes());
            for reader in [Some(&*scene.segment), Some(&scene.reader), scene.copied.as_ref()].into_iter().flatten() {
                let outcome = bounded("read", || reader.read());
                let outcome = outcome.map_or_else(|e| super::variant(&e), |record| record.seq.to_string());
                assert_eq!(outcome, read, "begin {begin}, committed {committed}");
                assert_eq!(reader.version().get(), committed);
            }
            let outcome = bounded("write", || scene.segment.write(&Counter::new(50)));
            let refused = outcome.is_err();
            let outcome = outcome.map_or_else(|e| super::variant(&e), |version| version.to_string());
            assert_eq!(outcome, written, "begin {begin}, committed {committed}");
            if refused {
                assert_eq!((scene.raw.begin(), scene.raw.committed()), (begin, committed), "a refused write wrote");
            } else {
                assert_eq!(scene.reader.read().unwrap(), Counter::new(50));
            }
            scene.repair_and_try();
        }
    });
}

fn the_last_version_of_all_can_be_read_waited_for_and_followed(kind: Kind) {
    let scene = Scene::new(kind);
    let transfer = scene.at("transfer");
    let mut follower = scene.segment.follow();
    let last = (u64::MAX - 1).to_le_bytes();
    scene.raw.put(transfer, &[last, last].concat());
    assert_eq!(scene.segment.write(&Counter::new(1)).unwrap().get(), u64::MAX);
    assert!(matches!(scene.segment.write(&Counter::new(2)), Err(WriteError::VersionsExhausted(_))));
    assert!(matches!(scene.segment.update(|_| ()), Err(WriteError::VersionsExhausted(_))));
    let mut guard = scene.segment.lock().unwrap();
    guard.write(&Counter::new(3)).unwrap();
    assert!(matches!(guard.unlock(), Err(WriteError::VersionsExhausted(_))));
    drop(scene.segment.try_lock().expect("a lock that was given back all the same"));

    assert_eq!(scene.reader.wait_newer(Version::new(u64::MAX - 1), PATIENCE).unwrap().record, Counter::new(1));
    assert!(matches!(scene.reader.wait_newer(Version::new(u64::MAX), PATIENCE), Err(WaitError::Timeout(_))));
    for version in [u64::MAX - 2, u64::MAX - 1, u64::MAX] {
        assert_eq!(follower.next(PATIENCE).unwrap().version.get(), version);
    }
    assert!(matches!(follower.next(PATIENCE), Err(WaitError::Timeout(_))));
    assert_eq!(follower.missed(), u64::MAX - 3 - 9);
}

fn a_lock_that_is_scribbled_over_while_it_is_held_is_lost_and_not_given_back_twice(kind: Kind) {
    let scene = Scene::new(kind);
    let lock = scene.at("lock");
    let mut random = Random::new(4);
    for round in 0..50 {
        let word = if round == 0 { 0 } else { random.next() as u32 };
        let _scribble = Scribble(format!("round {round}: {word:#x}"));
        let mut guard = bounded("lock", || scene.segment.lock()).unwrap();
        guard.write(&Counter::new(30)).unwrap();
        scene.raw.put(lock, &word.to_le_bytes());
        assert!(matches!(guard.unlock(), Err(WriteError::LockLost(_))));
        assert_eq!(scene.raw.u32(lock), word, "somebody else's word was changed");
        // The record was published, and the handle is as good as before.
        assert_eq!(scene.reader.read().unwrap(), Counter::new(30));
        scene.raw.put(lock, &[0; 4]);
        scene.segment.write(&Counter::new(31)).unwrap();
    }
    // Dropped, it says nothing.
    let guard = scene.segment.lock().unwrap();
    scene.raw.put(lock, &77u32.to_le_bytes());
    drop(guard);
    assert_eq!(scene.raw.u32(lock), 77);
    drop(scene.segment.lock().expect("a word that names nobody who lives is taken over"));
}

fn a_lock_word_that_names_this_handle_is_a_timeout_and_no_hang(kind: Kind) {
    let scene = Scene::new(kind);
    let lock = scene.at("lock");
    let guard = scene.segment.lock().unwrap();
    let mine = scene.raw.u32(lock);
    drop(guard);
    for word in [mine, mine | 1 << 31] {
        scene.raw.put(lock, &word.to_le_bytes());
        match bounded("write", || scene.segment.write(&Counter::new(2))) {
            Err(WriteError::Lock(LockError::Timeout(timeout))) => assert!(timeout.by_this_handle),
            other => panic!("{other:?}"),
        }
        // Another handle finds the owner alive, which it is.
        let other = scene.options().link::<Counter>("victim").unwrap();
        match bounded("write", || other.write(&Counter::new(2))) {
            Err(WriteError::Lock(LockError::Timeout(timeout))) => assert!(!timeout.by_this_handle),
            other => panic!("{other:?}"),
        }
        assert_eq!(scene.reader.read().unwrap(), Counter::new(9), "readers do not care");
    }
}

fn generations_at_random_cost_nobody_the_lock_for_ever(kind: Kind) {
    let scene = Scene::new(kind);
    let lock = scene.at("lock");
    let mut random = Random::new(5);
    for _ in 0..20 {
        scene.raw.put(lock + 128, &random.bytes(4 * 2047));
        scene.segment.write(&Counter::new(40)).unwrap();
        let guard = scene.segment.lock().unwrap();
        scene.raw.put(lock + 128, &random.bytes(4 * 2047));
        guard.unlock().unwrap();
        // A newcomer claims a slot whose generation is a scribble.
        let newcomer = scene.options().link::<Counter>("victim").unwrap();
        newcomer.write(&Counter::new(41)).unwrap();
        assert_eq!(scene.segment.read().unwrap(), Counter::new(41));

        // The generation of the one who has the lock: to the others it looks dead, and it is told that it has lost it.
        let guard = scene.segment.lock().unwrap();
        let own = (scene.raw.u32(lock) & 0x7ff) - 1;
        let at = lock + 128 + 4 * u64::from(own);
        scene.raw.put(at, &(!scene.raw.u32(at)).to_le_bytes());
        assert!(newcomer.try_lock().expect("the lock of one who looks dead").recovered());
        assert!(matches!(guard.unlock(), Err(WriteError::LockLost(_))));
        scene.segment.write(&Counter::new(42)).expect("a handle that goes on");
    }
}

fn a_bell_that_is_scribbled_on_delays_a_sleeper_by_no_more_than_a_slice(kind: Kind) {
    // A sleeper on a word that somebody changes without waking, and a waiter's bit that somebody clears.
    let scene = Scene::new(kind);
    let bell = scene.at("bell");
    let raw = &scene.raw;
    let segment = &scene.segment;
    std::thread::scope(|scope| {
        for round in 0..10u32 {
            let since = segment.version();
            let waiter = scope.spawn(move || segment.wait_newer(since, A_MINUTE));
            shmrec_tests::until("the waiter has registered", || scene.is_registered());
            // No writer sees the waiter's bit, and nobody rings.
            raw.put(bell, &(round.wrapping_mul(0x4321_8765) & !1).to_le_bytes());
            segment.write(&Counter::new(60)).unwrap();
            assert_eq!(waiter.join().unwrap().unwrap().record, Counter::new(60));
        }
    });
    // Any word with the bit is a waiter; the write that finds it rings, and clears it.
    raw.put(bell, &u32::MAX.to_le_bytes());
    segment.write(&Counter::new(61)).unwrap();
    assert_eq!(raw.u32(bell), 0);
}

fn a_header_that_changes_after_linking_changes_nothing_for_those_who_have_linked(kind: Kind) {
    let scene = Scene::new(kind);
    let mut random = Random::new(6);
    for round in 0..30 {
        let bytes = if round == 0 { vec![0; 512] } else { random.bytes(512) };
        scene.raw.put(0, &bytes);
        scene.segment.write(&Counter::new(70 + round)).unwrap();
        for reader in [Some(&*scene.segment), Some(&scene.reader), scene.copied.as_ref()].into_iter().flatten() {
            assert_eq!(reader.read().unwrap(), Counter::new(70 + round));
            assert_eq!((reader.slots(), reader.persists()), (4, false));
        }
        let options = scene.dir.options();
        assert!(options.reader::<Counter>("victim").is_err(), "newcomers find no segment there");
        assert!(options.create::<Counter>("victim").is_err(), "and no name that is free");
        assert!(options.remove("victim").is_err());
    }
    // Its users know what it was, and the last of them removes it.
    let Scene { segment, reader, copied, dir, .. } = scene;
    drop((segment, reader, copied));
    assert!(dir.files().is_empty(), "{:?}", dir.files());
}

fn a_buffer_s_transfers_are_as_bounded_as_a_segment_s(kind: Kind) {
    ends("a transfer of a Shared", move || {
        let Scene { segment, reader, copied, raw, regions, before, dir } = Scene::new(kind);
        drop((reader, copied));
        let mut shared = Shared::new(segment, Counter::new(5));
        for seed in 0..60 {
            let mut random = Random::new(1000 + seed);
            let (region, at, len) = regions[seed as usize % regions.len()];
            let _scribble = Scribble(format!("seed {seed}, {region} region at {at}"));
            raw.put(at, &random.bytes(len as usize));
            *shared = Counter::new(5);
            if bounded("pull", || shared.pull()).is_err() {
                assert_eq!(*shared, Counter::new(5), "a failed pull changed the buffer");
            }
            *shared = Counter::new(6);
            drop(bounded("push", || shared.push()));
            if let Ok(locked) = bounded("pull_locked", || shared.pull_locked()) {
                drop(bounded("push", || locked.push()));
            }
            raw.put(0, &before);
            assert_eq!(shared.pull().unwrap().get(), 9);
            assert_eq!(*shared, Counter::new(9));
        }
        drop(shared);
        assert!(dir.files().is_empty());
    });
}

fn a_storm_of_wake_ups_keeps_no_waiter_from_what_it_waits_for(kind: Kind) {
    /// Ends the storm, also when the test fails.
    struct Calm<'a>(&'a AtomicBool);

    impl Drop for Calm<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let scene = Scene::new(kind);
    let (raw, segment, bell) = (&scene.raw, &scene.segment, scene.at("bell"));
    let over = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _calm = Calm(over);
        scope.spawn(move || {
            for word in 0u32.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                // A word that never stays: each sleep on it is refused or ends at once.
                raw.put(bell, &word.to_le_bytes());
            }
        });
        let timed_out = segment.wait_newer(segment.version(), Duration::from_millis(50));
        assert!(matches!(timed_out, Err(WaitError::Timeout(_))), "{timed_out:?}");
        let since = segment.version();
        let waiter = scope.spawn(move || segment.wait_newer(since, A_MINUTE));
        shmrec_tests::until("the waiter has registered", || scene.is_registered());
        segment.write(&Counter::new(80)).unwrap();
        assert_eq!(waiter.join().unwrap().unwrap().record, Counter::new(80));
    });
}

fn an_error_of_a_scribbled_segment_is_one_that_a_program_can_match(kind: Kind) {
    // Once in full: what each scribble is to those who handle errors.
    let scene = Scene::new(kind);
    let transfer = scene.at("transfer");
    scene.raw.put(transfer, &u64::MAX.to_le_bytes());
    match scene.reader.read() {
        Err(ReadError::Contended(contended)) => assert!(contended.attempts > 32, "{contended:?}"),
        other => panic!("{other:?}"),
    }
    match scene.segment.update(|_| ()) {
        Err(WriteError::Read(ReadError::Contended(_))) => {}
        other => panic!("{other:?}"),
    }
    match scene.segment.wait_newer(Version::NONE, Duration::from_secs(10)) {
        Err(WaitError::Read(ReadError::Contended(_))) => {}
        other => panic!("{other:?}"),
    }
    scene.segment.write(&Counter::new(1)).expect("a write repairs the counter");
    assert_eq!(scene.reader.read().unwrap(), Counter::new(1));
}

shmrec_tests::over_both_kinds!(
    every_call_is_bounded_whatever_stands_in_counters_lock_bell_and_slots,
    each_single_counter_at_each_extreme_is_an_error_of_its_own,
    the_last_version_of_all_can_be_read_waited_for_and_followed,
    a_lock_that_is_scribbled_over_while_it_is_held_is_lost_and_not_given_back_twice,
    a_lock_word_that_names_this_handle_is_a_timeout_and_no_hang,
    generations_at_random_cost_nobody_the_lock_for_ever,
    a_bell_that_is_scribbled_on_delays_a_sleeper_by_no_more_than_a_slice,
    a_header_that_changes_after_linking_changes_nothing_for_those_who_have_linked,
    a_buffer_s_transfers_are_as_bounded_as_a_segment_s,
    a_storm_of_wake_ups_keeps_no_waiter_from_what_it_waits_for,
    an_error_of_a_scribbled_segment_is_one_that_a_program_can_match,
);
