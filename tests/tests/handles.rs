//! What the handles of one process promise each other: locks and guards, versions and history, waiting, partial transfers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime};

use shmrec::{
    CreateError, Error, Follower, Guard, LinkError, LockError, Locked, Opened, ReadError, Reader, Segment, Shared,
    SharedRecord, Version, WaitError, WriteError,
};
use shmrec_tests::directory::TestDir;
use shmrec_tests::platform;
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::{Block, Counter};
use shmrec_tests::until;

/// Long enough that a test which needs it has failed.
const A_MINUTE: Duration = Duration::from_secs(60);

/// How long it takes that must time out.
const BRIEFLY: Duration = Duration::from_millis(20);

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Mixed {
    id: u32,
    open: bool,
    #[record(capacity = 6)]
    name: String,
    total: f64,
    marks: [u16; 3],
}

fn mixed() -> Mixed {
    Mixed { id: 1, open: true, name: "one".into(), total: 1.5, marks: [1, 2, 3] }
}

/// A segment with the record `seq`, and where it is.
fn counter(seq: u64) -> (TestDir, Segment<Counter>) {
    let dir = TestDir::new();
    let segment = dir.options().create_with("handle", &Counter::new(seq)).unwrap();
    (dir, segment)
}

#[test]
fn handles_go_to_other_threads_and_guards_do_not() {
    fn shared_between_threads<T: Send + Sync>() {}
    fn sent_to_threads<T: Send>() {}
    shared_between_threads::<Segment<Counter>>();
    shared_between_threads::<Reader<Counter>>();
    shared_between_threads::<Shared<Counter>>();
    shared_between_threads::<shmrec::SegmentOptions>();
    sent_to_threads::<Follower<'static, Counter>>();
    shared_between_threads::<Error>();

    // Where a type is `Send`, two impls apply, and which one is meant cannot be inferred: this does not compile then.
    trait NotSend<Ambiguous> {
        fn checked() {}
    }
    impl<T: ?Sized> NotSend<()> for T {}
    struct IsSend;
    impl<T: ?Sized + Send> NotSend<IsSend> for T {}
    <Guard<'static, Counter> as NotSend<_>>::checked();
}

#[test]
fn a_handle_is_send_and_sync_even_if_its_record_is_neither() {
    // The record is made anew in the thread that reads.
    #[derive(SharedRecord)]
    struct Local {
        number: u32,
        #[record(skip)]
        _thread: Option<std::rc::Rc<u8>>,
    }
    let dir = TestDir::new();
    let segment = dir.options().create_with("local", &Local { number: 5, _thread: None }).unwrap();
    let number = std::thread::scope(|scope| scope.spawn(|| segment.read().unwrap().number).join().unwrap());
    assert_eq!(number, 5);
}

#[test]
fn locking_twice_in_one_thread_is_an_error_at_once() {
    let (_dir, segment) = counter(1);
    let guard = segment.lock().unwrap();
    let begun = Instant::now();
    for outcome in [segment.lock(), segment.try_lock(), segment.lock_timeout(A_MINUTE)] {
        match outcome {
            Err(LockError::AlreadyLocked(error)) => assert!(error.to_string().contains("this thread"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
    // Whatever writes would wait for itself.
    let f = Counter::fields();
    for outcome in [
        segment.write(&Counter::new(2)).map(drop),
        segment.update(|_| ()),
        segment.set(f.seq, &2).map(drop),
        segment.write_bytes(0, &[2]).map(drop),
    ] {
        assert!(matches!(outcome, Err(WriteError::Lock(LockError::AlreadyLocked(_)))), "{outcome:?}");
    }
    assert!(begun.elapsed() < A_MINUTE, "somebody waited for itself");
    assert_eq!(segment.read().unwrap(), Counter::new(1), "reading is nobody's wait");
    drop(guard);
    segment.write(&Counter::new(2)).unwrap();
}

#[test]
fn writing_inside_an_update_is_an_error_and_the_update_goes_on() {
    let (_dir, segment) = counter(1);
    let inner = segment
        .update(|record| {
            *record = Counter::new(2);
            [
                segment.write(&Counter::new(9)).map(drop),
                segment.update(|inner| *inner = Counter::new(9)),
                segment.lock().map(drop).map_err(WriteError::from),
            ]
        })
        .unwrap();
    for outcome in inner {
        assert!(matches!(outcome, Err(WriteError::Lock(LockError::AlreadyLocked(_)))), "{outcome:?}");
    }
    assert_eq!((segment.version().get(), segment.read().unwrap()), (2, Counter::new(2)));
    segment.write(&Counter::new(3)).expect("the note of the thread is gone with the update");
}

#[test]
fn another_handle_of_the_same_thread_is_another_writer() {
    let (dir, segment) = counter(1);
    let other = dir.options().lock_timeout(BRIEFLY).link::<Counter>("handle").unwrap();
    let guard = segment.lock().unwrap();
    match other.write(&Counter::new(2)) {
        Err(WriteError::Lock(LockError::Timeout(timeout))) => {
            assert_eq!((timeout.by_this_handle, timeout.waited), (false, BRIEFLY));
            assert!(timeout.to_string().contains("another handle"), "{timeout}");
        }
        other => panic!("{other:?}"),
    }
    drop(guard);
    other.write(&Counter::new(2)).unwrap();
}

#[test]
fn another_thread_of_the_same_handle_times_out_and_is_told_who_has_the_lock() {
    let (_dir, segment) = counter(1);
    let guard = segment.lock().unwrap();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            for wait in [None, Some(BRIEFLY)] {
                let begun = Instant::now();
                let outcome = wait.map_or_else(|| segment.try_lock(), |wait| segment.lock_timeout(wait));
                match outcome {
                    Err(LockError::Timeout(timeout)) => {
                        assert!(timeout.by_this_handle, "{timeout}");
                        assert_eq!(timeout.waited, wait.unwrap_or_default());
                        assert!(begun.elapsed() >= timeout.waited);
                        assert!(timeout.to_string().contains("another thread of this program"), "{timeout}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        });
        other.join().unwrap();
    });
    drop(guard);
    std::thread::scope(|scope| scope.spawn(|| segment.write(&Counter::new(2)).unwrap()).join().unwrap());
}

#[test]
fn a_thread_that_waits_gets_the_lock_when_another_gives_it_back() {
    let (dir, segment) = counter(1);
    let raw = RawSegment::open(&dir.file("handle"));
    let guard = segment.lock().unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| segment.lock_timeout(A_MINUTE).map(|guard| guard.recovered()));
        until("the other thread sleeps", || raw.u32(raw.lock()) >> 31 == 1);
        guard.unlock().unwrap();
        assert!(!waiter.join().unwrap().unwrap(), "a lock that was given back is not recovered");
    });
}

#[test]
fn threads_that_share_a_handle_lose_no_update() {
    const THREADS: u64 = 4;
    const EACH: u64 = 2_000;
    let (_dir, segment) = counter(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    segment.update(|c| *c = Counter::new(c.seq + 1)).unwrap();
                }
            });
        }
    });
    assert_eq!(segment.read().unwrap(), Counter::new(THREADS * EACH));
    assert_eq!(segment.version().get(), THREADS * EACH + 1);
    assert_eq!(segment.recoveries().unwrap(), 0);
}

