use shmrec::SharedRecord;

type Name = String;

#[derive(SharedRecord)]
struct Wrong {
    a: Name,
}

fn main() {}
