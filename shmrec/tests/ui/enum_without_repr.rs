use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Wrong {
    A,
    B,
}

fn main() {}
