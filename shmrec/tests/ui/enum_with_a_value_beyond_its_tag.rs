use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(u8)]
enum Wrong {
    A = 255,
    B,
}

#[derive(SharedRecord)]
#[repr(i8)]
enum AlsoWrong {
    A(u8) = 128,
}

fn main() {}
