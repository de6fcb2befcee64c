//! Records that other programs lay out: length and permissions are checked, no copy is taken for whole that is not, and nothing
//! is written that is not the record's.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shmrec::foreign::{
    Bookends, Consistency, ForeignError, ForeignOptions, ForeignPlace, ForeignReadError, ForeignWriteError, Protocol,
    Sequence, View, ViewMut, Word,
};
use shmrec::{InvalidOptions, Opened, Perms, SharedField, SharedRecord};
use shmrec_tests::alien::{Alien, RULES, place, rule};
use shmrec_tests::directory::{Kind, TestDir};
use shmrec_tests::peer::Start;
use shmrec_tests::platform::{FILES_HAVE_MODES, FOREIGN_PLACES, let_remove};

const PEER: &str = env!("CARGO_BIN_EXE_peer");

/// One place of each kind, which goes when the test ends.
struct Places {
    dir: TestDir,
    object: String,
}

impl Places {
    fn new(test: &str) -> Self {
        Self { dir: TestDir::of(Kind::Keyed), object: format!("/shmrec-tests-{}-{test}", std::process::id()) }
    }

    /// Those that this system has.
    fn all(&self) -> Vec<(&'static str, String)> {
        let name = |kind| match kind {
            "key" => self.dir.key("alien").get().to_string(),
            "posix" => self.object.clone(),
            _ => self.dir.path().join("alien").to_str().unwrap().to_owned(),
        };
        FOREIGN_PLACES.iter().map(|&kind| (kind, name(kind))).collect()
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(format!("/dev/shm{}", self.object));
    }
}

fn options(kind: &str, name: &str, of: &str) -> ForeignOptions<Alien> {
    ForeignOptions::new(place(kind, name), rule(of)).read_timeout(Duration::from_secs(60))
}

#[test]
fn what_is_written_is_read_by_every_rule_in_every_place() {
    let places = Places::new("written");
    for (kind, name) in places.all() {
        for of in RULES.iter().chain(&["none"]) {
            let options = options(kind, &name, of);
            let alien = options.create().unwrap();
            let reader = options.reader().unwrap();
            for seq in 1..20 {
                alien.write(&Alien::new(seq)).unwrap();
                let read = reader.read().unwrap();
                assert!(read.seq == seq && read.is_whole(), "{kind} {of}: {read:?}");
                assert_eq!(alien.read().unwrap(), read);
            }
            // The rule's words are the rule's; what the record had there is not stored.
            let (count, ends) =
                (reader.word(Alien::fields().count).unwrap(), reader.word(Alien::fields().first).unwrap());
            assert_eq!(
                (count, ends),
                if *of == "bookends" {
                    (0, 19)
                } else if *of == "none" {
                    (0, 0)
                } else {
                    (38, 0)
                }
            );
            drop((alien, reader));
            // It stays, as the other program's does.
            assert_eq!(options.link().unwrap().read().unwrap().seq, 19);
            options.remove().unwrap();
            assert!(matches!(options.reader(), Err(ForeignError::NotFound(_))));
            assert!(matches!(options.remove(), Err(ForeignError::NotFound(_))));
        }
    }
    assert!(places.dir.files().is_empty());
}

/// Of one rule in one place: a writer that pauses for twice as long as it writes, and how many torn copies this process takes for whole.
fn torn(kind: &str, name: &str, of: &str, reads: u32) -> u32 {
    let created = options(kind, name, "none").create().unwrap();
    created.write(&Alien::new(0)).unwrap();
    let mut writer = Start::new(PEER, "foreign").arg(kind).arg(name).arg(of).spawn();
    assert_eq!(writer.hear(), "ready");
    let reader = options(kind, name, of).reader().unwrap();
    let (mut torn, mut record) = (0, Alien::new(0));
    for _ in 0..reads {
        reader.read_into(&mut record).unwrap();
        torn += u32::from(!record.is_whole());
    }
    writer.kill();
    drop((created, reader));
    options(kind, name, of).remove().unwrap();
    torn
}

