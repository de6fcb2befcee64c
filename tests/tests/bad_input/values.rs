//! Bytes that are no value of their field, values that do not fit into theirs, and bytes outside the record.

use shmrec::{
    CreateError, LoadError, ReadError, Reader, Segment, SharedField, SharedRecord, StoreError, StoreErrorKind,
    WriteError,
};
use shmrec_tests::directory::TestDir;
use shmrec_tests::raw::RawSegment;

/// A record with one field of every kind that can be wrong.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Client {
    id: u32,
    active: bool,
    tier: Tier,
    initial: char,
    #[record(capacity = 8)]
    name: String,
    seen: Option<u64>,
    #[record(capacity = 3)]
    tags: Vec<Tier>,
    homes: [Home; 2],
    #[record(capacity = (2, 5))]
    aliases: Vec<String>,
    code: shmrec::FixedStr<6>,
    last: u8,
}

#[derive(SharedRecord, Clone, Copy, Debug, PartialEq)]
#[repr(i16)]
enum Tier {
    Basic = -3,
    Gold = 500,
}

#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Home {
    owned: bool,
    doors: [bool; 3],
    #[record(capacity = 4)]
    street: Option<String>,
}

fn client() -> Client {
    let home = Home { owned: true, doors: [true, false, true], street: Some("Elm".into()) };
    Client {
        id: 7,
        active: true,
        tier: Tier::Gold,
        initial: 'Ä',
        name: "Zoë".into(),
        seen: Some(3),
        tags: vec![Tier::Gold, Tier::Basic],
        homes: [home.clone(), home],
        aliases: vec!["one".into(), "two".into()],
        code: "abc".parse().unwrap(),
        last: 9,
    }
}

/// Bytes that a field does not admit: where in the record, which, the field's path, and words of the error.
fn wrong() -> Vec<(usize, Vec<u8>, &'static str, &'static str)> {
    let f = Client::fields();
    let home = Home::fields();
    let second = f.homes.at(1);
    vec![
        (f.active.offset(), vec![2], "active", "the byte 2"),
        (f.active.offset(), vec![255], "active", "a bool: 0 or 1"),
        (f.tier.offset(), 0i16.to_le_bytes().to_vec(), "tier", "the number 0"),
        (f.tier.offset(), (-4i16).to_le_bytes().to_vec(), "tier", "-3 (Basic), 500 (Gold)"),
        (f.initial.offset(), 0xd800u32.to_le_bytes().to_vec(), "initial", "0xd800"),
        (f.initial.offset(), 0x11_0000u32.to_le_bytes().to_vec(), "initial", "Unicode scalar value"),
        (f.name.offset(), 9u32.to_le_bytes().to_vec(), "name", "a length of 9"),
        (f.name.offset(), u32::MAX.to_le_bytes().to_vec(), "name", "at most the capacity, 8"),
        (f.name.offset() + 4, vec![0xff], "name", "an invalid byte at 0"),
        // In the middle of a character: the ë is cut.
        (f.name.offset(), 3u32.to_le_bytes().to_vec(), "name", "an invalid byte at 2"),
        (f.name.offset() + 4, vec![b'a', 0xc0, 0x80], "name", "UTF-8"),
        (f.seen.offset(), vec![2], "seen", "the tag 2"),
        (f.tags.offset(), 4u32.to_le_bytes().to_vec(), "tags", "a length of 4"),
        (f.tags.offset(), (1u32 << 31).to_le_bytes().to_vec(), "tags", "at most the capacity, 3"),
        (f.tags.offset() + 6, 499i16.to_le_bytes().to_vec(), "tags[1]", "the number 499"),
        (second.then(home.owned).offset(), vec![3], "homes[1].owned", "the byte 3"),
        (second.then(home.doors).at(2).offset(), vec![4], "homes[1].doors[2]", "the byte 4"),
        (second.then(home.street).offset(), vec![9], "homes[1].street", "the tag 9"),
        (second.then(home.street).offset() + 4, 5u32.to_le_bytes().to_vec(), "homes[1].street", "a length of 5"),
        (f.aliases.offset() + 4 + 12, 6u32.to_le_bytes().to_vec(), "aliases[1]", "a length of 6"),
        (f.aliases.offset() + 4 + 4, vec![0x80], "aliases[0]", "an invalid byte at 0"),
        (f.code.offset(), 7u32.to_le_bytes().to_vec(), "code", "a length of 7"),
        (f.code.offset() + 5, vec![0xfe], "code", "an invalid byte at 1"),
    ]
}

