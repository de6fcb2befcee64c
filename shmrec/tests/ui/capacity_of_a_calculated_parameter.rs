use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong<const N: usize> {
    #[record(capacity = N + 1)]
    a: String,
}

fn main() {}