#[test]
fn a_panic_in_an_update_publishes_nothing_and_frees_the_lock() {
    let (dir, segment) = counter(1);
    let raw = RawSegment::open(&dir.file("handle"));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        segment.update(|record| {
            *record = Counter::new(2);
            panic!("in the middle of it");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!((raw.u32(raw.lock()), raw.begin(), raw.committed()), (0, 1, 1));
    assert_eq!(segment.read().unwrap(), Counter::new(1));
    let other = dir.options().link::<Counter>("handle").unwrap();
    let guard = other.try_lock().expect("a free lock");
    assert!(!guard.recovered());
    drop(guard);
    segment.update(|record| *record = Counter::new(3)).expect("this thread may lock again");
}

#[test]
fn a_panic_with_a_guard_publishes_nothing_and_frees_the_lock() {
    let (dir, segment) = counter(1);
    let raw = RawSegment::open(&dir.file("handle"));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = segment.lock().unwrap();
        guard.write(&Counter::new(2)).unwrap();
        panic!("with the guard in hand");
    }));
    assert!(panicked.is_err());
    assert_eq!((raw.u32(raw.lock()), segment.version().get()), (0, 1));
    segment.write(&Counter::new(3)).unwrap();

    // In another thread, which ends by it.
    let ended = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let mut guard = segment.lock().unwrap();
            guard.write(&Counter::new(4)).unwrap();
            panic!("the end of the thread");
        });
        thread.join()
    });
    assert!(ended.is_err());
    assert_eq!(segment.read().unwrap(), Counter::new(3));
    assert!(!segment.try_lock().unwrap().recovered());
}

#[test]
fn a_panic_with_a_locked_buffer_frees_the_lock_as_well() {
    let (dir, segment) = counter(1);
    let mut shared = Shared::new(segment, Counter::new(0));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut locked = shared.pull_locked().unwrap();
        *locked = Counter::new(2);
        panic!("with the lock");
    }));
    assert!(panicked.is_err());
    let other = dir.options().link::<Counter>("handle").unwrap();
    assert!(!other.try_lock().unwrap().recovered());
    assert_eq!((other.read().unwrap().seq, shared.push().unwrap().get()), (1, 2));
}

#[test]
fn what_a_guard_edits_is_seen_by_nobody_until_it_is_unlocked_and_is_one_version_then() {
    let (dir, segment) = counter(1);
    let reader = dir.options().reader::<Counter>("handle").unwrap();
    let raw = RawSegment::open(&dir.file("handle"));
    let f = Counter::fields();
    let mut guard = segment.lock().unwrap();
    assert_eq!(guard.read().unwrap(), Counter::new(1));
    for seq in 2..10 {
        guard.write(&Counter::new(seq)).unwrap();
        guard.set(f.check, &seq).unwrap();
        assert_eq!((guard.get((f.seq, f.check)).unwrap(), guard.read().unwrap().check), ((seq, seq), seq));
        guard.set((f.seq, f.check), &(seq, !seq)).unwrap();
        for other in [&*segment, &reader] {
            assert_eq!((other.read().unwrap(), other.version().get()), (Counter::new(1), 1));
        }
        assert_eq!((raw.begin(), raw.committed()), (1, 1));
    }
    assert_eq!(guard.unlock().unwrap(), Some(Version::new(2)));
    assert_eq!((reader.read().unwrap(), raw.begin(), raw.committed()), (Counter::new(9), 2, 2));
}

#[test]
fn a_guard_that_is_dropped_publishes_what_was_edited() {
    let (_dir, segment) = counter(1);
    let mut guard = segment.lock().unwrap();
    guard.write(&Counter::new(2)).unwrap();
    drop(guard);
    assert_eq!((segment.read().unwrap(), segment.version().get()), (Counter::new(2), 2));
}

