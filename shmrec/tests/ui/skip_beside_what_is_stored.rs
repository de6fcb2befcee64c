use shmrec::SharedRecord;

struct Bytes;

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(skip, capacity = 8)]
    b: String,
    #[record(rename = "d", skip)]
    c: u8,
    #[record(skip, offset = 8)]
    e: u8,
    #[record(skip)]
    #[record(with = "Bytes")]
    f: u8,
    #[record(as = "u64", skip)]
    g: usize,
}

fn main() {}
