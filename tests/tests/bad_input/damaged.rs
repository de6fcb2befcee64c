//! Files that were segments: cut short, of another format, of the other byte order, renamed, forged.
//!
//! They are refused by everything, and left as they are: an administrator decides.

#[cfg(unix)]
use shmrec::RemoveError;
use shmrec::{LinkError, SharedRecord, What};
use shmrec_tests::directory::TestDir;
use shmrec_tests::raw::RawSegment;
use shmrec_tests::records::Counter;

use super::{Refusals, Snapshot, ends, refusals, stored};

/// Refuses the file that has the name, and leaves it alone.
#[track_caller]
fn refused_and_left(dir: &TestDir, name: &str) -> Refusals {
    let before = Snapshot::of(&dir.file(name));
    let refusals = refusals(dir, name);
    before.is_untouched();
    assert_eq!(dir.files(), [format!("shmrec.{name}")]);
    refusals
}

/// A stored segment, opened by somebody who means harm.
fn victim(name: &str) -> (TestDir, RawSegment) {
    let dir = TestDir::new();
    stored(&dir, name);
    let raw = RawSegment::open(&dir.file(name));
    (dir, raw)
}

#[cfg(unix)]
#[test]
fn a_segment_cut_to_nothing_is_stale_and_may_go() {
    for touch in ["link", "reader", "create", "remove"] {
        let (dir, raw) = victim("cut");
        raw.file().set_len(0).unwrap();
        let options = dir.options();
        match touch {
            "link" => assert!(matches!(options.link::<Counter>("cut"), Err(LinkError::NotFound(_)))),
            "reader" => assert!(matches!(options.reader::<Counter>("cut"), Err(LinkError::NotFound(_)))),
            "create" => drop(options.create::<Counter>("cut").unwrap()),
            _ => options.remove("cut").unwrap(),
        }
        assert!(dir.files().is_empty(), "{touch} left {:?}", dir.files());
    }
}

#[cfg(unix)]
#[test]
fn a_segment_cut_to_nothing_under_its_user_is_busy_and_stays() {
    // In use by a process that maps it, or so its lock says: nobody else may remove the name.
    let dir = TestDir::new();
    let mut user = shmrec_tests::peer::Peer::repl(super::PEER, &dir);
    user.must("create cut seq=1");
    RawSegment::open(&dir.file("cut")).file().set_len(0).unwrap();
    let options = dir.options();
    ends("an operation on an emptied segment in use", move || {
        assert!(matches!(options.reader::<Counter>("cut"), Err(LinkError::Busy(_))));
        assert!(matches!(options.create::<Counter>("cut"), Err(shmrec::CreateError::AlreadyExists(_))));
        assert!(matches!(options.remove("cut"), Err(RemoveError::InUse(_))));
    });
    assert_eq!(dir.files(), ["shmrec.cut"]);
    user.kill();
    assert!(matches!(dir.options().link::<Counter>("cut"), Err(LinkError::NotFound(_))));
    assert!(dir.files().is_empty());
}

#[test]
fn a_segment_cut_short_is_refused_at_every_length() {
    let (dir, raw) = victim("cut");
    let total = raw.u64(RawSegment::TOTAL_LEN);
    let mut lengths = vec![total - 1, total - 64, total / 2, 4096, 513, 512, 511, 504, 161, 9, 8, 7, 2, 1];
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    for len in lengths {
        raw.file().set_len(len).unwrap();
        let refusals = refused_and_left(&dir, "cut");
        // With less than the magic there is nothing that says that it was a segment.
        refusals.all_are(if len < 8 { "NotASegment" } else { "Damaged" });
        if len >= 8 {
            refusals.say(&format!("{len} bytes"));
        }
    }
}

#[test]
fn a_file_that_has_grown_is_a_segment_still() {
    let (dir, raw) = victim("grown");
    raw.file().set_len(raw.u64(RawSegment::TOTAL_LEN) + 12_345).unwrap();
    let segment = dir.options().link::<Counter>("grown").unwrap();
    assert_eq!(segment.read().unwrap(), Counter::new(7));
    segment.write(&Counter::new(8)).unwrap();
    assert_eq!(segment.version().get(), 2);
}

