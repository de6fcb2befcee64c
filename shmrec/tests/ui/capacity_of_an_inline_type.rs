use shmrec::SharedRecord;

use shmrec::{FixedStr, FixedVec};

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = 8)]
    a: FixedStr<8>,
    #[record(capacity = 8)]
    b: FixedVec<u8, 8>,
}

fn main() {}
