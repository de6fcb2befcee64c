use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: [[u64; 1 << 14]; 1 << 14],
}

fn main() {}
