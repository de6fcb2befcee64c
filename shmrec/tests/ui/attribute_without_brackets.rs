use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record]
    a: u8,
    #[record = "skip"]
    b: u8,
}

fn main() {}