#[track_caller]
fn names_the_field(error: &LoadError, path: &str, words: &str) {
    assert_eq!(error.field(), path, "{error}");
    let message = error.to_string();
    assert!(message.contains(&format!("{path:?}")) && message.contains(words), "{message:?} does not say {words:?}");
}

#[test]
fn bytes_that_are_no_value_are_refused_before_they_are_published() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("client", &client()).unwrap();
    let raw = RawSegment::open(&dir.file("client"));
    for (offset, bytes, path, words) in wrong() {
        match segment.write_bytes(offset, &bytes) {
            Err(WriteError::Invalid(error)) => names_the_field(&error, path, words),
            other => panic!("{bytes:?} as {path}: {other:?}"),
        }
        assert_eq!((segment.version().get(), raw.begin(), raw.u32(raw.lock())), (1, 1, 0), "{path}");
        assert_eq!(segment.read().unwrap(), client(), "{path}");
    }
    // What is a value is published.
    segment.write_bytes(Client::fields().active.offset(), &[0]).unwrap();
    assert_eq!(segment.read().unwrap(), Client { active: false, ..client() });
}

#[test]
fn bytes_that_some_program_wrote_all_the_same_are_refused_when_they_are_read() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("client", &client()).unwrap();
    let reader: Reader<Client> = dir.options().reader("client").unwrap();
    let raw = RawSegment::open(&dir.file("client"));
    let slot = raw.records() + raw.stride();
    let good = raw.slot(1);
    for (offset, bytes, path, words) in wrong() {
        raw.put(slot + offset as u64, &bytes);
        let mut target = Client { id: 1, name: "kept".into(), ..client() };
        let before = target.clone();
        let mut guard = segment.lock().unwrap();
        let guarded = guard.read();
        drop(guard);
        let errors = [
            reader.read().map(drop),
            reader.read_versioned().map(drop),
            reader.read_boxed().map(drop),
            reader.read_into(&mut target).map(drop),
            reader.read_version(reader.version()).map(drop),
            reader.history().map(drop),
            segment.read().map(drop),
            guarded.map(drop),
            match segment.update(|_| ()) {
                Err(WriteError::Read(error)) => Err(error),
                other => panic!("{path}: {other:?}"),
            },
            match reader.wait_newer(shmrec::Version::NONE, std::time::Duration::ZERO) {
                Err(shmrec::WaitError::Read(error)) => Err(error),
                other => panic!("{path}: {other:?}"),
            },
        ];
        for (i, outcome) in errors.into_iter().enumerate() {
            match outcome {
                Err(ReadError::Invalid(error)) => names_the_field(&error, path, words),
                other => panic!("{path}, way {i}: {other:?}"),
            }
        }
        assert_eq!(target, before, "{path}: a failed read_into changed its target");
        assert_eq!(raw.committed(), 1);
        raw.put(slot, &good);
        assert_eq!(reader.read().unwrap(), client());
    }
}

#[test]
fn an_invalid_field_disturbs_only_those_who_ask_for_it() {
    let dir = TestDir::new();
    let segment: Segment<Client> = dir.options().create_with("client", &client()).unwrap();
    let raw = RawSegment::open(&dir.file("client"));
    let f = Client::fields();
    for (offset, bytes, path, words) in wrong() {
        let slot = raw.records() + (segment.version().get() % raw.slots()) * raw.stride();
        raw.put(slot + offset as u64, &bytes);
        // Fields beside it, in the same words or others.
        assert_eq!(segment.get((f.id, f.last)).unwrap(), (7, 9), "{path}");
        let field = path.split(['.', '[']).next().unwrap();
        let error = match field {
            "active" => segment.get((f.id, f.active)).map(drop),
            "tier" => segment.get((f.tier, f.id)).map(drop),
            "initial" => segment.get(f.initial).map(drop),
            "name" => segment.get((f.last, f.name)).map(drop),
            "seen" => segment.get(f.seen).map(drop),
            "tags" => segment.get(f.tags).map(drop),
            "homes" => segment.get(f.homes).map(drop),
            "aliases" => segment.get(f.aliases).map(drop),
            "code" => segment.get(f.code).map(drop),
            other => panic!("{other}"),
        };
        match error {
            Err(ReadError::Invalid(error)) => names_the_field(&error, path, words),
            other => panic!("{path}: {other:?}"),
        }
        // Setting another field keeps those bytes; setting the record heals them.
        segment.set(f.last, &10).unwrap();
        assert_eq!(segment.get(f.last).unwrap(), 10);
        assert!(matches!(segment.read(), Err(ReadError::Invalid(_))), "{path}: set has changed another field");
        match segment.write_bytes(f.id.offset(), &[7]) {
            Err(WriteError::Invalid(error)) => assert_eq!(error.field(), path),
            other => panic!("{path}: {other:?}"),
        }
        segment.write(&client()).unwrap();
        assert_eq!(segment.read().unwrap(), client());
    }
}

