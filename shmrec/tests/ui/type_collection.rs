use std::collections::{HashSet, VecDeque};

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: HashSet<u32>,
    b: VecDeque<u32>,
}

fn main() {}
