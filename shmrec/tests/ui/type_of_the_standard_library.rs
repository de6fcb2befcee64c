use shmrec::SharedRecord;

use std::cmp::Ordering;
use std::ops::Range;

#[derive(SharedRecord)]
struct Wrong {
    a: Ordering,
    b: Range<u32>,
    c: Result<u8, u8>,
}

fn main() {}
