//! Calls on one segment, one after the other, against a model that is a list of versions.

use std::time::Duration;

use shmrec::{
    CreateError, LinkError, LockError, ReadError, Reader, RemoveError, Segment, SharedField, SharedRecord, Version,
    WaitError, WriteError,
};

use crate::place;
use crate::records::Direct;

const NAME: &str = "operations";

/// A record of the model.
#[derive(SharedRecord, Clone, Debug, PartialEq)]
struct Record {
    number: u32,
    #[record(capacity = 6)]
    text: String,
    leaf: [u8; 5],
    last: u64,
}

impl Record {
    fn new(seed: u8) -> Self {
        let n = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self {
            number: n as u32,
            text: format!("{}", seed % 100).repeat(usize::from(seed % 4)),
            leaf: std::array::from_fn(|i| seed.wrapping_add(i as u8)),
            last: n.rotate_left(17),
        }
    }
}

/// What the segment must be.
struct Model {
    /// All versions, the first at index 0.
    versions: Vec<Record>,
    slots: u64,
    persist: bool,
}

impl Model {
    fn newest(&self) -> u64 {
        self.versions.len() as u64
    }

    fn last(&self) -> Option<&Record> {
        self.versions.last()
    }

    /// The versions that the segment has for sure: all but the one whose slot is written next.
    fn has(&self, version: u64) -> bool {
        version > 0 && version <= self.newest() && self.newest() - version < self.slots - 1
    }
}

/// Each byte is a call; some take the next byte as what to write.
pub fn run(data: &[u8]) {
    place::with(|directory| {
        let base = place::options(directory);
        let mut bytes = data.iter().copied();
        let mut writers: Vec<Segment<Record>> = vec![];
        let mut readers: Vec<Reader<Record>> = vec![];
        let mut model: Option<Model> = None;
        while let Some(call) = bytes.next() {
            let mut operand = || bytes.next().unwrap_or(0);
            let users = writers.len() + readers.len();
            match call % 24 {
                // Creation: with or without a first record.
                0 | 1 => {
                    let settings = operand();
                    let (slots, persist) = (2 << (settings % 3), settings & 8 != 0);
                    let options = base.clone().slots(slots).persist(persist).wake_always(settings & 16 != 0);
                    let created = if call % 24 == 0 {
                        options.create::<Record>(NAME)
                    } else {
                        options.create_with(NAME, &Record::new(settings))
                    };
                    match created {
                        Ok(segment) => {
                            assert!(model.is_none(), "a second segment of one name");
                            let versions = if call % 24 == 0 { vec![] } else { vec![Record::new(settings)] };
                            model = Some(Model { versions, slots: slots.into(), persist });
                            writers.push(segment);
                        }
                        Err(CreateError::AlreadyExists(_)) => assert!(model.is_some()),
                        Err(error) => panic!("{error}"),
                    }
                }
                2 if users < 6 => match base.link(NAME) {
                    Ok(segment) => {
                        assert!(model.is_some());
                        writers.push(segment);
                    }
                    Err(LinkError::NotFound(_)) => assert!(model.is_none()),
                    Err(error) => panic!("{error}"),
                },
                3 if users < 6 => match base.reader(NAME) {
                    Ok(reader) => {
                        assert!(model.is_some());
                        readers.push(reader);
                    }
                    Err(LinkError::NotFound(_)) => assert!(model.is_none()),
                    Err(error) => panic!("{error}"),
                },
                // Another record's link is refused and changes nothing.
                4 => match base.link::<Direct>(NAME) {
                    Err(LinkError::Mismatch(_)) => assert!(model.is_some()),
                    Err(LinkError::NotFound(_)) => assert!(model.is_none()),
                    other => panic!("{other:?}"),
                },
                // Leaving.
                5 if !writers.is_empty() => {
                    let i = usize::from(operand()) % writers.len();
                    writers.swap_remove(i).release().expect("a release");
                    forget_unless_kept(&mut model, writers.len() + readers.len());
                }
                6 if !readers.is_empty() => {
                    let i = usize::from(operand()) % readers.len();
                    drop(readers.swap_remove(i));
                    forget_unless_kept(&mut model, writers.len() + readers.len());
                }
                7 => match base.remove(NAME) {
                    Ok(()) => {
                        assert!(users == 0 && model.as_ref().is_some_and(|model| model.persist));
                        model = None;
                    }
                    Err(RemoveError::InUse(_)) => assert!(users > 0),
                    Err(RemoveError::NotFound(_)) => assert!(model.is_none()),
                    Err(error) => panic!("{error}"),
                },
                call => {
                    let Some(model) = &mut model else { continue };
                    let chosen = usize::from(operand());
                    let seed = operand();
                    if let Some(segment) = writers.get(chosen % writers.len().max(1)) {
                        write(call, segment, model, seed);
                        read(call, segment, model, seed);
                    } else if let Some(reader) = readers.get(chosen % readers.len().max(1)) {
                        read(call, reader, model, seed);
                    }
                    for handle in &writers {
                        assert_eq!(handle.version().get(), model.newest());
                    }
                }
            }
        }
        drop((writers, readers));
        forget_unless_kept(&mut model, 0);
        match base.remove(NAME) {
            Ok(()) => assert!(model.is_some()),
            Err(RemoveError::NotFound(_)) => assert!(model.is_none()),
            Err(error) => panic!("{error}"),
        }
    });
}

