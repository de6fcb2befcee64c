use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: [u8; 1 << 30],
    b: u8,
}

fn main() {}