#[test]
fn a_guard_that_edits_nothing_or_discards_publishes_nothing() {
    let (_dir, segment) = counter(1);
    assert_eq!(segment.lock().unwrap().unlock().unwrap(), None);
    let mut guard = segment.lock().unwrap();
    guard.read().unwrap();
    assert_eq!(guard.unlock().unwrap(), None);

    let mut guard = segment.lock().unwrap();
    guard.write(&Counter::new(2)).unwrap();
    guard.discard().unwrap();
    assert_eq!((segment.read().unwrap(), segment.version().get()), (Counter::new(1), 1));
    drop(segment.try_lock().expect("a discarded guard's lock"));
    assert_eq!(segment.version().get(), 1);
}

#[test]
fn a_guard_publishes_several_versions_under_one_lock() {
    let (dir, segment) = counter(1);
    let other = dir.options().lock_timeout(BRIEFLY).link::<Counter>("handle").unwrap();
    let mut guard = segment.lock().unwrap();
    assert_eq!(guard.publish().unwrap(), None, "nothing was edited");
    for seq in 2..20 {
        guard.write(&Counter::new(seq)).unwrap();
        assert_eq!(guard.publish().unwrap(), Some(Version::new(seq)));
        assert_eq!(other.read().unwrap(), Counter::new(seq), "what is published is seen with the lock still held");
        assert_eq!(guard.publish().unwrap(), None, "and published once");
        assert!(matches!(other.try_lock(), Err(LockError::Timeout(_))));
    }
    guard.set((Counter::fields().seq, Counter::fields().check), &(7, !7)).unwrap();
    assert_eq!(guard.get(Counter::fields().text).unwrap(), "19", "an edit builds on what was published last");
    guard.discard().unwrap();
    assert_eq!((other.read().unwrap(), other.version().get()), (Counter::new(19), 19));
    // A panic takes back what is not published, and nothing else.
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = segment.lock().unwrap();
        guard.write(&Counter::new(20)).unwrap();
        guard.publish().unwrap();
        guard.write(&Counter::new(21)).unwrap();
        panic!("behind the publication");
    }));
    assert!(panicked.is_err());
    assert_eq!((other.read().unwrap(), other.version().get()), (Counter::new(20), 20));
    drop(other.try_lock().expect("a free lock"));
}

#[test]
fn a_guard_sees_what_others_published_before_it_and_not_an_older_copy() {
    let (dir, segment) = counter(1);
    let other = dir.options().link::<Counter>("handle").unwrap();
    let guard = segment.lock().unwrap();
    drop(guard);
    other.write(&Counter::new(2)).unwrap();
    let mut guard = segment.lock().unwrap();
    assert_eq!(guard.read().unwrap(), Counter::new(2));
}

#[test]
fn a_guard_over_a_segment_without_a_record_can_write_the_first() {
    let dir = TestDir::new();
    let segment = dir.options().create::<Counter>("empty").unwrap();
    let mut guard = segment.lock().unwrap();
    assert!(matches!(guard.read(), Err(ReadError::NotYetWritten(_))));
    assert!(matches!(guard.get(Counter::fields().seq), Err(ReadError::NotYetWritten(_))));
    let set = guard.set(Counter::fields().seq, &1);
    assert!(matches!(set, Err(WriteError::Read(ReadError::NotYetWritten(_)))), "{set:?}");
    guard.write(&Counter::new(1)).unwrap();
    assert_eq!(guard.read().unwrap(), Counter::new(1));
    assert_eq!(guard.unlock().unwrap(), Some(Version::new(1)));
    assert_eq!(segment.read().unwrap(), Counter::new(1));
}

#[test]
fn a_leaked_guard_keeps_the_lock_until_its_handle_goes_and_is_then_recovered() {
    let (dir, segment) = counter(1);
    let other = dir.options().lock_timeout(BRIEFLY).link::<Counter>("handle").unwrap();
    let mut guard = segment.lock().unwrap();
    guard.write(&Counter::new(2)).unwrap();
    std::mem::forget(guard);

    assert!(matches!(segment.lock(), Err(LockError::AlreadyLocked(_))));
    assert!(matches!(other.write(&Counter::new(3)), Err(WriteError::Lock(LockError::Timeout(_)))));
    assert_eq!(other.read().unwrap(), Counter::new(1));
    drop(segment);
    let mut guard = other.lock().expect("the lock of a handle that is gone");
    assert!(guard.recovered());
    assert_eq!(guard.read().unwrap(), Counter::new(1), "what had not been published is nowhere");
    guard.write(&Counter::new(4)).unwrap();
    guard.unlock().unwrap();
    assert_eq!((other.recoveries().unwrap(), other.read().unwrap()), (1, Counter::new(4)));
}

