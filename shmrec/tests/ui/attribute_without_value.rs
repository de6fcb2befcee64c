use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(capacity)]
    a: String,
    #[record(rename, offset = 32)]
    b: u8,
    #[record(offset =)]
    c: u8,
    #[record(offset(33))]
    d: u8,
}

fn main() {}
