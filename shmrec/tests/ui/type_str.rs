use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    a: u32,
    b: str,
}

fn main() {}