#[test]
fn several_fields_are_set_in_one_version_and_the_others_stay() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("mixed", &mixed()).unwrap();
    let f = Mixed::fields();
    assert_eq!(segment.set((f.id, f.name, f.total), &(2, "two".into(), 2.5)).unwrap(), Version::new(2));
    assert_eq!(segment.read().unwrap(), Mixed { id: 2, name: "two".into(), total: 2.5, ..mixed() });
    assert_eq!(segment.set(f.marks.at(1), &20).unwrap(), Version::new(3));
    assert_eq!(segment.set(f.open, &false).unwrap(), Version::new(4));
    let last = Mixed { id: 2, open: false, name: "two".into(), total: 2.5, marks: [1, 20, 3] };
    assert_eq!(segment.read().unwrap(), last);
    // What a shorter text leaves behind is zero.
    segment.set(f.name, &"x".into()).unwrap();
    let mut image = [0xff; 12];
    segment.read_bytes(f.name.offset(), &mut image).unwrap();
    assert_eq!(image, [1, 0, 0, 0, b'x', 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn fields_that_are_read_together_are_of_one_version() {
    const VERSIONS: u64 = 20_000;
    let dir = TestDir::new();
    let segment = dir.options().create_with("pairs", &Block::<64>::new(0)).unwrap();
    let reader = dir.options().reader::<Block<64>>("pairs").unwrap();
    let words = Block::<64>::fields().words;
    let (first, last) = (words.at(0), words.at(63));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut block = Block::new(0);
            for seq in 1..=VERSIONS {
                block.set(seq);
                segment.write(&block).unwrap();
            }
        });
        let mut seen = std::collections::HashSet::new();
        loop {
            let (one, other) = reader.get((first, last)).unwrap();
            let seq = one.wrapping_mul(0xf1de_83e1_9937_733d);
            assert_eq!(other, shmrec_tests::records::block_word(seq, 63), "of two versions");
            seen.insert(seq);
            if seq == VERSIONS {
                break;
            }
        }
        println!("{} of {VERSIONS} versions seen", seen.len());
    });
}

#[test]
fn bytes_are_read_and_written_wherever_they_begin() {
    let dir = TestDir::new();
    let block = Block::<4>::new(7);
    let segment = dir.options().create_with("bytes", &block).unwrap();
    let mut image: Vec<u8> = block.words.iter().flat_map(|w| w.to_le_bytes()).collect();
    for offset in 0..image.len() {
        for len in 0..=image.len() - offset {
            let mut bytes = vec![0; len];
            segment.read_bytes(offset, &mut bytes).unwrap();
            assert_eq!(bytes, image[offset..offset + len], "{len} at {offset}");
        }
    }
    for (offset, bytes) in [(0, &[1u8][..]), (31, &[2]), (7, &[3, 4]), (3, &[5; 20]), (8, &[6; 8])] {
        let before = segment.version().get();
        assert_eq!(segment.write_bytes(offset, bytes).unwrap().get(), before + 1);
        image[offset..offset + bytes.len()].copy_from_slice(bytes);
        let mut all = vec![0; image.len()];
        segment.read_bytes(0, &mut all).unwrap();
        assert_eq!(all, image, "after {bytes:?} at {offset}");
    }
}

