//! Makes the segment that `data/format1.segment` is a copy of.
//!
//! Argument: a directory. What to do with it stands in `tests/format.rs`.

use std::ffi::OsString;

use shmrec::SegmentOptions;
use shmrec_tests::stored::Station;

pub(crate) fn run(arguments: &[OsString]) {
    let options = SegmentOptions::new().dir(&arguments[0]).persist(true).slots(Station::SLOTS);
    let segment = options.create_with(Station::SEGMENT, &Station::version(1)).expect("a new segment");
    for version in 2..=Station::VERSIONS {
        segment.write(&Station::version(version)).expect("a write");
    }
}
