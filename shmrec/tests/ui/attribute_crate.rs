use shmrec::SharedRecord;

#[derive(SharedRecord)]
#[record(crate = "not a path")]
struct Wrong {
    a: u8,
}

#[derive(SharedRecord)]
#[record(crate = 8)]
struct AlsoWrong {
    a: u8,
}

fn main() {}
