use shmrec::SharedRecord;

use std::num::{NonZero, NonZeroUsize, Wrapping};

#[derive(SharedRecord)]
struct Wrong {
    a: NonZero<usize>,
    b: Option<NonZeroUsize>,
    c: [Wrapping<isize>; 2],
    #[record(capacity = 8)]
    d: Vec<(usize, u8)>,
}

fn main() {}
