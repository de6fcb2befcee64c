use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(offset = 1)]
    b: u32,
}

fn main() {}
