use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Inner {
    x: u8,
}

#[derive(SharedRecord)]
struct Wrong {
    a: u8,
    #[record(default)]
    b: Inner,
}

fn main() {}
