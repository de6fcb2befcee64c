use shmrec::SharedRecord;

struct Bytes;

#[derive(SharedRecord)]
#[record(name = "A")]
#[record(name = "A")]
struct Wrong {
    #[record(default, default = 8)]
    a: u8,
    #[record(skip)]
    #[record(skip)]
    b: u8,
    #[record(with = "Bytes", with = "Bytes")]
    c: u8,
    #[record(as = "u64")]
    #[record(as = "u64")]
    d: usize,
    #[record(capacity = 8, capacity = 8)]
    e: String,
}

fn main() {}
