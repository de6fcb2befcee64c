use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: [u64; 0],
    #[record(skip)]
    b: u8,
}

fn main() {}
