use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(usize)]
enum Wrong {
    A,
}

fn main() {}
