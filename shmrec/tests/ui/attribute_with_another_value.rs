use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(rename = right)]
    a: u8,
    #[record(skip = true)]
    b: u8,
    #[record(offset = *)]
    c: u8,
}

fn main() {}