#[test]
fn another_format_is_said_with_both_numbers() {
    let (dir, raw) = victim("format");
    for found in [0, 2, 3, u32::MAX] {
        raw.forge_header(8, &found.to_le_bytes());
        let refusals = refused_and_left(&dir, "format");
        refusals.all_are("UnsupportedFormat").what(&What::UnsupportedFormat { found });
        refusals.say(&format!("format {found}")).say("reads format 1");
    }
}

#[test]
fn the_other_byte_order_is_told_apart_from_damage() {
    let (dir, raw) = victim("order");
    raw.put(12, &0x0102_0304_u32.to_be_bytes());
    refused_and_left(&dir, "order").what(&What::ForeignByteOrder).say("other byte order");
    // Whatever the checksum says: it would be swapped as well.
    raw.forge_header(12, &0x0102_0304_u32.to_be_bytes());
    refused_and_left(&dir, "order").what(&What::ForeignByteOrder);
    assert!(matches!(dir.options().link::<Counter>("order"), Err(LinkError::ForeignByteOrder(_))));

    raw.forge_header(12, &0x0102_0403_u32.to_le_bytes());
    refused_and_left(&dir, "order").all_are("Damaged").say("0x01020403");
}

#[test]
fn random_bytes_are_another_program_s_file() {
    let dir = TestDir::new();
    let mut random = shmrec_tests::random::Random::new(1);
    for len in [1, 8, 511, 512, 513, 10_000, 100_000] {
        let bytes: Vec<u8> = random.bytes(len);
        std::fs::write(dir.file("noise"), &bytes).unwrap();
        refused_and_left(&dir, "noise").all_are("NotASegment").say("another program's file");
    }
    // The magic alone does not make it one.
    let mut bytes = b"shmrec\r\n".to_vec();
    bytes.extend((0..10_000).map(|_| random.next() as u8));
    std::fs::write(dir.file("noise"), &bytes).unwrap();
    refused_and_left(&dir, "noise").all_are("Damaged");
}

#[test]
fn a_flipped_bit_anywhere_in_the_header_is_noticed() {
    let (dir, raw) = victim("flipped");
    let header = std::fs::read(dir.file("flipped")).unwrap();
    let mut random = shmrec_tests::random::Random::new(2);
    for byte in 0..RawSegment::HEADER_LEN {
        let flipped = header[byte] ^ (1 << random.below(8));
        raw.put(byte as u64, &[flipped]);
        for error in [dir.options().link::<Counter>("flipped").err(), dir.options().reader::<Counter>("flipped").err()]
        {
            assert!(error.is_some(), "byte {byte} is {flipped:#x} and was {:#x}", header[byte]);
        }
        raw.put(byte as u64, &header[byte..=byte]);
    }
    assert_eq!(dir.options().link::<Counter>("flipped").unwrap().read().unwrap(), Counter::new(7));
}

/// The numbers of the header: where each stands, how wide it is.
const NUMBERS: [(&str, u64, usize); 15] = [
    ("header length", 16, 4),
    ("flags", 20, 4),
    ("total length", 24, 8),
    ("record length", 32, 8),
    ("record alignment", 40, 4),
    ("slots", 44, 4),
    ("stride", 48, 8),
    ("schema", 56, 8),
    ("schema length", 64, 8),
    ("transfer", 72, 8),
    ("lock", 80, 8),
    ("bell", 88, 8),
    ("records", 96, 8),
    ("writer slots", 152, 4),
    ("name length", 156, 4),
];

#[test]
fn absurd_numbers_do_not_pass_although_the_checksum_is_right() {
    let (dir, raw) = victim("forged");
    let header = std::fs::read(dir.file("forged")).unwrap();
    for (what, at, width) in NUMBERS {
        // The last ones: their low halves are absurd as well.
        for value in
            [u64::MAX, u64::MAX - 63, u64::MAX - 127, u64::MAX - 511, (1 << 63) | (1 << 31), 0xffff_ff80_ffff_ff80]
        {
            raw.forge_header(at, &value.to_le_bytes()[..width]);
            let refusals = refused_and_left(&dir, "forged");
            assert!(refusals.0.iter().all(|r| r.variant == "Damaged"), "{value:#x} as {what}: {refusals:?}");
        }
        raw.put(0, &header[..RawSegment::HEADER_LEN]);
    }
    assert_eq!(dir.options().link::<Counter>("forged").unwrap().read().unwrap(), Counter::new(7));
}

