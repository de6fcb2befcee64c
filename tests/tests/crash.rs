//! Death blocks nobody: writers, creators and waiters killed with SIGKILL, and stopped ones that are not dead.

use std::time::Duration;

use shmrec::{LockError, WriteError};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::{Peer, Start};
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::{Block, Counter, block_word};
use shmrec_tests::until;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

fn the_lock_of_a_killed_writer_is_taken_over_and_the_next_one_is_told(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("held", &Counter::new(1)).unwrap();
    let mut micros = Vec::new();
    for round in 0..20 {
        let mut owner = Peer::repl(PEER, &dir);
        owner.must("link held");
        owner.must("lock");
        owner.must("set 99");
        assert!(matches!(segment.try_lock(), Err(LockError::Timeout(_))), "a living owner keeps the lock");
        owner.kill();

        assert_eq!(segment.read().unwrap().seq, round + 1, "what the dead one had not published is not there");
        let begun = std::time::Instant::now();
        // Without waiting: the owner is probed before anybody sleeps or gives up.
        let mut guard = segment.try_lock().expect("the dead owner's lock");
        micros.push(begun.elapsed().as_micros());
        assert!(guard.recovered());
        guard.write(&Counter::new(round + 2)).unwrap();
        guard.unlock().unwrap();
        assert!(!segment.lock().unwrap().recovered(), "told once");
        assert_eq!(u64::from(segment.recoveries().unwrap()), round + 1);
    }
    micros.sort_unstable();
    println!("take-over of a dead owner's lock: median {} us, longest {} us", micros[10], micros[19]);
}

fn a_write_without_a_guard_takes_over_too(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("plain", &Counter::new(1)).unwrap();
    let mut owner = Peer::repl(PEER, &dir);
    owner.must("link plain");
    owner.must("lock");
    owner.kill();
    segment.write(&Counter::new(2)).unwrap();
    segment.update(|c| *c = Counter::new(c.seq + 1)).unwrap();
    assert_eq!((segment.read().unwrap().seq, segment.recoveries().unwrap()), (3, 1));
}

fn a_waiter_gets_the_lock_of_an_owner_that_dies_while_it_waits(kind: Kind) {
    let dir = TestDir::of(kind);
    let _segment = dir.options().create_with("waited", &Counter::new(1)).unwrap();
    let mut owner = Peer::repl(PEER, &dir);
    owner.must("link waited");
    owner.must("lock");
    let mut waiter = Peer::repl(PEER, &dir);
    waiter.must("link waited");
    waiter.tell("lock 60000");
    let raw = RawSegment::open(&dir.file("waited"));
    until("the waiter sleeps", || raw.u32(raw.lock()) >> 31 == 1);
    owner.kill();
    let answer = waiter.hear();
    assert!(answer.starts_with("ok recovered=true"), "{answer}");
    waiter.must("set 2");
    assert_eq!(waiter.must("unlock"), "2");
}