#[test]
fn the_last_versions_are_there_and_those_before_are_said_to_be_gone() {
    for slots in [2, 4, 16] {
        let dir = TestDir::new();
        let segment = dir.options().slots(slots).create::<Counter>("history").unwrap();
        let kept = u64::from(slots) - 1;
        assert!(matches!(segment.read_version(Version::NONE), Err(ReadError::NotYetWritten(_))));
        assert!(matches!(segment.history(), Ok(none) if none.is_empty()));
        for newest in 1..=40 {
            segment.write(&Counter::new(newest * 10)).unwrap();
            let oldest = newest.saturating_sub(kept - 1).max(1);
            let history = segment.history().unwrap();
            let versions: Vec<u64> = history.iter().map(|published| published.version.get()).collect();
            assert_eq!(versions, (oldest..=newest).collect::<Vec<_>>(), "{slots} slots");
            assert!(history.iter().all(|p| p.record == Counter::new(p.version.get() * 10)));
            for version in oldest..=newest {
                assert_eq!(segment.read_version(Version::new(version)).unwrap(), Counter::new(version * 10));
            }
            for version in [oldest.saturating_sub(2), newest + 1, newest + u64::from(slots), u64::MAX] {
                match segment.read_version(Version::new(version)) {
                    Err(ReadError::NoSuchVersion(error)) if version > 0 => {
                        assert_eq!((error.asked.get(), error.newest.get()), (version, newest));
                        assert!(error.to_string().contains(&format!("version {version} is not")), "{error}");
                    }
                    Err(ReadError::NotYetWritten(_)) if version == 0 => {}
                    other => panic!("version {version} of {newest}, {slots} slots: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn before_the_first_write_everything_says_so() {
    let dir = TestDir::new();
    let segment = dir.options().create::<Mixed>("empty").unwrap();
    let reader = dir.options().reader::<Mixed>("empty").unwrap();
    let f = Mixed::fields();
    assert_eq!((segment.version(), reader.version()), (Version::NONE, Version::NONE));
    let mut target = mixed();
    for outcome in [
        reader.read().map(drop),
        reader.read_versioned().map(drop),
        reader.read_boxed().map(drop),
        reader.read_into(&mut target).map(drop),
        reader.get(f.id).map(drop),
        reader.get((f.id, f.name)).map(drop),
        reader.read_bytes(0, &mut [0; 4]).map(drop),
        reader.read_version(Version::NONE).map(drop),
    ] {
        match outcome {
            Err(ReadError::NotYetWritten(error)) => assert!(error.to_string().contains("wait_newer"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(target, mixed());
    assert!(matches!(reader.read_version(Version::new(1)), Err(ReadError::NoSuchVersion(_))));
    for outcome in [segment.update(|_| ()), segment.set(f.id, &1).map(drop), segment.write_bytes(0, &[1]).map(drop)] {
        assert!(matches!(outcome, Err(WriteError::Read(ReadError::NotYetWritten(_)))), "{outcome:?}");
    }
    assert_eq!(segment.write(&mixed()).unwrap(), Version::new(1));
    assert_eq!(reader.read().unwrap(), mixed());
}

#[test]
fn a_follower_visits_every_version_and_counts_those_it_missed() {
    let dir = TestDir::new();
    let segment = dir.options().slots(4).create_with("followed", &Counter::new(1)).unwrap();
    let reader = dir.options().reader::<Counter>("followed").unwrap();
    let mut followers = [segment.follow(), reader.follow()];
    for follower in &mut followers {
        assert_eq!((follower.last().get(), follower.missed()), (1, 0), "it begins behind what is there");
        assert!(matches!(follower.next(Duration::ZERO), Err(WaitError::Timeout(_))));
    }
    // Three are kept, so three behind it misses none, and the fifth pushes the first out.
    let mut newest = 1;
    let mut expected_missed = 0;
    for written in [1, 3, 2, 5, 1, 3, 100, 4] {
        for _ in 0..written {
            newest += 1;
            segment.write(&Counter::new(newest)).unwrap();
        }
        let kept = written.min(3);
        expected_missed += written - kept;
        for follower in &mut followers {
            for version in newest + 1 - kept..=newest {
                let next = follower.next(A_MINUTE).unwrap();
                assert_eq!((next.version.get(), next.record), (version, Counter::new(version)));
                assert_eq!((follower.last().get(), follower.missed()), (version, expected_missed));
            }
            assert!(matches!(follower.next(Duration::ZERO), Err(WaitError::Timeout(_))), "there is no more");
        }
    }
}

#[test]
fn a_follower_goes_on_behind_a_record_that_cannot_be_read() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("bad", &mixed()).unwrap();
    let raw = RawSegment::open(&dir.file("bad"));
    let mut follower = segment.follow();
    segment.write(&mixed()).unwrap();
    segment.write(&Mixed { id: 3, ..mixed() }).unwrap();
    raw.put(raw.records() + 2 * raw.stride() + Mixed::fields().open.offset() as u64, &[7]);
    match follower.next(A_MINUTE) {
        Err(WaitError::Read(ReadError::Invalid(error))) => assert_eq!(error.field(), "open"),
        other => panic!("{other:?}"),
    }
    assert_eq!(follower.next(A_MINUTE).unwrap().id, 3);
    assert_eq!(follower.missed(), 0);
}

#[test]
fn a_follower_of_a_running_writer_misses_exactly_what_it_does_not_visit() {
    const VERSIONS: u64 = 20_000;
    let dir = TestDir::new();
    let segment = dir.options().slots(4).create::<Counter>("run").unwrap();
    let reader = dir.options().reader::<Counter>("run").unwrap();
    std::thread::scope(|scope| {
        let mut follower = reader.follow();
        scope.spawn(|| {
            for seq in 1..=VERSIONS {
                segment.write(&Counter::new(seq)).unwrap();
            }
        });
        let (mut visited, mut last) = (0, 0);
        while last < VERSIONS {
            let next = follower.next(A_MINUTE).unwrap();
            assert!(next.version.get() > last, "backwards");
            assert_eq!(next.record, Counter::new(next.version.get()));
            last = next.version.get();
            visited += 1;
        }
        assert_eq!(visited + follower.missed(), VERSIONS);
        println!("{visited} versions visited, {} missed", follower.missed());
    });
}

#[test]
fn a_newer_version_that_is_there_is_given_at_once() {
    let (dir, segment) = counter(1);
    let reader = dir.options().reader::<Counter>("handle").unwrap();
    for handle in [&*segment, &reader] {
        let newer = handle.wait_newer(Version::NONE, Duration::ZERO).unwrap();
        assert_eq!((newer.version.get(), newer.record), (1, Counter::new(1)));
    }
    segment.write(&Counter::new(2)).unwrap();
    segment.write(&Counter::new(3)).unwrap();
    // The last one, not the next.
    assert_eq!(reader.wait_newer(Version::new(1), Duration::ZERO).unwrap().version.get(), 3);
}

#[test]
fn waiting_for_what_does_not_come_is_a_timeout() {
    let (dir, segment) = counter(1);
    let reader = dir.options().reader::<Counter>("handle").unwrap();
    for handle in [&*segment, &reader] {
        for since in [Version::new(1), Version::new(7), Version::new(u64::MAX)] {
            let begun = Instant::now();
            match handle.wait_newer(since, BRIEFLY) {
                Err(WaitError::Timeout(timeout)) => {
                    assert_eq!((timeout.since, timeout.waited), (since, BRIEFLY));
                    assert!(timeout.to_string().contains(&format!("after {since}")), "{timeout}");
                }
                other => panic!("{other:?}"),
            }
            assert!(begun.elapsed() >= BRIEFLY);
        }
    }
}

#[test]
fn every_waiter_hears_of_the_last_version_however_it_waits() {
    for wake_always in [false, true] {
        let dir = TestDir::new();
        let segment = dir.options().wake_always(wake_always).create_with("wait", &Counter::new(1)).unwrap();
        let other = dir.options().link::<Counter>("wait").unwrap();
        let reader = dir.options().reader::<Counter>("wait").unwrap();
        let (asleep, sleeping) = channel();
        let heard = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for handle in [&*segment, &*other, &reader, &reader] {
                let (asleep, heard) = (asleep.clone(), &heard);
                scope.spawn(move || {
                    let mut since = Version::new(1);
                    while since.get() < 100 {
                        asleep.send(since).unwrap();
                        let newer = handle.wait_newer(since, A_MINUTE).unwrap();
                        assert!(newer.version > since);
                        assert_eq!(newer.record, Counter::new(newer.version.get()));
                        since = newer.version;
                    }
                    heard.fetch_add(1, Ordering::Relaxed);
                });
            }
            for seq in 2..=100 {
                // Somebody is about to sleep, or sleeps, on the version before this one.
                let _ = sleeping.recv().unwrap();
                segment.write(&Counter::new(seq)).unwrap();
            }
        });
        assert_eq!(heard.into_inner(), 4);
    }
}

#[test]
fn a_time_that_no_clock_can_say_is_long_and_no_panic() {
    let dir = TestDir::new();
    let options = dir.options().lock_timeout(Duration::MAX).read_timeout(Duration::MAX);
    let segment = options.create_with("long", &Counter::new(1)).unwrap();
    segment.write(&Counter::new(2)).unwrap();
    segment.lock_timeout(Duration::MAX).unwrap().discard().unwrap();
    assert_eq!(segment.wait_newer(Version::new(1), Duration::MAX).unwrap().record, Counter::new(2));
    assert_eq!(options.reader_wait::<Counter>("long", Duration::MAX).unwrap().read().unwrap(), Counter::new(2));
    // It waits in earnest. (Not in a scope: a test that has failed does not wait for it.)
    let raw = RawSegment::open(&dir.file("long"));
    let other = options.link::<Counter>("long").unwrap();
    let waiter = std::thread::spawn(move || other.wait_newer(Version::new(2), Duration::MAX));
    until("the waiter has registered or ended", || raw.has_waiter() || waiter.is_finished());
    segment.write(&Counter::new(3)).unwrap();
    until("the waiter hears of it", || waiter.is_finished());
    assert_eq!(waiter.join().unwrap().unwrap().record, Counter::new(3));
}

#[test]
fn a_reader_that_has_all_the_time_goes_on_trying() {
    let dir = TestDir::new();
    let _segment = dir.options().create_with("long", &Counter::new(1)).unwrap();
    let raw = RawSegment::open(&dir.file("long"));
    let reader = dir.options().read_timeout(Duration::MAX).reader::<Counter>("long").unwrap();
    // As if writers were always faster.
    raw.put(raw.transfer(), &u64::MAX.to_le_bytes());
    let reading = std::thread::spawn(move || reader.read());
    let mut looks = 0;
    until("it has tried for a while", || {
        looks += 1;
        looks > 50 || reading.is_finished()
    });
    raw.put(raw.transfer(), &1u64.to_le_bytes());
    until("it reads", || reading.is_finished());
    assert_eq!(reading.join().unwrap().unwrap(), Counter::new(1));
}

#[test]
fn every_kind_of_write_wakes_a_sleeper() {
    let (dir, segment) = counter(1);
    let raw = RawSegment::open(&dir.file("handle"));
    let word = raw.u64(88);
    let f = Counter::fields();
    let sleeper = dir.options().link::<Counter>("handle").unwrap();
    let shared = std::cell::RefCell::new(Shared::new(dir.options().link("handle").unwrap(), Counter::new(7)));
    let writes: [(&str, &dyn Fn() -> Version); 7] = [
        ("write", &|| segment.write(&Counter::new(2)).unwrap()),
        ("update", &|| segment.update(|c| *c = Counter::new(3)).map(|()| segment.version()).unwrap()),
        ("set", &|| segment.set(f.seq, &4).unwrap()),
        ("write_bytes", &|| segment.write_bytes(0, &[5]).unwrap()),
        ("guard", &|| {
            let mut guard = segment.lock().unwrap();
            guard.write(&Counter::new(6)).unwrap();
            guard.unlock().unwrap().unwrap()
        }),
        ("push", &|| shared.borrow_mut().push().unwrap()),
        ("locked push", &|| shared.borrow_mut().pull_locked().unwrap().push().unwrap()),
    ];
    for (what, write) in writes {
        let since = sleeper.version();
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| sleeper.wait_newer(since, A_MINUTE));
            until("the sleeper has registered", || raw.has_waiter());
            let asleep_on = raw.u32(word);
            let version = write();
            assert_ne!(raw.u32(word), asleep_on, "{what} did not ring");
            assert_eq!((sleeper.join().unwrap().unwrap().version, version.get()), (version, since.get() + 1), "{what}");
        });
    }
}

#[test]
fn what_a_guard_publishes_wakes_sleepers_while_it_keeps_the_lock() {
    let (dir, segment) = counter(1);
    let raw = RawSegment::open(&dir.file("handle"));
    let word = raw.u64(88);
    let sleeper = dir.options().link::<Counter>("handle").unwrap();
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| sleeper.wait_newer(Version::new(1), A_MINUTE));
        until("the sleeper has registered", || raw.has_waiter());
        let asleep_on = raw.u32(word);
        let mut guard = segment.lock().unwrap();
        guard.write(&Counter::new(2)).unwrap();
        assert_eq!(guard.publish().unwrap(), Some(Version::new(2)));
        assert_ne!(raw.u32(word), asleep_on, "the lock is kept, and nobody was woken");
        assert_eq!(sleeper.join().unwrap().unwrap().record, Counter::new(2));
        // What is published is what the guard goes on from, and nothing is published twice.
        assert_eq!(guard.read().unwrap(), Counter::new(2));
        assert_eq!(guard.publish().unwrap(), None);
        assert_eq!(guard.unlock().unwrap(), None);
    });
    assert_eq!(segment.version(), Version::new(2));
}

