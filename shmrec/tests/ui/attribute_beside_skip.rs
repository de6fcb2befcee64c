use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(skip, rename = "x")]
    a: u8,
    b: u8,
}

fn main() {}