#[test]
fn bytes_behind_a_length_and_between_fields_are_nobody_s_business() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("client", &client()).unwrap();
    let f = Client::fields();
    let raw = RawSegment::open(&dir.file("client"));
    let slot = raw.records() + raw.stride();
    // Behind the text, behind the elements, padding behind the tier, the value of a none.
    raw.put(slot + f.name.offset() as u64 + 4 + 4, &[0xff; 4]);
    raw.put(slot + f.tags.offset() as u64 + 4 + 4, &[0xff; 2]);
    raw.put(slot + Client::SIZE as u64 - 1, &[0xff]);
    assert_eq!(segment.read().unwrap(), client());
    raw.put(slot + f.seen.offset() as u64, &[0]);
    assert_eq!(segment.read().unwrap(), Client { seen: None, ..client() });
}

#[test]
fn bytes_outside_the_record_are_neither_read_nor_written() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("client", &client()).unwrap();
    let size = Client::SIZE;
    for (offset, len) in [
        (size, 1),
        (size - 1, 2),
        (0, size + 1),
        (size + 1, 0),
        (size + 64, 8),
        (1 << 40, 1),
        (usize::MAX, 1),
        (usize::MAX - 7, 8),
        (usize::MAX, 0),
        (usize::MAX, 64),
    ] {
        let mut bytes = vec![0x5a; len];
        let errors = [
            match segment.read_bytes(offset, &mut bytes) {
                Err(ReadError::OutOfRange(error)) => error,
                other => panic!("{len} bytes at {offset}: {other:?}"),
            },
            match segment.write_bytes(offset, &bytes) {
                Err(WriteError::OutOfRange(error)) => error,
                other => panic!("{len} bytes at {offset}: {other:?}"),
            },
        ];
        for error in errors {
            assert_eq!((error.offset, error.len, error.size), (offset, len, size));
            assert!(error.to_string().contains(&size.to_string()), "{error}");
        }
        assert!(bytes.iter().all(|b| *b == 0x5a), "{len} bytes at {offset}");
        assert_eq!(segment.version().get(), 1);
    }
    // All of it, its end, and nothing at all are within.
    let mut all = vec![0; size];
    assert_eq!(segment.read_bytes(0, &mut all).unwrap().get(), 1);
    let mut image = vec![0; size];
    client().store(&mut image).unwrap();
    assert_eq!(all, image);
    for offset in 0..size {
        let mut rest = vec![0; size - offset];
        segment.read_bytes(offset, &mut rest).unwrap();
        assert_eq!(rest, image[offset..], "from {offset}");
        let mut one = [0];
        segment.read_bytes(offset, &mut one).unwrap();
        assert_eq!(one[0], image[offset], "at {offset}");
    }
    segment.read_bytes(size, &mut []).unwrap();
    segment.write_bytes(size, &[]).unwrap();
    assert_eq!(segment.read().unwrap(), client());
}

