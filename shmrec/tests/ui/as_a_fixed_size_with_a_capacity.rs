use shmrec::SharedRecord;

#[derive(SharedRecord)]
struct Wrong {
    #[record(as = "u64", capacity = 8)]
    a: usize,
}

fn main() {}
