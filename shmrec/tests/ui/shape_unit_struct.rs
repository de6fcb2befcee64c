use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong;

fn main() {}
