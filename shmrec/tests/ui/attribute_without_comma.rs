use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(rename = "x" offset = 0)]
    a: u8,
    #[record("skip")]
    b: u8,
}

fn main() {}