#[test]
fn no_rule_takes_a_torn_copy_for_whole_and_without_a_rule_there_are_some() {
    let places = Places::new("torn");
    for (kind, name) in places.all() {
        for of in RULES {
            assert_eq!(torn(kind, &name, of, 3_000), 0, "{kind} {of}");
        }
        // The control: with a single processor it may take long until one shows.
        let found = (0..1_000).map(|_| torn(kind, &name, "none", 3_000)).find(|torn| *torn > 0);
        println!("{kind}: without a rule {found:?} of 3000 copies were torn");
        assert!(found.is_some(), "{kind}: no torn copy was seen without a rule, so this test shows nothing");
    }
}

#[test]
fn a_writer_that_died_in_the_middle_is_not_whole_until_the_next_has_written() {
    let places = Places::new("died");
    let f = Alien::fields();
    for (kind, name) in places.all() {
        for of in RULES {
            let options = options(kind, &name, of).read_timeout(Duration::from_millis(20));
            let alien = options.create().unwrap();
            alien.write(&Alien::new(1)).unwrap();
            // As it looks in the middle of a write.
            match of {
                "bookends" => alien.set_word(f.last, 99).unwrap(),
                "valid" => alien.set_word(f.valid, 0).unwrap(),
                _ => alien.set_word(f.count, 3).unwrap(),
            }
            let begun = Instant::now();
            match alien.read() {
                Err(ForeignReadError::NotWhole(error)) => {
                    assert!(error.attempts >= 2 && begun.elapsed() >= error.waited, "{error}");
                }
                other => panic!("{kind} {of}: {other:?}"),
            }
            alien.write(&Alien::new(2)).unwrap();
            assert_eq!(alien.read().unwrap().seq, 2, "{kind} {of}");
            drop(alien);
            options.remove().unwrap();
        }
    }
}

#[test]
fn memory_of_another_length_is_refused_with_both_lengths() {
    let places = Places::new("length");
    let size = Alien::SIZE;
    for (kind, name) in places.all() {
        #[derive(SharedRecord)]
        struct Longer {
            front: [u64; 4],
            alien: Alien,
            behind: u64,
        }
        let longer = ForeignOptions::<Longer>::new(place(kind, &name), Consistency::None);
        longer.create().unwrap();
        let strict = options(kind, &name, "none");
        for outcome in [strict.reader().map(drop), strict.link().map(drop)] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, ForeignError::WrongSize(_)), "{error}");
            let (found, needed) = (Longer::SIZE.to_string(), size.to_string());
            assert!(error.to_string().contains(&found) && error.to_string().contains(&needed), "{error}");
        }
        // At its place in what is longer, and nothing around it is touched.
        let inside = strict.clone().longer(true).at(32);
        let alien = inside.link().unwrap();
        alien.write(&Alien::new(u64::MAX)).unwrap();
        let whole = longer.reader().unwrap().read().unwrap();
        assert_eq!((whole.front, whole.alien.seq, whole.behind), ([0; 4], u64::MAX, 0));
        // Not even if it may be longer is it shorter.
        let beyond = strict.clone().longer(true).at(Longer::SIZE);
        assert!(matches!(beyond.reader(), Err(ForeignError::WrongSize(_))));
        for at in [1, 4, usize::MAX, usize::MAX - 7] {
            let error = strict.clone().longer(true).at(at).reader().unwrap_err();
            assert!(matches!(error, ForeignError::InvalidOptions(InvalidOptions::ForeignOffset { .. })), "{error}");
        }
        drop(alien);
        longer.remove().unwrap();
    }
}

#[test]
fn permissions_are_exact_and_are_compared_when_asked_for() {
    let places = Places::new("perms");
    for (kind, name) in places.all() {
        for perms in [Perms::R, Perms::RRR, Perms::RW, Perms::RWRWRW] {
            let options = options(kind, &name, "none").perms(perms);
            let alien = match options.create() {
                Err(ForeignError::WrongMode(error)) if !FILES_HAVE_MODES => {
                    eprintln!("skipped in part: {error}");
                    continue;
                }
                created => created.unwrap(),
            };
            alien.write(&Alien::new(1)).unwrap();
            assert_eq!((alien.stat().mode, alien.stat().size), (perms.mode(), Alien::SIZE as u64));
            let found = options.reader().unwrap().stat();
            assert_eq!(found, alien.stat());
            assert!(matches!(options.create(), Err(ForeignError::AlreadyExists(_))));
            let other = options.clone().perms(Perms::from_mode(0o640).unwrap());
            let error = other.reader().unwrap_err();
            assert!(matches!(error, ForeignError::WrongMode(_)) && error.to_string().contains("0640"), "{error}");
            drop(alien);
            let_remove(Path::new(&name));
            options.remove().unwrap();
        }
        let options = options(kind, &name, "none");
        let (first, opened) = options.create_or_link().unwrap();
        assert_eq!(opened, Opened::Created);
        let (second, opened) = options.create_or_link().unwrap();
        assert_eq!(opened, Opened::Linked);
        drop((first, second));
        options.remove().unwrap();
    }
}

