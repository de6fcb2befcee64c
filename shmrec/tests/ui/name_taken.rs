use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(rename = "a")]
    b: u8,
}

#[derive(SharedRecord)]
struct WrongTuple(#[record(rename = "1")] u8, u8);

#[derive(SharedRecord)]
#[repr(u8)]
enum WrongEnum {
    A,
    #[record(rename = "A")]
    B,
}

fn main() {}