#[test]
fn numbers_that_are_nearly_right_do_not_pass_either() {
    let (dir, raw) = victim("forged");
    let header = std::fs::read(dir.file("forged")).unwrap();
    let number = |at: u64| raw.u64(at);
    let (stride, schema, transfer, lock, bell, records) =
        (number(48), number(56), number(72), number(80), number(88), number(96));
    for (what, at, bytes) in [
        ("no slot", 44, 0u32.to_le_bytes().to_vec()),
        ("one slot", 44, 1u32.to_le_bytes().to_vec()),
        ("three slots", 44, 3u32.to_le_bytes().to_vec()),
        ("512 slots", 44, 512u32.to_le_bytes().to_vec()),
        ("slots behind the end", 44, 8u32.to_le_bytes().to_vec()),
        ("no record", 32, 0u64.to_le_bytes().to_vec()),
        ("a record longer than its slot", 32, (stride + 1).to_le_bytes().to_vec()),
        ("no alignment", 40, 0u32.to_le_bytes().to_vec()),
        ("an alignment of 3", 40, 3u32.to_le_bytes().to_vec()),
        ("an alignment of 128", 40, 128u32.to_le_bytes().to_vec()),
        ("a stride of 63", 48, 63u64.to_le_bytes().to_vec()),
        ("no stride", 48, 0u64.to_le_bytes().to_vec()),
        ("a stride that overflows with the slots", 48, (1u64 << 62).to_le_bytes().to_vec()),
        ("a schema in the header", 56, 504u64.to_le_bytes().to_vec()),
        ("a schema that reaches into the transfer region", 64, (transfer - schema + 1).to_le_bytes().to_vec()),
        ("a transfer region beside its alignment", 72, (transfer + 8).to_le_bytes().to_vec()),
        ("a transfer region in the schema", 72, 512u64.to_le_bytes().to_vec()),
        ("a transfer region in the lock region", 72, lock.to_le_bytes().to_vec()),
        ("a lock region in the transfer region", 80, transfer.to_le_bytes().to_vec()),
        ("a bell in the lock region", 88, (lock + 128).to_le_bytes().to_vec()),
        ("a bell at the first slot", 88, records.to_le_bytes().to_vec()),
        ("slots in the bell region", 96, bell.to_le_bytes().to_vec()),
        ("slots one line further", 96, (records + 128).to_le_bytes().to_vec()),
        ("slots in the header", 96, 0u64.to_le_bytes().to_vec()),
        ("a name of no byte", 156, 0u32.to_le_bytes().to_vec()),
        ("a name of 201 bytes", 156, 201u32.to_le_bytes().to_vec()),
        ("a name that is a path", 160, b"../../etc".to_vec()),
        ("a name that is no UTF-8", 160, vec![0xff]),
        ("a flag that does not exist", 20, 5u32.to_le_bytes().to_vec()),
    ] {
        raw.forge_header(at, &bytes);
        let refusals = refused_and_left(&dir, "forged");
        assert!(refusals.0.iter().all(|r| r.variant == "Damaged"), "{what}: {refusals:?}");
        raw.put(0, &header[..RawSegment::HEADER_LEN]);
    }
}

#[cfg(unix)]
#[test]
fn a_segment_that_is_enormous_on_paper_is_an_error_and_no_abort() {
    let (dir, raw) = victim("huge");
    let header = std::fs::read(dir.file("huge")).unwrap();
    // A file with a hole, so that the length of the file agrees.
    if let Err(error) = raw.file().set_len(1 << 62) {
        println!("skipped: no file of 2^62 bytes here: {error}");
        return;
    }
    for total in [1u64 << 62, (1 << 62) - 512, 1 << 60, 1 << 48] {
        raw.forge_header(RawSegment::TOTAL_LEN, &total.to_le_bytes());
        let before = Snapshot::of(&dir.file("huge"));
        for error in [dir.options().link::<Counter>("huge").err(), dir.options().reader::<Counter>("huge").err()] {
            let error = error.unwrap_or_else(|| panic!("{total} bytes were mapped"));
            assert_eq!(error.raw_os_error(), Some(12), "out of address space: {error}");
            assert!(error.to_string().contains("mmap"), "{error}");
        }
        before.is_untouched();
    }
    raw.put(0, &header[..RawSegment::HEADER_LEN]);
    assert_eq!(dir.options().link::<Counter>("huge").unwrap().read().unwrap(), Counter::new(7));
}

