use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(rename = "a.b")]
    a: u8,
    #[record(rename = "a[0]")]
    b: u8,
}

#[derive(SharedRecord)]
#[repr(u8)]
enum WrongEnum {
    #[record(rename = "A.a")]
    A,
}

fn main() {}
