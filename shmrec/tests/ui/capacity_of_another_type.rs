use shmrec::SharedRecord;

const EIGHT: u32 = 8;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity = EIGHT)]
    a: String,
}

fn main() {}