#[test]
fn a_version_can_be_waited_for_without_a_copy_of_the_record() {
    let (dir, segment) = counter(1);
    let reader = dir.options().reader::<Counter>("handle").unwrap();
    assert!(matches!(reader.wait_version(Version::new(1), Duration::ZERO), Err(WaitError::Timeout(_))));
    segment.write(&Counter::new(2)).unwrap();
    assert_eq!(reader.wait_version(Version::new(1), A_MINUTE).unwrap(), Version::new(2));
}

#[test]
fn create_or_link_says_which_it_did() {
    let dir = TestDir::new();
    let options = dir.options();
    let (first, opened) = options.create_or_link::<Counter>("either").unwrap();
    assert_eq!((opened, first.version()), (Opened::Created, Version::NONE));
    first.write(&Counter::new(1)).unwrap();
    let (second, opened) = options.create_or_link::<Counter>("either").unwrap();
    assert_eq!((opened, second.read().unwrap()), (Opened::Linked, Counter::new(1)));
    drop((first, second));
    let (_third, opened) = options.create_or_link::<Counter>("either").unwrap();
    assert_eq!(opened, Opened::Created);
}

#[test]
fn a_handle_says_what_it_is_linked_to() {
    let dir = TestDir::new();
    let before = SystemTime::now();
    let segment = dir.options().slots(8).persist(true).create_with("said", &Counter::new(1)).unwrap();
    let reader = dir.options().reader::<Counter>("said").unwrap();
    for handle in [&*segment, &reader] {
        assert_eq!((handle.name(), handle.path(), handle.slots()), ("said", dir.file("said").as_path(), 8));
        assert!(handle.persists() && handle.is_mapped());
        assert_eq!((handle.users().unwrap(), handle.recoveries().unwrap()), (2, 0));
        assert_eq!(handle.schema().fingerprint(), Counter::FINGERPRINT);
        let creator = handle.creator();
        assert_eq!((creator.pid, creator.persist), (Some(std::process::id()), true));
        assert_eq!(creator.uid, platform::user_number());
        assert!(creator.created.is_some_and(|created| created >= before && created <= SystemTime::now()));
        assert!(format!("{handle:?}").contains("shmrec.said"));
    }
    drop(segment);
    assert_eq!(reader.users().unwrap(), 1);
}

