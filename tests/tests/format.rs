//! A stored segment of format 1 is read for ever, by today's code and by hand.
//!
//! `data/format1.segment` was made once, by
//!
//! ```text
//! cargo run -p shmrec-tests --bin peer -- store DIRECTORY
//! cp DIRECTORY/shmrec.format1 tests/data/format1.segment
//! ```
//!
//! and is never made again: a format that it does not fit is another format, which gets a file of its own. The records in it
//! are those of `src/stored.rs`. What is decoded by hand here follows `docs/format.md` and uses nothing of shmrec.

use shmrec::{CreateError, Opened, Perms, ReadError, SharedRecord, Version};
use shmrec_tests::directory::TestDir;
use shmrec_tests::stored::{State, Station, Wind};

const STORED: &[u8] = include_bytes!("../data/format1.segment");

/// The stored file as a segment that nobody uses.
fn restored() -> TestDir {
    let dir = TestDir::new();
    let file = dir.file(Station::SEGMENT);
    std::fs::write(&file, STORED).unwrap();
    shmrec_tests::platform::set_mode(&file, 0o600);
    dir
}

/// A little-endian number of `N` bytes.
#[track_caller]
fn number<const N: usize>(bytes: &[u8], at: usize) -> u128 {
    bytes[at..at + N].iter().rev().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    number::<2>(bytes, at) as u16
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    number::<4>(bytes, at) as u32
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    number::<8>(bytes, at) as u64
}

#[test]
fn today_s_code_reads_a_stored_segment_of_format_1() {
    let dir = restored();
    let reader = dir.options().reader::<Station>(Station::SEGMENT).unwrap();
    assert_eq!((reader.slots(), reader.persists(), reader.is_mapped()), (Station::SLOTS, true, true));
    assert_eq!((reader.version().get(), reader.users().unwrap()), (Station::VERSIONS, 1));
    assert_eq!(reader.read().unwrap(), Station::version(Station::VERSIONS));
    let f = Station::fields();
    let wind = (f.wind.then(Wind::fields().speed), f.wind.then(Wind::fields().from));
    assert_eq!(reader.get(wind).unwrap(), (2.25, 359));
    assert_eq!(reader.get((f.name, f.hours.at(1))).unwrap(), ("Größe 3".into(), 0x203));
    // Two slots keep one version.
    assert_eq!(reader.history().unwrap().len(), 1);
    assert!(matches!(reader.read_version(Version::new(1)), Err(ReadError::NoSuchVersion(_))));
    reader.release().unwrap();
    assert_eq!(std::fs::read(dir.file(Station::SEGMENT)).unwrap(), STORED, "reading has changed it");
}

#[test]
fn today_s_code_writes_on_in_a_stored_segment_of_format_1() {
    let dir = restored();
    let taken = dir.options().create::<Station>(Station::SEGMENT).unwrap_err();
    let CreateError::AlreadyExists(_) = &taken else { panic!("{taken}") };
    assert!(taken.holder().is_some_and(|holder| holder.persist && holder.created.is_some()), "{taken}");
    let (segment, opened) = dir.options().create_or_link::<Station>(Station::SEGMENT).unwrap();
    assert_eq!(opened, Opened::Linked);
    let reader = dir.options().reader::<Station>(Station::SEGMENT).unwrap();
    for version in Station::VERSIONS + 1..Station::VERSIONS + 10 {
        assert_eq!(segment.write(&Station::version(version)).unwrap().get(), version);
        assert_eq!(reader.read().unwrap(), Station::version(version));
    }
    segment.update(|station| station.state = State::Off).unwrap();
    assert_eq!(reader.get(Station::fields().state).unwrap(), State::Off);
    assert!(!segment.lock().unwrap().recovered(), "it was stored with a free lock");
    drop((segment, reader));
    assert_eq!(dir.files(), ["shmrec.format1"], "it persists");
    dir.options().remove(Station::SEGMENT).unwrap();
}

#[test]
fn today_s_schema_is_the_stored_one() {
    let schema = shmrec::schema::Schema::of::<Station>();
    let (at, len) = (u64_at(STORED, 56) as usize, u64_at(STORED, 64) as usize);
    let stored = std::str::from_utf8(&STORED[at..at + len]).unwrap();
    assert_eq!(shmrec::schema::Schema::parse(stored).unwrap(), schema);
    assert_eq!(stored, schema.to_json());
    assert_eq!(Station::FINGERPRINT.to_le_bytes(), STORED[104..120]);
}