fn a_writer_killed_in_the_middle_of_the_copy_damages_nothing_that_can_be_read(kind: Kind) {
    const WORDS: usize = 1 << 21;
    let dir = TestDir::of(kind);
    let options = dir.options().slots(2);
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || {
            let segment = options.create::<Block<WORDS>>("cut").unwrap();
            let mut block = Box::new(Block::<WORDS>::new(1));
            segment.write(&block).unwrap();
            let raw = RawSegment::open(&dir.file("cut"));
            let mut damaged = 0;
            for attempt in 0..100 {
                let committed = raw.committed();
                let writer = Start::new(PEER, "torn-write").arg(dir.to_argument()).arg("cut");
                let writer = writer.arg((WORDS * 8).to_string()).arg((attempt * 1_000_000).to_string()).arg("7");
                let mut writer = writer.spawn();
                assert_eq!(writer.hear(), "ready");
                until("a write begins", || raw.begin() > committed && raw.begin() == raw.committed() + 1);
                writer.kill();

                let (begin, committed) = (raw.begin(), raw.committed());
                // Killed behind the copy after all: the next attempt.
                if begin != committed + 1 {
                    continue;
                }
                let slot = raw.slot(begin);
                let words: Vec<u64> = slot.chunks_exact(8).map(|w| u64::from_le_bytes(w.try_into().unwrap())).collect();
                let seq = words[0].wrapping_mul(0xf1de_83e1_9937_733d);
                let whole = words[..WORDS].iter().enumerate().all(|(i, w)| *w == block_word(seq, i));
                damaged += u32::from(!whole);
                // The last whole version is there, and the next write begins the same version again.
                segment.read_into(&mut block).unwrap();
                let last = block.seq().expect("a whole block");
                assert_eq!(segment.version().get(), committed);
                block.set(last + 1);
                assert_eq!(segment.write(&block).unwrap().get(), begin);
                segment.read_into(&mut block).unwrap();
                assert_eq!(block.seq(), Some(last + 1));
                if damaged == 3 {
                    println!("3 writers killed in the middle of the copy, in {} attempts", attempt + 1);
                    return;
                }
            }
            panic!("no writer was killed in the middle of the copy: {damaged} damaged slots");
        })
        .unwrap()
        .join()
        .unwrap();
}

fn a_stopped_owner_is_alive_writers_time_out_and_readers_go_on(kind: Kind) {
    let dir = TestDir::of(kind);
    let options = dir.options().lock_timeout(Duration::from_millis(100));
    let segment = options.create_with("stopped", &Counter::new(1)).unwrap();
    let mut owner = Peer::repl(PEER, &dir);
    owner.must("link stopped");
    owner.must("lock");
    owner.stop();

    let WriteError::Lock(LockError::Timeout(timeout)) = segment.write(&Counter::new(2)).unwrap_err() else {
        panic!("the lock of a stopped owner was taken")
    };
    assert!(!timeout.by_this_handle);
    assert_eq!(segment.read().unwrap().seq, 1);
    assert_eq!(segment.recoveries().unwrap(), 0);

    owner.resume();
    owner.must("set 5");
    owner.must("unlock");
    segment.write(&Counter::new(6)).unwrap();
    assert_eq!(segment.version().get(), 3);
}

fn killed_waiters_and_readers_leave_nothing_that_stands_in_the_way(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("waiters", &Counter::new(1)).unwrap();
    let raw = RawSegment::open(&dir.file("waiters"));
    for _ in 0..10 {
        let mut waiter = Peer::repl(PEER, &dir);
        waiter.must("link waiters");
        waiter.tell("wait 1000000");
        until("the waiter has registered", || raw.has_waiter());
        waiter.kill();
        segment.write(&Counter::new(2)).unwrap();
    }
    // Sleepers on the lock, killed in their sleep.
    let guard = segment.lock().unwrap();
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let mut waiter = Peer::repl(PEER, &dir);
            waiter.must("link waiters");
            waiter.tell("lock 60000");
            waiter
        })
        .collect();
    until("a waiter sleeps", || raw.u32(raw.lock()) >> 31 == 1);
    waiters.into_iter().for_each(Peer::kill);
    guard.unlock().unwrap();
    // Whatever bit they left: everybody can write, one who never waits included.
    let newcomer = dir.options().link::<Counter>("waiters").unwrap();
    newcomer.try_lock().expect("a free lock").unlock().unwrap();
    newcomer.write(&Counter::new(3)).unwrap();
    assert_eq!(segment.users().unwrap(), 2);
}

fn a_sleeping_waiter_is_woken_by_another_process(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().create::<Counter>("bell").unwrap();
    let raw = RawSegment::open(&dir.file("bell"));
    let mut waiter = Peer::repl(PEER, &dir);
    waiter.must("link bell");
    let mut polling = Peer::repl(PEER, &dir);
    polling.must("reader bell");
    for seq in 1..50 {
        waiter.tell(&format!("wait {}", seq - 1));
        polling.tell(&format!("wait {}", seq - 1));
        until("the waiter has registered", || raw.has_waiter());
        segment.write(&Counter::new(seq)).unwrap();
        assert_eq!(waiter.hear(), format!("ok {seq} {seq}"));
        assert_eq!(polling.hear(), format!("ok {seq} {seq}"));
    }
}

