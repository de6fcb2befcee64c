use shmrec::SharedRecord;

const NONE: usize = 0;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = NONE)]
    a: String,
}

fn main() {}
