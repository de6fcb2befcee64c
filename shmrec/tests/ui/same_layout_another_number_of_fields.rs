use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct First {
    a: u8,
    b: u16,
}

#[derive(SharedRecord)]
struct Second {
    a: u8,
    b: u16,
    c: u16,
}

shmrec::assert_same_layout!(First, Second);
shmrec::assert_same_layout!(Second, First);

fn main() {}