fn read_only_waiters_sleep_where_writers_always_wake(kind: Kind) {
    let dir = TestDir::of(kind);
    let segment = dir.options().wake_always(true).create::<Counter>("always").unwrap();
    let raw = RawSegment::open(&dir.file("always"));
    let mut waiter = Peer::repl(PEER, &dir);
    waiter.must("reader always");
    for seq in 1..20 {
        waiter.tell(&format!("wait {}", seq - 1));
        segment.write(&Counter::new(seq)).unwrap();
        assert_eq!(waiter.hear(), format!("ok {seq} {seq}"));
        assert!(!raw.has_waiter(), "a reader wrote to the segment");
    }
}

/// Writers that are killed at random moments, over and over: updates of those who live are never lost.
fn no_update_is_lost_or_made_twice_while_writers_are_killed(kind: Kind) {
    const ROUNDS: u64 = 60;
    const EACH: u64 = 200;
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("sum", &Counter::new(0)).unwrap();
    let mut survivor = Peer::repl(PEER, &dir);
    survivor.must("link sum");
    let mut recoveries = 0;
    for round in 0..ROUNDS {
        let before = segment.read().unwrap().seq;
        let mut victim = Peer::repl(PEER, &dir);
        victim.must("link sum");
        victim.tell("add 1000000");
        until("the victim writes", || segment.read().unwrap().seq > before);
        survivor.tell(&format!("add {EACH}"));
        for _ in 0..round * 97 {
            std::hint::spin_loop();
        }
        victim.kill();
        assert_eq!(survivor.hear(), "ok");
        let (record, version) = segment.read_versioned().map(|p| (p.record, p.version)).unwrap();
        assert!(record.is_whole());
        // Every update is one version, and adds one: none was lost, none was made twice.
        assert_eq!(record.seq + 1, version.get(), "round {round}");
        recoveries = segment.recoveries().unwrap();
    }
    println!("{ROUNDS} writers killed, {recoveries} of them with the lock");
}

fn six_writers_all_get_their_turn(kind: Kind) {
    const EACH: u32 = 20_000;
    let dir = TestDir::of(kind);
    let segment = dir.options().create_with("fair", &Counter::new(0)).unwrap();
    let mut longest = Duration::ZERO;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..6)
            .map(|_| {
                let options = dir.options();
                scope.spawn(move || {
                    let own = options.link::<Counter>("fair").unwrap();
                    let mut longest = Duration::ZERO;
                    for _ in 0..EACH {
                        let begun = std::time::Instant::now();
                        own.update(|c| *c = Counter::new(c.seq + 1)).unwrap();
                        longest = longest.max(begun.elapsed());
                    }
                    longest
                })
            })
            .collect();
        for writer in writers {
            longest = longest.max(writer.join().unwrap());
        }
    });
    assert_eq!(segment.read().unwrap().seq, u64::from(6 * EACH));
    println!("six writers: the longest wait for the lock was {longest:?}");
}

shmrec_tests::over_both_kinds!(
    the_lock_of_a_killed_writer_is_taken_over_and_the_next_one_is_told,
    a_write_without_a_guard_takes_over_too,
    a_waiter_gets_the_lock_of_an_owner_that_dies_while_it_waits,
    a_writer_killed_in_the_middle_of_the_copy_damages_nothing_that_can_be_read,
    a_stopped_owner_is_alive_writers_time_out_and_readers_go_on,
    killed_waiters_and_readers_leave_nothing_that_stands_in_the_way,
    a_sleeping_waiter_is_woken_by_another_process,
    read_only_waiters_sleep_where_writers_always_wake,
    no_update_is_lost_or_made_twice_while_writers_are_killed,
    six_writers_all_get_their_turn,
);
