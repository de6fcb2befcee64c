//! One operation, whose steps are marked.
//!
//! Arguments: directory, operation. Prepares, says `ready`, and at a line of input does the operation between its marks; says what
//! came of it and keeps what it has until its input ends. `check` as operation looks at the segment instead, as a fresh
//! process of somebody who knows nothing of what happened.

use std::ffi::OsString;
use std::hint::black_box;
use std::io::BufRead;
use std::time::Duration;

use shmrec::{DynReader, Error, Perms, Reader, Segment, SharedRecord, Value, Version};
use shmrec_tests::directory::{Kind, Place};
use shmrec_tests::options::Options;
use shmrec_tests::records::Counter;
use shmrec_tests::stepper;

use crate::{refusal, say, text};

/// The segment of every operation.
const NAME: &str = "step";

/// What is shorter than any machine's business and longer than a sleep.
const A_MOMENT: Duration = Duration::from_millis(3);

pub(crate) fn run(arguments: &[OsString]) {
    let place = Place::of_argument(&arguments[0]);
    let options = place.options();
    match text(arguments, 1) {
        "check" => check(&place, &options),
        operation => operate(&options, operation),
    }
}

/// Does `operation` on what was prepared for it, between the marks.
fn marked<P, R>(prepared: P, operation: impl FnOnce(P) -> Result<R, Error>) -> R {
    say("ready");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).expect("a line");
    stepper::begin();
    let outcome = operation(prepared);
    stepper::end();
    match outcome {
        Ok(kept) => {
            say("ok");
            kept
        }
        Err(error) => {
            say(&refusal(&error));
            std::process::exit(0)
        }
    }
}

fn operate(options: &Options, operation: &str) {
    let writer = || options.link::<Counter>(NAME).expect("the segment");
    let reader = || options.reader::<Counter>(NAME).expect("the segment");
    let wrote = || {
        let segment = writer();
        segment.write(&Counter::new(2)).expect("a write");
        segment
    };
    let one = Counter::new(1);
    let create = |options: Options| {
        let _kept = black_box(marked((), |()| Ok(options.create_with(NAME, &one)?)));
        wait_for_the_end();
    };
    let mode = |mode| options.clone().perms(Perms::from_mode(mode).expect("a mode"));
    match operation {
        "create" => return create(options.clone()),
        "create-0444" => return create(mode(0o444)),
        "create-0000" => return create(mode(0)),
        "create-persistent" => return create(options.clone().persist(true)),
        "create-or-link" => drop(black_box(marked((), |()| options.create_or_link::<Counter>(NAME)))),
        "link" => return keep(marked((), |()| Ok(options.link::<Counter>(NAME)?))),
        "reader" => return keep(marked((), |()| Ok(options.reader::<Counter>(NAME)?))),
        "dyn-link" => return keep(marked((), |()| Ok(options.dyn_link(NAME)?))),
        "first-write" => return keep(marked(writer(), |s| Ok(s.write(&Counter::new(3)).map(|_| s)?))),
        "write" => return keep(marked(wrote(), |s| Ok(s.write(&Counter::new(3)).map(|_| s)?))),
        "update" => return keep(marked(wrote(), |s| Ok(s.update(|c| *c = Counter::new(3)).map(|()| s)?))),
        "set-field" => {
            let seq = Counter::fields().seq;
            return keep(marked(wrote(), |s| Ok(s.set(seq, &s.get(seq)?).map(|_| s)?)));
        }
        "dyn-set" => {
            let segment = options.dyn_link(NAME).expect("the segment");
            let value = |s: &shmrec::DynSegment| -> Result<Value, Error> { Ok(s.read()?.get("check")?) };
            return keep(marked(segment, |s| {
                let check = value(&s)?;
                Ok(s.set("check", check).map(|_| s)?)
            }));
        }
        "guard" => {
            return keep(marked(wrote(), |s| {
                let mut guard = s.lock()?;
                guard.write(&Counter::new(3))?;
                guard.unlock()?;
                Ok(s)
            }));
        }
        "discard" => {
            return keep(marked(wrote(), |s| {
                let mut guard = s.try_lock()?;
                guard.write(&Counter::new(3))?;
                guard.discard()?;
                Ok(s)
            }));
        }
        "lock-in-vain" => {
            return keep(marked(writer(), |s| {
                drop(s.lock_timeout(A_MOMENT)?);
                Ok(s)
            }));
        }
        "unlock" => {
            // Another process sleeps on the lock by the time that this is told to go on.
            let segment = wrote();
            let mut guard = segment.lock().expect("the lock");
            guard.write(&Counter::new(3)).expect("an edit");
            return keep(marked(guard, |g| Ok(g.unlock()?)));
        }
        "wait" => {
            return keep(marked(writer(), |s| match s.wait_newer(s.version(), A_MOMENT) {
                Ok(_) | Err(shmrec::WaitError::Timeout(_)) => Ok(s),
                Err(error) => Err(error.into()),
            }));
        }
        "read" => return keep(marked(reader(), |r| Ok(r.read().map(|_| r)?))),
        "release" => marked(wrote(), |s: Segment<Counter>| Ok(s.release()?)),
        "reader-release" => marked(reader(), |r: Reader<Counter>| Ok(r.release()?)),
        "drop" => marked(writer(), |s| {
            drop(s);
            Ok(())
        }),
        "remove" => marked((), |()| Ok(options.remove(NAME)?)),
        other => panic!("no such operation: {other}"),
    }
    wait_for_the_end();
}

fn keep<K>(kept: K) {
    let _kept = black_box(kept);
    wait_for_the_end();
}

fn wait_for_the_end() {
    let mut line = String::new();
    let _ = std::io::stdin().lock().read_line(&mut line);
}

/// The segment's permission bits.
fn mode(place: &Place) -> u32 {
    match place.kind() {
        Kind::Named => {
            let file = std::fs::metadata(place.file(NAME)).expect("the file");
            std::os::unix::fs::MetadataExt::mode(&file) & 0o7777
        }
        Kind::Keyed => place.segment(NAME).expect("the segment").mode,
    }
}

/// Looks at the segment in every way, says what it found in one line, and leaves.
fn check(place: &Place, options: &Options) {
    let outcome: Result<String, Error> = (|| {
        let reader = options.reader::<Counter>(NAME)?;
        let published = reader.read_versioned()?;
        assert!(published.is_whole(), "torn: {:?}", published.record);
        let untyped: DynReader = options.dyn_reader(NAME)?;
        let seq = untyped.read()?.get("seq")?;
        assert_eq!(seq, Value::from(published.seq), "what stands in the segment without its type");
        drop(untyped);
        let users = reader.users()?;
        let mode = mode(place);
        let segment = options.link::<Counter>(NAME)?;
        // Without waiting: the lock of a dead owner is there for the next one at once.
        let guard = segment.try_lock()?;
        let recovered = guard.recovered();
        guard.discard()?;
        let version = segment.write(&Counter::new(100))?;
        assert_eq!(version.get(), published.version.get() + 1, "the next version");
        segment.update(|c| *c = Counter::new(c.seq + 1))?;
        let newer = reader.wait_newer(published.version, Duration::from_secs(10))?;
        assert_eq!((newer.version, newer.seq), (Version::new(version.get() + 1), 101));
        // As it was, but for its version.
        segment.write(&published.record)?;
        Ok(format!(
            "seq={} version={} users={} recovered={recovered} mode={mode:o}",
            published.seq,
            published.version,
            users - 1
        ))
    })();
    say(&outcome.unwrap_or_else(|error| refusal(&error)));
}
