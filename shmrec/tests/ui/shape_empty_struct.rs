use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {}

#[derive(SharedRecord)]
struct WrongTuple();

fn main() {}