/// What differs from creation to creation: the instance, its creator and time, the checksum over them, and which writer slot
/// was taken.
fn blank(mut file: Vec<u8>) -> Vec<u8> {
    file[120..152].fill(0);
    file[504..512].fill(0);
    let lock = u64_at(&file, 80) as usize;
    let generations: u32 = (0..2047).map(|slot| u32_at(&file, lock + 128 + 4 * slot)).sum();
    assert_eq!(generations, 1, "one writer has taken one slot once");
    file[lock + 128..lock + 128 + 4 * 2047].fill(0);
    file
}

#[test]
fn today_s_code_stores_the_same_bytes() {
    let dir = TestDir::new();
    let options = dir.options().persist(true).slots(Station::SLOTS).perms(Perms::RW);
    let segment = options.create_with(Station::SEGMENT, &Station::version(1)).unwrap();
    for version in 2..=Station::VERSIONS {
        segment.write(&Station::version(version)).unwrap();
    }
    drop(segment);
    let (today, stored) = (blank(std::fs::read(dir.file(Station::SEGMENT)).unwrap()), blank(STORED.to_vec()));
    assert_eq!(today.len(), stored.len());
    for (at, (today, stored)) in today.iter().zip(&stored).enumerate() {
        assert_eq!(today, stored, "the byte at {at}");
    }
}

#[test]
fn the_header_s_numbers_stand_where_the_document_says() {
    assert!(STORED.len() < 32 << 10);
    assert_eq!(&STORED[0..8], b"shmrec\r\n", "magic");
    assert_eq!(u32_at(STORED, 8), 1, "format");
    assert_eq!(STORED[12..16], [4, 3, 2, 1], "byte order mark");
    assert_eq!(u32_at(STORED, 16), 512, "length of the header");
    assert_eq!(u32_at(STORED, 20), 0b01, "flags: it persists, and does not wake always");
    assert_eq!(u64_at(STORED, 24), STORED.len() as u64, "total length");
    assert_eq!(u64_at(STORED, 32), 112, "bytes of a record");
    assert_eq!(u32_at(STORED, 40), 16, "alignment of a record");
    assert_eq!(u32_at(STORED, 44), 2, "slots");
    assert_eq!(u64_at(STORED, 48), 128, "bytes from slot to slot");
    assert_eq!(u64_at(STORED, 56), 512, "the schema behind the header");
    assert_ne!(number::<16>(STORED, 120), 0, "the instance");
    assert_ne!(u32_at(STORED, 140), 0, "the creator's process");
    assert!(u64_at(STORED, 144) > 1_600_000_000_000_000_000, "the time of creation, in nanoseconds");
    assert_eq!(u32_at(STORED, 152), 2047, "writer slots");
    assert_eq!(u32_at(STORED, 156), 7, "length of the name");
    assert_eq!(&STORED[160..167], b"format1");
    assert!(STORED[167..504].iter().all(|byte| *byte == 0), "nothing behind the name");

    // FNV-1a with 64 bits over what stands before it.
    let sum =
        STORED[..504].iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3));
    assert_eq!(u64_at(STORED, 504), sum, "checksum");
}

#[test]
fn the_regions_follow_each_other_as_the_document_says() {
    let [schema, schema_len, transfer, lock, bell, slots] = [56, 64, 72, 80, 88, 96].map(|at| u64_at(STORED, at));
    let aligned = |end: u64| end.next_multiple_of(128);
    assert_eq!(transfer, aligned(schema + schema_len));
    assert_eq!(lock, transfer + 128);
    assert_eq!(bell, aligned(lock + 128 + 4 * 2047));
    assert_eq!(slots, bell + 128);
    assert_eq!(STORED.len() as u64, slots + 2 * 128);

    let at = |region: u64| region as usize;
    assert_eq!((u64_at(STORED, at(transfer)), u64_at(STORED, at(transfer) + 8)), (3, 3), "begin, committed");
    assert!(STORED[at(transfer) + 16..at(lock)].iter().all(|byte| *byte == 0), "nothing else on their lines");
    assert_eq!(u32_at(STORED, at(lock)), 0, "owner word");
    assert_eq!(u32_at(STORED, at(lock) + 4), 0, "fair turns");
    assert_eq!(u32_at(STORED, at(lock) + 8), 0, "recoveries");
    let generations = (0..2047).map(|slot| u32_at(STORED, at(lock) + 128 + 4 * slot));
    assert_eq!(generations.filter(|generation| *generation == 1).count(), 1, "the one writer's slot");
    assert_eq!((u32_at(STORED, at(bell)), u32_at(STORED, at(bell) + 4)), (0, 0), "nobody waits");
}

