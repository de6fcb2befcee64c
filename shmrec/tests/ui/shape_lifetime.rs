use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong<'a> {
    name: &'a str,
}

fn main() {}