#[test]
fn bytes_that_are_no_value_are_refused_when_they_are_read() {
    #[derive(SharedRecord, Debug)]
    struct Typed {
        flag: bool,
        letter: char,
    }
    let places = Places::new("values");
    let path = places.dir.path().join("typed");
    std::fs::write(&path, [2, 0, 0, 0, 0x41, 0, 0, 0]).unwrap();
    let typed = ForeignOptions::<Typed>::new(ForeignPlace::file(&path), Consistency::None).reader().unwrap();
    match typed.read() {
        Err(ForeignReadError::Invalid(error)) => assert_eq!(error.field(), "flag"),
        other => panic!("{other:?}"),
    }
    let mut file = std::fs::File::options().write(true).open(&path).unwrap();
    file.write_all(&[1]).unwrap();
    let read = typed.read().unwrap();
    assert_eq!((read.flag, read.letter), (true, 'A'), "the bytes are there at once: it is mapped");
}

#[cfg(unix)]
#[test]
fn what_is_no_memory_is_neither_opened_nor_followed() {
    let dir = TestDir::new();
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir(at("directory")).unwrap();
    std::fs::write(at("target"), vec![0; Alien::SIZE]).unwrap();
    std::os::unix::fs::symlink(at("target"), at("link")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    for name in ["directory", "link", "pipe"] {
        let options = options("file", at(name).to_str().unwrap(), "none");
        for outcome in [options.reader().map(drop), options.link().map(drop)] {
            assert!(matches!(outcome, Err(ForeignError::NotASegment(_))), "{name}: {outcome:?}");
        }
        assert!(matches!(options.create(), Err(ForeignError::AlreadyExists(_))), "{name}");
    }
    let missing = options("file", at("missing/deeper").to_str().unwrap(), "none");
    assert!(matches!(missing.reader(), Err(ForeignError::NotFound(_))));
    assert!(matches!(missing.create(), Err(ForeignError::NoDirectory(_))));
}

#[cfg(unix)]
#[test]
fn another_user_s_file_is_read_through_the_kernel_and_written_only_if_its_owner_is_trusted() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    if !shmrec_tests::is_root_or_skipped("another user's file") {
        return;
    }
    let dir = TestDir::new();
    let path = dir.path().join("theirs");
    let options = options("file", path.to_str().unwrap(), "both");
    let alien = options.create().unwrap();
    alien.write(&Alien::new(1)).unwrap();
    std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
    let copied = options.reader().unwrap();
    assert!(!copied.is_mapped() && alien.is_mapped());
    for seq in 2..10 {
        alien.write(&Alien::new(seq)).unwrap();
        assert_eq!(copied.read().unwrap().seq, seq);
        assert_eq!(u64::from(copied.word(Alien::fields().count).unwrap()), 2 * seq);
    }
    assert!(matches!(options.link(), Err(ForeignError::UntrustedOwner(_))));
    let trusting = options.clone().trust_owner(shmrec::TrustOwner::Uid(65534));
    assert!(trusting.reader().unwrap().is_mapped());
    trusting.link().unwrap().write(&Alien::new(10)).unwrap();
    assert_eq!(copied.read().unwrap().seq, 10);
    // Cut short: an error, and no signal.
    std::fs::File::options().write(true).open(&path).unwrap().set_len(100).unwrap();
    assert!(matches!(copied.read(), Err(ForeignReadError::Truncated(_))));
    assert_eq!(std::fs::metadata(&path).unwrap().uid(), 65534);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_protocol_s_words_are_integer_fields_by_themselves() {
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Nested {
        inner: Inner,
        many: [u32; 4],
        bytes: [u8; 16],
    }
    #[derive(SharedRecord, Clone, Debug, PartialEq)]
    struct Inner {
        pad: u8,
        tick: u16,
    }
    let dir = TestDir::new();
    let at = ForeignPlace::file(dir.path().join("nested"));
    let f = Nested::fields();
    // In a nested record it is one; in an array it is not.
    let good = Consistency::Sequence(Sequence::new(f.inner.then(Inner::fields().tick)).even());
    let options = ForeignOptions::new(at.clone(), good);
    let nested = options.create().unwrap();
    let value = Nested { inner: Inner { pad: 1, tick: 0 }, many: [1, 2, 3, 4], bytes: [9; 16] };
    nested.write(&value).unwrap();
    assert_eq!(nested.read().unwrap(), Nested { inner: Inner { pad: 1, tick: 2 }, ..value });
    for bad in [Sequence::new(f.many.at(1)), Sequence::new(f.bytes.at(3)).even()] {
        let error = ForeignOptions::new(at.clone(), Consistency::Sequence(bad)).reader().unwrap_err();
        assert!(matches!(error, ForeignError::InvalidOptions(InvalidOptions::ForeignWord { .. })), "{error}");
    }
    match nested.set_word(f.many.at(2), 7) {
        Err(ForeignWriteError::NoWord(error)) => assert!(error.to_string().contains("many[2]"), "{error}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(nested.word(f.many.at(2)), Err(ForeignReadError::NoWord(_))));
    nested.set_word(f.inner.then(Inner::fields().pad), 5).unwrap();
    assert_eq!(nested.read().unwrap().inner.pad, 5);
}

#[test]
fn a_protocol_of_one_s_own_decides_what_is_whole() {
    /// Two counters, as bookends, with a reader that wants a new record each time.
    #[derive(Debug)]
    struct Fresh(Word, Word, std::sync::atomic::AtomicU64);

    impl Protocol for Fresh {
        fn words(&self) -> Vec<Word> {
            vec![self.0, self.1]
        }

        fn read(&self, record: &View<'_>, image: &mut [u8]) -> io::Result<bool> {
            let first = record.load(self.0)?;
            record.fence(Ordering::Acquire);
            record.copy_out(image)?;
            record.fence(Ordering::Acquire);
            let whole = record.load(self.1)? == first && self.0.in_image(image) == first;
            Ok(whole && self.2.swap(first, Ordering::Relaxed) != first)
        }

        fn write(&self, record: &ViewMut<'_>, image: &[u8]) {
            let tick = record.load(self.0) + 1;
            record.store(self.1, tick, Ordering::Relaxed);
            record.fence(Ordering::Release);
            record.copy_in(image);
            record.store(self.0, tick, Ordering::Release);
        }
    }
    let places = Places::new("own");
    let f = Alien::fields();
    for (kind, name) in places.all() {
        let fresh = Fresh(Word::of(f.first), Word::of(f.last), 0.into());
        let options = ForeignOptions::<Alien>::new(place(kind, &name), Consistency::own(fresh));
        let options = options.read_timeout(Duration::from_millis(5));
        let alien = options.create().unwrap();
        let reader = options.reader().unwrap();
        for seq in 1..5 {
            alien.write(&Alien::new(seq)).unwrap();
            assert_eq!(reader.read().unwrap().seq, seq);
            assert!(matches!(reader.read(), Err(ForeignReadError::NotWhole(_))), "nothing new");
        }
        // Readers by the rule that it is as well.
        let by_rule =
            ForeignOptions::<Alien>::new(place(kind, &name), Consistency::Bookends(Bookends::new(f.first, f.last)));
        assert_eq!(by_rule.reader().unwrap().read().unwrap().seq, 4);
        drop((alien, reader));
        options.remove().unwrap();
    }
}

#[test]
fn places_that_this_system_has_not_are_refused_as_such() {
    let (dir, object) = (TestDir::of(Kind::Keyed), format!("/shmrec-tests-{}-none", std::process::id()));
    for (kind, name) in [("key", dir.key("alien").get().to_string()), ("posix", object)] {
        if FOREIGN_PLACES.contains(&kind) {
            continue;
        }
        let options = options(kind, &name, "none");
        for error in [options.reader().unwrap_err(), options.create().unwrap_err(), options.remove().unwrap_err()] {
            let refused = matches!(error, ForeignError::NoKeys(_) | ForeignError::NotSupported(_));
            assert!(refused && error.to_string().contains("this system"), "{kind}: {error}");
        }
    }
}
