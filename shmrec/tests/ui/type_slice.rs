use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: u32,
    b: [u8],
}

fn main() {}
