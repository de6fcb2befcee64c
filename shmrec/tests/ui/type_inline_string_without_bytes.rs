use shmrec::SharedRecord;

use shmrec::FixedStr;

#[derive(SharedRecord)]
struct Wrong {
    a: FixedStr<0>,
}

fn main() {}
