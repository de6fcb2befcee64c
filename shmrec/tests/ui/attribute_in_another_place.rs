use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(capacity = 8, rename = "right")]
struct Wrong {
    #[record(align = 8, name = "right")]
    a: u8,
}

#[derive(SharedRecord)]
#[repr(u8)]
enum WrongEnum {
    #[record(skip, name = "right")]
    A,
}

fn main() {}
