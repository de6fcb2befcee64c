use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(align = "8")]
struct Wrong {
    #[record(offset = -8)]
    a: u8,
    #[record(offset = 1.5)]
    b: u8,
}

fn main() {}
