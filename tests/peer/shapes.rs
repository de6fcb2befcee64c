//! Alters the record of a segment, whatever its shape.
//!
//! Arguments: directory, name, shape. Each line of input is a way to do it: read, alter, write back. Answers `ok` and the
//! version, or the error.

use std::ffi::OsString;
use std::io::BufRead;

use shmrec::{Error, SegmentOptions, Shared};
use shmrec_tests::shapes::Shape;

use crate::{refusal, say, text};

pub(crate) fn run(arguments: &[OsString]) {
    macro_rules! serve {
        ($($name:ident: $shape:ty,)*) => {
            match text(arguments, 2) {
                $(stringify!($name) => serve::<$shape>(arguments),)*
                other => panic!("no such shape: {other}"),
            }
        };
    }
    shmrec_tests::each_shape!(serve);
}

fn serve<S: Shape>(arguments: &[OsString]) {
    let options = SegmentOptions::new().dir(&arguments[0]);
    let name = text(arguments, 1);
    let segment = options.link::<S>(name).expect("the segment");
    let reader = options.reader::<S>(name).expect("the segment");
    let first = segment.read().expect("the first record");
    let mut shared = Shared::new(options.link::<S>(name).expect("the segment"), first);
    for way in std::io::stdin().lock().lines() {
        let Ok(way) = way else { break };
        let outcome: Result<_, Error> = (|| {
            Ok(match way.as_str() {
                "write" => segment.write(&segment.read()?.altered())?,
                "reader" => segment.write(&reader.read()?.altered())?,
                "boxed" => segment.write(&reader.read_boxed()?.altered())?,
                "update" => {
                    segment.update(|record| *record = record.altered())?;
                    segment.version()
                }
                "guard" => {
                    let mut guard = segment.lock()?;
                    let record = guard.read()?;
                    guard.write(&record.altered())?;
                    guard.unlock()?.expect("something was edited")
                }
                "fields" => {
                    S::set_fields(&segment, &segment.read()?.altered())?;
                    segment.version()
                }
                "shared" => {
                    // Into what the buffer holds from the last time.
                    shared.pull()?;
                    *shared = shared.altered();
                    shared.push()?
                }
                "locked" => {
                    let mut locked = shared.pull_locked()?;
                    *locked = locked.altered();
                    locked.push()?
                }
                other => panic!("no such way: {other}"),
            })
        })();
        say(&outcome.map_or_else(|error| refusal(&error), |version| format!("ok {version}")));
    }
}
