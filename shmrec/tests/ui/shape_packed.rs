use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[repr(C, packed(2))]
struct Wrong {
    a: u8,
    b: u32,
}

fn main() {}
