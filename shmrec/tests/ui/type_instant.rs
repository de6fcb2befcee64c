use std::time::Instant;

use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: Instant,
}

fn main() {}