#[track_caller]
fn exceeds(error: &StoreError, path: &str, len: usize, capacity: usize) {
    assert_eq!((error.field(), error.kind()), (path, &StoreErrorKind::CapacityExceeded { len, capacity }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains(&format!("{path:?}"))
            && message.contains(&format!("{len} exceeds the capacity of {capacity}")),
        "{message}"
    );
}

/// Records of which one field is too long, its path, its length and its capacity.
fn too_long() -> Vec<(Client, &'static str, usize, usize)> {
    let mut long_street = client();
    long_street.homes[1].street = Some("Acacia".into());
    vec![
        (Client { name: "Elizabeth".into(), ..client() }, "name", 9, 8),
        // Five characters, ten bytes: the capacity is in bytes.
        (Client { name: "äöüßé".into(), ..client() }, "name", 10, 8),
        (Client { name: "x".repeat(1 << 20), ..client() }, "name", 1 << 20, 8),
        (Client { tags: vec![Tier::Gold; 4], ..client() }, "tags", 4, 3),
        (long_street, "homes[1].street", 6, 4),
        (Client { aliases: vec!["a".into(); 3], ..client() }, "aliases", 3, 2),
        (Client { aliases: vec!["a".into(), "seven77".into()], ..client() }, "aliases[1]", 7, 5),
    ]
}

#[test]
fn a_value_that_exceeds_its_capacity_is_named_and_nothing_is_published() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("client", &client()).unwrap();
    let raw = RawSegment::open(&dir.file("client"));
    let before = raw.bytes();
    for (record, path, len, capacity) in too_long() {
        let mut guard = segment.lock().unwrap();
        let guarded = guard.write(&record);
        assert_eq!(guard.read().unwrap(), client(), "a refused record is not what will be published");
        guard.discard().unwrap();
        for outcome in [segment.write(&record).map(drop), segment.update(|r| *r = record.clone()), guarded] {
            match outcome {
                Err(WriteError::Store(error)) => exceeds(&error, path, len, capacity),
                other => panic!("{path}: {other:?}"),
            }
        }
        match dir.options().create_with("another", &record) {
            Err(CreateError::Store(error)) => exceeds(&error, path, len, capacity),
            other => panic!("{path}: {other:?}"),
        }
        assert_eq!(dir.files(), ["shmrec.client"]);
        assert_eq!((segment.version().get(), raw.begin()), (1, 1), "{path}");
        assert_eq!(segment.read().unwrap(), client(), "{path}");
    }
    let after = raw.bytes();
    let (from, slots) = (raw.records() as usize, 4 * raw.stride() as usize);
    assert!(before[from..from + slots] == after[from..from + slots], "a slot was written to");
}

#[test]
fn a_field_that_is_set_beyond_its_capacity_is_named_and_nothing_is_published() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("client", &client()).unwrap();
    let f = Client::fields();
    let street = f.homes.at(1).then(Home::fields().street);
    let outcomes = [
        (segment.set(f.name, &"Elizabeth".into()).map(drop), "name", 9, 8),
        // The first of the two would fit.
        (segment.set((f.id, f.tags), &(8, vec![Tier::Basic; 5])).map(drop), "tags", 5, 3),
        (segment.set(street, &Some("Acacia".into())).map(drop), "homes[1].street", 6, 4),
        (segment.set(f.aliases, &vec!["fits".into(), "does not".into()]).map(drop), "aliases[1]", 8, 5),
        {
            let mut guard = segment.lock().unwrap();
            guard.set(f.id, &8).unwrap();
            let refused = guard.set((f.id, f.name), &(9, "Elizabeth".into()));
            assert_eq!(guard.get(f.id).unwrap(), 8, "what was to be published stays as it was");
            guard.discard().unwrap();
            (refused, "name", 9, 8)
        },
    ];
    for (outcome, path, len, capacity) in outcomes {
        match outcome {
            Err(WriteError::Store(error)) => exceeds(&error, path, len, capacity),
            other => panic!("{path}: {other:?}"),
        }
    }
    assert_eq!((segment.version().get(), segment.read().unwrap()), (1, client()));
}

#[test]
fn a_value_that_just_fits_is_published_whole() {
    let dir = TestDir::new();
    let segment = dir.options().create_with("client", &client()).unwrap();
    let full = Client {
        name: "äöüß".into(),
        tags: vec![Tier::Basic; 3],
        aliases: vec!["fives".into(), String::new()],
        code: "sixsix".parse().unwrap(),
        ..client()
    };
    segment.write(&full).unwrap();
    assert_eq!(segment.read().unwrap(), full);
    // And what is shorter afterwards leaves nothing of it behind.
    segment.write(&Client { name: String::new(), tags: vec![], aliases: vec![], ..client() }).unwrap();
    let mut text = [0xff; 12];
    segment.read_bytes(Client::fields().name.offset(), &mut text).unwrap();
    assert_eq!(text, [0; 12]);
}

mod tracked {
    //! A value that is counted as long as it lives: what owns memory must be dropped as often as it is made.

