use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(i128)]
enum Wrong {
    A,
}

fn main() {}
