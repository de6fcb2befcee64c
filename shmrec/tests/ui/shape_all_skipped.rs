use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(skip)]
    a: u32,
    #[record(skip)]
    b: u32,
}

fn main() {}
