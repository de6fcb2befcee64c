use shmrec::SharedRecord;

use shmrec::FixedVec;

#[derive(SharedRecord)]
struct Wrong {
    a: FixedVec<String, 4>,
}

fn main() {}
