use shmrec::SharedRecord;

#[derive(SharedRecord)]
enum Wrong<'a> {
    A(&'a str),
    B(u8),
}

fn main() {}
