use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(C)]
enum Wrong {
    A,
    B,
}

fn main() {}
