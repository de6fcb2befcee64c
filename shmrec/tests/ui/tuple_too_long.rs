use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: (u8, u8, u8, u8, u8, u8, u8, u8, u8),
}

fn main() {}
