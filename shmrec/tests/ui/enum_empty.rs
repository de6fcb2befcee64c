use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Wrong {}

fn main() {}