#[test]
fn a_buffer_and_its_segment_are_never_the_same_memory() {
    let (dir, segment) = counter(1);
    let mut here = Shared::new(segment, Counter::new(5));
    let mut there = Shared::new(dir.options().link("handle").unwrap(), Counter::new(6));
    assert_eq!((here.seq, here.version()), (5, Version::NONE), "nothing is pulled unasked");
    assert_eq!((there.pull().unwrap().get(), &*there), (1, &Counter::new(1)));
    *here = Counter::new(7);
    assert_eq!(there.pull().unwrap().get(), 1, "nothing is pushed unasked");
    assert_eq!(here.push().unwrap().get(), 2);
    assert_eq!((there.seq, there.version().get()), (1, 1));
    there.pull().unwrap();
    assert_eq!(*there, Counter::new(7));

    let mut locked: Locked<'_, Counter> = here.pull_locked().unwrap();
    *locked = Counter::new(locked.seq + 1);
    assert!(!locked.recovered());
    assert!(matches!(there.segment().try_lock(), Err(LockError::Timeout(_))));
    assert_eq!(locked.push().unwrap().get(), 3);
    let mut locked = here.pull_locked().unwrap();
    *locked = Counter::new(99);
    locked.unlock().unwrap();
    assert_eq!((here.seq, there.pull().unwrap().get()), (99, 3), "unlocked, the buffer stays and nothing is published");
    assert_eq!(*there, Counter::new(8));
    assert_eq!(here.release().unwrap(), Counter::new(99));
}

#[test]
fn a_buffer_is_locked_and_pushed_before_there_is_a_first_record() {
    let dir = TestDir::new();
    let mut shared = Shared::new(dir.options().create("first").unwrap(), Counter::new(4));
    let mut locked = shared.pull_locked().expect("there is nothing to pull, and the lock all the same");
    assert_eq!(locked.seq, 4, "the buffer stays");
    *locked = Counter::new(5);
    assert_eq!(locked.push().unwrap(), Version::new(1));
    assert_eq!((shared.version().get(), shared.segment().read().unwrap()), (1, Counter::new(5)));
}

#[test]
fn a_failed_read_into_leaves_its_target() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("target", &mixed()).unwrap();
    let raw = RawSegment::open(&dir.file("target"));
    // The last field that is checked: what stands before it must not have been replaced by then.
    raw.put(raw.records() + raw.stride() + Mixed::fields().name.offset() as u64 + 4, &[0xff]);
    let before = Mixed { id: 9, open: false, name: "mine".into(), total: 9.0, marks: [9; 3] };
    let mut target = before.clone();
    assert!(matches!(segment.read_into(&mut target), Err(ReadError::Invalid(_))));
    assert_eq!(target, before);
    let mut shared = Shared::new(segment, before.clone());
    assert!(shared.pull().is_err());
    assert_eq!((&*shared, shared.version()), (&before, Version::NONE));
    assert!(shared.pull_locked().is_err());
    assert_eq!(*shared, before);
    // And what failed does not keep the lock.
    drop(shared.segment().try_lock().expect("a free lock"));
}