#[test]
fn the_schema_is_the_documented_json_and_the_fingerprint_is_over_its_canonical_form() {
    const CANONICAL: &str = concat!(
        r#"{"record":"weather.Station","size":112,"align":16,"fields":["#,
        r#"{"name":"sequence","offset":0,"type":"u64"},"#,
        r#"{"name":"state","offset":8,"type":{"enum":"State","size":1,"align":1,"tag":"u8","variants":["#,
        r#"{"name":"Off","value":"0","fields":[]},{"name":"measuring","value":"4","fields":[]}]}},"#,
        r#"{"name":"raining","offset":9,"type":"bool"},"#,
        r#"{"name":"symbol","offset":12,"type":"char"},"#,
        r#"{"name":"temperature","offset":16,"type":"f64"},"#,
        r#"{"name":"name","offset":24,"type":{"string":10}},"#,
        r#"{"name":"gusts","offset":40,"type":{"vec":"i16","capacity":3}},"#,
        r#"{"name":"wind","offset":52,"type":{"record":"Wind","size":8,"align":4,"fields":["#,
        r#"{"name":"speed","offset":0,"type":"f32"},{"name":"from","offset":4,"type":"u16"}]}},"#,
        r#"{"name":"battery","offset":60,"type":{"option":"u32"}},"#,
        r#"{"name":"serial","offset":80,"type":"u128"},"#,
        r#"{"name":"hours","offset":96,"type":{"array":"u16","len":3}}]}"#,
    );
    let (at, len) = (u64_at(STORED, 56) as usize, u64_at(STORED, 64) as usize);
    let document = std::str::from_utf8(&STORED[at..at + len]).unwrap();
    let rest = document
        .strip_prefix(&format!(r#"{{"shmrec":1,"schema":{CANONICAL},"docs":{{"#))
        .unwrap_or_else(|| panic!("{document}"));
    assert!(rest.starts_with(r#""":"What a weather station says.","#) && rest.ends_with(r#""}}"#), "{rest}");
    assert!(
        rest.contains(r#""temperature":"Degrees Celsius.""#) && rest.contains(r#""wind.speed":"Metres per second.""#)
    );

    // FNV-1a with 128 bits: RFC 9923.
    let (offset, prime) = (0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, (1u128 << 88) + 0x13b);
    let fingerprint = CANONICAL.bytes().fold(offset, |h, b| (h ^ u128::from(b)).wrapping_mul(prime));
    assert_eq!(number::<16>(STORED, 104), fingerprint);
}

/// Decodes the slot of a version by the offsets of the schema above.
#[track_caller]
fn slot_is(version: u64) {
    let at = u64_at(STORED, 96) as usize + (version % 2) as usize * 128;
    let record = &STORED[at..at + 128];
    assert_eq!(u64_at(record, 0), version, "sequence");
    assert_eq!(record[8], 4, "state: measuring");
    assert_eq!(record[9], (version % 2) as u8, "raining");
    assert_eq!(record[10..12], [0; 2], "padding");
    assert_eq!(u32_at(record, 12), 0x2602, "symbol: U+2602");
    assert_eq!(u64_at(record, 16), (-0.5 * version as f64).to_bits(), "temperature");
    assert_eq!(u32_at(record, 24), 9, "bytes of the name");
    assert_eq!(&record[28..37], format!("Größe {version}").as_bytes(), "name");
    assert_eq!(record[37..40], [0; 3], "nothing behind the name");
    assert_eq!(u32_at(record, 40) as u64, version, "how many gusts");
    for i in 0..3 {
        let gust = u16_at(record, 44 + 2 * i) as i16;
        assert_eq!(gust, if (i as u64) < version { -100 * (i as i16 + 1) } else { 0 }, "gust {i}");
    }
    assert_eq!(record[50..52], [0; 2], "padding behind the gusts");
    assert_eq!(u32_at(record, 52), 2.25f32.to_bits(), "wind: speed");
    assert_eq!(u16_at(record, 56), 359, "wind: from");
    assert_eq!(record[58..60], [0; 2], "padding of the wind");
    assert_eq!(record[60..64], [1, 0, 0, 0], "battery: there is one");
    assert_eq!(u32_at(record, 64), 3700, "battery");
    assert_eq!(record[68..80], [0; 12], "padding before the serial number");
    assert_eq!(number::<16>(record, 80), 0x0123_4567_89ab_cdef_0011_2233_4455_6677, "serial");
    assert_eq!([96, 98, 100].map(|at| u16_at(record, at)), [1, 0x203, version as u16], "hours");
    assert_eq!(record[102..128], [0; 26], "nothing behind the record");
}

#[test]
fn the_records_stand_in_their_slots_byte_by_byte() {
    // Version 3 in slot 1, and version 2 in slot 0 still.
    slot_is(3);
    slot_is(2);
}
