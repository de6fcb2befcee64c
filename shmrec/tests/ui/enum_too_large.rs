use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Wrong {
    A,
    B([u8; 1 << 30]),
}

fn main() {}
