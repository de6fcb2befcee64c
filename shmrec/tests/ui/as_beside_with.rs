use shmrec::SharedRecord;

struct Bytes;

#[derive(SharedRecord)]
struct Wrong {
    #[record(with = "Bytes", as = "u64")]
    a: usize,
}

fn main() {}