#[test]
fn a_record_length_that_contradicts_the_fingerprint_is_damage() {
    let (dir, raw) = victim("forged");
    let header = std::fs::read(dir.file("forged")).unwrap();
    let size = Counter::fields().check.offset() as u64 + 8;
    for (at, bytes) in [
        (32, (size - 8).to_le_bytes().to_vec()),
        (32, 1u64.to_le_bytes().to_vec()),
        (40, 64u32.to_le_bytes().to_vec()),
        (40, 1u32.to_le_bytes().to_vec()),
    ] {
        raw.forge_header(at, &bytes);
        let before = Snapshot::of(&dir.file("forged"));
        for outcome in
            [dir.options().link::<Counter>("forged").map(drop), dir.options().reader::<Counter>("forged").map(drop)]
        {
            match outcome {
                Err(LinkError::Damaged(failure)) => {
                    let message = failure.to_string();
                    assert!(message.contains("fingerprint") && message.contains(&size.to_string()), "{message}");
                }
                other => panic!("{bytes:?} at {at}: {other:?}"),
            }
        }
        before.is_untouched();
        raw.put(0, &header[..RawSegment::HEADER_LEN]);
    }
}

/// Links to a stored segment whose fingerprint is not the program's, so that the schema is read. Gives what is damaged.
#[track_caller]
fn schema_refused(dir: &TestDir, name: &str) -> String {
    let before = Snapshot::of(&dir.file(name));
    let options = dir.options();
    let name = name.to_owned();
    let problems = ends("a link to a damaged schema", move || {
        [options.link::<Counter>(&name).map(drop), options.reader::<Counter>(&name).map(drop)].map(|outcome| {
            match outcome {
                Err(LinkError::Damaged(failure)) => failure.to_string(),
                other => panic!("{other:?}"),
            }
        })
    });
    before.is_untouched();
    let [problem, same] = problems;
    assert_eq!(problem, same);
    problem
}

#[test]
fn a_fingerprint_that_is_not_the_schema_s_is_damage() {
    let (dir, raw) = victim("schema");
    raw.forge_header(104, &[0xa5; 16]);
    let problem = schema_refused(&dir, "schema");
    assert!(problem.contains("fingerprint is not that of its schema"), "{problem}");
}

