use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(size = 6)]
struct Wrong {
    a: u32,
    b: u8,
}

#[derive(SharedRecord)]
#[repr(u16)]
#[record(size = 1)]
enum WrongEnum {
    A,
}

fn main() {}
