use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct First {
    a: u8,
}

struct Second {
    a: u8,
}

shmrec::assert_same_layout!(First, Second);

fn main() {}
