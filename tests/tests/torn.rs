//! No torn read, ever: writers and readers in processes of their own, at full speed, and a control that must see what
//! happens without the protocol.

use std::sync::{Mutex, PoisonError};

use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::Start;
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::{Block, block_word};
use shmrec_tests::until;

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// Two writers, two readers, and the control, for blocks of `N` words. Each reader reads for a second at least and until
/// it has seen `versions` of them.
fn no_reader_sees_a_torn_block<const N: usize>(kind: Kind, versions: usize) {
    /// One at a time: writers and readers are to run at the same moment, and a machine has so many processors.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let bytes = N * 8;
    let dir = TestDir::of(kind);
    let run = move || {
        let segment = dir.options().create_with("torn", &Block::<N>::new(0)).unwrap();
        let writer = |first: u64| {
            let start = Start::new(PEER, "torn-write").arg(dir.to_argument()).arg("torn").arg(bytes.to_string());
            let mut writer = start.arg(first.to_string()).arg("2").spawn();
            assert_eq!(writer.hear(), "ready");
            writer
        };
        let writers = [writer(1), writer(2)];
        let readers = [0, 1].map(|_| {
            let start = Start::new(PEER, "torn-read").arg(dir.to_argument()).arg("torn").arg(bytes.to_string());
            let mut reader = start.arg(versions.to_string()).arg("1000").spawn();
            assert_eq!(reader.hear(), "ready");
            reader
        });
        let control = if N >= 8 { control::<N>(&RawSegment::open(&dir.file("torn"))) } else { 0 };
        for mut reader in readers {
            let report = reader.hear();
            println!("{bytes} B: {report}");
            assert!(report.contains(" torn=0 "), "{bytes} B: {report}");
            let seen = report.split("versions=").nth(1).and_then(|r| r.split(' ').next()).unwrap();
            assert!(seen.parse::<usize>().unwrap() >= versions, "{bytes} B: {report}");
            reader.finish();
        }
        if N >= 8 {
            println!("{bytes} B: the control, which does not check the version, saw {control} of 100 blocks torn");
            assert!(control > 0, "{bytes} B: the control saw no torn block, so this test shows nothing");
        }
        drop(writers);
        drop(segment);
    };
    // A block of 1 MiB passes over the stack in a build without optimisation.
    std::thread::Builder::new().stack_size(64 << 20).spawn(run).unwrap().join().unwrap();
}

/// Reads blocks as a program would that knows the format and not the protocol: first half, a pause, second half, and
/// no look at the counters behind it. The pause lasts until a writer has begun to reuse the slot. Gives how many of 100
/// blocks were torn.
fn control<const N: usize>(raw: &RawSegment) -> u32 {
    let (mut front, mut back) = (vec![0; N * 4], vec![0; N * 8 - N * 4]);
    let mut torn = 0;
    for _ in 0..100 {
        let version = raw.committed();
        let slot = raw.records() + (version % raw.slots()) * raw.stride();
        raw.get(slot, &mut front);
        until("a writer reuses the slot", || raw.committed() >= version + raw.slots());
        raw.get(slot + front.len() as u64, &mut back);
        let words: Vec<u64> = front
            .chunks_exact(8)
            .chain(back.chunks_exact(8))
            .map(|w| u64::from_le_bytes(w.try_into().unwrap()))
            .collect();
        let seq = words[0].wrapping_mul(0xf1de_83e1_9937_733d);
        torn += u32::from(words.iter().enumerate().any(|(i, w)| *w != block_word(seq, i)));
    }
    torn
}

fn of_8_bytes(kind: Kind) {
    no_reader_sees_a_torn_block::<1>(kind, 1_000);
}

fn of_64_bytes(kind: Kind) {
    no_reader_sees_a_torn_block::<8>(kind, 1_000);
}

fn of_1_kib(kind: Kind) {
    no_reader_sees_a_torn_block::<128>(kind, 1_000);
}

fn of_64_kib(kind: Kind) {
    no_reader_sees_a_torn_block::<8192>(kind, 1_000);
}

fn of_1_mib(kind: Kind) {
    no_reader_sees_a_torn_block::<{ 1 << 17 }>(kind, 100);
}

shmrec_tests::over_both_kinds!(of_8_bytes, of_64_bytes, of_1_kib, of_64_kib, of_1_mib);