fn forget_unless_kept(model: &mut Option<Model>, users: usize) {
    if users == 0 && !model.as_ref().is_some_and(|model| model.persist) {
        *model = None;
    }
}

fn write(call: u8, segment: &Segment<Record>, model: &mut Model, seed: u8) {
    let fields = Record::fields();
    let record = Record::new(seed);
    let next = model.newest() + 1;
    match call {
        8 | 9 => {
            assert_eq!(segment.write(&record).expect("a write").get(), next);
            model.versions.push(record);
        }
        10 => match segment.update(|last| last.last ^= u64::from(seed)) {
            Ok(()) => {
                let mut record = model.last().expect("there is one").clone();
                record.last ^= u64::from(seed);
                model.versions.push(record);
            }
            Err(WriteError::Read(ReadError::NotYetWritten(_))) => assert!(model.versions.is_empty()),
            Err(error) => panic!("{error}"),
        },
        11 => match segment.set((fields.number, fields.leaf), &(record.number, record.leaf)) {
            Ok(version) => {
                assert_eq!(version.get(), next);
                let last = model.last().expect("there is one").clone();
                model.versions.push(Record { number: record.number, leaf: record.leaf, ..last });
            }
            Err(WriteError::Read(ReadError::NotYetWritten(_))) => assert!(model.versions.is_empty()),
            Err(error) => panic!("{error}"),
        },
        12 => {
            let long = Record { text: "x".repeat(7), ..record };
            assert!(matches!(segment.write(&long), Err(WriteError::Store(_))), "7 bytes in 6");
        }
        13 | 14 => {
            let mut guard = segment.lock().expect("a lock that is free");
            assert!(!guard.recovered());
            assert!(matches!(segment.try_lock(), Err(LockError::AlreadyLocked(_))));
            assert_eq!(guard.read().ok().as_ref(), model.last());
            guard.write(&record).expect("an edit");
            assert_eq!(guard.read().expect("what was edited"), record);
            // Until then nobody else sees it.
            assert_eq!(segment.version().get(), next - 1);
            if call == 13 {
                assert_eq!(guard.unlock().expect("an unlock").map(Version::get), Some(next));
                model.versions.push(record);
            } else {
                guard.discard().expect("an unlock");
            }
        }
        15 => {
            let mut guard = segment.lock_timeout(Duration::ZERO).expect("a lock that is free");
            guard.write(&record).expect("an edit");
            assert_eq!(guard.publish().expect("a publication").map(Version::get), Some(next));
            model.versions.push(record);
            assert_eq!(guard.publish().expect("nothing more"), None);
        }
        _ => {}
    }
}

fn read(call: u8, reader: &Reader<Record>, model: &Model, seed: u8) {
    let fields = Record::fields();
    match call {
        16 | 17 => match reader.read_versioned() {
            Ok(published) => {
                assert_eq!((Some(&published.record), published.version.get()), (model.last(), model.newest()));
            }
            Err(ReadError::NotYetWritten(_)) => assert!(model.versions.is_empty()),
            Err(error) => panic!("{error}"),
        },
        18 => {
            let version = model.newest().wrapping_sub(u64::from(seed % 10)).wrapping_add(2);
            match reader.read_version(Version::new(version)) {
                Ok(record) => assert_eq!(record, model.versions[version as usize - 1]),
                Err(ReadError::NoSuchVersion(_) | ReadError::NotYetWritten(_)) => assert!(!model.has(version)),
                Err(error) => panic!("{error}"),
            }
        }
        19 => {
            let history = reader.history().expect("a history");
            let kept = model.newest().min(model.slots - 1);
            assert_eq!(history.len() as u64, kept);
            for published in history {
                assert_eq!(published.record, model.versions[published.version.get() as usize - 1]);
            }
        }
        20 => match reader.get((fields.text, fields.last)) {
            Ok((text, last)) => {
                let record = model.last().expect("there is one");
                assert_eq!((&text, last), (&record.text, record.last));
            }
            Err(ReadError::NotYetWritten(_)) => assert!(model.versions.is_empty()),
            Err(error) => panic!("{error}"),
        },
        21 => {
            let since = model.newest().wrapping_sub(u64::from(seed % 3));
            match reader.wait_newer(Version::new(since), Duration::ZERO) {
                Ok(newer) => {
                    assert!(newer.version.get() > since || since > model.newest());
                    assert_eq!(Some(&newer.record), model.last());
                }
                Err(WaitError::Timeout(_)) => assert!(since >= model.newest()),
                Err(error) => panic!("{error}"),
            }
        }
        22 => {
            let mut bytes = vec![0; usize::from(seed) % 40];
            let offset = usize::from(seed) % 23;
            match reader.read_bytes(offset, &mut bytes) {
                Ok(version) => {
                    assert!(offset + bytes.len() <= Record::SIZE);
                    assert_eq!(version.get(), model.newest());
                }
                Err(ReadError::NotYetWritten(_)) => assert!(model.versions.is_empty()),
                Err(ReadError::OutOfRange(_)) => assert!(offset + bytes.len() > Record::SIZE),
                Err(error) => panic!("{error}"),
            }
        }
        _ => assert!(reader.users().expect("the kernel counts") >= 1),
    }
}
