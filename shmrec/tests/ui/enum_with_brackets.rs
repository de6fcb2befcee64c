use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(u8)]
enum Wrong {
    A(),
    B {},
}

fn main() {}