    use std::cell::Cell;

    use shmrec::{LoadError, SharedField, StoreError, TypeDesc};

    thread_local!(static LIVING: Cell<i64> = const { Cell::new(0) });

    /// How many there are in this thread.
    pub(super) fn living() -> i64 {
        LIVING.get()
    }

    #[derive(Debug)]
    pub(super) struct Tracked(u8);

    impl Tracked {
        pub(super) fn new(number: u8) -> Self {
            LIVING.set(LIVING.get() + 1);
            Self(number)
        }
    }

    impl Clone for Tracked {
        fn clone(&self) -> Self {
            Self::new(self.0)
        }
    }

    impl Drop for Tracked {
        fn drop(&mut self) {
            LIVING.set(LIVING.get() - 1);
        }
    }

    impl SharedField for Tracked {
        const SIZE: usize = 1;
        const ALIGN: usize = 1;
        const TYPE: TypeDesc = TypeDesc::U8;

        fn store(&self, image: &mut [u8]) -> Result<(), StoreError> {
            self.0.store(image)
        }

        fn load(image: &[u8]) -> Result<Self, LoadError> {
            match u8::load(image)? {
                number @ 0..100 => Ok(Self::new(number)),
                number => Err(LoadError::new(number.to_string(), "less than 100")),
            }
        }
    }
}

#[derive(SharedRecord, Clone, Debug)]
struct Owning {
    first: tracked::Tracked,
    array: [tracked::Tracked; 4],
    maybe: Option<tracked::Tracked>,
    #[record(capacity = 4)]
    list: Vec<tracked::Tracked>,
    #[record(capacity = 4)]
    boxed: Box<[tracked::Tracked]>,
    nested: [[tracked::Tracked; 2]; 2],
    last: tracked::Tracked,
}

#[test]
fn a_record_that_is_refused_leaks_nothing_of_what_was_made_by_then() {
    use tracked::{Tracked, living};
    let dir = TestDir::new();
    let numbers = |from: u8, len: u8| (from..from + len).map(Tracked::new).collect::<Vec<_>>();
    let record = Owning {
        first: Tracked::new(0),
        array: [1, 2, 3, 4].map(Tracked::new),
        maybe: Some(Tracked::new(5)),
        list: numbers(6, 4),
        boxed: numbers(10, 4).into(),
        nested: [[14, 15], [16, 17]].map(|row| row.map(Tracked::new)),
        last: Tracked::new(18),
    };
    let segment = dir.options().create_with("owning", &record).unwrap();
    let raw = RawSegment::open(&dir.file("owning"));
    let slot = raw.records() + raw.stride();
    let mut target = record.clone();
    let before = living();
    let f = Owning::fields();
    // Where each of the nineteen stands, in the order of their numbers.
    let (list, boxed) = (f.list.offset() + 4, f.boxed.offset() + 4);
    let mut places = vec![f.first.offset()];
    places.extend((0..4).map(|i| f.array.at(i).offset()));
    places.push(f.maybe.offset() + 1);
    places.extend((list..list + 4).chain(boxed..boxed + 4));
    places.extend([(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| f.nested.at(i).at(j).offset()));
    places.push(f.last.offset());
    for (number, at) in (0u8..).zip(places) {
        let mut there = [0];
        segment.read_bytes(at, &mut there).unwrap();
        assert_eq!(there, [number], "the place of a value");
        raw.put(slot + at as u64, &[200]);
        assert!(matches!(segment.read(), Err(ReadError::Invalid(_))), "{number}");
        assert!(matches!(segment.read_boxed(), Err(ReadError::Invalid(_))), "{number}");
        assert!(matches!(segment.read_into(&mut target), Err(ReadError::Invalid(_))), "{number}");
        assert!(matches!(segment.read_version(segment.version()), Err(ReadError::Invalid(_))), "{number}");
        assert!(matches!(segment.update(|_| ()), Err(WriteError::Read(ReadError::Invalid(_)))), "{number}");
        drop(segment.get((f.array, f.nested)));
        drop(segment.get((f.first, f.list, f.boxed, f.maybe, f.last)));
        assert_eq!(living(), before, "the value {number} of the record is bad, and those before it live on");
        raw.put(slot + at as u64, &[number]);
    }
    drop(segment.read().unwrap());
    assert_eq!(living(), before);
}
