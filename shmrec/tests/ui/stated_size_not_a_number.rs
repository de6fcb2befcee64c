use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(size = "8")]
struct Wrong {
    a: u64,
}

fn main() {}