#[test]
fn a_schema_of_garbage_is_damage() {
    let (dir, raw) = victim("schema");
    let (schema, len) = (raw.u64(56), raw.u64(64) as usize);
    raw.forge_header(104, &[0xa5; 16]);
    let good = std::fs::read(dir.file("schema")).unwrap()[512..512 + len].to_vec();
    let good_text = String::from_utf8(good.clone()).unwrap();
    let fit = |text: &str| text.bytes().chain(std::iter::repeat(b' ')).take(len).collect::<Vec<u8>>();
    let replaced = |from: &str, to: &str| {
        assert!(good_text.contains(from), "{from} is not in {good_text}");
        fit(&good_text.replacen(from, to, 1))
    };
    let mut random = shmrec_tests::random::Random::new(3);
    let mut cases = vec![
        ("zeros", vec![0; len]),
        ("no UTF-8", vec![0xff; len]),
        ("no JSON", fit("hello")),
        ("an open bracket", vec![b'['; len]),
        ("open braces", "{\"a\":".bytes().cycle().take(len).collect()),
        ("an open string", vec![b'"'; len]),
        ("a number", vec![b'9'; len]),
        ("an empty object", fit("{}")),
        ("an array", fit("[1,2,3]")),
        ("another version", replaced(r#""shmrec":1"#, r#""shmrec":2"#)),
        ("a huge offset", replaced(r#""offset":0"#, r#""offset":1e300"#)),
        ("a negative offset", replaced(r#""offset":0"#, r#""offset":-8"#)),
        ("a huge capacity", replaced(r#"{"string":24}"#, r#"{"string":4294967296000}"#)),
        ("an unknown type", replaced(r#""u64""#, r#""u65""#)),
        ("cut in the middle", good[..len / 2].iter().copied().chain([b' '; 1].into_iter().cycle()).take(len).collect()),
        ("a broken character", {
            let mut bytes = good.clone();
            bytes[len / 2] = 0xc3;
            bytes
        }),
    ];
    for _ in 0..20 {
        cases.push(("noise", random.bytes(len)));
        let mut flipped = good.clone();
        // A byte that JSON cannot have anywhere.
        flipped[random.below(len as u64) as usize] = 0;
        cases.push(("a NUL somewhere", flipped));
    }
    for (what, bytes) in cases {
        raw.put(schema, &bytes);
        let problem = schema_refused(&dir, "schema");
        assert!(problem.contains("schema"), "{what}: {problem}");
    }
}

#[test]
fn a_schema_of_an_absurd_length_is_damage() {
    let (dir, raw) = victim("schema");
    let header = std::fs::read(dir.file("schema")).unwrap();
    let room = raw.u64(72) - raw.u64(56);
    for len in
        [0, 1, 2, room - 1, room, room + 1, 1 << 20, (1 << 20) + 1, u64::from(u32::MAX), u64::MAX - 511, u64::MAX]
    {
        raw.forge_header(64, &len.to_le_bytes());
        raw.forge_header(104, &[0xa5; 16]);
        let problem = schema_refused(&dir, "schema");
        assert!(problem.contains("schema"), "{len} bytes: {problem}");
        raw.put(0, &header[..RawSegment::HEADER_LEN]);
    }
}

#[test]
fn a_schema_at_an_odd_place_is_read_or_refused_and_no_panic() {
    let (dir, raw) = victim("schema");
    let header = std::fs::read(dir.file("schema")).unwrap();
    let (schema, len) = (raw.u64(56), raw.u64(64));
    for odd in 1..8 {
        raw.forge_header(56, &(schema + odd).to_le_bytes());
        raw.forge_header(64, &(len - odd).to_le_bytes());
        raw.forge_header(104, &[0xa5; 16]);
        schema_refused(&dir, "schema");
        raw.put(0, &header[..RawSegment::HEADER_LEN]);
    }
}

#[test]
fn a_segment_under_another_name_than_its_own_is_not_linked() {
    let dir = TestDir::new();
    stored(&dir, "original");
    std::fs::rename(dir.file("original"), dir.file("renamed")).unwrap();
    let before = Snapshot::of(&dir.file("renamed"));
    for outcome in
        [dir.options().link::<Counter>("renamed").map(drop), dir.options().reader::<Counter>("renamed").map(drop)]
    {
        match outcome {
            Err(LinkError::Damaged(failure)) => {
                let message = failure.to_string();
                assert!(message.contains("renamed") && message.contains(r#""original""#), "{message}");
            }
            other => panic!("{other:?}"),
        }
    }
    before.is_untouched();
    assert!(matches!(dir.options().link::<Counter>("original"), Err(LinkError::NotFound(_))));
    // Nor by its own name when that is forged to be the file's: the checksum is for accidents, the name is checked.
    let raw = RawSegment::open(&dir.file("renamed"));
    raw.forge_header(160, b"somebody");
    assert!(matches!(dir.options().link::<Counter>("renamed"), Err(LinkError::Damaged(_))));
    drop(raw);
    // An administrator may remove what nobody uses.
    dir.options().remove("renamed").unwrap();
}

#[cfg(unix)]
#[test]
fn a_live_segment_under_another_name_stays_with_its_user() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("original", &Counter::new(1)).unwrap();
    std::fs::rename(dir.file("original"), dir.file("renamed")).unwrap();
    assert!(matches!(dir.options().link::<Counter>("renamed"), Err(LinkError::Damaged(_))));
    assert!(matches!(dir.options().create::<Counter>("renamed"), Err(shmrec::CreateError::AlreadyExists(_))));
    assert!(matches!(dir.options().remove("renamed"), Err(RemoveError::InUse(_))));
    segment.write(&Counter::new(2)).unwrap();
    // The name that it had is free, and its release removes no other's.
    let another = dir.options().create_with("original", &Counter::new(5)).unwrap();
    drop(segment);
    assert_eq!(dir.files(), ["shmrec.original", "shmrec.renamed"]);
    assert_eq!(dir.options().reader::<Counter>("original").unwrap().read().unwrap().seq, 5);
    drop(another);
}