#[test]
fn every_error_becomes_the_one_of_the_crate_and_keeps_its_words_and_number() {
    fn create(dir: &TestDir) -> Result<(), Error> {
        dir.options().create::<Counter>("no/name")?;
        Ok(())
    }
    fn read(segment: &Segment<Counter>) -> Result<(), Error> {
        segment.read()?;
        Ok(())
    }
    fn write(segment: &Segment<Counter>) -> Result<(), Error> {
        segment.update(|_| ())?;
        Ok(())
    }
    fn lock(segment: &Segment<Counter>) -> Result<(), Error> {
        segment.lock()?.discard()?;
        Ok(())
    }
    fn wait(segment: &Segment<Counter>) -> Result<(), Error> {
        segment.wait_newer(Version::NONE, Duration::ZERO)?;
        Ok(())
    }
    fn remove(dir: &TestDir) -> Result<(), Error> {
        Ok(dir.options().remove("here")?)
    }
    let dir = TestDir::new();
    let segment = dir.options().create::<Counter>("here").unwrap();
    let guard = segment.lock().unwrap();
    let errors = [
        (create(&dir), "Create(InvalidName(", "'/'"),
        (read(&segment), "Read(NotYetWritten", "nothing has been written"),
        (write(&segment), "Write(Lock(AlreadyLocked", "this thread holds the lock"),
        (lock(&segment), "Lock(AlreadyLocked", "this thread holds the lock"),
        (wait(&segment), "Wait(Timeout(", "no version after 0"),
        (remove(&dir), "Remove(InUse(", "in use by 1 other"),
        (dir.options().link::<Mixed>("here").map(drop).map_err(Error::from), "Link(Mismatch(", "another record"),
    ];
    for (outcome, variant, words) in errors {
        let error = outcome.unwrap_err();
        assert!(format!("{error:?}").starts_with(variant), "{error:?} where {variant} was expected");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.raw_os_error(), None, "no call failed: {error:?}");
    }
    drop(guard);
    segment.release().map_err(Error::from).unwrap();
}

#[test]
fn the_system_s_error_number_is_told_where_a_call_failed() {
    if platform::is_root() {
        println!("skipped: nothing is denied to root");
    } else {
        let dir = TestDir::new();
        let closed = shmrec::Perms::from_mode(0o200).unwrap();
        let _segment = dir.options().perms(closed).create::<Counter>("closed").unwrap();
        let error = dir.options().reader::<Counter>("closed").unwrap_err();
        assert!(matches!(error, LinkError::PermissionDenied(_)), "{error}");
        assert_eq!(Error::from(error).raw_os_error(), Some(platform::DENIED));
        if !platform::DIRECTORIES_HAVE_MODES {
            return;
        }
        dir.set_mode(0o500);
        let error = dir.options().create::<Counter>("new").unwrap_err();
        assert!(matches!(error, CreateError::PermissionDenied(_)), "{error}");
        assert!(std::error::Error::source(&error).is_some(), "{error}");
        assert_eq!(Error::from(error).raw_os_error(), Some(platform::DENIED));
        dir.set_mode(0o700);
    }
}

#[test]
fn what_exists_already_has_the_number_that_the_system_has_for_it() {
    let dir = TestDir::new();
    let _segment = dir.options().create::<Counter>("here").unwrap();
    let error = Error::from(dir.options().create::<Counter>("here").unwrap_err());
    assert!(error.to_string().contains("already exists"), "{error}");
    assert_eq!(error.raw_os_error(), Some(platform::EXISTS));
}

#[test]
fn what_is_not_there_has_the_number_that_the_system_has_for_it() {
    let dir = TestDir::new();
    let missing = shmrec::SegmentOptions::new().dir(dir.path().join("missing"));
    let errors: [Error; 5] = [
        dir.options().link::<Counter>("none").unwrap_err().into(),
        dir.options().reader::<Counter>("none").unwrap_err().into(),
        dir.options().remove("none").unwrap_err().into(),
        missing.link::<Counter>("none").unwrap_err().into(),
        missing.create::<Counter>("none").unwrap_err().into(),
    ];
    for error in errors {
        assert_eq!(error.raw_os_error(), Some(platform::NOT_THERE), "{error:?}");
    }
}

/// KiB of the file at `path` that this process has mapped and touched, in all its mappings.
#[cfg(target_os = "linux")]
fn touched(path: &std::path::Path) -> u64 {
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
    let path = path.to_str().unwrap();
    let (mut ours, mut kib) = (false, 0);
    for line in maps.lines() {
        if line.split('-').next().is_some_and(|at| at.len() >= 8 && at.chars().all(|c| c.is_ascii_hexdigit())) {
            ours = line.ends_with(path);
        } else if let (true, Some(rss)) = (ours, line.strip_prefix("Rss:")) {
            kib += rss.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
        }
    }
    kib
}

#[cfg(target_os = "linux")]
#[test]
fn a_populated_link_has_all_pages_before_the_first_transfer() {
    #[derive(SharedRecord, Clone)]
    struct Large {
        words: [u64; 1 << 15],
    }
    let dir = TestDir::new();
    let created = dir.options().create::<Large>("large").unwrap();
    let all = std::fs::metadata(created.path()).unwrap().len() / 1024;
    let before = touched(created.path());
    if before == 0 {
        // The creator has written to it, so something is touched.
        eprintln!("skipped: /proc/self/smaps does not say which pages are there, as under an emulator");
        return;
    }
    assert!(before < all / 4, "{before} KiB of {all} are touched by the creation alone");
    let reader = dir.options().populate(true).reader::<Large>("large").unwrap();
    assert!(touched(created.path()) >= before + all, "by a reader");
    drop(reader);
    let before = touched(created.path());
    let writer = dir.options().populate(true).link::<Large>("large").unwrap();
    assert!(touched(created.path()) >= before + all, "by a writer");
    drop(writer);
}
